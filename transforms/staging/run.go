package staging

import (
	"context"
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// Result says what a staging run did.
type Result struct {
	Entities  []EntityResult
	Undecoded int64 // rows that extraction had already set apart
	Orphans   []Warning
	Warnings  []Warning
}

// EntityResult counts the rows of one entity.
type EntityResult struct {
	Entity      string
	Read        int64 // rows that the maps made, vanished ones aside
	Quarantined int64
	Superseded  int64 // rows with a newer version, exact repeats included
	NotBorn     int64 // rows born at or after as_of
	Rows        int64 // in the table
}

// Warning is something kept that somebody should look at.
type Warning struct {
	Entity string // "" when it is about a stream
	Field  string // or stream
	Rule   string
	Rows   int64 // or records
	Sample string
}

// String is the warning in words.
func (w Warning) String() string {
	what := strings.TrimPrefix(w.Entity+"."+w.Field, ".")
	switch w.Rule {
	case warnDuplicate:
		return fmt.Sprintf("%s: %d records are there several times, differ, and none is newer, such as %q: the later row was taken", what, w.Rows, w.Sample)
	case warnColumnGone:
		return fmt.Sprintf("%s is empty in newer rows: %s", what, w.Sample)
	}
	return fmt.Sprintf("%s: %s in %d rows, such as %q: they are kept", what, w.Rule, w.Rows, w.Sample)
}

// Rules of warnings: the rows are kept.
const (
	warnDuplicate  = "duplicate_key"
	warnOutOfRange = "out_of_range"
	warnUnknown    = "not_in_program"
	warnColumnGone = "column_gone"
)

// Quarantined is how many rows the run set apart, those that could not be decoded included.
func (r Result) Quarantined() int64 {
	n := r.Undecoded
	for _, e := range r.Entities {
		n += e.Quarantined
	}
	return n
}

// Read is how many rows the run looked at, those that could not be decoded included.
func (r Result) Read() int64 {
	n := r.Undecoded
	for _, e := range r.Entities {
		n += e.Read
	}
	return n
}

// Run fills the staging tables. It can be repeated: tables are emptied first.
func (p *Plan) Run(ctx context.Context) (Result, error) {
	var result Result
	if err := p.clear(ctx); err != nil {
		return result, err
	}
	if err := p.listMapped(ctx); err != nil {
		return result, err
	}
	for _, name := range p.Entities() {
		entity, _ := p.set.Entity(name)
		one, err := p.runEntity(ctx, entity)
		if err != nil {
			return result, fmt.Errorf("stage %s: %w", name, err)
		}
		result.Entities = append(result.Entities, one)
	}
	var err error
	if result.Undecoded, err = p.undecodedRows(ctx); err != nil {
		return result, fmt.Errorf("rows that could not be decoded: %w", err)
	}
	if result.Orphans, err = p.orphans(ctx); err != nil {
		return result, fmt.Errorf("look for orphans: %w", err)
	}
	if result.Warnings, err = p.warnings(ctx); err != nil {
		return result, fmt.Errorf("look for what to warn of: %w", err)
	}
	return result, nil
}

func (p *Plan) clear(ctx context.Context) error {
	var ddl strings.Builder
	for _, e := range p.set.Entities {
		fmt.Fprintf(&ddl, "DELETE FROM staging.%s;\n", ident(e.Name))
	}
	for _, t := range []string{"mapped", "quarantine", "orphan", "warning"} {
		fmt.Fprintf(&ddl, "DELETE FROM staging.%s;\n", t)
	}
	return p.exec(ctx, "%s", ddl.String())
}

func (p *Plan) listMapped(ctx context.Context) error {
	seen := map[string]bool{}
	var rows []string
	for _, m := range p.allMaps() {
		for _, f := range m.fields {
			row := fmt.Sprintf("(%s, %s)", text(m.entity), text(f))
			if !seen[row] {
				seen[row] = true
				rows = append(rows, row)
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return p.exec(ctx, "INSERT INTO staging.mapped VALUES %s", strings.Join(rows, ", "))
}

type mappedFields struct {
	entity string
	fields []string
}

// allMaps lists what the config fills. A map whose stream has not delivered counts: the source is there, only empty.
func (p *Plan) allMaps() []mappedFields {
	var out []mappedFields
	compiled := map[int]*compiledMap{}
	for _, m := range p.maps {
		compiled[m.index] = m
	}
	for i, spec := range p.cfg.Maps {
		if m := compiled[i]; m != nil {
			out = append(out, mappedFields{m.entity.Name, m.mapped})
			continue
		}
		out = append(out, mappedFields{spec.Entity.Value, fieldNames(spec)})
	}
	return out
}

// runEntity types the rows of all maps of an entity, decides between rows of one key, and cuts at as_of.
func (p *Plan) runEntity(ctx context.Context, e *schemas.Entity) (EntityResult, error) {
	result := EntityResult{Entity: e.Name}
	typed := "temp." + ident("typed "+e.Name)
	columns := typedColumns(e)
	ddl := make([]string, len(columns))
	for i, c := range columns {
		ddl[i] = ident(c.name) + " " + c.typ
	}
	if err := p.exec(ctx, "CREATE OR REPLACE TEMP TABLE %s (%s)", ident("typed "+e.Name), strings.Join(ddl, ", ")); err != nil {
		return result, err
	}
	for _, m := range p.maps {
		if m.entity != e {
			continue
		}
		if err := p.exec(ctx, "INSERT INTO %s\n%s", typed, m.sql); err != nil {
			return result, fmt.Errorf("map at %s: %w", m.spec.At, err)
		}
		if err := p.checkLookups(ctx, m, typed); err != nil {
			return result, err
		}
	}
	if err := p.quarantine(ctx, e, typed, &result); err != nil {
		return result, err
	}
	losers, err := p.decide(ctx, e, typed, &result)
	if err != nil {
		return result, err
	}
	from := typed
	if losers != "" {
		from = fmt.Sprintf("(SELECT * FROM %s WHERE rowid NOT IN (SELECT _rowid FROM %s))", typed, losers)
	}
	if err := p.exec(ctx, "INSERT INTO staging.%s\n%s", ident(e.Name), p.cutQuery(e, from)); err != nil {
		return result, err
	}
	if err := p.queryRow(ctx, []any{&result.Rows}, "SELECT count(*) FROM staging.%s", ident(e.Name)); err != nil {
		return result, err
	}
	result.NotBorn = max(result.NotBorn-result.Rows, 0)
	return result, p.exec(ctx, "DROP TABLE %s", typed)
}

// checkLookups refuses a lookup that finds several rows for one: it would count things twice.
func (p *Plan) checkLookups(ctx context.Context, m *compiledMap, typed string) error {
	if !m.lookups {
		return nil
	}
	var file string
	var line, rows int64
	err := p.queryRow(ctx, []any{&rows, &file, &line}, `SELECT count(*), coalesce(min_by(_source_file, _row), ''), coalesce(min_by(_source_line, _row), 0)
FROM (SELECT _row, any_value(_source_file) AS _source_file, any_value(_source_line) AS _source_line FROM %s WHERE _map = %d GROUP BY _row, _gone HAVING count(*) > 1)`, typed, m.index)
	if err != nil || rows == 0 {
		return err
	}
	names := make([]string, len(m.spec.Lookup))
	for i, l := range m.spec.Lookup {
		names[i] = l.Name
	}
	return &DataError{Msg: fmt.Sprintf("%s: a lookup of %s (%s) finds several rows for one: %d rows, first %s:%d", m.spec.At, m.entity.Name, strings.Join(names, ", "), rows, file, line),
		Hint: "give the lookup's stream a key, or narrow it with where: or a further condition in on:"}
}

// DataError is something in the data that the maps leave undecided, so that no night can be built from it.
type DataError struct{ Msg, Hint string }

func (e *DataError) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + " (" + e.Hint + ")"
}

func (p *Plan) quarantine(ctx context.Context, e *schemas.Entity, typed string, result *EntityResult) error {
	err := p.queryRow(ctx, []any{&result.Read, &result.Quarantined}, "SELECT count(*) FILTER (NOT _gone), count(_bad) FILTER (NOT _gone) FROM %s", typed)
	if err != nil || result.Quarantined == 0 {
		return err
	}
	for _, m := range p.maps {
		if m.entity != e {
			continue
		}
		source, name, _ := strings.Cut(m.stream, ".")
		bad := fmt.Sprintf("SELECT _row%s FROM %s WHERE _bad IS NOT NULL AND _map = %d", m.rowScale, typed, m.index)
		details := strings.Replace(m.details, sourceFilter, fmt.Sprintf(" WHERE _row IN (%s)", bad), 1)
		err := p.exec(ctx, "INSERT INTO staging.quarantine\nSELECT %s, %s, %s, _rule, _field, _value, _detail, _source_file, _source_line, _load_id FROM (\n%s\n)",
			text(e.Name), text(source), text(name), details)
		if err != nil {
			return err
		}
	}
	return nil
}

// cutQuery gives the table's rows as they stood at as_of: what was born later is left out, instants that were still to come are null,
// and a state that such an instant brought is what it was before.
func (p *Plan) cutQuery(e *schemas.Entity, from string) string {
	at, day := fmt.Sprintf("TIMESTAMPTZ '%s'", p.opts.AsOfAt.UTC().Format("2006-01-02 15:04:05.999999-07:00")), fmt.Sprintf("DATE '%s'", p.opts.AsOf)
	later := func(f schemas.Field) string {
		if f.Kind == schemas.Date {
			return fmt.Sprintf("%s > %s", ident(f.Name), day)
		}
		return fmt.Sprintf("%s >= %s", ident(f.Name), at)
	}
	columns := make([]string, 0, len(e.Fields)+len(lineageColumns()))
	for _, f := range e.Fields {
		name := ident(f.Name)
		switch {
		case f.Name == "deleted":
			columns = append(columns, "CASE WHEN _gone THEN true ELSE deleted END AS deleted")
		case f.State != nil:
			instant, _ := e.Field(f.State.Instant)
			before := "NULL"
			if f.State.Before != nil {
				before = text(*f.State.Before)
			}
			columns = append(columns, fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END AS %s", later(instant), before, name, name))
		case f.Kind == schemas.Instant && !f.Planned && f.Name != e.EventTime:
			columns = append(columns, fmt.Sprintf("CASE WHEN %s THEN NULL ELSE %s END AS %s", later(f), name, name))
		default:
			columns = append(columns, name)
		}
	}
	for _, c := range lineageColumns() {
		columns = append(columns, c.name)
	}
	conditions := []string{"_bad IS NULL"}
	if f, ok := e.Field(e.EventTime); ok {
		conditions = append(conditions, fmt.Sprintf("NOT coalesce(%s, false)", later(f)))
	}
	if _, ok := e.Field("deleted"); !ok {
		conditions = append(conditions, "NOT _gone")
	}
	return fmt.Sprintf("SELECT\n  %s\nFROM %s\nWHERE %s", strings.Join(columns, ",\n  "), from, strings.Join(conditions, " AND "))
}
