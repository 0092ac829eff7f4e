package program_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProblemsOfAFileAreReportedTogether(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"response", "response.yaml", `
clock: busines
policies:
  - {policy: a, direction: vendor_to_partner, partner_type: reseler, sla: 4h}
  - {policy: b, direction: to_partner, sla: 4 hours, alert: 2h}
  - {policy: c, direction: affiliate, sla: 4h, alert: 5h}
  - {policy: d, direction: affiliate, program_tier: bronze, valid_from: 2026-02-01, valid_to: 2026-02-01, sla: 4h}
  - {policy: e, direction: partner_to_vendor, valid_to: 2026-03-02, sla: 4h}
  - {policy: f, direction: partner_to_vendor, valid_from: 2026-03-01, sla: 4h}
  - {direction: partner_to_vendor, partner_type: var, valid_from: 01.02.2026, sal: 4h}
affiliate_types: [afiliate]
ladder:
  - {partner_type: var, steps: [{misses: 3, state: flag}, {misses: 3, state: none}]}
  - {steps: []}
`, `program/response.yaml:2: clock cannot be "busines" (did you mean business?)
program/response.yaml:4: unknown partner type "reseler" (did you mean reseller?)
program/response.yaml:5: "4 hours" is no duration (for example 4h, 90m, 1h30m or 3d)
program/response.yaml:5: direction cannot be "to_partner" (did you mean vendor_to_partner?)
program/response.yaml:6: the alert of "c" comes after its SLA (an alert comes before the limit)
program/response.yaml:7: this policy ends 2026-02-01, not after it begins 2026-02-01 (the last day is not included)
program/response.yaml:7: unknown program tier "bronze" (list it in taxonomy.yaml)
program/response.yaml:9: this policy overlaps with the one on line 8 (end one on the day the other begins)
program/response.yaml:10: "01.02.2026" is no date (write YYYY-MM-DD)
program/response.yaml:10: key "policy" is missing
program/response.yaml:10: key "sla" is missing
program/response.yaml:10: unknown key "sal" (did you mean sla?)
program/response.yaml:11: unknown partner type "afiliate" (did you mean affiliate?)
program/response.yaml:13: a step at 3 misses does not come after one at 3 (begin at 1 and go up)
program/response.yaml:13: a step cannot be called "none" (these words say that there is no state)
program/response.yaml:14: the ladder has no steps (steps: [{misses: 1, state: flag}])`},
		{"motions", "motions.yaml", `
motions:
  - motion: direct
    stages:
      - {stage: One, post_close: true}
      - {stage: One, comercial_close: true}
      - {stage: Two, commercial_close: true}
      - {stage: Three, rank: 2, post_close: false}
  - {motion: direct, stages: [{stage: A}]}
`, `program/motions.yaml:5: stage "One" cannot be post-close before the commercial close (move it after the stage with commercial_close: true)
program/motions.yaml:6: stage "One" is listed twice (remove one of them)
program/motions.yaml:6: unknown key "comercial_close" (did you mean commercial_close?)
program/motions.yaml:8: stage "Three" comes after the commercial close, so it is post-close (leave post_close out)
program/motions.yaml:8: stage "Three" has rank 2, after one with rank 3 (ranks go up, from 1)
program/motions.yaml:9: motion "direct" has 0 stages with a commercial close, not one (mark the stage in which the customer signs with commercial_close: true)
program/motions.yaml:9: motion "direct" is listed twice (remove one of them)`},
		{"attribution", "attribution.yaml", "lock_when_missing: createdat\nsourced_splits: maybe\n",
			`program/attribution.yaml:1: lock_when_missing cannot be "createdat" (did you mean created_at?)
program/attribution.yaml:2: expected true or false, found "maybe" (write true or false)`},
		{"calendars", "calendars.yaml", `
vendor_calendar: berln
regions: {DACH: vienna}
calendars:
  - calendar: berlin
    zone: Europe/Berln
    hours: {mon-fri: "9-17", fri: "09:00-17:00", someday: "10:00-11:00", sat: "22:00-06:00", sun: ["10:00-12:00", "11:00-13:00"]}
    changes:
      - {valid_from: 2026-01-01, hours: {}}
      - {valid_from: 2026-06-01, hours: {}}
    holidays: [2026-02-30, 05-01, {date: 05-01, name: May Day}]
`, `program/calendars.yaml:2: unknown calendar "berln" (did you mean berlin?)
program/calendars.yaml:3: unknown calendar "vienna" (known: berlin)
program/calendars.yaml:6: unknown time zone "Europe/Berln" (an IANA name such as Europe/Berlin or UTC)
program/calendars.yaml:7: "22:00-06:00" does not lie within a day (from 00:00 to 24:00; give a night shift as two spans, one per day)
program/calendars.yaml:7: "9-17" is no span of hours (write hours as "09:00-17:00")
program/calendars.yaml:7: the hours of friday are given twice (keep one)
program/calendars.yaml:7: two spans of the day overlap
program/calendars.yaml:7: unknown weekday "someday" (write mon, tue, wed, thu, fri, sat, sun or a span such as mon-fri)
program/calendars.yaml:10: this change overlaps with the one on line 9 (end one on the day the other begins)
program/calendars.yaml:11: "2026-02-30" is no date (write YYYY-MM-DD, or MM-DD for every year)
program/calendars.yaml:11: this holiday is given twice, first on line 11 (keep one)`},
		{"fiscal", "fiscal.yaml", "pattern: 4-4-5\nyear_start: Febuary\n",
			`program/fiscal.yaml:1: a pattern of weeks needs year_end (year_end: {weekday: saturday, month: january, rule: last})
program/fiscal.yaml:2: "Febuary" is no month (write a name such as february, or a number from 1 to 12)`},
		{"fiscal end without weeks", "fiscal.yaml", "year_end: {weekday: sat, month: jan}\n",
			`program/fiscal.yaml:1: year_end goes with a pattern of weeks only (set pattern to 4-4-5, 4-5-4 or 5-4-4, or remove it)`},
		{"fx", "fx.yaml", `
max_age_days: -1
default_currency: Euro
rates:
  - {date: 2026-01-01, from: USD, to: EUR, rate: 0.9}
  - {date: 2026-01-01, from: USD, to: EUR, rate: 0}
  - {date: 2026-01-01, from: EUR, to: EUR, rate: 0.1234567891}
  - {date: 2026-01-02, from: USD, to: EUR, rate: "1,08"}
`, `program/fx.yaml: max_age_days cannot be -1 (a number of days, or leave it out)
program/fx.yaml:3: "Euro" is no currency (three capital letters, such as EUR)
program/fx.yaml:6: a rate must be above 0
program/fx.yaml:6: the rate from USD to EUR on 2026-01-01 is given twice, first on line 5 (keep one)
program/fx.yaml:7: a rate from EUR to itself
program/fx.yaml:7: the rate has too many digits (at most 9 digits before the point and 9 after it)
program/fx.yaml:8: "1,08" is no number (digits with a decimal point, such as 250000.00 or 4%)`},
		{"growth", "incentives.yaml", `
programs:
  - program: grow
    versions: [{version: 1, effective_from: 2026-01-01, method: growth, accounting_class: opex}]
`, `program/incentives.yaml:4: growth programs are not supported yet (use flat, per_unit, marginal, retroactive or milestone; or keep growth bonuses as adjustments)`},
		{"tiers", "incentives.yaml", `
programs:
  - program: r
    versions:
      - version: 1
        effective_from: 2026-01-01
        method: marginal
        accounting_class: contra_revenue
        tiers:
          - {from: 10, to: 100, rate: 0}
          - {from: 110, to: 300, rate: 1%}
          - {from: 200, to: 400, rate: -2%}
      - {version: 1, effective_from: 2026-06-01, method: flat, rate: 1%, period: year, basis: invoiced, accounting_class: rebate}
`, `program/incentives.yaml:10: gap between 100.00 and 110.00 (a tier ends where the next one begins; to may be left out)
program/incentives.yaml:10: gap: the first tier begins at 10.00, not at 0 (begin with {from: 0, rate: 0%})
program/incentives.yaml:11: overlap between 200.00 and 300.00 (a tier ends where the next one begins; to may be left out)
program/incentives.yaml:12: a rate cannot be negative
program/incentives.yaml:12: gap: no tier holds a base of 400.00 and more (leave out to: the top tier has no end)
program/incentives.yaml:13: accounting_class cannot be "rebate" (known: contra_revenue, cost_to_obtain, opex)
program/incentives.yaml:13: program "r" has version 1 twice (count them 1, 2, 3, …)
program/incentives.yaml:13: this version overlaps with the one on line 5 (end one on the day the other begins)
program/incentives.yaml:13: version 1 of "r" changes the basis from "sourced_bookings" to "invoiced" (begin a new program instead)
program/incentives.yaml:13: version 1 of "r" changes the kind of method from "tiers" to "events" (begin a new program instead)
program/incentives.yaml:13: version 1 of "r" changes the period from "quarter" to "year" (begin a new program instead)`},
		{"parts of a version", "incentives.yaml", `
programs:
  - program: a
    versions: [{version: 1, effective_from: 2026-01-01, method: flat, tiers: [{from: 0, rate: 1%}], credited_role: sourced, gate: {sla: true}, accounting_class: opex}]
  - program: b
    versions: [{version: 1, effective_from: 2026-01-01, method: per_unit, unit_amount: 1, basis: invoiced, accounting_class: opex, quarter_weights: [1, 1]}]
  - program: c
    versions:
      - version: 1
        effective_from: 2026-01-01
        method: milestone
        rate: 10%
        accounting_class: cost_to_obtain
        milestones: [{milestone: deal_made, share: 30%}, {milestone: closed_won, share: 60%}]
        gate: {sla_miss_factor: 1.5, no_lead: maybe, required_fields: [motion]}
        scope: {partner_types: [vra], regions: [DACH, DACH]}
`, `program/incentives.yaml:4: a flat version does not use credited_role (only milestone versions have it)
program/incentives.yaml:4: a flat version does not use gate (only milestone versions have a gate)
program/incentives.yaml:4: a flat version does not use tiers (remove it, or choose another method)
program/incentives.yaml:4: a flat version needs rate
program/incentives.yaml:6: method per_unit does not go with basis invoiced (per_unit goes with basis units, and no other method does)
program/incentives.yaml:6: only a yearly program has quarter_weights (remove them, or set period: year)
program/incentives.yaml:6: quarter_weights has 2 numbers (four numbers, one per fiscal quarter)
program/incentives.yaml:14: milestone cannot be "deal_made" (known: deal_created, closed_won)
program/incentives.yaml:14: the shares of the milestones sum to 0.9000, not to 1
program/incentives.yaml:15: no_lead cannot be "maybe" (known: pass, fail)
program/incentives.yaml:15: sla_miss_factor lies between 0 and 1 (0 pays nothing, 1 pays in full)
program/incentives.yaml:15: unknown required field "motion" (did you mean partner_motion?)
program/incentives.yaml:16: region "DACH" is listed twice (remove one of them)
program/incentives.yaml:16: unknown partner type "vra" (did you mean var?)`},
		{"adjustments", "adjustments.yaml", `
adjustments:
  - {program: rebate, partner: P1, date: 2026-01-01, amount: 1.005, reason: x, approved: true}
`, `program/adjustments.yaml:3: approved, but not by whom (approved_by: name)
program/adjustments.yaml:3: the amount has too many digits (at most 16 digits before the point and 2 after it)
program/adjustments.yaml:3: unknown program "rebate" (list it in incentives.yaml)`},
		{"metrics", "metrics.yaml", "restricted_mean: 0h\nmaturity: {min_days: 0}\nactivation: {day: 90}\n",
			`program/metrics.yaml:1: a duration must be longer than nothing (for example 4h)
program/metrics.yaml:2: maturity.min_days cannot be 0 (a number from 1)
program/metrics.yaml:3: unknown key "day" (did you mean days?)`},
		{"taxonomy", "taxonomy.yaml", "partner_types: [reseller, var, msp, affiliate, var, unknown]\nprogram_tiers: [platinum]\n",
			`program/taxonomy.yaml:1: partner type "var" is listed twice (remove one of them)
program/taxonomy.yaml:1: partner type cannot be called "unknown" (these two words stand for holes in the data)`},
		{"not YAML", "fx.yaml", "kind: a: b\n", `program/fx.yaml: not valid YAML: mapping values are not allowed in this context (YAML is indented with spaces; quote a value that holds ': ' or begins with a special character)`},
		{"misspelt file", "respons.yaml", "clock: elapsed\n", `program/respons.yaml: no rule file has this name (did you mean response.yaml?)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, map[string]string{c.file: c.text})
			require.EqualError(t, err, c.want)
		})
	}
}

func TestOverridesBeginWithAPeriod(t *testing.T) {
	incentives := `
programs:
  - program: rebate
    versions: [{version: 1, effective_from: 2026-01-01, method: retroactive, period: year, accounting_class: contra_revenue, tiers: [{from: 0, rate: 1%}]}]
`
	overrides := `
overrides:
  - {program: rebate, partner: P1, period_start: 2026-01-01, projected_base: 1, made_on: 2026-03-01, reason: x, approved: true, approved_by: me}
  - {program: rebate, partner: P1, period_start: 2026-02-01, projected_base: 1, made_on: 2026-03-01, reason: x, approved: true, approved_by: me}
  - {program: rebate, partner: P1, period_start: 2026-02-01, projected_base: 2, made_on: 2026-03-01, reason: "", approved: true, approved_by: me}
`
	_, err := load(t, map[string]string{"incentives.yaml": incentives, "adjustments.yaml": overrides, "fiscal.yaml": "year_start: 2"})
	require.EqualError(t, err, `program/adjustments.yaml:3: no period of "rebate" begins on 2026-01-01 (the period that holds this day begins 2025-02-01)
program/adjustments.yaml:5: the reason is empty
program/adjustments.yaml:5: two overrides of the same day, the first on line 4 (give the later one its own made_on)`)
}

func TestProblemsOfSeveralFilesAreReportedTogether(t *testing.T) {
	_, err := load(t, map[string]string{"fx.yaml": "kinds: x", "metrics.yaml": "restricted_means: 1h"})
	require.EqualError(t, err, `program/fx.yaml:1: unknown key "kinds" (did you mean kind?)
program/metrics.yaml:1: unknown key "restricted_means" (did you mean restricted_mean?)`)
}

func TestAFileOfCommentsIsAnEmptyRule(t *testing.T) {
	p, err := load(t, map[string]string{"response.yaml": "# nobody owes anybody anything\n"})
	require.NoError(t, err)
	require.Empty(t, p.Response.Policies)
}

func TestBuiltinRulesMayNameTypesThatTheUserHasNot(t *testing.T) {
	_, err := load(t, map[string]string{"taxonomy.yaml": "partner_types: [dealer]\nprogram_tiers: [a, b]\n"})
	require.NoError(t, err)
}
