package catalogue

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

// noPeriod stands for "no period" inside generated SQL, where keys are never null so that joins stay plain.
const noPeriod = "DATE '0001-01-01'"

// fact is what the generator must know of a fact table.
type fact struct {
	name    string
	columns []string
	rows    int64
}

// expanded facts carry grain and period_start: their rows are already per period.
func (f fact) expanded() bool {
	return slices.Contains(f.columns, "grain") && slices.Contains(f.columns, "period_start")
}

func (f fact) has(column string) bool { return slices.Contains(f.columns, column) }

// readFact looks a fact table up in the warehouse.
func readFact(ctx context.Context, conn *sql.Conn, name string) (fact, error) {
	f := fact{name: name}
	rows, err := conn.QueryContext(ctx, "SELECT lower(column_name) FROM (DESCRIBE SELECT * FROM "+name+")")
	if err != nil {
		return f, fmt.Errorf("read the columns of %s: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			return f, fmt.Errorf("read the columns of %s: %w", name, err)
		}
		f.columns = append(f.columns, column)
	}
	if err := rows.Err(); err != nil {
		return f, fmt.Errorf("read the columns of %s: %w", name, err)
	}
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM "+name).Scan(&f.rows); err != nil {
		return f, fmt.Errorf("count the rows of %s: %w", name, err)
	}
	return f, nil
}

// checkColumns reports what a metric wants of its fact and does not find there.
func (f fact) checkColumns(m *Metric) error {
	wanted := m.cut(m.Dims)
	if !f.expanded() {
		wanted = append(wanted, "anchor_at")
	}
	for _, column := range wanted {
		if !f.has(column) {
			return fmt.Errorf("%s: %s: %s has no column %q%s", m.At, m.ID, f.name, column, hint(diag.DidYouMean(column, f.columns)))
		}
	}
	return nil
}

func hint(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// fragments are all pieces of SQL of a metric.
func (m *Metric) fragments() []string {
	return []string{
		m.Where, m.excludedSQL(), m.Creates, m.Value, m.Numerator, m.Denominator, m.Of, m.Duration, m.Observed, m.Distinct,
		m.NumeratorWhere, m.DenominatorWhere, m.N, m.NCensored, m.LowerBound, m.ProjectedBase, m.Status, m.MaturitySeconds,
	}
}

// excludedSQL gives the reason for which a row is left out, or null.
func (m *Metric) excludedSQL() string {
	if m.Excluded != "" {
		return m.Excluded
	}
	return "excluded"
}

// used are the fact's columns that the metrics' SQL mentions, so that a base does not carry the rest.
func (f fact) used(metrics []*Metric) []string {
	word := regexp.MustCompile(`[a-z_][a-z0-9_]*`)
	mentioned := map[string]bool{}
	for _, m := range metrics {
		for _, text := range m.fragments() {
			for _, w := range word.FindAllString(strings.ToLower(text), -1) {
				mentioned[w] = true
			}
		}
	}
	var out []string
	for _, c := range f.columns {
		if mentioned[c] {
			out = append(out, c)
		}
	}
	return out
}

// baseSQL is the fact with its used columns, its period starts and its cut columns. Generated columns begin with an underscore.
func (f fact) baseSQL(metrics []*Metric, sets []set, extra ...string) string {
	var cols []string
	for _, c := range append(f.used(metrics), extra...) {
		if col := "f." + quoteName(c); !slices.Contains(cols, col) {
			cols = append(cols, col)
		}
	}
	for _, d := range dimsOf(sets) {
		cols = append(cols, fmt.Sprintf("coalesce(nullif(CAST(f.%s AS VARCHAR), ''), 'unknown') AS _%s", d, d))
	}
	from := "\nFROM " + f.name + " AS f"
	if f.expanded() {
		cols = append(cols, "f.grain AS _grain", "coalesce(CAST(f.period_start AS DATE), "+noPeriod+") AS _period")
		return "SELECT " + strings.Join(cols, ", ") + from
	}
	for _, g := range grainsOf(sets) {
		if g != "total" {
			cols = append(cols, "day."+periodColumn(g)+" AS _"+g)
		}
	}
	if len(cols) == 0 {
		cols = []string{"1 AS _one"}
	}
	return "SELECT " + strings.Join(cols, ", ") + from + "\nLEFT JOIN program.fiscal_day AS day ON day.date = report_date(f.anchor_at)"
}

// periodColumn is where program.fiscal_day has a grain's period start.
func periodColumn(grain string) string {
	if grain == "day" {
		return "date"
	}
	return grain + "_start"
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
