package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/digest"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// modelSet makes models of SELECTs under the smallest header.
func modelSet(t *testing.T, texts map[string]string) *model.Set {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range texts {
		if !strings.HasPrefix(text, "/*") {
			text = "/* tributary\ngrain: [id]\n*/\n" + text
		}
		files[strings.ReplaceAll(name, ".", "/")+".sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := model.Load(t.Context(), files, nil)
	require.NoError(t, err)
	return set
}

func memory(t *testing.T) *warehouse.File {
	t.Helper()
	file, err := warehouse.Memory(t.Context(), warehouse.Settings{Threads: 2})
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	_, err = file.DB.Exec("CREATE SCHEMA staging; CREATE TABLE staging.deal AS SELECT i AS id, CAST(i AS DECIMAL(18,2)) AS amount FROM range(10) AS r(i)")
	require.NoError(t, err)
	return file
}

func TestBuild(t *testing.T) {
	file := memory(t)
	set := modelSet(t, map[string]string{
		"core.a":    "SELECT id, amount FROM staging.deal WHERE id < 7",
		"core.b":    "/* tributary\ngrain: [id]\nmaterialise: view\n*/ SELECT id FROM core.a WHERE id < 5",
		"core.c":    "SELECT id FROM staging.deal",
		"metrics.d": "SELECT b.id FROM core.b AS b JOIN core.c AS c ON c.id = b.id",
	})
	var seen []string
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	result, err := engine.Build(t.Context(), file.DB, set, engine.Options{
		Workers: 3, Clock: func() time.Time { return now }, OnModel: func(m engine.ModelResult) { seen = append(seen, m.Name) },
	})
	require.NoError(t, err)
	require.ElementsMatch(t, set.Names(), seen)
	require.Equal(t, "metrics.d", seen[len(seen)-1])
	require.Equal(t, 4, result.Done)
	rows := map[string]int64{}
	for _, m := range result.Models {
		rows[m.Name] = m.Rows
		require.Equal(t, now, m.Started)
	}
	require.Equal(t, map[string]int64{"core.a": 7, "core.b": 0, "core.c": 10, "metrics.d": 5}, rows)
	tables, err := engine.Tables(t.Context(), file.DB)
	require.NoError(t, err)
	require.Equal(t, []string{"core.a", "core.b", "core.c", "metrics.d", "staging.deal"}, tables)
}

func TestBuildReportsAllErrorsAndSkipsWhatRestsOnThem(t *testing.T) {
	file := memory(t)
	set := modelSet(t, map[string]string{
		"core.a": "SELECT id,\n  amonut\nFROM staging.deal",
		"core.b": "SELECT id FROM core.a",
		"core.c": "SELECT id FROM staging.deal\nGROUP BY amount",
		"core.d": "/* tributary\ngrain: [key]\ncolumns: {amount: integer, total: money}\nchecks: [{not_null: idd}]\n*/\nSELECT id, amount, sum(id) OVER () AS total FROM staging.deal",
		"core.e": "SELECT id FROM staging.deal",
	})
	result, err := engine.Build(t.Context(), file.DB, set, engine.Options{})
	// Which candidates DuckDB names differs from run to run.
	got := regexp.MustCompile(`Candidate bindings: .*`).ReplaceAllString(err.Error(), "Candidate bindings: …")
	require.Equal(t, strings.TrimSpace(`
sql/core/a.sql:5: core.a: Binder Error: Referenced column "amonut" not found in FROM clause! Candidate bindings: …
sql/core/c.sql:4: core.c: Binder Error: column "id" must appear in the GROUP BY clause or must be part of an aggregate function. Either add it to the GROUP BY list, or use "ANY_VALUE(id)" if the exact value of "id" is not important.
sql/core/d.sql:2: core.d has no column key (known: id, amount, total)
sql/core/d.sql:3: column amount of core.d is DECIMAL(18,2), the header says integer (cast it in the SELECT)
sql/core/d.sql:3: column total of core.d is HUGEINT, the header says money (cast it in the SELECT)
sql/core/d.sql:4: core.d has no column idd (did you mean id?)
sql/core/d.sql:6: column total of core.d is HUGEINT, which Parquet turns into a double (cast it: CAST(… AS BIGINT), or CAST(… AS DECIMAL(18,2)) for money)`), got)
	states := map[string]string{}
	for _, m := range result.Models {
		states[m.Name] = m.State
	}
	require.Equal(t, map[string]string{"core.a": "failed", "core.b": "skipped", "core.c": "failed", "core.d": "failed", "core.e": "ok"}, states)
}

func TestErrorsOfDataAndMachineAreToldApart(t *testing.T) {
	set := modelSet(t, map[string]string{"core.a": "SELECT id,\n  CAST('x' || id AS INTEGER) AS n FROM staging.deal"})
	_, err := engine.Build(t.Context(), memory(t).DB, set, engine.Options{})
	var data *engine.DataError
	require.ErrorAs(t, err, &data)
	require.Equal(t, "core.a", data.Model)
	require.ErrorContains(t, err, "sql/core/a.sql:5: core.a: Conversion Error: Could not convert string 'x")

	file := memory(t)
	_, err = file.DB.Exec("SET GLOBAL memory_limit = '10MB'; SET GLOBAL max_temp_directory_size = '1MB'")
	require.NoError(t, err)
	set = modelSet(t, map[string]string{"core.a": "SELECT i AS id, repeat('x', 100) || i AS s FROM range(3000000) AS r(i)"})
	_, err = engine.Build(t.Context(), file.DB, set, engine.Options{})
	var problems diag.List
	require.ErrorContains(t, err, "make core.a: Out of Memory Error")
	require.False(t, errors.As(err, &problems) || errors.As(err, &data))
}

func TestMadeTablesComeBetweenTheModels(t *testing.T) {
	file := memory(t)
	set := modelSet(t, map[string]string{
		"core.a":      "SELECT id FROM staging.deal",
		"quality.c":   "SELECT id FROM quality.b JOIN core.a USING (id)",
		"quality.b":   "SELECT id FROM metrics.value",
		"metrics.one": "SELECT id FROM core.a",
	})
	fails := false
	made := engine.Made{Tables: []string{"metrics.value", "metrics.other"}, Make: func(ctx context.Context, db *sql.DB) error {
		if fails {
			return errors.New("no rate")
		}
		_, err := db.ExecContext(ctx, "CREATE TABLE metrics.value AS SELECT id FROM metrics.one WHERE id < 3")
		return err
	}}
	result, err := engine.Build(t.Context(), file.DB, set, engine.Options{Made: []engine.Made{made}})
	require.NoError(t, err)
	require.Equal(t, "core.a 10, metrics.one 10, metrics.value 3, quality.b 3, quality.c 3", summary(result))

	fails = true
	result, err = engine.Build(t.Context(), memory(t).DB, set, engine.Options{Made: []engine.Made{made}})
	require.EqualError(t, err, "make metrics.value: no rate")
	require.Equal(t, "core.a 10, metrics.one 10, metrics.value failed, quality.b skipped, quality.c skipped", summary(result))
}

func summary(result engine.Result) string {
	var out []string
	for _, m := range result.Models {
		if m.State == engine.OK {
			out = append(out, fmt.Sprint(m.Name, " ", m.Rows))
		} else {
			out = append(out, m.Name+" "+m.State)
		}
	}
	return strings.Join(out, ", ")
}

func TestCancelledBuildStops(t *testing.T) {
	file := memory(t)
	set := modelSet(t, map[string]string{
		"core.a": "SELECT id FROM staging.deal",
		"core.b": "SELECT max(r.i + q.i) AS id FROM range(1000000000) AS r(i), range(1000) AS q(i), core.a",
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := engine.Build(ctx, file.DB, set, engine.Options{OnModel: func(m engine.ModelResult) {
		if m.Name == "core.a" {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTwoBuildsGiveTheSameRows(t *testing.T) {
	build := func() map[string]string {
		file := memory(t)
		_, err := engine.Build(t.Context(), file.DB, modelSet(t, map[string]string{
			"core.a": "SELECT i AS id, CAST(sum(i) OVER (PARTITION BY i % 7 ORDER BY i) AS BIGINT) AS running FROM range(50000) AS r(i)",
			"core.b": "SELECT id % 7 AS id, CAST(sum(running) AS BIGINT) AS total, max_by(id, running) AS last FROM core.a GROUP BY ALL",
		}), engine.Options{})
		require.NoError(t, err)
		digests, err := digest.Database(t.Context(), file.DB, "ops")
		require.NoError(t, err)
		return digests
	}
	require.Equal(t, build(), build())
}
