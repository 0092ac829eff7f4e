package rest

import (
	"strconv"
	"strings"
	"time"
)

// Formats of instants in parameters.
const (
	asRFC3339 = "rfc3339"
	asUnix    = "unix"
	asMillis  = "unix_ms"
	asDate    = "date"
)

func formats() []string { return []string{asRFC3339, asUnix, asMillis, asDate} }

// bound writes the end of an interval as a parameter, one unit farther out than it is: whether services take the bounds themselves in differs
// from one to the next, and so does the zone of their days. Rows that come too many are dropped by their cursor.
func (b Bound) bound(t time.Time, way time.Duration) string {
	t = t.UTC()
	switch b.Format.Value {
	case asUnix:
		return strconv.FormatInt(outward(t, way, time.Second).Unix(), 10)
	case asMillis:
		return strconv.FormatInt(outward(t, way, time.Millisecond).UnixMilli(), 10)
	case asDate:
		return outward(t, way, 24*time.Hour).Format(time.DateOnly)
	}
	return outward(t, way, time.Second).Format(time.RFC3339)
}

// outward is an instant rounded to a unit, away from the interval, and one more: way is -1 at its begin and 1 at its end.
func outward(t time.Time, way, unit time.Duration) time.Time {
	whole := t.Truncate(unit)
	if way > 0 && whole.Before(t) {
		whole = whole.Add(unit)
	}
	return whole.Add(way * unit)
}

// farMillis is from where a number of a cursor is of milliseconds: as seconds it would be in the year 5138.
const farMillis = 100_000_000_000

// instant reads the value of a cursor: ISO 8601, of UTC where it names no offset, or seconds or milliseconds since 1970.
func instant(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		if n >= farMillis {
			return time.UnixMilli(n).Add(time.Duration(nanos / 1000)).UTC(), true
		}
		return time.Unix(n, nanos).UTC(), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04:05Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
