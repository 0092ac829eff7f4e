package nightly_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// TestMovesAddUpFromNightToNight reads what nights record of their moves: the sum over nights is the change between any two, small moves
// are one row per cause, and a night that is rolled back takes its moves with it.
func TestMovesAddUpFromNightToNight(t *testing.T) {
	dir := small(t, locked)
	deals := func(lines ...string) { put(t, dir, "deals.csv", "id,amount,on\n"+strings.Join(lines, "\n")+"\n") }
	run := func(asOf string) nightly.Summary {
		s, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: asOf, Version: "test"})
		require.NoError(t, err)
		require.Equal(t, nightly.StatusPublished, s.Status)
		require.Empty(t, s.Notices)
		require.Equal(t, "moved", s.Steps[len(s.Steps)-1].Name)
		return s
	}
	recorded := func(query string, args ...any) (out string) {
		file, err := warehouse.OpenReadOnly(t.Context(), filepath.Join(dir, "warehouse", "records.duckdb"), warehouse.Settings{})
		require.NoError(t, err)
		defer file.Close()
		require.NoError(t, file.DB.QueryRowContext(t.Context(), query, args...).Scan(&out), query)
		return out
	}
	const total = `SELECT concat_ws(' ', CAST(sum(numerator_delta) AS DECIMAL(18, 2)), sum(n_delta), sum(units), count(*))
		FROM ops.moved WHERE metric_id = 'REV-1' AND grain = 'total' AND to_as_of > ?`

	one := []string{"d0,10.00,2026-01-10T12:00:00Z"}
	deals(one...)
	require.Equal(t, "the first night: nothing to compare with", run("2026-03-29").Steps[4].Detail)
	many := one
	for i := range 60 {
		many = append(many, fmt.Sprintf("m%02d,%d.50,2026-02-10T12:00:00Z", i, 100-i))
	}
	deals(many...)
	second := run("2026-03-30")
	require.Equal(t, "since 2026-03-29: REV-1, REV-5, REV-5.influenced, REV-7", second.Steps[4].Detail)
	require.Equal(t, "4260.00 60 60 26", recorded(total, "2026-03-29"))
	require.Equal(t, "35 smaller ones together", recorded("SELECT detail FROM ops.moved WHERE metric_id = 'REV-1' AND grain = 'quarter' AND entity IS NULL"))

	deals(append(many, "oops,999999.00,2026-02-10T12:00:00Z")...)
	third := run("2026-03-31")
	require.Equal(t, "1004259.00 61 61 27", recorded(total, "2026-03-29"))
	back(t, dir)
	deals(append(many, "oops,999.00,2026-02-10T12:00:00Z")...)
	fourth := run("2026-03-31")
	require.Equal(t, "999.00 1 1 1", recorded(total, "2026-03-30"), "since what readers saw before, not since what was taken back")
	require.Equal(t, "5259.00 61 61 27", recorded(total, "2026-03-29"), "the whole of both nights")
	require.Equal(t, "0", recorded("SELECT CAST(count(*) AS VARCHAR) FROM ops.moved WHERE run_id = ?", third.RunID))
	require.Equal(t, "new oops p 999.00", recorded(`SELECT concat_ws(' ', cause, entity_key, partner, CAST(numerator_after AS DECIMAL(18, 2)))
		FROM ops.moved WHERE run_id = ? AND metric_id = 'REV-1' AND grain = 'quarter'`, fourth.RunID))
	file, err := warehouse.OpenReadOnly(t.Context(), fourth.Warehouse, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	var tables int
	require.NoError(t, file.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'moved'").Scan(&tables))
	require.Zero(t, tables, "what moved is no part of a night")
}

// TestNightsDoNotFailForTheirMoves spoils the night before: the new one is published all the same, and says what it lacks.
func TestNightsDoNotFailForTheirMoves(t *testing.T) {
	dir := small(t)
	first, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-30", Version: "test"})
	require.NoError(t, err)
	spoilt, err := sql.Open("duckdb", first.Warehouse)
	require.NoError(t, err)
	_, err = spoilt.ExecContext(t.Context(), "DROP TABLE staging.mapped")
	require.NoError(t, err)
	require.NoError(t, spoilt.Close())
	second, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, second.Status)
	require.Contains(t, second.Notices[len(second.Notices)-1], "what moved since the night before is not in the records (tributary diff shows it): ")
}

// back makes the night before the current one current again.
func back(t *testing.T, dir string) {
	t.Helper()
	l, err := lake.Open(filepath.Join(dir, "lake"), lake.Options{})
	require.NoError(t, err)
	w, err := l.Writer(t.Context(), lake.WriterOptions{})
	require.NoError(t, err)
	_, err = publish.Rollback(t.Context(), w, warehouse.Folder{Dir: filepath.Join(dir, "warehouse")}, "")
	require.NoError(t, err)
	require.NoError(t, w.Close())
}
