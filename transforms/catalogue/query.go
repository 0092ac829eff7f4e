package catalogue

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/schemas/diag"
)

// all asks for every dimension or every grain.
const all = "all"

// QuerySpec is what a reader asks for.
type QuerySpec struct {
	IDs    []string // none with All: every metric
	All    bool
	By     []string          // one cut; "all" = uncut and by each single dimension that the metric lists
	Grains []string          // "all" = every grain of the metric; none = total, or the coarsest that it has
	From   string            // YYYY-MM-DD: periods that start on this day or later; total is no period and stays
	To     string            // YYYY-MM-DD: periods that start before this day
	Where  map[string]string // only rows whose cut has these values
}

// Query reads what is stored and computes the rest from the facts, in the same way and with the same result.
func (c *Catalogue) Query(ctx context.Context, conn *sql.Conn, spec QuerySpec) ([]Row, error) {
	var out []Row
	for r, err := range c.Each(ctx, conn, spec) {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Each is Query row by row, for answers that need not fit in memory. The first error ends it.
func (c *Catalogue) Each(ctx context.Context, conn *sql.Conn, spec QuerySpec) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		texts, err := c.rowTexts(ctx, conn, spec)
		if err != nil {
			yield(Row{}, err)
			return
		}
		names, err := partnerNames(ctx, conn)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for _, text := range texts {
			if !c.readRows(ctx, conn, text, names, yield) {
				return
			}
		}
	}
}

// rowTexts is one SELECT of metric_value's columns per asked-for metric.
func (c *Catalogue) rowTexts(ctx context.Context, conn *sql.Conn, spec QuerySpec) ([]string, error) {
	metrics, err := c.pick(spec)
	if err != nil {
		return nil, err
	}
	if err := spec.checkDates(); err != nil {
		return nil, err
	}
	missing, err := c.missingSources(ctx, conn, metrics)
	if err != nil {
		return nil, err
	}
	kept, err := storedVersions(ctx, conn)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, m := range metrics {
		text, err := noSourceSQL(m), error(nil)
		if !slices.Contains(missing, m) {
			text, err = rowsSQL(ctx, conn, m, spec.of(m), kept[m.ID] == m.DefinitionVersion)
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// SQL is the text that computes a metric's rows from its facts, to read or to run in a shell.
func (c *Catalogue) SQL(ctx context.Context, conn *sql.Conn, spec QuerySpec) (string, error) {
	metrics, err := c.pick(spec)
	if err != nil {
		return "", err
	}
	var texts []string
	for _, m := range metrics {
		sets, err := m.sets(spec.of(m))
		if err != nil {
			return "", err
		}
		b, err := single(ctx, conn, m, sets)
		if err != nil {
			return "", err
		}
		texts = append(texts, b.generate().sql()+";\n")
	}
	return strings.Join(texts, "\n"), nil
}

// fits tells whether a metric has a grain and the cut that are asked of all metrics.
func (s QuerySpec) fits(m *Metric) bool {
	s = s.of(m)
	grains, err := m.askedGrains(s.Grains)
	if err != nil || len(grains) == 0 {
		return false
	}
	_, err = m.sets(s)
	return err == nil
}

// of is the question as it is put to one metric: asked with all others for several grains, it answers with those it has; where only one
// value of a dimension is asked for, the cut has that dimension.
func (s QuerySpec) of(m *Metric) QuerySpec {
	if s.All && len(s.IDs) == 0 && len(s.Grains) > 1 {
		if own := slices.DeleteFunc(slices.Clone(s.Grains), func(g string) bool { return !slices.Contains(m.Grains, g) }); len(own) > 0 {
			s.Grains = own
		}
	}
	if !slices.Equal(s.By, []string{all}) {
		s.By = slices.Clone(s.By)
		for _, d := range slices.Sorted(maps.Keys(s.Where)) {
			if !slices.Contains(s.By, d) && !slices.Contains(m.Always, d) {
				s.By = append(s.By, d)
			}
		}
	}
	return s
}

// pick resolves the asked-for ids.
func (c *Catalogue) pick(spec QuerySpec) ([]*Metric, error) {
	if len(spec.IDs) == 0 {
		if !spec.All {
			return nil, fmt.Errorf("name at least one metric, or ask for all")
		}
		fitting := slices.DeleteFunc(slices.Clone(c.Metrics), func(m *Metric) bool { return !spec.fits(m) })
		if len(fitting) == 0 {
			return nil, fmt.Errorf("no metric has grain %s by %s", strings.Join(spec.Grains, ", "), strings.Join(spec.By, ", "))
		}
		return fitting, nil
	}
	var out []*Metric
	for _, id := range spec.IDs {
		m, ok := c.byID[id]
		if !ok {
			return nil, fmt.Errorf("unknown metric %q%s", id, hint(diag.DidYouMean(id, c.IDs())))
		}
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out, nil
}

func (s QuerySpec) checkDates() error {
	for _, d := range []struct{ name, text string }{{"from", s.From}, {"to", s.To}} {
		if d.text == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, d.text); err != nil {
			return fmt.Errorf("%s %q is not a day: write YYYY-MM-DD", d.name, d.text)
		}
	}
	return nil
}

// sets are the groups that a query asks of a metric.
func (m *Metric) sets(spec QuerySpec) ([]set, error) {
	grains, err := m.askedGrains(spec.Grains)
	if err != nil {
		return nil, err
	}
	if slices.Equal(spec.By, []string{all}) {
		return setsOf(grains, m.storedCuts()), nil
	}
	known := append(slices.Clone(m.Always), m.Dims...)
	for _, d := range spec.By {
		if !slices.Contains(known, d) {
			return nil, fmt.Errorf("%s cannot be cut by %q (it lists: %s)", m.ID, d, strings.Join(inOrder(known), ", "))
		}
	}
	return setsOf(grains, [][]string{m.cut(spec.By)}), nil
}

func (m *Metric) askedGrains(grains []string) ([]string, error) {
	switch {
	case len(grains) == 0:
		return grainsOf(setsOf(m.Grains, [][]string{nil}))[:1], nil
	case slices.Equal(grains, []string{all}):
		return m.Grains, nil
	}
	for _, g := range grains {
		if !slices.Contains(m.Grains, g) {
			return nil, fmt.Errorf("%s has no grain %q (it has: %s)", m.ID, g, strings.Join(m.Grains, ", "))
		}
	}
	return grains, nil
}

// storedVersions are the definitions by which the warehouse's stored values were computed, by metric.
func storedVersions(ctx context.Context, conn *sql.Conn) (map[string]int, error) {
	var there bool
	err := conn.QueryRowContext(ctx, `SELECT count(*) > 0 FROM duckdb_tables()
		WHERE database_name = current_database() AND schema_name = 'metrics' AND table_name = 'definition'`).Scan(&there)
	if err != nil || !there {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, "SELECT metric_id, definition_version FROM metrics.definition")
	if err != nil {
		return nil, fmt.Errorf("read which metrics are stored: %w", err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var id string
		var version int
		if err := rows.Scan(&id, &version); err != nil {
			return nil, fmt.Errorf("read which metrics are stored: %w", err)
		}
		out[id] = version
	}
	return out, rows.Err()
}

// rowsSQL reads the groups that the stored table holds from it, and computes the others.
func rowsSQL(ctx context.Context, conn *sql.Conn, m *Metric, spec QuerySpec, stored bool) (string, error) {
	sets, err := m.sets(spec)
	if err != nil {
		return "", err
	}
	conditions := spec.conditions()
	var held, others []set
	for _, s := range sets {
		if stored && m.stores(s) {
			held = append(held, s)
		} else {
			others = append(others, s)
		}
	}
	var parts []string
	if len(held) > 0 {
		parts = append(parts, "SELECT * FROM metrics.metric_value WHERE "+strings.Join(append(slices.Clone(conditions), "metric_id = "+quoteText(m.ID), setsSQL(held)), " AND "))
	}
	if len(others) > 0 {
		b, err := single(ctx, conn, m, others)
		if err != nil {
			return "", err
		}
		parts = append(parts, "SELECT * FROM ("+b.generate().sql()+") AS computed WHERE "+strings.Join(append(slices.Clone(conditions), "true"), " AND "))
	}
	return strings.Join(parts, "\nUNION ALL\n"), nil
}

// single is a batch of one metric.
func single(ctx context.Context, conn *sql.Conn, m *Metric, sets []set) (*batch, error) {
	f, err := readFact(ctx, conn, m.Fact)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.ID, err)
	}
	if err := f.checkColumns(m); err != nil {
		return nil, err
	}
	return newBatch(f, []*Metric{m}, sets), nil
}

func (s QuerySpec) conditions() []string {
	var out []string
	if s.From != "" {
		out = append(out, "(period_start IS NULL OR period_start >= CAST("+quoteText(s.From)+" AS DATE))")
	}
	if s.To != "" {
		out = append(out, "(period_start IS NULL OR period_start < CAST("+quoteText(s.To)+" AS DATE))")
	}
	for _, d := range Dims() {
		if v, ok := s.Where[d]; ok {
			out = append(out, d+" = "+quoteText(v))
		}
	}
	return out
}

// setsSQL picks the stored rows of some groups.
func setsSQL(sets []set) string {
	var out []string
	for _, s := range sets {
		condition := "grain = " + quoteText(s.grain)
		for _, d := range Dims() {
			if slices.Contains(s.cut, d) {
				condition += " AND " + d + " IS NOT NULL"
			} else {
				condition += " AND " + d + " IS NULL"
			}
		}
		out = append(out, "("+condition+")")
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

// readRows runs a SELECT of metric_value's columns and yields it in a fixed order; it says whether to go on.
func (c *Catalogue) readRows(ctx context.Context, conn *sql.Conn, text string, names map[string]string, yield func(Row, error) bool) bool {
	order := `CASE grain WHEN 'total' THEN 0 WHEN 'year' THEN 1 WHEN 'quarter' THEN 2 WHEN 'month' THEN 3 WHEN 'week' THEN 4 ELSE 5 END, period_start`
	var cut []string
	for _, d := range Dims() {
		cut = append(cut, d+" IS NOT NULL")
	}
	rows, err := conn.QueryContext(ctx, "SELECT "+rowColumns()+" FROM ("+text+") AS found ORDER BY "+order+" NULLS FIRST, "+
		strings.Join(cut, ", ")+", "+strings.Join(Dims(), " NULLS FIRST, ")+" NULLS FIRST")
	if err != nil {
		yield(Row{}, fmt.Errorf("query metrics: %w", err))
		return false
	}
	defer rows.Close()
	for rows.Next() {
		r, err := c.scanRow(rows)
		r.PartnerName = names[r.Dims["partner"]]
		if !yield(r, err) || err != nil {
			return false
		}
	}
	if err := rows.Err(); err != nil {
		yield(Row{}, fmt.Errorf("query metrics: %w", err))
		return false
	}
	return true
}

// partnerNames are the names that stand beside partner ids.
func partnerNames(ctx context.Context, conn *sql.Conn) (map[string]string, error) {
	found, err := conn.QueryContext(ctx, "SELECT partner_id, coalesce(name, '') FROM core.partner")
	if err != nil {
		return nil, fmt.Errorf("read partner names: %w", err)
	}
	defer found.Close()
	out := map[string]string{}
	for found.Next() {
		var id, name string
		if err := found.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("read partner names: %w", err)
		}
		out[id] = name
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read partner names: %w", err)
	}
	return out, nil
}
