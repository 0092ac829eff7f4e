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

// search asks with one filter, given as "property OPERATOR" and the rest of its JSON.
func (a *account) search(typ, condition, rest string) reply {
	property, operator, _ := strings.Cut(condition, " ")
	return a.post("/crm/v3/objects/"+typ+"/search", fmt.Sprintf(`{"filterGroups": [{"filters": [{"propertyName": %q, "operator": %q%s}]}]}`, property, operator, rest))
}

func TestSearchOperators(t *testing.T) {
	a := open(t)
	a.SetLimits(standin.Limits{SearchesPerSecond: 100})
	for _, c := range []struct{ typ, condition, rest, want string }{
		{"deals", "dealname EQ", `, "value": "south PILOT"`, "302"},              // text without case
		{"deals", "dealstage EQ", `, "value": "CLOSEDWON"`, ""},                  // enumerations with it
		{"deals", "dealstage NEQ", `, "value": "closedwon"`, "302 303"},          //
		{"deals", "amount EQ", `, "value": "12500"`, "301"},                      // numbers as numbers
		{"deals", "amount NEQ", `, "value": "900"`, "301"},                       // no value passes no comparison
		{"deals", "amount LT", `, "value": "12000"`, "302"},                      //
		{"deals", "amount LTE", `, "value": "900"`, "302"},                       //
		{"deals", "amount GT", `, "value": "900"`, "301"},                        //
		{"deals", "amount GTE", `, "value": "900"`, "301 302"},                   //
		{"deals", "amount BETWEEN", `, "value": "1", "highValue": "900"`, "302"}, // both ends belong to it
		{"deals", "amount HAS_PROPERTY", "", "301 302"},                          //
		{"deals", "amount NOT_HAS_PROPERTY", "", "303"},                          //
		{"deals", "dealstage IN", `, "values": ["closedwon", "closedlost"]`, "301 302"},
		{"deals", "dealstage NOT_IN", `, "values": ["closedwon", "closedlost"]`, "303"},
		{"contacts", "email IN", `, "values": ["ines@north.example"]`, "201"},
		{"contacts", "email IN", `, "values": ["INES@north.example"]`, ""}, // lists of text are in lower case
		{"deals", "dealname CONTAINS_TOKEN", `, "value": "rollout"`, "301"},
		{"deals", "dealname CONTAINS_TOKEN", `, "value": "roll"`, ""},
		{"deals", "dealname CONTAINS_TOKEN", `, "value": "roll*"`, "301"},
		{"deals", "dealname NOT_CONTAINS_TOKEN", `, "value": "*out"`, "302 303"},
		{"contacts", "email CONTAINS_TOKEN", `, "value": "*@south.example"`, "202"},
		{"deals", "createdate GTE", fmt.Sprintf(`, "value": "%d"`, start.AddDate(0, 0, 2).UnixMilli()), "302 303"},
		{"deals", "hs_lastmodifieddate GT", `, "value": "2026-09-04T08:00:00.000Z"`, "301"},
		{"deals", "hs_object_id GT", `, "value": "301"`, "302 303"},
		{"contacts", "email EQ", `, "value": "gone@south.example"`, ""}, // archived records are never found
		{"partner_program", "started_on LT", `, "value": "2026-01-02"`, "461"},
	} {
		r := a.search(c.typ, c.condition, c.rest)
		require.Equal(t, http.StatusOK, r.status, c.condition)
		require.Equal(t, c.want, r.all("id"), c.condition+c.rest)
		require.Equal(t, fmt.Sprint(len(strings.Fields(c.want))), r.at("total"), c.condition+c.rest)
	}
}

func TestASearch(t *testing.T) {
	a := open(t)
	a.SetLimits(standin.Limits{SearchesPerSecond: 100})
	ask := func(body string) reply { return a.post("/crm/v3/objects/deals/search", body) }
	t.Run("is of all filters of one of the groups", func(t *testing.T) {
		require.Equal(t, "301 303", ask(`{"filterGroups": [
			{"filters": [{"propertyName": "amount", "operator": "HAS_PROPERTY"}, {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"}]},
			{"filters": [{"propertyName": "amount", "operator": "NOT_HAS_PROPERTY"}]}]}`).all("id"))
		require.Equal(t, "301 302 303", ask(`{}`).all("id"), "no groups find all")
		require.Equal(t, "302", ask(`{"query": "sou pilot"}`).all("id"), "words begin words of the default properties")
	})
	t.Run("tells the properties asked for", func(t *testing.T) {
		r := ask(`{"properties": ["dealtype", "margin_note", "no_such_thing"], "limit": 1}`)
		require.JSONEq(t, `{"createdate": "2026-09-02T08:00:00Z", "hs_lastmodifieddate": "2026-09-10T08:00:00Z", "hs_object_id": "301", "dealtype": null}`, r.at("results.0.properties"))
	})
	t.Run("is sorted as numbers, times or text, what has no value last", func(t *testing.T) {
		for sorts, want := range map[string]string{
			`[]`: "301 302 303",
			`[{"propertyName": "amount", "direction": "ASCENDING"}]`:  "302 301 303",
			`[{"propertyName": "amount", "direction": "DESCENDING"}]`: "301 302 303",
			`["-dealname"]`:           "303 302 301",
			`["hs_lastmodifieddate"]`: "302 303 301",
			`["{\"propertyName\": \"dealname\", \"direction\": \"DESCENDING\"}"]`: "303 302 301",
		} {
			require.Equal(t, want, ask(`{"sorts": `+sorts+`}`).all("id"), sorts)
		}
	})
	t.Run("is sorted by a property that became a number: what is none comes behind", func(t *testing.T) {
		require.NoError(t, a.AddProperty("deals", standin.Property{Name: "seats"}))
		for id, seats := range map[string]string{"301": "5x", "302": "10", "303": "9"} {
			_, err := a.Write("deals", standin.Record{ID: id, Values: map[string]any{"seats": seats}})
			require.NoError(t, err)
		}
		require.Equal(t, "302 301 303", ask(`{"sorts": ["seats"]}`).all("id"))
		require.NoError(t, a.RetypeProperty("deals", "seats", "number"))
		require.Equal(t, "303 302 301", ask(`{"sorts": ["seats"]}`).all("id"))
	})
	t.Run("is refused as HubSpot does", func(t *testing.T) {
		one := `{"propertyName": "amount", "operator": "HAS_PROPERTY"}`
		group := func(n int) string { return `{"filters": [` + strings.Repeat(one+",", n-1) + one + `]}` }
		groups := func(all ...string) string { return `{"filterGroups": [` + strings.Join(all, ",") + `]}` }
		for body, want := range map[string]string{
			groups(group(1), group(1), group(1), group(1), group(1), group(1)): "6 filter groups",
			groups(group(7)): "7 filters in a group",
			groups(group(6), group(6), group(6), group(1)):                                           "19 filters",
			groups(`{"filters": [{"propertyName": "x", "operator": "HAS_PROPERTY"}]}`):               `Property \"x\" does not exist`,
			groups(`{"filters": [{"propertyName": "margin_note", "operator": "HAS_PROPERTY"}]}`):     `Property \"margin_note\" does not exist`,
			groups(`{"filters": [{"propertyName": "amount", "operator": "EQ"}]}`):                    "requires a value",
			groups(`{"filters": [{"propertyName": "amount", "operator": "BETWEEN", "value": "1"}]}`): "requires value and highValue",
			groups(`{"filters": [{"propertyName": "amount", "operator": "IN"}]}`):                    "requires values",
			groups(`{"filters": [{"propertyName": "amount", "operator": "LIKE", "value": "1"}]}`):    "is no operator",
			`{"limit": 201}`:                      "between 1 and 200",
			`{"sorts": ["x"]}`:                    "does not exist",
			`{"sorts": ["amount", "createdate"]}`: "2 sorts",
			`{"after": "x"}`:                      "Invalid input JSON",
		} {
			r := ask(body)
			require.Equal(t, http.StatusBadRequest, r.status, body)
			require.Equal(t, "VALIDATION_ERROR", r.at("category"))
			require.Contains(t, r.text, want)
		}
	})
}

func TestSearchTellsTenThousand(t *testing.T) {
	a := open(t)
	a.SetLimits(standin.Limits{SearchesPerSecond: 100})
	for i := range 10_050 - 3 {
		_, err := a.Write("deals", standin.Record{At: start.AddDate(0, 0, 11).Add(time.Duration(i) * time.Second)})
		require.NoError(t, err)
	}
	found, after := 0, ""
	for {
		r := a.post("/crm/v3/objects/deals/search", `{"limit": 200, "sorts": ["hs_object_id"], "after": "`+after+`"}`)
		require.Equal(t, "10050", r.at("total"), "the total is told, however many")
		found += len(r.list("id"))
		if after = r.at("paging.next.after"); after == "10000" {
			break
		}
	}
	require.Equal(t, 10_000, found)
	r := a.post("/crm/v3/objects/deals/search", `{"limit": 200, "after": "10000"}`)
	require.Equal(t, http.StatusBadRequest, r.status, "the cursor that the last page told leads nowhere")
	require.Equal(t, "There was a problem with the request.", r.at("message"))
	require.Equal(t, http.StatusBadRequest, a.post("/crm/v3/objects/deals/search", `{"limit": 200, "after": 9801}`).status, "nor may a page reach beyond")
	middle := start.AddDate(0, 0, 11).Add(time.Hour).Format(time.RFC3339)
	require.Equal(t, "6446", a.search("deals", "hs_lastmodifieddate GT", `, "value": "`+middle+`"`).at("total"), "an interval that is split tells the rest")
}

func TestSearchLagsBehind(t *testing.T) {
	a := open(t)
	a.SetIndexDelay(3 * time.Second)
	id, err := a.Write("deals", standin.Record{Values: map[string]any{"dealname": "Fresh"}})
	require.NoError(t, err)
	require.NoError(t, write(a, "dealstage", "closedlost"))
	stage := func() string {
		r := a.search("deals", "hs_object_id EQ", `, "value": "301"`)
		return r.at("results.0.properties.dealstage") + " " + r.at("results.0.updatedAt")
	}
	require.Equal(t, "closedwon 2026-09-10T08:00:00Z", stage(), "as it was")
	require.Equal(t, "0", a.search("deals", "hs_object_id EQ", `, "value": "`+id+`"`).at("total"))
	require.Equal(t, "closedlost", a.get("/crm/v3/objects/deals/301").at("properties.dealstage"), "reads know at once")
	require.Equal(t, "301 302 303 "+id, a.get("/crm/v3/objects/deals").all("id"))

	a.SetIndexDelay(0)
	require.NoError(t, a.Archive("deals", "302"))
	later, err := a.Write("deals", standin.Record{})
	require.NoError(t, err)
	require.Equal(t, "1", a.search("deals", "hs_object_id EQ", `, "value": "`+later+`"`).at("total"), "what was written later may be found sooner")
	a.now = a.now.Add(3 * time.Second)
	require.Equal(t, "closedlost 2026-09-21T08:00:00Z", stage(), "now as changed, with the time of the change")
	require.Equal(t, "Fresh", a.search("deals", "hs_object_id EQ", `, "value": "`+id+`"`).at("results.0.properties.dealname"))
	require.Equal(t, "0", a.search("deals", "hs_object_id EQ", `, "value": "302"`).at("total"))
}
