// Package salesforce proves that an export whose keys do not join is landed whole.
package salesforce_test

import (
	"os"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

func TestOrphansKeepTheirRows(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(".")))
	summary, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2022-12-31"})
	require.NoError(t, err)
	require.Zero(t, summary.Quarantined)
	require.Contains(t, strings.Join(summary.Notices, "\n"), "deal.partner_id refers to something unknown in 10 rows")

	file, err := warehouse.OpenReadOnly(t.Context(), summary.Warehouse, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	for query, want := range map[string]int64{
		"SELECT count(*) FROM staging.deal":                                           10,
		"SELECT count(*) FROM core.deal WHERE partner = 'unknown'":                    10,
		"SELECT count(*) FROM core.deal WHERE excluded = 'deleted'":                   10,
		"SELECT count(*) FROM staging.activity":                                       20,
		"SELECT count(*) FROM staging.partner":                                        10,
		"SELECT count(*) FROM core.lead WHERE direction = 'partner_to_vendor'":        1,
		"SELECT count(*) FROM metrics.fact_close WHERE excluded IS NULL":              0,
		"SELECT count(*) FROM staging.orphan WHERE entity = 'deal' AND rows <> 10":    0,
		"SELECT count(*) FROM core.stage_visit":                                       0,
		"SELECT count(*) FROM staging.deal_stage WHERE motion IS NULL AND stage > ''": 10,
	} {
		var got int64
		require.NoError(t, file.DB.QueryRowContext(t.Context(), query).Scan(&got), query)
		require.Equal(t, want, got, query)
	}
}
