package staging

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/lineage"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// Trace says which columns of streams the fields of an entity are made of.
type Trace struct {
	Entity  string
	SQL     string            // one SELECT over the raw tables
	Streams map[string]string // full names of the streams that it reads, by the names of their raw tables
	// Lineage has streams for tables, and neither the columns that every table has for bookkeeping (_row, _commit, …) nor what they decide.
	lineage.Lineage
}

// Trace follows the fields of every entity that some map fills, back to columns of streams. It reads the maps, no rows, and needs no
// connection: the plan may be closed.
func (p *Plan) Trace(ctx context.Context, aggregates map[string]bool) ([]Trace, error) {
	parser, err := syntax.NewParser()
	if err != nil {
		return nil, err
	}
	defer parser.Close()
	raw := map[string]*stream{}
	for _, s := range p.streams {
		for _, table := range []string{rawName(s.name), "vanished rows of " + s.name} {
			raw["raw."+strings.ToLower(table)] = s
		}
	}
	columns := func(table string) []lineage.Column {
		s := raw[table]
		if s == nil {
			return nil
		}
		var out []lineage.Column
		for _, c := range slices.Concat(s.columns, lineageColumns(), []column{{"_extracted_at", ""}, {"_op", ""}}) {
			out = append(out, lineage.Column{Name: c.name, Type: c.typ})
		}
		return out
	}
	var traces []Trace
	for _, name := range p.Entities() {
		t := Trace{Entity: name, SQL: p.selectOf(name), Streams: map[string]string{}}
		q, err := parser.Parse(ctx, t.SQL)
		if err != nil {
			return nil, fmt.Errorf("trace the fields of %s: %w", name, err)
		}
		for _, ref := range q.Tables() {
			if s := raw[ref.Name()]; s != nil {
				t.Streams[ref.Name()] = s.name
			}
		}
		t.Lineage = ofStreams(lineage.Of(q, lineage.Input{Columns: columns, Aggregates: aggregates}, nil), t.Streams)
		traces = append(traces, t)
	}
	return traces, nil
}

// selectOf is all maps of an entity and the cut at as_of as one SELECT. Which of two rows with one key counts is not in it.
func (p *Plan) selectOf(name string) string {
	e, _ := p.set.Entity(name)
	var maps, names []string
	for _, m := range p.maps {
		if m.entity == e {
			maps = append(maps, m.sql)
		}
	}
	for _, c := range typedColumns(e) {
		names = append(names, ident(c.name))
	}
	return fmt.Sprintf("WITH typed (%s) AS (\n%s\n)\n%s", strings.Join(names, ", "), strings.Join(maps, "\nUNION ALL\n"), p.cutQuery(e, "typed"))
}

// ofStreams puts streams in the place of raw tables, and leaves bookkeeping out.
func ofStreams(l lineage.Lineage, streams map[string]string) lineage.Lineage {
	sources := func(from []lineage.Source) []lineage.Source {
		var out []lineage.Source
		for _, s := range from {
			s.Table = streams[s.Table]
			if !strings.HasPrefix(s.Column, "_") && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return out
	}
	out := lineage.Lineage{Rows: sources(l.Rows)}
	for _, o := range l.Outputs {
		if !strings.HasPrefix(o.Name, "_") {
			out.Outputs = append(out.Outputs, lineage.Output{Name: o.Name, Sources: sources(o.Sources)})
		}
	}
	return out
}
