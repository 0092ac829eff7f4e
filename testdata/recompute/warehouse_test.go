package recompute_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/testdata/generator"
	"github.com/tributary-data/tributary/testdata/recompute"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// night runs a project and gives the rows of both computations.
func night(t *testing.T, dir, asOf string) (got, want []recompute.Row) {
	t.Helper()
	ctx := context.Background()
	summary, err := nightly.Run(ctx, nightly.Options{Dir: dir, AsOf: asOf, AllowOlder: true})
	require.NoError(t, err, summary.Error)
	return both(t, filepath.Join(dir, "warehouse", filepath.Base(summary.Warehouse)))
}

// both gives the rows of both computations over a built warehouse.
func both(t *testing.T, path string) (got, want []recompute.Row) {
	t.Helper()
	ctx := context.Background()
	file, err := warehouse.OpenReadOnly(ctx, path, warehouse.Settings{Threads: 2, Memory: "2GB"})
	require.NoError(t, err)
	defer file.Close()
	data, err := recompute.Load(ctx, file.DB)
	require.NoError(t, err)
	want, err = recompute.Compute(data)
	require.NoError(t, err)
	return answer(t, file), want
}

// answer is what the product answers when it is asked for everything.
func answer(t *testing.T, file *warehouse.File) []recompute.Row {
	t.Helper()
	ctx := context.Background()
	conn, err := file.DB.Conn(ctx)
	require.NoError(t, err)
	defer conn.Close()
	cat, err := catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"})
	require.NoError(t, err)
	from, to := io.Pipe()
	go func() {
		spec := catalogue.QuerySpec{All: true, By: []string{"all"}, Grains: []string{"all"}}
		to.CloseWithError(catalogue.WriteJSON(to, cat.Each(ctx, conn, spec)))
	}()
	rows, err := recompute.Printed(from)
	require.NoError(t, err)
	return rows
}

func agree(t *testing.T, got, want []recompute.Row) {
	t.Helper()
	onlyGot, onlyWant := recompute.Offers(got, want)
	require.Empty(t, onlyGot)
	require.Empty(t, onlyWant)
	diffs := recompute.Compare(got, want)
	if len(diffs) > 0 {
		report := recompute.Report(diffs, 6)
		if path := os.Getenv("RECOMPUTE_DIFFS"); path != "" {
			var all string
			for _, d := range diffs {
				all += d.String() + "\n"
			}
			require.NoError(t, os.WriteFile(path, []byte(all), 0o600))
		}
		if path := os.Getenv("RECOMPUTE_REPORT"); path != "" {
			require.NoError(t, os.WriteFile(path, []byte(report), 0o600))
		}
		require.Fail(t, strconv.Itoa(len(diffs))+" differences of "+strconv.Itoa(len(want))+" rows", report)
	}
}

func TestCleanWorld(t *testing.T) {
	dir, opts := t.TempDir(), generator.DemoOptions()
	require.NoError(t, generator.WriteClean(dir, opts.Seed, opts.Leads))
	got, want := night(t, dir, "2026-09-30")
	agree(t, got, want)
}

// Any built warehouse can be compared: RECOMPUTE_WAREHOUSE=path/to/file.duckdb go test -run TestGivenWarehouse
func TestGivenWarehouse(t *testing.T) {
	path := os.Getenv("RECOMPUTE_WAREHOUSE")
	if path == "" {
		t.Skip("RECOMPUTE_WAREHOUSE names none")
	}
	got, want := both(t, path)
	agree(t, got, want)
}
