package catalogue

import (
	"bufio"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Row is one value of a metric, as the JSON output has it.
type Row struct {
	MetricID          string            `json:"metric_id"`
	DefinitionVersion int               `json:"definition_version"`
	AsOf              string            `json:"as_of"`
	Zone              string            `json:"reporting_tz"` // whose days as_of and period_start are
	Grain             string            `json:"grain"`
	PeriodStart       *string           `json:"period_start"`
	Dims              map[string]string `json:"dims"`
	Unit              Unit              `json:"unit"`
	Value             Figure            `json:"value"`
	Numerator         Figure            `json:"numerator"`
	Denominator       Figure            `json:"denominator"`
	N                 int64             `json:"n"`
	NCensored         int64             `json:"n_censored"`
	NExcluded         int64             `json:"n_excluded"`
	Excluded          map[string]int64  `json:"excluded"`
	LowerBound        Figure            `json:"lower_bound"`
	ProjectedBase     Figure            `json:"projected_base,omitzero"`
	Status            string            `json:"status"`

	Title       string `json:"-"`
	PartnerName string `json:"-"` // the partner dimension's name, for tables and pages
}

// Figure is a number or text with its exact spelling; the zero Figure is null.
type Figure struct {
	Text   string
	Quoted bool // JSON text, as money is
	Valid  bool
}

// MarshalJSON writes money as text and everything else as a number.
func (f Figure) MarshalJSON() ([]byte, error) {
	switch {
	case !f.Valid:
		return []byte("null"), nil
	case f.Quoted:
		return json.Marshal(f.Text)
	}
	return []byte(f.Text), nil
}

func (f Figure) String() string { return f.Text }

// Float is the figure for charts and tables; ok is false when it is null or text.
func (f Figure) Float() (value float64, ok bool) {
	if !f.Valid {
		return 0, false
	}
	v, err := strconv.ParseFloat(f.Text, 64)
	return v, err == nil
}

func money(text string) Figure  { return Figure{Text: text, Quoted: true, Valid: true} }
func number(text string) Figure { return Figure{Text: text, Valid: true} }

func double(v float64) Figure {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if v == 0 {
		text = "0" // never -0
	}
	if v == float64(int64(v)) && strings.Contains(text, "e") {
		text = strconv.FormatInt(int64(v), 10)
	}
	return number(text)
}

// part gives a numerator or denominator, stored with six decimals, the form of what it counts.
func part(text sql.NullString, of Unit) Figure {
	if !text.Valid {
		return Figure{}
	}
	r, ok := new(big.Rat).SetString(text.String)
	if !ok {
		return Figure{}
	}
	if of == Money {
		return money(r.FloatString(2))
	}
	out := r.FloatString(6)
	return number(strings.TrimSuffix(strings.TrimRight(out, "0"), "."))
}

// PartsOf is what a metric's numerator and denominator are made of.
func (m *Metric) PartsOf() Unit {
	switch {
	case m.Kind == RatioOfMedians:
		return Seconds
	case m.Kind == Ratio && m.Of != "":
		return Unit(m.Of)
	case m.Kind == Ratio:
		return Count
	}
	return m.Unit
}

// rowColumns is what scanRow reads, in order.
func rowColumns() string {
	return `metric_id, definition_version, as_of, (SELECT reporting_tz FROM program.param), grain, period_start, ` + strings.Join(Dims(), ", ") + `,
	CAST(value_money AS VARCHAR), value_number, value_text, CAST(numerator AS VARCHAR), CAST(denominator AS VARCHAR),
	n, n_censored, n_excluded, excluded, lower_bound, CAST(projected_base AS VARCHAR), status`
}

// scanRow reads a row of metrics.metric_value.
func (c *Catalogue) scanRow(rows *sql.Rows) (Row, error) {
	var (
		r                                 Row
		asOf                              time.Time
		period                            sql.NullTime
		amount, text, num, den, projected sql.NullString
		value, lower                      sql.NullFloat64
		excluded                          string
		dims                              = make([]sql.NullString, len(Dims()))
		into                              = []any{&r.MetricID, &r.DefinitionVersion, &asOf, &r.Zone, &r.Grain, &period}
	)
	for i := range dims {
		into = append(into, &dims[i])
	}
	into = append(into, &amount, &value, &text, &num, &den, &r.N, &r.NCensored, &r.NExcluded, &excluded, &lower, &projected, &r.Status)
	if err := rows.Scan(into...); err != nil {
		return r, fmt.Errorf("read a metric row: %w", err)
	}
	m, ok := c.byID[r.MetricID]
	if !ok {
		return r, fmt.Errorf("the warehouse holds metric %s, which this catalogue does not know: build it again", r.MetricID)
	}
	r.Title, r.Unit, r.AsOf = m.Title, m.Unit, asOf.Format(time.DateOnly)
	if period.Valid {
		start := period.Time.Format(time.DateOnly)
		r.PeriodStart = &start
	}
	r.Dims = map[string]string{}
	for i, d := range Dims() {
		if dims[i].Valid {
			r.Dims[d] = dims[i].String
		}
	}
	if err := json.Unmarshal([]byte(excluded), &r.Excluded); err != nil {
		return r, fmt.Errorf("read the exclusions of %s: %w", r.MetricID, err)
	}
	switch {
	case amount.Valid:
		r.Value = money(amount.String)
	case text.Valid:
		r.Value = Figure{Text: text.String, Quoted: true, Valid: true}
	case value.Valid:
		r.Value = double(value.Float64)
	}
	r.Numerator, r.Denominator = part(num, m.PartsOf()), part(den, m.PartsOf())
	if lower.Valid {
		r.LowerBound = double(lower.Float64)
	}
	if projected.Valid {
		r.ProjectedBase = money(projected.String)
	}
	return r, nil
}

// WriteJSON writes rows as one array, as they come.
func WriteJSON(w io.Writer, rows iter.Seq2[Row, error]) error {
	out := bufio.NewWriter(w)
	before := "[\n"
	for r, err := range rows {
		if err != nil {
			return err
		}
		text, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write a row of %s as JSON: %w", r.MetricID, err)
		}
		if _, err := out.WriteString(before + string(text)); err != nil {
			return fmt.Errorf("write metric rows: %w", err)
		}
		before = ",\n"
	}
	end := "\n]\n"
	if before == "[\n" {
		end = "[]\n"
	}
	if _, err := out.WriteString(end); err != nil {
		return fmt.Errorf("write metric rows: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write metric rows: %w", err)
	}
	return nil
}

// WriteCSV writes rows as they come. The columns are the same for every query, so that files can be put together.
func WriteCSV(w io.Writer, rows iter.Seq2[Row, error]) error {
	head := append([]string{"metric_id", "definition_version", "as_of", "reporting_tz", "grain", "period_start"}, Dims()...)
	head = append(head, "partner_name", "unit", "value", "numerator", "denominator", "n", "n_censored", "n_excluded", "excluded", "lower_bound", "projected_base", "status")
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return fmt.Errorf("write metric rows as CSV: %w", err)
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		record := []string{r.MetricID, strconv.Itoa(r.DefinitionVersion), r.AsOf, r.Zone, r.Grain, r.period()}
		for _, d := range Dims() {
			record = append(record, r.Dims[d])
		}
		record = append(record, r.PartnerName, string(r.Unit), r.Value.Text, r.Numerator.Text, r.Denominator.Text, strconv.FormatInt(r.N, 10),
			strconv.FormatInt(r.NCensored, 10), strconv.FormatInt(r.NExcluded, 10), r.reasons(), r.LowerBound.Text, r.ProjectedBase.Text, r.Status)
		if err := out.Write(record); err != nil {
			return fmt.Errorf("write metric rows as CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write metric rows as CSV: %w", err)
	}
	return nil
}

func (r Row) period() string {
	if r.PeriodStart == nil {
		return ""
	}
	return *r.PeriodStart
}

// reasons are the exclusions as "reason 2, other 1".
func (r Row) reasons() string {
	names := make([]string, 0, len(r.Excluded))
	for reason := range r.Excluded {
		names = append(names, reason)
	}
	slices.Sort(names)
	for i, reason := range names {
		names[i] = fmt.Sprintf("%s %d", reason, r.Excluded[reason])
	}
	return strings.Join(names, ", ")
}

// rowDims are the dimensions that any row is cut by, in order.
func rowDims(rows []Row) []string {
	var all []string
	for _, r := range rows {
		for d := range r.Dims {
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return inOrder(all)
}
