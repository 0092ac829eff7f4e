package standin

import (
	"fmt"
	"time"
)

// Sample is a small vendor for trying a client on: partners' contacts, companies and leads, deals that went through stages, activities, what was sold,
// a custom object for partner programs, something archived, and more companies than a page holds. It begins at start and nothing in it is later than
// ten days after.
func Sample(start time.Time) Data {
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	return Data{
		Properties: map[string][]Property{
			"deals":    {{Name: "partner_id", Label: "Partner", Unique: true}, {Name: "margin_note", Sensitive: true}},
			"contacts": {{Name: "partner_tier", Type: "enumeration", Options: []Option{{"gold", "Gold"}, {"silver", "Silver"}}}},
		},
		Schemas: []Schema{{
			ID: "2-3456789", Name: "partner_program", Labels: Labels{"Partner program", "Partner programs"}, PrimaryDisplay: "program_name",
			Required: []string{"program_name"}, Searchable: []string{"program_name"}, Associates: []string{"companies"}, Created: start,
			Properties: []Property{{Name: "program_name"}, {Name: "started_on", Type: "date"}},
		}},
		Pipelines: map[string][]Pipeline{"deals": {{
			ID: "default", Label: "Sales Pipeline", Created: start, Updated: start, Stages: []Stage{
				stage("appointmentscheduled", "Appointment Scheduled", 0, "0.2", start), stage("contractsent", "Contract Sent", 1, "0.9", start),
				stage("closedwon", "Closed Won", 2, "1.0", start), stage("closedlost", "Closed Lost", 3, "0.0", start),
			},
		}}},
		Owners: []Owner{
			{ID: "501", Email: "ada@vendor.example", FirstName: "Ada", LastName: "Ek", UserID: 9001, Created: start, Updated: start, Teams: []Team{{"71", "Channel", true}}},
			{ID: "502", Email: "ben@vendor.example", FirstName: "Ben", LastName: "Lo", UserID: 9002, Created: start, Updated: start},
			{ID: "503", Email: "eve@vendor.example", FirstName: "Eve", LastName: "Ro", UserID: 9003, Created: start, Updated: day(5), Archived: true},
		},
		Records: map[string][]Record{
			"companies": companies(start, 120),
			"contacts": {
				{ID: "201", At: day(1), Values: map[string]any{"email": "ines@north.example", "firstname": "Inès", "lastname": "Moreau", "partner_tier": "gold"}},
				{ID: "202", At: day(1), Values: map[string]any{"email": "omar@south.example", "firstname": "Omar", "hubspot_owner_id": "501"}},
				{ID: "203", At: day(2), Values: map[string]any{"email": "gone@south.example"}},
				{ID: "203", At: day(3), Archived: true},
			},
			"deals": {
				{ID: "301", At: day(1), Source: "CRM_UI", Values: map[string]any{
					"dealname": "North rollout", "amount": "12000.50", "dealstage": "appointmentscheduled", "pipeline": "default", "partner_id": "P-7", "margin_note": "31 %",
				}},
				{ID: "301", At: day(4), Values: map[string]any{"dealstage": "contractsent", "amount": "12500.00"}},
				{ID: "301", At: day(9), Values: map[string]any{"dealstage": "closedwon", "closedate": day(9)}},
				{ID: "302", At: day(2), Values: map[string]any{"dealname": "South pilot", "amount": 900, "dealstage": "closedlost", "pipeline": "default", "partner_id": "P-8"}},
				{ID: "303", At: day(3), Values: map[string]any{"dealname": "West, no amount", "dealstage": "appointmentscheduled", "pipeline": "default"}},
			},
			"leads":      {{ID: "401", At: day(1), Values: map[string]any{"hs_lead_name": "North, warm", "hs_lead_label": "WARM"}}},
			"meetings":   {{ID: "411", At: day(2), Values: map[string]any{"hs_meeting_title": "Kick-off", "hs_timestamp": day(2), "hs_meeting_outcome": "COMPLETED"}}},
			"calls":      {{ID: "421", At: day(2), Values: map[string]any{"hs_call_title": "Intro", "hs_timestamp": day(2), "hs_call_duration": 61_000}}},
			"notes":      {{ID: "431", At: day(3), Values: map[string]any{"hs_note_body": "<p>Asked for terms</p>", "hs_timestamp": day(3)}}},
			"line_items": {{ID: "441", At: day(4), Values: map[string]any{"name": "Seat", "quantity": 10, "price": "1250.00", "amount": "12500.00", "hs_product_id": "451"}}},
			"products":   {{ID: "451", At: day(0), Values: map[string]any{"name": "Seat", "price": "1250.00", "hs_sku": "SEAT-1"}}},
			"2-3456789":  {{ID: "461", At: day(0), Values: map[string]any{"program_name": "Gold circle", "started_on": "2026-01-01"}}},
		},
		Associations: []Association{
			{FromType: "contacts", FromID: "201", ToType: "companies", ToID: "1001", Label: primary},
			{FromType: "contacts", FromID: "201", ToType: "companies", ToID: "1002", Label: "Reseller"},
			{FromType: "contacts", FromID: "202", ToType: "companies", ToID: "1002"},
			{FromType: "deals", FromID: "301", ToType: "companies", ToID: "1001", Label: primary},
			{FromType: "deals", FromID: "301", ToType: "contacts", ToID: "201"},
			{FromType: "deals", FromID: "301", ToType: "line_items", ToID: "441"},
			{FromType: "leads", FromID: "401", ToType: "contacts", ToID: "201", Label: primary},
			{FromType: "meetings", FromID: "411", ToType: "deals", ToID: "301"},
			{FromType: "calls", FromID: "421", ToType: "contacts", ToID: "202"},
			{FromType: "notes", FromID: "431", ToType: "contacts", ToID: "201"},
			{FromType: "partner_program", FromID: "461", ToType: "companies", ToID: "1001"},
		},
	}
}

func stage(id, label string, order int, probability string, at time.Time) Stage {
	closed := fmt.Sprint(probability == "1.0" || probability == "0.0")
	return Stage{ID: id, Label: label, Order: order, Created: at, Updated: at, Metadata: map[string]string{"probability": probability, "isClosed": closed}}
}

// companies are numbered from 1001, each written a minute after the one before.
func companies(start time.Time, n int) []Record {
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{ID: fmt.Sprint(1001 + i), At: start.Add(time.Duration(i) * time.Minute), Values: map[string]any{
			"name": fmt.Sprintf("Company %d", i+1), "domain": fmt.Sprintf("c%d.example", i+1), "country": []string{"DE", "FR", "SE"}[i%3],
		}}
	}
	return records
}
