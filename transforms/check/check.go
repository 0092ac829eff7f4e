// Package check proves what is claimed of tables: their grain, and the checks of model headers. It gives its findings as data, sample rows
// included; what a failed check means for a run is for others to decide, and it never changes a row.
package check

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/model"
)

// States of a check.
const (
	Pass = "pass"
	Fail = "fail"
	// Broken is a check that could not be run, such as an expression that names no column.
	Broken = "error"
)

// Grain is the kind of the check that every table has.
const Grain = "grain"

// maxSamples rows are shown of what failed.
const maxSamples = 5

// Subject is a table and what is claimed of it.
type Subject struct {
	Table  string
	Grain  []string
	Checks []model.Check
	At     diag.Pos
}

// Subjects are the tables of a set of models.
func Subjects(set *model.Set) []Subject {
	var out []Subject
	for _, m := range set.All() {
		out = append(out, Subject{Table: m.Name(), Grain: m.Grain, Checks: m.Checks, At: m.At})
	}
	return out
}

// Options of a run of checks.
type Options struct {
	// Workers is how many tables are looked at together; 0 = one per core.
	Workers int
	// Previous is the row count per table of the warehouse before, for row_count checks; a table that is not in it is not compared.
	Previous map[string]int64
	// Clock gives the durations; nil = time.Now.
	Clock func() time.Time
}

// Result is what one check found.
type Result struct {
	Table, Name, Kind, Severity, State string
	// Columns that the check is about; none for one about the table.
	Columns []string
	// Failed counts the rows (or keys) that break the check.
	Failed int64
	// Detail says in words what was found; empty when the check passed.
	Detail string
	// Samples are up to five of the failing rows, as `deal_id=d1, amount=-1.00`.
	Samples  []string
	At       diag.Pos
	Duration time.Duration
}

// Results of all checks, by table and in the order of the header.
type Results []Result

// Failures are the results that did not pass; with warnings or without.
func (r Results) Failures(warnings bool) Results {
	var out Results
	for _, result := range r {
		if result.State != Pass && (warnings || result.Severity == model.Error) {
			out = append(out, result)
		}
	}
	return out
}

// FailedError is checks of severity error that did not pass. It is no diag.List: what is wrong are the data, not the user's files.
type FailedError struct {
	Results Results
}

func (e *FailedError) Error() string {
	var lines diag.List
	for _, result := range e.Results {
		lines.Add(result.At, strings.Join(result.Samples, "; "), "check %s of %s: %s", result.Name, result.Table, result.Detail)
	}
	return lines.Error()
}

// Err is a *FailedError with the failed checks of severity error, nil when there are none.
func (r Results) Err() error {
	if failed := r.Failures(false); len(failed) > 0 {
		return &FailedError{Results: failed}
	}
	return nil
}

// Run proves the claims on the tables of an open warehouse. Its error is DuckDB's own trouble, never a failed check.
func Run(ctx context.Context, db *sql.DB, subjects []Subject, opts Options) (Results, error) {
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	found := make([]Results, len(subjects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(opts.Workers)
	for i, subject := range subjects {
		group.Go(func() error {
			var err error
			found[i], err = (&table{db: db, subject: subject, opts: opts}).run(ctx)
			if err != nil {
				return fmt.Errorf("check %s: %w", subject.Table, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all Results
	for _, results := range found {
		all = append(all, results...)
	}
	return all, nil
}

// table runs the checks of one subject.
type table struct {
	db      *sql.DB
	subject Subject
	opts    Options
}

func (t *table) run(ctx context.Context) (Results, error) {
	results := make(Results, 0, len(t.subject.Checks)+1)
	if t.subject.Grain != nil {
		r, err := t.timed(func() (Result, error) { return t.grain(ctx) })
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	counted, err := t.countRows(ctx)
	if err != nil {
		return nil, err
	}
	for i, c := range t.subject.Checks {
		r, err := t.timed(func() (Result, error) { return t.one(ctx, c, counted[i]) })
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

func (t *table) timed(run func() (Result, error)) (Result, error) {
	start := t.opts.Clock()
	r, err := run()
	r.Duration = t.opts.Clock().Sub(start)
	return r, err
}

func (t *table) one(ctx context.Context, c model.Check, counted *int64) (Result, error) {
	switch c.Kind {
	case model.Unique:
		return t.unique(ctx, c)
	case model.Freshness:
		return t.freshness(ctx, c)
	case model.RowCount:
		return t.rowCount(ctx, c)
	}
	return t.rows(ctx, c, counted)
}

// result is a passed check; the finder fills in what it found.
func (t *table) result(c model.Check) Result {
	return Result{Table: t.subject.Table, Name: c.Name, Kind: c.Kind, Severity: c.Severity, State: Pass, Columns: c.Columns, At: c.At}
}

// broken turns an error that the check's author caused into a result; a cancelled run stays an error.
func (t *table) broken(ctx context.Context, c model.Check, err error) (Result, error) {
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	r := t.result(c)
	r.State = Broken
	text, _, _ := strings.Cut(err.Error(), "\n\nLINE ")
	r.Detail = "could not be run: " + strings.Join(strings.Fields(text), " ")
	return r, nil
}
