package nightly

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/source"
)

func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to, step string
		want           []string
		asOf           string
	}{
		{"2026-03-01", "2026-03-03", "1d", []string{"2026-03-01 to 2026-03-02", "2026-03-02 to 2026-03-03"}, "2026-03-02"},
		{"2026-03-01", "2026-03-10", "7d", []string{"2026-03-01 to 2026-03-08", "2026-03-08 to 2026-03-10"}, "2026-03-09"},
		{"2026-01-31", "2026-04-01", "1M", []string{"2026-01-31 to 2026-02-28", "2026-02-28 to 2026-03-31", "2026-03-31 to 2026-04-01"}, "2026-03-31"},
		{"2025-11-15", "2026-05-15", "3M", []string{"2025-11-15 to 2026-02-15", "2026-02-15 to 2026-05-15"}, "2026-05-14"},
	} {
		windows, err := Windows(c.from, c.to, c.step)
		require.NoError(t, err)
		got := []string{}
		for _, w := range windows {
			got = append(got, w.String())
		}
		require.Equal(t, c.want, got)
		require.Equal(t, c.asOf, LastDay(windows))
	}
	for _, c := range []struct{ from, to, step, says string }{
		{"2026-03-01", "2026-03-01", "1d", "--from 2026-03-01 is not before --to 2026-03-01"},
		{"1.3.2026", "2026-03-01", "1d", "--from: "},
		{"2026-03-01", "2026-02-30", "1d", "--to: "},
		{"2026-03-01", "2026-03-02", "0d", `--window: "0d" is no number of days or months`},
		{"2026-03-01", "2026-03-02", "1w", `--window: "1w"`},
		{"1026-03-01", "2026-03-02", "1d", "more than 4000 windows"},
	} {
		_, err := Windows(c.from, c.to, c.step)
		require.ErrorContains(t, err, c.says)
		require.Equal(t, ExitConfig, ExitCode(err))
	}
}

// TestPasses has a source that can be asked for an interval beside one that cannot.
func TestPasses(t *testing.T) {
	t.Parallel()
	windows, err := Windows("2026-03-01", "2026-03-03", "1d")
	require.NoError(t, err)
	files, api := []extract.Stream{{Source: "files", Name: "a"}}, []extract.Stream{{Source: "api", Name: "b", Ask: &extract.Ask{Parallel: 3}}}
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	labels := func(passes []pass) (out []string) {
		for _, p := range passes {
			require.Len(t, p.streams, 1)
			out = append(out, p.streams[0].Source+" "+p.label)
		}
		return out
	}
	require.Equal(t, []string{"files ", "api window 1 of 2, 2026-03-01 to 2026-03-02", "api window 2 of 2, 2026-03-02 to 2026-03-03"},
		labels(passes(files, api, windows, berlin)))
	require.Equal(t, []string{"api window 1 of 2, 2026-03-01 to 2026-03-02", "api window 2 of 2, 2026-03-02 to 2026-03-03"},
		labels(passes(nil, api, windows, berlin)))
	require.Len(t, passes(files, api, nil, berlin), 1, "a night takes all that is new at once")
	require.Len(t, passes(nil, nil, windows, berlin), 1, "where there is no stream the extraction says so")
	second := passes(nil, api, windows, berlin)[1].streams[0].Ask
	require.Equal(t, extract.Ask{
		Parallel: 3, Again: true,
		Interval: source.Interval{From: time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC)},
	}, *second, "days are the reporting zone's")
	require.Zero(t, api[0].Ask.Interval, "a window is not left behind")
}
