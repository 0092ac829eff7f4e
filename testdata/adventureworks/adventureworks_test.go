// Package adventureworks proves the worked example: a real export, onboarded by configuration alone.
package adventureworks_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// run builds a copy of the project below dir and reads metrics of it.
func run(t *testing.T, dir string) func(id, grain string) []catalogue.Row {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(".")))
	summary, err := nightly.Run(t.Context(), nightly.Options{Dir: filepath.Join(root, dir), AsOf: "2011-12-31"})
	require.NoError(t, err)
	require.Zero(t, summary.Quarantined)
	file, err := warehouse.OpenReadOnly(t.Context(), summary.Warehouse, warehouse.Settings{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	conn, err := file.DB.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	cat, err := nightly.Catalogue(os.DirFS(t.TempDir()))
	require.NoError(t, err)
	return func(id, grain string) []catalogue.Row {
		rows, err := cat.Query(t.Context(), conn, catalogue.QuerySpec{IDs: []string{id}, Grains: []string{grain}})
		require.NoError(t, err)
		return rows
	}
}

// shares are REV-5 of 2010 and 2011 to four digits.
func shares(t *testing.T, rows []catalogue.Row) [2]string {
	t.Helper()
	require.Len(t, rows, 2)
	var out [2]string
	for i, r := range rows {
		require.Equal(t, []string{"2010-01-01", "2011-01-01"}[i], *r.PeriodStart)
		v, ok := r.Value.Float()
		require.True(t, ok)
		out[i] = format(v)
	}
	return out
}

func TestResellerShare(t *testing.T) {
	query := run(t, ".")
	require.Equal(t, [2]string{"0.9185", "0.7200"}, shares(t, query("REV-5", "year")))
	for _, id := range []string{"RSP-1", "CNV-1", "VEL-1.median", "ACT-1", "ACC-4"} {
		rows := query(id, "quarter")
		require.Len(t, rows, 1, id)
		require.Equal(t, catalogue.StatusNoSource, rows[0].Status, id)
		require.False(t, rows[0].Value.Valid, id)
	}
}

// An order as the deal gives the same shares from fewer deals.
func TestByOrder(t *testing.T) {
	rows := run(t, "by_order")("REV-5", "year")
	require.Equal(t, [2]string{"0.9185", "0.7200"}, shares(t, rows))
	require.Less(t, rows[1].N, int64(12046))
}

func TestWithoutRates(t *testing.T) {
	rows := run(t, "by_currency")("REV-5", "year")
	require.Equal(t, [2]string{"0.9618", "0.8242"}, shares(t, rows))
	require.Equal(t, map[string]int64{"missing_fx": 94}, rows[0].Excluded)
}

func format(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }
