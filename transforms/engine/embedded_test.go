package engine_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/lineage"
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
	followColumns(t, set, db)
	found, err := check.Run(t.Context(), db, check.Subjects(set), check.Options{})
	require.NoError(t, err)
	for _, r := range found {
		if r.State == check.Broken {
			t.Errorf("%s: check %s %s", r.At, r.Name, r.Detail)
		}
	}
}

// followColumns wants every column of every model traced to columns that exist, or known to be a constant or a count.
func followColumns(t *testing.T, set *model.Set, db *sql.DB) {
	t.Helper()
	tables := map[string][]lineage.Column{}
	columnsOf := func(table string) []lineage.Column {
		if _, read := tables[table]; !read {
			columns, err := engine.Describe(t.Context(), db, table)
			require.NoError(t, err)
			for _, c := range columns {
				tables[table] = append(tables[table], lineage.Column{Name: c.Name, Type: c.Type})
			}
		}
		return tables[table]
	}
	aggregates, err := lineage.Aggregates(t.Context(), db)
	require.NoError(t, err)
	total, traced := 0, 0
	var without []string
	for _, m := range set.All() {
		var names []string
		for _, c := range columnsOf(m.Name()) {
			names = append(names, c.Name)
		}
		found := lineage.Of(m.Query, lineage.Input{Columns: columnsOf, Aggregates: aggregates}, names)
		total, traced = total+len(names), traced+len(found.Outputs)
		reads := map[string]bool{}
		for _, ref := range m.Query.Tables() {
			reads[ref.Name()] = true
		}
		exists := func(s lineage.Source) {
			require.True(t, reads[s.Table], "%s does not read %s", m.Name(), s.Table)
			require.True(t, slices.ContainsFunc(columnsOf(s.Table), func(c lineage.Column) bool { return c.Name == s.Column }), "%s has no column %s", s.Table, s.Column)
		}
		for i, o := range found.Outputs {
			require.Equal(t, names[i], o.Name, m.Name())
			if len(o.Sources) == 0 {
				without = append(without, m.Name()+"."+o.Name)
			}
			for _, s := range o.Sources {
				exists(s)
			}
		}
		for _, s := range found.Rows {
			exists(s)
		}
	}
	require.Equal(t, total, traced, "columns that could not be traced")
	require.Equal(t, strings.Fields(`core.record_url.entity core.response_unit.entity core.revenue_line.entity incentives.adjustment.entity incentives.balance.events
		incentives.candidate.basis incentives.credit.milestone metrics.fact_accrual.part metrics.fact_accrual.grain metrics.fact_accrual.excluded
		metrics.fact_activation.entity metrics.fact_close.entity metrics.fact_commission.entity metrics.fact_enrolment.entity metrics.fact_lead.entity
		metrics.fact_lead.cohort metrics.fact_motion_entry.entity metrics.fact_registered_deal.entity metrics.fact_registration.entity
		metrics.fact_registration.cohort metrics.fact_revenue.part metrics.fact_stage_entry.entity metrics.fact_stage_exit.entity
		metrics.fact_stage_reach.entity metrics.fact_tier_distance.entity metrics.fact_tier_distance.grain metrics.fact_tier_distance.excluded
		metrics.peer_value.peers`), without, "columns that are constants or count rows")
}
