package standin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestQueries(t *testing.T) {
	o := newOrg(t)
	for soql, want := range map[string]string{
		"SELECT COUNT() FROM Opportunity":                                                                              `{"done":true,"records":[],"totalSize":3}`,
		"SELECT Amount FROM Opportunity WHERE Amount > 100":                                                            `"Amount":12345678901234567.10`,
		"SELECT Account.Name FROM Opportunity WHERE Account.Name LIKE 'ac%'":                                           `"Name":"Acme"`,
		"SELECT Account.Owner.Email FROM Opportunity WHERE Account.Owner.Name = 'ADA EK'":                              `"Email":"ada@x.test"`,
		`SELECT Id FROM Opportunity WHERE Name = 'O\'Brien'`:                                                           `"totalSize":1`,
		`SELECT Id FROM Opportunity WHERE Name LIKE 'O\_B%' OR Name LIKE '%\%'`:                                        `"totalSize":0`,
		"SELECT Id FROM Opportunity WHERE Amount = null OR Amount IN (9.5, 1)":                                         `"totalSize":2`,
		"SELECT Id FROM Opportunity WHERE Name NOT IN ('none') AND AccountId != null":                                  `"totalSize":1`,
		"SELECT Id FROM Opportunity WHERE NOT (Amount = null) AND Name != 'x'":                                         `"totalSize":2`,
		"SELECT Id FROM Opportunity WHERE (Amount = 9.5 OR (Name = 'None' AND (NOT IsDeleted = true))) AND Id != null": `"totalSize":2`,
		"SELECT Id FROM Opportunity WHERE Account.Id = '001000000000A01' AND AccountId = '001000000000A01AAE'":         `"totalSize":1`,
		"SELECT Name FROM Account WHERE Id > '001000000000A00' AND Id <= '001000000000A01' ORDER BY Id":                `"totalSize":1`,
		"SELECT Id FROM Opportunity WHERE AccountId = '001000000000a01'":                                               `"totalSize":0`,
		"SELECT Name FROM Opportunity ORDER BY Amount DESC NULLS LAST LIMIT 1 OFFSET 2":                                `"Name":"None"`,
		"SELECT FIELDS(ALL) FROM Account LIMIT 200":                                                                    `"Id":"001000000000A01AAE"`,
		"SELECT FIELDS(STANDARD) FROM Account":                                                                         `"Id":"001000000000A01AAE"`,
		"SELECT FIELDS(ALL) FROM Account":                                                                              "must have a LIMIT of at most 200",
		"SELECT Id FROM Nope":                                                                                          "INVALID_TYPE",
		"SELECT Nope.Name FROM Account":                                                                                "Didn't understand relationship 'Nope'",
		"SELECT Id, Account.Id FROM Account":                                                                           "duplicate field selected: Id",
		"SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'":                                         "unexpected token: 'OR'",
		"SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'":                                                   "must be of type dateTime and should not be enclosed in quotes",
		"SELECT Id FROM Account WHERE Name = 5":                                                                        "must be of type string and should be enclosed in quotes",
		"SELECT Id FROM Account WHERE Id = 'x'":                                                                        "invalid ID field: x",
		"SELECT Id FROM Account WHERE IsDeleted LIKE 'x'":                                                              "invalid operator on boolean field",
		"SELECT Id FROM Account WHERE CreatedDate > 2026-02-30T00:00:00Z":                                              "unexpected token: '2026-02-30T00:00:00Z'",
		"SELECT Id FROM Account WHERE":                                                                                 "MALFORMED_QUERY",
		"SELECT Id FROM Account LIMIT 1 OFFSET 2001":                                                                   "NUMBER_OUTSIDE_VALID_RANGE",
		"SELECT Id FROM Account WHERE Description = 'x'":                                                               "field 'Description' can not be filtered in a query call",
		"SELECT Id FROM Opportunity WHERE Account.Description != null":                                                 "field 'Description' can not be filtered in a query call",
		"SELECT Id FROM Account ORDER BY Description":                                                                  "field 'Description' can not be sorted in a query call",
		"SELECT Id FROM OpportunityFieldHistory WHERE NewValue = 'x'":                                                  "field 'NewValue' can not be filtered in a query call",
		"SELECT Id FROM Account WHERE BillingStreet = 'x' ORDER BY BillingStreet":                                      `"totalSize":0`,
	} {
		require.Contains(t, o.query(soql), want, soql)
	}
}

func TestErrorsShowTheirPlace(t *testing.T) {
	var errors []struct{ Message, ErrorCode string }
	o := newOrg(t)
	require.NoError(t, json.Unmarshal([]byte(o.query("SELECT Id,\n Nope FROM Account")), &errors))
	require.Equal(t, "INVALID_FIELD", errors[0].ErrorCode)
	require.Equal(t, "\n Nope FROM Account\n ^\nERROR at Row:2:Column:2\nNo such column 'Nope' on entity 'Account'. If you are attempting to use a custom field, be sure to "+
		"append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", errors[0].Message)
}

func TestSOQLThatIsNotAnsweredIsRefused(t *testing.T) {
	o := newOrg(t)
	for soql, feature := range map[string]string{
		"SELECT Id, (SELECT Id FROM Contacts) FROM Account":                  "a subquery over child records",
		"SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)": "a subquery in WHERE",
		"SELECT MAX(Amount) FROM Opportunity":                                "the function MAX()",
		"SELECT Name FROM Opportunity GROUP BY Name":                         "GROUP",
		"SELECT TYPEOF Who WHEN Lead THEN Company END FROM Task":             "TYPEOF",
		"SELECT Id FROM Account WHERE CALENDAR_YEAR(CreatedDate) = 2026":     "the function CALENDAR_YEAR()",
		"SELECT Id FROM Account WHERE Name = 'x' WITH SECURITY_ENFORCED":     "WITH",
		"SELECT Id FROM Account FOR VIEW":                                    "FOR",
		"SELECT Id FROM Contact WHERE LeadSource INCLUDES ('a')":             "INCLUDES",
	} {
		require.Contains(t, o.query(soql), feature+" is SOQL, but this local server does not answer it", soql)
	}
}

func TestInstantsAreComparedToTheMillisecond(t *testing.T) {
	o := newOrg(t)
	for _, at := range []string{"2026-01-05T10:00:00.000Z", "2026-01-05T10:00:00.001Z", "2026-01-05T12:00:01+02:00"} {
		o.add("Lead", standin.Row{"LastName": at, "SystemModstamp": at})
	}
	count := func(where string) int { return len(names(t, o.query("SELECT Name FROM Lead WHERE "+where))) }
	require.Equal(t, 3, count("SystemModstamp >= 2026-01-05T10:00:00Z"))
	require.Equal(t, 2, count("SystemModstamp > 2026-01-05T10:00:00Z"))
	require.Equal(t, 1, count("SystemModstamp >= 2026-01-05T10:00:00.002Z"))
	require.Equal(t, 2, count("SystemModstamp < 2026-01-05T11:00:01+01:00"))
	require.Equal(t, 1, count("SystemModstamp = 2026-01-05T10:00:01+0000"))
	require.Contains(t, o.query("SELECT SystemModstamp FROM Lead ORDER BY SystemModstamp DESC LIMIT 1"), "2026-01-05T10:00:01.000+0000")
}

func TestOrderAndNulls(t *testing.T) {
	o := newOrg(t)
	for name, employees := range map[string]any{"b": json.Number("9"), "B2": json.Number("10"), "a": nil} {
		o.add("Lead", standin.Row{"Name": name, "NumberOfEmployees": employees})
	}
	for order, want := range map[string]string{
		"NumberOfEmployees": "a b B2", "NumberOfEmployees DESC": "a B2 b", "NumberOfEmployees ASC NULLS LAST": "b B2 a", "NumberOfEmployees DESC NULLS LAST": "B2 b a",
		"NumberOfEmployees NULLS FIRST, Name": "a b B2", "Name DESC": "B2 b a", "IsConverted, Name LIMIT 2": "a b", "Name OFFSET 1": "b B2",
	} {
		require.Equal(t, strings.Fields(want), names(t, o.query("SELECT Name FROM Lead ORDER BY "+order)), order)
	}
}

func TestDateLiterals(t *testing.T) {
	o := newOrg(t, func(options *standin.Options) { options.Zone = time.FixedZone("UTC+10", 10*60*60) })
	o.clock.Set(time.Date(2026, 5, 13, 20, 0, 0, 0, time.UTC)) // Thursday the 14th in the user's zone
	o.login()
	first := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 2 * 365 {
		day := first.AddDate(0, 0, i)
		o.add("Campaign", standin.Row{"Name": day.Format(time.DateOnly), "StartDate": day.Format(time.DateOnly), "LastViewedDate": day.Add(-10 * time.Hour).Format(time.RFC3339)})
	}
	between := func(where string) string {
		found := names(t, o.query("SELECT Name FROM Campaign WHERE "+where+" ORDER BY StartDate"))
		if len(found) == 0 {
			return "none"
		}
		return fmt.Sprint(found[0], " ", found[len(found)-1], " ", len(found))
	}
	for literal, want := range map[string]string{
		"TODAY": "2026-05-14 2026-05-14 1", "YESTERDAY": "2026-05-13 2026-05-13 1", "TOMORROW": "2026-05-15 2026-05-15 1",
		"LAST_N_DAYS:2": "2026-05-12 2026-05-14 3", "NEXT_N_DAYS:2": "2026-05-15 2026-05-16 2", "N_DAYS_AGO:3": "2026-05-11 2026-05-11 1",
		"LAST_90_DAYS": "2026-02-13 2026-05-14 91", "NEXT_90_DAYS": "2026-05-15 2026-08-12 90",
		"THIS_WEEK": "2026-05-10 2026-05-16 7", "LAST_WEEK": "2026-05-03 2026-05-09 7", "LAST_N_WEEKS:2": "2026-04-26 2026-05-09 14",
		"THIS_MONTH": "2026-05-01 2026-05-31 31", "LAST_MONTH": "2026-04-01 2026-04-30 30", "NEXT_N_MONTHS:2": "2026-06-01 2026-07-31 61", "LAST_N_MONTHS:5": "2025-12-01 2026-04-30 151",
		"THIS_QUARTER": "2026-04-01 2026-06-30 91", "LAST_QUARTER": "2026-01-01 2026-03-31 90", "NEXT_QUARTER": "2026-07-01 2026-09-30 92", "N_QUARTERS_AGO:2": "2025-10-01 2025-12-31 92",
		"THIS_YEAR": "2026-01-01 2026-12-31 365", "LAST_YEAR": "2025-01-01 2025-12-31 365", "LAST_N_YEARS:1": "2025-01-01 2025-12-31 365", "THIS_FISCAL_QUARTER": "2026-04-01 2026-06-30 91",
		"NEXT_YEAR": "none",
	} {
		require.Equal(t, want, between("StartDate = "+literal), literal)
		require.Equal(t, want, between("LastViewedDate = "+literal), literal)
	}
	for _, field := range []string{"StartDate", "LastViewedDate"} {
		require.Equal(t, "2026-05-01 2026-12-31 245", between(field+" >= THIS_MONTH"))
		require.Equal(t, "2026-06-01 2026-12-31 214", between(field+" > THIS_MONTH"))
		require.Equal(t, "2025-01-01 2026-04-30 485", between(field+" < THIS_MONTH"))
		require.Equal(t, "2025-01-01 2026-05-31 516", between(field+" <= THIS_MONTH"))
		require.Equal(t, "2026-05-13 2026-05-14 2", between(field+" IN (TODAY, YESTERDAY)"))
		require.Equal(t, "2025-01-01 2026-12-31 729", between(field+" != TODAY"))
	}
	require.Contains(t, o.query("SELECT Id FROM Campaign WHERE StartDate = LAST_N_DAYS"), "unexpected token: 'LAST_N_DAYS'")
	require.Contains(t, o.query("SELECT Id FROM Campaign WHERE Name = TODAY"), "must be of type string")
}

func TestParentsOfSeveralKinds(t *testing.T) {
	o := newOrg(t)
	queue := o.add("Group", standin.Row{"Name": "Inbound", "Type": "Queue"})
	for name, owner := range map[string]string{"a": seller, "b": queue} {
		o.add("Lead", standin.Row{"Name": name, "OwnerId": owner})
	}
	body := o.query("SELECT Name, Owner.Name, Owner.Type, Owner.Email, Owner.Username FROM Lead ORDER BY Name")
	require.Contains(t, body, `"Owner":{"Email":"ada@x.test","Name":"Ada Ek","Type":"User","Username":null,"attributes":{"type":"Name","url":"/services/data/v64.0/sobjects/User/`+seller)
	require.Contains(t, body, `"Owner":{"Email":null,"Name":"Inbound","Type":"Group","Username":null,"attributes":{"type":"Name","url":"/services/data/v64.0/sobjects/Group/`+queue)
	require.Equal(t, []string{"b"}, names(t, o.query("SELECT Name FROM Lead WHERE Owner.Type = 'Group'")))
	require.Contains(t, o.query("SELECT Owner.ManagerId FROM Lead"), "No such column 'ManagerId' on entity 'Name'")
	require.Contains(t, o.query("SELECT Owner.ManagerId FROM Account"), `"ManagerId":null`)
}

func TestDeletedAndLateParentsAreNotSeen(t *testing.T) {
	o := newOrg(t)
	late, err := o.AddLate("Account", standin.Row{"Name": "Late"}, o.clock.Now().Add(time.Hour))
	require.NoError(t, err)
	o.add("Contact", standin.Row{"LastName": "Of late", "AccountId": late})
	o.add("Contact", standin.Row{"LastName": "Of Acme", "AccountId": acme})
	require.NoError(t, o.Delete("Account", acme))
	const soql = "SELECT Name, Account.Name FROM Contact WHERE Account.Name = "
	require.Empty(t, names(t, o.query(soql+"'Acme'")))
	require.Contains(t, o.query("SELECT AccountId, Account.Name FROM Contact WHERE Name = 'Of Acme'"), `"Account":null,"AccountId":"`+acme)
	require.Equal(t, []string{"Of Acme"}, names(t, o.queryAll(soql+"'Acme'")))
	require.Empty(t, names(t, o.queryAll(soql+"'Late'")))
	o.clock.Advance(time.Hour)
	require.Equal(t, []string{"Of late"}, names(t, o.query(soql+"'Late'")))
}
