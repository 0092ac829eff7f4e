package catalogue

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// UnitSpec names the values whose parts are asked for: every period of the grains, for one cut. Dimensions that are always there and not
// in the cut are told apart.
type UnitSpec struct {
	ID     string
	Grains []string
	Cut    map[string]string
}

func (s UnitSpec) query() QuerySpec {
	return QuerySpec{IDs: []string{s.ID}, By: keysOf(s.Cut), Grains: s.Grains, Where: s.Cut}
}

// Adds says whether a metric's figures are sums over its rows; of a median or a curve only the counts are.
func (m *Metric) Adds() bool {
	switch m.Kind {
	case Ratio, SumDistinct:
		return true
	case Aggregate:
		return m.Unit == Money || m.Unit == Count
	case Quantile, Mean, Survival, RatioOfMedians, Text:
	}
	return false
}

// ReadRows reads values that PartsSQL selects.
func (c *Catalogue) ReadRows(ctx context.Context, conn *sql.Conn, text string) ([]Row, error) {
	names, err := partnerNames(ctx, conn)
	if err != nil {
		return nil, err
	}
	var out []Row
	c.readRows(ctx, conn, text, names, func(r Row, e error) bool {
		out, err = append(out, r), e
		return e == nil
	})
	return out, err
}

// PartsSQL selects values, in metrics.metric_value's columns, and what each unit (a deal, a lead, an invoice) adds to each: the terms of the
// same sums that make the value, so that over all units they give its numerator (of a sum: the value itself), denominator and counts.
// What a value counts once although several rows have it is put down to one of them.
// Columns of the units: metric_id, grain, period_start, dims, entity, entity_key, partner, numerator, denominator, n, n_censored, value.
func (c *Catalogue) PartsSQL(ctx context.Context, conn *sql.Conn, specs []UnitSpec) (values, units string, err error) {
	sources, err := readSources(ctx, conn)
	if err != nil {
		return "", "", err
	}
	kept, err := storedVersions(ctx, conn)
	if err != nil {
		return "", "", err
	}
	facts := map[string]fact{}
	valueTexts, unitTexts := []string{}, []string{noUnits}
	for _, spec := range specs {
		m, err := c.find(spec.ID)
		if err != nil {
			return "", "", err
		}
		if len(sources.missing(m)) > 0 {
			valueTexts = append(valueTexts, noSourceSQL(m))
			continue
		}
		value, unit, err := m.partsSQL(ctx, conn, spec, facts, kept[m.ID] == m.DefinitionVersion)
		if err != nil {
			return "", "", err
		}
		valueTexts, unitTexts = append(valueTexts, value), append(unitTexts, unit)
	}
	return strings.Join(valueTexts, "\nUNION ALL\n"), strings.Join(unitTexts, "\nUNION ALL\n"), nil
}

func (m *Metric) partsSQL(ctx context.Context, conn *sql.Conn, spec UnitSpec, facts map[string]fact, stored bool) (value, unit string, err error) {
	sets, err := m.sets(spec.query())
	if err != nil {
		return "", "", err
	}
	if value, err = rowsSQL(ctx, conn, m, spec.query(), stored); err != nil {
		return "", "", err
	}
	f, ok := facts[m.Fact]
	if !ok {
		if f, err = readFact(ctx, conn, m.Fact); err != nil {
			return "", "", fmt.Errorf("%s: %w", m.ID, err)
		}
		facts[m.Fact] = f
	}
	if err := f.checkColumns(m); err != nil {
		return "", "", err
	}
	g := &generator{batch: newBatch(f, []*Metric{m}, sets)}
	return value, "SELECT * FROM (" + g.units(spec.Cut) + ") AS " + quoteName(m.ID), nil
}

// noUnits is what a metric without a source has.
const noUnits = `SELECT '' AS metric_id, CAST(NULL AS VARCHAR) AS grain, CAST(NULL AS DATE) AS period_start, '' AS dims, '' AS entity, '' AS entity_key, '' AS partner,
  CAST(0 AS DECIMAL(38, 6)) AS numerator, CAST(0 AS DECIMAL(38, 6)) AS denominator, CAST(0 AS BIGINT) AS n, CAST(0 AS BIGINT) AS n_censored,
  CAST(NULL AS VARCHAR) AS value WHERE false`

// term is what one unit adds, as SQL over its rows.
type term struct{ numerator, denominator, n, censored, value string }

func (m *Metric) term() term {
	parts := m.contribution()
	t := term{numerator: parts.numerator, denominator: parts.denominator, n: m.N, censored: "0", value: "NULL"}
	switch {
	case m.Kind == SumDistinct:
		t.numerator = "sum(" + m.Of + ") FILTER (WHERE _line_first)"
	case !m.Adds():
		t.numerator, t.denominator, t.value = "NULL", "NULL", parts.value
	case m.Kind == Aggregate:
		t.numerator = m.Value
	}
	if t.n == "" {
		t.n = m.defaultN()
	}
	if countedOnce(t.n) != "" {
		t.n = "count(*) FILTER (WHERE _n_first)"
	}
	switch {
	case m.NCensored != "":
		t.censored = m.NCensored
	case m.Kind == Survival:
		t.censored = "count(" + m.Duration + ") FILTER (WHERE NOT coalesce(" + m.Observed + ", false))"
	}
	return t
}

var countDistinct = regexp.MustCompile(`(?is)^\s*count\s*\(\s*distinct\b(.*)\)\s*$`)

// countedOnce is the expression that a count takes each value of once; "" for other counts.
func countedOnce(n string) string {
	if found := countDistinct.FindStringSubmatch(n); found != nil {
		return strings.TrimSpace(found[1])
	}
	return ""
}

// units writes the terms of every grain.
func (g *generator) units(cut map[string]string) string {
	m := g.first()
	var extra []string
	for _, column := range []string{"entity", "entity_key", "partner"} {
		if g.fact.has(column) {
			extra = append(extra, column)
		}
	}
	t := m.term()
	var selects []string
	for _, s := range g.slices(g.sets) {
		if m.DenominatorOfTotal && len(cut) > 0 {
			inside, whole := t, t
			inside.denominator, inside.n = "NULL", "0"
			whole.numerator = "NULL"
			selects = append(selects, g.terms(s, cut, cut, inside), g.terms(s, cut, nil, whole))
			continue
		}
		selects = append(selects, g.terms(s, cut, cut, t))
	}
	keys := strings.Join(append([]string{"grain", "period_start"}, g.dims...), ", ")
	return "WITH t_base AS (\n" + g.fact.baseSQL(g.metrics, g.sets, extra...) + "\n)\n" +
		"SELECT " + quoteText(m.ID) + " AS metric_id, grain, nullif(period_start, " + noPeriod + ") AS period_start, " + dimsJSON(g.dims) + " AS dims, entity, entity_key, unit_partner AS partner,\n" +
		"  CAST(coalesce(sum(numerator), 0) AS DECIMAL(38, 6)) AS numerator, CAST(coalesce(sum(denominator), 0) AS DECIMAL(38, 6)) AS denominator,\n" +
		"  CAST(coalesce(sum(n), 0) AS BIGINT) AS n, CAST(coalesce(sum(n_censored), 0) AS BIGINT) AS n_censored, max(value) AS value\nFROM (\n" +
		strings.Join(selects, "\nUNION ALL\n") + "\n) AS terms\nGROUP BY " + keys + ", entity, entity_key, unit_partner"
}

// terms are those of the rows with the values of within, as parts of the cut's figures.
func (g *generator) terms(s slice, cut, within map[string]string, t term) string {
	conditions := []string{"_excluded IS NULL", s.condition}
	for _, d := range inOrder(keysOf(within)) {
		conditions = append(conditions, "_"+d+" = "+quoteText(within[d]))
	}
	columns := []string{s.grain + " AS _g_grain", s.period + " AS _g_period"}
	group := []string{"_g_grain", "_g_period"}
	out := []string{"_g_grain AS grain", "_g_period AS period_start"}
	for _, d := range g.dims {
		value := "_" + d
		if v, ok := cut[d]; ok {
			value = quoteText(v)
		}
		columns, group, out = append(columns, value+" AS _g_"+d), append(group, "_g_"+d), append(out, "_g_"+d+" AS "+d)
	}
	for _, column := range []string{"entity", "entity_key", "partner"} {
		as := column
		if column == "partner" {
			as = "unit_partner" // not the dimension
		}
		value := "''"
		if g.fact.has(column) {
			value = "coalesce(CAST(" + column + " AS VARCHAR), '')"
		}
		columns, group, out = append(columns, value+" AS _u_"+column), append(group, "_u_"+column), append(out, "_u_"+column+" AS "+as)
	}
	for _, c := range g.fact.used(g.metrics) {
		columns = append(columns, quoteName(c))
	}
	rows := "SELECT " + strings.Join(columns, ", ") + "\n    FROM " + g.scoped() + "\n    WHERE " + strings.Join(conditions, " AND ")
	return "SELECT " + strings.Join(out, ", ") + ",\n" +
		"  CAST(" + t.numerator + " AS DECIMAL(38, 6)) AS numerator, CAST(" + t.denominator + " AS DECIMAL(38, 6)) AS denominator,\n" +
		"  " + t.n + " AS n, " + t.censored + " AS n_censored, CAST(" + t.value + " AS VARCHAR) AS value\n" +
		"FROM (SELECT " + strings.Join(append([]string{"*"}, g.first().marks(group)...), ", ") + "\n  FROM (" + rows + ") AS counted) AS marked\n" +
		"GROUP BY " + strings.Join(group, ", ")
}

// marks tell the one row of those that share what is counted once, the same one whenever it is there.
func (m *Metric) marks(group []string) []string {
	values := slices.DeleteFunc(slices.Clone(group), func(c string) bool { return strings.HasPrefix(c, "_u_") })
	first := func(of, before string) string {
		return "row_number() OVER (PARTITION BY " + strings.Join(values, ", ") + ", " + of + " ORDER BY " + before + "_u_entity, _u_entity_key, _u_partner) = 1 AND (" + of + ") IS NOT NULL"
	}
	n := m.N
	if n == "" {
		n = m.defaultN()
	}
	var out []string
	if of := countedOnce(n); of != "" {
		out = append(out, first(of, "")+" AS _n_first")
	}
	if m.Kind == SumDistinct {
		out = append(out, first(m.Distinct, m.Of+" DESC NULLS LAST, ")+" AS _line_first")
	}
	return out
}

// SourceKey is the key of an entity's staging rows as facts name it, one text.
func SourceKey(e *schemas.Entity) string {
	key := e.Key()
	for i, k := range key {
		key[i] = "coalesce(CAST(" + quoteName(k) + " AS VARCHAR), '')"
	}
	return strings.Join(key, " || '|' || ")
}

// ProfileSQL says of the units of a table of keys (metric_id, entity, entity_key), by their facts: whose they are, and
// which deal and lead they belong to. The cut, the same for all, is part of whose they are.
// Columns: fact, entity, entity_key, whose, deal_id, lead_id.
func (c *Catalogue) ProfileSQL(ctx context.Context, conn *sql.Conn, specs []UnitSpec, keys string) (string, error) {
	out := []string{"SELECT '' AS fact, '' AS entity, '' AS entity_key, '' AS whose, '' AS deal_id, '' AS lead_id WHERE false"}
	var metrics []*Metric
	for _, spec := range specs {
		m, err := c.find(spec.ID)
		if err != nil {
			return "", err
		}
		metrics = append(metrics, m)
	}
	for _, same := range group(metrics, func(m *Metric) string { return m.Fact }) {
		f, err := readFact(ctx, conn, same[0].Fact)
		if err != nil {
			return "", err
		}
		if !f.has("entity") || !f.has("entity_key") {
			continue
		}
		ids := make([]string, len(same))
		for i, m := range same {
			ids[i] = quoteText(m.ID)
		}
		out = append(out, f.profileSQL(specs[0].Cut, keys+" WHERE metric_id IN ("+strings.Join(ids, ", ")+")"))
	}
	return strings.Join(out, "\nUNION ALL\n"), nil
}

func (f fact) profileSQL(cut map[string]string, keys string) string {
	or := func(column string) string {
		if f.has(column) {
			return "CAST(f." + quoteName(column) + " AS VARCHAR)"
		}
		return "CAST(NULL AS VARCHAR)"
	}
	whose := []string{"NULL"}
	for _, d := range append([]string{"partner", "class", "direction"}, inOrder(keysOf(cut))...) {
		if f.has(d) && !slices.Contains(whose, or(d)) {
			whose = append(whose, or(d))
		}
	}
	return fmt.Sprintf(`SELECT %s AS fact, entity, entity_key, string_agg(DISTINCT whose, ' and ' ORDER BY whose) AS whose, max(deal_id) AS deal_id, max(lead_id) AS lead_id
FROM (SELECT coalesce(f.entity, '') AS entity, coalesce(f.entity_key, '') AS entity_key, concat_ws(' ', %s) AS whose, %s AS deal_id, %s AS lead_id
  FROM %s AS f) AS unit
WHERE (entity, entity_key) IN (SELECT (entity, entity_key) FROM %s)
GROUP BY entity, entity_key`, quoteText(f.name), strings.Join(whose, ", "), or("deal_id"), or("lead_id"), f.name, keys)
}
