package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/transforms/model"
)

// bad is the condition of the rows that break a check, "" when the check does not look at single rows.
func bad(c model.Check) string {
	var cond string
	switch c.Kind {
	case model.NotNull:
		cond = ident(c.Columns[0]) + " IS NULL"
	case model.Accepted:
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = literal(v)
		}
		cond = ident(c.Columns[0]) + " IS NOT NULL AND CAST(" + ident(c.Columns[0]) + " AS VARCHAR) NOT IN (" + strings.Join(values, ", ") + ")"
		if len(values) == 0 {
			cond = ident(c.Columns[0]) + " IS NOT NULL"
		}
	case model.Relationship:
		cond = ident(c.Columns[0]) + " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM " + c.RefTable + " AS referenced WHERE referenced." + ident(c.RefColumn) + " = checked." + ident(c.Columns[0]) + ")"
	case model.Expression:
		cond = "NOT coalesce((" + c.SQL + "\n), true)"
	default:
		return ""
	}
	if c.Where != "" {
		cond = "(" + c.Where + "\n) AND " + cond
	}
	return cond
}

// countRows counts the bad rows of all checks that need nothing but the row itself, in one pass over the table. Where that pass fails the
// counts stay nil and every check is run alone, so that the one at fault is named.
func (t *table) countRows(ctx context.Context) ([]*int64, error) {
	counts := make([]*int64, len(t.subject.Checks))
	var exprs []string
	var into []any
	for i, c := range t.subject.Checks {
		if cond := bad(c); cond != "" && c.Kind != model.Relationship {
			exprs = append(exprs, "count_if("+cond+")")
			counts[i] = new(int64)
			into = append(into, counts[i])
		}
	}
	if len(exprs) < 2 {
		return make([]*int64, len(counts)), nil
	}
	err := t.db.QueryRowContext(ctx, "SELECT "+strings.Join(exprs, ", ")+" FROM "+t.subject.Table+" AS checked").Scan(into...)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return make([]*int64, len(counts)), nil
	}
	return counts, nil
}

func (t *table) rows(ctx context.Context, c model.Check, counted *int64) (Result, error) {
	r := t.result(c)
	from := " FROM " + t.subject.Table + " AS checked WHERE " + bad(c)
	if counted != nil {
		r.Failed = *counted
	} else if err := t.db.QueryRowContext(ctx, "SELECT count(*)"+from).Scan(&r.Failed); err != nil {
		return t.broken(ctx, c, err)
	}
	if r.Failed == 0 {
		return r, nil
	}
	r.State, r.Detail = Fail, plural(r.Failed, "row")+" "+says(c)
	var err error
	r.Samples, err = t.samples(ctx, t.shown(c.Columns), from)
	return r, err
}

// says puts a failed check in words.
func says(c model.Check) string {
	switch c.Kind {
	case model.NotNull:
		return "without " + c.Columns[0]
	case model.Accepted:
		return "with another " + c.Columns[0] + " than " + strings.Join(c.Values, ", ")
	case model.Relationship:
		return "whose " + c.Columns[0] + " is not in " + c.RefTable + "." + c.RefColumn
	}
	return "where not: " + strings.Join(strings.Fields(c.SQL), " ")
}

// grain proves that the key is unique and never null.
func (t *table) grain(ctx context.Context) (Result, error) {
	c := model.Check{Kind: Grain, Name: Grain, Severity: model.Error, Columns: t.subject.Grain, At: t.subject.At}
	if len(c.Columns) == 0 {
		one := int64(1)
		c.Counts = model.Counts{Max: &one}
		return t.rowCount(ctx, c)
	}
	r, err := t.unique(ctx, c)
	if err != nil || r.State == Broken {
		return r, err
	}
	nulls := make([]string, len(c.Columns))
	for i, column := range c.Columns {
		nulls[i] = ident(column) + " IS NULL"
	}
	var keyless int64
	from := " FROM " + t.subject.Table + " AS checked WHERE " + strings.Join(nulls, " OR ")
	if err := t.db.QueryRowContext(ctx, "SELECT count(*)"+from).Scan(&keyless); err != nil {
		return t.broken(ctx, c, err)
	}
	if keyless == 0 {
		return r, nil
	}
	r.State, r.Failed = Fail, r.Failed+keyless
	r.Detail = strings.Join(nonEmpty(r.Detail, plural(keyless, "row")+" with a null in the key"), "; ")
	if len(r.Samples) == 0 {
		r.Samples, err = t.samples(ctx, c.Columns, from)
	}
	return r, err
}

func (t *table) unique(ctx context.Context, c model.Check) (Result, error) {
	r := t.result(c)
	key := idents(c.Columns)
	where := ""
	if c.Where != "" {
		where = " WHERE " + c.Where + "\n"
	}
	from := " FROM (SELECT " + key + ", count(*) AS rows FROM " + t.subject.Table + " AS checked" + where + " GROUP BY " + key + " HAVING count(*) > 1)"
	if c.Kind == model.Unique { // null is no value that could be had twice
		from += " WHERE " + strings.ReplaceAll(key, ", ", " IS NOT NULL AND ") + " IS NOT NULL"
	}
	if err := t.db.QueryRowContext(ctx, "SELECT count(*)"+from).Scan(&r.Failed); err != nil {
		return t.broken(ctx, c, err)
	}
	if r.Failed == 0 {
		return r, nil
	}
	r.State, r.Detail = Fail, plural(r.Failed, "key")+" on more than one row: "+strings.Join(c.Columns, ", ")
	var err error
	r.Samples, err = t.samples(ctx, append(append([]string(nil), c.Columns...), "rows"), from)
	return r, err
}

// shown are the columns of a sample: the key first.
func (t *table) shown(columns []string) []string {
	out := append([]string(nil), t.subject.Grain...)
	for _, column := range columns {
		known := false
		for _, have := range out {
			known = known || strings.EqualFold(have, column)
		}
		if !known {
			out = append(out, column)
		}
	}
	return out
}

// samples are some of the rows that a query gives, in the order of the columns shown.
func (t *table) samples(ctx context.Context, columns []string, from string) ([]string, error) {
	if len(columns) == 0 {
		columns = []string{"*"}
	}
	rows, err := t.db.QueryContext(ctx, fmt.Sprintf("SELECT CAST(COLUMNS(shown.*) AS VARCHAR) FROM (SELECT %s%s) AS shown ORDER BY ALL LIMIT %d", idents(columns), from, maxSamples))
	if err != nil {
		return nil, fmt.Errorf("look at failing rows: %w", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("look at failing rows: %w", err)
	}
	values, into := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	var out []string
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("look at failing rows: %w", err)
		}
		out = append(out, sample(names, values))
	}
	return out, rows.Err()
}

func sample(names []string, values []sql.NullString) string {
	parts := make([]string, len(names))
	for i, v := range values {
		parts[i] = names[i] + "=" + v.String
		if !v.Valid {
			parts[i] = names[i] + " is null"
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func nonEmpty(texts ...string) []string {
	var out []string
	for _, text := range texts {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

func idents(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = ident(name)
	}
	return strings.Join(out, ", ")
}

func ident(name string) string {
	if name == "*" {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
