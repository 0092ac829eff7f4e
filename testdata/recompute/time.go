package recompute

import (
	"fmt"
	"slices"
	"time"
)

// The grains of 3.11.
const (
	total   = "total"
	day     = "day"
	week    = "week"
	month   = "month"
	quarter = "quarter"
	year    = "year"
)

func allGrains() []string { return []string{total, day, week, month, quarter, year} }

// clock knows the reporting zone and the fiscal periods.
type clock struct {
	zone  *time.Location
	asOf  time.Time // the instant at which the as_of day ends
	days  map[string]FiscalDay
	ends  map[string]map[string]time.Time // by grain and period start: the end, not included
	begin map[string][]string             // by grain: the starts, in order
}

func newClock(d *Data) (*clock, error) {
	zone, err := time.LoadLocation(d.Param.ReportingTz)
	if err != nil {
		return nil, fmt.Errorf("reporting zone: %w", err)
	}
	c := &clock{zone: zone, asOf: d.Param.AsOfAt, days: map[string]FiscalDay{}, ends: map[string]map[string]time.Time{}, begin: map[string][]string{}}
	for _, f := range d.Days {
		c.days[f.Date.Format(time.DateOnly)] = f
	}
	for _, p := range d.Periods {
		if c.ends[p.Grain] == nil {
			c.ends[p.Grain] = map[string]time.Time{}
		}
		start := p.PeriodStart.Format(time.DateOnly)
		c.ends[p.Grain][start] = c.midnight(p.PeriodEnd)
		c.begin[p.Grain] = append(c.begin[p.Grain], start)
	}
	for _, list := range c.begin {
		slices.Sort(list)
	}
	return c, nil
}

// midnight is the first instant of a calendar day in the reporting zone.
func (c *clock) midnight(date time.Time) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, c.zone).UTC()
}

// date is the calendar day of an instant, as a UTC midnight.
func (c *clock) date(t time.Time) time.Time {
	l := t.In(c.zone)
	return time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, time.UTC)
}

// start is the first day of the period that an instant lies in; "" for total.
func (c *clock) start(grain string, t time.Time) string {
	return c.startOfDay(grain, c.date(t))
}

func (c *clock) startOfDay(grain string, date time.Time) string {
	f := c.days[date.Format(time.DateOnly)]
	switch grain {
	case day:
		return f.Date.Format(time.DateOnly)
	case week:
		return f.WeekStart.Format(time.DateOnly)
	case month:
		return f.MonthStart.Format(time.DateOnly)
	case quarter:
		return f.QuarterStart.Format(time.DateOnly)
	case year:
		return f.YearStart.Format(time.DateOnly)
	}
	return ""
}

// startAt is the instant at which a period begins.
func (c *clock) startAt(start string) time.Time {
	date, _ := time.Parse(time.DateOnly, start)
	return c.midnight(date)
}

// end is the instant at which a period ends; as_of for total.
func (c *clock) end(grain, start string) time.Time {
	if grain == total {
		return c.asOf
	}
	return c.ends[grain][start]
}

// looked is the moment at which a period is looked at: its end, or as_of when that comes first.
func (c *clock) looked(grain, start string) time.Time {
	if end := c.end(grain, start); end.Before(c.asOf) {
		return end
	}
	return c.asOf
}

// periods are the starts of the periods that begin before as_of and end after an instant.
func (c *clock) periods(grain string, from time.Time) []string {
	if grain == total {
		return []string{""}
	}
	var out []string
	for _, s := range c.begin[grain] {
		if c.startAt(s).Before(c.asOf) && c.ends[grain][s].After(from) {
			out = append(out, s)
		}
	}
	return out
}

// moment is the last one before an instant: what is "at the end" of a period that ends there.
func moment(end time.Time) time.Time { return end.Add(-time.Microsecond) }

// seconds between two instants, downwards.
func seconds(from, to time.Time) int64 {
	micros := to.Sub(from).Microseconds()
	if micros < 0 {
		return -((-micros + 999_999) / 1_000_000)
	}
	return micros / 1_000_000
}

// earliest of some instants that may be null.
func earliest(list ...time.Time) time.Time {
	var out time.Time
	for _, t := range list {
		if !t.IsZero() && (out.IsZero() || t.Before(out)) {
			out = t
		}
	}
	return out
}

// span is open time.
type span struct{ from, to time.Time }

// business holds the open spans of every calendar.
type business map[string][]span

func newBusiness(list []CalendarInterval) business {
	b := business{}
	for _, i := range list {
		if _, ok := b[i.Calendar]; !ok {
			b[i.Calendar] = nil
		}
		if i.IsOpen {
			b[i.Calendar] = append(b[i.Calendar], span{i.FromAt, i.ToAt})
		}
	}
	for _, spans := range b {
		slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	}
	return b
}

// known says whether a calendar has a name that exists.
func (b business) known(calendar string) bool { return calendar != "" && b[calendar] != nil }

// from is the place of the first span that ends after an instant.
func (b business) from(calendar string, t time.Time) int {
	at, _ := slices.BinarySearchFunc(b[calendar], t, func(s span, t time.Time) int {
		if s.to.After(t) {
			return 1
		}
		return -1
	})
	return at
}

// open is the open time within [from, to).
func (b business) open(calendar string, from, to time.Time) int64 {
	var sum time.Duration
	for _, s := range b[calendar][b.from(calendar, from):] {
		if !s.from.Before(to) {
			break
		}
		start, end := s.from, s.to
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		sum += end.Sub(start)
	}
	return sum.Microseconds() / 1_000_000
}

// due is the first instant at which so many seconds were open; the zero time when the calendar ends before.
func (b business) due(calendar string, from time.Time, limit int64) time.Time {
	left := time.Duration(limit) * time.Second
	for _, s := range b[calendar][b.from(calendar, from):] {
		start := s.from
		if start.Before(from) {
			start = from
		}
		if length := s.to.Sub(start); length >= left {
			return start.Add(left)
		}
		left -= s.to.Sub(start)
	}
	return time.Time{}
}
