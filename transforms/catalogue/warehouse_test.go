package catalogue_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"iter"
	"testing"
	"testing/fstest"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// program is the part of a warehouse that the catalogue reads besides the facts: as of 2025-12-31, UTC, calendar year.
const program = `
CREATE SCHEMA program; CREATE SCHEMA staging; CREATE SCHEMA core; CREATE SCHEMA metrics;
CREATE MACRO report_date(ts) AS CAST(timezone('UTC', ts) AS DATE);
CREATE TABLE program.param AS SELECT DATE '2025-12-31' AS as_of, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS as_of_at, 5 AS min_n, 'UTC' AS reporting_tz;
CREATE TABLE program.fiscal_day AS SELECT CAST(d AS DATE) AS date, CAST(date_trunc('week', d) AS DATE) AS week_start,
	CAST(date_trunc('month', d) AS DATE) AS month_start, CAST(date_trunc('quarter', d) AS DATE) AS quarter_start,
	CAST(date_trunc('year', d) AS DATE) AS year_start FROM range(DATE '2020-01-01', DATE '2028-12-31', INTERVAL 1 DAY) AS r(d);
CREATE TABLE program.fiscal_period AS
	SELECT 'quarter' AS grain, quarter_start AS period_start, timezone('UTC', CAST(quarter_start AS TIMESTAMP) + INTERVAL 3 MONTH) AS end_at FROM program.fiscal_day GROUP BY ALL
	UNION ALL SELECT 'month', month_start, timezone('UTC', CAST(month_start AS TIMESTAMP) + INTERVAL 1 MONTH) FROM program.fiscal_day GROUP BY ALL
	UNION ALL SELECT 'day', date, timezone('UTC', CAST(date AS TIMESTAMP) + INTERVAL 1 DAY) FROM program.fiscal_day;
CREATE TABLE program.incentive_version(program_id VARCHAR);
CREATE TABLE staging.mapped(entity VARCHAR, field VARCHAR);
CREATE TABLE core.partner AS SELECT 'p1' AS partner_id, 'Acme "North"' AS name;
`

// warehouse is an in-memory database with the program and the given statements.
func warehouse(t testing.TB, statements ...string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	for _, s := range append([]string{"SET threads = 2", program}, statements...) {
		_, err := conn.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
	return conn
}

// load reads one catalogue file's text.
func load(t testing.TB, text string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load(layer(text))
	require.NoError(t, err)
	return c
}

func layer(text string) catalogue.Layer {
	return catalogue.Layer{FS: fstest.MapFS{"metrics/test.yaml": {Data: []byte(text)}}, Root: "sql"}
}

// stored computes everything and reads all of it.
func stored(t testing.TB, c *catalogue.Catalogue, conn *sql.Conn) []catalogue.Row {
	t.Helper()
	require.NoError(t, c.Store(t.Context(), conn))
	return query(t, c, conn, catalogue.QuerySpec{All: true, By: []string{"all"}, Grains: []string{"all"}})
}

func query(t testing.TB, c *catalogue.Catalogue, conn *sql.Conn, spec catalogue.QuerySpec) []catalogue.Row {
	t.Helper()
	rows, err := c.Query(context.Background(), conn, spec)
	require.NoError(t, err)
	return rows
}

// short is what most tests look at: metric, grain, period and cut on the left; value, parts, n and status on the right.
func short(t testing.TB, rows []catalogue.Row) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, r := range rows {
		dims, err := json.Marshal(r.Dims)
		require.NoError(t, err)
		key := r.MetricID + " " + r.Grain
		if r.PeriodStart != nil {
			key += " " + *r.PeriodStart
		}
		key += " " + string(dims)
		require.NotContains(t, out, key)
		value := "null"
		if r.Value.Valid {
			value = r.Value.Text
		}
		if r.Numerator.Valid || r.Denominator.Valid {
			value += " = " + r.Numerator.Text + "/" + r.Denominator.Text
		}
		excluded, err := json.Marshal([]any{r.N, r.NCensored, r.NExcluded, r.Excluded})
		require.NoError(t, err)
		value += " " + string(excluded) + " " + r.Status
		if r.LowerBound.Valid {
			value += " >= " + r.LowerBound.Text
		}
		out[key] = value
	}
	return out
}

func asJSON(t testing.TB, rows []catalogue.Row) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, catalogue.WriteJSON(&b, sequence(rows)))
	return b.String()
}

func sequence(rows []catalogue.Row) iter.Seq2[catalogue.Row, error] {
	return func(yield func(catalogue.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
