package staging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// selectRows treats a map that is a SELECT over raw tables as a stream of its own, whose columns are what it gives. Without fields:
// its columns are the entity's fields by their names. Nil when a stream that it reads has not delivered anything yet.
func (p *Plan) selectRows(ctx context.Context, spec Map) (*stream, Fields, error) {
	streams, ok := selectStreams(ctx, p.parser, p.cfg, spec, &p.problems)
	if !ok {
		return nil, nil, nil
	}
	for _, name := range streams {
		if p.streams[name] == nil {
			return nil, nil, nil
		}
	}
	columns, err := p.describe(ctx, spec.Select.Value)
	if err != nil {
		p.problems.Add(spec.Select.Pos, "raw tables are named raw.<source>_<stream>, their columns are text", "the select is refused: %s", err)
		return nil, nil, nil
	}
	s := &stream{name: selectSource(spec, streams), version: "NULL"}
	selected := make([]string, 0, len(columns)+len(lineageColumns()))
	for _, c := range columns {
		if !isLineage(c.name) {
			s.columns = append(s.columns, c)
			selected = append(selected, ident(c.name))
		}
	}
	for _, c := range lineageColumns() {
		switch {
		case c.name == "_source":
		case hasColumn(columns, c.name):
			selected = append(selected, ident(c.name))
		case c.name == "_row":
			selected = append(selected, "row_number() OVER () AS _row")
		default:
			selected = append(selected, fmt.Sprintf("CAST(NULL AS %s) AS %s", c.typ, c.name))
		}
	}
	s.query = fmt.Sprintf("(SELECT %s, false AS _gone FROM (\n%s\n))", strings.Join(selected, ", "), indent(strings.TrimRight(strings.TrimSpace(spec.Select.Value), ";")))
	return s, p.selectFields(spec, s), nil
}

// selectFields takes the columns of a SELECT as fields where the map does not say otherwise.
func (p *Plan) selectFields(spec Map, s *stream) Fields {
	if len(spec.Fields) > 0 {
		return spec.Fields
	}
	entity, _ := p.set.Entity(spec.Entity.Value)
	var fields Fields
	for _, c := range s.columns {
		if _, ok := entity.Field(c.name); !ok {
			p.problems.Add(spec.Select.Pos, diag.DidYouMean(c.name, entity.FieldNames()), "the select gives a column %q that %s does not have", c.name, entity.Name)
			continue
		}
		fields = append(fields, Field{At: spec.Select.Pos, Name: c.name, fieldOptions: fieldOptions{Column: diag.Text{Value: c.name, Pos: spec.Select.Pos}}})
	}
	for _, f := range entity.Fields {
		if f.Required && f.NullAs == nil && !hasColumn(s.columns, f.Name) {
			p.problems.Add(spec.Select.Pos, "", "%s needs %s; the select does not give it", entity.Name, f.Name)
		}
	}
	return fields
}

// selectStreams finds the streams that a SELECT reads.
func selectStreams(ctx context.Context, parser *syntax.Parser, cfg Config, spec Map, problems *diag.List) ([]string, bool) {
	q, err := parser.Parse(ctx, spec.Select.Value)
	if err != nil {
		var refused *syntax.Error
		hint := ""
		if errors.As(err, &refused) {
			hint = refused.Hint
		}
		problems.Add(spec.Select.Pos, hint, "the select cannot be read: %s", err)
		return nil, false
	}
	known := map[string]string{}
	var tables []string
	for name := range cfg.Streams {
		known["raw."+strings.ToLower(rawName(name))] = name
		tables = append(tables, "raw."+rawName(name))
	}
	var streams []string
	ok := true
	for _, t := range q.Tables() {
		name, found := known[t.Name()]
		if !found {
			problems.Add(spec.Select.Pos, diag.DidYouMean(t.Name(), sorted(tables)), "the select reads an unknown table %s", t.Name())
			ok = false
			continue
		}
		if !slices.Contains(streams, name) {
			streams = append(streams, name)
		}
	}
	return streams, ok
}

// selectSource is the stream under whose name the rows of a SELECT go.
func selectSource(spec Map, streams []string) string {
	switch {
	case spec.Source.Value != "":
		return spec.Source.Value
	case len(streams) == 0:
		return "select"
	}
	return streams[0]
}

func isLineage(name string) bool { return hasColumn(lineageColumns(), name) }

func hasColumn(columns []column, name string) bool {
	return slices.ContainsFunc(columns, func(c column) bool { return c.name == name })
}
