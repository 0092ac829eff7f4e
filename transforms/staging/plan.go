package staging

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// Options is all that a staging run depends on.
type Options struct {
	Config   Config
	Data     []StreamData        // of every stream that has delivered
	AsOf     string              // the day that is looked at, 2026-03-31
	AsOfAt   time.Time           // its end in the reporting zone, exclusive
	Accepted map[string][]string // values of the program's lists (partner_types, stages, …); others are warned of
}

// Plan is the maps made ready for one set of raw rows.
type Plan struct {
	conn     *sql.Conn
	parser   *syntax.Parser
	set      *schemas.Set
	cfg      Config
	opts     Options
	problems diag.List
	zones    map[string]bool
	streams  map[string]*stream
	maps     []*compiledMap
}

// Compile makes the raw tables of a connection and turns every map into SQL. The error lists all that is wrong in the maps, as a
// diag.List where the user has to mend something. Close takes the raw tables away again.
func Compile(ctx context.Context, conn *sql.Conn, opts Options) (*Plan, error) {
	set, err := schemas.Load()
	if err != nil {
		return nil, err
	}
	parser, err := syntax.NewParser()
	if err != nil {
		return nil, err
	}
	defer parser.Close()
	p := &Plan{conn: conn, parser: parser, set: set, cfg: opts.Config, opts: opts, zones: map[string]bool{}, streams: map[string]*stream{}}
	if _, err := time.Parse(time.DateOnly, opts.AsOf); err != nil || opts.AsOfAt.IsZero() {
		return nil, fmt.Errorf("staging needs the day that it looks at and its end, found %q and %s", opts.AsOf, opts.AsOfAt)
	}
	if p.cfg.Zone == "" {
		p.cfg.Zone = "UTC"
	}
	if problems := check(ctx, parser, set, p.cfg); len(problems) > 0 {
		return nil, problems.Err()
	}
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	if err := createTables(ctx, conn, set.Entities); err != nil {
		return nil, err
	}
	if err := p.compile(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Plan) compile(ctx context.Context) error {
	for _, data := range p.opts.Data {
		if _, ok := p.cfg.Streams[data.Name]; !ok {
			continue // the lake keeps what the project no longer asks for
		}
		s, err := p.openStream(ctx, data)
		if err != nil {
			return err
		}
		if s != nil {
			p.streams[data.Name] = s
		}
	}
	if err := p.checkCrosswalks(ctx); err != nil {
		return err
	}
	if err := p.problems.Err(); err != nil {
		return err
	}
	for i, spec := range p.cfg.Maps {
		s, fields, err := p.rowsOf(ctx, spec)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		spec.Fields = fields
		entity, _ := p.set.Entity(spec.Entity.Value)
		m, err := p.compileMap(ctx, i, spec, entity, s)
		if err != nil {
			return fmt.Errorf("%s: map of %s: %w", spec.At, spec.Entity.Value, err)
		}
		if m != nil {
			p.maps = append(p.maps, m)
		}
	}
	return p.problems.Err()
}

// rowsOf finds the rows that a map reads; nil when its stream has not delivered anything yet.
func (p *Plan) rowsOf(ctx context.Context, spec Map) (*stream, Fields, error) {
	if spec.Select.Value == "" {
		return p.streams[spec.From.Value], spec.Fields, nil
	}
	return p.selectRows(ctx, spec)
}

// Close takes away the raw tables.
func (p *Plan) Close(ctx context.Context) error { return p.exec(ctx, "DETACH DATABASE IF EXISTS raw") }

// useZone defines the function that reads wall times of a zone, once.
func (p *Plan) useZone(ctx context.Context, name diag.Text) error {
	loc, err := loadZone(name.Value)
	if err != nil {
		p.problems.Add(name.Pos, "an IANA name such as Europe/Berlin", "%s", err)
		return nil
	}
	if p.zones[name.Value] {
		return nil
	}
	p.zones[name.Value] = true
	return p.exec(ctx, "%s", zoneMacros(name.Value, loc))
}

// SQL is the text by which an entity's rows are made, or false for an entity that no map fills.
func (p *Plan) SQL(entity string) (string, bool) {
	var parts []string
	for _, m := range p.maps {
		if m.entity.Name == entity {
			parts = append(parts, fmt.Sprintf("-- %s from %s (%s)\n%s", entity, m.stream, m.spec.At, m.sql))
		}
	}
	if len(parts) == 0 {
		return "", false
	}
	e, _ := p.set.Entity(entity)
	return fmt.Sprintf("%s;\n\n-- Of rows with one key the newest counts; then as_of cuts.\n%s", strings.Join(parts, "\n\nUNION ALL\n\n"), p.cutQuery(e, "typed")), true
}

// Entities are the names of those that some map fills.
func (p *Plan) Entities() []string {
	var names []string
	for _, m := range p.maps {
		if !slices.Contains(names, m.entity.Name) {
			names = append(names, m.entity.Name)
		}
	}
	return sorted(names)
}

func (p *Plan) exec(ctx context.Context, format string, args ...any) error {
	query := fmt.Sprintf(format, args...)
	if _, err := p.conn.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("%w\nin: %s", err, short(query))
	}
	return nil
}

func (p *Plan) query(ctx context.Context, row func(scan func(...any) error) error, format string, args ...any) error {
	query := fmt.Sprintf(format, args...)
	rows, err := p.conn.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%w\nin: %s", err, short(query))
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (p *Plan) queryRow(ctx context.Context, into []any, format string, args ...any) error {
	query := fmt.Sprintf(format, args...)
	if err := p.conn.QueryRowContext(ctx, query).Scan(into...); err != nil {
		return fmt.Errorf("%w\nin: %s", err, short(query))
	}
	return nil
}

// describe gives the columns of a query.
func (p *Plan) describe(ctx context.Context, query string) ([]column, error) {
	rows, err := p.conn.QueryContext(ctx, "DESCRIBE "+query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []column
	for rows.Next() {
		var c column
		var rest [4]sql.NullString
		if err := rows.Scan(&c.name, &c.typ, &rest[0], &rest[1], &rest[2], &rest[3]); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// short keeps an error readable; the whole text is in tributary sql.
func short(query string) string {
	const limit = 600
	if len(query) <= limit {
		return query
	}
	return query[:limit] + " …"
}
