package catalogue

import (
	"fmt"
	"slices"
	"strings"
)

// batch is what is computed in one pass: metrics over the same rows of the same fact, in the same groups.
type batch struct {
	fact    fact
	metrics []*Metric
	sets    []set
	dims    []string
	perPart int // sets per part of a survival step; 0 = all in one
}

// step is a named intermediate relation. Its parts are unioned; each can also be run alone.
type step struct {
	name  string
	parts []string
}

// statement is a batch as SQL: the base, the steps over it, and one SELECT of finished rows per metric.
type statement struct {
	base  step
	steps []step
	rows  []string
}

// sql is the whole batch as one SELECT.
func (s statement) sql() string {
	var ctes []string
	for _, st := range append([]step{s.base}, s.steps...) {
		ctes = append(ctes, st.name+" AS (\n"+strings.Join(st.parts, "\nUNION ALL\n")+"\n)")
	}
	return "WITH " + strings.Join(ctes, ",\n") + "\n" + strings.Join(s.rows, "\nUNION ALL\n")
}

// generate writes a batch's SQL.
func (b *batch) generate() statement {
	g := &generator{batch: b, aggregates: newNames("a"), wholes: newNames("w")}
	parts := make([]parts, len(b.metrics))
	for i, m := range b.metrics {
		parts[i] = g.parts(m)
	}
	s := statement{base: step{"t_base", []string{b.fact.baseSQL(b.metrics, b.sets)}}}
	s.steps = append(s.steps, g.included(), g.leftOut())
	if g.wholes.any() {
		s.steps = append(s.steps, g.whole())
	}
	if len(g.curves) > 0 {
		s.steps = append(s.steps, g.codes())
	}
	for i, c := range g.curves {
		s.steps = append(s.steps, g.points(i, c), g.survival(i, c))
	}
	for i, d := range g.distincts {
		s.steps = append(s.steps, g.distinct(i, d))
	}
	s.steps = append(s.steps, g.groups())
	for i, m := range b.metrics {
		s.rows = append(s.rows, finish(b.dims, m, parts[i]))
	}
	return s
}

// names gives each distinct expression one short column name.
type names struct {
	prefix string
	exprs  []string
}

func newNames(prefix string) *names { return &names{prefix: prefix} }

func (n *names) any() bool { return len(n.exprs) > 0 }

func (n *names) of(expr string) string {
	i := slices.Index(n.exprs, expr)
	if i < 0 {
		i = len(n.exprs)
		n.exprs = append(n.exprs, expr)
	}
	return fmt.Sprintf("%s%d", n.prefix, i+1)
}

// columns are the expressions as select items.
func (n *names) columns() []string {
	out := make([]string, len(n.exprs))
	for i, e := range n.exprs {
		out[i] = fmt.Sprintf("%s AS %s%d", e, n.prefix, i+1)
	}
	return out
}

func (n *names) names() []string {
	out := make([]string, len(n.exprs))
	for i := range n.exprs {
		out[i] = fmt.Sprintf("%s%d", n.prefix, i+1)
	}
	return out
}

// generator collects what the metrics of a batch need and writes the steps.
type generator struct {
	*batch
	aggregates, wholes *names
	curves             []*curve
	distincts          []distinct
}

// first stands for the rows' common rules: a batch only holds metrics that agree on them.
func (g *generator) first() *Metric { return g.metrics[0] }

// scoped are the base rows of the batch's population with the reason that leaves them out.
func (g *generator) scoped() string {
	m := g.first()
	where := ""
	if m.Where != "" {
		where = " WHERE " + m.Where
	}
	return "(SELECT *, CAST(" + m.excludedSQL() + " AS VARCHAR) AS _excluded FROM t_base" + where + ") AS scoped"
}

// creates says which rows make a group exist.
func (m *Metric) creates() string {
	switch {
	case m.Creates != "":
		return m.Creates
	case m.DenominatorUncut:
		return m.NumeratorWhere // the other side of the ratio is not of this cut
	}
	return "true"
}

// slice is the part of the rows that belongs to a grain (or, for expanded facts, to all grains) and how it is grouped.
type slice struct {
	grain, period, condition string
	group                    []string
	cuts                     [][]string
}

// slices splits sets by grain.
func (b *batch) slices(sets []set) []slice {
	var out []slice
	for _, g := range grainsOf(sets) {
		s := slice{grain: quoteText(g), period: "_" + g, condition: "_" + g + " IS NOT NULL", group: []string{"_" + g}}
		if g == "total" {
			s = slice{grain: quoteText(g), period: noPeriod, condition: "true"}
		}
		switch {
		case b.fact.expanded() && g == "total":
			s = slice{grain: "_grain", period: noPeriod, condition: "_grain = 'total'", group: []string{"_grain"}}
		case b.fact.expanded():
			s = slice{grain: "_grain", period: "_period", condition: "_grain = " + quoteText(g), group: []string{"_grain", "_period"}}
		}
		for _, x := range sets {
			if x.grain == g {
				s.cuts = append(s.cuts, x.cut)
			}
		}
		out = append(out, s)
	}
	return out
}

// groupingSets is the GROUP BY over a slice's cuts; extra columns are part of every set.
func (s slice) groupingSets(extra ...string) string {
	var all []string
	for _, cut := range s.cuts {
		cols := slices.Clone(s.group)
		for _, d := range cut {
			cols = append(cols, "_"+d)
		}
		all = append(all, "("+strings.Join(append(cols, extra...), ", ")+")")
	}
	return "GROUP BY GROUPING SETS (" + strings.Join(all, ", ") + ")"
}

// keys are a slice's key columns as select items: a dimension outside the cut is the empty text.
func (s slice) keys(dims []string) []string {
	out := []string{s.grain + " AS grain", s.period + " AS period_start"}
	for _, d := range dims {
		if s.hasDim(d) {
			out = append(out, fmt.Sprintf("coalesce(_%s, '') AS %s", d, d))
		} else {
			out = append(out, "'' AS "+d)
		}
	}
	return out
}

func (s slice) hasDim(d string) bool {
	return slices.ContainsFunc(s.cuts, func(cut []string) bool { return slices.Contains(cut, d) })
}

// keyNames are the columns that identify a group in every step.
func (b *batch) keyNames() []string {
	return append([]string{"grain", "period_start"}, b.dims...)
}

// perSlice writes one part of a step per grain.
func (g *generator) perSlice(name string, write func(s slice) string) step {
	st := step{name: name}
	for _, s := range g.slices(g.sets) {
		st.parts = append(st.parts, write(s))
	}
	return st
}

// included aggregates the rows that count.
func (g *generator) included() step {
	created := "count(*) FILTER (WHERE " + g.first().creates() + ") AS _created"
	return g.perSlice("t_included", func(s slice) string {
		items := append(s.keys(g.dims), created)
		return "SELECT " + strings.Join(append(items, g.aggregates.columns()...), ",\n  ") +
			"\nFROM " + g.scoped() + "\nWHERE _excluded IS NULL AND " + s.condition + "\n" + s.groupingSets() + "\nHAVING count(*) > 0"
	})
}

// silentReasons leave a row out without making its group exist: nothing happened there that the metric is about.
func silentReasons() string {
	return "'deleted', 'test', 'merged', 'dates', 'partner_filter', 'region_filter', 'product_filter'"
}

// leftOut counts the excluded rows of each group by reason.
func (g *generator) leftOut() step {
	count := "count(*)"
	if m := g.first(); m.Distinct != "" {
		count = "count(DISTINCT " + m.Distinct + ")"
	}
	created := "coalesce(bool_or(" + g.first().creates() + "), false)"
	speaks := "_creates AND _excluded NOT IN (" + silentReasons() + ")"
	st := step{name: "t_left_out"}
	for _, s := range g.slices(g.sets) {
		st.parts = append(st.parts, "SELECT "+strings.Join(g.keyNames(), ", ")+", CAST(sum(_rows) AS BIGINT) AS _left_out,\n"+
			"  '{' || string_agg(to_json(_excluded) || ':' || _rows, ',' ORDER BY _excluded) || '}' AS _reasons,\n"+
			"  bool_and(_excluded = 'no_calendar') FILTER (WHERE "+speaks+") AS _no_calendar,\n"+
			"  bool_or("+speaks+") AS _creates\nFROM (SELECT "+
			strings.Join(append(s.keys(g.dims), "_excluded", count+" AS _rows", created+" AS _creates"), ", ")+
			"\n  FROM "+g.scoped()+" WHERE _excluded IS NOT NULL AND "+s.condition+"\n  "+s.groupingSets("_excluded")+") AS by_reason\nGROUP BY "+
			strings.Join(g.keyNames(), ", "))
	}
	return st
}

// whole aggregates each period without any cut.
func (g *generator) whole() step {
	return g.perSlice("t_whole", func(s slice) string {
		uncut := slice{group: s.group, cuts: [][]string{nil}}
		return "SELECT " + strings.Join(append([]string{s.grain + " AS grain", s.period + " AS period_start"}, g.wholes.columns()...), ", ") +
			"\nFROM " + g.scoped() + "\nWHERE _excluded IS NULL AND " + s.condition + "\n" + uncut.groupingSets()
	})
}

// distinct is a sum that takes each line once per group.
type distinct struct{ line, amount string }

func (g *generator) distinct(i int, d distinct) step {
	return g.perSlice(fmt.Sprintf("t_distinct%d", i+1), func(s slice) string {
		return "SELECT " + strings.Join(g.keyNames(), ", ") + fmt.Sprintf(", sum(_amount) AS d%d", i+1) + "\nFROM (SELECT " +
			strings.Join(append(s.keys(g.dims), "max("+d.amount+") AS _amount"), ", ") + " FROM " + g.scoped() +
			"\n  WHERE _excluded IS NULL AND " + s.condition + "\n  " + s.groupingSets("("+d.line+")") + ") AS lines\nGROUP BY " + strings.Join(g.keyNames(), ", ")
	})
}

// groups joins all that is known of each group and drops the groups in which nothing happened.
func (g *generator) groups() step {
	keys := strings.Join(g.keyNames(), ", ")
	columns := []string{keys, "coalesce(_left_out, 0) AS _left_out", "coalesce(_reasons, '{}') AS _reasons",
		"coalesce(_no_calendar, false) AND _created IS NULL AS _no_calendar"}
	columns = append(columns, g.aggregates.names()...)
	columns = append(columns, g.wholes.names()...)
	from := "t_included FULL JOIN t_left_out USING (" + keys + ")"
	if g.wholes.any() {
		from += "\nLEFT JOIN t_whole USING (grain, period_start)"
	}
	for i, c := range g.curves {
		columns = append(columns, c.outputs(i)...)
		from += fmt.Sprintf("\nLEFT JOIN t_survival%d USING (%s)", i+1, keys)
	}
	for i := range g.distincts {
		columns = append(columns, fmt.Sprintf("d%d", i+1))
		from += fmt.Sprintf("\nLEFT JOIN t_distinct%d USING (%s)", i+1, keys)
	}
	return step{"t_groups", []string{"SELECT " + strings.Join(columns, ", ") + "\nFROM " + from + "\nWHERE coalesce(_created, 0) > 0 OR coalesce(_creates, false)"}}
}
