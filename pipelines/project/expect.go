package project

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/program"
)

// Expect is by when the night of the day before is to be published, all of it and single marts.
type Expect struct {
	At    diag.Pos
	By    TimeOfDay            `yaml:"by"`
	Marts map[string]TimeOfDay `yaml:"marts"`
}

// Delivery is by when new data of a source is to have landed, and on which days.
type Delivery struct {
	At   diag.Pos
	By   TimeOfDay `yaml:"by,required"`
	Days diag.Text `yaml:"days"`
}

// Days of deliveries.
const (
	daysAll      = "all" // the default
	daysBusiness = "business"
)

// MartIncentives is the one mart that a published night may lack: its accruals fail for want of an exchange rate.
const MartIncentives = "incentives"

// marts are the schemas of a night that readers use.
func marts() []string { return []string{"core", MartIncentives, "metrics"} }

// TimeOfDay is hours and minutes by the clocks of the reporting zone.
type TimeOfDay struct {
	Pos   diag.Pos
	Given bool
	Since time.Duration // since midnight, by the clock
}

var clockText = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)$`)

// DecodeNode reads 06:00.
func (t *TimeOfDay) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	t.Pos = d.Pos(n)
	m := clockText.FindStringSubmatch(n.Value)
	if m == nil {
		d.Problem(n, "hours and minutes of the reporting zone, such as 06:00", "%s is no time of a day", strconv.Quote(n.Value))
		return
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	t.Given, t.Since = true, time.Duration(hours)*time.Hour+time.Duration(minutes)*time.Minute
}

func (e Expect) check(problems *diag.List) {
	for _, name := range slices.Sorted(maps.Keys(e.Marts)) {
		if !contains(marts(), name) {
			problems.Add(e.Marts[name].Pos, diag.DidYouMean(name, marts()), "expect.marts: %q is no mart: they are %s", name, strings.Join(marts(), ", "))
		}
	}
}

// Kinds of what is expected.
const (
	KindNight  = "night"
	KindMart   = "mart"
	KindSource = "source"
)

// Due is one thing that is expected by an instant.
type Due struct {
	Kind string
	Name string    // of the project, the mart, the source
	Day  time.Time // a UTC midnight: the as_of of the night; of a source the day of its delivery
	At   time.Time
}

// Due lists what tributary.yaml expects after an instant and until another, by kind, name and time.
func (p *Project) Due(after, until time.Time) []Due {
	var out []Due
	expect := func(kind, name string, by TimeOfDay, ago int, on func(day time.Time) bool) {
		if !by.Given {
			return
		}
		last := until.In(p.Zone).Format(time.DateOnly)
		for day := program.LastDayEnded(after, p.Zone); day.Format(time.DateOnly) <= last; day = day.AddDate(0, 0, 1) {
			if at := program.OnClock(day, by.Since, p.Zone); on(day) && at.After(after) && !at.After(until) {
				out = append(out, Due{Kind: kind, Name: name, Day: day.AddDate(0, 0, -ago), At: at})
			}
		}
	}
	everyDay := func(time.Time) bool { return true }
	expect(KindNight, p.Config.Project.Value, p.Config.Expect.By, 1, everyDay)
	for name, by := range p.Config.Expect.Marts {
		expect(KindMart, name, by, 1, everyDay)
	}
	for _, s := range p.Config.Sources {
		on := everyDay
		if s.Expect.Days.Value == daysBusiness {
			on = p.Program.BusinessDay
		}
		expect(KindSource, s.Name, s.Expect.By, 0, on)
	}
	kinds := []string{KindNight, KindMart, KindSource}
	slices.SortFunc(out, func(a, b Due) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(a.Name, b.Name), a.At.Compare(b.At))
	})
	return out
}
