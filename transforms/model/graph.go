package model

import (
	"sort"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Graph says what each model reads.
type Graph struct {
	set *Set
	// models and tables that each model reads
	upstream map[string][]string
	external map[string][]string
	order    []string
}

// Graph connects the models; external are the tables that exist before any model is made. Unknown tables and cycles are the error, a diag.List.
func (s *Set) Graph(external []string) (*Graph, error) {
	g := &Graph{set: s, upstream: map[string][]string{}, external: map[string][]string{}}
	known := map[string]bool{}
	for _, name := range external {
		known[strings.ToLower(name)] = true
	}
	var problems diag.List
	for _, m := range s.All() {
		if known[m.Name()] {
			problems.Add(diag.Pos{File: m.File}, "give the model another name", "table %s is there already, it is not made by a model", m.Name())
		}
		g.connect(m, known, &problems)
		s.checkReferences(m, known, &problems)
	}
	g.sort(&problems)
	return g, problems.Err()
}

func (g *Graph) connect(m *Model, known map[string]bool, problems *diag.List) {
	seen := map[string]bool{}
	for _, ref := range m.Query.Tables() {
		name := ref.Name()
		_, isModel := g.set.byName[name]
		switch {
		case ref.Catalog != "":
			problems.Add(m.Pos(ref.Line), "models read the warehouse alone", "table %s.%s lies in another database", ref.Catalog, name)
		case name == m.Name():
			problems.Add(m.Pos(ref.Line), "", "%s reads itself", name)
		case !isModel && !known[name]:
			problems.Add(m.Pos(ref.Line), tableHint(name, g.set, known), "unknown table %s", name)
		case seen[name]:
		case isModel:
			g.upstream[m.Name()] = append(g.upstream[m.Name()], name)
		default:
			g.external[m.Name()] = append(g.external[m.Name()], name)
		}
		seen[name] = true
	}
}

// checkReferences looks at the tables that relationship checks name.
func (s *Set) checkReferences(m *Model, known map[string]bool, problems *diag.List) {
	for _, c := range m.Checks {
		if c.RefTable == "" {
			continue
		}
		if _, ok := s.byName[strings.ToLower(c.RefTable)]; !ok && !known[strings.ToLower(c.RefTable)] {
			problems.Add(c.At, tableHint(c.RefTable, s, known), "check %s: unknown table %s", c.Name, c.RefTable)
		}
	}
}

func tableHint(name string, s *Set, known map[string]bool) string {
	candidates := s.Names()
	for k := range known {
		candidates = append(candidates, k)
	}
	sort.Strings(candidates)
	if !strings.Contains(name, ".") {
		for _, c := range candidates {
			if strings.HasSuffix(c, "."+name) {
				return "did you mean " + c + "?"
			}
		}
	}
	if n := diag.Nearest(name, candidates); n != "" {
		return "did you mean " + n + "?"
	}
	return "`tributary sql` lists the tables"
}

// sort finds an order in which every model comes after what it reads.
func (g *Graph) sort(problems *diag.List) {
	const visiting, done = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = visiting
		path = append(path, name)
		for _, up := range g.upstream[name] {
			switch state[up] {
			case 0:
				visit(up)
			case visiting:
				g.cycle(path, up, problems)
			}
		}
		path = path[:len(path)-1]
		state[name] = done
		g.order = append(g.order, name)
	}
	for _, name := range g.set.Names() {
		if state[name] == 0 {
			visit(name)
		}
	}
}

func (g *Graph) cycle(path []string, back string, problems *diag.List) {
	start := 0
	for i, name := range path {
		if name == back {
			start = i
		}
	}
	loop := append(append([]string(nil), path[start:]...), back)
	last := g.set.byName[path[len(path)-1]]
	line := 0
	for _, ref := range last.Query.Tables() {
		if ref.Name() == back {
			line = ref.Line
			break
		}
	}
	problems.Add(last.Pos(line), "take one of these readings out", "models read each other in a circle: %s", strings.Join(loop, " -> "))
}

// Order is all models, each after what it reads.
func (g *Graph) Order() []*Model {
	out := make([]*Model, len(g.order))
	for i, name := range g.order {
		out[i] = g.set.byName[name]
	}
	return out
}

// Upstream are the models that a model reads directly.
func (g *Graph) Upstream(name string) []string { return g.upstream[name] }

// External are the tables that a model reads directly and no model makes.
func (g *Graph) External(name string) []string { return g.external[name] }

// Ancestors are all models that a model rests on, in building order, itself last. stop keeps the walk from going above a model.
func (g *Graph) Ancestors(name string, stop func(name string) bool) []*Model {
	wanted := map[string]bool{}
	var mark func(name string)
	mark = func(name string) {
		if wanted[name] {
			return
		}
		wanted[name] = true
		for _, up := range g.upstream[name] {
			if stop == nil || !stop(up) {
				mark(up)
			}
		}
	}
	mark(name)
	var out []*Model
	for _, m := range g.Order() {
		if wanted[m.Name()] {
			out = append(out, m)
		}
	}
	return out
}
