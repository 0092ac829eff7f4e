package unittest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// Options of a run of tests.
type Options struct {
	// Setup makes the prelude and every table that no model makes: program as by default, staging empty.
	Setup func(ctx context.Context, db *sql.DB) error
	// Clock gives the durations; nil = time.Now.
	Clock func() time.Time
}

// Result is what became of one test.
type Result struct {
	Test Test
	// Diff says how the rows differ, or why the test could not be run; empty when it passed.
	Diff     string
	Duration time.Duration
	// columns and actual are what the model gave, for an update.
	columns []string
	actual  []row
}

// Passed says whether the model gave the expected rows.
func (r Result) Passed() bool { return r.Diff == "" }

// Results of tests, in the order of the files.
type Results []Result

// Err names the tests that failed, with what differs.
func (r Results) Err() error {
	var failed []string
	for _, result := range r {
		if !result.Passed() {
			failed = append(failed, fmt.Sprintf("%s: %s of %s\n%s", result.Test.At, result.Test.Name, result.Test.Model, result.Diff))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d %w:\n%s", len(failed), len(r), ErrFailed, strings.Join(failed, "\n"))
}

// runner holds an in-memory database with empty tables and what models give on them.
type runner struct {
	file  *warehouse.File
	set   *model.Set
	graph *model.Graph
	// columns of every table and of every model that could be made on empty tables
	columns map[string][]model.Column
	// broken says why a model could not be made.
	broken map[string]error
	zone   string
}

// Run runs tests one after another. The error is trouble with the set-up; failed tests are results.
func Run(ctx context.Context, set *model.Set, tests []Test, opts Options) (Results, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	r, err := newRunner(ctx, set, opts)
	if err != nil {
		return nil, err
	}
	defer r.file.Close()
	results := make(Results, 0, len(tests))
	for _, test := range tests {
		start := opts.Clock()
		result, err := r.test(ctx, test)
		if err != nil {
			return nil, err
		}
		result.Duration = opts.Clock().Sub(start)
		results = append(results, result)
	}
	return results, nil
}

func newRunner(ctx context.Context, set *model.Set, opts Options) (*runner, error) {
	file, err := warehouse.Memory(ctx, warehouse.Settings{})
	if err != nil {
		return nil, err
	}
	r := &runner{file: file, set: set, columns: map[string][]model.Column{}, broken: map[string]error{}}
	if err := r.prepare(ctx, opts); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

func (r *runner) prepare(ctx context.Context, opts Options) error {
	if err := opts.Setup(ctx, r.file.DB); err != nil {
		return fmt.Errorf("set up unit tests: %w", err)
	}
	external, err := engine.Tables(ctx, r.file.DB)
	if err != nil {
		return err
	}
	if r.graph, err = r.set.Graph(external); err != nil {
		return err
	}
	for _, name := range external {
		if r.columns[name], err = engine.Describe(ctx, r.file.DB, name); err != nil {
			return err
		}
	}
	if err := r.file.DB.QueryRowContext(ctx, "SELECT reporting_tz FROM program.param").Scan(&r.zone); err != nil {
		return fmt.Errorf("set up unit tests: %w", err)
	}
	return r.learnModels(ctx)
}

// learnModels makes every model on empty tables, keeps the names and types of its columns, and drops it.
func (r *runner) learnModels(ctx context.Context) error {
	built, err := engine.Build(ctx, r.file.DB, r.set, engine.Options{Workers: 1})
	if err != nil && ctx.Err() != nil {
		return err
	}
	for i := len(built.Models) - 1; i >= 0; i-- {
		m := built.Models[i]
		if m.State == engine.Skipped {
			continue
		}
		if m.Err != nil {
			r.broken[m.Name] = m.Err
			_, _ = r.file.DB.ExecContext(ctx, "DROP TABLE IF EXISTS "+m.Name)
			continue
		}
		if r.columns[m.Name], err = engine.Describe(ctx, r.file.DB, m.Name); err != nil {
			return err
		}
		if _, err := r.file.DB.ExecContext(ctx, "DROP "+strings.ToUpper(m.Materialise)+" "+m.Name); err != nil {
			return fmt.Errorf("set up unit tests: %w", err)
		}
	}
	return nil
}

// test runs one test in a transaction that is rolled back.
func (r *runner) test(ctx context.Context, test Test) (Result, error) {
	tx, err := r.file.DB.BeginTx(ctx, nil)
	if err != nil {
		return Result{}, fmt.Errorf("begin test %s: %w", test.Name, err)
	}
	defer func() { _ = tx.Rollback() }()
	result := Result{Test: test}
	if err := r.inside(ctx, tx, &result); err != nil {
		if ctx.Err() != nil {
			return result, context.Cause(ctx)
		}
		result.Diff = indent(err.Error())
	}
	return result, nil
}

func (r *runner) inside(ctx context.Context, tx *sql.Tx, result *Result) error {
	test := result.Test
	target, ok := r.set.Get(test.Model)
	if !ok {
		return problem(test.At, diag.DidYouMean(test.Model, r.set.Names()), "unknown model %s", test.Model)
	}
	if err := r.setParam(ctx, tx, test.Param); err != nil {
		return err
	}
	given := map[string]bool{}
	for _, t := range test.Given {
		given[strings.ToLower(t.Name)] = true
		if err := r.give(ctx, tx, t); err != nil {
			return err
		}
	}
	for _, m := range r.graph.Ancestors(target.Name(), func(name string) bool { return given[name] }) {
		if err := r.broken[m.Name()]; err != nil {
			return err
		}
		if _, _, err := engine.Make(ctx, tx, m); err != nil {
			return err
		}
	}
	return r.compare(ctx, tx, target, result)
}

// setParam overrides columns of the one row of program.param.
func (r *runner) setParam(ctx context.Context, tx *sql.Tx, param Row) error {
	values := map[string]bool{}
	for _, cell := range param.Cells {
		column, err := r.column("program.param", cell)
		if err != nil {
			return err
		}
		if err := execCell(ctx, tx, "UPDATE program.param SET "+ident(column.Name)+" = "+typed(column.Type), []Cell{cell}, cell.At); err != nil {
			return err
		}
		values[column.Name] = true
	}
	var follow []string
	if values["as_of"] && !values["as_of_at"] || values["reporting_tz"] && !values["as_of_at"] {
		follow = append(follow, "as_of_at = CAST(as_of + 1 AS TIMESTAMP) AT TIME ZONE reporting_tz")
	}
	if values["as_of"] && !values["known_at"] {
		follow = append(follow, "known_at = CAST(as_of + 1 AS TIMESTAMP) AT TIME ZONE reporting_tz")
	}
	if len(follow) > 0 {
		if _, err := tx.ExecContext(ctx, "UPDATE program.param SET "+strings.Join(follow, ", ")); err != nil {
			return fmt.Errorf("set as_of: %w", err)
		}
	}
	return r.setZone(ctx, tx)
}

// setZone makes the prelude anew when a test reports in another zone.
func (r *runner) setZone(ctx context.Context, tx *sql.Tx) error {
	var zone string
	if err := tx.QueryRowContext(ctx, "SELECT reporting_tz FROM program.param").Scan(&zone); err != nil {
		return fmt.Errorf("read the reporting zone: %w", err)
	}
	if zone == r.zone {
		return nil
	}
	for _, statement := range prelude.Statements(zone) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("set the reporting zone: %w", err)
		}
	}
	return nil
}

// give puts the given rows into a table, or makes the table where a model would have.
func (r *runner) give(ctx context.Context, tx *sql.Tx, t Table) error {
	name := strings.ToLower(t.Name)
	if name == "program.param" {
		for _, row := range t.Rows {
			if err := r.setParam(ctx, tx, row); err != nil {
				return err
			}
		}
		return nil
	}
	columns, ok := r.columns[name]
	if err := r.broken[name]; err != nil {
		return err
	}
	if !ok {
		return problem(t.At, diag.DidYouMean(t.Name, r.tables()), "unknown table %s", t.Name)
	}
	prepare := "DELETE FROM " + name
	if _, isModel := r.set.Get(name); isModel {
		defs := make([]string, len(columns))
		for i, c := range columns {
			defs[i] = ident(c.Name) + " " + c.Type
		}
		prepare = "CREATE TABLE " + name + " (" + strings.Join(defs, ", ") + ")"
	}
	if _, err := tx.ExecContext(ctx, prepare); err != nil {
		return fmt.Errorf("prepare %s: %w", name, err)
	}
	for _, row := range t.Rows {
		if err := r.insert(ctx, tx, name, row); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) insert(ctx context.Context, tx *sql.Tx, table string, row Row) error {
	if len(row.Cells) == 0 {
		return problem(row.At, "name at least one column", "an empty row of %s", table)
	}
	names, values := make([]string, len(row.Cells)), make([]string, len(row.Cells))
	for i, cell := range row.Cells {
		column, err := r.column(table, cell)
		if err != nil {
			return err
		}
		names[i], values[i] = ident(column.Name), typed(column.Type)
	}
	return execCell(ctx, tx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") SELECT "+strings.Join(values, ", "), row.Cells, row.At)
}

// column finds a cell's column, and refuses a value that the column could not hold exactly.
func (r *runner) column(table string, cell Cell) (model.Column, error) {
	column, err := findColumn(r.columns[table], table, cell)
	if err != nil {
		return column, err
	}
	return column, exact(column, cell)
}

func (r *runner) tables() []string {
	var names []string
	for name := range r.columns {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func execCell(ctx context.Context, tx *sql.Tx, statement string, cells []Cell, at diag.Pos) error {
	args := make([]any, len(cells))
	for i, cell := range cells {
		args[i] = cell.arg()
	}
	if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
		return problem(at, "", "%s", said(err))
	}
	return nil
}

// said is DuckDB's error without its picture of the statement, which is none that the user wrote.
func said(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n\nLINE ")
	return strings.Join(strings.Fields(text), " ")
}

func problem(at diag.Pos, hint, format string, args ...any) error {
	var problems diag.List
	problems.Add(at, hint, format, args...)
	return problems
}
