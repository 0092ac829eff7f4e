package recompute_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/recompute"
)

// rebate is a tiered program in EUR with tiers from 0, 100k and 250k at 0, 2 and 4 %.
func rebate(t *testing.T, d *recompute.Data, method, period string) {
	t.Helper()
	d.Versions = []recompute.IncentiveVersion{{
		ProgramID: "R", Version: 1, Method: method, Basis: "sourced_bookings", Currency: "EUR", Period: period, EffectiveFromAt: at(t, "2024-01-01"),
		SLAMissFactor: num(t, "0"),
	}}
	for n, tier := range [][2]string{{"0", "0"}, {"100000", "2/100"}, {"250000", "4/100"}} {
		d.Tiers = append(d.Tiers, recompute.IncentiveTier{ProgramID: "R", Version: 1, Tier: int64(n + 1), Lower: num(t, tier[0]), Rate: num(t, tier[1])})
	}
}

// sale adds a won deal that a partner sourced.
func sale(t *testing.T, d *recompute.Data, id, partner, day, amount string) {
	t.Helper()
	d.Deals = append(d.Deals, recompute.Deal{
		DealID: id, Amount: num(t, amount), Currency: "EUR", Outcome: "won", CreatedAt: at(t, "2026-01-02"), ClosedAt: at(t, day+" 12:00"),
	})
	d.DealPartners = append(d.DealPartners, recompute.DealPartner{
		DealPartnerID: id, DealID: id, PartnerID: partner, Role: "sourced", Pct: num(t, "100"), CreatedAt: at(t, "2026-01-02"), LockedAt: at(t, "2026-01-02"),
	})
}

func TestAccrualGoldenTiers(t *testing.T) {
	for method, want := range map[string]string{"marginal": "5000", "retroactive": "12000"} {
		d := world(t, "2026-12-31")
		rebate(t, d, method, "year")
		d.Partners = []recompute.Partner{{PartnerID: "P"}}
		sale(t, d, "D", "P", "2026-02-01", "300000")
		rows := compute(t, d)
		require.Equal(t, want, value(t, rows, `ACC-2|total||{"program":"R"}`))
		require.Equal(t, want, value(t, rows, `ACC-2|quarter|2026-10-01|{"program":"R"}`))
		require.Equal(t, "top_tier", value(t, rows, `ACC-6.distance|total||{"partner":"P","program":"R"}`))
	}
}

func TestAccrualGoldenBridge(t *testing.T) {
	d := world(t, "2026-06-30")
	rebate(t, d, "retroactive", "year")
	d.Partners = []recompute.Partner{{PartnerID: "P"}}
	sale(t, d, "D1", "P", "2026-02-01", "80000")
	sale(t, d, "D2", "P", "2026-05-01", "70000")
	d.Overrides = []recompute.ProjectionOverride{
		{ProgramID: "R", PartnerID: "P", PeriodStart: date(t, "2026-01-01"), MadeOn: date(t, "2026-03-01"), ProjectedBase: num(t, "300000"), Approved: true},
		{ProgramID: "R", PartnerID: "P", PeriodStart: date(t, "2026-01-01"), MadeOn: date(t, "2026-06-30"), ProjectedBase: num(t, "240000"), Approved: true},
	}
	rows := compute(t, d)
	const first, second = `|quarter|2026-01-01|{"program":"R"}`, `|quarter|2026-04-01|{"program":"R"}`
	for key, want := range map[string]string{
		"ACC-2" + first: "0", "ACC-3" + first: "3200", "ACC-4" + first: "3200", "ACC-5.volume" + first: "3200", "ACC-5.rate" + first: "0",
		"ACC-3" + second: "3000", "ACC-4" + second: "-200", "ACC-5.volume" + second: "2800", "ACC-5.rate" + second: "-3000",
		"ACC-5.manual" + second: "0", "ACC-5.fx" + second: "no_source", "ACC-1" + second: "70000", "ACC-6.distance" + second: "100000",
		"ACC-6.cliff" + second:             "7000",
		"ACC-4|total||{\"program\":\"R\"}": "3000",
	} {
		require.Equal(t, want, value(t, rows, key), key)
	}
	require.Equal(t, "300000", rows["ACC-3"+first].Projected.RatString())
	require.Equal(t, "240000", rows["ACC-3"+second].Projected.RatString())
}

func TestCommissionGolden(t *testing.T) {
	for state, want := range map[string][4]string{
		"met": {"1500", "5000", "0", "0"}, "missed": {"0", "0", "5000", "5000"},
	} {
		d := world(t, "2026-06-30")
		d.Partners = []recompute.Partner{{PartnerID: "P", PartnerType: "reseller"}}
		d.Policies = []recompute.SLAPolicy{{Direction: "vendor_to_partner", SLASeconds: 4 * 3600, Clock: "elapsed"}}
		sale(t, d, "D", "P", "2026-05-01", "50000")
		d.Deals[0].LeadID = "L"
		acked := at(t, "2025-12-01 10:00")
		if state == "missed" {
			acked = at(t, "2025-12-01 14:00:01")
		}
		d.Leads = []recompute.Lead{{LeadID: "L", Direction: "vendor_to_partner", ReceivedAt: at(t, "2025-12-01"), QualifiedAt: at(t, "2025-12-10")}}
		d.Assignments = []recompute.LeadAssignment{{AssignmentID: "A", LeadID: "L", PartnerID: "P", AssignedAt: at(t, "2025-12-01 10:00"), AcknowledgedAt: acked}}
		d.Versions = []recompute.IncentiveVersion{{
			ProgramID: "C", Version: 1, Method: "milestone", Basis: "sourced_bookings", Currency: "EUR", Period: "quarter", EffectiveFromAt: at(t, "2024-01-01"),
			Rate: num(t, "1/10"), SLAGate: true, SLAMissFactor: num(t, "0"), NoLead: "fail", CreditedRole: "sourced",
		}}
		d.Milestones = []recompute.IncentiveMilestone{
			{ProgramID: "C", Version: 1, Milestone: "deal_created", Share: num(t, "3/10")}, {ProgramID: "C", Version: 1, Milestone: "closed_won", Share: num(t, "7/10")},
		}
		rows := compute(t, d)
		require.Equal(t, want[0], value(t, rows, `ACC-7|quarter|2026-01-01|{"program":"C"}`))
		require.Equal(t, want[1], value(t, rows, `ACC-7|total||{"program":"C"}`))
		require.Equal(t, want[2], value(t, rows, `ACC-8|total||{"program":"C"}`))
		require.Equal(t, want[3], value(t, rows, `ACC-8.all_gates|total||{"program":"C"}`))
	}
}

func TestOneMissingRateFailsAllAccruals(t *testing.T) {
	d := world(t, "2026-06-30")
	rebate(t, d, "marginal", "quarter")
	d.Partners = []recompute.Partner{{PartnerID: "P"}}
	sale(t, d, "D1", "P", "2026-02-01", "80000")
	sale(t, d, "D2", "P", "2026-02-01", "80000")
	d.Deals[1].Currency = "USD"
	rows := compute(t, d)
	require.Equal(t, "failed_missing_fx", value(t, rows, "ACC-1|total||{}"))
	require.NotContains(t, rows, `ACC-1|total||{"program":"R"}`)
	require.Equal(t, "80000", value(t, rows, "REV-1|total||{}"))
	require.Equal(t, map[string]int64{"missing_fx": 1}, rows["REV-1|total||{}"].Excluded)
}
