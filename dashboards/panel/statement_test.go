package panel_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel"
)

// TestStatementAddsUp holds the events of the QBR's statement against the programs' figures: in every quarter those of everybody and of each
// partner type, in the quarter that the dashboard opens with also those of each partner.
func TestStatementAddsUp(t *testing.T) {
	s := session(t, databases(t).demo, panel.BareSingle)
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
	for _, p := range d.All() {
		if p.Title == "Events behind it" {
			out := p.Targets[0]
			require.Contains(t, out.RawSQL, "\nLIMIT 200")
			out.RawSQL = strings.TrimSuffix(out.RawSQL, "\nLIMIT 200")
			return out
		}
	}
	require.Fail(t, "there is no statement")
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
