package staging

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
)

// compiledMap is a map as SQL: one query that gives the entity's fields, lineage and what is wrong with each row.
type compiledMap struct {
	spec    Map
	index   int
	entity  *schemas.Entity
	stream  string
	sql     string
	details string    // what is wrong with the bad rows
	gone    []Warning // columns that the newest load no longer has
	mapped  []string  // fields that the map fills
	lookups bool
	// rowScale turns the number of a typed row into that of the source's row.
	rowScale string
}

// Columns that typed rows have beside the entity's fields and the lineage.
func markColumns() []column {
	return []column{{"_gone", "BOOLEAN"}, {"_version", "DECIMAL(38,6)"}, {"_translated", "BOOLEAN"}, {"_map", "INTEGER"}, {"_bad", "INTEGER"}}
}

// mapCompiler makes the SQL of one map.
type mapCompiler struct {
	p        *Plan
	spec     Map
	index    int
	entity   *schemas.Entity
	stream   *stream
	scope    *scope
	readings map[string]*reading
	sources  map[string]fieldSource
	levels   [][]string // fields by how many others they build on
	list     string     // column that is unnested
	seen     map[string]bool
	gone     []Warning // columns that the newest load no longer has
}

// fieldSource is the expression that a field starts from.
type fieldSource struct {
	sql      string
	typ      string // DuckDB's, "" until described
	needs    []string
	currency string // of minor units
	zone     zoneSQL
	absent   bool // an optional column that the stream does not have
}

func (p *Plan) compileMap(ctx context.Context, index int, spec Map, entity *schemas.Entity, s *stream) (*compiledMap, error) {
	m := &mapCompiler{p: p, spec: spec, index: index, entity: entity, stream: s, readings: map[string]*reading{}, sources: map[string]fieldSource{}, seen: map[string]bool{}}
	m.scope = &scope{stream: s.name, columns: s.columnNames(), beside: map[string][]string{}, used: map[string][]string{}}
	if spec.Unnest != nil {
		m.scope.item = spec.Unnest.alias()
	}
	for _, l := range spec.Lookup {
		if other := p.streams[l.From.Value]; other != nil {
			m.scope.beside[l.Name] = other.columnNames()
		} else {
			m.scope.beside[l.Name] = nil
		}
	}
	before := len(p.problems)
	for _, f := range spec.Fields {
		if err := m.fieldSource(ctx, f); err != nil {
			return nil, err
		}
	}
	if spec.Unnest != nil { // before lookups are joined, so only a column of the row itself
		m.list = m.scope.own(spec.Unnest.Column.Pos, spec.Unnest.Column.Value, &p.problems)
	}
	where := m.condition(ctx, spec.Where)
	joins := m.joins(ctx)
	if len(p.problems) > before || !m.order() {
		return nil, nil //nolint:nilnil // the problems say why there is no SQL
	}
	query := m.sourceQuery(where, joins)
	for _, level := range m.levels {
		var err error
		if query, err = m.level(ctx, query, level); err != nil {
			return nil, err
		}
	}
	if len(p.problems) > before {
		return nil, nil //nolint:nilnil // as above
	}
	out := &compiledMap{spec: spec, index: m.index, entity: entity, stream: s.name, lookups: len(spec.Lookup) > 0}
	if spec.Unnest != nil {
		out.rowScale = fmt.Sprintf(" // %d", unnestScale)
	}
	for _, f := range spec.Fields {
		if !m.sources[f.Name].absent {
			out.mapped = append(out.mapped, f.Name)
		}
	}
	out.gone = m.gone
	out.sql, out.details = m.finalQuery(query)
	return out, nil
}

// fieldSource resolves what a field starts from.
func (m *mapCompiler) fieldSource(ctx context.Context, f Field) error {
	src := fieldSource{typ: "VARCHAR"}
	problems := &m.p.problems
	switch {
	case f.Constant != nil:
		src.sql = text(f.Constant.Value)
	case f.Column.Value != "":
		path := m.scope.columnPath(f.Column.Value)
		if _, ok := m.scope.column(f.Column.Value); !ok && len(path) == 1 && f.Optional {
			src.sql, src.absent = "CAST(NULL AS VARCHAR)", true
			break
		}
		src.sql, _ = m.scope.resolve(f.Column.Pos, path, nil, problems)
		src.typ = m.columnType(path)
	default:
		src.sql, src.needs = m.expression(ctx, f.Expr)
		src.typ = ""
	}
	if mu := f.MinorUnits; mu != nil {
		switch {
		case mu.Currency != "":
			src.currency = text(mu.Currency)
		case mu.Column.Value != "":
			src.currency, _ = m.scope.resolve(mu.Column.Pos, m.scope.columnPath(mu.Column.Value), nil, problems)
		default:
			currency, needs := m.expression(ctx, mu.Expr)
			src.currency = "(" + currency + ")"
			src.needs = append(src.needs, needs...)
		}
	}
	zone, err := m.fieldZone(ctx, f)
	if err != nil {
		return err
	}
	src.zone = zone
	m.noteGone(f.Name)
	m.sources[f.Name] = src
	return nil
}

// noteGone remembers columns that a field uses and that the newest load no longer has.
func (m *mapCompiler) noteGone(field string) {
	for _, column := range m.scope.used[rowName] {
		if m.stream.newest == nil || m.seen[column] || slices.Contains(m.stream.newest, column) {
			continue
		}
		m.seen[column] = true
		text := fmt.Sprintf("%s is no longer in %s", column, m.stream.name)
		if near := diag.DidYouMean(column, m.stream.newest); near != "" {
			text += "; " + near
		}
		m.gone = append(m.gone, Warning{Entity: m.entity.Name, Field: field, Rule: warnColumnGone, Rows: 1, Sample: text})
	}
}

func (m *mapCompiler) columnType(path []string) string {
	if len(path) == 1 {
		if c, ok := m.scope.column(path[0]); ok {
			return m.stream.typeOf(c)
		}
		return "VARCHAR"
	}
	for _, l := range m.spec.Lookup {
		if other := m.p.streams[l.From.Value]; l.Name == path[0] && other != nil {
			if c, ok := findFold(other.columnNames(), path[1]); ok {
				return other.typeOf(c)
			}
		}
	}
	if path[1] == "index" {
		return "BIGINT"
	}
	return "VARCHAR"
}

// fieldZone is the zone in which a field's wall times are read.
func (m *mapCompiler) fieldZone(ctx context.Context, f Field) (zoneSQL, error) {
	name := diag.Text{Value: m.p.cfg.Zone}
	if m.spec.Zone.Value != "" {
		name = m.spec.Zone
	}
	if f.Zone == nil || f.Zone.Column.Value == "" {
		if f.Zone != nil {
			name = f.Zone.Name
		}
		return zoneSQL{name: name.Value, many: m.stream.many}, m.p.useZone(ctx, name)
	}
	path := m.scope.columnPath(f.Zone.Column.Value)
	z := zoneSQL{many: m.stream.many}
	z.column, _ = m.scope.resolve(f.Zone.Column.Pos, path, nil, &m.p.problems)
	relation, column := m.stream.live(), path[len(path)-1]
	if len(path) > 1 {
		for _, l := range m.spec.Lookup {
			if other := m.p.streams[l.From.Value]; l.Name == path[0] && other != nil {
				relation = other.live()
			}
		}
	}
	if z.column == "NULL" || len(path) > 1 && path[0] == m.scope.item {
		return z, nil
	}
	err := m.p.query(ctx, func(scan func(...any) error) error {
		var zone string
		if err := scan(&zone); err != nil {
			return err
		}
		if _, err := loadZone(zone); err == nil {
			z.known = append(z.known, zone)
		}
		return nil
	}, "SELECT DISTINCT CAST(%[1]s AS VARCHAR) FROM %[2]s WHERE %[1]s IS NOT NULL ORDER BY 1", ident(column), relation)
	if err != nil {
		return z, err
	}
	for _, zone := range z.known {
		if err := m.p.useZone(ctx, diag.Text{Value: zone}); err != nil {
			return z, err
		}
	}
	return z, nil
}

func (m *mapCompiler) zone(f Field) zoneSQL         { return m.sources[f.Name].zone }
func (m *mapCompiler) minorCurrency(f Field) string { return m.sources[f.Name].currency }

func fieldNames(spec Map) []string {
	names := make([]string, len(spec.Fields))
	for i, f := range spec.Fields {
		names[i] = f.Name
	}
	return names
}

func fieldSpec(spec Map, name string) (Field, bool) {
	for _, f := range spec.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// expression gives the SQL of a user's expression and the fields that it builds on.
func (m *mapCompiler) expression(ctx context.Context, t diag.Text) (sql string, needs []string) {
	e, ok := parseExpression(ctx, m.p.parser, t, &m.p.problems)
	if !ok {
		return "NULL", nil
	}
	sql = e.rewrite(func(r reference) string {
		name, field := m.scope.resolve(e.at, r.parts, fieldNames(m.spec), &m.p.problems)
		if field != "" {
			needs = append(needs, field)
		}
		return name
	})
	return sql, needs
}

// condition is an expression over the source's columns only.
func (m *mapCompiler) condition(ctx context.Context, t diag.Text) string {
	if t.Value == "" {
		return ""
	}
	sql, needs := m.expression(ctx, t)
	if len(needs) > 0 {
		m.p.problems.Add(t.Pos, "name the source's columns", "where: cannot use field.%s, it is applied before fields are read", needs[0])
	}
	return sql
}

// order puts fields after those that they build on.
func (m *mapCompiler) order() bool {
	done := map[string]bool{}
	for left := len(m.spec.Fields); left > 0; {
		var level []string
		for _, f := range m.spec.Fields {
			ready := !done[f.Name]
			for _, need := range m.sources[f.Name].needs {
				ready = ready && done[need]
			}
			if ready {
				level = append(level, f.Name)
			}
		}
		if len(level) == 0 {
			m.p.problems.Add(m.spec.At, "", "the fields of this map build on each other in a circle")
			return false
		}
		for _, name := range level {
			done[name] = true
		}
		left -= len(level)
		m.levels = append(m.levels, level)
	}
	return true
}

// level reads the fields that build only on those of the levels before it.
func (m *mapCompiler) level(ctx context.Context, query string, level []string) (string, error) {
	if err := m.describeSources(ctx, query, level); err != nil {
		return "", err
	}
	var layers [3][]string
	for _, name := range level {
		spec, _ := fieldSpec(m.spec, name)
		field, _ := m.entity.Field(name)
		src := m.sources[name]
		sql := src.sql
		if spec.Expr.Value != "" {
			sql = ident("expr." + name)
		}
		if field.Kind == schemas.Decimal && spec.Expr.Value != "" && (src.typ == "DOUBLE" || src.typ == "FLOAT") {
			m.p.problems.Add(spec.Expr.Pos, "CAST what you divide by or multiply with AS DECIMAL, and cast the result", "%s: the expression gives a %s, which loses digits", name, src.typ)
			continue
		}
		r := m.readField(spec, field, sql, src.typ)
		if r.shown == "" {
			r.shown = fieldColumn(name)
		}
		m.readings[name] = r
		for i, layer := range r.layers {
			for _, c := range layer {
				layers[i] = append(layers[i], fmt.Sprintf("%s AS %s", c.expr, c.name))
			}
		}
	}
	query = m.withExpressions(query, level)
	for _, layer := range layers {
		if len(layer) > 0 {
			query = fmt.Sprintf("SELECT *,\n  %s\nFROM (\n%s\n)", strings.Join(layer, ",\n  "), indent(query))
		}
	}
	return query, nil
}

// withExpressions adds the users' expressions of a level as columns, so that each is written and computed once.
func (m *mapCompiler) withExpressions(query string, level []string) string {
	var list []string
	for _, name := range level {
		if spec, _ := fieldSpec(m.spec, name); spec.Expr.Value != "" {
			list = append(list, fmt.Sprintf("(%s) AS %s", m.sources[name].sql, ident("expr."+name)))
		}
	}
	if len(list) == 0 {
		return query
	}
	return fmt.Sprintf("SELECT *,\n  %s\nFROM (\n%s\n)", strings.Join(list, ",\n  "), indent(query))
}

// describeSources asks DuckDB for the types of a level's expressions; one that it refuses is a problem of its field.
func (m *mapCompiler) describeSources(ctx context.Context, query string, level []string) error {
	var exprs []string
	for _, name := range level {
		if m.sources[name].typ == "" {
			exprs = append(exprs, name)
		}
	}
	if len(exprs) == 0 {
		return nil
	}
	columns, err := m.p.describe(ctx, m.withExpressions(query, exprs))
	for _, name := range exprs {
		of := columns
		if err != nil {
			one, oneErr := m.p.describe(ctx, m.withExpressions(query, []string{name}))
			if oneErr != nil {
				spec, _ := fieldSpec(m.spec, name)
				m.p.problems.Add(spec.Expr.Pos, "raw columns are text: use field.x for a typed value, or CAST", "%s: DuckDB refuses %q: %s", name, spec.Expr.Value, firstLine(oneErr))
				continue
			}
			of = one
		}
		src := m.sources[name]
		for _, c := range of {
			if c.name == "expr."+name {
				src.typ = c.typ
			}
		}
		m.sources[name] = src
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func indent(query string) string { return "  " + strings.ReplaceAll(query, "\n", "\n  ") }
