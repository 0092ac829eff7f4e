package postgres

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tributary-data/tributary/pipelines/source"
)

// Open counts the rows and declares a cursor over them, in the snapshot of the run.
func (c *connector) Open(ctx context.Context, request source.Request) (source.Pages, error) {
	p := &pages{connector: c, ctx: ctx, names: request.Names()}
	err := c.opts.Patience.Do(ctx, func(ctx context.Context) (err error) {
		if p.conn, err = c.session(ctx); err != nil {
			return c.classify(err)
		}
		if err = p.declare(ctx, request); err != nil {
			closeConn(p.conn)
		}
		return c.classify(err)
	})
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", request.Stream.ObjectName(), err)
	}
	return p, nil
}

// pages is a cursor that is being fetched from.
type pages struct {
	*connector
	ctx     context.Context
	conn    *pgx.Conn
	names   []string
	told    source.Told
	foreign bool // the database may hold bytes that are not UTF-8

	fetch   *pgconn.MultiResultReader // nil between two fetches
	rows    *pgconn.ResultReader
	within  context.Context // of the fetch
	cancel  context.CancelFunc
	fetched int   // rows of this fetch
	line    int64 // rows so far
	done    bool
}

func (p *pages) declare(ctx context.Context, request source.Request) error {
	r, err := p.find(ctx, p.conn, request.Stream)
	if err != nil {
		return err
	}
	var columns []string
	for _, name := range p.names {
		col, found := r.column(name)
		if !found {
			return fmt.Errorf("%w: column %s of %s", source.ErrConfig, name, r.origin())
		}
		columns = append(columns, col.read())
	}
	where, err := p.where(ctx, r, request)
	if err != nil {
		return err
	}
	var encoding string
	if err := p.conn.QueryRow(ctx, "SELECT getdatabaseencoding()").Scan(&encoding); err != nil {
		return err
	}
	p.foreign = encoding == "SQL_ASCII"
	from := " FROM " + r.quoted() + where
	if err := p.conn.QueryRow(ctx, "SELECT count(*)"+from).Scan(&p.told.Rows); err != nil {
		return err
	}
	p.told.Known, p.told.Exact = true, true
	_, err = p.conn.Exec(ctx, "DECLARE tributary NO SCROLL CURSOR FOR SELECT "+strings.Join(columns, ", ")+from)
	return err
}

// where is the condition of a request. Rows that do not say when they were changed are of every interval.
func (p *pages) where(ctx context.Context, r relation, request source.Request) (string, error) {
	var all []string
	if request.Stream.Filter != "" {
		all = append(all, "("+request.Stream.Filter+"\n)")
	}
	if request.What == source.Rows && request.Cursor != "" && (request.Interval != source.Interval{}) {
		col, _ := r.column(request.Cursor)
		zone, err := p.zone(ctx)
		if err != nil {
			return "", err
		}
		inside := col.inside(request.Interval, zone)
		if !col.notNull {
			inside = "(" + inside + " OR " + quote(col.name) + " IS NULL)"
		}
		all = append(all, inside)
	}
	if len(all) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(all, " AND "), nil
}

// inside compares the column with an interval. A day is in it when any of its moments is.
func (c column) inside(i source.Interval, zone string) string {
	bound := func(t time.Time) string {
		at := "timestamptz '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
		if c.base == "timestamptz" {
			return at
		}
		at = "(" + at + " AT TIME ZONE '" + strings.ReplaceAll(zone, "'", "''") + "')"
		if c.base == "date" {
			at += "::date"
		}
		return at
	}
	var tests []string
	if !i.From.IsZero() {
		tests = append(tests, quote(c.name)+" >= "+bound(i.From))
	}
	if !i.To.IsZero() {
		less := " < "
		if c.base == "date" {
			less = " <= "
		}
		tests = append(tests, quote(c.name)+less+bound(i.To))
	}
	return "(" + strings.Join(tests, " AND ") + ")"
}

// zone is that of timestamps without one: as configured, else that of the login's sessions.
func (p *pages) zone(ctx context.Context) (zone string, err error) {
	if p.opts.Zone != "" {
		return p.opts.Zone, nil
	}
	err = p.conn.QueryRow(ctx, "SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'").Scan(&zone)
	return zone, err
}

// Told is the number of rows in the snapshot.
func (p *pages) Told() source.Told { return p.told }

// Close ends the session. An unfinished fetch is cut off.
func (p *pages) Close() error {
	if p.cancel != nil {
		p.cancel()
	}
	closeConn(p.conn)
	return nil
}

// Next takes rows from the cursor: a fetch, or as much of it as fits into a page.
func (p *pages) Next(b *source.Batch) error {
	b.Begin(p.names)
	if p.done {
		return io.EOF
	}
	if p.fetch == nil {
		if err := p.begin(); err != nil {
			return err
		}
	}
	for len(b.Arena) < source.MaxPage {
		if !p.rows.NextRow() {
			return p.end(b)
		}
		p.fetched++
		p.line++
		p.add(b, p.rows.Values())
	}
	return nil
}

// begin sends for the next rows.
func (p *pages) begin() error {
	if err := p.opts.Patience.Pace(p.ctx); err != nil {
		return err
	}
	p.within, p.cancel = p.opts.Patience.Deadline(p.ctx)
	p.fetch, p.fetched = p.conn.PgConn().Exec(p.within, fmt.Sprintf("FETCH FORWARD %d FROM tributary", p.opts.Page)), 0
	if !p.fetch.NextResult() {
		return p.fault(p.fetch.Close())
	}
	p.rows = p.fetch.ResultReader()
	return nil
}

// end ends a fetch. One that was not full was the last.
func (p *pages) end(b *source.Batch) error {
	_, err := p.rows.Close()
	if closed := p.fetch.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return p.fault(err)
	}
	p.cancel()
	p.fetch, p.cancel = nil, nil
	p.done = p.fetched < p.opts.Page
	if p.done && b.Rows()+len(b.Rejects) == 0 {
		return io.EOF
	}
	return nil
}

func (p *pages) fault(err error) error {
	err = p.opts.Patience.Late(p.ctx, p.within, err)
	return fmt.Errorf("after %d rows: %w", p.line, p.classify(err))
}

// add adds a row, or sets it apart when a value is no text.
func (p *pages) add(b *source.Batch, values [][]byte) {
	if p.foreign {
		for i, v := range values {
			if !utf8.Valid(v) {
				b.Reject(source.BadEncoding, p.line, v, "column "+p.names[i]+" is not UTF-8: the database has no encoding (SQL_ASCII)")
				return
			}
		}
	}
	for i, v := range values {
		b.Put(i, v)
	}
	b.Lines = append(b.Lines, p.line)
}
