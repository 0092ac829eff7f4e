package panel_test

import (
	"cmp"
	"context"
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
const several = 4

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
			s := session(t, served.demo, panel.BareSingle)
			values, err := s.Resolve(t.Context(), d, nil)
			require.NoError(t, err)
			times = append(times, every(t, s, d, values, true)...)
			for _, chosen := range choices(t, s, d, values) {
				values, err := s.Resolve(t.Context(), d, chosen)
				require.NoError(t, err)
				times = append(times, every(t, s, d, values, false)...)
			}
		})
	}
	require.NotEmpty(t, times)
	slices.SortFunc(times, func(a, b timed) int { return cmp.Compare(a.took, b.took) })
	for _, slow := range times[max(0, len(times)-5):] {
		t.Logf("%8s  %s", slow.took.Round(100*time.Microsecond), slow.panel)
	}
	t.Logf("%d queries, half within %s, 95 %% within %s", len(times), times[len(times)/2].took.Round(100*time.Microsecond), times[len(times)*95/100].took.Round(100*time.Microsecond))
}

// TestEveryPanelInOlderGrafana runs them as releases up to 12 write a single value of a variable that offers All.
func TestEveryPanelInOlderGrafana(t *testing.T) {
	for _, d := range dashboards(t) {
		t.Run(d.UID, func(t *testing.T) {
			s := session(t, served.demo, panel.QuotedSingle)
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
			s := session(t, served.empty, panel.BareSingle)
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
		require.NotEmpty(t, options, "variable %s of %s offers nothing", v.Name, d.UID)
		if v.IncludeAll {
			out = append(out, map[string][]string{v.Name: {panel.All}})
		}
		for i := range min(several, len(options)) {
			out = append(out, map[string][]string{v.Name: {options[i*(len(options)-1)/max(1, min(several, len(options))-1)].Value}})
		}
	}
	return out
}
