package lineage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/syntax"
)

// expression finds what an expression is made of.
func (b *binder) expression(n syntax.Node, s *scope) value {
	switch n.Str("class") {
	case "COLUMN_REF":
		return s.find(texts(n["column_names"]))
	case "CONSTANT":
		return value{known: true}
	case "CAST":
		return b.cast(n, s)
	case "CASE":
		return b.choice(n, s)
	case "FUNCTION":
		return b.function(n, s)
	case "WINDOW":
		return b.window(n, s)
	case "SUBQUERY":
		return b.subquery(n, s)
	case "LAMBDA":
		// its parameters stand for elements of the list beside it
		inner := &scope{outer: s, parameters: parameters(n.Child("lhs"))}
		return b.expression(n.Child("expr"), inner)
	case "STAR", "PARAMETER", "DEFAULT", "POSITIONAL_REFERENCE":
		return value{}
	}
	return b.all(below(n), s)
}

// all is what several expressions together make.
func (b *binder) all(nodes []syntax.Node, s *scope) value {
	out := value{uses: set{}, known: true}
	for _, n := range nodes {
		v := b.expression(n, s)
		out.known = out.known && v.known
		out.uses = setOf(out.uses, v.uses.transformed())
	}
	return out
}

// below are the expressions inside a node of any other kind.
func below(n syntax.Node) []syntax.Node {
	var out []syntax.Node
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				visit(item)
			}
		case map[string]any:
			if syntax.Node(v).Str("class") != "" {
				out = append(out, v)
				return
			}
			for _, item := range v {
				visit(item)
			}
		}
	}
	for key, v := range n {
		if key != "class" {
			visit(v)
		}
	}
	return out
}

// cast keeps a value what it is only when the type is the one that it has.
func (b *binder) cast(n syntax.Node, s *scope) value {
	v := b.expression(n.Child("child"), s)
	to := typeName(n.Child("cast_type"))
	if to == "" || v.typ != to {
		v.uses = v.uses.transformed()
	}
	v.typ = to
	return v
}

// typeName is a type as DuckDB describes a column of it, "" for nested ones.
func typeName(n syntax.Node) string {
	info := n.Child("type_info")
	switch {
	case info == nil:
		return n.Str("id")
	case n.Str("id") == "DECIMAL":
		return fmt.Sprintf("DECIMAL(%v,%v)", info["width"], info["scale"])
	}
	return ""
}

// choice is a CASE: its conditions decide, its results are the value.
func (b *binder) choice(n syntax.Node, s *scope) value {
	results := []syntax.Node{}
	conditions := []syntax.Node{}
	for _, check := range n.Children("case_checks") {
		conditions = append(conditions, check.Child("when_expr"))
		results = append(results, check.Child("then_expr"))
	}
	if last := n.Child("else_expr"); last != nil {
		results = append(results, last)
	}
	return b.all(results, s).decidedBy(b.all(conditions, s), Conditional)
}

// decidedBy adds what decides about a value.
func (v value) decidedBy(by value, as Kind) value {
	v.uses = setOf(v.uses, by.uses.only(as))
	v.known = v.known && by.known
	return v
}

func (b *binder) function(n syntax.Node, s *scope) value {
	v := b.all(n.Children("children"), s)
	var orders []syntax.Node
	for _, o := range n.Child("order_bys").Children("orders") {
		orders = append(orders, o.Child("expression"))
	}
	name := strings.ToLower(n.Str("function_name"))
	if strings.HasPrefix(name, "quantile") || name == "mode" { // WITHIN GROUP (ORDER BY the value)
		within := b.all(orders, s)
		v.uses, v.known, orders = setOf(v.uses, within.uses), v.known && within.known, nil
	}
	if b.in.Aggregates[name] {
		v.uses = v.uses.aggregated()
	}
	v = v.decidedBy(b.all(orders, s), Sort)
	if filter := n.Child("filter"); filter != nil {
		v = v.decidedBy(b.expression(filter, s), Filter)
	}
	return v
}

// window is a function over rows beside this one.
func (b *binder) window(n syntax.Node, s *scope) value {
	args := n.Children("children")
	for _, key := range []string{"offset_expr", "default_expr"} {
		if arg := n.Child(key); arg != nil {
			args = append(args, arg)
		}
	}
	v := b.all(args, s)
	if n.Str("type") == "WINDOW_AGGREGATE" {
		v.uses = v.uses.aggregated()
	}
	over := n.Children("partitions")
	for _, key := range []string{"orders", "arg_orders"} {
		for _, o := range n.Children(key) {
			over = append(over, o.Child("expression"))
		}
	}
	for _, key := range []string{"start_expr", "end_expr", "filter_expr"} {
		if e := n.Child(key); e != nil {
			over = append(over, e)
		}
	}
	return v.decidedBy(b.all(over, s), Window)
}

// subquery is a SELECT inside an expression.
func (b *binder) subquery(n syntax.Node, s *scope) value {
	q := b.query(n.Child("subquery").Child("node"), s.ctes, s)
	out := value{uses: setOf(q.rows), known: !q.lost}
	if n.Str("subquery_type") == "EXISTS" || n.Str("subquery_type") == "NOT_EXISTS" {
		return out
	}
	if q.open || len(q.columns) != 1 {
		return value{}
	}
	inner := q.columns[0].value
	out.known = out.known && inner.known
	if n.Str("subquery_type") == "SCALAR" {
		out.uses, out.typ = setOf(out.uses, inner.uses), inner.typ
		return out
	}
	tested := b.expression(n.Child("child"), s) // x IN (SELECT …)
	out.uses = setOf(out.uses, inner.uses.only(Conditional), tested.uses.transformed())
	out.known = out.known && tested.known
	return out
}

// parameters are the names that a lambda gives.
func parameters(n syntax.Node) []string {
	out := texts(n["column_names"])
	for _, child := range n.Children("children") {
		out = append(out, parameters(child)...)
	}
	return out
}

// texts reads a list of names, in lower case.
func texts(of any) []string {
	var out []string
	for _, item := range list(of) {
		if s, ok := item.(string); ok {
			out = append(out, strings.ToLower(s))
		}
	}
	return out
}

// scope is the names that an expression can use.
type scope struct {
	relations  []*relation
	aliases    []column // of the select list so far
	parameters []string // of a lambda
	ctes       *ctes
	outer      *scope
}

// find resolves the name of a column, from the innermost query outwards.
func (s *scope) find(parts []string) value {
	for at := s; at != nil; at = at.outer {
		if len(parts) == 0 {
			break
		}
		if slices.Contains(at.parameters, parts[0]) {
			return value{known: true}
		}
		if v, found := at.here(parts); found {
			return v
		}
	}
	return value{}
}

// here looks in one query: a column of a relation, a part of one, or an alias.
func (s *scope) here(parts []string) (value, bool) {
	for i := min(2, len(parts)-1); i >= 1; i-- { // schema.table.column, table.column
		for _, r := range s.relations {
			if !r.isCalled(parts[:i]) {
				continue
			}
			if v, found := r.column(parts[i], false); found {
				return v.part(len(parts) > i+1), true
			}
		}
	}
	open := false
	for _, r := range s.relations {
		if v, found := r.column(parts[0], true); found {
			if r.open { // another relation may have it
				open = true
				continue
			}
			return v.part(len(parts) > 1), true
		}
	}
	if open {
		return value{}, true
	}
	for _, c := range s.aliases {
		if c.name == parts[0] {
			return c.value.part(len(parts) > 1), true
		}
	}
	return value{}, false
}

// part is a field of a value.
func (v value) part(is bool) value {
	if is {
		return value{uses: v.uses.transformed(), known: v.known}
	}
	return v
}
