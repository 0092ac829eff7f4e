package catalogue

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// curve is one Kaplan–Meier estimate per group; its outputs are read off in the same pass.
type curve struct {
	duration, observed string
	values             []string // SQL over t, observed, s (survival after t) and drop
}

func (c *curve) value(expr string) int {
	if i := slices.Index(c.values, expr); i >= 0 {
		return i
	}
	c.values = append(c.values, expr)
	return len(c.values) - 1
}

// column is where the i-th curve's j-th value is found in the groups.
func (c *curve) column(i, j int) string { return fmt.Sprintf("s%d_%d", i+1, j+1) }

func (c *curve) outputs(i int) []string {
	out := []string{fmt.Sprintf("s%d_points", i+1), fmt.Sprintf("s%d_until", i+1)}
	for j := range c.values {
		out = append(out, c.column(i, j))
	}
	return out
}

// curveOf finds or adds the curve of a survival metric.
func (g *generator) curveOf(m *Metric) (int, *curve) {
	for i, c := range g.curves {
		if c.duration == m.Duration && c.observed == m.Observed {
			return i, c
		}
	}
	c := &curve{duration: m.Duration, observed: m.Observed}
	g.curves = append(g.curves, c)
	return len(g.curves) - 1, c
}

// quantileSQL is the smallest event time at which survival has fallen to 1-p. The tolerance makes 3/4 x 2/3 count as one half.
func quantileSQL(p string) string {
	threshold := "0.5"
	if r, ok := new(big.Rat).SetString(p); ok {
		threshold = strings.TrimRight(new(big.Rat).Sub(big.NewRat(1, 1), r).FloatString(15), "0")
	}
	return "CAST(min(t) FILTER (WHERE observed AND s <= CAST(" + threshold + " AS DOUBLE) + CAST('1e-12' AS DOUBLE)) AS DOUBLE)"
}

// restrictedMeanSQL is the area under the curve up to tau: tau less what each fall takes away; after the last time S stays flat.
// The terms are summed as decimals, because doubles would add up differently from run to run.
func restrictedMeanSQL(tau string) string {
	return fmt.Sprintf("round(CAST(%s - coalesce(sum(CAST(fall * (%s - t) AS DECIMAL(38, 15))) FILTER (WHERE observed AND t < %s), 0) AS DOUBLE), 9)", tau, tau, tau)
}

// codes gives every value of a dimension a number, because windows over numbers are twice as fast as over text.
func (g *generator) codes() step {
	var values []string
	for _, d := range g.dims {
		values = append(values, "SELECT DISTINCT _"+d+" AS value FROM t_base")
	}
	if len(values) == 0 {
		values = []string{"SELECT '' AS value"}
	}
	return step{"t_codes", []string{"SELECT value, CAST(row_number() OVER (ORDER BY value) AS INTEGER) AS code\nFROM (" +
		strings.Join(values, " UNION ") + ") AS found"}}
}

// points are the rows of a curve, numbered by time, events before censorings at ties: one sort that all groups share.
func (g *generator) points(i int, c *curve) step {
	columns := []string{
		"row_number() OVER (ORDER BY " + c.duration + ", CASE WHEN " + c.observed + " THEN 0 ELSE 1 END) AS pos",
		c.duration + " AS t", "coalesce(" + c.observed + ", false) AS observed",
	}
	joins := ""
	for _, d := range g.dims {
		columns = append(columns, "code_"+d+".code AS "+d+"_code")
		joins += "\nJOIN t_codes AS code_" + d + " ON code_" + d + ".value = scoped._" + d
	}
	if g.fact.expanded() {
		columns = append(columns, "_grain", "_period")
	} else {
		for _, grain := range grainsOf(g.sets) {
			if grain != "total" {
				columns = append(columns, "_"+grain)
			}
		}
	}
	return step{fmt.Sprintf("t_points%d", i+1), []string{"SELECT " + strings.Join(columns, ", ") + "\nFROM " + g.scoped() + joins +
		"\nWHERE _excluded IS NULL AND (" + c.duration + ") IS NOT NULL"}}
}

// survival estimates the curve of every group, some sets at a time so that a large fact does not have to be held once per set.
func (g *generator) survival(i int, c *curve) step {
	st := step{name: fmt.Sprintf("t_survival%d", i+1)}
	size := g.perPart
	if size <= 0 {
		size = len(g.sets)
	}
	for sets := range slices.Chunk(g.sets, size) {
		st.parts = append(st.parts, g.survivalPart(i, c, sets))
	}
	return st
}

// survivalPart uses that the product of all (n-1)/n up to the i-th of N rows is (N-i)/N: survival is that, with the factors of the
// censored rows taken out again. It is exact where nothing is censored, ties need no grouping (the factors of d events at one time
// telescope to 1-d/n), and ln(0) cannot occur, because n = 1 only in the last row.
func (g *generator) survivalPart(i int, c *curve, sets []set) string {
	dims := dimsOf(sets)
	group := append([]string{"grain", "period_start"}, dims...)
	if len(grainsOf(sets)) == 1 {
		group = group[1:] // what is the same in every row would only make the sort slower
	}
	by := "PARTITION BY " + strings.Join(group, ", ") + " ORDER BY pos"
	values := []string{fmt.Sprintf("count(*) AS s%d_points", i+1), fmt.Sprintf("CAST(max(t) FILTER (WHERE NOT observed) AS DOUBLE) AS s%d_until", i+1)}
	for j, v := range c.values {
		values = append(values, v+" AS "+c.column(i, j))
	}
	estimates := "SELECT " + strings.Join(append(group, values...), ",\n    ") + `
  FROM (SELECT *, fall * (at_risk - 1) AS s
    FROM (SELECT *, exp(coalesce(sum(CASE WHEN NOT observed AND at_risk > 1 THEN -ln(1 - 1 / CAST(at_risk AS DOUBLE)) END)
          OVER (` + by + ` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), 0)) / total AS fall
      FROM (SELECT *, row_number() OVER (` + by + ` DESC) AS at_risk,
            count(*) OVER (` + by + ` DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS total
        FROM (` + strings.Join(g.cells(i, sets, dims), "\n          UNION ALL ") + `) AS cells) AS ranked) AS weighed) AS curves
  GROUP BY ` + strings.Join(group, ", ")
	keys, joins := []string{"grain", "period_start"}, ""
	if len(grainsOf(sets)) == 1 {
		keys[0] = quoteText(sets[0].grain) + " AS grain"
	}
	for _, d := range g.dims {
		if !slices.Contains(dims, d) {
			keys = append(keys, "'' AS "+d)
			continue
		}
		keys = append(keys, "coalesce(code_"+d+".value, '') AS "+d)
		joins += "\nLEFT JOIN t_codes AS code_" + d + " ON code_" + d + ".code = estimates." + d
	}
	return "SELECT " + strings.Join(append(keys, c.outputs(i)...), ", ") + "\nFROM (" + estimates + ") AS estimates" + joins
}

// cells are the points once per set, with the set's keys; a dimension outside the cut is 0.
func (g *generator) cells(i int, sets []set, dims []string) []string {
	var out []string
	for _, s := range g.slices(sets) {
		for _, cut := range s.cuts {
			columns := []string{s.grain + " AS grain", s.period + " AS period_start"}
			for _, d := range dims {
				if slices.Contains(cut, d) {
					columns = append(columns, d+"_code AS "+d)
				} else {
					columns = append(columns, "0 AS "+d)
				}
			}
			out = append(out, "SELECT "+strings.Join(append(columns, "pos", "t", "observed"), ", ")+
				fmt.Sprintf(" FROM t_points%d WHERE %s", i+1, s.condition))
		}
	}
	return out
}
