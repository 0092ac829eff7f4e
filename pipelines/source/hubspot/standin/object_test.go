package standin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

func TestOneRecord(t *testing.T) {
	a := open(t)
	require.JSONEq(t, `{
		"id": "301", "archived": false, "createdAt": "2026-09-02T08:00:00Z", "updatedAt": "2026-09-10T08:00:00Z",
		"properties": {
			"amount": "12500.00", "closedate": "2026-09-10T08:00:00Z", "dealname": "North rollout", "dealstage": "closedwon", "pipeline": "default",
			"createdate": "2026-09-02T08:00:00Z", "hs_lastmodifieddate": "2026-09-10T08:00:00Z", "hs_object_id": "301"
		}}`, a.get("/crm/v3/objects/deals/301").text)
	t.Run("what is asked for comes with what always does; nothing is null, what is not defined is left out", func(t *testing.T) {
		require.JSONEq(t, `{"createdate": "2026-09-04T08:00:00Z", "hs_lastmodifieddate": "2026-09-04T08:00:00Z", "hs_object_id": "303", "amount": null}`,
			a.get("/crm/v3/objects/0-3/303?properties=amount,no_such_thing").at("properties"))
	})
	t.Run("a sensitive property is left out without its scope", func(t *testing.T) {
		asked := "/crm/v3/objects/deal/301?properties=margin_note"
		require.Equal(t, "-", a.get(asked).at("properties.margin_note"))
		a.Grant(standin.Token{Key: "pat-open", Scopes: append(standin.AllScopes(), "crm.objects.deals.sensitive.read.v2")})
		require.Equal(t, "31 %", a.ask(http.MethodGet, asked, "", "pat-open").at("properties.margin_note"))
	})
	t.Run("by a unique property", func(t *testing.T) {
		require.Equal(t, "302", a.get("/crm/v3/objects/deals/p-8?idProperty=partner_id").at("id"))
		require.Equal(t, "201", a.get("/crm/v3/objects/contacts/ines@north.example?idProperty=email").at("id"))
		require.Equal(t, http.StatusBadRequest, a.get("/crm/v3/objects/deals/x?idProperty=dealname").status)
	})
	t.Run("an archived one is there for who asks so", func(t *testing.T) {
		r := a.get("/crm/v3/objects/contacts/203")
		require.Equal(t, http.StatusNotFound, r.status)
		require.Equal(t, "OBJECT_NOT_FOUND", r.at("category"))
		r = a.get("/crm/v3/objects/contacts/203?archived=true")
		require.Equal(t, "true 2026-09-04T08:00:00Z", r.at("archived")+" "+r.at("archivedAt"))
	})
	t.Run("text stays as it was written, times and numbers are HubSpot's", func(t *testing.T) {
		line := a.get("/crm/v3/objects/line_items/441?properties=quantity,price")
		require.Equal(t, "10 1250.00", line.at("properties.quantity")+" "+line.at("properties.price"))
		require.Equal(t, "2026-01-01", a.get("/crm/v3/objects/p20000001_partner_program/461?properties=started_on").at("properties.started_on"))
	})
}

func TestAList(t *testing.T) {
	a := open(t)
	t.Run("is told in pages of records by their numbers", func(t *testing.T) {
		var ids []string
		pages, after := 0, ""
		for {
			r := a.get("/crm/v3/objects/companies?limit=50&after=" + after)
			ids = append(ids, r.list("id")...)
			pages++
			if after = r.at("paging.next.after"); after == "-" {
				break
			}
			require.Contains(t, r.at("paging.next.link"), "after="+after)
		}
		require.Equal(t, 3, pages)
		require.Len(t, ids, 120)
		require.Equal(t, "1001 1120", ids[0]+" "+ids[119])
	})
	t.Run("goes on right when records come and go meanwhile", func(t *testing.T) {
		after := a.get("/crm/v3/objects/deals?limit=1").at("paging.next.after")
		require.NoError(t, a.Delete("deals", "301"))
		_, err := a.Write("deals", standin.Record{Values: map[string]any{"dealname": "New"}})
		require.NoError(t, err)
		require.Equal(t, "302 303 1121", a.get("/crm/v3/objects/deals?after="+after).all("id"))
	})
	t.Run("has ten unless asked, a hundred at most, fifty with history", func(t *testing.T) {
		require.Len(t, a.get("/crm/v3/objects/companies").list("id"), 10)
		require.Len(t, a.get("/crm/v3/objects/companies?limit=100").list("id"), 100)
		require.Equal(t, "VALIDATION_ERROR", a.get("/crm/v3/objects/companies?limit=101").at("category"))
		require.Equal(t, "VALIDATION_ERROR", a.get("/crm/v3/objects/companies?after=x").at("category"))
		require.Len(t, a.get("/crm/v3/objects/companies?limit=50&propertiesWithHistory=name").list("id"), 50)
		require.Equal(t, http.StatusBadRequest, a.get("/crm/v3/objects/companies?limit=51&propertiesWithHistory=name").status)
	})
	t.Run("tells archived records apart from live ones", func(t *testing.T) {
		require.Equal(t, "201 202", a.get("/crm/v3/objects/contacts").all("id"))
		require.Equal(t, "203", a.get("/crm/v3/objects/contacts?archived=true").all("id"))
	})
	t.Run("serves every type", func(t *testing.T) {
		for typ, id := range map[string]string{
			"leads": "401", "meetings": "411", "calls": "421", "notes": "431", "line_items": "441", "products": "451", "2-3456789": "461", "partner_program": "461",
		} {
			require.Equal(t, id, a.get("/crm/v3/objects/"+typ).all("id"), typ)
		}
	})
}

func TestHistory(t *testing.T) {
	r := open(t).get("/crm/v3/objects/deals/301?propertiesWithHistory=dealstage,amount")
	require.JSONEq(t, `[
		{"value": "closedwon", "timestamp": "2026-09-10T08:00:00Z", "sourceType": "INTEGRATION"},
		{"value": "contractsent", "timestamp": "2026-09-05T08:00:00Z", "sourceType": "INTEGRATION"},
		{"value": "appointmentscheduled", "timestamp": "2026-09-02T08:00:00Z", "sourceType": "CRM_UI"}]`, r.at("propertiesWithHistory.dealstage"))
	require.Equal(t, "12000.50", r.at("propertiesWithHistory.amount.1.value"))
	require.Equal(t, "-", r.at("propertiesWithHistory.amount.2"), "what did not change is no version")
}

func TestABatch(t *testing.T) {
	a := open(t)
	r := a.post("/crm/v3/objects/deals/batch/read", `{"inputs": [{"id": "302"}, {"id": "301"}], "properties": ["dealname"], "propertiesWithHistory": ["dealstage"]}`)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "COMPLETE -", r.at("status")+" "+r.at("numErrors"))
	require.Equal(t, "South pilot North rollout", r.all("properties.dealname"))
	require.Equal(t, "closedwon", r.at("results.1.propertiesWithHistory.dealstage.0.value"))

	r = a.post("/crm/v3/objects/deals/batch/read", `{"inputs": [{"id": "9"}, {"id": "301"}]}`)
	require.Equal(t, http.StatusMultiStatus, r.status)
	require.Equal(t, `301 1 ["9"] OBJECT_NOT_FOUND`, r.all("id")+" "+r.at("numErrors")+" "+r.at("errors.0.context.ids")+" "+r.at("errors.0.category"))

	require.Equal(t, "301", a.post("/crm/v3/objects/deals/batch/read", `{"idProperty": "partner_id", "inputs": [{"id": "P-7"}]}`).all("id"))
	require.Equal(t, "203", a.post("/crm/v3/objects/contacts/batch/read?archived=true", `{"inputs": [{"id": "203"}]}`).all("id"))
	inputs := func(n int) string { return "[" + strings.Repeat(`{"id": "1"},`, n-1) + `{"id": "1"}]` }
	require.Equal(t, http.StatusMultiStatus, a.post("/crm/v3/objects/deals/batch/read", `{"inputs": `+inputs(100)+`}`).status)
	require.Equal(t, http.StatusBadRequest, a.post("/crm/v3/objects/deals/batch/read", `{"inputs": `+inputs(101)+`}`).status)
	require.Equal(t, http.StatusBadRequest, a.post("/crm/v3/objects/deals/batch/read", `{"propertiesWithHistory": ["amount"], "inputs": `+inputs(51)+`}`).status)
	require.Contains(t, a.post("/crm/v3/objects/deals/batch/read", `{`).at("message"), "Invalid input JSON")
}

func TestWhatProgramsChange(t *testing.T) {
	a := open(t)
	id, err := a.Write("contacts", standin.Record{Values: map[string]any{"email": "new@north.example", "firstname": "Mo", "createdate": "2020-01-01T00:00:00.000Z"}})
	require.NoError(t, err)
	a.now = a.now.AddDate(0, 0, 1).Add(500 * time.Millisecond)
	_, err = a.Write("contacts", standin.Record{ID: id, Values: map[string]any{"firstname": nil}})
	require.NoError(t, err)
	r := a.get("/crm/v3/objects/contacts/" + id)
	require.Equal(t, "2020-01-01T00:00:00.000Z 2026-09-22T08:00:00.500Z null new@north.example", strings.Join([]string{
		r.at("createdAt"), r.at("properties.lastmodifieddate"), r.at("properties.firstname"), r.at("properties.email"),
	}, " "))

	require.NoError(t, a.Archive("contacts", id))
	require.Equal(t, "2026-09-22T08:00:00.500Z", a.get("/crm/v3/objects/contacts/"+id+"?archived=true").at("archivedAt"))
	_, err = a.Write("contacts", standin.Record{ID: id})
	require.NoError(t, err)
	require.Equal(t, "false", a.get("/crm/v3/objects/contacts/"+id).at("archived"), "out of the bin again")

	require.NoError(t, a.Delete("contacts", "201"))
	require.Equal(t, http.StatusNotFound, a.get("/crm/v3/objects/contacts/201").status)
	require.Equal(t, http.StatusNotFound, a.get("/crm/v3/objects/contacts/201?archived=true").status)
	require.Empty(t, a.get("/crm/v4/objects/deals/301/associations/contacts").list("toObjectId"), "its links are gone with it")

	for want, do := range map[string]func() error{
		`there is no object type "widgets"`: func() error { _, err := a.Write("widgets", standin.Record{}); return err },
		`Property "x" does not exist`:       func() error { return write(a, "x", "1") },
		`amount: "much" is no number`:       func() error { return write(a, "amount", "much") },
		`closedate: "soon" is no datetime`:  func() error { return write(a, "closedate", "soon") },
		`a []string is no value`:            func() error { return write(a, "dealname", []string{"a"}) },
		`there is no contact 999`:           func() error { return a.Archive("contacts", "999") },
		`there is no deal 999 to associate`: func() error {
			return a.Associate(standin.Association{FromType: "deals", FromID: "999", ToType: "deals", ToID: "301"})
		},
		`a record's ID is a number above 0`: func() error { _, err := a.Write("deals", standin.Record{ID: "D-1"}); return err },
		`partner_tier: "tin" is no enumerat`: func() error {
			_, err := a.Write("contacts", standin.Record{Values: map[string]any{"partner_tier": "tin"}})
			return err
		},
	} {
		require.ErrorContains(t, do(), want)
	}
}

func write(a *account, property string, value any) error {
	_, err := a.Write("deals", standin.Record{ID: "301", Values: map[string]any{property: value}})
	return err
}

func TestProperties(t *testing.T) {
	a := open(t)
	require.JSONEq(t, `{
		"name": "partner_tier", "label": "Partner tier", "type": "enumeration", "fieldType": "select", "description": "", "groupName": "contactinformation",
		"options": [{"value": "gold", "label": "Gold", "displayOrder": 0, "hidden": false}, {"value": "silver", "label": "Silver", "displayOrder": 1, "hidden": false}],
		"displayOrder": -1, "calculated": false, "externalOptions": false, "hasUniqueValue": false, "hidden": false, "hubspotDefined": false, "formField": true,
		"archived": false, "dataSensitivity": "non_sensitive", "modificationMetadata": {"archivable": true, "readOnlyDefinition": false, "readOnlyValue": false},
		"createdAt": "2026-09-21T08:00:00Z", "updatedAt": "2026-09-21T08:00:00Z"}`,
		a.get("/crm/v3/properties/contacts/partner_tier").text)
	names := a.get("/crm/v3/properties/deals").list("name")
	require.Subset(t, names, []string{"amount", "createdate", "dealstage", "hs_lastmodifieddate", "hs_object_id", "hubspot_owner_id", "partner_id"})
	require.NotContains(t, names, "margin_note", "sensitive ones are asked for by themselves")
	sensitive := "/crm/v3/properties/deals?dataSensitivity=sensitive"
	require.Empty(t, a.get(sensitive).list("name"), "and take a scope")
	a.Grant(standin.Token{Key: "pat-open", Scopes: append(standin.AllScopes(), "crm.objects.deals.sensitive.read.v2")})
	require.Equal(t, "margin_note sensitive", a.ask(http.MethodGet, sensitive, "", "pat-open").all("name")+" "+a.ask(http.MethodGet, sensitive, "", "pat-open").all("dataSensitivity"))
	require.Equal(t, "contractsent", a.get("/crm/v3/properties/deals/dealstage").at("options.1.value"), "stages are those of the pipelines")
	r := a.get("/crm/v3/properties/deals/no_such_thing")
	require.Equal(t, "404 PROPERTY_DOESNT_EXIST", fmt.Sprint(r.status)+" "+r.at("subCategory"))

	t.Run("come, change their type and go", func(t *testing.T) {
		require.NoError(t, a.AddProperty("deals", standin.Property{Name: "seats"}))
		require.NoError(t, write(a, "seats", "a dozen"))
		require.NoError(t, a.RetypeProperty("deals", "seats", "number"))
		require.Equal(t, "number", a.get("/crm/v3/properties/deals/seats").at("type"))
		require.Equal(t, "a dozen", a.get("/crm/v3/objects/deals/301?properties=seats").at("properties.seats"), "what was written stays")
		require.NoError(t, a.RemoveProperty("deals", "seats"))
		require.Equal(t, "-", a.get("/crm/v3/objects/deals/301?properties=seats").at("properties.seats"))
		require.Equal(t, "seats", a.get("/crm/v3/properties/deals?archived=true").all("name"))
		require.ErrorContains(t, a.RemoveProperty("deals", "amount"), "HubSpot's own")
		require.ErrorContains(t, a.RetypeProperty("deals", "seats", "string"), "no property")
		require.ErrorContains(t, a.AddProperty("deals", standin.Property{Name: "amount"}), "already")
	})
}
