package check

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tributary-data/tributary/transforms/model"
)

// freshness compares the newest value with as_of, which program.param holds: checks read no clock.
func (t *table) freshness(ctx context.Context, c model.Check) (Result, error) {
	r := t.result(c)
	newest := "max(CAST(" + ident(c.Columns[0]) + " AS TIMESTAMPTZ))"
	where := ""
	if c.Where != "" {
		where = " WHERE " + c.Where
	}
	var at sql.NullString
	var stale bool
	query := fmt.Sprintf("SELECT CAST(%[1]s AS VARCHAR), coalesce(%[1]s < (SELECT max(as_of_at) FROM program.param) - to_microseconds(%[2]d), true) FROM %[3]s%[4]s",
		newest, c.Within.Microseconds(), t.subject.Table, where)
	if err := t.db.QueryRowContext(ctx, query).Scan(&at, &stale); err != nil {
		return t.broken(ctx, c, err)
	}
	if !stale {
		return r, nil
	}
	r.State, r.Failed = Fail, 1
	r.Detail = fmt.Sprintf("newest %s is %s, more than %s before as_of", c.Columns[0], at.String, c.Within)
	if !at.Valid {
		r.Detail = "there is no " + c.Columns[0] + " at all"
	}
	return r, nil
}

func (t *table) rowCount(ctx context.Context, c model.Check) (Result, error) {
	r := t.result(c)
	where := ""
	if c.Where != "" {
		where = " WHERE " + c.Where
	}
	var n int64
	if err := t.db.QueryRowContext(ctx, "SELECT count(*) FROM "+t.subject.Table+where).Scan(&n); err != nil {
		return t.broken(ctx, c, err)
	}
	r.Detail = t.countProblem(c, n)
	if r.Detail == "" {
		return r, nil
	}
	r.State, r.Failed = Fail, n
	if c.Counts.Max != nil && n > *c.Counts.Max {
		r.Failed = n - *c.Counts.Max
		var err error
		r.Samples, err = t.samples(ctx, t.shown(nil), " FROM "+t.subject.Table+where)
		return r, err
	}
	return r, nil
}

func (t *table) countProblem(c model.Check, n int64) string {
	if c.Counts.Min != nil && n < *c.Counts.Min {
		return fmt.Sprintf("%s, at least %d expected", plural(n, "row"), *c.Counts.Min)
	}
	if c.Counts.Max != nil && n > *c.Counts.Max {
		return fmt.Sprintf("%s, at most %d expected", plural(n, "row"), *c.Counts.Max)
	}
	before, known := t.opts.Previous[t.subject.Table]
	if !known || before == 0 || c.Where != "" {
		return ""
	}
	change := float64(n-before) / float64(before)
	if limit := c.Counts.MaxDrop; limit != nil && -change > *limit {
		return fmt.Sprintf("%s, %d before: %.1f %% fewer, at most %.1f %% allowed", plural(n, "row"), before, -100*change, 100**limit)
	}
	if limit := c.Counts.MaxGrowth; limit != nil && change > *limit {
		return fmt.Sprintf("%s, %d before: %.1f %% more, at most %.1f %% allowed", plural(n, "row"), before, 100*change, 100**limit)
	}
	return ""
}
