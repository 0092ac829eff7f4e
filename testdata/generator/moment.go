package generator

import (
	"sort"
	"time"
)

// instant is a moment in Unix seconds; zero means that there is none.
type instant int64

const (
	minute instant = 60
	hour           = 60 * minute
	day            = 24 * hour
)

func (t instant) utc() time.Time { return time.Unix(int64(t), 0).UTC() }

func moment(t time.Time) instant { return instant(t.Unix()) }

// timeline is the period that the data covers and the places whose working hours shape it.
type timeline struct {
	start, end instant // first local midnight, and the one after the last day
	export     instant // when the systems were exported: nothing later exists
	home       *time.Location
	weights    []float64 // running sum of the days' weights
}

func newTimeline(home *time.Location) *timeline {
	t := &timeline{home: home}
	first, last := time.Date(2024, 10, 1, 0, 0, 0, 0, home), time.Date(2026, 10, 1, 0, 0, 0, 0, home)
	t.start, t.end = moment(first), moment(last)
	t.export = t.end + 4*hour
	sum := 0.0
	for d := first; d.Before(last); d = d.AddDate(0, 0, 1) {
		sum += dayWeight(d, len(t.weights))
		t.weights = append(t.weights, sum)
	}
	return t
}

// dayWeight makes quiet weekends, a quiet August and December, and a business that grows by half in two years.
func dayWeight(d time.Time, index int) float64 {
	w := [...]float64{.8, .95, 1.2, 1, 1.05, 1.2, .9, .65, 1.15, 1.05, 1.15, .7}[d.Month()-1]
	if wd := d.Weekday(); wd == time.Saturday || wd == time.Sunday {
		w *= .22
	}
	return w * (1 + .5*float64(index)/730)
}

// at places a share x of all events on its day, at an hour that follows the office day.
func (t *timeline) at(r *random, x float64) instant {
	target := x * t.weights[len(t.weights)-1]
	index := sort.SearchFloat64s(t.weights, target)
	return t.localSecond(r, time.Date(2024, 10, 1+index, 0, 0, 0, 0, t.home))
}

// localSecond draws a second of a local day.
func (t *timeline) localSecond(r *random, day time.Time) instant {
	var sec int
	if r.chance(.82) {
		sec = int(hour)*7 + (r.intn(int(12*hour))+r.intn(int(12*hour)))/2
	} else {
		sec = r.intn(int(24 * hour))
	}
	return moment(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, sec, 0, t.home))
}

// working moves an instant that falls into the night or the weekend of a zone to the next morning, most of the time.
func working(r *random, t instant, zone *time.Location, weekend [2]time.Weekday) instant {
	local := time.Unix(int64(t), 0).In(zone)
	h := local.Hour()
	off := local.Weekday() == weekend[0] || local.Weekday() == weekend[1]
	if !off && h >= 8 && h < 18 || !r.chance(.7) {
		return t
	}
	next := local
	if h >= 8 || off {
		next = next.AddDate(0, 0, 1)
	}
	for next.Weekday() == weekend[0] || next.Weekday() == weekend[1] {
		next = next.AddDate(0, 0, 1)
	}
	sec := int(8*hour) + r.intn(int(3*hour))
	return moment(time.Date(next.Year(), next.Month(), next.Day(), 0, 0, sec, 0, zone))
}

// midnight is the local midnight at or before an instant.
func (t *timeline) midnight(i instant) instant {
	local := time.Unix(int64(i), 0).In(t.home)
	return moment(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, t.home))
}

// quarterEnd is the local midnight after the quarter of an instant.
func (t *timeline) quarterEnd(i instant) time.Time {
	local := time.Unix(int64(i), 0).In(t.home)
	q := (int(local.Month())-1)/3*3 + 1
	return time.Date(local.Year(), time.Month(q+3), 1, 0, 0, 0, 0, t.home)
}

func (t *timeline) date(i instant) time.Time { return time.Unix(int64(i), 0).In(t.home) }

// past blanks what had not happened when the systems were exported.
func (t *timeline) past(i instant) instant {
	if i >= t.export {
		return 0
	}
	return i
}
