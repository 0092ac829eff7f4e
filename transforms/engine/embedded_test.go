package engine_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/lint"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// openEmpty is a warehouse of the built-in program without a row of data.
func openEmpty(t *testing.T) *sql.DB {
	t.Helper()
	file, err := warehouse.Memory(t.Context(), warehouse.Settings{})
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	require.NoError(t, prelude.Create(t.Context(), file.DB, "UTC"))
	conn, err := file.DB.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	rules, err := program.Builtin()
	require.NoError(t, err)
	asOf := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	require.NoError(t, rules.CreateTables(t.Context(), conn, program.Params{AsOf: asOf, KnownAt: asOf, Zone: "UTC", Currency: "EUR", MinN: 5}))
	require.NoError(t, staging.CreateEmpty(t.Context(), conn))
	return file.DB
}

// metricValues computes the catalogue, where it can be loaded.
func metricValues(t *testing.T) engine.Made {
	t.Helper()
	metrics, err := catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"})
	require.NoError(t, err)
	return engine.Made{Tables: []string{"metrics.metric_value", "metrics.group_value", "metrics.definition"}, Make: func(ctx context.Context, db *sql.DB) error {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		return metrics.Store(ctx, conn)
	}}
}

// TestBuildEmbedded makes every model of sql/ on empty tables and lists all errors with file and line: of models, of the catalogue, of
// checks that cannot be run and of column types that break the portable subset.
func TestBuildEmbedded(t *testing.T) {
	set, err := model.Load(t.Context(), embedded.FS, nil)
	if err != nil {
		t.Fatalf("models cannot be loaded:\n%s", err)
	}
	db := openEmpty(t)
	result, err := engine.Build(t.Context(), db, set, engine.Options{Made: []engine.Made{metricValues(t)}})
	for _, m := range result.Models {
		if m.State == engine.Skipped {
			t.Logf("skipped %s: what it reads has failed", m.Name)
		}
	}
	if err != nil {
		t.Fatalf("%d of %d models made:\n%s", result.Done, result.Total, err)
	}
	for _, m := range set.All() {
		columns, err := engine.Describe(t.Context(), db, m.Name())
		require.NoError(t, err)
		if err := lint.Columns(m, columns).Err(); err != nil {
			t.Error(err)
		}
	}
	found, err := check.Run(t.Context(), db, check.Subjects(set), check.Options{})
	require.NoError(t, err)
	for _, r := range found {
		if r.State == check.Broken {
			t.Errorf("%s: check %s %s", r.At, r.Name, r.Detail)
		}
	}
}
