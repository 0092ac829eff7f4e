package catalogue

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
)

// ExplainSpec names one value.
type ExplainSpec struct {
	ID     string
	Cut    map[string]string // every dimension of the value, those that are always there included
	Grain  string            // empty = total, or quarter-and-so-on by what the metric has first
	Period string            // a day, month or year (YYYY[-MM[-DD]]) in which the period lies; none for total
	Limit  int               // most rows to return, 0 = all
}

// Explanation is a value with its definition and the rows behind it.
type Explanation struct {
	ID                string        `json:"metric_id"`
	Title             string        `json:"title"`
	Description       string        `json:"description"`
	DefinitionVersion int           `json:"definition_version"`
	AsOf              string        `json:"as_of"`
	Zone              string        `json:"reporting_tz"`
	Unit              Unit          `json:"unit"`
	Better            string        `json:"better"`
	Fact              string        `json:"fact"`
	Facts             []string      `json:"facts"`
	Formula           []FormulaPart `json:"formula"`
	MissingInputs     []string      `json:"missing_inputs,omitempty"`
	Value             Row           `json:"value"`
	RowCount          int64         `json:"row_count"` // rows behind it, those beyond the limit included
	Rows              []SourceRow   `json:"rows"`
}

// SourceRow is one row of the fact behind a value, and where it came from.
type SourceRow struct {
	Entity      string `json:"entity"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	Partner     string `json:"partner,omitempty"`
	PartnerName string `json:"partner_name,omitempty"`
	At          string `json:"at"` // the anchor, UTC
	Excluded    string `json:"excluded,omitempty"`
	InCut       bool   `json:"in_cut"` // false: only the denominator takes it in
	Value       string `json:"value,omitempty"`
	Numerator   string `json:"numerator,omitempty"`
	Denominator string `json:"denominator,omitempty"`
	Censored    bool   `json:"censored,omitempty"`
	Source      string `json:"source"`
	File        string `json:"file"`
	Line        int64  `json:"line"`
	LoadID      string `json:"load_id"`
	URL         string `json:"url,omitempty"` // the record in its source, filled in by who knows the configuration
}

// Explain walks one value down to the source rows it is made of.
func (c *Catalogue) Explain(ctx context.Context, conn *sql.Conn, contracts *schemas.Set, spec ExplainSpec) (*Explanation, error) {
	m, err := c.find(spec.ID)
	if err != nil {
		return nil, err
	}
	sources, err := readSources(ctx, conn)
	if err != nil {
		return nil, err
	}
	e := &Explanation{
		ID: m.ID, Title: m.Title, Description: m.Description, DefinitionVersion: m.DefinitionVersion, Unit: m.Unit, Better: m.Better,
		Fact: m.Fact, Facts: m.Facts, Formula: m.Formula(), MissingInputs: sources.missing(m), Rows: []SourceRow{},
	}
	if len(e.MissingInputs) > 0 {
		rows, err := c.Query(ctx, conn, QuerySpec{IDs: []string{m.ID}})
		if err != nil {
			return nil, err
		}
		e.Value, e.AsOf, e.Zone = rows[0], rows[0].AsOf, rows[0].Zone
		return e, nil
	}
	if spec.Grain == "" {
		grains, _ := m.askedGrains(nil)
		spec.Grain = grains[0]
	}
	if spec.Period, err = periodStart(ctx, conn, spec); err != nil {
		return nil, err
	}
	if e.Value, err = c.oneRow(ctx, conn, m, spec); err != nil {
		return nil, err
	}
	e.AsOf, e.Zone = e.Value.AsOf, e.Value.Zone
	e.RowCount, e.Rows, err = sourceRows(ctx, conn, contracts, m, spec)
	return e, err
}

func (c *Catalogue) find(id string) (*Metric, error) {
	metrics, err := c.pick(QuerySpec{IDs: []string{id}})
	if err != nil {
		return nil, err
	}
	return metrics[0], nil
}

// PeriodStart finds the first day of the fiscal period of a grain in which a day, month or year lies.
func PeriodStart(ctx context.Context, conn *sql.Conn, grain, period string) (string, error) {
	return periodStart(ctx, conn, ExplainSpec{Grain: grain, Period: period})
}

// periodStart finds the fiscal period in which the asked-for day lies.
func periodStart(ctx context.Context, conn *sql.Conn, spec ExplainSpec) (string, error) {
	if spec.Grain == "total" {
		if spec.Period != "" {
			return "", fmt.Errorf("period %s needs a grain: total is everything up to as_of", spec.Period)
		}
		return "", nil
	}
	if !slices.Contains(Grains(), spec.Grain) {
		return "", fmt.Errorf("unknown grain %q%s", spec.Grain, hint(diag.DidYouMean(spec.Grain, Grains())))
	}
	if spec.Period == "" {
		return "", fmt.Errorf("which %s? name a day in it: --period YYYY-MM-DD", spec.Grain)
	}
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		day, err := time.Parse(layout, spec.Period)
		if err != nil {
			continue
		}
		var start time.Time
		err = conn.QueryRowContext(ctx, "SELECT "+periodColumn(spec.Grain)+" FROM program.fiscal_day WHERE date = CAST(? AS DATE)", day.Format(time.DateOnly)).Scan(&start)
		if err != nil {
			return "", fmt.Errorf("find the %s of %s: %w", spec.Grain, spec.Period, err)
		}
		return start.Format(time.DateOnly), nil
	}
	return "", fmt.Errorf("period %q of grain %s is no day, month or year: write YYYY-MM-DD, YYYY-MM or YYYY", spec.Period, spec.Grain)
}

// oneRow is the value itself, as a query would show it.
func (c *Catalogue) oneRow(ctx context.Context, conn *sql.Conn, m *Metric, spec ExplainSpec) (Row, error) {
	for _, d := range m.Always {
		if _, ok := spec.Cut[d]; !ok {
			return Row{}, fmt.Errorf("%s is always by %s: name one in the cut", m.ID, d)
		}
	}
	by := make([]string, 0, len(spec.Cut))
	for d := range spec.Cut {
		by = append(by, d)
	}
	slices.Sort(by)
	rows, err := c.Query(ctx, conn, QuerySpec{IDs: []string{m.ID}, By: by, Grains: []string{spec.Grain}})
	if err != nil {
		return Row{}, err
	}
	known := map[string][]string{}
	for _, r := range rows {
		if r.period() == spec.Period && sameCut(r.Dims, spec.Cut) {
			return r, nil
		}
		for d, v := range r.Dims {
			known[d] = append(known[d], v)
		}
	}
	for _, d := range by {
		if v := spec.Cut[d]; !slices.Contains(known[d], v) {
			return Row{}, fmt.Errorf("%s has no row with %s %q at grain %s%s", m.ID, d, v, spec.Grain, hint(diag.DidYouMean(v, unique(known[d]))))
		}
	}
	return Row{}, fmt.Errorf("%s has no row for that cut and period: nothing happened there", m.ID)
}

func sameCut(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for d, v := range a {
		if b[d] != v {
			return false
		}
	}
	return true
}

func unique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

// sourceRows reads the fact rows behind a value, each with what it contributes, and looks up where they came from.
func sourceRows(ctx context.Context, conn *sql.Conn, contracts *schemas.Set, m *Metric, spec ExplainSpec) (int64, []SourceRow, error) {
	f, err := readFact(ctx, conn, m.Fact)
	if err != nil {
		return 0, nil, err
	}
	entities, err := factEntities(ctx, conn, f)
	if err != nil {
		return 0, nil, err
	}
	text := m.explainSQL(f, spec, originSQL(contracts, entities))
	found, err := conn.QueryContext(ctx, text)
	if err != nil {
		return 0, nil, fmt.Errorf("explain %s: %w", m.ID, err)
	}
	defer found.Close()
	var total int64
	rows := []SourceRow{}
	for found.Next() {
		var r SourceRow
		err := found.Scan(&total, &r.Entity, &r.Key, &r.Name, &r.Partner, &r.PartnerName, &r.At, &r.Excluded, &r.InCut,
			&r.Value, &r.Numerator, &r.Denominator, &r.Censored, &r.Source, &r.File, &r.Line, &r.LoadID)
		if err != nil {
			return 0, nil, fmt.Errorf("explain %s: %w", m.ID, err)
		}
		rows = append(rows, r)
	}
	if err := found.Err(); err != nil {
		return 0, nil, fmt.Errorf("explain %s: %w", m.ID, err)
	}
	return total, rows, nil
}

// factEntities are the staging entities that a fact's rows are.
func factEntities(ctx context.Context, conn *sql.Conn, f fact) ([]string, error) {
	if !f.has("entity") || !f.has("entity_key") {
		return nil, nil
	}
	rows, err := conn.QueryContext(ctx, "SELECT DISTINCT entity FROM "+f.name+" WHERE entity IS NOT NULL ORDER BY entity")
	if err != nil {
		return nil, fmt.Errorf("read the entities of %s: %w", f.name, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var entity string
		if err := rows.Scan(&entity); err != nil {
			return nil, fmt.Errorf("read the entities of %s: %w", f.name, err)
		}
		out = append(out, entity)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the entities of %s: %w", f.name, err)
	}
	return out, nil
}

// originSQL is every staging row of the entities with its key as text, a name, and where it came from.
func originSQL(contracts *schemas.Set, entities []string) string {
	selects := []string{"SELECT NULL AS entity, NULL AS entity_key, NULL AS name, NULL AS _source, NULL AS _source_file, NULL AS _source_line, NULL AS _load_id WHERE false"}
	for _, name := range entities {
		entity, ok := contracts.Entity(name)
		if !ok {
			continue // rows of the program, e.g. a manual adjustment, have no source row
		}
		label := "NULL"
		for _, candidate := range []string{"name", "account_name", "account", "number", "course", "stage"} {
			if _, ok := entity.Field(candidate); ok {
				label = quoteName(candidate)
				break
			}
		}
		selects = append(selects, "SELECT "+quoteText(name)+", "+SourceKey(entity)+", "+label+
			", _source, _source_file, _source_line, _load_id FROM staging."+quoteName(name))
	}
	return strings.Join(selects, "\n  UNION ALL ")
}

// contribution is what one row adds, each as SQL over that row alone; an aggregate over one row is that row's share.
type contribution struct{ value, numerator, denominator, censored string }

func (m *Metric) contribution() contribution {
	none := contribution{value: "NULL", numerator: "NULL", denominator: "NULL", censored: "false"}
	switch m.Kind {
	case Aggregate, Text:
		none.value = m.Value
		if m.Numerator != "" {
			none.numerator = m.Numerator
		}
		if m.Denominator != "" {
			none.denominator = m.Denominator
		}
	case Ratio:
		none.numerator, none.denominator = m.Numerator, m.Denominator
	case Quantile, Mean:
		none.value = "max(" + m.Of + ")"
	case SumDistinct:
		none.value = "max(" + m.Of + ")"
	case Survival:
		none.value, none.censored = "max("+m.Duration+")", "NOT coalesce(bool_or("+m.Observed+"), false)"
	case RatioOfMedians:
		none.numerator = "max(CASE WHEN " + m.NumeratorWhere + " THEN " + m.Of + " END)"
		none.denominator = "max(CASE WHEN " + m.DenominatorWhere + " THEN " + m.Of + " END)"
	}
	return none
}

// explainSQL reads the rows of one value.
func (m *Metric) explainSQL(f fact, spec ExplainSpec, origin string) string {
	g := &generator{batch: newBatch(f, []*Metric{m}, m.explainSets(spec))}
	var extra []string
	for _, column := range []string{"entity", "entity_key", "anchor_at", "partner"} {
		if f.has(column) {
			extra = append(extra, column)
		}
	}
	or := func(column, otherwise string) string {
		if f.has(column) {
			return "any_value(" + column + ")"
		}
		return otherwise
	}
	s := g.slices(g.sets)[0]
	inPeriod := s.condition
	if spec.Grain != "total" {
		inPeriod += " AND " + s.period + " = CAST(" + quoteText(spec.Period) + " AS DATE)"
	}
	inCut := []string{"true"}
	for _, d := range inOrder(keysOf(spec.Cut)) {
		inCut = append(inCut, "_"+d+" = "+quoteText(spec.Cut[d]))
	}
	rows := "_in_cut"
	if m.DenominatorOfTotal || m.DenominatorUncut {
		rows = "(_in_cut OR _excluded IS NULL)"
	}
	parts := m.contribution()
	limit := ""
	if spec.Limit > 0 {
		limit = fmt.Sprintf("\nLIMIT %d", spec.Limit)
	}
	counts := func(sql string) string {
		return "CASE WHEN any_value(_excluded) IS NULL THEN CAST(" + sql + " AS VARCHAR) END"
	}
	return "WITH t_base AS (\n" + f.baseSQL([]*Metric{m}, g.sets, extra...) + "\n),\norigin AS (\n  " + origin + "\n),\n" +
		"behind AS (SELECT any_value(_excluded) AS _excluded, any_value(_in_cut) AS _in_cut, " +
		or("entity", "NULL") + " AS _entity, " + or("entity_key", "NULL") + " AS _entity_key, " +
		or("anchor_at", "NULL") + " AS _anchor_at, " + or("partner", "NULL") + " AS _partner_id,\n  " +
		counts(parts.value) + " AS _value, " + counts(parts.numerator) + " AS _numerator, " + counts(parts.denominator) + " AS _denominator, " + parts.censored + " AS _censored" +
		"\nFROM (SELECT row_number() OVER () AS _row, (" + strings.Join(inCut, " AND ") + ") AS _in_cut, * FROM " + g.scoped() + " WHERE " + inPeriod + ") AS numbered\nWHERE " + rows + "\nGROUP BY _row)\n" +
		`SELECT count(*) OVER (), coalesce(CAST(_entity AS VARCHAR), ''), coalesce(CAST(_entity_key AS VARCHAR), ''), coalesce(CAST(origin.name AS VARCHAR), ''),
  coalesce(CAST(_partner_id AS VARCHAR), ''), coalesce(partner.name, ''), coalesce(strftime(timezone('UTC', CAST(_anchor_at AS TIMESTAMPTZ)), '%Y-%m-%dT%H:%M:%SZ'), ''),
  coalesce(_excluded, ''), _in_cut, coalesce(_value, ''), CASE WHEN _in_cut THEN coalesce(_numerator, '') ELSE '' END, coalesce(_denominator, ''), _excluded IS NULL AND _censored,
  coalesce(CAST(_source AS VARCHAR), ''), coalesce(CAST(_source_file AS VARCHAR), ''), coalesce(CAST(_source_line AS BIGINT), 0), coalesce(CAST(_load_id AS VARCHAR), '')
FROM behind
LEFT JOIN origin ON origin.entity = _entity AND origin.entity_key = _entity_key
LEFT JOIN core.partner AS partner ON partner.partner_id = _partner_id
WHERE _in_cut OR _denominator IS NOT NULL
ORDER BY _in_cut DESC, _excluded IS NOT NULL, _anchor_at, _entity, _entity_key, _partner_id, _value, _numerator` + limit
}

func keysOf(cut map[string]string) []string {
	out := make([]string, 0, len(cut))
	for d := range cut {
		out = append(out, d)
	}
	return out
}

// explainSets is the one group that is explained.
func (m *Metric) explainSets(spec ExplainSpec) []set {
	return []set{{grain: spec.Grain, cut: inOrder(append(keysOf(spec.Cut), m.Always...))}}
}
