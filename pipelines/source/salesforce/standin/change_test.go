package standin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestWhatTheUserMayNotSee(t *testing.T) {
	o := newOrg(t)
	seen := func(field string) bool {
		var described struct{ Fields []struct{ Name string } }
		require.NoError(t, json.Unmarshal([]byte(o.get("/sobjects/Opportunity/describe")), &described))
		for _, f := range described.Fields {
			if f.Name == field {
				return true
			}
		}
		return false
	}
	require.NoError(t, o.DenyField("Opportunity", "Amount", true))
	require.NoError(t, o.DenyField("User", "Email", true))
	require.False(t, seen("Amount"))
	const noColumn = "No such column 'Amount' on entity 'Opportunity'"
	for _, soql := range []string{"SELECT Amount FROM Opportunity", "SELECT Id FROM Opportunity WHERE Amount > 1", "SELECT Id FROM Opportunity ORDER BY Amount"} {
		require.Contains(t, o.query(soql), noColumn)
	}
	require.NotContains(t, o.query("SELECT FIELDS(ALL) FROM Opportunity LIMIT 1"), `"Amount"`)
	require.Contains(t, o.query("SELECT Account.Owner.Email FROM Opportunity"), "No such column 'Email' on entity 'User'")
	o.add("Lead", standin.Row{"LastName": "x", "OwnerId": seller})
	require.Contains(t, o.query("SELECT Owner.Email FROM Lead"), `"Email":null`)
	require.NoError(t, o.DenyField("Opportunity", "Amount", false))
	require.True(t, seen("Amount"))
	require.Contains(t, o.query("SELECT Amount FROM Opportunity"), "9.50")

	require.NoError(t, o.DenyObject("Account", true))
	require.NotContains(t, o.get("/sobjects"), `"name":"Account"`)
	status, _, _ := o.call(http.MethodGet, "/sobjects/Account/describe", "")
	require.Equal(t, 404, status)
	require.Contains(t, o.query("SELECT Id FROM Account"), "INVALID_TYPE")
	require.Contains(t, o.query("SELECT Account.Name FROM Opportunity"), "Didn't understand relationship 'Account'")
	require.Contains(t, o.query("SELECT AccountId FROM Opportunity"), acme)
	require.NoError(t, o.DenyObject("Account", false))
	require.Contains(t, o.query("SELECT Id FROM Account"), acme)
	require.Error(t, o.DenyField("Opportunity", "Nope", true))
	require.Error(t, o.DenyObject("Nope", true))
}

func TestFieldsComeGoAndChangeTheirType(t *testing.T) {
	o := newOrg(t)
	score := standin.Field{Name: "Score__c", Label: "Score", Type: "double", Precision: 5}
	require.NoError(t, o.AddField("Account", score))
	require.Error(t, o.AddField("Account", score))
	require.Contains(t, o.query("SELECT Score__c FROM Account"), `"Score__c":null`)
	require.NoError(t, o.Update("Account", acme, standin.Row{"Score__c": json.Number("7")}))
	require.NoError(t, o.SetField("Account", standin.Field{Name: "Score__c", Type: "string", Length: 10}))
	require.Contains(t, o.query("SELECT Score__c FROM Account WHERE Score__c = '7'"), `"Score__c":7`)
	require.NoError(t, o.RemoveField("Account", "Score__c"))
	require.Contains(t, o.query("SELECT Score__c FROM Account"), "INVALID_FIELD")
	require.NoError(t, o.AddField("Account", score))
	require.Contains(t, o.query("SELECT Score__c FROM Account"), `"Score__c":null`)
	require.Error(t, o.SetField("Account", standin.Field{Name: "Nope__c"}))
	require.Error(t, o.RemoveField("Account", "Nope__c"))
}

func TestPagesKeepTheirFieldsWhenTheSchemaChanges(t *testing.T) {
	o := newOrg(t)
	for i := range 2100 {
		o.add("Lead", standin.Row{"LastName": fmt.Sprint(i), "Company": "C"})
	}
	next := text(t, o.query("SELECT Name, Company FROM Lead"), "nextRecordsUrl")
	require.NoError(t, o.RemoveField("Lead", "FirstName"))
	require.NoError(t, o.SetField("Lead", standin.Field{Name: "Name", Type: "string"}))
	_, body, _ := o.send(http.MethodGet, next, "", http.Header{"Authorization": {"Bearer " + o.key}})
	require.Contains(t, body, `"Company":"C","Name":"2000"`)
	require.Len(t, names(t, body), 100)
}

func TestChangesOfRecords(t *testing.T) {
	o := newOrg(t)
	id := o.add("Contact", standin.Row{"FirstName": "Inès", "LastName": "Moreau"})
	stamp := func() string {
		t.Helper()
		body := o.queryAll("SELECT SystemModstamp FROM Contact")
		var page struct {
			Records []struct{ SystemModstamp string }
		}
		require.NoError(t, json.Unmarshal([]byte(body), &page))
		return page.Records[0].SystemModstamp[11:19]
	}
	o.clock.Advance(time.Minute)
	require.NoError(t, o.Overwrite("Contact", id[:15], standin.Row{"Title": "CFO"}))
	require.Contains(t, o.query("SELECT Title FROM Contact"), "CFO")
	require.Equal(t, "03:04:05", stamp())
	require.NoError(t, o.Update("Contact", id, standin.Row{"LastName": "Roux"}))
	require.Equal(t, []string{"Inès Roux"}, names(t, o.query("SELECT Name FROM Contact")))
	require.Equal(t, "03:05:05", stamp())
	o.clock.Advance(time.Minute)
	require.NoError(t, o.Delete("Contact", id))
	require.Equal(t, "03:06:05", stamp())
	require.Contains(t, o.query("SELECT COUNT() FROM Contact"), `"totalSize":0`)
	require.NoError(t, o.Undelete("Contact", id))
	require.Contains(t, o.query("SELECT COUNT() FROM Contact"), `"totalSize":1`)
	require.NoError(t, o.Erase("Contact", id))
	require.Contains(t, o.queryAll("SELECT COUNT() FROM Contact"), `"totalSize":0`)
	status, _, _ := o.call(http.MethodGet, "/sobjects/Contact/"+id, "")
	require.Equal(t, 404, status)
	for _, err := range []error{
		o.Erase("Contact", id), o.Update("Contact", id, nil), o.Update("Nope", id, nil), o.Update("Account", acme, standin.Row{"Id": acme}), o.Delete("User", seller),
	} {
		require.Error(t, err)
	}
}
