package extract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// Errors of streams that are asked for.
var (
	ErrCount = errors.New("rows are missing or too many")
	ErrDrift = errors.New("the source has changed its shape")
)

// comparison compares what has just landed with the current rows of the stream.
type comparison struct {
	lake    *lake.Lake
	db      *sql.Conn
	current string // relation; empty when the stream has no rows yet
	done    func()
}

func (a *asking) compare(ctx context.Context) (*comparison, error) {
	if a.opts.Current == nil {
		return nil, errors.New("extracting from a source that is asked needs Options.Current")
	}
	parts := a.before
	parts.Mode, parts.Standing.Key, parts.Standing.Cursor = a.Mode, a.request.Key, a.request.Cursor
	db, current, done, err := a.opts.Current(ctx, parts)
	if err != nil {
		return nil, err
	}
	return &comparison{lake: a.writer.Lake(), db: db, current: current, done: done}, nil
}

// gone lands a deletion for every current record whose key is not among the keys, or (listed) whose key is.
func (a *asking) gone(ctx context.Context, c *comparison, keys []lake.Part, listed bool) (out landed, err error) {
	out.file.Path = a.description.Origin
	if c.current == "" {
		return out, nil
	}
	join := "ANTI"
	if listed {
		join = "SEMI"
	}
	names := a.request.Names()
	columns := make([]string, len(names))
	for i, name := range names {
		columns[i] = "NULL"
		if slices.Contains(a.request.Key, name) {
			columns[i] = "CAST(" + ident(name) + " AS VARCHAR)"
		}
	}
	rows, err := c.db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM (SELECT * FROM %s WHERE %s) %s JOIN (SELECT %s FROM %s) USING (%s)",
		strings.Join(columns, ", "), c.current, notNull(a.request.Key), join, idents(a.request.Key), c.read(keys), idents(a.request.Key)))
	if err != nil {
		return out, fmt.Errorf("comparing keys with those in the lake: %w", err)
	}
	defer rows.Close()
	series := a.series(a.plan, a.description.Origin, goneInput, lake.RawPath)
	defer series.discard()
	if err := deletions(rows, names, series); err != nil {
		return out, err
	}
	if out.parts, err = series.keep(); err != nil {
		return out, err
	}
	for _, part := range out.parts {
		out.file.Rows += part.Rows
		out.columns = lake.UnionColumns(out.columns, part.Columns)
	}
	return out, a.noticeGone(ctx, c, out.file.Rows)
}

// noticeGone speaks up when most of a stream has vanished: a permission that hides rows looks the same.
func (a *asking) noticeGone(ctx context.Context, c *comparison, gone int64) error {
	if gone == 0 {
		return nil
	}
	var alive int64
	if err := c.db.QueryRowContext(ctx, "SELECT count(*) FROM "+c.current).Scan(&alive); err != nil {
		return fmt.Errorf("counting the current rows: %w", err)
	}
	if 2*gone > alive {
		a.notice("%d of %d records are deleted in the source; a permission that hides rows looks the same", gone, alive)
	}
	return nil
}

// deletions writes rows of texts as deletions.
func deletions(rows *sql.Rows, names []string, to *partSeries) error {
	const page = 10_000
	var b source.Batch
	b.Begin(names)
	values, into := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	line := int64(0)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("reading deleted keys: %w", err)
		}
		for i, v := range values {
			if v.Valid {
				b.Put(i, []byte(v.String))
			} else {
				b.Put(i, nil)
			}
		}
		line++
		b.Lines = append(b.Lines, line)
		b.MarkDeleted()
		if b.Rows() == page {
			if err := to.write(&b); err != nil {
				return err
			}
			b.Begin(names)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading deleted keys: %w", err)
	}
	return to.write(&b)
}

// known tells whether all that was read is in the lake already, as it is: then it need not land again.
func (a *asking) known(ctx context.Context, c *comparison, rows landed) (bool, error) {
	if c.current == "" || rows.file.Quarantined > 0 {
		return rows.file.Rows+rows.file.Quarantined == 0 && len(a.before.Current) > 0 && a.Mode != ModeSnapshot, nil
	}
	if rows.file.Rows == 0 && a.Mode != ModeSnapshot {
		return true, nil
	}
	have, err := c.columns(ctx, c.current)
	if err != nil {
		return false, err
	}
	names := a.request.Names()
	slices.Sort(names)
	if !slices.Equal(names, have) {
		return false, nil
	}
	if len(a.request.Key) > 0 {
		deletions, err := c.newDeletions(ctx, c.read(rows.parts), a.request.Key, a.before.Current)
		if err != nil || deletions > 0 {
			return false, err
		}
	}
	return c.holds(ctx, rows.parts, names, a.request.Key, a.Mode == ModeSnapshot)
}

// newDeletions counts the deletions of a reading that the lake does not know: of records that are alive in it, or that it has never had.
func (c *comparison) newDeletions(ctx context.Context, from string, key []string, before []lake.LoadedPart) (n int64, err error) {
	count := func(query string) {
		if err == nil {
			err = c.db.QueryRowContext(ctx, query).Scan(&n)
		}
	}
	marked := fmt.Sprintf("SELECT %s FROM %s WHERE _op = 'delete'", idents(key), from)
	if count("SELECT count(*) FROM (" + marked + ")"); n > 0 {
		parts := make([]lake.Part, len(before))
		for i, p := range before {
			parts[i] = p.Part
		}
		count(fmt.Sprintf("SELECT count(*) FROM (%s EXCEPT (SELECT %[2]s FROM %[3]s WHERE _op = 'delete' EXCEPT SELECT %[2]s FROM %[4]s))", marked, idents(key), c.read(parts), c.current))
	}
	if err != nil {
		return 0, fmt.Errorf("comparing deletions with those in the lake: %w", err)
	}
	return n, nil
}

// holds tells whether the current rows have all rows of some parts as they are, but those that a deletion follows, and (whole) nothing else.
// Rows are compared by a hash of key and values: of millions of wide rows more would not fit into the memory.
func (c *comparison) holds(ctx context.Context, parts []lake.Part, names, key []string, whole bool) (bool, error) {
	from, deletes := c.read(parts), "coalesce(_op = 'delete', false)"
	if len(key) == 0 {
		key, deletes = names, "false"
	}
	id, version := "hash("+idents(key)+") AS id", "hash("+idents(names)+") AS version"
	tests := []string{
		fmt.Sprintf("EXISTS (FROM (SELECT %[1]s, %[2]s FROM %[3]s WHERE NOT %[4]s) ANTI JOIN (SELECT %[1]s FROM %[3]s WHERE %[4]s) USING (id) ANTI JOIN (SELECT %[1]s, %[2]s FROM %[5]s) USING (id, version))",
			id, version, from, deletes, c.current),
	}
	if whole {
		tests = append(tests, fmt.Sprintf("(SELECT count(DISTINCT hash(%s)) FROM %s) <> (SELECT count(*) FROM %s)", idents(key), from, c.current))
	}
	for _, test := range tests {
		var differs bool
		if err := c.db.QueryRowContext(ctx, "SELECT "+test).Scan(&differs); err != nil {
			return false, fmt.Errorf("comparing with the current rows: %w", err)
		}
		if differs {
			return false, nil
		}
	}
	return true, nil
}

// distinct counts the records of some parts.
func (c *comparison) distinct(ctx context.Context, parts []lake.Part, key []string) (n int64, err error) {
	err = c.db.QueryRowContext(ctx, fmt.Sprintf("SELECT count(DISTINCT row(%s)) FROM %s", idents(key), c.read(parts))).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting records: %w", err)
	}
	return n, nil
}

// columns are those of a relation that are the source's, sorted.
func (c *comparison) columns(ctx context.Context, relation string) ([]string, error) {
	rows, err := c.db.QueryContext(ctx, "SELECT column_name FROM (DESCRIBE SELECT * FROM "+relation+")")
	if err != nil {
		return nil, fmt.Errorf("looking at the current rows: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("looking at the current rows: %w", err)
		}
		if !slices.Contains(append(lake.LineageColumns(), "_commit", "_row"), name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, rows.Err()
}

func (c *comparison) read(parts []lake.Part) string {
	paths := make([]string, len(parts))
	for i, p := range parts {
		paths[i] = "'" + strings.ReplaceAll(c.lake.Abs(p.Path), "'", "''") + "'"
	}
	return "read_parquet([" + strings.Join(paths, ", ") + "], union_by_name = true)"
}

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = ident(name)
	}
	return strings.Join(quoted, ", ")
}

func notNull(names []string) string {
	tests := make([]string, len(names))
	for i, name := range names {
		tests[i] = ident(name) + " IS NOT NULL"
	}
	return strings.Join(tests, " AND ")
}
