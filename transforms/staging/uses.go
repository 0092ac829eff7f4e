package staging

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// Uses says which maps use a column of a stream, and where they stand: "deal.amount (tributary.yaml:42)". A SELECT that reads the
// stream uses every column that it names.
func Uses(cfg Config, stream, column string) []string {
	parser, err := syntax.NewParser()
	if err != nil {
		return nil
	}
	defer parser.Close()
	u := &usage{parser: parser, stream: stream, column: column}
	for _, m := range cfg.Maps {
		u.ofMap(m)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Identity)) {
		for _, x := range cfg.Identity[name].Crosswalk {
			if x.From.Value == stream && (u.is(x.Local.Value) || u.is(x.Key.Value)) {
				u.add("crosswalk of "+name, x.At)
			}
		}
	}
	return u.found
}

type usage struct {
	parser         *syntax.Parser
	stream, column string
	found          []string
}

func (u *usage) ofMap(m Map) {
	if m.Select.Value != "" {
		if q, err := u.parser.Parse(context.Background(), m.Select.Value); err == nil && u.reads(q) && u.names(q) {
			u.add("the select of "+m.Entity.Value, m.Select.Pos)
		}
		return
	}
	for _, l := range m.Lookup {
		u.ofLookup(m, l)
	}
	if m.From.Value != u.stream {
		u.alias(m)
		return
	}
	if u.inExpression(m.Where, "") {
		u.add("where of "+m.Entity.Value, m.Where.Pos)
	}
	if m.Unnest != nil && u.is(m.Unnest.Column.Value) {
		u.add("unnest of "+m.Entity.Value, m.Unnest.At)
	}
	for _, f := range m.Fields {
		zone := f.Zone != nil && u.is(f.Zone.Column.Value)
		cents := f.MinorUnits != nil && (u.is(f.MinorUnits.Column.Value) || u.inExpression(f.MinorUnits.Expr, ""))
		if u.is(f.Column.Value) || zone || cents || u.inExpression(f.Expr, "") {
			u.add(m.Entity.Value+"."+f.Name, f.At)
		}
	}
}

// ofLookup looks at the condition of a lookup, and at its columns that this stream fills.
func (u *usage) ofLookup(m Map, l Lookup) {
	what := "lookup " + l.Name + " of " + m.Entity.Value
	own := l.From.Value == u.stream
	for _, p := range l.On.Pairs {
		if own && u.is(p.Column.Value) || m.From.Value == u.stream && u.inExpression(p.Expr, "") {
			u.add(what, l.At)
		}
	}
	if own && (u.inExpression(l.Where, "") || u.inExpression(l.On.Text, l.Name)) || m.From.Value == u.stream && u.inExpression(l.On.Text, "") {
		u.add(what, l.At)
	}
}

// alias looks for columns of this stream that a map of another one reads through a lookup.
func (u *usage) alias(m Map) {
	for _, l := range m.Lookup {
		if l.From.Value != u.stream {
			continue
		}
		for _, f := range m.Fields {
			if strings.EqualFold(f.Column.Value, l.Name+"."+u.column) || u.inExpression(f.Expr, l.Name) {
				u.add(m.Entity.Value+"."+f.Name, f.At)
			}
		}
		if u.inExpression(m.Where, l.Name) {
			u.add("where of "+m.Entity.Value, m.Where.Pos)
		}
	}
}

func (u *usage) is(name string) bool { return name != "" && strings.EqualFold(name, u.column) }

// inExpression tells whether an expression names the column: alone or as row.column, or as that of a lookup.
func (u *usage) inExpression(t diag.Text, lookup string) bool {
	if t.Value == "" {
		return false
	}
	var ignored diag.List // check has reported it
	e, _ := parseExpression(context.Background(), u.parser, t, &ignored)
	return slices.ContainsFunc(e.refs, func(r reference) bool {
		last, rest := r.parts[len(r.parts)-1], r.parts[:len(r.parts)-1]
		if !u.is(last) {
			return false
		}
		if lookup != "" {
			return len(rest) == 1 && strings.EqualFold(rest[0], lookup)
		}
		return len(rest) == 0 || strings.EqualFold(rest[0], rowName)
	})
}

// reads tells whether a query reads the stream's raw table.
func (u *usage) reads(q *syntax.Query) bool {
	return slices.ContainsFunc(q.Tables(), func(r syntax.TableRef) bool { return strings.EqualFold(r.Name(), "raw."+rawName(u.stream)) })
}

// names tells whether a query names the column, or takes all of them.
func (u *usage) names(q *syntax.Query) bool {
	found := false
	q.Walk(func(n syntax.Node) {
		switch n.Str("class") {
		case "COLUMN_REF":
			parts := columnNames(n)
			found = found || len(parts) > 0 && u.is(parts[len(parts)-1])
		case "STAR":
			found = true
		}
	})
	return found
}

func (u *usage) add(what string, at diag.Pos) {
	if text := fmt.Sprintf("%s (%s)", what, at); !slices.Contains(u.found, text) {
		u.found = append(u.found, text)
	}
}
