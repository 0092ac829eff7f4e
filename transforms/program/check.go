package program

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

// checker collects what is wrong beyond the shape of a file.
type checker struct {
	problems *diag.List
	file     string
}

func (c *checker) add(at diag.Pos, hint, format string, args ...any) {
	if at.File == "" {
		at.File = c.file
	}
	c.problems.Add(at, hint, format, args...)
}

// known reports a name that is not among those it may be; the empty name is nobody's. A built-in rule for a word that the
// user's taxonomy does not have holds for nobody.
func (c *checker) known(what string, name diag.Text, names []string, where string) {
	if name.Value == "" || strings.HasPrefix(name.Pos.File, builtinPrefix) || contains(names, name.Value) {
		return
	}
	hint := diag.DidYouMean(name.Value, names)
	if near := diag.Nearest(name.Value, names); near == "" && where != "" {
		hint = "list it in " + where
	}
	c.add(name.Pos, hint, "unknown %s %q", what, name.Value)
}

// oneOf reports a word that is not among the few that a setting takes.
func (c *checker) oneOf(setting string, word diag.Text, words ...string) {
	if word.Value != "" && !contains(words, word.Value) {
		c.add(word.Pos, diag.DidYouMean(word.Value, words), "%s cannot be %q", setting, word.Value)
	}
}

// names reports empty, repeated and reserved names of a list.
func (c *checker) names(what string, list []diag.Text) {
	seen := map[string]bool{}
	for _, n := range list {
		switch {
		case n.Value == "":
			c.add(n.Pos, "", "a %s without a name", what)
		case seen[n.Value]:
			c.add(n.Pos, "remove one of them", "%s %q is listed twice", what, n.Value)
		case n.Value == "unknown" || n.Value == "none":
			c.add(n.Pos, "these two words stand for holes in the data", "%s cannot be called %q", what, n.Value)
		}
		seen[n.Value] = true
	}
}

// spell is a dated row: in force from a day until before another one.
type spell struct {
	at       diag.Pos
	key      string
	from, to Date
}

// spells reports rows of the same key that are in force on the same day, and rows that end before they begin.
func (c *checker) spells(what string, rows []spell) {
	for _, r := range rows {
		if r.from.Given() && r.to.Given() && r.to.Day() <= r.from.Day() {
			c.add(r.at, "the last day is not included", "%s ends %s, not after it begins %s", what, r.to, r.from)
		}
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b spell) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.from.since(), b.from.since()))
	})
	for i := 1; i < len(sorted); i++ {
		a, b := sorted[i-1], sorted[i]
		if a.key == b.key && b.from.since() < a.to.until() {
			c.add(b.at, "end one on the day the other begins", "%s overlaps with the one on line %d", what, a.at.Line)
		}
	}
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

func texts(list []diag.Text) []string {
	out := make([]string, 0, len(list))
	for _, t := range list {
		out = append(out, t.Value)
	}
	return out
}
