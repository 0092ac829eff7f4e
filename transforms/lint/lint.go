// Package lint names what in a model's SQL DuckDB and Spark would answer differently, what would read the clock or differ from run to run,
// and what would let money pass through a double; with the line, the rule and what to write instead. It reads syntax, it runs nothing.
package lint

import (
	"sort"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// Finding is one place that breaks a rule.
type Finding struct {
	Rule string
	At   diag.Pos
	// Msg says what is wrong, Instead what to write.
	Msg, Instead string
}

// Findings of all models, by file and line.
type Findings []Finding

// Err is a diag.List of the findings, nil when there are none.
func (f Findings) Err() error {
	var problems diag.List
	for _, finding := range f {
		problems.Add(finding.At, finding.Instead, "%s: %s", finding.Rule, finding.Msg)
	}
	return problems.Err()
}

// Run looks at every model. Models with `engine: duckdb` are held only to the rules that make a night repeatable.
func Run(set *model.Set) Findings {
	var all Findings
	for _, m := range set.All() {
		all = append(all, Model(m)...)
	}
	return all
}

// Model looks at one model.
func Model(m *model.Model) Findings {
	l := &linter{model: m, functions: functions()}
	l.visit(map[string]any(m.Query.Root), nil)
	l.output(m.Query.Root)
	l.text()
	return l.sorted()
}

// linter collects the findings of one model.
type linter struct {
	model     *model.Model
	functions map[string]advice
	found     Findings
}

// place is a node and what it stands in.
type place struct {
	node  syntax.Node
	outer *place
}

// parent is the nearest enclosing expression or query node.
func (p *place) parent() syntax.Node {
	if p.outer == nil {
		return nil
	}
	return p.outer.node
}

func (l *linter) visit(v any, outer *place) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			l.visit(item, outer)
		}
	case map[string]any:
		here := outer
		if n := syntax.Node(v); n.Str("type") != "" {
			here = &place{node: n, outer: outer}
			l.node(here)
		}
		for _, child := range v {
			l.visit(child, here)
		}
	}
}

// repeatable rules hold for every model; the others only for those that Spark must run too.
var repeatable = map[string]bool{"clock": true, "random": true, "window_order": true, "limit_order": true}

func (l *linter) add(p *place, rule, msg, instead string) {
	if !l.model.IsPortable() && !repeatable[rule] {
		return
	}
	line := 0
	for ; p != nil && line == 0; p = p.outer {
		line = l.model.Query.Line(p.node)
	}
	l.found = append(l.found, Finding{Rule: rule, At: l.model.Pos(line), Msg: msg, Instead: instead})
}

// text finds what the parser does not tell apart: x::t is CAST(x AS t) to it.
func (l *linter) text() {
	if !l.model.IsPortable() {
		return
	}
	for i, line := range strings.Split(syntax.Blank(l.model.SQL), "\n") {
		if strings.Contains(line, "::") {
			l.found = append(l.found, Finding{Rule: "cast", At: l.model.Pos(i + 1), Msg: ":: does not parse on Spark", Instead: "CAST(x AS type)"})
		}
	}
}

// sorted gives the findings by line, each once.
func (l *linter) sorted() Findings {
	sort.SliceStable(l.found, func(i, j int) bool {
		a, b := l.found[i], l.found[j]
		if a.At.Line != b.At.Line {
			return a.At.Line < b.At.Line
		}
		return a.Rule+a.Msg < b.Rule+b.Msg
	})
	var out Findings
	for _, f := range l.found {
		if len(out) == 0 || f != out[len(out)-1] {
			out = append(out, f)
		}
	}
	return out
}
