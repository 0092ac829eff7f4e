package program

import (
	"fmt"
	"time"
	_ "time/tzdata" // zones must not depend on the machine
)

// Zone loads a time zone by its IANA name.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("time zone %q: write an IANA name such as Europe/Berlin or UTC", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known: write an IANA name such as Europe/Berlin or UTC: %w", name, err)
	}
	return loc, nil
}

// ParseDay reads YYYY-MM-DD as the UTC midnight that stands for a day in this package's functions.
func ParseDay(text string) (time.Time, error) {
	t, err := time.Parse(dateLayout, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no date: write YYYY-MM-DD", text)
	}
	return t, nil
}

// DayEnd is the instant at which a day is over in a zone: the as_of_at of an as_of.
func DayEnd(day time.Time, zone *time.Location) time.Time {
	return time.Unix(midnight(dayOf(day)+1, zone), 0).UTC()
}

// LastDayEnded is the last day that is over in a zone at an instant: the as_of of a run that names none.
func LastDayEnded(at time.Time, zone *time.Location) time.Time {
	day := dayOf(at.In(zone))
	if midnight(day, zone) > at.Unix() {
		day-- // a zone that sets its clock back at midnight shows the new day twice
	}
	return timeOf(day - 1)
}

// OnClock is the instant at which clocks of a zone show a time of a day. What they show twice is the first time; what they never show is
// the moment at which they jump over it.
func OnClock(day time.Time, since time.Duration, zone *time.Location) time.Time {
	return time.Unix(localInstant(dayOf(day), int64(since/time.Second), zone), 0).UTC()
}

// midnight is the first second of a local day, in Unix seconds.
func midnight(day int64, zone *time.Location) int64 { return localInstant(day, 0, zone) }

// localInstant is when a clock of the zone shows the second of the day. What it shows twice is the first time; what it never
// shows is the moment at which it jumps over it.
func localInstant(day, second int64, zone *time.Location) int64 {
	wall := day*daySeconds + second
	before, after := offset(wall-daySeconds, zone), offset(wall+daySeconds, zone)
	first, last := wall-before, wall-after
	if offset(first, zone) == before {
		return first
	}
	if offset(last, zone) == after {
		return last
	}
	jump, _ := time.Unix(first, 0).In(zone).ZoneBounds()
	return jump.Unix()
}

func offset(at int64, zone *time.Location) int64 {
	_, seconds := time.Unix(at, 0).In(zone).Zone()
	return int64(seconds)
}
