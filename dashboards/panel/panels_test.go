package panel_test

import (
	"cmp"
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel"
)

// now is long after the last night, as it is for everybody who opens a dashboard of closed periods.
var now = time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)

// several is how many values of a variable are tried besides the one that a dashboard opens with.
const several = 12

// timed is how long a query took.
type timed struct {
	panel string
	took  time.Duration
}

func dashboards(t *testing.T) []panel.Dashboard {
	t.Helper()
	paths := []string{"testdata/sample.json"}
	provisioned, err := filepath.Glob("../provisioning/json/*.json")
	require.NoError(t, err)
	var out []panel.Dashboard
	if *leads > 0 {
		paths = nil // what is timed is ours
	}
	for _, path := range append(paths, provisioned...) {
		d, err := panel.Read(path)
		require.NoError(t, err)
		out = append(out, d)
	}
	return out
}

func session(t *testing.T, address string, quoting panel.Quoting) panel.Session {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) })
	return panel.Session{DB: conn, Now: now, Quoting: quoting}
}

// TestEveryPanelOnTheDemo runs every query with the values that a dashboard opens with, which must give rows, and with others.
func TestEveryPanelOnTheDemo(t *testing.T) {
	var times []timed
	for _, d := range dashboards(t) {
		t.Run(d.UID, func(t *testing.T) {
			s := session(t, databases(t).Demo, panel.BareSingle)
			values, err := s.Resolve(t.Context(), d, nil)
			require.NoError(t, err)
			times = append(times, every(t, s, d, values, *leads == 0)...)
			for _, chosen := range choices(t, s, d, values) {
				values, err := s.Resolve(t.Context(), d, chosen)
				require.NoError(t, err)
				times = append(times, every(t, s, d, values, false)...)
			}
		})
	}
	require.NotEmpty(t, times)
	slices.SortFunc(times, func(a, b timed) int { return cmp.Compare(a.took, b.took) })
	for _, slow := range times[max(0, len(times)-10):] {
		t.Logf("%8s  %s", slow.took.Round(100*time.Microsecond), slow.panel)
	}
	t.Logf("%d queries, half within %s, 95 %% within %s", len(times), times[len(times)/2].took.Round(100*time.Microsecond), times[len(times)*95/100].took.Round(100*time.Microsecond))
}

// TestEveryPanelInOlderGrafana runs them as older releases write a single value of a variable that offers All.
func TestEveryPanelInOlderGrafana(t *testing.T) {
	for _, d := range dashboards(t) {
		t.Run(d.UID, func(t *testing.T) {
			s := session(t, databases(t).Demo, panel.QuotedSingle)
			values, err := s.Resolve(t.Context(), d, nil)
			require.NoError(t, err)
			every(t, s, d, values, true)
			for _, chosen := range choices(t, s, d, values) {
				values, err := s.Resolve(t.Context(), d, chosen)
				require.NoError(t, err)
				every(t, s, d, values, false)
			}
		})
	}
}

// TestEveryPanelOnAnEmptyWarehouse asks only that nothing fails.
func TestEveryPanelOnAnEmptyWarehouse(t *testing.T) {
	for _, d := range dashboards(t) {
		t.Run(d.UID, func(t *testing.T) {
			s := session(t, databases(t).Empty, panel.BareSingle)
			values, err := s.Resolve(t.Context(), d, nil)
			require.NoError(t, err)
			every(t, s, d, values, false)
		})
	}
}

// every runs the queries of a dashboard's panels and annotations.
func every(t *testing.T, s panel.Session, d panel.Dashboard, values panel.Values, rows bool) []timed {
	t.Helper()
	var out []timed
	if rows {
		d = panel.InRange(d, values)
	}
	run := func(name string, q panel.Target) panel.Frame {
		start := time.Now()
		result, err := s.Run(t.Context(), d, q, values)
		out = append(out, timed{name, time.Since(start)})
		require.NoError(t, err, name)
		return result.Frame
	}
	for _, p := range d.All() {
		name := d.UID + "/" + p.Title
		found := 0
		for _, q := range p.Targets {
			if q.Hide {
				continue
			}
			frame := run(name, q)
			found += frame.Rows()
			if frame.Rows() > 0 {
				fits(t, name, p, frame)
			}
			if p.Type == "timeseries" { // which holds the time's name and order to what Grafana asks for
				require.Equal(t, panel.Series, q.Format, "the format of %s", name)
			}
		}
		if rows && len(p.Targets) > 0 && panel.MayBeEmpty(d, p) == "" {
			require.Positive(t, found, "panel %s has no rows", name)
		}
	}
	for _, a := range d.Annotations.List {
		if a.BuiltIn == 0 {
			frame := run(d.UID+"/annotation "+a.Name, a.Query())
			if frame.Rows() > 0 {
				require.True(t, has(frame, "time", panel.Time), "annotation %s has no column time", a.Name)
			}
		}
	}
	return out
}

// fits tells whether a panel of its kind can show the frame.
func fits(t *testing.T, name string, p panel.Panel, frame panel.Frame) {
	t.Helper()
	numbers := slices.ContainsFunc(frame.Fields, func(f panel.Field) bool { return f.Type == panel.Number })
	times := slices.ContainsFunc(frame.Fields, func(f panel.Field) bool { return f.Type == panel.Time })
	texts := slices.ContainsFunc(frame.Fields, func(f panel.Field) bool { return f.Type == panel.Text })
	switch p.Type {
	case "timeseries":
		require.True(t, times && numbers, "%s has no time or no numbers", name)
	case "barchart":
		require.True(t, numbers && (texts || times), "%s has no numbers or nothing to stand below them", name)
	case "bargauge", "gauge", "piechart":
		require.True(t, numbers, "%s has no numbers", name)
	case "statetimeline":
		require.True(t, times, "%s has no time", name)
	}
	if len(p.Transformations) == 0 { // numbers sent as text would be shown unformatted, and sorted as text
		for _, f := range frame.Fields {
			require.False(t, f.Type == panel.Text && numeric(f), "%s: column %s is numbers as text", name, f.Name)
		}
	}
}

// numeric tells whether every text of a column is a decimal number.
func numeric(f panel.Field) bool {
	for _, value := range f.Values {
		text, ok := value.(string)
		if !ok || !strings.Contains(text, ".") || strings.Trim(text, "-0123456789.") != "" {
			return false
		}
	}
	return true
}

func has(frame panel.Frame, name, kind string) bool {
	return slices.ContainsFunc(frame.Fields, func(f panel.Field) bool { return f.Name == name && f.Type == kind })
}

// choices are sets of values besides those that a dashboard opens with: a few of each variable, from its whole length.
func choices(t *testing.T, s panel.Session, d panel.Dashboard, values panel.Values) []map[string][]string {
	t.Helper()
	var out []map[string][]string
	for _, v := range d.Templating.List {
		if v.Type != "query" && v.Type != "custom" {
			continue
		}
		options, err := s.Options(t.Context(), d, v.Name, values)
		require.NoError(t, err)
		if *leads == 0 { // that vendor has one night, and nothing that moved since another
			require.NotEmpty(t, options, "variable %s of %s offers nothing", v.Name, d.UID)
		}
		if v.IncludeAll {
			out = append(out, map[string][]string{v.Name: {panel.All}})
		}
		for i := range min(several, len(options)) {
			out = append(out, map[string][]string{v.Name: {options[i*(len(options)-1)/max(1, min(several, len(options))-1)].Value}})
		}
	}
	return out
}

// TestWrongQueriesAreTold proves that the tests above can fail.
func TestWrongQueriesAreTold(t *testing.T) {
	s := session(t, databases(t).Demo, panel.BareSingle)
	for sql, problem := range map[string]string{
		`SELECT period_start AS time, nothing FROM tributary.metric_value`: `column "nothing" does not exist`,
		`SELECT name FROM staging.partner`:                                 "does not exist",
		`DELETE FROM tributary.metric_value`:                               "permission denied",
		`SELECT 1 AS time, 2.5 AS v UNION ALL SELECT 0, 1 ORDER BY 1 DESC`: "does not ascend",
		`SELECT period_start, 1 FROM tributary.metric_value LIMIT 1`:       "there is no column time",
		`SELECT '$quarter'::date AS time, 1 AS v`:                          "invalid input syntax",
		`SELECT $__fiscalQuarter(closed_at)`:                               "macro $__fiscalQuarter",
	} {
		_, err := s.Run(t.Context(), panel.Dashboard{UID: "wrong"}, panel.Target{RefID: "A", Format: panel.Series, RawSQL: sql}, panel.Values{"quarter": {Values: []string{""}}})
		require.ErrorContains(t, err, problem, sql)
	}
}

// TestFrame has the types that the data source gives to PostgreSQL's.
func TestFrame(t *testing.T) {
	s := session(t, databases(t).Demo, panel.BareSingle)
	result, err := s.Run(t.Context(), panel.Dashboard{}, panel.Target{RefID: "A", Format: panel.Table, RawSQL: `
		SELECT 12.50::numeric AS money, 3::bigint AS n, 'x' AS text, true AS yes, DATE '2026-09-30' AS day, '{"a": 1}'::jsonb AS json, NULL::float8 AS nothing, 1790000000 AS time`}, nil)
	require.NoError(t, err)
	require.Equal(t, []panel.Field{
		{Name: "money", Type: panel.Number, Values: []any{12.5}},
		{Name: "n", Type: panel.Number, Values: []any{3.0}},
		{Name: "text", Type: panel.Text, Values: []any{"x"}},
		{Name: "yes", Type: panel.Boolean, Values: []any{true}},
		{Name: "day", Type: panel.Time, Values: []any{time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC).UnixMilli()}},
		{Name: "json", Type: panel.Other, Values: []any{json.RawMessage(`{"a": 1}`)}},
		{Name: "nothing", Type: panel.Number, Values: []any{nil}},
		{Name: "time", Type: panel.Time, Values: []any{int64(1790000000000)}},
	}, result.Frame.Fields)
}
