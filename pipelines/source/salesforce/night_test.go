package salesforce_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/nightly/nighttest"
	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

// TestSalesforceTemplate makes a night of what `tributary init --from salesforce` writes, over a small org.
func TestSalesforceTemplate(t *testing.T) {
	clock := standin.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	org, err := standin.New(standin.Options{Now: clock.Now, Standard: true, ClientID: "3MVG9…", ClientSecret: "sesame"})
	require.NoError(t, err)
	add := func(object string, row standin.Row) string {
		t.Helper()
		id, err := org.Add(object, row)
		require.NoError(t, err)
		return id
	}
	partner := add("Account", standin.Row{"Name": "Nordlicht", "Type": "Reseller", "IsPartner": true, "CurrencyIsoCode": "EUR"})
	customer := add("Account", standin.Row{"Name": "Customer"})
	contact := add("Contact", standin.Row{"LastName": "Ek", "AccountId": partner})
	seller := add("User", standin.Row{"LastName": "Ek", "Username": "ek@nordlicht.test", "IsActive": true, "AccountId": partner, "UserType": "PowerPartner"})
	lead := add("Lead", standin.Row{"LastName": "Roe", "Company": "Customer", "Status": "New", "LeadSource": "Web", "PartnerAccountId": partner})
	loser := add("Lead", standin.Row{"LastName": "Roe", "Company": "Customer", "Status": "New", "PartnerAccountId": partner})
	add("LeadHistory", standin.Row{"LeadId": lead, "Field": "Owner", "OldValue": "Vendor", "NewValue": "Ek"})
	add("LeadHistory", standin.Row{"LeadId": lead, "Field": "Owner", "NewValue": seller})
	deal := add("Opportunity", standin.Row{
		"Name": "Sensors", "AccountId": customer, "PartnerAccountId": partner, "StageName": "Closed Won", "IsClosed": true, "IsWon": true, "Type": "New Business",
		"Amount": json.Number("1000.50"), "CurrencyIsoCode": "USD", "CloseDate": "2026-03-02", "LastStageChangeDate": "2026-03-02T09:00:00.000+0000",
	})
	add("OpportunityPartner", standin.Row{"OpportunityId": deal, "AccountToId": partner, "Role": "Reseller", "IsPrimary": true})
	add("OpportunityHistory", standin.Row{"OpportunityId": deal, "StageName": "Closed Won"})
	add("OpportunityLineItem", standin.Row{"OpportunityId": deal, "Quantity": json.Number("3.00"), "TotalPrice": json.Number("1000.50"), "CurrencyIsoCode": "USD"})
	add("OpportunityContactRole", standin.Row{"OpportunityId": deal, "ContactId": contact, "Role": "Decision Maker"})
	add("Task", standin.Row{"WhoId": lead, "OwnerId": seller, "TaskSubtype": "Call", "Status": "Completed", "Priority": "Normal", "CompletedDateTime": "2026-03-02T09:30:00.000+0000"})
	add("Event", standin.Row{"WhatId": deal, "OwnerId": seller, "StartDateTime": "2026-03-02T08:00:00.000+0000", "EndDateTime": "2026-03-02T09:00:00.000+0000"})
	add("CurrencyType", standin.Row{"IsoCode": "USD", "ConversionRate": json.Number("1.25"), "DecimalPlaces": json.Number("2"), "IsActive": true, "IsCorporate": false})
	add("DatedConversionRate", standin.Row{"IsoCode": "USD", "StartDate": "2026-01-01", "ConversionRate": json.Number("1.25")})
	require.NoError(t, org.Overwrite("Lead", loser, standin.Row{"MasterRecordId": lead}))
	require.NoError(t, org.Delete("Lead", loser))
	clock.Advance(time.Hour)
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)

	dir := nighttest.Project(t, "salesforce", "host: acme.my.salesforce.com", "host: "+server.URL)
	t.Setenv("SALESFORCE_CLIENT_SECRET", "sesame")
	night := nighttest.Run(t, nightly.Options{Dir: dir, AsOf: "2026-03-03", Clock: func() time.Time { return time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC) }})
	for query, want := range map[string]string{
		"SELECT concat_ws('|', name, partner_type, currency) FROM staging.partner":                                                                   "Nordlicht|reseller|EUR",
		"SELECT concat_ws('|', partner_id = '" + partner + "', name) FROM staging.partner_contact":                                                   "true|Ek",
		"SELECT string_agg(concat_ws('|', direction, partner_id = '" + partner + "', merged_into, deleted), ';' ORDER BY lead_id) FROM staging.lead": "vendor_to_partner|true|false;vendor_to_partner|true|" + lead + "|true",
		"SELECT concat_ws('|', lead_id = '" + lead + "', partner_id = '" + partner + "', assignee) FROM staging.lead_assignment":                     "true|true|Ek",
		"SELECT concat_ws('|', name, amount, currency, outcome, order_type, closed_at = TIMESTAMPTZ '2026-03-02 09:00:00+00') FROM staging.deal":     "Sensors|1000.5000|USD|won|new_logo|true",
		"SELECT concat_ws('|', role, partner_id = '" + partner + "') FROM staging.deal_partner":                                                      "sourced|true",
		"SELECT concat_ws('|', stage, deal_id = '" + deal + "') FROM staging.deal_stage":                                                             "Closed Won|true",
		"SELECT concat_ws('|', quantity, amount) FROM staging.deal_line":                                                                             "3.0000|1000.5000",
		"SELECT concat_ws('|', role, partner_id = '" + partner + "') FROM staging.deal_contact":                                                      "Decision Maker|true",
		"SELECT string_agg(concat_ws('|', type, party), ';' ORDER BY type) FROM staging.activity":                                                    "call|partner;meeting|partner",
		"SELECT concat_ws('|', from_currency, to_currency, rate) FROM staging.fx_rate":                                                               "USD|EUR|0.800000000",
	} {
		require.Equal(t, []string{want}, nighttest.Rows(t, night, query), query)
	}
}
