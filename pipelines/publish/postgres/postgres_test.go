package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/publish/localpg"
	"github.com/tributary-data/tributary/pipelines/publish/localpg/pgtest"
	"github.com/tributary-data/tributary/pipelines/publish/postgres"
)

// server is a real PostgreSQL for all tests of the package.
var server *localpg.Server

func TestMain(m *testing.M) {
	pgtest.Main(m, func(s *localpg.Server) { server = s })
}

// database makes an empty database of its own and gives its address.
func database(t *testing.T) string {
	t.Helper()
	name := "t" + strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, t.Name()))
	conn := connect(t, server.URL())
	_, err := conn.Exec(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	return strings.Replace(server.URL(), "/tributary?", "/"+name+"?", 1)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// as is the same address for another login.
func as(url, login string) string {
	return strings.Replace(url, "tributary:tributary@", login+":secret@", 1)
}

// warehouse is a small one in which every amount is n, so that a mix of two nights shows.
func warehouse(t *testing.T, n int) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(t.TempDir(), "night.duckdb"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, text := range []string{
		"CREATE SCHEMA metrics", "CREATE SCHEMA core", "CREATE SCHEMA staging", "CREATE SCHEMA ops",
		"CREATE TABLE metrics.definition (metric_id VARCHAR, title VARCHAR, is_own BOOLEAN)",
		"INSERT INTO metrics.definition VALUES ('REV-1', 'Revenue \"sourced\",\nby partners', true), ('REV-5.of_total', 'Of the company', false)",
		`CREATE TABLE metrics.metric_value (metric_id VARCHAR, grain VARCHAR, period_start DATE, partner VARCHAR, value_money DECIMAL(18,2), value_number DOUBLE, value_text VARCHAR)`,
		fmt.Sprintf(`INSERT INTO metrics.metric_value SELECT 'REV-1', 'quarter', DATE '2026-07-01', p, CAST(%d AS DECIMAL(18,2)) + 0.10, 1.0 / 3, '' FROM (VALUES ('P1'), ('P2'), (NULL)) AS x(p)`, n),
		"CREATE TABLE core.deal (deal_id VARCHAR, partner VARCHAR, amount DECIMAL(18,4), closed_at TIMESTAMPTZ, is_won BOOLEAN)",
		fmt.Sprintf("INSERT INTO core.deal VALUES ('D1', 'P1', %d.0001, TIMESTAMPTZ '2026-09-30 23:59:59.999999+02', true), ('D2', 'P2', NULL, NULL, NULL)", n),
		"CREATE TABLE core.partner (partner_id VARCHAR, name VARCHAR)", "INSERT INTO core.partner VALUES ('P1', 'One'), ('P2', 'Two')",
		"CREATE TABLE metrics.peer_value (metric_id VARCHAR, partner VARCHAR, value DOUBLE, peers BIGINT, median DOUBLE)",
		"INSERT INTO metrics.peer_value VALUES ('REV-1', 'P1', 1, 5, 3), ('REV-5.of_total', 'P1', 0.1, 5, 0.2), ('REV-1', 'P2', 2, 4, NULL)",
		"CREATE TABLE core.motion (motion VARCHAR, n BIGINT)", "INSERT INTO core.motion VALUES ('reseller', 3)",
		"CREATE TABLE staging.contact (email VARCHAR)", "INSERT INTO staging.contact VALUES ('anna@example.com')",
		"CREATE TABLE ops.run (run_id VARCHAR)",
	} {
		_, err := db.ExecContext(t.Context(), text)
		require.NoError(t, err, text)
	}
	return db
}

func config(url string) postgres.Config {
	return postgres.Config{URL: url, Schema: "tributary", Reader: "tributary_reader", Partner: "tributary_partner"}
}

func open(t *testing.T, cfg postgres.Config) *postgres.Target {
	t.Helper()
	target, err := postgres.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = target.Close(context.WithoutCancel(t.Context())) })
	return target
}

func night(n int) postgres.Night {
	return postgres.Night{AsOf: "2026-09-30", KnownAt: time.Date(2026, 10, 1, 2, 0, 0, 0, time.UTC), RunID: fmt.Sprint("run-", n), File: fmt.Sprint("night-", n)}
}

// publish fills and swaps night n.
func publish(t *testing.T, target *postgres.Target, n int) {
	t.Helper()
	schema := target.NextSchema(int64(n))
	require.NoError(t, target.Fill(t.Context(), warehouse(t, n), postgres.Marts(), schema, t.TempDir(), night(n), nil))
	require.NoError(t, target.Swap(t.Context(), schema, fmt.Sprint("night-", n), int64(n)))
	require.NoError(t, target.Tidy(t.Context(), ""))
}

func read[T any](t *testing.T, conn *pgx.Conn, query string) T {
	t.Helper()
	var out T
	require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&out), query)
	return out
}

func TestWhatArrives(t *testing.T) {
	url := database(t)
	target := open(t, config(url))
	publish(t, target, 7)
	conn := connect(t, url)
	require.Equal(t, "Revenue \"sourced\",\nby partners", read[string](t, conn, "SELECT title FROM tributary.definition"))
	require.Equal(t, "7.10", read[string](t, conn, "SELECT value_money::text FROM tributary.metric_value WHERE partner = 'P1'"))
	require.InDelta(t, 1.0/3, read[float64](t, conn, "SELECT value_number FROM tributary.metric_value WHERE partner IS NULL AND value_text = ''"), 0)
	require.Equal(t, "7.0001 2026-09-30 21:59:59.999999", read[string](t, conn, "SELECT amount || ' ' || (closed_at AT TIME ZONE 'UTC')::text FROM tributary.deal WHERE is_won"))
	require.Equal(t, 1, read[int](t, conn, "SELECT count(*) FROM tributary.deal WHERE amount IS NULL AND closed_at IS NULL AND is_won IS NULL"))
	require.Equal(t, 0, read[int](t, conn, "SELECT count(*) FROM pg_tables WHERE tablename LIKE '%contact%'"))
	got, ok, err := target.Published(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	want := night(7)
	want.Commit = 7
	got.KnownAt = got.KnownAt.UTC()
	require.Equal(t, want, got)
}

func TestOlderNeverTakesThePlaceOfNewer(t *testing.T) {
	target := open(t, config(database(t)))
	publish(t, target, 8)
	require.NoError(t, target.Fill(t.Context(), warehouse(t, 6), postgres.Marts(), target.NextSchema(6), t.TempDir(), night(6), nil))
	require.ErrorIs(t, target.Swap(t.Context(), target.NextSchema(6), "night-6", 6), postgres.ErrNewer)
	got, _, err := target.Published(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(8), got.Commit)
}

// What a run has filled is found again by the next one; what is half filled is not taken for a night.
func TestFilledIsFoundAgain(t *testing.T) {
	url := database(t)
	target := open(t, config(url))
	require.NoError(t, target.Fill(t.Context(), warehouse(t, 3), postgres.Marts(), target.NextSchema(3), t.TempDir(), night(3), nil))
	_, err := connect(t, url).Exec(t.Context(), "CREATE SCHEMA tributary_next_4; CREATE TABLE tributary_next_4.publication (LIKE tributary_next_3.publication)")
	require.NoError(t, err)
	found, err := target.Filled(t.Context(), "run-3")
	require.NoError(t, err)
	require.Equal(t, "tributary_next_3", found)
	found, err = target.Filled(t.Context(), "run-4")
	require.NoError(t, err)
	require.Empty(t, found)
	require.NoError(t, target.Tidy(t.Context(), "tributary_next_3"))
	require.Equal(t, 1, read[int](t, connect(t, url), "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tributary%'"))
}

func TestForeignSchemaIsLeftAlone(t *testing.T) {
	url := database(t)
	_, err := connect(t, url).Exec(t.Context(), "CREATE SCHEMA tributary; CREATE TABLE tributary.payroll (id int)")
	require.NoError(t, err)
	target := open(t, config(url))
	require.NoError(t, target.Fill(t.Context(), warehouse(t, 1), postgres.Marts(), target.NextSchema(1), t.TempDir(), night(1), nil))
	require.ErrorContains(t, target.Swap(t.Context(), target.NextSchema(1), "night-1", 1), "not of Tributary's making")
	require.Equal(t, 0, read[int](t, connect(t, url), "SELECT count(*) FROM tributary.payroll"))
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	_, err := postgres.Open(t.Context(), config("not an address, hunter2"))
	require.ErrorContains(t, err, "postgres://USER:PASSWORD@HOST")
	require.NotContains(t, err.Error(), "hunter2")
	_, err = postgres.Open(t.Context(), config(strings.Replace(server.URL(), "tributary:tributary@", "tributary:hunter2@", 1)))
	require.ErrorContains(t, err, "password authentication failed")
	require.NotContains(t, err.Error(), "hunter2")
	_, err = connect(t, server.URL()).Exec(t.Context(), "CREATE ROLE poor LOGIN PASSWORD 'secret'")
	require.NoError(t, err)
	_, err = postgres.Open(t.Context(), config(as(server.URL(), "poor")))
	require.ErrorContains(t, err, "GRANT CREATE ON DATABASE")
}
