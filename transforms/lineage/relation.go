package lineage

import (
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/syntax"
)

// relation is something that FROM names.
type relation struct {
	schema, alias string
	columns       []column
	// open says that it may have more columns than are known.
	open bool
	// every is what any column of a generated table is made of, whatever it is called.
	every *value
	// shared are columns that USING has merged: what their bare name means; nil = another relation shows them.
	shared map[string]*value
}

// isCalled says whether a qualifier names the relation.
func (r *relation) isCalled(qualifier []string) bool {
	if r.alias != qualifier[len(qualifier)-1] {
		return false
	}
	return len(qualifier) == 1 || r.schema == qualifier[0]
}

// column finds a column; bare says that no qualifier stands before it.
func (r *relation) column(name string, bare bool) (value, bool) {
	if shared, merged := r.shared[name]; merged && bare {
		if shared == nil {
			return value{}, false
		}
		return *shared, true
	}
	for _, c := range r.columns {
		if c.name == name {
			return c.value, true
		}
	}
	if r.every != nil && (!bare || name == r.alias) {
		return *r.every, true
	}
	return value{}, r.open
}

// shown are the columns that * gives.
func (r *relation) shown() []column {
	var out []column
	for _, c := range r.columns {
		if shared, merged := r.shared[c.name]; merged {
			if shared == nil {
				continue
			}
			c.value = *shared
		}
		out = append(out, c)
	}
	if r.every != nil && len(r.columns) == 0 {
		out = append(out, column{name: r.alias, value: *r.every})
	}
	return out
}

// from reads a FROM clause: its relations, and what decides about rows in it. outer is what a lateral join sees.
func (b *binder) from(n syntax.Node, names *ctes, outer *scope) (relations []*relation, rows set) {
	switch n.Str("type") {
	case "EMPTY", "":
		return nil, set{}
	case "BASE_TABLE":
		return b.table(n, names)
	case "SUBQUERY":
		q := b.query(n.Child("subquery").Child("node"), names, outer)
		return []*relation{q.named(n)}, q.rows
	case "JOIN":
		return b.join(n, names, outer)
	case "TABLE_FUNCTION":
		return []*relation{b.generated(n, outer)}, set{}
	case "EXPRESSION_LIST":
		return []*relation{b.listed(n, outer)}, set{}
	}
	return []*relation{{alias: strings.ToLower(n.Str("alias")), open: true}}, set{} // PIVOT and what is to come
}

func (b *binder) table(n syntax.Node, names *ctes) ([]*relation, set) {
	ref := syntax.TableRef{Schema: n.Str("schema_name"), Table: n.Str("table_name")}
	if q, ok := names.find(n); ok {
		r := q.named(n)
		if r.alias == "" {
			r.alias = strings.ToLower(ref.Table)
		}
		return []*relation{r}, q.rows
	}
	r := &relation{schema: strings.ToLower(ref.Schema), alias: strings.ToLower(ref.Table)}
	columns := b.in.Columns(ref.Name())
	r.open = columns == nil
	for _, c := range columns {
		uses := set{Source{Table: ref.Name(), Column: c.Name, Kind: Identity}: {}}
		r.columns = append(r.columns, column{name: strings.ToLower(c.Name), value: value{uses: uses, typ: c.Type, known: true}})
	}
	r.rename(n)
	return []*relation{r}, set{}
}

// rename gives a relation the alias and the column names of its node.
func (r *relation) rename(n syntax.Node) {
	if alias := n.Str("alias"); alias != "" {
		r.schema, r.alias = "", strings.ToLower(alias)
	}
	renameColumns(r.columns, texts(n["column_name_alias"]))
}

func renameColumns(columns []column, names []string) {
	for i, name := range names {
		if i < len(columns) {
			columns[i].name = name
		}
	}
}

// generated is a table that a function makes of its arguments.
func (b *binder) generated(n syntax.Node, outer *scope) *relation {
	f := n.Child("function")
	name := strings.ToLower(f.Str("function_name"))
	r := &relation{alias: strings.ToLower(n.Str("alias"))}
	switch name {
	case "range", "generate_series", "unnest", "date_spine":
	default: // it may read anything
		r.open = true
		return r
	}
	v := b.all(f.Children("children"), outer)
	r.every = &v
	if r.alias == "" {
		r.alias = name
	}
	for _, alias := range texts(n["column_name_alias"]) {
		r.columns = append(r.columns, column{name: alias, value: v})
	}
	if name == "date_spine" && len(r.columns) == 0 {
		r.columns = []column{{name: "day", value: v}}
	}
	return r
}

// listed is VALUES.
func (b *binder) listed(n syntax.Node, outer *scope) *relation {
	r := &relation{alias: strings.ToLower(n.Str("alias"))}
	for _, row := range list(n["values"]) {
		for i, cell := range list(row) {
			node, _ := cell.(map[string]any)
			v := b.expression(node, outer)
			if i == len(r.columns) {
				r.columns = append(r.columns, column{value: v})
			} else {
				r.columns[i].value = r.columns[i].join(v)
			}
		}
	}
	renameColumns(r.columns, append(texts(n["expected_names"]), texts(n["column_name_alias"])...))
	return r
}

// join reads both sides; the right one sees the left one.
func (b *binder) join(n syntax.Node, names *ctes, outer *scope) ([]*relation, set) {
	left, rows := b.from(n.Child("left"), names, outer)
	right, more := b.from(n.Child("right"), names, &scope{relations: left, ctes: names, outer: outer})
	rows = setOf(rows, more)
	both := &scope{relations: slices.Concat(left, right), ctes: names, outer: outer}
	if on := n.Child("condition"); on != nil {
		rows = setOf(rows, b.expression(on, both).uses.only(Join))
	}
	using := texts(n["using_columns"])
	if n.Str("ref_type") == "NATURAL" {
		using = common(left, right)
	}
	for _, name := range using {
		rows = setOf(rows, merge(n.Str("join_type"), name, left, right).only(Join))
	}
	if kind := n.Str("join_type"); kind == "SEMI" || kind == "ANTI" {
		return left, rows
	}
	return both.relations, rows
}

// merge makes one column of two that USING names, and gives what both are made of.
func merge(kind, name string, left, right []*relation) set {
	l, r := owner(left, name), owner(right, name)
	if l == nil || r == nil {
		return set{}
	}
	a, _ := l.column(name, true)
	c, _ := r.column(name, true)
	shown := a
	switch kind {
	case "RIGHT":
		shown = c
	case "FULL", "OUTER":
		shown = value{uses: setOf(a.uses, c.uses).transformed(), known: a.known && c.known}
	}
	l.share(name, &shown)
	r.share(name, nil)
	return setOf(a.uses, c.uses)
}

func (r *relation) share(name string, v *value) {
	if r.shared == nil {
		r.shared = map[string]*value{}
	}
	r.shared[name] = v
}

func owner(relations []*relation, name string) *relation {
	for _, r := range relations {
		if _, found := r.column(name, true); found {
			return r
		}
	}
	return nil
}

// common are the columns that both sides of a natural join have.
func common(left, right []*relation) []string {
	var out []string
	for _, l := range left {
		for _, c := range l.shown() {
			if owner(right, c.name) != nil {
				out = append(out, c.name)
			}
		}
	}
	return out
}
