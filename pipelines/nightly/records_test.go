package nightly_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// TestRecordsOfFailedNights reads the file of records after a good night and one whose checks failed.
func TestRecordsOfFailedNights(t *testing.T) {
	dir := small(t)
	good, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-30", Version: "test"})
	require.NoError(t, err)
	put(t, dir, "sql/board/large.sql", "/* tributary\ngrain: [deal_id]\nchecks: [{expression: {sql: amount > 100, name: large}}]\n*/\nSELECT deal_id, amount FROM staging.deal\n")
	put(t, dir, "deals.csv", "id,amount,on\nd,10.00,2026-01-10T12:00:00Z\n,1.00,2026-01-11T12:00:00Z\n")
	bad, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"})
	require.Equal(t, nightly.ExitData, nightly.ExitCode(err))

	one := recorded(t, dir)
	require.Equal(t, "published", one("SELECT status FROM ops.run WHERE run_id = ?", good.RunID))
	require.Equal(t, "failed", one("SELECT status FROM ops.run WHERE run_id = ?", bad.RunID))
	require.Equal(t, "extract ok, build ok, check failed", one("SELECT string_agg(step || ' ' || status, ', ' ORDER BY started_at) FROM ops.step WHERE run_id = ?", bad.RunID))
	require.Equal(t, "board.large large fail 1", one(`SELECT concat_ws(' ', table_name, name, status, failed) FROM ops."check" WHERE run_id = ? AND severity = 'error'`, bad.RunID))
	require.Equal(t, "deal crm.deals missing_key 1", one("SELECT concat_ws(' ', entity, source || '.' || stream, rule, rows) FROM ops.quarantine WHERE run_id = ?", bad.RunID))
	require.Equal(t, "2026-01-10 12:00:00+00", one("SELECT CAST(newest_at AS VARCHAR) FROM ops.freshness WHERE run_id = ? AND entity = 'deal' AND loaded_at IS NOT NULL", bad.RunID))
	require.NotContains(t, one("SELECT message FROM ops.run WHERE run_id = ?", bad.RunID), "deal_id=d", "rows stay out of the log")
	require.Equal(t, "3", one("SELECT CAST(count(*) AS VARCHAR) FROM ops.load"))
}

// recorded asks the file of records for a text.
func recorded(t *testing.T, dir string) func(query string, args ...any) string {
	t.Helper()
	file, err := warehouse.OpenReadOnly(t.Context(), filepath.Join(dir, "warehouse", "records.duckdb"), warehouse.Settings{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	return func(query string, args ...any) string {
		var text string
		require.NoError(t, file.DB.QueryRowContext(t.Context(), query, args...).Scan(&text), query)
		return text
	}
}

// TestStepsOfOneRun: processes that are given one id are one run, from the first try of its first step to the end of its last.
func TestStepsOfOneRun(t *testing.T) {
	dir := small(t)
	for _, step := range []struct {
		name string
		code int
	}{{"extract", 0}, {"build", 0}, {"publish", 2}, {"check", 0}, {"publish", 0}} {
		_, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-30", Version: "test", Steps: []string{step.name}, RunID: "night-7"})
		require.Equal(t, step.code, nightly.ExitCode(err), step.name)
	}
	one := recorded(t, dir)
	require.Equal(t, "published 1", one("SELECT min(status) || ' ' || count(*) FROM ops.run"))
	require.Equal(t, "extract ok, build ok, publish failed, check ok, publish ok", one("SELECT string_agg(step || ' ' || status, ', ' ORDER BY started_at) FROM ops.step WHERE step <> 'moved'"))
	require.Equal(t, "true", one("SELECT CAST(r.started_at <= min(s.started_at) AND r.finished_at >= max(s.started_at) AS VARCHAR) FROM ops.run AS r JOIN ops.step AS s USING (run_id) GROUP BY r.started_at, r.finished_at"))
}
