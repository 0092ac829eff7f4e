package program

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Calendars is calendars.yaml: when people are at work.
type Calendars struct {
	VendorCalendar  diag.Text            `yaml:"vendor_calendar"`
	PartnerCalendar diag.Text            `yaml:"partner_calendar"`
	Regions         map[string]diag.Text `yaml:"regions"`
	Calendars       []Calendar           `yaml:"calendars"`
}

// Calendar is the working week of a place, with its changes and holidays.
type Calendar struct {
	At       diag.Pos
	Calendar diag.Text `yaml:"calendar,required"`
	Zone     diag.Text `yaml:"zone"` // the reporting zone when empty
	Hours    Hours     `yaml:"hours,required"`
	Changes  []Change  `yaml:"changes"`
	Holidays []Holiday `yaml:"holidays"`
}

// Change is another working week while it is valid.
type Change struct {
	At        diag.Pos
	ValidFrom Date  `yaml:"valid_from,required"`
	ValidTo   Date  `yaml:"valid_to"`
	Hours     Hours `yaml:"hours,required"`
}

// Holiday is a day with other hours, most often none; without a year it is one every year.
type Holiday struct {
	At    diag.Pos
	Date  HolidayDate `yaml:"date,required"`
	Name  string      `yaml:"name"`
	Hours Windows     `yaml:"hours"`
}

// DecodeNode also takes the bare date.
func (h *Holiday) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		h.At = d.Pos(n)
		d.Decode(n, &h.Date)
		return
	}
	type plain Holiday
	d.Decode(n, (*plain)(h))
}

// HolidayDate is YYYY-MM-DD, or MM-DD for every year.
type HolidayDate struct {
	Year  int // 0 = every year
	Month time.Month
	Day   int
}

// DecodeNode reads either spelling.
func (h *HolidayDate) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if t, err := time.Parse(dateLayout, n.Value); err == nil {
		h.Year, h.Month, h.Day = t.Year(), t.Month(), t.Day()
		return
	}
	t, err := time.Parse(dateLayout, "2000-"+n.Value) // a leap year, so that 02-29 can be one
	if err != nil {
		d.Problem(n, "write YYYY-MM-DD, or MM-DD for every year", "%s is no date", quoted(n))
		return
	}
	h.Month, h.Day = t.Month(), t.Day()
}

// Hours are the open windows of each weekday, Sunday first.
type Hours struct{ Days [7]Windows }

// DecodeNode reads weekdays, or spans of them, with their windows.
func (h *Hours) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		first, last, span := strings.Cut(key.Value, "-")
		if !span {
			last = first
		}
		from, ok := weekdayNamed(first)
		to, too := weekdayNamed(last)
		if !ok || !too {
			d.Problem(key, "write mon, tue, wed, thu, fri, sat, sun or a span such as mon-fri", "unknown weekday %q", key.Value)
			return
		}
		var w Windows
		d.Decode(val, &w)
		for day := from; ; day = (day + 1) % 7 {
			if h.Days[day] != nil {
				d.Problem(key, "keep one", "the hours of %s are given twice", strings.ToLower(day.String()))
			}
			h.Days[day] = w
			if day == to {
				return
			}
		}
	})
}

// Windows are spans of a day in local wall time, in order.
type Windows []Window

// Window is a span in seconds of the local day, the end not included.
type Window struct{ From, To int64 }

var clockSpan = regexp.MustCompile(`^(\d\d?):(\d\d) ?- ?(\d\d?):(\d\d)$`)

// DecodeNode reads one "09:00-17:00" or a list of them.
func (w *Windows) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	*w = Windows{}
	for _, item := range items {
		if item.Tag == "!!null" {
			continue
		}
		m := clockSpan.FindStringSubmatch(item.Value)
		if m == nil {
			d.Problem(item, `write hours as "09:00-17:00"`, "%s is no span of hours", quoted(item))
			continue
		}
		span := Window{clock(m[1], m[2]), clock(m[3], m[4])}
		if span.To > daySeconds || m[2] > "59" || m[4] > "59" || span.From >= span.To {
			d.Problem(item, "from 00:00 to 24:00; give a night shift as two spans, one per day", "%s does not lie within a day", quoted(item))
			continue
		}
		*w = append(*w, span)
	}
	slices.SortFunc(*w, func(a, b Window) int { return int(a.From - b.From) })
	for i := 1; i < len(*w); i++ {
		if (*w)[i].From < (*w)[i-1].To {
			d.Problem(n, "", "two spans of the day overlap")
		}
	}
}

func clock(hour, minute string) int64 {
	h, _ := strconv.ParseInt(hour, 10, 64)
	m, _ := strconv.ParseInt(minute, 10, 64)
	return h*3600 + m*60
}

func itoa(i int) string { return strconv.Itoa(i) }

func (p *Program) checkCalendars(c *checker) {
	s := &p.Calendars
	var names []diag.Text
	for _, cal := range s.Calendars {
		names = append(names, cal.Calendar)
		if _, err := Zone(cal.Zone.Value); cal.Zone.Value != "" && err != nil {
			c.add(cal.Zone.Pos, "an IANA name such as Europe/Berlin or UTC", "unknown time zone %q", cal.Zone)
		}
		var rows []spell
		for _, ch := range cal.Changes {
			rows = append(rows, spell{ch.At, "", ch.ValidFrom, ch.ValidTo})
		}
		c.spells("this change", rows)
		checkHolidays(c, cal)
	}
	c.names("calendar", names)
	c.known("calendar", s.VendorCalendar, texts(names), "")
	c.known("calendar", s.PartnerCalendar, texts(names), "")
	for _, region := range sortedKeys(s.Regions) {
		c.known("calendar", s.Regions[region], texts(names), "")
	}
}

func checkHolidays(c *checker, cal Calendar) {
	seen := map[HolidayDate]int{}
	for _, h := range cal.Holidays {
		if line, twice := seen[h.Date]; twice {
			c.add(h.At, "keep one", "this holiday is given twice, first on line %d", line)
			continue
		}
		seen[h.Date] = h.At.Line
	}
}

// interval is a stretch of time in which a calendar is open or closed all through, in Unix seconds, within one UTC day.
type interval struct {
	day, from, to int64
	open          bool
	before        int64 // open seconds since the first interval
}

// intervals cuts the UTC days [first, last] into open and closed stretches without a gap.
func (cal Calendar) intervals(first, last int64, zone *time.Location) []interval {
	open := cal.openings(first-1, last+1, zone)
	out := make([]interval, 0, (last-first+1)*4)
	before, next := int64(0), 0
	for day := first; day <= last; day++ {
		at, end := day*daySeconds, (day+1)*daySeconds
		for at < end {
			for next < len(open) && open[next].To <= at {
				next++
			}
			until, isOpen := end, false
			if next < len(open) {
				if isOpen = open[next].From <= at; isOpen {
					until = min(end, open[next].To)
				} else {
					until = min(end, open[next].From)
				}
			}
			out = append(out, interval{day, at, until, isOpen, before})
			if isOpen {
				before += until - at
			}
			at = until
		}
	}
	return out
}

// openings are the open spans of the local days [first, last] as instants; spans that touch are one.
func (cal Calendar) openings(first, last int64, zone *time.Location) []Window {
	var out []Window
	yearly, dated := cal.holidays()
	for day := first; day <= last; day++ {
		for _, w := range cal.windows(day, yearly, dated) {
			span := Window{localInstant(day, w.From, zone), localInstant(day, w.To, zone)}
			if n := len(out); n > 0 && span.From <= out[n-1].To {
				out[n-1].To = max(out[n-1].To, span.To)
			} else if span.From < span.To {
				out = append(out, span)
			}
		}
	}
	return out
}

// BusinessDay tells whether the vendor is at work on a day, for some of it: by its calendar, from Monday to Friday when none is named.
func (p *Program) BusinessDay(day time.Time) bool {
	for _, cal := range p.Calendars.Calendars {
		if cal.Calendar.Value == p.Calendars.VendorCalendar.Value {
			yearly, dated := cal.holidays()
			return len(cal.windows(dayOf(day), yearly, dated)) > 0
		}
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

type yearDay struct {
	month time.Month
	day   int
}

func (cal Calendar) holidays() (yearly map[yearDay]Windows, dated map[int64]Windows) {
	yearly, dated = map[yearDay]Windows{}, map[int64]Windows{}
	for _, h := range cal.Holidays {
		if h.Date.Year == 0 {
			yearly[yearDay{h.Date.Month, h.Date.Day}] = h.Hours
		} else {
			dated[civil(h.Date.Year, h.Date.Month, h.Date.Day)] = h.Hours
		}
	}
	return yearly, dated
}

// windows are the open spans of one local day: a dated holiday goes before a yearly one, both before the working week.
func (cal Calendar) windows(day int64, yearly map[yearDay]Windows, dated map[int64]Windows) Windows {
	if w, ok := dated[day]; ok {
		return w
	}
	t := timeOf(day)
	if w, ok := yearly[yearDay{t.Month(), t.Day()}]; ok {
		return w
	}
	for _, ch := range cal.Changes {
		if ch.ValidFrom.since() <= day && day < ch.ValidTo.until() {
			return ch.Hours.Days[t.Weekday()]
		}
	}
	return cal.Hours.Days[t.Weekday()]
}
