// Package engine makes the tables and views of a set of models in a DuckDB database, independent models at the same time, and says how long
// each took, how many rows it has and, in file and line, what went wrong. It never decides what a model means and never publishes.
package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/model"
)

// Options of a build.
type Options struct {
	// Workers is how many models are made at the same time; 0 = one per core.
	Workers int
	// Clock gives the times in the result; nil = time.Now.
	Clock func() time.Time
	// OnModel, when set, is called after every model, never twice at a time.
	OnModel func(ModelResult)
	// Made are tables that other code makes from models, and that further models read.
	Made []Made
}

// Made is tables that code makes once the models that do not rest on them are there; models that read them come after it.
type Made struct {
	Tables []string
	Make   func(ctx context.Context, db *sql.DB) error
}

// States of a model after a build.
const (
	OK      = "ok"
	Failed  = "failed"
	Skipped = "skipped"
)

// ModelResult is what became of one model.
type ModelResult struct {
	Name, Materialise, File, State string

	Started  time.Time
	Duration time.Duration
	// Rows of a table; 0 for views.
	Rows int64
	// Columns of a model that was made.
	Columns []model.Column
	Err     error
}

// Result is what became of all models, in building order.
type Result struct {
	Models []ModelResult
	// Done and Total count models, for progress.
	Done, Total int
}

// Err is a diag.List of every failed model, nil when all were made.
func (r Result) Err() error {
	var problems diag.List
	var others []error
	for _, m := range r.Models {
		var list diag.List
		switch {
		case m.Err == nil:
		case errors.As(m.Err, &list):
			problems.Merge(list)
		default:
			others = append(others, m.Err)
		}
	}
	if len(others) > 0 {
		return errors.Join(append([]error{problems.Err()}, others...)...)
	}
	return problems.Err()
}

// Build makes every model of the set. db holds the tables that models read and that no model makes, and the prelude. A model whose upstream
// failed is skipped, the others are still made, so that one run reports all that is wrong.
func Build(ctx context.Context, db *sql.DB, set *model.Set, opts Options) (Result, error) {
	external, err := Tables(ctx, db)
	if err != nil {
		return Result{}, err
	}
	for _, made := range opts.Made {
		external = append(external, made.Tables...)
	}
	graph, err := set.Graph(external)
	if err != nil {
		return Result{}, err
	}
	if err := createSchemas(ctx, db, set); err != nil {
		return Result{}, err
	}
	result := newRun(db, graph, opts).all(ctx)
	if err := ctx.Err(); err != nil {
		return result, fmt.Errorf("build the models: %w", context.Cause(ctx))
	}
	return result, result.Err()
}

// Tables are the tables and views of the open database as schema.table, sorted.
func Tables(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT lower(table_schema || '.' || table_name) FROM information_schema.tables
		WHERE table_catalog = current_database() ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func createSchemas(ctx context.Context, db *sql.DB, set *model.Set) error {
	for _, m := range set.All() {
		if _, err := db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+m.Schema); err != nil {
			return fmt.Errorf("create schema %s: %w", m.Schema, err)
		}
	}
	return nil
}

// Execer runs statements: a *sql.DB, *sql.Conn or *sql.Tx.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Make creates the table or view of one model and gives its rows and columns. What its author did wrong is a diag.List.
func Make(ctx context.Context, on Execer, m *model.Model) (rows int64, columns []model.Column, err error) {
	if rows, err = create(ctx, on, m); err != nil {
		return 0, nil, locate(m, err, 1)
	}
	if columns, err = Describe(ctx, on, m.Name()); err != nil {
		return rows, nil, err
	}
	return rows, columns, Shape(m, columns).Err()
}

// Statement is what makes the table or view of a model.
func Statement(m *model.Model) string {
	kind := "TABLE"
	if m.IsView() {
		kind = "VIEW"
	}
	return "CREATE " + kind + " " + m.Name() + " AS\n" + m.SQL
}

func create(ctx context.Context, on Execer, m *model.Model) (rows int64, err error) {
	if m.IsView() {
		_, err := on.ExecContext(ctx, Statement(m))
		return 0, err
	}
	// DuckDB answers CREATE TABLE AS with the count of rows; the driver's RowsAffected does not know it.
	err = on.QueryRowContext(ctx, Statement(m)).Scan(&rows)
	return rows, err
}

// Describe gives the columns of a table or view.
func Describe(ctx context.Context, on Execer, name string) ([]model.Column, error) {
	rows, err := on.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+name+")")
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", name, err)
	}
	defer rows.Close()
	var out []model.Column
	for rows.Next() {
		var c model.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, fmt.Errorf("describe %s: %w", name, err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// Shape says where a model's columns differ from its header, and which have a type that must not reach the lake.
func Shape(m *model.Model, columns []model.Column) diag.List {
	var problems diag.List
	types, names := map[string]string{}, []string{}
	for _, c := range columns {
		types[strings.ToLower(c.Name)] = c.Type
		names = append(names, c.Name)
		if strings.Contains(c.Type, "HUGEINT") {
			problems.Add(m.Pos(1), "cast it: CAST(… AS BIGINT), or CAST(… AS DECIMAL(18,2)) for money", "column %s of %s is %s, which Parquet turns into a double", c.Name, m.Name(), c.Type)
		}
	}
	has := func(at diag.Pos, name string) bool {
		_, ok := types[strings.ToLower(name)]
		if !ok {
			problems.Add(at, diag.DidYouMean(name, names), "%s has no column %s", m.Name(), name)
		}
		return ok
	}
	for _, c := range m.Columns {
		if has(c.At, c.Name) && !c.Accepts(types[strings.ToLower(c.Name)]) {
			problems.Add(c.At, "cast it in the SELECT", "column %s of %s is %s, the header says %s", c.Name, m.Name(), types[strings.ToLower(c.Name)], c.Type)
		}
	}
	for _, name := range m.Grain {
		has(m.At, name)
	}
	for _, c := range m.Checks {
		for _, name := range c.Columns {
			has(c.At, name)
		}
	}
	return problems
}
