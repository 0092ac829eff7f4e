package program

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Fiscal is fiscal.yaml: the years that finance counts in. Either calendar months from a starting month, or whole weeks.
type Fiscal struct {
	YearStart Month     `yaml:"year_start"`
	Pattern   diag.Text `yaml:"pattern"`
	YearEnd   YearEnd   `yaml:"year_end"`
}

// YearEnd is the last day of a year of whole weeks: a weekday by its place in a month.
type YearEnd struct {
	At      diag.Pos
	Weekday Weekday   `yaml:"weekday,required"`
	Month   Month     `yaml:"month,required"`
	Rule    diag.Text `yaml:"rule"` // last (default) or nearest to the month's end
}

// Month is a month's name or number; 0 is none.
type Month struct{ Month time.Month }

// DecodeNode reads a name, its first three letters, or a number.
func (m *Month) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	for month := time.January; month <= time.December; month++ {
		if n.Value == itoa(int(month)) || named(n.Value, month.String()) {
			m.Month = month
			return
		}
	}
	d.Problem(n, "write a name such as february, or a number from 1 to 12", "%s is no month", quoted(n))
}

// Weekday is a day of the week.
type Weekday struct{ Day time.Weekday }

// DecodeNode reads a name or its first three letters.
func (w *Weekday) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	day, ok := weekdayNamed(n.Value)
	if !ok {
		d.Problem(n, "write a name such as saturday or sat", "%s is no weekday", quoted(n))
	}
	w.Day = day
}

func weekdayNamed(name string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if named(name, day.String()) {
			return day, true
		}
	}
	return 0, false
}

func named(text, name string) bool {
	return strings.EqualFold(text, name) || strings.EqualFold(text, name[:3])
}

const monthly = "months"

// weeksOf are the weeks in the three months of a quarter.
func weeksOf(pattern string) ([3]int64, bool) {
	switch pattern {
	case "4-4-5":
		return [3]int64{4, 4, 5}, true
	case "4-5-4":
		return [3]int64{4, 5, 4}, true
	case "5-4-4":
		return [3]int64{5, 4, 4}, true
	}
	return [3]int64{}, false
}

func (p *Program) checkFiscal(c *checker) {
	f := &p.Fiscal
	c.oneOf("pattern", f.Pattern, monthly, "4-4-5", "4-5-4", "5-4-4")
	c.oneOf("rule", f.YearEnd.Rule, "last", "nearest")
	_, weekly := weeksOf(f.Pattern.Value)
	switch {
	case weekly && f.YearEnd.At.Line == 0:
		c.add(f.Pattern.Pos, "year_end: {weekday: saturday, month: january, rule: last}", "a pattern of weeks needs year_end")
	case weekly && f.YearStart.Month != 0:
		c.add(f.Pattern.Pos, "remove year_start: year_end says when the next year begins", "year_start does not go with a pattern of weeks")
	case !weekly && f.YearEnd.At.Line > 0:
		c.add(f.YearEnd.At, "set pattern to 4-4-5, 4-5-4 or 5-4-4, or remove it", "year_end goes with a pattern of weeks only")
	}
}

// periodsAt are the first days of the fiscal periods that hold a day.
type periodsAt struct{ week, month, quarter, year int64 }

func (f Fiscal) at(day int64) periodsAt {
	out := periodsAt{week: isoWeek(day)}
	if weeks, ok := weeksOf(f.Pattern.Value); ok {
		out.year = f.weeklyYear(day)
		out.quarter, out.month = weeklyParts(weeks, out.year, day)
		return out
	}
	t := timeOf(day)
	first := f.YearStart.Month
	if first == 0 {
		first = time.January
	}
	into := (int(t.Month()) - int(first) + 12) % 12
	out.month = civil(t.Year(), t.Month(), 1)
	out.quarter = civil(t.Year(), t.Month()-time.Month(into%3), 1)
	out.year = civil(t.Year(), t.Month()-time.Month(into), 1)
	return out
}

// starts is the first day of the period of a grain that holds a day; the day itself for a grain that is not known.
func (f Fiscal) starts(grain string, day int64) int64 {
	p := f.at(day)
	switch grain {
	case "week":
		return p.week
	case "month":
		return p.month
	case "quarter":
		return p.quarter
	case "year":
		return p.year
	}
	return day
}

// weeklyYear is the first day of the year of whole weeks that holds a day.
func (f Fiscal) weeklyYear(day int64) int64 {
	year := timeOf(day).Year() + 1
	for {
		if start := f.yearEnd(year) + 1; start <= day {
			return start
		}
		year--
	}
}

// yearEnd is the last day of the fiscal year that ends in, or nearest to, the month of a calendar year.
func (f Fiscal) yearEnd(year int) int64 {
	monthEnd := civil(year, f.YearEnd.Month.Month+1, 1) - 1
	back := (int64(timeOf(monthEnd).Weekday()) - int64(f.YearEnd.Weekday.Day) + 7) % 7
	if f.YearEnd.Rule.Value == "nearest" && back > 3 {
		return monthEnd - back + 7
	}
	return monthEnd - back
}

// weeklyParts are the first days of the quarter and month; the 53rd week belongs to the last month of the year.
func weeklyParts(weeks [3]int64, year, day int64) (quarter, month int64) {
	const quarterDays = 13 * 7
	number := min((day-year)/quarterDays, 3)
	quarter = year + number*quarterDays
	month = quarter
	for _, w := range weeks[:2] {
		if day < month+w*7 {
			break
		}
		month += w * 7
	}
	return quarter, month
}

func isoWeek(day int64) int64 {
	const monday = 4 // 1970-01-05
	return day - ((day-monday)%7+7)%7
}

func civil(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / daySeconds
}

// next is the first day after the period of a grain that begins on a day.
func (f Fiscal) next(grain string, start int64) int64 {
	day := start + 1
	for grain != "day" && f.starts(grain, day) == start {
		day++
	}
	return day
}
