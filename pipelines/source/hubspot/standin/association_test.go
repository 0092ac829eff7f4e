package standin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

func TestAssociationsOfARecord(t *testing.T) {
	a := open(t)
	require.JSONEq(t, `{"results": [
		{"toObjectId": 1001, "associationTypes": [
			{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null}, {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}]},
		{"toObjectId": 1002, "associationTypes": [
			{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null}, {"category": "USER_DEFINED", "typeId": 1, "label": "Reseller"}]}
	]}`, a.get("/crm/v4/objects/contacts/201/associations/companies").text)
	back := a.get("/crm/v4/objects/company/1002/associations/0-1")
	require.Equal(t, "201 202", back.all("toObjectId"), "both ways")
	require.Equal(t, "280 Reseller", back.at("results.0.associationTypes.0.typeId")+" "+back.at("results.0.associationTypes.1.label"))
	require.JSONEq(t, `{"results": []}`, a.get("/crm/v4/objects/deals/303/associations/companies").text)
	require.Equal(t, http.StatusNotFound, a.get("/crm/v4/objects/deals/999/associations/companies").status)
	require.Equal(t, "USER_DEFINED", a.get("/crm/v4/objects/partner_program/461/associations/companies").at("results.0.associationTypes.0.category"))

	require.Equal(t, "578 Primary", a.get("/crm/v4/objects/leads/401/associations/contacts").at("results.0.associationTypes.1.typeId")+" "+
		a.get("/crm/v4/objects/contacts/201/associations/leads").at("results.0.associationTypes.1.label"))
	t.Run("are told with lists, a line per label, without types that have none", func(t *testing.T) {
		r := a.get("/crm/v3/objects/contacts/201?associations=companies,deals,calls")
		require.JSONEq(t, `{
			"companies": {"results": [
				{"id": "1001", "type": "contact_to_company_unlabeled"}, {"id": "1001", "type": "contact_to_company"},
				{"id": "1002", "type": "contact_to_company_unlabeled"}, {"id": "1002", "type": "Reseller"}]},
			"deals": {"results": [{"id": "301", "type": "contact_to_deal"}]}}`, r.at("associations"))
		require.Equal(t, `{"results":[{"id":"441","type":"deal_to_line_item"}]}`, a.get("/crm/v3/objects/deals/301?associations=line_items").at("associations.line items"))
		require.Equal(t, "1001", a.get("/crm/v3/objects/deals?associations=companies").at("results.0.associations.companies.results.0.id"))
		require.Equal(t, http.StatusBadRequest, a.get("/crm/v3/objects/deals?associations=widgets").status)
	})
	t.Run("come and go", func(t *testing.T) {
		link := standin.Association{FromType: "deals", FromID: "302", ToType: "contacts", ToID: "202", Label: "Buyer"}
		require.NoError(t, a.Associate(link))
		asked := "/crm/v4/objects/contacts/202/associations/deals"
		require.Equal(t, "Buyer", a.get(asked).at("results.0.associationTypes.1.label"))
		require.NoError(t, a.Dissociate(link))
		require.Equal(t, "null -", a.get(asked).at("results.0.associationTypes.0.label")+" "+a.get(asked).at("results.0.associationTypes.1.label"))
		link.Label = ""
		require.NoError(t, a.Dissociate(link))
		require.Empty(t, a.get(asked).list("toObjectId"))
		require.NoError(t, a.Archive("deals", "301"))
		require.Empty(t, a.get("/crm/v4/objects/contacts/201/associations/deals").list("toObjectId"), "archived records are linked with nothing")
	})
	t.Run("have labels", func(t *testing.T) {
		require.Equal(t, "null Primary Reseller", a.get("/crm/v4/associations/contacts/companies/labels").all("label"))
	})
}

func TestManyAssociations(t *testing.T) {
	a := open(t)
	for i := range 1100 {
		id, err := a.Write("notes", standin.Record{ID: fmt.Sprint(5001 + i)})
		require.NoError(t, err)
		require.NoError(t, a.Associate(standin.Association{FromType: "deals", FromID: "302", ToType: "notes", ToID: id}))
	}
	t.Run("of one record are paged", func(t *testing.T) {
		seen, after := 0, ""
		for after != "-" {
			r := a.get("/crm/v4/objects/deals/302/associations/notes?limit=300&after=" + after)
			seen += len(r.list("toObjectId"))
			after = r.at("paging.next.after")
		}
		require.Equal(t, 1100, seen)
		require.Equal(t, http.StatusBadRequest, a.get("/crm/v4/objects/deals/302/associations/notes?limit=501").status)
	})
	t.Run("of a record in a list end at a hundred, and say where they go on", func(t *testing.T) {
		r := a.get("/crm/v3/objects/deals/302?associations=notes")
		require.Equal(t, "5100 - 5101", strings.Join([]string{
			r.at("associations.notes.results.99.id"), r.at("associations.notes.results.100"), r.at("associations.notes.paging.next.after"),
		}, " "))
		link := r.at("associations.notes.paging.next.link")
		require.Equal(t, "5101", a.get(strings.TrimPrefix(link, a.url)).at("results.0.toObjectId"))
	})
	t.Run("of many records each go on by themselves, and none is an error of the batch", func(t *testing.T) {
		r := a.post("/crm/v4/associations/deals/notes/batch/read", `{"inputs": [{"id": "302"}, {"id": "303"}]}`)
		require.Equal(t, http.StatusMultiStatus, r.status)
		require.Equal(t, "302 COMPLETE 1", r.at("results.0.from.id")+" "+r.at("status")+" "+r.at("numErrors"))
		require.Equal(t, "crm.associations.NO_ASSOCIATIONS_FOUND No note is associated with deal 303.", r.at("errors.0.subCategory")+" "+r.at("errors.0.message"))
		require.Equal(t, "5500 -", r.at("results.0.to.499.toObjectId")+" "+r.at("results.0.to.500"))
		r = a.post("/crm/v4/associations/deals/notes/batch/read", `{"inputs": [{"id": "302", "after": "`+r.at("results.0.paging.next.after")+`"}]}`)
		require.Equal(t, "200 5501", fmt.Sprint(r.status)+" "+r.at("results.0.to.0.toObjectId"))
		require.Equal(t, http.StatusBadRequest, a.post("/crm/v4/associations/deals/notes/batch/read", `{"inputs": [`+strings.Repeat(`{"id": "1"},`, 1000)+`{"id": "1"}]}`).status)
		r = a.post("/crm/v4/associations/deals/notes/batch/read", `{"inputs": [{"id": "302", "after": "`+r.at("results.0.paging.next.after")+`"}]}`)
		require.Equal(t, "6100 -", r.at("results.0.to.99.toObjectId")+" "+r.at("results.0.paging"))
	})
}
