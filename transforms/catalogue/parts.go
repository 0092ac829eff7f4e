package catalogue

import (
	"fmt"
	"slices"
	"strings"
)

// parts are a metric's figures as SQL over the columns of the groups. Empty means the metric does not have it.
type parts struct {
	value, numerator, denominator, n, censored          string
	maturity, status, lowerBound, projected, notReached string
}

// parts says how a metric is put together and asks for the aggregates that this takes.
func (g *generator) parts(m *Metric) parts {
	p := parts{n: g.count(m), censored: "0"}
	switch m.Kind {
	case Aggregate, Text:
		p.value = g.aggregates.of(m.Value)
	case Ratio:
		g.ratio(m, &p)
	case Quantile:
		p.value = g.aggregates.of(median(m.Of, m.P))
	case Mean:
		p.value = fmt.Sprintf("CAST(%s AS DOUBLE) / nullif(%s, 0)", g.aggregates.of("sum("+m.Of+")"), g.aggregates.of("count("+m.Of+")"))
	case Survival:
		g.survivalParts(m, &p)
	case RatioOfMedians:
		g.medians(m, &p)
	case SumDistinct:
		d := distinct{line: m.Distinct, amount: m.Of}
		if !slices.Contains(g.distincts, d) {
			g.distincts = append(g.distincts, d)
		}
		p.value = fmt.Sprintf("d%d", slices.Index(g.distincts, d)+1)
	}
	g.optional(m, &p)
	return p
}

// optional are the figures that a definition may give beside its value.
func (g *generator) optional(m *Metric, p *parts) {
	if m.Kind == Aggregate && (m.Numerator != "" || m.Denominator != "") {
		p.numerator, p.denominator = p.value, "NULL"
		if m.Numerator != "" {
			p.numerator = g.aggregates.of(m.Numerator)
		}
		if m.Denominator != "" {
			p.denominator = g.aggregates.of(m.Denominator)
		}
	}
	if m.NCensored != "" {
		p.censored = g.aggregates.of(m.NCensored)
	}
	for _, o := range []struct {
		sql string
		to  *string
	}{{m.MaturitySeconds, &p.maturity}, {m.Status, &p.status}, {m.LowerBound, &p.lowerBound}, {m.ProjectedBase, &p.projected}} {
		if o.sql != "" {
			*o.to = g.aggregates.of(o.sql)
		}
	}
}

// count is n: what the definition says, else what the value is made of.
func (g *generator) count(m *Metric) string {
	sql := m.N
	if sql == "" {
		sql = m.defaultN()
	}
	if m.DenominatorOfTotal {
		return g.wholes.of(sql)
	}
	return g.aggregates.of(sql)
}

func (m *Metric) defaultN() string {
	switch m.Kind {
	case Ratio:
		return m.Denominator
	case Quantile, Mean:
		return "count(" + m.Of + ")"
	case Survival:
		return "count(" + m.Duration + ")"
	case RatioOfMedians:
		return "count(" + m.Of + ") FILTER (WHERE " + m.NumeratorWhere + ")"
	case SumDistinct:
		return "count(DISTINCT " + m.Distinct + ")"
	case Aggregate, Text:
	}
	return "count(*)"
}

func (g *generator) ratio(m *Metric, p *parts) {
	p.numerator = "coalesce(" + g.aggregates.of(m.Numerator) + ", 0)"
	denominator := g.aggregates
	if m.DenominatorOfTotal {
		denominator = g.wholes
	}
	p.denominator = "coalesce(" + denominator.of(m.Denominator) + ", 0)"
	p.value = division(p.numerator, p.denominator)
}

func (g *generator) medians(m *Metric, p *parts) {
	side := func(where string) string { return median("CASE WHEN "+where+" THEN "+m.Of+" END", "0.5") }
	p.numerator = g.aggregates.of(side(m.NumeratorWhere))
	denominator := g.aggregates
	if m.DenominatorUncut {
		denominator = g.wholes
	}
	p.denominator = denominator.of(side(m.DenominatorWhere))
	p.value = division(p.numerator, p.denominator)
}

func (g *generator) survivalParts(m *Metric, p *parts) {
	i, c := g.curveOf(m)
	p.censored = g.aggregates.of("count(" + m.Duration + ") FILTER (WHERE NOT coalesce(" + m.Observed + ", false))")
	if m.Tau != "" {
		p.value = c.column(i, c.value(restrictedMeanSQL(m.Tau)))
		return
	}
	p.value = c.column(i, c.value(quantileSQL(m.P)))
	p.notReached = fmt.Sprintf("s%d_points > 0", i+1)
	p.lowerBound = fmt.Sprintf("CASE WHEN %s IS NULL THEN s%d_until END", p.value, i+1)
}

func median(of, p string) string {
	return "percentile_cont(" + p + ") WITHIN GROUP (ORDER BY CAST(" + of + " AS DOUBLE))"
}

// division divides last and in double, which keeps 15 digits; what is divided stays exact.
func division(numerator, denominator string) string {
	return fmt.Sprintf("CASE WHEN %s <> 0 THEN CAST(%s AS DOUBLE) / CAST(%s AS DOUBLE) END", denominator, numerator, denominator)
}

// valueColumns are the columns of metrics.metric_value with their types.
func valueColumns() [][2]string {
	out := [][2]string{{"metric_id", "VARCHAR"}, {"definition_version", "INTEGER"}, {"as_of", "DATE"}, {"grain", "VARCHAR"}, {"period_start", "DATE"}}
	for _, d := range Dims() {
		out = append(out, [2]string{d, "VARCHAR"})
	}
	return append(out, [][2]string{
		{"dims", "VARCHAR"}, {"unit", "VARCHAR"}, {"value_money", "DECIMAL(18, 2)"}, {"value_number", "DOUBLE"}, {"value_text", "VARCHAR"},
		{"numerator", "DECIMAL(38, 6)"}, {"denominator", "DECIMAL(38, 6)"}, {"n", "BIGINT"}, {"n_censored", "BIGINT"}, {"n_excluded", "BIGINT"},
		{"excluded", "VARCHAR"}, {"lower_bound", "DOUBLE"}, {"projected_base", "DECIMAL(18, 2)"}, {"status", "VARCHAR"},
	}...)
}

// finish is the SELECT of a metric's rows as metrics.metric_value holds them.
func finish(dims []string, m *Metric, p parts) string {
	period := ""
	if p.maturity != "" {
		period = "\n    LEFT JOIN program.fiscal_period AS period ON period.grain = groups.grain AND period.period_start = groups.period_start"
	}
	figures := []string{
		p.value + " AS _value", orNull(p.numerator) + " AS _numerator", orNull(p.denominator) + " AS _denominator",
		"coalesce(" + p.n + ", 0) AS _n", "coalesce(" + p.censored + ", 0) AS _censored",
		orNull(p.lowerBound) + " AS _lower_bound", orNull(p.projected) + " AS _projected",
	}
	inner := "SELECT *, " + m.statusSQL(p) + " AS _status\n  FROM (SELECT groups.*, param.as_of, param.as_of_at, param.min_n, " +
		periodEnd(p) + ",\n      " + strings.Join(figures, ", ") + "\n    FROM t_groups AS groups CROSS JOIN program.param AS param" + period + ") AS figures"
	items := m.finalItems(dims)
	for i, c := range valueColumns() {
		items[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", items[i], c[1], c[0])
	}
	return "SELECT " + strings.Join(items, ", ") + "\nFROM (" + inner + ") AS rated"
}

func periodEnd(p parts) string {
	if p.maturity == "" {
		return "NULL AS _end_at"
	}
	return "period.end_at AS _end_at"
}

// finalItems are the values of valueColumns, in that order.
func (m *Metric) finalItems(dims []string) []string {
	out := []string{quoteText(m.ID), fmt.Sprint(m.DefinitionVersion), "as_of", "grain", "nullif(period_start, " + noPeriod + ")"}
	for _, d := range Dims() {
		if slices.Contains(dims, d) {
			out = append(out, "nullif("+d+", '')")
		} else {
			out = append(out, "NULL")
		}
	}
	none := quoteText(StatusNoSource) + ", " + quoteText(statusMissingFX)
	value := "CASE WHEN _status NOT IN (" + none + ", " + quoteText(statusTopTier) + ") THEN _value END"
	if m.NullWhenLowN {
		value = "CASE WHEN _status NOT IN (" + none + ", 'low_n') THEN _value END"
	}
	values := []string{"NULL", "NULL", "NULL"}
	switch m.Unit {
	case Money:
		values[0] = value
	case TextUnit:
		values[2] = value
	case Seconds, RatioOf1, Count:
		// 0 and -0 are equal, so DuckDB's storage may keep either: which one would differ from run to run
		values[1] = strings.Replace(value, "THEN _value", "THEN CASE WHEN _value = 0 THEN 0 ELSE _value END", 1)
	}
	out = append(out, dimsJSON(dims), quoteText(string(m.Unit)))
	out = append(out, values...)
	return append(out,
		"CASE WHEN _status NOT IN ("+none+") THEN _numerator END", "CASE WHEN _status NOT IN ("+none+") THEN _denominator END",
		"_n", "_censored", "_left_out", "_reasons", "_lower_bound", "CASE WHEN _status NOT IN ("+none+") THEN _projected END", "_status")
}

// statusSQL is the state of a row, the more serious first.
func (m *Metric) statusSQL(p parts) string {
	var b strings.Builder
	b.WriteString("CASE")
	when := func(condition, status string) { b.WriteString(" WHEN " + condition + " THEN " + status) }
	if p.status != "" {
		when(p.status+" IS NOT NULL", p.status)
	}
	when("_value IS NULL AND _no_calendar", "'no_calendar'")
	if p.notReached != "" {
		when("_value IS NULL AND "+p.notReached, "'not_reached'")
	}
	when("_value IS NULL", "'no_data'")
	if p.maturity != "" {
		when("_end_at IS NOT NULL AND as_of_at < _end_at + to_seconds(CAST("+p.maturity+" AS BIGINT))", "'immature'")
	}
	if m.hasLowN() {
		when("_n < min_n", "'low_n'")
	}
	return b.String() + " ELSE 'ok' END"
}

// dimsJSON is the cut as JSON text with sorted names.
func dimsJSON(dims []string) string {
	if len(dims) == 0 {
		return "'{}'"
	}
	sorted := slices.Clone(dims)
	slices.Sort(sorted)
	items := make([]string, len(sorted))
	for i, d := range sorted {
		items[i] = fmt.Sprintf(`CASE WHEN %s <> '' THEN '"%s":' || to_json(%s) END`, d, d, d)
	}
	return "'{' || concat_ws(',', " + strings.Join(items, ", ") + ") || '}'"
}

func orNull(sql string) string {
	if sql == "" {
		return "NULL"
	}
	return sql
}
