package recompute_test

import (
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/recompute"
)

// at reads an instant in Berlin's wall time: "2026-06-12 16:00" or a date.
func at(t *testing.T, wall string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if got, err := time.ParseInLocation(layout, wall, zone); err == nil {
			return got.UTC()
		}
	}
	require.Fail(t, "no instant: "+wall)
	return time.Time{}
}

func date(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	require.NoError(t, err)
	return d
}

func num(t *testing.T, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	require.True(t, ok, s)
	return r
}

// world is an empty vendor in Berlin that keeps calendar years, with the data of 2024 to 2027.
func world(t *testing.T, asOf string) *recompute.Data {
	t.Helper()
	d := &recompute.Data{WithoutMappings: true, Param: recompute.Param{
		AsOf: date(t, asOf), AsOfAt: at(t, date(t, asOf).AddDate(0, 0, 1).Format(time.DateOnly)), ReportingTz: "Europe/Berlin",
		FunctionalCurrency: "EUR", DefaultCurrency: "EUR", LockWhenMissing: "none", FXKind: "closing", MinN: 5, RmstTauSeconds: 604800, MaturityMinDays: 30,
		TrailingDays: 365, RevenueActiveMonths: 12, ActivationDays: 90,
	}}
	seen := map[string]bool{}
	for day := date(t, "2023-12-01"); day.Before(date(t, "2028-02-01")); day = day.AddDate(0, 0, 1) {
		week := day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
		month := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
		quarter := time.Date(day.Year(), (day.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
		year := time.Date(day.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		d.Days = append(d.Days, recompute.FiscalDay{Date: day, WeekStart: week, MonthStart: month, QuarterStart: quarter, YearStart: year})
		for grain, span := range map[string][2]time.Time{
			"day": {day, day.AddDate(0, 0, 1)}, "week": {week, week.AddDate(0, 0, 7)}, "month": {month, month.AddDate(0, 1, 0)},
			"quarter": {quarter, quarter.AddDate(0, 3, 0)}, "year": {year, year.AddDate(1, 0, 0)},
		} {
			if key := grain + span[0].String(); !seen[key] {
				seen[key] = true
				d.Periods = append(d.Periods, recompute.FiscalPeriod{Grain: grain, PeriodStart: span[0], PeriodEnd: span[1]})
			}
		}
	}
	return d
}

// compute gives the rows by key.
func compute(t *testing.T, d *recompute.Data) map[string]recompute.Row {
	t.Helper()
	rows, err := recompute.Compute(d)
	require.NoError(t, err)
	out := map[string]recompute.Row{}
	for _, r := range rows {
		require.NotContains(t, out, r.Key())
		out[r.Key()] = r
	}
	return out
}

func value(t *testing.T, rows map[string]recompute.Row, key string) string {
	t.Helper()
	require.Contains(t, rows, key)
	if rows[key].Value == nil {
		return rows[key].Status
	}
	return rows[key].Value.RatString()
}

func id(prefix string, n int) string { return prefix + strconv.Itoa(n) }

func TestResponseGoldenA(t *testing.T) {
	d := world(t, "2026-06-12")
	d.Partners = []recompute.Partner{{PartnerID: "P", PartnerType: "reseller"}}
	d.Policies = []recompute.SLAPolicy{{PolicyID: "r", Direction: "vendor_to_partner", PartnerType: "reseller", SLASeconds: 4 * 3600, Clock: "elapsed"}}
	end := d.Param.AsOfAt
	for n, u := range []struct {
		answer int // hours after the assignment; 0 = open
		age    int
	}{{1, 20}, {3, 20}, {5, 20}, {0, 2}, {0, 10}} {
		start := end.Add(-time.Duration(u.age) * time.Hour)
		a := recompute.LeadAssignment{AssignmentID: id("A", n), LeadID: id("L", n), PartnerID: "P", AssignedAt: start}
		d.Leads = append(d.Leads, recompute.Lead{LeadID: id("L", n), Direction: "vendor_to_partner", ReceivedAt: start})
		d.Assignments = append(d.Assignments, a)
		if u.answer > 0 {
			d.Activities = append(d.Activities, recompute.Activity{
				ActivityID: id("C", n), LeadID: id("L", n), ActorType: "human", Party: "partner", Type: "call",
				OccurredAt: start.Add(time.Duration(u.answer) * time.Hour),
			})
		}
	}
	rows := compute(t, d)
	const dims = `|total||{"direction":"vendor_to_partner"}`
	require.Equal(t, "1/2", value(t, rows, "RSP-6"+dims))
	require.Equal(t, "18000", value(t, rows, "RSP-1"+dims))
	require.Equal(t, "not_reached", value(t, rows, "RSP-2"+dims))
	require.Equal(t, "36000", rows["RSP-2"+dims].LowerBound.RatString())
	require.Equal(t, "10800", value(t, rows, "RSP-3.median"+dims))
	require.Equal(t, "2/5", value(t, rows, "RSP-3.unanswered"+dims))
	require.EqualValues(t, 5, rows["RSP-1"+dims].N)
	require.EqualValues(t, 2, rows["RSP-1"+dims].NCensored)
	require.EqualValues(t, 3, rows["RSP-3.median"+dims].N)
	require.EqualValues(t, 4, rows["RSP-6"+dims].N)
	require.Equal(t, map[string]int64{"pending": 1}, rows["RSP-6"+dims].Excluded)
	require.Equal(t, "low_n", rows["RSP-6"+dims].Status)
	require.Equal(t, "no_calendar", value(t, rows, "RSP-5.1"+dims))
}

// office is open from 9 to 17, Mondays to Fridays.
func office(t *testing.T, name, from, to string) []recompute.CalendarInterval {
	t.Helper()
	var out []recompute.CalendarInterval
	for day := date(t, from); day.Before(date(t, to)); day = day.AddDate(0, 0, 1) {
		if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			s := day.Format(time.DateOnly)
			out = append(out, recompute.CalendarInterval{Calendar: name, FromAt: at(t, s+" 09:00"), ToAt: at(t, s+" 17:00"), IsOpen: true})
		}
	}
	return out
}

func TestResponseGoldenB(t *testing.T) {
	for clock, want := range map[string]string{"elapsed": "0", "business": "1"} {
		d := world(t, "2026-06-20")
		d.Param.PartnerCalendar = "office"
		d.Openings = office(t, "office", "2026-06-01", "2026-07-01")
		d.Partners = []recompute.Partner{{PartnerID: "P", PartnerType: "var"}}
		d.Policies = []recompute.SLAPolicy{{PolicyID: "v", Direction: "vendor_to_partner", PartnerType: "var", SLASeconds: 6 * 3600, Clock: clock}}
		d.Leads = []recompute.Lead{{LeadID: "L", Direction: "vendor_to_partner", ReceivedAt: at(t, "2026-06-12 16:00")}}
		d.Assignments = []recompute.LeadAssignment{{
			AssignmentID: "A", LeadID: "L", PartnerID: "P", AssignedAt: at(t, "2026-06-12 16:00"), AcknowledgedAt: at(t, "2026-06-15 10:00"),
			AcceptedAt: at(t, "2026-06-15 10:00"),
		}}
		rows := compute(t, d)
		const dims = `|day|2026-06-12|{"direction":"vendor_to_partner"}`
		require.Equal(t, want, value(t, rows, "RSP-6"+dims), clock)
		require.Equal(t, "237600", value(t, rows, "RSP-1"+dims))
		require.Equal(t, "7200", value(t, rows, "RSP-5.1"+dims))
		misses := map[string]string{"elapsed": "1", "business": "0"}
		require.Equal(t, misses[clock], value(t, rows, `RSP-7|quarter|2026-04-01|{"partner":"P"}`))
		require.Equal(t, "unconfigured", rows[`RSP-8|quarter|2026-04-01|{"partner":"P"}`].Text)
	}
}

func TestConversionGolden(t *testing.T) {
	d := world(t, "2026-06-30")
	for n, s := range []string{"One", "Two", "Three", "Four"} {
		d.Stages = append(d.Stages, recompute.Stage{Motion: "m", Stage: s, Rank: int64(n + 1), IsCommercialClose: n == 3})
	}
	put := func(deal, stage, day string) {
		d.DealStages = append(d.DealStages, recompute.DealStage{DealStageID: deal + stage, DealID: deal, Motion: "m", Stage: stage, EnteredAt: at(t, day)})
	}
	for n := range 10 {
		deal := recompute.Deal{DealID: id("D", n), CreatedAt: at(t, "2026-01-02"), Outcome: "open"}
		put(deal.DealID, "One", "2026-01-05")
		switch {
		case n == 0:
			put(deal.DealID, "Three", "2026-02-02")
		case n < 6:
			put(deal.DealID, "Two", "2026-02-01")
		case n < 8:
			deal.Outcome, deal.ClosedAt = "lost", at(t, "2026-02-03")
		}
		d.Deals = append(d.Deals, deal)
	}
	rows := compute(t, d)
	const dims = `|total||{"motion":"m","stage":"One"}`
	require.Equal(t, "3/5", value(t, rows, "CNV-1"+dims))
	require.Equal(t, "3/4", value(t, rows, "CNV-2"+dims))
	require.Equal(t, "1/2", value(t, rows, "CNV-4"+dims))
	require.Equal(t, "1/6", value(t, rows, "CNV-5"+dims))
	require.Equal(t, "3/4", value(t, rows, "CNV-3"+dims))
	require.Equal(t, map[string]int64{"open": 2}, rows["CNV-2"+dims].Excluded)
	require.Equal(t, "ok", rows[`CNV-1|month|2026-01-01|{"motion":"m","stage":"One"}`].Status)
}

func TestRevenueGolden(t *testing.T) {
	d := world(t, "2026-06-30")
	d.Partners = []recompute.Partner{{PartnerID: "A"}, {PartnerID: "B"}}
	for _, w := range []struct{ deal, amount, role, pct string }{{"A", "100", "sourced", "60"}, {"B", "200", "influenced", "25"}, {"C", "700", "", ""}} {
		d.Deals = append(d.Deals, recompute.Deal{
			DealID: w.deal, Amount: num(t, w.amount), Currency: "EUR", Outcome: "won", CreatedAt: at(t, "2026-01-02"), ClosedAt: at(t, "2026-03-01"),
		})
		if w.role != "" {
			d.DealPartners = append(d.DealPartners, recompute.DealPartner{
				DealPartnerID: w.deal, DealID: w.deal, PartnerID: w.deal, Role: w.role, Pct: num(t, w.pct),
				CreatedAt: at(t, "2026-01-02"), LockedAt: at(t, "2026-01-02"),
			})
		}
	}
	rows := compute(t, d)
	for id, want := range map[string]string{
		"REV-1": "100", "REV-3": "200", "REV-4": "300", "REV-5": "1/10", "REV-5.influenced": "1/5", "REV-5.direct": "7/10", "REV-7": "0",
		"REV-2": "60", "REV-2.influenced": "50", "REV-2.direct": "890", "REV-6": "3/50",
	} {
		require.Equal(t, want, value(t, rows, id+"|total||{}"), id)
		require.Equal(t, want, value(t, rows, id+"|quarter|2026-01-01|{}"), id)
	}
	require.Equal(t, "1", value(t, rows, `REV-5|total||{"partner":"A"}`))
	require.Equal(t, "1/10", value(t, rows, `REV-5.of_total|total||{"partner":"A"}`))
}
