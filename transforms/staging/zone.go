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

// zoneMacroName is the name of an SQL function of one zone.
func zoneMacroName(prefix, zone string) string {
	return "staging." + ident(prefix+strings.ToLower(strings.NewReplacer("/", "_", "-", "minus", "+", "plus").Replace(zone)))
}

// zoneMacros define the SQL functions of a zone: utc_ reads a wall time as an instant, instant_ and date_ read texts.
//
// A wall time that occurs twice is its first occurrence, one that never occurs is null. DuckDB alone takes the second occurrence and
// moves a missing time forward; a round trip through the zone tells both cases, and is only made in the hours of the day in which
// this zone ever changed its clock. utc_of_many_ gives the same from a table of offsets, which costs more to plan and far less per row.
func zoneMacros(zone string, loc *time.Location) string {
	hours, overlaps := zoneChanges(loc)
	utc := fmt.Sprintf("timezone(%s, w)", text(zone))
	if len(hours) > 0 {
		var b strings.Builder
		fmt.Fprintf(&b, "CASE WHEN w IS NULL OR hour(w) < %d OR hour(w) > %d THEN %s", hours[0], hours[len(hours)-1], utc)
		fmt.Fprintf(&b, " WHEN timezone(%s, %s) <> w THEN NULL", text(zone), utc)
		for _, seconds := range overlaps {
			earlier := fmt.Sprintf("%s - to_seconds(%d)", utc, seconds)
			fmt.Fprintf(&b, " WHEN timezone(%s, %s) = w THEN %s", text(zone), earlier, earlier)
		}
		fmt.Fprintf(&b, " ELSE %s END", utc)
		utc = b.String()
	}
	read := "CASE WHEN regexp_full_match(t, '%[1]s') THEN TRY_CAST(t AS TIMESTAMPTZ) WHEN regexp_full_match(t, '%[2]s') THEN %[3]s(TRY_CAST(t AS TIMESTAMP)) ELSE staging.iso_loose(t) END"
	variable := "offsets of " + zone
	var ddl strings.Builder
	define := func(prefix, head, body string) {
		fmt.Fprintf(&ddl, "CREATE OR REPLACE MACRO %s(%s) AS %s;\n", zoneMacroName(prefix, zone), head, body)
	}
	define("utc_", "w", utc)
	define("instant_", "t", fmt.Sprintf(read, isoOffset, isoWall, zoneMacroName("utc_", zone)))
	define("date_", "t", fmt.Sprintf("coalesce(CAST(staging.iso_wall(t) AS DATE), CAST(timezone(%s, staging.iso_instant(t)) AS DATE))", text(zone)))
	fmt.Fprintf(&ddl, "SET VARIABLE %s = CAST([%s] AS BIGINT[]);\n", ident(variable), strings.Join(offsetTable(loc), ", "))
	define("utc_of_many_", "w", fmt.Sprintf("coalesce(make_timestamptz(epoch_us(w) - getvariable(%s)[greatest(epoch_us(w) // %d - %d, 0)]), %s(w))",
		text(variable), offsetBucket.Microseconds(), offsetStart().UnixMicro()/offsetBucket.Microseconds()-1, zoneMacroName("utc_", zone)))
	define("instant_of_many_", "t", fmt.Sprintf(read, isoOffset, isoWall, zoneMacroName("utc_of_many_", zone)))
	return ddl.String()
}

// offsetBucket is the width of an entry in the table of offsets.
const offsetBucket = 15 * 24 * time.Hour

// offsetStart is a whole number of buckets after 1970, in 2000.
func offsetStart() time.Time { return time.Unix(0, 0).Add(731 * offsetBucket).UTC() }

// offsetTable lists the offset from UTC in microseconds for 45 years of buckets of wall time, null where it changes in or near one.
func offsetTable(loc *time.Location) []string {
	const buckets = 45 * 365 / 15
	list := make([]string, buckets)
	for i := range list {
		from := offsetStart().Add(time.Duration(i) * offsetBucket)
		_, offset := from.Add(-48 * time.Hour).In(loc).Zone()
		list[i] = fmt.Sprint(int64(offset) * 1_000_000)
		_, next := from.Add(-48 * time.Hour).In(loc).ZoneBounds()
		if !next.IsZero() && next.Before(from.Add(offsetBucket+48*time.Hour)) {
			list[i] = "NULL"
		}
	}
	return list
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
