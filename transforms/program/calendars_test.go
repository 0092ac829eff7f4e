package program_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// calendar makes the tables of a program with one calendar called c.
func calendar(t *testing.T, yaml, asOf string) *sql.Conn {
	t.Helper()
	p, err := load(t, map[string]string{"calendars.yaml": "calendars:\n  - calendar: c\n" + yaml})
	require.NoError(t, err)
	return create(t, p, params(t, asOf, "Europe/Berlin"))
}

// openSeconds is how long the calendar is open between two local times, answered as models ask it: two equality joins.
func openSeconds(t *testing.T, conn *sql.Conn, zone, from, to string) int64 {
	t.Helper()
	at := func(wall string) int64 {
		loc, err := time.LoadLocation(zone)
		require.NoError(t, err)
		instant, err := time.ParseInLocation("2006-01-02 15:04", wall, loc)
		require.NoError(t, err)
		var seconds int64
		require.NoError(t, conn.QueryRowContext(t.Context(), `
			SELECT open_seconds_before + CASE WHEN is_open THEN epoch(CAST(? AS TIMESTAMPTZ))::BIGINT - epoch(from_at)::BIGINT ELSE 0 END
			FROM program.calendar_interval
			WHERE calendar = 'c' AND utc_day = CAST(CAST(? AS TIMESTAMPTZ) AS DATE) AND from_at <= ? AND ? < to_at`,
			instant, instant, instant, instant).Scan(&seconds))
		return seconds
	}
	return at(to) - at(from)
}

const hour = 3600

func TestVARFridayAfternoon(t *testing.T) {
	// metrics.md 3.1, golden test b
	conn := calendar(t, "    zone: Europe/Berlin\n    hours: {mon-fri: \"09:00-17:00\"}", "2026-06-30")
	require.EqualValues(t, 2*hour, openSeconds(t, conn, "Europe/Berlin", "2026-06-12 16:00", "2026-06-15 10:00"), "acknowledged after 2 business hours")
	require.EqualValues(t, 6*hour, openSeconds(t, conn, "Europe/Berlin", "2026-06-12 16:00", "2026-06-15 14:00"), "due Monday 14:00")
}

func TestDaylightSaving(t *testing.T) {
	conn := calendar(t, "    zone: Europe/Berlin\n    hours: {sun: ['01:00-05:00', '22:00-24:00'], mon: '00:00-02:00'}", "2026-12-31")
	open := func(from, to string) int64 { return openSeconds(t, conn, "Europe/Berlin", from, to) }
	require.EqualValues(t, 4*hour, open("2026-03-22 00:00", "2026-03-22 12:00"))
	require.EqualValues(t, 3*hour, open("2026-03-29 00:00", "2026-03-29 12:00"), "the hour from 2 to 3 does not exist")
	require.EqualValues(t, 5*hour, open("2026-10-25 00:00", "2026-10-25 12:00"), "the hour from 2 to 3 comes twice")
	require.EqualValues(t, 4*hour, open("2026-06-14 12:00", "2026-06-15 12:00"), "across local midnight")
	require.Equal(t, []string{"2026-06-14 20:00|2026-06-15|true"},
		rows(t, conn, "SELECT from_at, to_at, is_open FROM program.calendar_interval WHERE utc_day = DATE '2026-06-14' AND from_at >= '2026-06-14 12:00:00Z' AND is_open"))
}

func TestWindowsThatBeginOrEndInTheGapOrOverlap(t *testing.T) {
	conn := calendar(t, "    zone: Europe/Berlin\n    hours: {sun: ['02:30-04:00']}", "2026-12-31")
	require.Equal(t, []string{"2026-03-29 01:00|2026-03-29 02:00"},
		rows(t, conn, "SELECT from_at, to_at FROM program.calendar_interval WHERE is_open AND utc_day = DATE '2026-03-29'"), "02:30 is skipped: open from 03:00")
	require.Equal(t, []string{"2026-10-25 00:30|2026-10-25 03:00"},
		rows(t, conn, "SELECT from_at, to_at FROM program.calendar_interval WHERE is_open AND utc_day = DATE '2026-10-25'"), "02:30 comes twice: from the first time")
}

func TestZonesWithOddOffsets(t *testing.T) {
	for _, zone := range []string{"Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Pacific/Kiritimati"} {
		conn := calendar(t, "    zone: "+zone+"\n    hours: {mon-fri: '09:00-17:00'}", "2026-12-31")
		require.EqualValues(t, 40*hour, openSeconds(t, conn, zone, "2026-06-08 00:00", "2026-06-15 00:00"), zone)
		require.Equal(t, []string{"0"}, rows(t, conn, `SELECT count(*) FROM program.calendar_interval
			WHERE is_open AND CAST(timezone('`+zone+`', from_at) AS TIME) < TIME '09:00'`), "nothing opens before nine: "+zone)
	}
}

func TestSamoaSkippedADay(t *testing.T) {
	conn := calendar(t, "    zone: Pacific/Apia\n    hours: {mon-fri: '09:00-17:00'}", "2026-12-31")
	require.EqualValues(t, 32*hour, openSeconds(t, conn, "Pacific/Apia", "2011-12-26 00:00", "2012-01-02 00:00"), "2011-12-30 was a Friday that never came")
}

func TestHolidays(t *testing.T) {
	conn := calendar(t, `    zone: Europe/Berlin
    hours: {mon-thu: "09:00-17:00", fri: ["09:00-12:00", "13:00-16:00"]}
    changes:
      - {valid_from: 2026-07-01, valid_to: 2026-08-01, hours: {mon-fri: "08:00-14:00"}}
    holidays:
      - 01-01
      - 2026-04-06
      - {date: 12-24, name: Christmas Eve, hours: "09:00-12:00"}
      - {date: 2026-12-24, name: this year all day}
      - {date: 02-29}
`, "2026-12-31")
	for day, want := range map[string]int64{
		"2026-04-02": 8, "2026-04-03": 6, "2026-04-06": 0, "2025-04-07": 8, // Thursday, Friday, the holiday, a Monday of another year
		"2026-01-01": 0, "2027-01-01": 0, "2025-12-24": 3, "2026-12-24": 0, "2024-02-29": 0,
		"2026-06-30": 8, "2026-07-01": 6, "2026-07-31": 6, "2026-08-03": 8, // the change, its last day not included
	} {
		require.EqualValues(t, want*hour, openSeconds(t, conn, "Europe/Berlin", day+" 00:00", day+" 23:59"), day)
	}
}

func TestIntervalsAreGapless(t *testing.T) {
	conn := calendar(t, "    zone: America/New_York\n    hours: {mon-fri: ['09:00-12:00', '13:00-17:30'], sat-sun: '00:00-24:00'}", "2026-06-30")
	require.Equal(t, []string{"1990-01-01|2029-07-01"}, rows(t, conn, "SELECT min(from_at), max(to_at) FROM program.calendar_interval"))
	require.Equal(t, []string{"0"}, rows(t, conn, `SELECT count(*) FROM (
		SELECT *, lead(from_at) OVER w AS next_from, lead(open_seconds_before) OVER w AS next_before FROM program.calendar_interval WINDOW w AS (ORDER BY from_at)
	) WHERE next_from <> to_at OR from_at >= to_at OR utc_day <> CAST(from_at AS DATE) OR utc_day <> CAST(to_at - INTERVAL 1 SECOND AS DATE)
		OR next_before <> open_seconds_before + CASE WHEN is_open THEN epoch(to_at) - epoch(from_at) ELSE 0 END`))
}

func TestManyCalendarsLoadFast(t *testing.T) {
	text := "calendars:\n"
	for i := range 10 {
		text += fmt.Sprintf("  - {calendar: c%d, zone: Europe/Berlin, hours: {mon-fri: ['09:00-12:00', '13:00-17:00']}}\n", i)
	}
	p, err := load(t, map[string]string{"calendars.yaml": text})
	require.NoError(t, err)
	began := time.Now()
	conn := create(t, p, params(t, "2026-06-30", "Europe/Berlin"))
	t.Logf("10 calendars: %s", time.Since(began))
	require.Equal(t, []string{"true"}, rows(t, conn, "SELECT count(*) > 500_000 FROM program.calendar_interval"))
}
