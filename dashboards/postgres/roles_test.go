// Package postgres_test tries the roles that compose.yaml makes: nights can be published, Grafana can read them and nothing more.
package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/publish/localpg"
	"github.com/tributary-data/tributary/pipelines/publish/localpg/pgtest"
	"github.com/tributary-data/tributary/pipelines/publish/postgres"
)

func TestMain(m *testing.M) {
	localpg.Main()
	os.Exit(m.Run())
}

func serve(t *testing.T) string {
	t.Helper()
	server, stop, err := pgtest.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop()) })
	return server.URL()
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

var (
	getenv   = regexp.MustCompile(`(?m)^\\getenv (\w+) (\w+)$`)
	variable = regexp.MustCompile(`:'(\w+)'`)
	made     = regexp.MustCompile(`(?m)^(SELECT .*) \\gexec$`)
)

// byHand does with the file what psql does with the little of psql that is in it.
func byHand(t *testing.T, address, path string) {
	t.Helper()
	conn := connect(t, address)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	values := map[string]string{}
	for _, m := range getenv.FindAllStringSubmatch(string(text), -1) {
		values[m[1]] = os.Getenv(m[2])
	}
	script := getenv.ReplaceAllString(string(text), "")
	script = variable.ReplaceAllStringFunc(script, func(found string) string {
		value, known := values[variable.FindStringSubmatch(found)[1]]
		require.True(t, known, found)
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	})
	for _, m := range made.FindAllStringSubmatch(script, -1) {
		var statement string
		require.NoError(t, conn.QueryRow(t.Context(), m[1]).Scan(&statement))
		script = strings.Replace(script, m[0], statement+";", 1)
	}
	require.NotContains(t, script, `\`)
	_, err = conn.Exec(t.Context(), script)
	require.NoError(t, err)
}

// as is the address for another login.
func as(t *testing.T, address, login, password string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.UserPassword(login, password)
	return u.String()
}

func warehouse(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(t.TempDir(), "night.duckdb"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, text := range []string{
		"CREATE SCHEMA metrics", "CREATE SCHEMA core", "CREATE SCHEMA ops", "CREATE TABLE core.deal (deal_id VARCHAR, partner VARCHAR)",
		"INSERT INTO core.deal VALUES ('D1', 'P1'), ('D2', NULL)",
	} {
		_, err := db.ExecContext(t.Context(), text)
		require.NoError(t, err, text)
	}
	return db
}

func TestRoles(t *testing.T) { roles(t, byHand) }

func roles(t *testing.T, run func(t *testing.T, address, path string)) {
	t.Helper()
	const odd = `it's "$odd"` // quoted right, whatever it is
	t.Setenv("TRIBUTARY_PUBLISHER_PASSWORD", "publisher")
	t.Setenv("TRIBUTARY_PG_PASSWORD", odd)
	address := serve(t)
	run(t, address, "roles.sql")

	// before the first night Grafana can log in, and finds nothing
	grafana := connect(t, as(t, address, "grafana", odd))
	_, err := grafana.Exec(t.Context(), "SELECT 1 FROM tributary.deal")
	require.ErrorContains(t, err, "does not exist")

	// the publisher needs no more than it has, for the second night as for the first
	for n := range int64(2) {
		target, err := postgres.Open(t.Context(), postgres.Config{
			URL: as(t, address, "tributary_publisher", "publisher"), Schema: "tributary", Reader: "tributary_reader", Partner: "tributary_partner",
		})
		require.NoError(t, err)
		night := postgres.Night{AsOf: "2026-09-30", RunID: fmt.Sprint("run-", n), File: fmt.Sprint("night-", n)}
		require.NoError(t, target.Fill(t.Context(), warehouse(t), postgres.Marts(), target.NextSchema(n+1), t.TempDir(), night, nil))
		require.NoError(t, target.Swap(t.Context(), target.NextSchema(n+1), night.File, n+1))
		require.NoError(t, target.Tidy(t.Context(), ""))
		require.NoError(t, target.Close(t.Context()))

		var rows int
		require.NoError(t, grafana.QueryRow(t.Context(), "SELECT count(*) FROM tributary.deal").Scan(&rows))
		require.Equal(t, 2, rows)
	}
	for _, statement := range []string{
		"DELETE FROM tributary.deal", "CREATE TABLE public.mine (n int)", "CREATE SCHEMA mine", "CREATE TEMPORARY TABLE mine (n int)",
		"SET default_transaction_read_only = off; DELETE FROM tributary.deal",
		"SET default_transaction_read_only = off; CREATE TEMPORARY TABLE mine (n int)",
	} {
		_, err := grafana.Exec(t.Context(), statement)
		require.Error(t, err, statement)
	}
	var timeout string
	require.NoError(t, grafana.QueryRow(t.Context(), "SHOW statement_timeout").Scan(&timeout))
	require.Equal(t, "30s", timeout)

	// a partner's login connects too
	_, err = connect(t, address).Exec(t.Context(), "CREATE ROLE acme LOGIN PASSWORD 'acme' IN ROLE tributary_partner; CREATE ROLE nobody LOGIN PASSWORD 'nobody'")
	require.NoError(t, err)
	_, err = connect(t, as(t, address, "acme", "acme")).Exec(t.Context(), "SELECT 1 FROM tributary.deal")
	require.NoError(t, err)
	_, err = pgx.Connect(t.Context(), as(t, address, "nobody", "nobody"))
	require.ErrorContains(t, err, "permission denied for database")
}
