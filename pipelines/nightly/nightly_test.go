package nightly_test

import (
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/transforms/digest"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// TestSameInputsSameRows builds one night twice, the second time from what the first one knew, and compares a hash of every table.
func TestSameInputsSameRows(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, demo.Write(dir))
	first, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: demo.AsOf, Version: "test"})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, first.Status)

	again, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: demo.AsOf, Version: "test", KnownAt: first.KnownAt})
	require.NoError(t, err)
	require.NotEqual(t, first.Warehouse, again.Warehouse)
	require.Equal(t, hashes(t, first.Warehouse), hashes(t, again.Warehouse))

	same, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: demo.AsOf, Version: "test"})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusNothingNew, same.Status)

	older, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-06-30", Version: "test", To: time.Now()})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusBuilt, older.Status)
	require.Empty(t, older.Warehouse)
}

func hashes(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := warehouse.OpenReadOnly(t.Context(), path, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	out := map[string]string{}
	all, err := digest.Database(t.Context(), file.DB, "ops")
	require.NoError(t, err)
	for name, hash := range all {
		out[name] = hash
	}
	require.NotEmpty(t, out)
	return out
}

// TestPastNightUsesItsProgram rebuilds a night after a rule has changed.
func TestPastNightUsesItsProgram(t *testing.T) {
	dir := small(t, attributed)
	share := func(s nightly.Summary) string {
		for _, h := range s.Headlines {
			if h.MetricID == "REV-5" {
				return h.Value.Text
			}
		}
		return ""
	}
	first, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31"})
	require.NoError(t, err)
	require.Equal(t, "0", share(first), "no lock dates, so nothing is sourced")
	require.Contains(t, first.Notices[0], "10.00 EUR of won revenue in 1 deals is UNATTRIBUTED")

	put(t, dir, "program/attribution.yaml", "lock_when_missing: created_at\n")
	second, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31"})
	require.NoError(t, err)
	require.Equal(t, "1", share(second))

	then, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", KnownAt: first.KnownAt})
	require.NoError(t, err)
	require.Equal(t, "0", share(then))
	current, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", KnownAt: first.KnownAt, ProgramCurrent: true})
	require.NoError(t, err)
	require.Equal(t, "1", share(current))
}
