package movement

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

// sides name the temporary tables of each night.
func sides() [2]string { return [2]string{"before", "after"} }

// noPeriod stands for "no period" in keys, which are never null.
const noPeriod = "DATE '0001-01-01'"

// withoutValue are the states in which a night has no figure at all: its rows then count for nothing.
const withoutValue = "'no_source', 'failed_missing_fx'"

// Compare says what moved of some metrics.
func (p *Pair) Compare(ctx context.Context, cat *catalogue.Catalogue, contracts *schemas.Set, spec Spec) (*Report, error) {
	report := &Report{From: p.From, To: p.To, Changes: []Change{}}
	metrics, units, err := asked(cat, spec)
	if err != nil {
		return nil, err
	}
	period, err := p.period(ctx, spec)
	if err != nil {
		return nil, err
	}
	fail := func(err error) error { return fmt.Errorf("compare %s with %s: %w", p.To.File, p.From.File, err) }
	if err := p.read(ctx, cat, units, period); err != nil {
		return nil, fail(err)
	}
	if err := p.exec(ctx, "compare the units", movedSQL()); err != nil {
		return nil, fail(err)
	}
	var moved int64
	if err := p.conn.QueryRowContext(ctx, "SELECT count(*) FROM temp.moved").Scan(&moved); err != nil {
		return nil, fail(err)
	}
	if moved > 0 {
		if err := p.findCauses(ctx, cat, contracts, metrics, units); err != nil {
			return nil, fail(err)
		}
	}
	if report.Changes, err = p.changes(ctx, cat, metrics, spec.Limit); err != nil {
		return nil, fail(err)
	}
	return report, nil
}

// everyMetric asks for all metrics.
const everyMetric = "all"

// asked are the metrics that a spec names and what to read of each. Of those that nobody named, the ones that lack the grain or the cut are
// left out.
func asked(cat *catalogue.Catalogue, spec Spec) (metrics []*catalogue.Metric, units []catalogue.UnitSpec, err error) {
	ids, named := spec.IDs, true
	switch {
	case len(ids) == 0:
		ids, named = Headlines(), false
	case slices.Equal(ids, []string{everyMetric}):
		ids, named = cat.IDs(), false
	}
	for _, id := range ids {
		m, ok := cat.Metric(id)
		if !ok && !named {
			continue // a user's catalogue may leave one out
		}
		if !ok {
			return nil, nil, fmt.Errorf("there is no metric %q: tributary metrics list shows them", id)
		}
		grains, err := fits(m, spec)
		if err != nil && named {
			return nil, nil, err
		}
		if err == nil && !slices.Contains(metrics, m) {
			metrics, units = append(metrics, m), append(units, catalogue.UnitSpec{ID: m.ID, Grains: grains, Cut: spec.Cut})
		}
	}
	if len(metrics) == 0 {
		return nil, nil, fmt.Errorf("no metric to compare has grain %s and that cut", strings.Join(spec.Grains, ", "))
	}
	return metrics, units, nil
}

// fits gives the grains at which a metric is compared.
func fits(m *catalogue.Metric, spec Spec) ([]string, error) {
	cuts := append(slices.Clone(m.Always), m.Dims...)
	for _, d := range slices.Sorted(maps.Keys(spec.Cut)) {
		if !slices.Contains(cuts, d) {
			return nil, fmt.Errorf("%s cannot be cut by %q (it lists: %s)", m.ID, d, strings.Join(cuts, ", "))
		}
	}
	if len(spec.Grains) == 0 {
		if slices.Contains(m.Grains, "quarter") {
			return []string{"quarter"}, nil
		}
		return m.Grains[:1], nil
	}
	own := slices.DeleteFunc(slices.Clone(spec.Grains), func(g string) bool { return !slices.Contains(m.Grains, g) })
	if len(own) == 0 {
		return nil, fmt.Errorf("%s has no grain %s (it has: %s)", m.ID, strings.Join(spec.Grains, ", "), strings.Join(m.Grains, ", "))
	}
	return own, nil
}

// period finds the first day of the only period that is asked for.
func (p *Pair) period(ctx context.Context, spec Spec) (string, error) {
	if spec.Period == "" {
		return "", nil
	}
	grain := "quarter"
	if len(spec.Grains) > 0 {
		grain = spec.Grains[0]
	}
	if len(spec.Grains) > 1 {
		return "", fmt.Errorf("period %s of which grain? name one of %s", spec.Period, strings.Join(spec.Grains, ", "))
	}
	if err := p.use(ctx, after); err != nil {
		return "", err
	}
	return catalogue.PeriodStart(ctx, p.conn, grain, spec.Period)
}

// read puts the figures of both nights, and what each unit adds to them, into temporary tables.
func (p *Pair) read(ctx context.Context, cat *catalogue.Catalogue, specs []catalogue.UnitSpec, period string) error {
	only := "true"
	if period != "" {
		only = "period_start = CAST(" + text(period) + " AS DATE)"
	}
	for side, name := range sides() {
		if err := p.use(ctx, side); err != nil {
			return err
		}
		figures, units, err := cat.PartsSQL(ctx, p.conn, specs)
		if err != nil {
			return err
		}
		err = p.exec(ctx, "read the night "+name,
			"CREATE OR REPLACE TEMP TABLE figure_"+name+" AS SELECT * FROM ("+figures+") AS figure WHERE "+only,
			"CREATE OR REPLACE TEMP TABLE unit_"+name+" AS SELECT * REPLACE (coalesce(period_start, "+noPeriod+") AS period_start) FROM ("+units+") AS unit\n"+
				"WHERE (metric_id, grain, coalesce(period_start, "+noPeriod+"), dims) IN (SELECT (metric_id, grain, coalesce(period_start, "+noPeriod+"), dims) FROM temp.figure_"+name+
				" WHERE status NOT IN ("+withoutValue+"))")
		if err != nil {
			return err
		}
	}
	return nil
}

// movedSQL keeps the units that add something else than before.
func movedSQL() string {
	var columns []string
	for _, c := range []string{"metric_id", "grain", "period_start", "dims", "entity", "entity_key", "partner"} {
		columns = append(columns, "coalesce(b."+c+", a."+c+") AS "+c)
	}
	for _, c := range []string{"numerator", "denominator", "n", "n_censored"} {
		columns = append(columns, "coalesce(b."+c+", 0) AS "+c+"_before", "coalesce(a."+c+", 0) AS "+c+"_after")
	}
	return "CREATE OR REPLACE TEMP TABLE moved AS SELECT " + strings.Join(columns, ", ") + `,
  b.value AS value_before, a.value AS value_after, CAST('' AS VARCHAR) AS cause, CAST('' AS VARCHAR) AS detail
FROM temp.unit_before AS b
FULL JOIN temp.unit_after AS a ON a.metric_id = b.metric_id AND a.grain = b.grain AND a.period_start = b.period_start AND a.dims = b.dims
  AND a.entity = b.entity AND a.entity_key = b.entity_key AND a.partner = b.partner
WHERE coalesce(b.numerator, 0) <> coalesce(a.numerator, 0) OR coalesce(b.denominator, 0) <> coalesce(a.denominator, 0)
  OR coalesce(b.n, 0) <> coalesce(a.n, 0) OR coalesce(b.n_censored, 0) <> coalesce(a.n_censored, 0) OR b.value IS DISTINCT FROM a.value`
}

// key tells figures apart.
func key(metric, grain string, period *string, dims map[string]string) string {
	parts := []string{metric, grain, ""}
	if period != nil {
		parts[2] = *period
	}
	for _, d := range slices.Sorted(maps.Keys(dims)) {
		parts = append(parts, d+"="+dims[d])
	}
	return strings.Join(parts, "\x00")
}

// changes puts figures and moves together.
func (p *Pair) changes(ctx context.Context, cat *catalogue.Catalogue, metrics []*catalogue.Metric, limit int) ([]Change, error) {
	all := map[string]*Change{}
	var order []string
	for side, name := range sides() {
		rows, err := cat.ReadRows(ctx, p.conn, "SELECT * FROM temp.figure_"+name)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.Status == catalogue.StatusNoSource {
				continue
			}
			k := key(r.MetricID, r.Grain, r.PeriodStart, r.Dims)
			if all[k] == nil {
				all[k] = &Change{
					MetricID: r.MetricID, Title: r.Title, Unit: r.Unit, Grain: r.Grain, PeriodStart: r.PeriodStart, Dims: r.Dims,
					ByCause: []CauseSum{}, Moves: []Move{}, Sum: Delta{Numerator: "0", Denominator: "0"},
				}
				order = append(order, k)
			}
			v := &Value{Value: r.Value, Numerator: r.Numerator, Denominator: r.Denominator, N: r.N, NCensored: r.NCensored, Status: r.Status}
			if side == before {
				all[k].Before = v
			} else {
				all[k].After = v
			}
		}
	}
	if err := p.addMoves(ctx, all, limit); err != nil {
		return nil, err
	}
	slices.Sort(order)
	out := []Change{}
	for _, m := range metrics {
		for _, k := range order {
			if c := all[k]; c.MetricID == m.ID {
				// where nothing adds up, everything that is still open is a day older every night
				if c.settle(m); m.Adds() && c.MoveCount > 0 || c.differs() {
					out = append(out, *c)
				}
			}
		}
	}
	return out, nil
}

// nights are the figure's two values; none is an empty one.
func (c *Change) nights() (b, a Value) {
	if c.Before != nil {
		b = *c.Before
	}
	if c.After != nil {
		a = *c.After
	}
	return b, a
}

// differs says whether the figure itself is another one.
func (c *Change) differs() bool {
	b, a := c.nights()
	return b.Value != a.Value || b.Numerator != a.Numerator || b.Denominator != a.Denominator || b.N != a.N || b.NCensored != a.NCensored
}

// settle says what the parts are of, and works out the change of the value and whether the moves are the whole of it.
func (c *Change) settle(m *catalogue.Metric) {
	c.Parts = m.PartsOf()
	b, a := c.nights()
	switch {
	case m.Kind == catalogue.Text:
	case b.Value.Valid || a.Value.Valid:
		places := -1
		if m.Unit == catalogue.Money {
			places = 2
		}
		c.Change = difference(b.Value, a.Value, places)
	}
	numerator := func(v Value) catalogue.Figure {
		if m.Kind == catalogue.Ratio {
			return v.Numerator
		}
		return v.Value
	}
	c.Adds = m.Adds() && same(c.Sum.Numerator, numerator(b), numerator(a)) && c.Sum.N == counted(a)-counted(b) &&
		(m.Kind != catalogue.Ratio || same(c.Sum.Denominator, b.Denominator, a.Denominator))
}

func counted(v Value) int64 {
	if v.Status == "failed_missing_fx" {
		return 0
	}
	return v.N
}

// same says whether a sum of moves is the difference of two figures; no figure is nothing.
func same(sum string, b, a catalogue.Figure) bool {
	return rat(sum).Cmp(new(big.Rat).Sub(rat(a.Text), rat(b.Text))) == 0
}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// difference is a figure of the same kind. Doubles are subtracted as they are written.
func difference(b, a catalogue.Figure, places int) catalogue.Figure {
	d := new(big.Rat).Sub(rat(a.Text), rat(b.Text))
	if places >= 0 {
		return catalogue.Figure{Text: d.FloatString(places), Quoted: true, Valid: true}
	}
	v, _ := d.Float64()
	return catalogue.Figure{Text: strconv.FormatFloat(v, 'f', -1, 64), Valid: true}
}

// addMoves reads the moves, their sums and their sums by cause.
func (p *Pair) addMoves(ctx context.Context, all map[string]*Change, limit int) error {
	rows, err := p.conn.QueryContext(ctx, `SELECT metric_id, grain, CAST(nullif(period_start, `+noPeriod+`) AS VARCHAR), dims, cause, count(*),
			CAST(sum(numerator_after - numerator_before) AS VARCHAR), CAST(sum(denominator_after - denominator_before) AS VARCHAR),
			CAST(sum(n_after - n_before) AS BIGINT), CAST(sum(n_censored_after - n_censored_before) AS BIGINT)
		FROM temp.moved GROUP BY metric_id, grain, period_start, dims, cause`)
	if err != nil {
		return fmt.Errorf("add up the moves: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var metric, grain, dims string
		var period *string
		var s CauseSum
		if err := rows.Scan(&metric, &grain, &period, &dims, &s.Cause, &s.Moves, &s.Numerator, &s.Denominator, &s.N, &s.NCensored); err != nil {
			return fmt.Errorf("add up the moves: %w", err)
		}
		c, err := changeOf(all, metric, grain, period, dims)
		if err != nil {
			return err
		}
		s.Numerator, s.Denominator = plain(s.Numerator), plain(s.Denominator)
		c.ByCause = append(c.ByCause, s)
		c.MoveCount += s.Moves
		c.Sum.Numerator, c.Sum.Denominator = plus(c.Sum.Numerator, s.Numerator), plus(c.Sum.Denominator, s.Denominator)
		c.Sum.N, c.Sum.NCensored = c.Sum.N+s.N, c.Sum.NCensored+s.NCensored
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("add up the moves: %w", err)
	}
	for _, c := range all {
		slices.SortFunc(c.ByCause, func(a, b CauseSum) int { return slices.Index(Causes(), a.Cause) - slices.Index(Causes(), b.Cause) })
	}
	if limit < 0 {
		return nil
	}
	return p.listMoves(ctx, all, limit)
}

func (p *Pair) listMoves(ctx context.Context, all map[string]*Change, limit int) error {
	cutOff := ""
	if limit > 0 {
		cutOff = fmt.Sprintf(" WHERE place <= %d", limit)
	}
	rows, err := p.conn.QueryContext(ctx, `SELECT metric_id, grain, CAST(nullif(period_start, `+noPeriod+`) AS VARCHAR), dims, entity, entity_key, partner, cause, detail,
		CAST(numerator_before AS VARCHAR), CAST(numerator_after AS VARCHAR), CAST(denominator_before AS VARCHAR), CAST(denominator_after AS VARCHAR),
		n_before, n_after, n_censored_after - n_censored_before, coalesce(value_before, ''), coalesce(value_after, '')
	FROM (SELECT *, row_number() OVER (PARTITION BY metric_id, grain, period_start, dims ORDER BY abs(numerator_after - numerator_before) DESC,
		abs(denominator_after - denominator_before) DESC, abs(n_after - n_before) DESC, entity, entity_key, partner) AS place FROM temp.moved) AS placed`+cutOff+`
	ORDER BY metric_id, grain, period_start, dims, place`)
	if err != nil {
		return fmt.Errorf("list the moves: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var metric, grain, dims string
		var period *string
		var m Move
		err := rows.Scan(&metric, &grain, &period, &dims, &m.Entity, &m.Key, &m.Partner, &m.Cause, &m.Detail, &m.NumeratorBefore, &m.NumeratorAfter,
			&m.DenominatorBefore, &m.DenominatorAfter, &m.NBefore, &m.NAfter, &m.Delta.NCensored, &m.ValueBefore, &m.ValueAfter)
		if err != nil {
			return fmt.Errorf("list the moves: %w", err)
		}
		for _, s := range []*string{&m.NumeratorBefore, &m.NumeratorAfter, &m.DenominatorBefore, &m.DenominatorAfter} {
			*s = plain(*s)
		}
		m.Delta.Numerator, m.Delta.Denominator = minus(m.NumeratorAfter, m.NumeratorBefore), minus(m.DenominatorAfter, m.DenominatorBefore)
		m.Delta.N = m.NAfter - m.NBefore
		c, err := changeOf(all, metric, grain, period, dims)
		if err != nil {
			return err
		}
		c.Moves = append(c.Moves, m)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("list the moves: %w", err)
	}
	return nil
}
