package report

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

const (
	none    = "–"
	longDay = "2 January 2006"
)

func metricOf(key string) string {
	id, _, _ := strings.Cut(key, "|")
	return id
}

// figure writes a value for people: money with separators and no cents, shares in percent, durations in hours or days.
func figure(r catalogue.Row) string {
	v, ok := r.Value.Float()
	if !ok {
		if r.Status == "not_reached" && r.LowerBound.Valid {
			bound, _ := r.LowerBound.Float()
			return "≥ " + duration(bound)
		}
		if r.Value.Valid {
			return words(r.Value.Text)
		}
		return none
	}
	switch r.Unit {
	case catalogue.Money:
		return grouped(whole(r.Value.Text))
	case catalogue.RatioOf1:
		return minus(fmt.Sprintf("%.1f %%", v*100))
	case catalogue.Seconds:
		return duration(v)
	}
	return grouped(r.Value.Text)
}

// note says in words why a figure is not to be taken at face value.
func note(r catalogue.Row) string {
	switch r.Status {
	case "no_source":
		return "no source: the configuration maps no input for it"
	case "no_data":
		return "no data in this period"
	case "low_n":
		return fmt.Sprintf("only %d behind it", r.N)
	case "immature":
		return "immature: its period is too recent"
	case "not_reached":
		return "not reached: too few are answered"
	case "failed_missing_fx":
		return "failed: an exchange rate is missing"
	case "no_calendar":
		return "no business calendar"
	}
	return ""
}

func minus(text string) string { return strings.ReplaceAll(text, "-", "−") }

func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

func duration(seconds float64) string {
	hours := seconds / 3600
	switch {
	case hours < 1:
		return fmt.Sprintf("%.0f min", seconds/60)
	case hours < 96:
		return fmt.Sprintf("%.1f h", hours)
	}
	return fmt.Sprintf("%.1f d", hours/24)
}

// whole rounds decimal text to units, half away from zero, without a detour through a double.
func whole(text string) string {
	units, cents, found := strings.Cut(text, ".")
	if !found || cents == "" || cents[0] < '5' {
		if units == "-0" {
			return "0"
		}
		return units
	}
	sign, digits := "", units
	if strings.HasPrefix(units, "-") {
		sign, digits = "-", units[1:]
	}
	out := []byte(digits)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i] != '9' {
			out[i]++
			return sign + string(out)
		}
		out[i] = '0'
	}
	return sign + "1" + string(out)
}

func grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "−", digits[1:]
	}
	units, rest, dotted := strings.Cut(digits, ".")
	for i := len(units) - 3; i > 0; i -= 3 {
		units = units[:i] + "," + units[i:]
	}
	if dotted {
		return sign + units + "." + rest
	}
	return sign + units
}

// short writes an amount for an axis: 1.2 M, 340 k.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e9:
		return fmt.Sprintf("%.1f bn", v/1e9)
	case a >= 1e6:
		return fmt.Sprintf("%.1f M", v/1e6)
	case a >= 1e3:
		return fmt.Sprintf("%.0f k", v/1e3)
	}
	return fmt.Sprintf("%.0f", v)
}

// difference is relative for amounts and durations, in points for shares.
func difference(now, then catalogue.Row, better string) change {
	a, okA := now.Value.Float()
	b, okB := then.Value.Float()
	if !okA || !okB {
		return change{Text: none, Class: "flat"}
	}
	var text string
	switch {
	case now.Unit == catalogue.RatioOf1:
		text = fmt.Sprintf("%+.1f pt", (a-b)*100)
	case b == 0:
		return change{Text: none, Class: "flat"}
	default:
		text = fmt.Sprintf("%+.1f %%", (a-b)/math.Abs(b)*100)
	}
	class := "flat"
	if a != b {
		class = "bad"
		if (a > b) == (better != "down") {
			class = "good"
		}
	}
	return change{Text: minus(text), Class: class}
}

func catalogueCount(n int64) string { return fmt.Sprintf("%d", n) }

func ratio(r catalogue.Row) string {
	v, _ := r.Value.Float()
	return fmt.Sprintf("%.2f", v)
}

// addMoney sums two money rows exactly, in cents.
func addMoney(a, b catalogue.Row) catalogue.Row {
	if !b.Value.Valid {
		return a
	}
	if !a.Value.Valid {
		return b
	}
	x, okX := new(big.Rat).SetString(a.Value.Text)
	y, okY := new(big.Rat).SetString(b.Value.Text)
	if !okX || !okY {
		return a
	}
	a.Value.Text = x.Add(x, y).FloatString(2)
	return a
}

// cents writes a money figure to the cent, as a statement does.
func cents(r catalogue.Row) string {
	if !r.Value.Valid {
		return none
	}
	return grouped(r.Value.Text)
}

// trimmed is a decimal without the zeros at its end.
func trimmed(text string) string {
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
