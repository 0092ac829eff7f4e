package program_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/program"
)

func fiscalDays(t *testing.T, yaml string, days ...string) []string {
	t.Helper()
	p, err := load(t, map[string]string{"fiscal.yaml": yaml})
	require.NoError(t, err)
	conn := create(t, p, params(t, "2026-12-31", "UTC"))
	var out []string
	for _, day := range days {
		out = append(out, rows(t, conn, "SELECT week_start, month_start, quarter_start, year_start FROM program.fiscal_day WHERE date = DATE '"+day+"'")...)
	}
	require.Equal(t, []string{"0"}, rows(t, conn, `SELECT count(*) FROM program.fiscal_day AS d JOIN program.fiscal_period AS p
		ON d.date >= p.period_start AND d.date < p.period_end
		WHERE p.period_start <> CASE p.grain WHEN 'day' THEN date WHEN 'week' THEN week_start WHEN 'month' THEN month_start WHEN 'quarter' THEN quarter_start ELSE year_start END`),
		"days and periods agree")
	require.Equal(t, []string{"0"}, rows(t, conn, `SELECT count(*) FROM (SELECT *, lead(period_start) OVER (PARTITION BY grain ORDER BY period_start) AS next FROM program.fiscal_period) WHERE next <> period_end`),
		"periods follow on each other")
	return out
}

func TestCalendarYearIsTheDefault(t *testing.T) {
	require.Equal(t, []string{"2026-08-10|2026-08-01|2026-07-01|2026-01-01"}, fiscalDays(t, "pattern: months", "2026-08-14"))
}

func TestYearThatBeginsInFebruary(t *testing.T) {
	require.Equal(t, []string{
		"2025-12-29|2026-01-01|2025-11-01|2025-02-01",
		"2026-01-26|2026-01-01|2025-11-01|2025-02-01",
		"2026-01-26|2026-02-01|2026-02-01|2026-02-01",
		"2026-04-27|2026-05-01|2026-05-01|2026-02-01",
		"2026-12-28|2026-12-01|2026-11-01|2026-02-01",
	}, fiscalDays(t, "year_start: february", "2026-01-01", "2026-01-31", "2026-02-01", "2026-05-01", "2026-12-31"))
}

func TestISOWeeksAroundNewYear(t *testing.T) {
	p := builtin(t)
	conn := create(t, p, params(t, "2027-12-31", "UTC"))
	require.Equal(t, []string{
		"2024-12-29|2024-12-23", "2024-12-30|2024-12-30", "2025-01-01|2024-12-30", "2025-12-28|2025-12-22", "2025-12-29|2025-12-29",
		"2026-01-01|2025-12-29", "2026-12-31|2026-12-28", "2027-01-01|2026-12-28", "2027-01-03|2026-12-28", "2027-01-04|2027-01-04",
	}, rows(t, conn, `SELECT date, week_start FROM program.fiscal_day WHERE date IN ('2024-12-29', '2024-12-30', '2025-01-01', '2025-12-28', '2025-12-29',
		'2026-01-01', '2026-12-31', '2027-01-01', '2027-01-03', '2027-01-04') ORDER BY 1`))
	require.Equal(t, []string{"0"}, rows(t, conn, "SELECT count(*) FROM program.fiscal_day WHERE week_start <> CAST(date_trunc('week', date) AS DATE)"))
}

func TestYearsOfWeeks(t *testing.T) {
	// the retail calendar: 2023 has 53 weeks, 29 January 2023 to 3 February 2024
	retail := "{pattern: 4-5-4, year_end: {weekday: saturday, month: january, rule: nearest}}"
	require.Equal(t, []string{
		"2023-01-23|2023-01-29|2023-01-29|2023-01-29", "2023-02-20|2023-02-26|2023-01-29|2023-01-29", "2023-03-27|2023-04-02|2023-01-29|2023-01-29",
		"2023-04-24|2023-04-30|2023-04-30|2023-01-29", "2024-01-29|2023-12-31|2023-10-29|2023-01-29", "2024-01-29|2024-02-04|2024-02-04|2024-02-04",
	}, fiscalDays(t, retail, "2023-01-29", "2023-02-26", "2023-04-02", "2023-04-30", "2024-02-03", "2024-02-04"))
	require.Equal(t, []string{"2025-01-20|2025-01-26|2025-01-26|2025-01-26", "2025-01-20|2024-12-22|2024-10-27|2024-01-28"},
		fiscalDays(t, "{pattern: 4-4-5, year_end: {weekday: sat, month: 1, rule: last}}", "2025-01-26", "2025-01-25"))
}

func TestPeriodsAreReportingMidnights(t *testing.T) {
	conn := create(t, builtin(t), params(t, "2026-12-31", "Europe/Berlin"))
	require.Equal(t, []string{"2026-03-28 23:00|2026-03-29 22:00"}, rows(t, conn, "SELECT start_at, end_at FROM program.fiscal_period WHERE grain = 'day' AND period_start = DATE '2026-03-29'"))
	require.Equal(t, []string{"2026-10-24 22:00|2026-10-25 23:00"}, rows(t, conn, "SELECT start_at, end_at FROM program.fiscal_day WHERE date = DATE '2026-10-25'"))
	require.Equal(t, []string{"2026-04-01|2026-07-01|2026-03-31 22:00|2026-06-30 22:00"},
		rows(t, conn, "SELECT period_start, period_end, start_at, end_at FROM program.fiscal_period WHERE grain = 'quarter' AND period_start = DATE '2026-04-01'"))
	require.Equal(t, []string{"1990-01-01|2029-12-31"}, rows(t, conn, "SELECT min(date), max(date) FROM program.fiscal_day"))
}

func TestLastDayEnded(t *testing.T) {
	berlin, err := program.Zone("Europe/Berlin")
	require.NoError(t, err)
	havana, err := program.Zone("America/Havana") // sets its clock back at 01:00, forward at midnight
	require.NoError(t, err)
	for _, c := range []struct {
		at   string
		zone *time.Location
		want string
	}{
		{"2026-03-29T21:59:59Z", berlin, "2026-03-28"}, {"2026-03-29T22:00:00Z", berlin, "2026-03-29"},
		{"2026-10-25T22:59:59Z", berlin, "2026-10-24"}, {"2026-10-25T23:00:00Z", berlin, "2026-10-25"},
		{"2026-03-08T04:59:59Z", havana, "2026-03-06"}, {"2026-03-08T05:00:00Z", havana, "2026-03-07"},
		{"2026-11-01T03:59:59Z", havana, "2026-10-30"}, {"2026-11-01T04:00:00Z", havana, "2026-10-31"}, {"2026-11-01T05:30:00Z", havana, "2026-10-31"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		day := program.LastDayEnded(at, c.zone)
		require.Equal(t, c.want, day.Format("2006-01-02"), c.at)
		require.False(t, program.DayEnd(day, c.zone).After(at), c.at)
		require.True(t, program.DayEnd(day.AddDate(0, 0, 1), c.zone).After(at), c.at)
	}
}
