package standin_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

func TestPipelines(t *testing.T) {
	a := open(t)
	r := a.get("/crm/v3/pipelines/deals")
	require.Equal(t, "default Sales Pipeline", r.all("id")+" "+r.all("label"))
	require.JSONEq(t, `{"id": "closedwon", "label": "Closed Won", "displayOrder": 2, "archived": false, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
		"metadata": {"probability": "1.0", "isClosed": "true"}, "createdAt": "2026-09-01T08:00:00Z", "updatedAt": "2026-09-01T08:00:00Z"}`, r.at("results.0.stages.2"))
	require.Equal(t, "appointmentscheduled contractsent closedwon closedlost", a.get("/crm/v3/pipelines/deals/default/stages").all("id"))
	require.Equal(t, "Sales Pipeline", a.get("/crm/v3/pipelines/deals/default").at("label"))
	require.Equal(t, http.StatusNotFound, a.get("/crm/v3/pipelines/deals/other").status)
	require.JSONEq(t, `{"results": []}`, a.get("/crm/v3/pipelines/leads").text)

	require.NoError(t, a.SetPipelines("0-136", []standin.Pipeline{{ID: "old", Archived: true}, {ID: "lead", Label: "Leads"}}))
	require.Equal(t, "lead", a.get("/crm/v3/pipelines/leads").all("id"))
	require.Equal(t, "true", a.get("/crm/v3/pipelines/leads/old").at("archived"))
}

func TestOwners(t *testing.T) {
	a := open(t)
	require.JSONEq(t, `{"id": "501", "email": "ada@vendor.example", "firstName": "Ada", "lastName": "Ek", "type": "PERSON", "userId": 9001, "userIdIncludingInactive": 9001,
		"archived": false, "teams": [{"id": "71", "name": "Channel", "primary": true}], "createdAt": "2026-09-01T08:00:00Z", "updatedAt": "2026-09-01T08:00:00Z"}`,
		a.get("/crm/v3/owners/501").text)
	first := a.get("/crm/v3/owners/?limit=1")
	require.Equal(t, "501", first.all("id"))
	second := a.get("/crm/v3/owners?limit=1&after=" + first.at("paging.next.after"))
	require.Equal(t, "502 -", second.all("id")+" "+second.at("paging"))
	require.Equal(t, "502", a.get("/crm/v3/owners?email=Ben@vendor.example").all("id"))
	require.Equal(t, "502", a.get("/crm/v3/owners/9002?idProperty=userId").at("id"))
	gone := a.get("/crm/v3/owners?archived=true")
	require.Equal(t, "503 - 9003", gone.all("id")+" "+gone.all("userId")+" "+gone.all("userIdIncludingInactive"), "who left has no user")
	require.Equal(t, http.StatusNotFound, a.get("/crm/v3/owners/503").status)
	a.SetOwners(nil)
	require.JSONEq(t, `{"results": []}`, a.get("/crm/v3/owners").text)
}

func TestCustomTypes(t *testing.T) {
	a := open(t)
	for _, path := range []string{"/crm/v3/schemas", "/crm-object-schemas/v3/schemas"} {
		r := a.get(path)
		require.Equal(t, "2-3456789 p20000001_partner_program partner_program", r.all("objectTypeId")+" "+r.all("fullyQualifiedName")+" "+r.all("name"))
		require.JSONEq(t, `{"singular": "Partner program", "plural": "Partner programs"}`, r.at("results.0.labels"))
	}
	r := a.get("/crm/v3/schemas/partner_program")
	require.Equal(t, `program_name ["program_name"] 0-2`, r.at("primaryDisplayProperty")+" "+r.at("requiredProperties")+" "+r.at("associations.0.toObjectTypeId"))
	require.Equal(t, "hs_object_id hs_createdate hs_lastmodifieddate program_name started_on",
		a.get("/crm/v3/properties/partner_program").all("name"))
	require.Equal(t, "program_name", r.at("properties.3.name"))
	require.Equal(t, http.StatusNotFound, a.get("/crm/v3/schemas/2-1").status)
	require.Equal(t, "date", a.get("/crm/v3/properties/2-3456789/started_on").at("type"))
}
