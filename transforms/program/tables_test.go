package program_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/program"
)

func builtin(t *testing.T) *program.Program {
	t.Helper()
	p, err := program.Builtin()
	require.NoError(t, err)
	return p
}

func TestBuiltinResponseIsTheArticlesMatrix(t *testing.T) {
	conn := create(t, builtin(t), params(t, "2026-06-30", "Europe/Berlin"))
	require.Equal(t, []string{
		"affiliate|affiliate|-|-|-|86400|-|elapsed",
		"msp|vendor_to_partner|msp|-|-|28800|-|elapsed",
		"reseller|vendor_to_partner|reseller|-|-|14400|7200|elapsed",
		"var|vendor_to_partner|var|-|-|21600|14400|elapsed",
	}, rows(t, conn, `SELECT policy_id, direction, partner_type, program_tier, valid_to_at, sla_seconds, alert_seconds, clock FROM program.sla_policy ORDER BY 1`))
	require.Equal(t, []string{"reseller|platinum|0001-01-01|-|1|flag", "reseller|platinum|0001-01-01|-|3|formal review"},
		rows(t, conn, "FROM program.ladder ORDER BY misses"))
	require.Equal(t, []string{"closed|duplicate", "closed|recalled", "closed|spam", "unassigned|reassigned", "unassigned|recalled", "unassigned|unassigned"},
		rows(t, conn, "FROM program.void_reason ORDER BY ALL"))
	require.Equal(t, []string{"affiliate"}, rows(t, conn, "FROM program.affiliate_type"))
}

func TestBuiltinMotions(t *testing.T) {
	conn := create(t, builtin(t), params(t, "2026-06-30", "UTC"))
	require.Equal(t, []string{
		"marketplace|Close & Disburse|4", "referral|Closed & Credit|5", "reseller|Transact|4", "services|Commercials|3", "tech|Commercials & Close|5",
	}, rows(t, conn, "SELECT motion, stage, rank FROM program.stage WHERE is_commercial_close ORDER BY 1"))
	require.Equal(t, []string{
		"marketplace|Adopt & Expand|5", "reseller|Launch & Enable|5", "services|Delivery|4", "services|Handoff|5",
	}, rows(t, conn, "SELECT motion, stage, rank FROM program.stage WHERE is_post_close ORDER BY 1, 3"))
	require.Equal(t, []string{"25|5"}, rows(t, conn, "SELECT count(*), count(DISTINCT motion) FROM program.stage"))
	require.Equal(t, []string{"5|true"}, rows(t, conn, "SELECT count(*), bool_and(enabled) FROM program.motion"))
}

func TestBuiltinParameters(t *testing.T) {
	p := builtin(t)
	run := params(t, "2026-03-28", "Europe/Berlin")
	run.KnownAt = time.Date(2026, 4, 2, 3, 4, 0, 0, time.UTC)
	conn := create(t, p, run)
	require.Equal(t, []string{"2026-03-28|2026-03-28 23:00|2026-04-02 03:04|Europe/Berlin|EUR|5|false|none|604800|30|365|12|90|-|-|closing|-|-"},
		rows(t, conn, "FROM program.param"))
	for _, table := range []string{"calendar_interval", "region_calendar", "fx_manual", "incentive_version", "adjustment", "projection_override"} {
		require.Equal(t, []string{"0"}, rows(t, conn, "SELECT count(*) FROM program."+table), table)
	}
}

func TestRulesAreDatedByReportingMidnights(t *testing.T) {
	p, err := load(t, map[string]string{"response.yaml": `
clock: business
policies:
  - {policy: old, direction: vendor_to_partner, partner_type: var, valid_to: 2026-07-01, sla: 1d, alert: 1h30m}
  - {policy: new, direction: vendor_to_partner, partner_type: var, valid_from: 2026-07-01, sla: 45m, clock: elapsed}
`})
	require.NoError(t, err)
	conn := create(t, p, params(t, "2026-12-31", "America/New_York"))
	require.Equal(t, []string{"new|2026-07-01 04:00|-|2700|-|elapsed", "old|0001-01-01|2026-07-01 04:00|86400|5400|business"},
		rows(t, conn, "SELECT policy_id, valid_from_at, valid_to_at, sla_seconds, alert_seconds, clock FROM program.sla_policy ORDER BY 1"))
	require.Equal(t, []string{"0|0|0"}, rows(t, conn, `SELECT (SELECT count(*) FROM program.ladder), (SELECT count(*) FROM program.void_reason), (SELECT count(*) FROM program.affiliate_type)`),
		"a file replaces the built-in one whole")
	require.Equal(t, []string{"25"}, rows(t, conn, "SELECT count(*) FROM program.stage"), "the other files stay as built in")
}

func TestIncentiveTables(t *testing.T) {
	p, err := load(t, map[string]string{
		"incentives.yaml": `
programs:
  - program: rebate
    title: Rebate
    versions:
      - version: 1
        effective_from: 2025-01-01
        effective_to: 2026-01-01
        method: marginal
        currency: USD
        period: year
        accounting_class: contra_revenue
        tiers: [{from: 0, to: 100_000, rate: 0}, {from: 100000, rate: 2.5%}]
        quarter_weights: [0.2, 0.25, 0.25, 0.3]
        scope: {partner_types: [var], regions: [DACH, Nordics]}
      - {version: 2, effective_from: 2026-01-01, method: retroactive, currency: USD, period: year, accounting_class: contra_revenue, allow_negative: true, tiers: [{from: 0, rate: 1%}]}
  - program: bonus
    versions: [{version: 1, effective_from: 2026-01-01, method: per_unit, unit_amount: 1.2345, accounting_class: opex}]
  - program: commission
    versions:
      - version: 1
        effective_from: 2026-01-01
        method: milestone
        rate: 10%
        accounting_class: cost_to_obtain
        credited_role: influenced
        milestones: [{milestone: deal_created, share: 30%}, {milestone: closed_won, share: 0.7}]
        gate: {sla: false, sla_miss_factor: 0.5, no_lead: pass, required_fields: [attribution], certifications: ["*"]}
`,
		"adjustments.yaml": `
adjustments: [{program: rebate, partner: P1, date: 2026-03-31, amount: -250.5, reason: correction, approved: true, approved_by: JW}]
overrides: [{program: rebate, partner: P1, period_start: 2026-01-01, projected_base: 300_000, made_on: 2026-02-01, reason: contract}]
`,
		"fx.yaml": "{kind: spot, max_age_days: 7, default_currency: EUR, rates: [{date: 2026-01-01, from: USD, to: EUR, rate: 0.851234567}]}",
	})
	require.NoError(t, err)
	conn := create(t, p, params(t, "2026-12-31", "UTC"))
	require.Equal(t, []string{
		"bonus|bonus|1|2026-01-01|-|per_unit|units|EUR|quarter|opex|-|1.2345|false|false|0|fail|sourced",
		"commission|commission|1|2026-01-01|-|milestone|sourced_bookings|EUR|quarter|cost_to_obtain|0.1|-|false|false|0.5|pass|influenced",
		"rebate|Rebate|1|2025-01-01|2026-01-01|marginal|sourced_bookings|USD|year|contra_revenue|-|-|false|false|0|fail|sourced",
		"rebate|Rebate|2|2026-01-01|-|retroactive|sourced_bookings|USD|year|contra_revenue|-|-|true|false|0|fail|sourced",
	}, rows(t, conn, "FROM program.incentive_version ORDER BY 1, 3"))
	require.Equal(t, []string{"rebate|1|1|0|100000|0", "rebate|1|2|100000|-|0.025", "rebate|2|1|0|-|0.01"}, rows(t, conn, "FROM program.incentive_tier ORDER BY ALL"))
	require.Equal(t, []string{"rebate|1|partner_type|var", "rebate|1|region|DACH", "rebate|1|region|Nordics"}, rows(t, conn, "FROM program.incentive_scope ORDER BY ALL"))
	require.Equal(t, []string{"commission|1|closed_won|0.7", "commission|1|deal_created|0.3"}, rows(t, conn, "FROM program.incentive_milestone ORDER BY ALL"))
	require.Equal(t, []string{"commission|1|certification|*", "commission|1|required_field|attribution"}, rows(t, conn, "FROM program.incentive_gate ORDER BY ALL"))
	require.Equal(t, []string{"rebate|1|1|0.2", "rebate|1|2|0.25", "rebate|1|3|0.25", "rebate|1|4|0.3"}, rows(t, conn, "FROM program.projection_weight ORDER BY ALL"))
	require.Equal(t, []string{"rebate|P1|2026-03-31|-250.5|EUR|correction|true|JW"}, rows(t, conn, "FROM program.adjustment"))
	require.Equal(t, []string{"rebate|P1|2026-01-01|300000|2026-02-01|false|contract|-"}, rows(t, conn, "FROM program.projection_override"))
	require.Equal(t, []string{"2026-01-01|USD|EUR|0.851234567|spot"}, rows(t, conn, "FROM program.fx_manual"))
	require.Equal(t, []string{"spot|7|EUR"}, rows(t, conn, "SELECT fx_kind, fx_max_age_days, default_currency FROM program.param"))
}

func TestTablesAreMadeAgain(t *testing.T) {
	p := builtin(t)
	conn := create(t, p, params(t, "2026-06-30", "UTC"))
	require.NoError(t, p.CreateTables(t.Context(), conn, params(t, "2026-07-01", "UTC")))
	require.Equal(t, []string{"2026-07-01"}, rows(t, conn, "SELECT as_of FROM program.param"))
}

func TestUnknownReportingZone(t *testing.T) {
	conn := create(t, builtin(t), params(t, "2026-06-30", "UTC"))
	err := builtin(t).CreateTables(t.Context(), conn, params(t, "2026-06-30", "Europe/Berln"))
	require.ErrorContains(t, err, `time zone "Europe/Berln" is not known`)
}

func TestAccepted(t *testing.T) {
	lists := builtin(t).Accepted()
	require.Contains(t, lists["partner_types"], "msp")
	require.Equal(t, []string{"silver", "gold", "platinum"}, lists["program_tiers"])
	require.Equal(t, []string{"referral", "reseller", "marketplace", "services", "tech"}, lists["motions"])
	require.Len(t, lists["stages"], 24, "Commercials is a stage of two motions")
}

func TestThresholds(t *testing.T) {
	p, err := load(t, map[string]string{"metrics.yaml": "thresholds: {stalled_warn: 2d, review_conversion: 0.1}"})
	require.NoError(t, err)
	conn := create(t, p, params(t, "2026-06-30", "UTC"))
	require.Equal(t, []string{"review_compliance|-|0.6", "review_conversion|-|0.1", "stalled_critical|345600|-", "stalled_warn|172800|-"},
		rows(t, conn, "FROM program.threshold WHERE name LIKE 'review%' OR name LIKE 'stalled%' ORDER BY name"))
	_, err = load(t, map[string]string{"metrics.yaml": "thresholds: {stalled_warm: 2d}"})
	require.EqualError(t, err, `program/metrics.yaml:1: unknown key "stalled_warm" (did you mean stalled_warn?)`)
}
