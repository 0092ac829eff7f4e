package lineage

import (
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/syntax"
)

// binder follows one query.
type binder struct{ in Input }

// result is what a query gives.
type result struct {
	columns []column
	rows    set
	open    bool // there are more columns than are known, and none has a place
	lost    bool // something that decides about rows could not be followed
}

// named is the result as a relation of a FROM clause.
func (q result) named(n syntax.Node) *relation {
	r := &relation{columns: slices.Clone(q.columns), open: q.open}
	r.rename(n)
	return r
}

// ctes is the chain of names that WITH has given so far.
type ctes struct {
	name   string
	result result
	outer  *ctes
}

func (c *ctes) find(n syntax.Node) (result, bool) {
	if schema := n.Str("schema_name"); n.Str("catalog_name") != "" || schema != "" && schema != "recurring" {
		return result{}, false
	}
	for ; c != nil; c = c.outer {
		if c.name == strings.ToLower(n.Str("table_name")) {
			return c.result, true
		}
	}
	return result{}, false
}

// query follows a SELECT, a set operation or a recursive one. outer is what it may refer to besides its own tables.
func (b *binder) query(n syntax.Node, names *ctes, outer *scope) result {
	for _, entry := range n.Child("cte_map").Children("map") {
		q := b.query(entry.Child("value").Child("query").Child("node"), names, outer)
		renameColumns(q.columns, texts(entry.Child("value")["aliases"]))
		names = &ctes{strings.ToLower(entry.Str("key")), q, names}
	}
	switch n.Str("type") {
	case "SELECT_NODE":
		return b.selection(n, names, outer)
	case "SET_OPERATION_NODE":
		return b.setOperation(n, names, outer)
	case "RECURSIVE_CTE_NODE":
		return b.recursion(n, names, outer)
	}
	return result{rows: set{}, open: true, lost: true}
}

func (b *binder) selection(n syntax.Node, names *ctes, outer *scope) result {
	s := &scope{ctes: names, outer: outer}
	out := result{}
	s.relations, out.rows = b.from(n.Child("from_table"), names, &scope{ctes: names, outer: outer})
	aggregates := map[int]bool{}
	for _, item := range n.Children("select_list") {
		columns, open := b.selected(item, s)
		out.open = out.open || open
		if b.isAggregate(item) {
			aggregates[len(out.columns)] = true
		}
		out.columns = append(out.columns, columns...)
		s.aliases = append(s.aliases, columns...)
	}
	decide := func(as Kind, nodes ...syntax.Node) {
		for _, node := range nodes {
			if node == nil {
				continue
			}
			v := b.expression(node, s)
			out.rows, out.lost = setOf(out.rows, v.uses.only(as)), out.lost || !v.known
		}
	}
	decide(Filter, n.Child("where_clause"), n.Child("having"), n.Child("qualify"))
	for _, g := range n.Children("group_expressions") {
		if v, isPlace := placed(g, out.columns); isPlace {
			out.rows = setOf(out.rows, v.uses.only(GroupBy))
			continue
		}
		decide(GroupBy, g)
	}
	if n.Str("aggregate_handling") == "FORCE_AGGREGATES" { // GROUP BY ALL
		for i, c := range out.columns {
			if !aggregates[i] {
				out.rows = setOf(out.rows, c.uses.only(GroupBy))
			}
		}
	}
	b.modifiers(n, s, &out)
	return out
}

// placed is the column that a number stands for in GROUP BY 1 and ORDER BY 1.
func placed(n syntax.Node, columns []column) (value, bool) {
	if n.Str("class") != "CONSTANT" {
		return value{}, false
	}
	at, ok := n.Child("value")["value"].(float64)
	if !ok || at < 1 || int(at) > len(columns) {
		return value{known: true}, true
	}
	return columns[int(at)-1].value, true
}

// modifiers are DISTINCT and ORDER BY.
func (b *binder) modifiers(n syntax.Node, s *scope, out *result) {
	for _, m := range n.Children("modifiers") {
		switch m.Str("type") {
		case "DISTINCT_MODIFIER":
			on := m.Children("distinct_on_targets")
			for _, c := range out.columns {
				if len(on) == 0 {
					out.rows = setOf(out.rows, c.uses.only(GroupBy))
				}
			}
			out.rows = setOf(out.rows, b.all(on, s).uses.only(GroupBy))
		case "ORDER_MODIFIER":
			for _, o := range m.Children("orders") {
				v, isPlace := placed(o.Child("expression"), out.columns)
				if !isPlace {
					v = b.expression(o.Child("expression"), s)
				}
				out.rows = setOf(out.rows, v.uses.only(Sort))
			}
		}
	}
}

// isAggregate says whether an aggregate stands anywhere in an expression, subqueries aside.
func (b *binder) isAggregate(n syntax.Node) bool {
	switch n.Str("class") {
	case "FUNCTION":
		if b.in.Aggregates[strings.ToLower(n.Str("function_name"))] {
			return true
		}
	case "SUBQUERY":
		return false
	}
	return slices.ContainsFunc(below(n), b.isAggregate)
}

// selected is the columns that one item of a select list gives; open when nobody can say which.
func (b *binder) selected(item syntax.Node, s *scope) (columns []column, open bool) {
	if item.Str("class") == "STAR" {
		return b.star(item, s)
	}
	name := strings.ToLower(item.Str("alias"))
	if names := texts(item["column_names"]); name == "" && len(names) > 0 {
		name = names[len(names)-1]
	}
	return []column{{name: name, value: b.expression(item, s)}}, false
}

// star is * or table.*, with what is left out or replaced.
func (b *binder) star(n syntax.Node, s *scope) (columns []column, open bool) {
	of := strings.ToLower(n.Str("relation_name"))
	if is, _ := n["columns"].(bool); is || n.Child("expr") != nil || len(list(n["rename_list"])) > 0 {
		return nil, true
	}
	without, instead := texts(n["exclude_list"]), pairs(n["replace_list"])
	found := false
	for _, r := range s.relations {
		if of != "" && r.alias != of {
			continue
		}
		found, open = true, open || r.open
		for _, c := range r.shown() {
			if slices.Contains(without, c.name) {
				continue
			}
			if e, ok := instead[c.name]; ok {
				c.value = b.expression(e, s)
			}
			columns = append(columns, c)
		}
	}
	return columns, open || !found || len(list(n["qualified_exclude_list"])) > 0
}

// pairs are expressions by name, as DuckDB writes them.
func pairs(of any) map[string]syntax.Node {
	out := map[string]syntax.Node{}
	for _, item := range list(of) {
		entry, _ := item.(map[string]any)
		key, _ := entry["key"].(string)
		value, _ := entry["value"].(map[string]any)
		out[strings.ToLower(key)] = value
	}
	return out
}

func list(of any) []any {
	items, _ := of.([]any)
	return items
}

// setOperation is UNION, EXCEPT or INTERSECT of two queries or more.
func (b *binder) setOperation(n syntax.Node, names *ctes, outer *scope) result {
	sides := n.Children("children")
	for _, key := range []string{"left", "right"} {
		if side := n.Child(key); side != nil {
			sides = append(sides, side)
		}
	}
	var out result
	for i, side := range sides {
		q := b.query(side, names, outer)
		switch {
		case i == 0:
			out = q
		case strings.HasPrefix(n.Str("setop_type"), "UNION"):
			out = union(out, q, n.Str("setop_type") == "UNION_BY_NAME")
		default: // the right side only decides which rows of the left stay
			out.rows, out.lost = setOf(out.rows, q.rows), out.lost || q.lost || q.open
			for _, c := range q.columns {
				out.rows = setOf(out.rows, c.uses.only(Filter))
			}
		}
	}
	if all, _ := n["setop_all"].(bool); !all {
		for _, c := range out.columns {
			out.rows = setOf(out.rows, c.uses.only(GroupBy))
		}
	}
	b.modifiers(n, &scope{ctes: names, outer: outer, aliases: out.columns}, &out)
	return out
}

// union puts two queries below each other, by place or by name.
func union(a, c result, byName bool) result {
	out := result{rows: setOf(a.rows, c.rows), open: a.open || c.open, lost: a.lost || c.lost}
	if out.open {
		return out
	}
	out.columns = slices.Clone(a.columns)
	for i, other := range c.columns {
		at := i
		if byName {
			at = slices.IndexFunc(out.columns, func(c column) bool { return c.name == other.name })
		}
		switch {
		case at >= 0 && at < len(out.columns):
			out.columns[at].value = out.columns[at].join(other.value)
		case byName:
			out.columns = append(out.columns, other)
		}
	}
	return out
}

// recursion is repeated until nothing new comes: its columns may be made of columns that it makes.
func (b *binder) recursion(n syntax.Node, names *ctes, outer *scope) result {
	name, aliases := strings.ToLower(n.Str("cte_name")), texts(n["aliases"])
	out := b.query(n.Child("left"), names, outer)
	for {
		renameColumns(out.columns, aliases)
		next := union(out, b.query(n.Child("right"), &ctes{name, out, names}, outer), false)
		if next.size() == out.size() {
			return next
		}
		out = next
	}
}

// size grows with every input that is found.
func (q result) size() int {
	n := len(q.rows)
	for _, c := range q.columns {
		n += len(c.uses)
	}
	return n
}
