package staging

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"
)

const wallFormat = "2006-01-02 15:04:05"

// firstOccurrence is what a wall time means, found by trying every offset near it; false when it never occurs.
func firstOccurrence(wall time.Time, loc *time.Location) (time.Time, bool) {
	var best time.Time
	for h := -48; h <= 48; h += 6 {
		_, offset := wall.Add(time.Duration(h) * time.Hour).In(loc).Zone()
		u := wall.Add(-time.Duration(offset) * time.Second)
		if u.In(loc).Format(wallFormat) == wall.Format(wallFormat) && (best.IsZero() || u.Before(best)) {
			best = u
		}
	}
	return best, !best.IsZero()
}

// Every quarter of an hour around every clock change of 40 years, against Go's own zones.
func TestLocalTimeIsItsFirstOccurrence(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec("SET TimeZone = 'UTC'; CREATE SCHEMA staging;" + readers())
	require.NoError(t, err)
	for _, zone := range []string{
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana", "Africa/Cairo", "Pacific/Apia",
		"Antarctica/Troll", "Asia/Tehran", "America/Sao_Paulo", "Europe/Dublin", "Asia/Kolkata", "UTC", "America/St_Johns", "Asia/Gaza",
	} {
		loc, err := loadZone(zone)
		require.NoError(t, err)
		_, err = db.Exec(zoneMacros(zone, loc))
		require.NoError(t, err, zone)
		var values []string
		for at := time.Date(1996, 1, 1, 0, 0, 0, 0, time.UTC); ; {
			_, next := at.In(loc).ZoneBounds()
			if next.IsZero() || next.Year() >= 2036 {
				break
			}
			_, before := next.Add(-time.Second).Zone()
			_, after := next.Zone()
			for m := -4 * 60; m <= 8*60; m += 15 {
				offset := before // around the wall time at which the clock was changed, and the one that it was changed to
				if m > 4*60 {
					offset = after
				}
				wall := next.UTC().Add(time.Duration(m%(4*60)*60+offset) * time.Second)
				instant, occurs := firstOccurrence(wall, loc)
				want := "NULL"
				if occurs {
					want = fmt.Sprintf("TIMESTAMPTZ '%s+00'", instant.UTC().Format(wallFormat))
				}
				values = append(values, fmt.Sprintf("(TIMESTAMP '%s', %s)", wall.Format(wallFormat), want))
			}
			at = next
		}
		for day := 0; day < 365*40; day += 23 { // and ordinary hours, before and after the table of offsets too
			wall := time.Date(1998, 1, 1, 15, 30, 0, 0, time.UTC).AddDate(0, 0, day)
			instant, occurs := firstOccurrence(wall, loc)
			require.True(t, occurs)
			values = append(values, fmt.Sprintf("(TIMESTAMP '%s', TIMESTAMPTZ '%s+00')", wall.Format(wallFormat), instant.UTC().Format(wallFormat)))
		}
		_, err = db.Exec(fmt.Sprintf("CREATE OR REPLACE TEMP TABLE walls AS SELECT * FROM (VALUES %s) AS v(w, want)", strings.Join(values, ", ")))
		require.NoError(t, err)
		for _, function := range []string{"utc_", "utc_of_many_"} {
			var wrong int
			var sample sql.NullString
			require.NoError(t, db.QueryRow(fmt.Sprintf(`SELECT count(*), min(w || ' is ' || coalesce(got::VARCHAR, 'never') || ', not ' || coalesce(want::VARCHAR, 'never'))
FROM (SELECT w, want, %s(w) AS got FROM walls) WHERE got IS DISTINCT FROM want`, zoneMacroName(function, zone))).Scan(&wrong, &sample))
			require.Zero(t, wrong, "%s %s: %s", zone, function, sample.String)
		}
	}
}

func TestOrdinaryHoursNeedNoRoundTrip(t *testing.T) {
	berlin, err := loadZone("Europe/Berlin")
	require.NoError(t, err)
	hours, overlaps := zoneChanges(berlin)
	require.Subset(t, []int{0, 1, 2, 3, 4}, hours)
	require.Equal(t, []int{3600}, overlaps)
	lordHowe, err := loadZone("Australia/Lord_Howe")
	require.NoError(t, err)
	_, overlaps = zoneChanges(lordHowe)
	require.Contains(t, overlaps, 1800)
	_, err = loadZone("Local")
	require.Error(t, err)
}
