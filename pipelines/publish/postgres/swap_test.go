package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Readers that never pause see one night or the next in every statement, and no error, during twenty publications.
func TestSwapUnderLoad(t *testing.T) {
	url := database(t)
	target := open(t, config(url))
	publish(t, target, 1)
	ctx, stop := context.WithCancel(t.Context())
	var reads, errors, mixed atomic.Int64
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				errors.Add(1)
				return
			}
			defer conn.Close(t.Context())
			for ctx.Err() == nil {
				var nights int
				err := conn.QueryRow(t.Context(), `SELECT count(DISTINCT n) FROM (
					SELECT floor(value_money) AS n FROM tributary.metric_value UNION ALL SELECT floor(amount) FROM tributary.deal WHERE amount IS NOT NULL
					UNION ALL SELECT commit FROM tributary.publication) AS seen`, pgx.QueryExecModeSimpleProtocol).Scan(&nights)
				reads.Add(1)
				if err != nil {
					errors.Add(1)
					t.Log(err)
				}
				if nights > 1 {
					mixed.Add(1)
				}
			}
		})
	}
	for n := 2; n <= 21; n++ {
		publish(t, target, n)
	}
	stop()
	readers.Wait()
	t.Logf("%d reads during 20 publications", reads.Load())
	require.Zero(t, errors.Load())
	require.Zero(t, mixed.Load())
	require.Greater(t, reads.Load(), int64(100))
}
