package ops_test

import (
	"database/sql"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/ops"
)

func TestRecordsAreKept(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	ctx, at := t.Context(), time.Date(2026, 1, 31, 23, 0, 0, 0, time.FixedZone("", 3600))
	require.NoError(t, ops.Create(ctx, db))
	require.NoError(t, ops.Create(ctx, db))
	require.NoError(t, ops.AddRuns(ctx, db, ops.Run{ID: "r", AsOf: at, StartedAt: at, Status: "ok"}))
	require.NoError(t, ops.AddSteps(ctx, db, ops.Step{Run: "r", Step: "build", StartedAt: at, Duration: 1500 * time.Millisecond}))
	require.NoError(t, ops.AddModels(ctx, db, ops.Model{Run: "r", Model: "core.deal", Materialise: "table", Rows: 3, Status: "ok"}, ops.Model{Run: "r", Model: "core.won", Materialise: "view", Status: "ok"}))
	require.NoError(t, ops.AddChecks(ctx, db, ops.Check{Run: "r", Table: "core.deal", Name: "grain", Samples: []string{"deal_id=d1"}}))
	require.NoError(t, ops.AddLoads(ctx, db, ops.Load{Run: "r", Source: "crm", Stream: "deals", Rows: 3}))
	require.NoError(t, ops.AddFreshness(ctx, db, ops.Freshness{Run: "r", Entity: "deal"}))
	require.NoError(t, ops.AddSteps(ctx, db))

	var asOf, started, samples string
	var seconds float64
	var newest sql.NullTime
	require.NoError(t, db.QueryRow(`SELECT r.as_of::VARCHAR, epoch_ms(r.started_at)::VARCHAR, s.seconds, c.samples, f.newest_at
		FROM ops.run r, ops.step s, ops.check c, ops.freshness f`).Scan(&asOf, &started, &seconds, &samples, &newest))
	require.Equal(t, "2026-01-31", asOf)
	require.Equal(t, "1769896800000", started)
	require.InDelta(t, 1.5, seconds, 0)
	require.Equal(t, `["deal_id=d1"]`, samples)
	require.False(t, newest.Valid)
	counts, err := ops.RowCounts(ctx, db)
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"core.deal": 3}, counts)
}

func TestManyRecordsGoInBatches(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, ops.Create(t.Context(), db))
	require.NoError(t, ops.AddSteps(t.Context(), db, make([]ops.Step, 450)...))
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM ops.step").Scan(&n))
	require.Equal(t, 450, n)
}
