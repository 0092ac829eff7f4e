package standin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

// org is a server with one account, three opportunities and a user, at a clock that stands at 03:04:05 on 2 January 2026, a Friday.
type org struct {
	*standin.Server

	t     *testing.T
	clock *standin.Clock
	url   string
	key   string
}

const (
	acme   = "001000000000A01AAE"
	seller = "005000000000S01AAE"
)

func newOrg(t *testing.T, change ...func(*standin.Options)) *org {
	t.Helper()
	o := &org{t: t, clock: standin.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	options := standin.Options{
		Now: o.clock.Now, Standard: true, Username: "u@x.test", Password: "pw", ClientID: "id", ClientSecret: "secret",
	}
	for _, c := range change {
		c(&options)
	}
	object := func(name string, rows ...standin.Row) standin.Data {
		return standin.Data{Object: standin.Object{Name: name}, Rows: rows}
	}
	server, err := standin.New(options,
		object("User", standin.Row{"Id": seller, "FirstName": "Ada", "LastName": "Ek", "Email": "ada@x.test", "IsActive": true}),
		object("Account", standin.Row{"Id": acme, "Name": "Acme", "OwnerId": seller}),
		object("Opportunity",
			standin.Row{"Name": "One\n\"two\"", "Amount": json.Number("12345678901234567.10"), "AccountId": acme},
			standin.Row{"Name": "O'Brien", "Amount": json.Number("9.50")},
			standin.Row{"Name": "None"}),
	)
	require.NoError(t, err)
	o.serve(server)
	if options.ClientSecret != "" {
		o.login()
	}
	return o
}

func (o *org) serve(server *standin.Server) {
	listener := httptest.NewServer(server)
	o.t.Cleanup(listener.Close)
	o.Server, o.url = server, listener.URL
}

func (o *org) login() {
	o.t.Helper()
	_, body := o.post("/services/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {"secret"}})
	o.key = text(o.t, body, "access_token")
	require.NotEmpty(o.t, o.key)
}

func (o *org) post(path string, form url.Values) (int, string) {
	o.t.Helper()
	status, body, _ := o.send(http.MethodPost, path, form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	return status, body
}

func (o *org) send(method, path, body string, header http.Header) (int, string, http.Header) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(body))
	require.NoError(o.t, err)
	request.Header = header
	answer, err := http.DefaultClient.Do(request)
	require.NoError(o.t, err)
	defer func() { require.NoError(o.t, answer.Body.Close()) }()
	read, err := io.ReadAll(answer.Body)
	require.NoError(o.t, err)
	return answer.StatusCode, string(read), answer.Header
}

// call asks the data API.
func (o *org) call(method, path, body string) (int, string, http.Header) {
	o.t.Helper()
	return o.send(method, "/services/data/v64.0"+path, body, http.Header{"Authorization": {"Bearer " + o.key}})
}

func (o *org) get(path string) string {
	o.t.Helper()
	_, body, _ := o.call(http.MethodGet, path, "")
	return body
}

func (o *org) query(soql string) string { return o.get("/query?q=" + url.QueryEscape(soql)) }

func (o *org) queryAll(soql string) string { return o.get("/queryAll?q=" + url.QueryEscape(soql)) }

func (o *org) add(object string, row standin.Row) string {
	o.t.Helper()
	id, err := o.Add(object, row)
	require.NoError(o.t, err)
	return id
}

// names are the Name of each record of an answer.
func names(t *testing.T, body string) []string {
	t.Helper()
	var page struct{ Records []struct{ Name string } }
	require.NoError(t, json.Unmarshal([]byte(body), &page), body)
	found := []string{}
	for _, r := range page.Records {
		found = append(found, r.Name)
	}
	return found
}

// text is a string in an answer's object.
func text(t *testing.T, body, key string) string {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &object), body)
	value, _ := object[key].(string)
	return value
}

func TestAnswersFollowTheClock(t *testing.T) {
	o := newOrg(t)
	_, _, header := o.call(http.MethodGet, "/limits", "")
	require.Equal(t, "Fri, 02 Jan 2026 03:04:05 GMT", header.Get("Date"))
	o.clock.Advance(24 * time.Hour)
	o.login()
	_, _, header = o.call(http.MethodGet, "/limits", "")
	require.Equal(t, "Sat, 03 Jan 2026 03:04:05 GMT", header.Get("Date"))
	require.NoError(t, o.Update("Account", acme, standin.Row{"Name": "Acme Ltd"}))
	require.Contains(t, o.query("SELECT SystemModstamp FROM Account"), `"SystemModstamp":"2026-01-03T03:04:05.000+0000"`)
}

func TestVersionsAndPathsThatAreNotThere(t *testing.T) {
	o := newOrg(t)
	_, body, _ := o.send(http.MethodGet, "/services/data", "", nil)
	require.Contains(t, body, `{"label":"Summer '25","url":"/services/data/v64.0","version":"64.0"}`)
	require.Contains(t, o.get(""), `"identity":"`+o.url+"/id/")
	key := http.Header{"Authorization": {"Bearer " + o.key}}
	for path, want := range map[string]int{
		"/services/data/v99.0/limits": 404, "/services/data/v64.0/nope": 404, "/services/data/v64.0/sobjects/Nope/describe": 404,
		"/services/data/v64.0/query?q=" + strings.Repeat("x", 17_000): 414,
	} {
		status, body, _ := o.send(http.MethodGet, path, "", key)
		require.Equal(t, want, status, body)
	}
	status, body, _ := o.call(http.MethodPost, "/sobjects/Account", "{}")
	require.Equal(t, 405, status)
	require.Contains(t, body, "METHOD_NOT_ALLOWED")
}

func TestAnOrgThatCannotBe(t *testing.T) {
	now := standin.NewClock(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)).Now
	account := func(fields ...standin.Field) standin.Object { return standin.Object{Name: "A__c", Fields: fields} }
	for want, data := range map[string][]standin.Data{
		"each needs a name of its own":     {{Object: account()}, {Object: account()}},
		"field Id of A__c is there twice":  {{Object: account(standin.Field{Name: "Id", Type: "string"})}},
		`row 1 of A__c: no field "Nope"`:   {{Object: account(), Rows: []standin.Row{{"Nope": "x"}}}},
		"the value 1 (int) is no double":   {{Object: account(standin.Field{Name: "N", Type: "double"}), Rows: []standin.Row{{"N": 1}}}},
		"the value x (string) is no date":  {{Object: account(standin.Field{Name: "D", Type: "date"}), Rows: []standin.Row{{"D": "x"}}}},
		`row 2 of A__c: there is already`:  {{Object: account(), Rows: []standin.Row{{"Id": "a00000000000001"}, {"Id": "a00000000000001AAA"}}}},
		`id "a0000000000000AAAA" of a new`: {{Object: account(), Rows: []standin.Row{{"Id": "a0000000000000AAAA"}}}},
		`id "a1" of a new A__c`:            {{Object: account(), Rows: []standin.Row{{"Id": "a1"}}}},
	} {
		_, err := standin.New(standin.Options{Now: now}, data...)
		require.ErrorContains(t, err, want)
	}
}
