package standin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestDescribe(t *testing.T) {
	o := newOrg(t)
	require.NoError(t, o.AddField("Opportunity", standin.Field{Name: "Partner__c", Label: "Partner", Type: "reference", ReferenceTo: []string{"Account"}, RelationshipName: "Partner__r"}))
	var described struct {
		Name, KeyPrefix                        string
		Queryable, Retrieveable, Replicateable bool
		Fields                                 []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(o.get("/sobjects/opportunity/describe/")), &described))
	require.Equal(t, "Opportunity", described.Name)
	require.Equal(t, "006", described.KeyPrefix)
	require.True(t, described.Queryable && described.Retrieveable && described.Replicateable)
	fields := map[any]map[string]any{}
	for _, f := range described.Fields {
		fields[f["name"]] = f
	}
	for name, want := range map[string]map[string]any{
		"Id":              {"type": "id", "soapType": "tns:ID", "length": 18.0, "nillable": false, "custom": false},
		"Amount":          {"type": "currency", "soapType": "xsd:double", "precision": 18.0, "scale": 2.0, "nillable": true, "length": 0.0},
		"Probability":     {"type": "percent", "soapType": "xsd:double", "precision": 3.0},
		"ExpectedRevenue": {"calculated": true},
		"StageName":       {"type": "picklist", "soapType": "xsd:string", "nillable": false},
		"CloseDate":       {"type": "date", "soapType": "xsd:date"},
		"SystemModstamp":  {"type": "datetime", "soapType": "xsd:dateTime", "nillable": false},
		"IsWon":           {"type": "boolean", "soapType": "xsd:boolean"},
		"FiscalYear":      {"type": "int", "soapType": "xsd:int", "digits": 9.0, "length": 0.0},
		"Description":     {"type": "textarea", "length": 32000.0, "filterable": false, "sortable": false},
		"OwnerId":         {"type": "reference", "soapType": "tns:ID", "referenceTo": []any{"User"}, "relationshipName": "Owner", "polymorphicForeignKey": false},
		"Partner__c":      {"label": "Partner", "custom": true, "referenceTo": []any{"Account"}, "relationshipName": "Partner__r"},
	} {
		for key, value := range want {
			require.Equal(t, value, fields[name][key], name+"."+key)
		}
	}
	var listed struct{ Sobjects []struct{ Name string } }
	require.NoError(t, json.Unmarshal([]byte(o.get("/sobjects")), &listed))
	require.Greater(t, len(listed.Sobjects), 20)
	require.Equal(t, "Account", listed.Sobjects[0].Name)
}

func TestRetrieve(t *testing.T) {
	o := newOrg(t)
	require.Contains(t, o.get("/sobjects/Account/001000000000A01"), `"Name":"Acme"`)
	require.JSONEq(t, `{"attributes":{"type":"Account","url":"/services/data/v64.0/sobjects/Account/`+acme+`"},"Id":"`+acme+`","Name":"Acme"}`, o.get("/sobjects/Account/"+acme+"?fields=Name"))
	require.Contains(t, o.get("/sobjects/Account/"+acme+"?fields=Nope"), "INVALID_FIELD")
	status, _, _ := o.call(http.MethodGet, "/sobjects/Account/001000000000ZZZ", "")
	require.Equal(t, 404, status)
	require.NoError(t, o.Delete("Account", acme))
	status, body, _ := o.call(http.MethodGet, "/sobjects/Account/"+acme, "")
	require.Equal(t, 404, status)
	require.Contains(t, body, "ENTITY_IS_DELETED")
}

func TestUpdatedAndDeleted(t *testing.T) {
	o := newOrg(t)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 59, 0, time.UTC) }
	ask := func(what string, start, end time.Time) map[string]any {
		body := o.get("/sobjects/Account/" + what + "/?start=" + url.QueryEscape(start.Format(time.RFC3339)) + "&end=" + url.QueryEscape(end.Format(time.RFC3339)))
		answer := map[string]any{}
		if json.Unmarshal([]byte(body), &answer) != nil {
			answer["error"] = body
		}
		return answer
	}
	o.clock.Set(at(10, 12, 0))
	o.login()
	require.NoError(t, o.Update("Account", acme, standin.Row{"Name": "Acme 2"}))
	gone := o.add("Account", standin.Row{"Name": "Gone"})
	o.clock.Set(at(10, 12, 1).Add(11 * time.Second)) // 12:02:10
	later := o.add("Account", standin.Row{"Name": "Later"})
	o.clock.Set(at(10, 13, 0))
	require.NoError(t, o.Delete("Account", gone))

	inTheMinute := at(10, 12, 1).Add(30 * time.Second) // 12:02:29: the seconds are cut off
	got := ask("updated", at(10, 12, 0), inTheMinute)
	require.Equal(t, map[string]any{"ids": []any{acme}, "latestDateCovered": "2026-03-10T12:02:00.000+0000"}, got)
	require.Equal(t, []any{later}, ask("updated", inTheMinute, at(10, 12, 30))["ids"])
	got = ask("deleted", at(10, 0, 0), at(10, 23, 0))
	require.Equal(t, []any{map[string]any{"id": gone, "deletedDate": "2026-03-10T13:00:59.000+0000"}}, got["deletedRecords"])
	require.Equal(t, "2026-02-23T00:00:00.000+0000", got["earliestDateAvailable"])
	require.Equal(t, "2026-03-10T13:00:00.000+0000", got["latestDateCovered"], "nothing later than now is covered")

	o.clock.Set(at(10, 13, 30))
	o.login()
	_, err := o.AddLate("Account", standin.Row{"Name": "Late"}, at(10, 14, 30))
	require.NoError(t, err)
	o.clock.Set(at(10, 14, 0))
	got = ask("updated", at(10, 13, 10), at(10, 13, 50))
	require.Equal(t, map[string]any{"ids": []any{}, "latestDateCovered": "2026-03-10T13:30:00.000+0000"}, got, "an open transaction holds it back")

	for _, c := range []struct {
		what       string
		start, end time.Time
		want       string
	}{
		{"updated", at(10, 12, 0), at(10, 12, 0), "endDate must be at least one minute greater"},
		{"deleted", at(10, 12, 0), at(9, 12, 0), "endDate must be at least one minute greater"},
		{"updated", at(10, 0, 0).AddDate(0, 0, -31), at(10, 0, 0), "startDate cannot be more than 30 days ago"},
		{"deleted", at(10, 0, 0).AddDate(0, 0, -16), at(10, 0, 0), "startDate cannot be more than 15 days ago"},
	} {
		answer := ask(c.what, c.start, c.end)
		require.Contains(t, answer["error"], "INVALID_REPLICATION_DATE")
		require.Contains(t, answer["error"], c.want)
	}
	require.NotContains(t, ask("updated", at(10, 0, 0).AddDate(0, 0, -30), at(10, 0, 0)), "error")
	require.NotContains(t, ask("deleted", at(10, 0, 0).AddDate(0, 0, -15), at(10, 0, 0)), "error")
	require.Contains(t, o.get("/sobjects/Account/updated?start=x&end=y"), "start must be an ISO 8601 date and time")
	require.Contains(t, o.get("/sobjects/OpportunityPartner/updated"), "does not support replicate")
}

func TestLimits(t *testing.T) {
	o := newOrg(t, func(options *standin.Options) { options.DailyRequests = 3 })
	_, body, header := o.call(http.MethodGet, "/limits", "")
	require.Contains(t, body, `"DailyApiRequests":{"Max":3,"Remaining":2}`)
	require.Equal(t, "api-usage=1/3", header.Get("Sforce-Limit-Info"))
	_, _, header = o.call(http.MethodGet, "/nope", "")
	require.Equal(t, "api-usage=2/3", header.Get("Sforce-Limit-Info"))
	o.get("/limits")
	status, body, header := o.call(http.MethodGet, "/limits", "")
	require.Equal(t, 403, status)
	require.JSONEq(t, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, body)
	require.Equal(t, "api-usage=3/3", header.Get("Sforce-Limit-Info"))
	o.clock.Advance(24 * time.Hour)
	o.login()
	require.Contains(t, o.get("/limits"), `"Remaining":2`)
}
