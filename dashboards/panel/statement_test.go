package panel_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel"
	"github.com/tributary-data/tributary/dashboards/panel/stand"
)

// TestStatementAddsUp holds the events of the QBR's statement against the programs' figures: in every quarter those of everybody and of each
// partner type, in the quarter that the dashboard opens with also those of each partner.
func TestStatementAddsUp(t *testing.T) {
	s := session(t, databases(t).Demo, panel.BareSingle)
	d, opened := qbr(t, s)
	amounts := 0
	check := func(chosen map[string][]string) {
		values, err := s.Resolve(t.Context(), d, chosen)
		require.NoError(t, err)
		lines, err := s.Run(t.Context(), d, allEvents(t, d), values)
		require.NoError(t, err)
		sum := 0.0
		for _, amount := range numbers(t, lines.Frame, "Amount") {
			sum += amount
			amounts++
		}
		require.InDelta(t, programFigures(t, s, values), sum, 0.001, "%v", chosen)
	}
	types := options(t, s, d, "type", opened)
	for _, quarter := range options(t, s, d, "quarter", opened) {
		for _, kind := range types {
			check(map[string][]string{"quarter": {quarter}, "type": {kind}})
		}
	}
	for _, partner := range options(t, s, d, "partner", opened) {
		check(map[string][]string{"partner": {partner}})
	}
	require.Greater(t, amounts, 1000)
}

// TestPendingCreditIsNotCredited makes the SLA of a credited deal one that is still running, with another gate that is missed, in a
// transaction that is rolled back.
func TestPendingCreditIsNotCredited(t *testing.T) {
	s := session(t, stand.Owner(databases(t).Demo), panel.BareSingle)
	d, opened := qbr(t, s)
	incentives, err := panel.Read("../provisioning/json/incentives.json")
	require.NoError(t, err)
	heldBack := target(t, incentives, "Commission that gates held back")
	chosen, err := s.Resolve(t.Context(), incentives, nil)
	require.NoError(t, err)
	figures := programFigures(t, s, opened)
	_, err = s.DB.Exec(t.Context(), `BEGIN;
		CREATE TEMP TABLE one AS SELECT f.deal_partner_id, f.deal_id, f.milestone, f.credit FROM tributary.fact_commission AS f
			JOIN tributary.quarter AS c ON f.anchor_at >= c.start_at AND f.anchor_at < c.end_at AND c.is_headline
			WHERE f.excluded IS NULL AND f.credit > 0 ORDER BY f.credit DESC LIMIT 1;
		GRANT SELECT ON one TO grafana;
		UPDATE tributary.fact_commission AS f SET sla_state = 'pending', credit = 0, estimated = f.credit, forgone = 0, forgone_all = 1.23
			FROM one WHERE one.deal_partner_id = f.deal_partner_id AND one.milestone = f.milestone;
		SET LOCAL ROLE grafana`).ReadAll()
	require.NoError(t, err)
	one, err := s.Run(t.Context(), d, panel.Target{RefID: "A", Format: panel.Table, RawSQL: "SELECT 'deal ' || deal_id AS record, deal_id, credit FROM one"}, nil)
	require.NoError(t, err)
	lines, err := s.Run(t.Context(), d, allEvents(t, d), opened)
	require.NoError(t, err)
	sum, running := 0.0, 0
	for i, amount := range numbers(t, lines.Frame, "Amount") {
		sum += amount
		if field(t, lines.Frame, "Note")[i] == "estimated only: SLA still running" {
			require.Zero(t, amount)
			require.Equal(t, field(t, one.Frame, "record")[0], field(t, lines.Frame, "Record")[i])
			running++
		}
	}
	require.Equal(t, 1, running)
	require.InDelta(t, figures-numbers(t, one.Frame, "credit")[0], sum, 0.001)
	back, err := s.Run(t.Context(), incentives, heldBack, chosen)
	require.NoError(t, err)
	require.Positive(t, back.Frame.Rows())
	require.NotContains(t, field(t, back.Frame, "Deal"), field(t, one.Frame, "deal_id")[0], "an SLA that is still running holds nothing back")
	_, err = s.DB.Exec(t.Context(), "ROLLBACK").ReadAll()
	require.NoError(t, err)
}

func qbr(t *testing.T, s panel.Session) (panel.Dashboard, panel.Values) {
	t.Helper()
	d, err := panel.Read("../provisioning/json/qbr.json")
	require.NoError(t, err)
	opened, err := s.Resolve(t.Context(), d, nil)
	require.NoError(t, err)
	return d, opened
}

func options(t *testing.T, s panel.Session, d panel.Dashboard, variable string, values panel.Values) []string {
	t.Helper()
	found, err := s.Options(t.Context(), d, variable, values)
	require.NoError(t, err)
	var out []string
	for _, o := range found {
		out = append(out, o.Value)
	}
	return out
}

// allEvents is the statement's query without its limit to the largest.
func allEvents(t *testing.T, d panel.Dashboard) panel.Target {
	t.Helper()
	out := target(t, d, "Events behind it")
	all, found := strings.CutSuffix(out.RawSQL, "\nLIMIT 200")
	require.True(t, found, out.RawSQL)
	out.RawSQL = all
	return out
}

func target(t *testing.T, d panel.Dashboard, title string) panel.Target {
	t.Helper()
	for _, p := range d.All() {
		if p.Title == title {
			return p.Targets[0]
		}
	}
	require.Fail(t, "there is no panel "+title)
	return panel.Target{}
}

// programFigures is the sum of ACC-4 and ACC-7 over the programs, as it is stored.
func programFigures(t *testing.T, s panel.Session, values panel.Values) float64 {
	t.Helper()
	one := func(name string) string { return values[name].Values[0] }
	result, err := s.Run(t.Context(), panel.Dashboard{UID: "figures"}, panel.Target{RefID: "A", Format: panel.Table, RawSQL: fmt.Sprintf(`
		SELECT coalesce(sum(value_money), 0) AS figure FROM tributary.metric_value
		WHERE metric_id IN ('ACC-4', 'ACC-7') AND grain = 'quarter' AND period_start = '%s' AND program IS NOT NULL
			AND coalesce(partner, '*') = '%s' AND coalesce(partner_type, '*') = '%s' AND program_tier IS NULL AND region IS NULL`, one("quarter"), one("partner"), one("type"))}, nil)
	require.NoError(t, err)
	return numbers(t, result.Frame, "figure")[0]
}

func field(t *testing.T, frame panel.Frame, name string) []any {
	t.Helper()
	for _, f := range frame.Fields {
		if f.Name == name {
			return f.Values
		}
	}
	require.Zero(t, frame.Rows(), "there is no column %s", name) // Grafana is given no columns when there are no rows
	return nil
}

func numbers(t *testing.T, frame panel.Frame, name string) []float64 {
	t.Helper()
	var out []float64
	for _, value := range field(t, frame, name) {
		number, ok := value.(float64)
		require.True(t, ok, "%s: %v is no number", name, value)
		out = append(out, number)
	}
	return out
}
