package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/gob"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
)

// tape is all that the bare side needs to do the night's SQL.
type tape struct {
	Project, Database, AsOf, Memory string
	Threads                         int
	KnownAt                         time.Time
	Statements                      []statement
}

type statement struct {
	Check bool // a query of the checks
	SQL   string
	Args  []any
}

func (t tape) write(path string) error {
	gob.Register(time.Time{})
	f, err := os.Create(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(f).Encode(t), f.Close())
}

// record does the night that was published once more, with the same loads, one model after another, and takes its statements down. It is
// what pipelines/nightly does in its steps build and check, less the records.
func record(ctx context.Context, o options, dir string, night summary) (tape, error) {
	t := tape{Project: dir, Database: filepath.Join(o.dir, "bare.duckdb"), AsOf: o.asOf, Memory: o.memory, Threads: o.threads, KnownAt: night.KnownAt}
	scratch := filepath.Join(o.dir, "scratch.duckdb")
	connector, err := newConnector(scratch)
	if err != nil {
		return t, err
	}
	rec := &recorder{Connector: connector}
	plain, db := sql.OpenDB(connector), sql.OpenDB(rec)
	defer os.Remove(scratch)
	defer plain.Close()
	defer db.Close()
	if err := t.limit(ctx, plain); err != nil {
		return t, err
	}
	p, err := t.program(ctx, plain)
	if err != nil {
		return t, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return t, err
	}
	defer conn.Close()
	if err := stage(ctx, p, conn, t); err != nil {
		return t, err
	}
	set, err := model.Load(ctx, embedded.FS, p.SQL())
	if err != nil {
		return t, err
	}
	cat, err := nightly.Catalogue(p.SQL())
	if err != nil {
		return t, err
	}
	values := engine.Made{Tables: []string{"metrics.metric_value", "metrics.group_value", "metrics.definition"}, Make: func(ctx context.Context, _ *sql.DB) error { return cat.Store(ctx, conn) }}
	if _, err := engine.Build(ctx, db, set, engine.Options{Workers: 1, Made: []engine.Made{values}}); err != nil {
		return t, err
	}
	rec.checks = true
	results, err := check.Run(ctx, db, check.Subjects(set), check.Options{Workers: 1})
	if err != nil {
		return t, err
	}
	t.Statements = rec.statements
	return t, results.Err()
}

// limit sets what the project's limits set.
func (t tape) limit(ctx context.Context, db *sql.DB) error {
	set := "SELECT 1"
	if t.Threads > 0 {
		set = "SET GLOBAL threads = " + itoa(t.Threads)
	}
	if t.Memory != "" {
		set += "; SET GLOBAL memory_limit = '" + t.Memory + "'"
	}
	_, err := db.ExecContext(ctx, set)
	return err
}

// program makes the functions and the tables of schema program.
func (t tape) program(ctx context.Context, db *sql.DB) (*project.Project, error) {
	p, err := project.Load(t.Project)
	if err != nil {
		return nil, err
	}
	day, err := program.ParseDay(t.AsOf)
	if err != nil {
		return nil, err
	}
	if err := prelude.Create(ctx, db, p.Config.Reporting.TimeZone.Value); err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return p, p.Program.CreateTables(ctx, conn, p.Params(day, t.KnownAt))
}

func stage(ctx context.Context, p *project.Project, conn *sql.Conn, t tape) error {
	l, err := lake.Open(p.LakeDir(), lake.Options{})
	if err != nil {
		return err
	}
	streams, err := l.Streams(ctx, t.KnownAt)
	if err != nil {
		return err
	}
	var data []staging.StreamData
	for _, s := range streams {
		parts, err := l.Parts(ctx, s.Source, s.Stream, t.KnownAt)
		if err != nil {
			return err
		}
		d := staging.StreamData{Name: s.String()}
		for _, part := range parts.Current {
			d.Parts = append(d.Parts, staging.Part{Path: l.Abs(part.Path), Commit: part.Commit})
		}
		data = append(data, d)
	}
	day, err := program.ParseDay(t.AsOf)
	if err != nil {
		return err
	}
	plan, err := staging.Compile(ctx, conn, staging.Options{
		Config: p.Staging(), Data: data, AsOf: t.AsOf, AsOfAt: program.DayEnd(day, p.Zone), Accepted: p.Program.Accepted(),
	})
	if err != nil {
		return err
	}
	if _, err := plan.Run(ctx); err != nil {
		return err
	}
	return plan.Close(ctx)
}

// recorder is DuckDB with an ear: it hands out connections that take down what they execute.
type recorder struct {
	*duckdb.Connector
	mu         sync.Mutex
	checks     bool
	statements []statement
}

func (r *recorder) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &listening{Conn: conn.(*duckdb.Conn), recorder: r}, nil
}

type listening struct {
	*duckdb.Conn
	recorder *recorder
}

func (c *listening) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.recorder.take(query, args)
	return c.Conn.ExecContext(ctx, query, args)
}

func (c *listening) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.recorder.take(query, args)
	return c.Conn.QueryContext(ctx, query, args)
}

// take keeps the statements that change something and, of the checks, the queries: what else is asked is our bookkeeping.
func (r *recorder) take(query string, args []driver.NamedValue) {
	verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(query)), " ")
	switch {
	case r.checks:
	case verb == "ATTACH", verb == "DETACH", verb == "CREATE", verb == "INSERT", verb == "UPDATE", verb == "DELETE", verb == "DROP":
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := statement{SQL: query, Check: r.checks}
	for _, arg := range args {
		s.Args = append(s.Args, arg.Value)
	}
	r.statements = append(r.statements, s)
}
