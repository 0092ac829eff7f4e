package hubspot_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/nightly/nighttest"
	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

// partnered is the sample with what the template wants: companies that are partners, labels, activities on deals.
func partnered(t *testing.T) *stage {
	t.Helper()
	s := sample(t)
	s.server.SetLimits(standin.Limits{TenSeconds: 100_000, SearchesPerSecond: 100_000}) // its clock stands still while the night's runs
	require.NoError(t, s.server.AddProperty("companies", standin.Property{Name: "partner_type"}))
	s.write("companies", standin.Record{ID: "1002", Values: map[string]any{"partner_type": "Reseller", "hubspot_owner_id": "501"}})
	s.write("companies", standin.Record{ID: "1003", Values: map[string]any{"partner_type": "Carrier pigeon"}})
	s.write("contacts", standin.Record{ID: "201", Values: map[string]any{"associatedcompanyid": 1001}})
	s.write("contacts", standin.Record{ID: "202", Values: map[string]any{"associatedcompanyid": 1002, "jobtitle": "Sales"}})
	s.write("meetings", standin.Record{ID: "411", Values: map[string]any{"hs_meeting_start_time": start().AddDate(0, 0, 2), "hs_meeting_end_time": start().AddDate(0, 0, 2).Add(time.Hour)}})
	for _, a := range []standin.Association{
		{FromType: "deals", FromID: "301", ToType: "companies", ToID: "1002", Label: "Sourcing partner"},
		{FromType: "deals", FromID: "301", ToType: "companies", ToID: "1003", Label: "Influencing partner"},
		{FromType: "leads", FromID: "401", ToType: "companies", ToID: "1002", Label: "Partner"},
		{FromType: "calls", FromID: "421", ToType: "deals", ToID: "302"},
		{FromType: "notes", FromID: "431", ToType: "deals", ToID: "301"},
	} {
		require.NoError(t, s.server.Associate(a))
	}
	s.pass(time.Minute)
	return s
}

// TestNightsOfTheTemplate runs what `tributary init --from hubspot` writes, changes something, and runs it again.
func TestNightsOfTheTemplate(t *testing.T) {
	s := partnered(t)
	t.Setenv("HUBSPOT_TOKEN", key)
	token := "token: ${HUBSPOT_TOKEN}"
	dir := nighttest.Project(t, "hubspot", token, token+"\n    url: "+s.url+"\n    sweep: 0s")
	night := func(asOf string) nightly.Summary {
		return nighttest.Run(t, nightly.Options{Dir: dir, AsOf: asOf, Version: "test"})
	}
	db := night("2026-03-31")
	for query, want := range map[string][]string{
		"SELECT partner_id, name, partner_type, country, cam_id FROM staging.partner ORDER BY 1": {
			"1002 | Company 2 | reseller | FR | ada@vendor.example", "1003 | Company 3 | unknown | SE | -",
		},
		"SELECT contact_id, partner_id, name, email, role, created_at FROM staging.partner_contact": {"202 | 1002 | Omar | omar@south.example | Sales | 2026-03-03 08:00:00 +0000 UTC"},
		"SELECT lead_id, direction, partner_id, assigned_at FROM staging.lead":                      {"401 | vendor_to_partner | 1002 | 2026-03-03 08:00:00 +0000 UTC"},
		"SELECT deal_id, name, account_id, partner_id, CAST(amount AS VARCHAR), outcome, closed_at FROM staging.deal ORDER BY 1": {
			"301 | North rollout | 1001 | 1002 | 12500.0000 | won | 2026-03-11 08:00:00 +0000 UTC", "302 | South pilot | - | - | 900.0000 | lost | -",
			"303 | West, no amount | - | - | - | open | -",
		},
		"SELECT deal_id, partner_id, role FROM staging.deal_partner ORDER BY 2": {"301 | 1002 | sourced", "301 | 1003 | influenced"},
		"SELECT deal_id, stage, entered_at FROM staging.deal_stage WHERE deal_id = '301' ORDER BY 3": {
			"301 | Appointment Scheduled | 2026-03-03 08:00:00 +0000 UTC", "301 | Contract Sent | 2026-03-06 08:00:00 +0000 UTC", "301 | Closed Won | 2026-03-11 08:00:00 +0000 UTC",
		},
		"SELECT deal_line_id, deal_id, product, CAST(quantity AS VARCHAR), CAST(amount AS VARCHAR) FROM staging.deal_line": {"441 | 301 | Seat | 10.0000 | 12500.0000"},
		"SELECT activity_id, deal_id, type, occurred_at FROM staging.activity ORDER BY 1": {
			"call-421-302 | 302 | call | 2026-03-04 08:00:00 +0000 UTC", "meeting-411-301 | 301 | meeting | 2026-03-04 08:00:00 +0000 UTC", "note-431-301 | 301 | note | 2026-03-05 08:00:00 +0000 UTC",
		},
	} {
		require.Equal(t, want, nighttest.Rows(t, db, query), query)
	}

	s.write("deals", standin.Record{ID: "303", Values: map[string]any{"dealstage": "closedwon", "amount": "70.5", "closedate": s.clock()}})
	require.NoError(t, s.server.Archive("deals", "302"))
	require.NoError(t, s.server.Dissociate(standin.Association{FromType: "deals", FromID: "301", ToType: "companies", ToID: "1003"}))
	s.pass(time.Minute)
	db = night("2026-04-01")
	for query, want := range map[string][]string{
		"SELECT deal_id, CAST(amount AS VARCHAR), outcome, coalesce(deleted, false) FROM staging.deal ORDER BY 1": {
			"301 | 12500.0000 | won | false", "302 | 900.0000 | lost | true", "303 | 70.5000 | won | false",
		},
		"SELECT partner_id, coalesce(deleted, false) FROM staging.deal_partner ORDER BY 1": {"1002 | false", "1003 | true"},
		"SELECT stage FROM staging.deal_stage WHERE deal_id = '303' ORDER BY entered_at":   {"Appointment Scheduled", "Closed Won"},
	} {
		require.Equal(t, want, nighttest.Rows(t, db, query), query)
	}
}
