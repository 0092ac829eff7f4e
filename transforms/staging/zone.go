package staging

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are data of the program, not of the machine it runs on
)

// Zone changes are looked for in the years that a partner programme can have dates in.
const (
	firstZoneYear = 1970
	lastZoneYear  = 2100
)

// loadZone finds a zone by its IANA name; the machine's own zone is no name that means the same tomorrow.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a time zone", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time zone", name)
	}
	return loc, nil
}

// zoneMacroName is the SQL function that reads a wall time of a zone as an instant.
func zoneMacroName(zone string) string {
	return "staging." + ident("utc_"+strings.ToLower(strings.NewReplacer("/", "_", "-", "minus", "+", "plus").Replace(zone)))
}

// zoneMacro defines that function: a wall time that occurs twice is its first occurrence, one that never occurs is null.
// DuckDB alone takes the second occurrence and moves a missing time forward; the round trip through the zone tells both cases,
// and is only made in the hours of the day in which this zone ever changed its clock.
func zoneMacro(zone string, loc *time.Location) string {
	hours, overlaps := zoneChanges(loc)
	plain := fmt.Sprintf("timezone(%s, w)", text(zone))
	body := plain
	if len(hours) > 0 {
		var b strings.Builder
		fmt.Fprintf(&b, "CASE WHEN w IS NULL OR hour(w) NOT IN (%s) THEN %s", joinInts(hours), plain)
		fmt.Fprintf(&b, " WHEN timezone(%s, %s) <> w THEN NULL", text(zone), plain)
		for _, seconds := range overlaps {
			earlier := fmt.Sprintf("%s - to_seconds(%d)", plain, seconds)
			fmt.Fprintf(&b, " WHEN timezone(%s, %s) = w THEN %s", text(zone), earlier, earlier)
		}
		fmt.Fprintf(&b, " ELSE %s END", plain)
		body = b.String()
	}
	return fmt.Sprintf("CREATE OR REPLACE MACRO %s(w) AS %s;\n", zoneMacroName(zone), body)
}

// zoneChanges gives the hours of the day near which the zone's clock was ever changed, and by how many seconds it was ever set back.
// The hours are taken wide, because DuckDB's zone tables may be of another edition than Go's.
func zoneChanges(loc *time.Location) (hours []int, overlaps []int) {
	end := time.Date(lastZoneYear, 1, 1, 0, 0, 0, 0, time.UTC)
	for at := time.Date(firstZoneYear, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); {
		_, next := at.In(loc).ZoneBounds()
		if next.IsZero() {
			break
		}
		if !next.After(at) { // Go's table of the years after its last rule stands still at a year's end
			at = at.Add(time.Hour)
			continue
		}
		_, before := next.Add(-time.Second).Zone()
		_, after := next.Zone()
		at = next
		if before == after {
			continue
		}
		low := next.UTC().Add(time.Duration(min(before, after)) * time.Second)
		high := next.UTC().Add(time.Duration(max(before, after)) * time.Second)
		if high.Sub(low) <= 12*time.Hour {
			for h := low.Add(-time.Hour); !h.After(high.Add(time.Hour)); h = h.Add(time.Hour) {
				hours = append(hours, h.Hour())
			}
		} else {
			hours = append(hours, allHours()...)
		}
		if before > after {
			overlaps = append(overlaps, before-after)
		}
	}
	slices.Sort(hours)
	slices.Sort(overlaps)
	return slices.Compact(hours), slices.Compact(overlaps)
}

func allHours() []int {
	hours := make([]int, 24)
	for h := range hours {
		hours[h] = h
	}
	return hours
}

func joinInts(list []int) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = fmt.Sprint(n)
	}
	return strings.Join(parts, ", ")
}
