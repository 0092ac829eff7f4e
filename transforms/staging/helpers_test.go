package staging_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/staging"
)

// project is a tributary.yaml in small: what the maps' owner sees of it.
type project struct {
	Streams  map[string]staging.Stream   `yaml:"streams"`
	Maps     []staging.Map               `yaml:"maps"`
	Identity map[string]staging.Identity `yaml:"identity"`
	Zone     string                      `yaml:"zone"`
}

func readConfig(t testing.TB, text string) (staging.Config, diag.List) {
	t.Helper()
	var p project
	var problems diag.List
	diag.NewDecoder("t.yaml", &problems).Read([]byte(text), &p)
	return staging.Config{Streams: p.Streams, Maps: p.Maps, Identity: p.Identity, Zone: p.Zone}, problems
}

// lake makes Parquet parts out of small CSV texts.
type lake struct {
	t    testing.TB
	db   *sql.Conn
	dir  string
	data map[string]*staging.StreamData
	next int64
}

func newLake(t testing.TB) *lake {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()); require.NoError(t, db.Close()) })
	return &lake{t: t, db: conn, dir: t.TempDir(), data: map[string]*staging.StreamData{}}
}

func (l *lake) stream(name string) *staging.StreamData {
	if l.data[name] == nil {
		l.data[name] = &staging.StreamData{Name: name}
	}
	return l.data[name]
}

// load lands a CSV text as one part of text columns, and gives its index.
func (l *lake) load(stream, csv string) int {
	l.t.Helper()
	file := filepath.Join(l.dir, fmt.Sprintf("in-%d.csv", l.next))
	require.NoError(l.t, os.WriteFile(file, []byte(strings.TrimLeft(csv, "\n")), 0o600))
	return l.query(stream, fmt.Sprintf("SELECT * FROM read_csv('%s', all_varchar = true, header = true, nullstr = '', quote = '\"')", file))
}

// query lands the rows of a query as one part.
func (l *lake) query(stream, query string) int {
	l.t.Helper()
	l.next++
	part := filepath.Join(l.dir, fmt.Sprintf("part-%d.parquet", l.next))
	l.exec(fmt.Sprintf(`COPY (SELECT *, 'load-%[1]d' AS _load_id, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS _extracted_at, '%[2]s-%[1]d.csv' AS _source_file,
row_number() OVER () + 1 AS _source_line FROM (%[3]s)) TO '%[4]s' (FORMAT parquet)`, l.next, stream, query, part))
	s := l.stream(stream)
	s.Parts = append(s.Parts, staging.Part{Path: part, Commit: l.next})
	return len(s.Parts) - 1
}

func (l *lake) exec(query string) {
	l.t.Helper()
	_, err := l.db.ExecContext(context.Background(), query)
	require.NoError(l.t, err)
}

func (l *lake) options(config string) staging.Options {
	l.t.Helper()
	cfg, problems := readConfig(l.t, config)
	require.NoError(l.t, problems.Err())
	opts := staging.Options{Config: cfg, AsOf: "2026-06-30", AsOfAt: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}
	for _, s := range l.data {
		opts.Data = append(opts.Data, *s)
	}
	return opts
}

func (l *lake) run(config string) staging.Result {
	l.t.Helper()
	result, err := l.try(l.options(config))
	require.NoError(l.t, err)
	return result
}

func (l *lake) try(opts staging.Options) (staging.Result, error) {
	ctx := context.Background()
	plan, err := staging.Compile(ctx, l.db, opts)
	if err != nil {
		return staging.Result{}, err
	}
	defer func() { require.NoError(l.t, plan.Close(ctx)) }()
	return plan.Run(ctx)
}

// rows gives the result of a query as lines of values separated by |.
func (l *lake) rows(query string) []string {
	l.t.Helper()
	rows, err := l.db.QueryContext(context.Background(), "SELECT COLUMNS(*)::VARCHAR FROM ("+query+")")
	require.NoError(l.t, err)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(l.t, err)
	var out []string
	for rows.Next() {
		values, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(l.t, rows.Scan(into...))
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
			if !v.Valid {
				texts[i] = "∅"
			}
		}
		out = append(out, strings.Join(texts, "|"))
	}
	require.NoError(l.t, rows.Err())
	return out
}
