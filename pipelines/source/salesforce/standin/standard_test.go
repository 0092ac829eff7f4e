package standin_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestHistoryOfDealsAndLeads(t *testing.T) {
	o := newOrg(t)
	deal := o.add("Opportunity", standin.Row{"Name": "Deal"})
	lead := o.add("Lead", standin.Row{"LastName": "Moreau", "Company": "North"})
	o.add("OpportunityHistory", standin.Row{
		"OpportunityId": deal, "StageName": "Proposal", "Amount": json.Number("10.5"), "CloseDate": "2026-03-01", "Probability": json.Number("75"),
		"ForecastCategory": "Pipeline", "ExpectedRevenue": json.Number("7.88"), "CreatedById": seller, "CreatedDate": "2026-01-01T10:00:00Z",
	})
	o.add("OpportunityFieldHistory", standin.Row{"OpportunityId": deal, "Field": "Amount", "DataType": "Currency", "OldValue": nil, "NewValue": json.Number("10.5")})
	o.add("LeadHistory", standin.Row{"LeadId": lead, "Field": "Status", "DataType": "DynamicEnum", "OldValue": "Open", "NewValue": "Working", "CreatedById": seller})

	require.Contains(t, o.query("SELECT StageName, Amount, CloseDate, Probability, CreatedDate FROM OpportunityHistory WHERE Opportunity.Name = 'Deal' AND CreatedDate < TODAY"),
		`"Amount":10.5,"CloseDate":"2026-03-01","CreatedDate":"2026-01-01T10:00:00.000+0000","Probability":75,"StageName":"Proposal"`)
	require.Contains(t, o.query("SELECT Field, OldValue, NewValue FROM OpportunityFieldHistory WHERE Field = 'Amount'"), `"Field":"Amount","NewValue":10.5,"OldValue":null`)
	require.Contains(t, o.query("SELECT NewValue, Lead.Company, CreatedBy.Name FROM LeadHistory"), `"Name":"Ada Ek"`)
	for _, history := range []string{"OpportunityFieldHistory", "LeadHistory"} {
		require.Contains(t, o.query("SELECT Id FROM "+history+" WHERE SystemModstamp > TODAY"), "No such column 'SystemModstamp'")
		require.Contains(t, o.get("/sobjects/"+history+"/describe"), `"name":"NewValue"`)
		require.Contains(t, o.get("/sobjects/"+history+"/describe"), `"soapType":"xsd:anyType"`)
		require.Contains(t, o.get("/sobjects/"+history+"/updated?start=2026-01-01T00:00:00Z&end=2026-01-03T00:00:00Z"), `"ids":["017`)
	}
	require.Contains(t, o.query("SELECT LastModifiedDate FROM OpportunityHistory"), "No such column")
}

func TestCurrenciesLinesPartnersAndActivities(t *testing.T) {
	o := newOrg(t)
	deal := o.add("Opportunity", standin.Row{"Name": "Deal", "CurrencyIsoCode": "SEK"})
	contact := o.add("Contact", standin.Row{"LastName": "Lo"})
	for _, r := range []struct {
		object string
		row    standin.Row
		soql   string
	}{
		{"CurrencyType", standin.Row{"IsoCode": "SEK", "ConversionRate": json.Number("11.25"), "DecimalPlaces": json.Number("2"), "IsActive": true}, "SELECT IsoCode FROM CurrencyType WHERE ConversionRate = 11.25 AND IsCorporate = false"},
		{"DatedConversionRate", standin.Row{"IsoCode": "SEK", "StartDate": "2026-01-01", "NextStartDate": "9999-12-31", "ConversionRate": json.Number("11.5")}, "SELECT ConversionRate FROM DatedConversionRate WHERE StartDate <= TODAY AND NextStartDate > TODAY"},
		{"OpportunityLineItem", standin.Row{"OpportunityId": deal, "Quantity": json.Number("3"), "UnitPrice": json.Number("5.00"), "TotalPrice": json.Number("15.00")}, "SELECT Quantity, UnitPrice, TotalPrice, ServiceDate FROM OpportunityLineItem WHERE Opportunity.CurrencyIsoCode = 'SEK'"},
		{"OpportunityPartner", standin.Row{"OpportunityId": deal, "AccountToId": acme, "Role": "Reseller", "IsPrimary": true}, "SELECT Role FROM OpportunityPartner WHERE AccountTo.Name = 'Acme' AND IsPrimary = true"},
		{"Task", standin.Row{"WhoId": contact, "WhatId": deal, "Status": "Completed", "ActivityDate": "2026-01-02"}, "SELECT Subject, What.Type FROM Task WHERE Who.Type = 'Contact' AND ActivityDate = TODAY"},
		{"Event", standin.Row{"WhatId": deal, "OwnerId": seller, "StartDateTime": "2026-01-02T09:00:00Z", "EndDateTime": "2026-01-02T10:00:00Z"}, "SELECT Id FROM Event WHERE Owner.Email = 'ada@x.test' AND StartDateTime = TODAY"},
	} {
		o.add(r.object, r.row)
		require.Contains(t, o.query(r.soql), `"totalSize":1`, r.soql)
	}
	require.Contains(t, o.query("SELECT CreatedBy.Username FROM OpportunityPartner"), `"Username":"u@x.test"`, "who made it is a user")
	for _, without := range []string{"User", "CurrencyType", "DatedConversionRate"} {
		require.Contains(t, o.query("SELECT IsDeleted FROM "+without), fmt.Sprintf("No such column 'IsDeleted' on entity '%s'", without))
	}
}

func TestAddressesAreOfTheirParts(t *testing.T) {
	o := newOrg(t)
	require.Contains(t, o.query("SELECT BillingAddress FROM Account"), `"BillingAddress":null`)
	require.NoError(t, o.Update("Account", acme, standin.Row{"BillingCity": "Lund", "BillingCountry": "SE"}))
	require.Contains(t, o.query("SELECT BillingAddress FROM Account"), `"BillingAddress":{"city":"Lund","country":"SE","geocodeAccuracy":null`)
	require.Contains(t, o.get("/sobjects/Account/describe"), `"compoundFieldName":"BillingAddress"`)
	require.ErrorContains(t, o.Update("Account", acme, standin.Row{"BillingAddress": "x"}), "set those")
}

func TestEveryStandardObjectCanBeReadWhole(t *testing.T) {
	o := newOrg(t)
	var listed struct{ Sobjects []struct{ Name string } }
	require.NoError(t, json.Unmarshal([]byte(o.get("/sobjects")), &listed))
	for _, object := range listed.Sobjects {
		if object.Name != "Account" && object.Name != "Opportunity" && object.Name != "User" {
			o.add(object.Name, nil)
		}
		require.Contains(t, o.query("SELECT FIELDS(ALL) FROM "+object.Name+" LIMIT 1"), `"totalSize":1`)
	}
}

func TestFieldsOfTheDataAreAddedToStandardOnes(t *testing.T) {
	o := newOrg(t)
	lead := standin.Object{Name: "lead", Fields: []standin.Field{{Name: "Status", Type: "picklist", Picklist: []string{"Vetted"}}, {Name: "Score__c", Type: "double"}}}
	program := standin.Object{Name: "Program__c", Fields: []standin.Field{{Name: "Name", Type: "string"}}}
	server, err := standin.New(
		standin.Options{Now: o.clock.Now, Standard: true, ClientID: "id", ClientSecret: "secret"},
		standin.Data{Object: lead, Rows: []standin.Row{{"LastName": "x", "Score__c": json.Number("1")}}},
		standin.Data{Object: program, Rows: []standin.Row{{"Name": "Gold"}}},
	)
	require.NoError(t, err)
	o.serve(server)
	o.login()
	require.Equal(t, []string{"x"}, names(t, o.query("SELECT Name FROM Lead WHERE Score__c = 1")))
	require.Equal(t, []string{"Gold"}, names(t, o.query("SELECT Name FROM Program__c")))
	require.Contains(t, o.get("/sobjects/Lead/describe"), `"value":"Vetted"`)
	require.Contains(t, o.query("SELECT FIELDS(CUSTOM) FROM Lead LIMIT 1"), `"Score__c":1`)
}
