package program_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/program"
)

func load(t *testing.T, files map[string]string) (*program.Program, error) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return program.Load(fsys, "program")
}

func params(t *testing.T, asOf, zone string) program.Params {
	t.Helper()
	day, err := program.ParseDay(asOf)
	require.NoError(t, err)
	return program.Params{AsOf: day, KnownAt: day.AddDate(0, 0, 2), Zone: zone, Currency: "EUR", MinN: 5}
}

func create(t *testing.T, p *program.Program, params program.Params) *sql.Conn {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	_, err = conn.ExecContext(t.Context(), "SET TimeZone = 'UTC'")
	require.NoError(t, err)
	require.NoError(t, p.CreateTables(t.Context(), conn, params))
	return conn
}

// rows is a query's answer, each row as its values' text with bars between.
func rows(t *testing.T, conn *sql.Conn, query string) []string {
	t.Helper()
	found, err := conn.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer found.Close()
	columns, err := found.Columns()
	require.NoError(t, err)
	out := []string{}
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, found.Scan(into...))
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = show(v)
		}
		out = append(out, strings.Join(texts, "|"))
	}
	require.NoError(t, found.Err())
	return out
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case time.Time:
		return strings.TrimSuffix(v.UTC().Format("2006-01-02 15:04"), " 00:00")
	}
	return fmt.Sprint(v)
}

func TestBuiltinFillsTheTables(t *testing.T) {
	p, err := program.Builtin()
	require.NoError(t, err)
	began := time.Now()
	conn := create(t, p, params(t, "2026-06-30", "Europe/Berlin"))
	t.Log(time.Since(began))
	var n int
	require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT count(*) FROM program.fiscal_period").Scan(&n))
	t.Log(n)
}
