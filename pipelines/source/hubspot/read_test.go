package hubspot_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/hubspot"
	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

// sample is a stage with a small vendor, on the day after the last thing happened there.
func sample(t testing.TB) *stage {
	t.Helper()
	s := newStage(t, standin.Sample(start()))
	s.pass(11 * 24 * time.Hour)
	return s
}

func TestPipelinesHaveARowPerStage(t *testing.T) {
	s := sample(t)
	rows, _ := s.read(s.connector(0), source.Request{Stream: source.Stream{Name: "stages", Object: "pipelines/deals"}})
	require.Len(t, rows, 4)
	require.Equal(t, map[string]string{
		"pipeline_id": "default", "pipeline_label": "Sales Pipeline", "pipeline_order": "0", "stage_id": "contractsent", "stage_label": "Contract Sent", "stage_order": "1",
		"probability": "0.9", "is_closed": "false", "metadata": `{"isClosed":"false","probability":"0.9"}`,
		"created_at": "2026-03-02T08:00:00.000Z", "updated_at": "2026-03-02T08:00:00.000Z",
	}, rows[1])
}

func TestOwnersIncludeThoseWhoLeft(t *testing.T) {
	s := sample(t)
	rows, _ := s.read(s.connector(1), source.Request{Stream: source.Stream{Name: "owners"}})
	require.Equal(t, []string{"501", "502", "503"}, column(rows, "id"))
	require.Equal(t, []string{"false", "false", "true"}, column(rows, "archived"))
	require.Equal(t, `[{"id":"71","name":"Channel","primary":true}]`, rows[0]["teams"])
	require.Equal(t, "2026-03-07T08:00:00.000Z", rows[2]["updatedAt"])
}

func TestAssociationsHaveARowPerLinkAndType(t *testing.T) {
	s := sample(t)
	rows, told := s.read(s.connector(0), source.Request{Stream: source.Stream{Name: "links", Object: "associations/contacts/companies"}})
	require.False(t, told.Known)
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r["from_id"], " ", r["to_id"], " ", r["category"], " ", r["label"]))
		require.NotEmpty(t, r["type_id"])
	}
	slices.Sort(got)
	require.Equal(t, []string{
		"201 1001 HUBSPOT_DEFINED ", "201 1001 HUBSPOT_DEFINED Primary", "201 1002 HUBSPOT_DEFINED ", "201 1002 USER_DEFINED Reseller", "202 1002 HUBSPOT_DEFINED ",
	}, got)
}

// TestManyAssociationsOfOneRecord has more than HubSpot tells of a record at a time.
func TestManyAssociationsOfOneRecord(t *testing.T) {
	s := newStage(t, standin.Data{})
	deal := s.write("deals", standin.Record{Values: map[string]any{"dealname": "many"}})
	for range 1203 {
		contact := s.write("contacts", standin.Record{})
		require.NoError(t, s.server.Associate(standin.Association{FromType: "deals", FromID: deal, ToType: "contacts", ToID: contact}))
	}
	rows, _ := s.read(s.connector(0), source.Request{Stream: source.Stream{Name: "links", Object: "associations/deals/contacts"}})
	require.Equal(t, 1203, len(rows))
	require.Equal(t, 1203, distinct(column(rows, "to_id")))
}

func TestHistory(t *testing.T) {
	s := sample(t)
	stream := source.Stream{Name: "deal_stages", Object: "history/deals"}
	rows, _ := s.read(s.connector(2), source.Request{Stream: stream})
	require.Equal(t, []string{"closedwon", "contractsent", "appointmentscheduled", "closedlost", "appointmentscheduled"}, column(rows, "value"))
	require.Equal(t, map[string]string{
		"object_id": "301", "property": "dealstage", "value": "appointmentscheduled", "timestamp": "2026-03-03T08:00:00.000Z", "source_type": "CRM_UI",
	}, rows[2])
	changed, _ := s.read(s.connector(2), source.Request{Stream: stream, Interval: source.Interval{From: start().AddDate(0, 0, 3), To: s.clock()}})
	require.Equal(t, []string{"303", "301", "301", "301"}, column(changed, "object_id"), "all of the deals that were changed, in the order of the changes")
	stream.Filter = "amount, dealstage"
	both, _ := s.read(s.connector(2), source.Request{Stream: stream})
	require.Equal(t, []string{"12500.00", "12000.50", "closedwon"}, column(both, "value")[:3])
	stream.Filter = "amuont"
	_, err := s.connector(0).Describe(context.Background(), stream)
	require.ErrorIs(t, err, source.ErrConfig)
	require.ErrorContains(t, err, "amuont")
}

func TestCustomObjects(t *testing.T) {
	s := sample(t)
	for _, name := range []string{"p20000001_partner_program", "2-3456789"} {
		rows, _ := s.read(s.connector(0), source.Request{Stream: source.Stream{Name: "programs", Object: name}})
		require.Equal(t, []string{"Gold circle"}, column(rows, "program_name"))
		require.Equal(t, "2026-01-01", rows[0]["started_on"])
	}
	objects, err := s.connector(0).Objects(context.Background())
	require.NoError(t, err)
	require.Contains(t, objects, source.Object{Name: "p20000001_partner_program", Kind: "custom object", Rows: -1})
}

// TestContactsThatChanged goes by the property that only contacts have.
func TestContactsThatChanged(t *testing.T) {
	s := sample(t)
	s.write("contacts", standin.Record{ID: "202", Values: map[string]any{"lastname": "Diaz"}})
	interval := source.Interval{From: s.clock(), To: s.pass(time.Minute)}
	rows, told := s.read(s.connector(0), source.Request{Stream: source.Stream{Name: "contacts"}, Interval: interval})
	require.Equal(t, []string{"Diaz"}, column(rows, "lastname"))
	require.Equal(t, "2026-03-13T08:00:00.000Z", rows[0]["lastmodifieddate"])
	require.EqualValues(t, 1, told.Rows)
}

// TestPartOfABatchIsRefused must not pass for a reading that went well.
func TestPartOfABatchIsRefused(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"results": [{"id": "1", "properties": {"hs_object_id": "1"}}]}`)
			return
		}
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = io.WriteString(w, `{"status": "COMPLETE", "results": [], "errors": [{"status": "error", "category": "INTERNAL", "message": "a shard is away"}]}`)
	}))
	t.Cleanup(web.Close)
	c, err := hubspot.New(hubspot.Options{URL: web.URL, Token: func() (string, error) { return key, nil }})
	require.NoError(t, err)
	pages, err := c.Open(t.Context(), source.Request{Stream: source.Stream{Name: "links", Object: "associations/deals/companies"}})
	require.NoError(t, err)
	require.ErrorContains(t, source.Drain(pages, func(*source.Batch) error { return nil }), "a part of the batch was refused: a shard is away [INTERNAL]")
}

func TestArchivedInTheInterval(t *testing.T) {
	s := sample(t)
	at := start().AddDate(0, 0, 3) // when contact 203 was archived
	archived := func(from, to time.Time) []string {
		rows, _ := s.read(s.connector(0), source.Request{
			Stream: source.Stream{Name: "contacts"}, What: source.Deleted, Fields: []source.Field{{Name: "hs_object_id", Kind: source.Number}}, Interval: source.Interval{From: from, To: to},
		})
		return column(rows, "hs_object_id")
	}
	require.Equal(t, []string{"203"}, archived(at, at.Add(time.Second)))
	require.Empty(t, archived(at.Add(time.Millisecond), s.clock()))
	require.Empty(t, archived(start(), at), "the interval is half-open")
	s.write("contacts", standin.Record{ID: "203", Values: map[string]any{"firstname": "Back"}})
	require.Empty(t, archived(start(), s.clock()), "it was taken out of the bin")
}

// TestMergedRecordsAreDeleted merges contacts, which HubSpot's list of archived ones does not know.
func TestMergedRecordsAreDeleted(t *testing.T) {
	s := newStage(t, standin.Data{})
	for range 205 {
		s.write("contacts", standin.Record{})
	}
	for i := range 203 {
		require.NoError(t, s.server.Merge("contacts", fmt.Sprint(i+3), "1"))
	}
	s.pass(time.Minute)
	gone := func(object string, from time.Time) []string {
		rows, _ := s.read(s.connector(0), source.Request{
			Stream: source.Stream{Name: "people", Object: object}, What: source.Deleted, Fields: []source.Field{{Name: "hs_object_id", Kind: source.Number}}, Interval: source.Interval{From: from, To: s.clock()},
		})
		return column(rows, "hs_object_id")
	}
	require.Equal(t, 203, distinct(gone("contacts", time.Time{})))
	require.NotContains(t, gone("contacts", time.Time{}), "1")
	began := s.clock()
	s.pass(time.Hour)
	require.Empty(t, gone("contacts", began.Add(2*time.Minute)), "nothing was merged since")
	require.NoError(t, s.server.Merge("contacts", "2", "1"))
	s.pass(time.Minute)
	custom := sample(t)
	rows, _ := custom.read(custom.connector(0), source.Request{
		Stream: source.Stream{Name: "programs", Object: "2-3456789"}, What: source.Deleted, Fields: []source.Field{{Name: "hs_object_id", Kind: source.Number}},
	})
	require.Empty(t, rows, "custom objects cannot be merged")
	require.Contains(t, gone("contacts", began.Add(2*time.Minute)), "2")
	require.Empty(t, gone("leads", time.Time{}))
}

// TestManyProperties has more than an address can name.
func TestManyProperties(t *testing.T) {
	s := newStage(t, standin.Data{})
	values := map[string]any{}
	for i := range 400 {
		name := fmt.Sprintf("a_property_with_a_rather_long_name_%03d", i)
		require.NoError(t, s.server.AddProperty("deals", standin.Property{Name: name}))
		values[name] = fmt.Sprint("value ", i)
	}
	for range 5 {
		s.write("deals", standin.Record{Values: values})
	}
	rows, _ := s.read(s.connector(2), source.Request{Stream: source.Stream{Name: "deals"}})
	require.Len(t, rows, 5)
	require.Equal(t, "value 399", rows[4]["a_property_with_a_rather_long_name_399"])
	require.Equal(t, 3, s.server.Count("POST", deals+"/batch/read"))
	s.pass(time.Minute)
	changed, told := s.read(s.connector(2), source.Request{Stream: source.Stream{Name: "deals"}, Interval: source.Interval{From: start(), To: s.clock()}})
	require.ElementsMatch(t, rows, changed, "as the list has them")
	require.EqualValues(t, 5, told.Rows)
}

// TestFieldThatHidesIsAbsent asks for a sensitive property that the token may not read.
func TestFieldThatHidesIsAbsent(t *testing.T) {
	s := sample(t)
	stream := source.Stream{Name: "deals", Fields: []string{"dealname", "margin_note"}}
	findings, err := s.connector(0).Check(context.Background(), []source.Stream{stream})
	require.NoError(t, err)
	require.False(t, findings[1].OK)
	require.Contains(t, findings[1].Detail, "no property margin_note, or it is sensitive")
	fields := []source.Field{{Name: "dealname", Kind: source.Text}, {Name: "margin_note", Kind: source.Text}}
	_, told := s.read(s.connector(0), source.Request{Stream: stream, Fields: fields})
	require.Equal(t, []string{"margin_note"}, told.Absent)
	s.server.Grant(standin.Token{Key: key, Scopes: append(standin.AllScopes(), "crm.objects.deals.sensitive.read.v2")})
	findings, err = s.connector(0).Check(context.Background(), []source.Stream{stream})
	require.NoError(t, err)
	require.True(t, findings[1].OK, findings[1].Detail)
	rows, _ := s.read(s.connector(0), source.Request{Stream: stream, Fields: fields})
	require.Equal(t, "31 %", rows[0]["margin_note"])
}

// TestAccountsWithoutSensitiveProperties may refuse to be asked for them.
func TestAccountsWithoutSensitiveProperties(t *testing.T) {
	for status, works := range map[int]bool{http.StatusBadRequest: true, http.StatusForbidden: true, http.StatusInternalServerError: false} {
		s := sample(t)
		s.server.Inject(standin.Fault{Harm: standin.Refuse, Path: "/crm/v3/properties/deals", Skip: 1, Status: status})
		d, err := s.connector(0).Describe(t.Context(), source.Stream{Name: "deals"})
		require.Equal(t, works, err == nil, "%d: %v", status, err)
		_, found := source.FieldNamed(d.Fields, "dealname")
		require.Equal(t, works, found)
	}
}

func TestMissingScopesAreNamed(t *testing.T) {
	s := sample(t)
	for object, scope := range map[string]string{
		"contacts": "crm.objects.contacts.read", "owners": "crm.objects.owners.read", "pipelines/deals": "crm.objects.deals.read", "associations/deals/companies": "crm.objects.companies.read",
		"history/leads": "crm.objects.leads.read", "p20000001_partner_program": "crm.objects.custom.read",
	} {
		s.grant(scope)
		findings, err := s.connector(0).Check(context.Background(), []source.Stream{{Name: "one", Object: object}})
		require.NoError(t, err)
		require.Contains(t, findings[1].Mend, scope, object)
		require.Contains(t, findings[1].Detail, "correlationId")
		_, err = s.connector(0).Describe(context.Background(), source.Stream{Name: "one", Object: object})
		require.ErrorIs(t, err, source.ErrPermission, object)
	}
}
