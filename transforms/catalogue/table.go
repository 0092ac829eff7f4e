package catalogue

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Table is rows laid out for people: hours, days and percent, names beside ids, and only columns that say something.
type Table struct {
	Head  []string
	Right []bool // columns of numbers
	Rows  [][]string
}

// TableOf lays rows out.
func TableOf(rows []Row) Table {
	dims := rowDims(rows)
	some := func(has func(Row) bool) bool { return slices.ContainsFunc(rows, has) }
	parts := some(func(r Row) bool { return r.Numerator.Valid || r.Denominator.Valid })
	censored := some(func(r Row) bool { return r.NCensored > 0 })
	excluded := some(func(r Row) bool { return r.NExcluded > 0 })
	var t Table
	column := func(name string, right bool) {
		t.Head, t.Right = append(t.Head, name), append(t.Right, right)
	}
	for _, name := range []string{"metric", "grain", "period"} {
		column(name, false)
	}
	for _, d := range dims {
		column(d, false)
	}
	column("value", true)
	if parts {
		column("numerator", true)
		column("denominator", true)
	}
	column("n", true)
	if censored {
		column("censored", true)
	}
	column("status", false)
	if excluded {
		column("left out", false)
	}
	for _, r := range rows {
		line := []string{r.MetricID, r.Grain, r.period()}
		for _, d := range dims {
			line = append(line, r.label(d))
		}
		line = append(line, r.Shown())
		if parts {
			line = append(line, grouped(r.Numerator.Text), grouped(r.Denominator.Text))
		}
		line = append(line, grouped(fmt.Sprint(r.N)))
		if censored {
			line = append(line, grouped(fmt.Sprint(r.NCensored)))
		}
		line = append(line, r.Status)
		if excluded {
			line = append(line, r.reasons())
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// label is a dimension's value, with the name beside a partner's id.
func (r Row) label(dim string) string {
	value := r.Dims[dim]
	if dim == "partner" && r.PartnerName != "" && r.PartnerName != value {
		return value + " " + r.PartnerName
	}
	return value
}

// Shown is the value as people read it.
func (r Row) Shown() string {
	switch {
	case r.Status == "not_reached" && r.LowerBound.Valid:
		return "≥ " + Show(r.Unit, r.LowerBound)
	case !r.Value.Valid:
		return "–"
	}
	return Show(r.Unit, r.Value)
}

// Show writes a figure in the unit that people use: 3.5 h, 12.4 d, 18.2 %, 1,234.50.
func Show(unit Unit, f Figure) string {
	v, isNumber := f.Float()
	switch {
	case !isNumber:
		return f.Text
	case unit == Seconds:
		return duration(v)
	case unit == RatioOf1:
		return fmt.Sprintf("%.1f %%", v*100)
	}
	return grouped(f.Text)
}

// duration is seconds in the largest unit that keeps it readable.
func duration(seconds float64) string {
	switch abs := math.Abs(seconds); {
	case abs < 90:
		return fmt.Sprintf("%.0f s", seconds)
	case abs < 90*60:
		return fmt.Sprintf("%.0f min", seconds/60)
	case abs < 72*3600:
		return fmt.Sprintf("%.1f h", seconds/3600)
	}
	return fmt.Sprintf("%.1f d", seconds/86400)
}

// grouped puts commas between the thousands of a plain number.
func grouped(text string) string {
	whole, fraction, hasFraction := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if hasFraction {
		return sign + whole + "." + fraction
	}
	return sign + whole
}
