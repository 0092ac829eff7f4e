package panel_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel"
)

func TestParseRefusesWhatItCannotShow(t *testing.T) {
	for text, problem := range map[string]string{
		`[]`:                           "no dashboard",
		`{"title": "new", "spec": {}}`: "classic format",
		`{"uid": "a", "panels": [{"title": "p", "repeat": "partner"}]}`: "repeats over partner",
	} {
		_, err := panel.Parse([]byte(text))
		require.ErrorContains(t, err, problem)
	}
}

func TestRange(t *testing.T) {
	now := time.Date(2026, 11, 18, 13, 14, 15, 0, time.UTC) // a Wednesday
	for given, want := range map[[2]string][2]string{
		{"", ""}:                 {"2026-11-18T07:14:15Z", "2026-11-18T13:14:15Z"},
		{"now-1y/y", "now-1y/y"}: {"2025-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z"},
		{"now/w", "now/M"}:       {"2026-11-16T00:00:00Z", "2026-11-30T23:59:59.999Z"},
		{"now-2d+1h", "now-90m"}: {"2026-11-16T14:14:15Z", "2026-11-18T11:44:15Z"},
		{"2025-10-01", "2026-09-30T23:59:59+02:00"}: {"2025-10-01T00:00:00Z", "2026-09-30T21:59:59Z"},
	} {
		var d panel.Dashboard
		d.Time.From, d.Time.To = given[0], given[1]
		got, err := panel.Session{Now: now}.Range(d)
		require.NoError(t, err, given)
		require.Equal(t, want, [2]string{got.From.Format(time.RFC3339Nano), got.To.Format(time.RFC3339Nano)}, given)
	}
	var d panel.Dashboard
	d.Time.From, d.Time.To = "now", "now-1d"
	_, err := panel.Session{Now: now}.Range(d)
	require.ErrorContains(t, err, "is empty")
}
