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

type org struct {
	*standin.Server

	t   *testing.T
	url string
	now time.Time
	key string
}

func newOrg(t *testing.T) *org {
	t.Helper()
	o := &org{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	server, err := standin.New(standin.Options{
		Now: func() time.Time { return o.now }, Username: "u@x.test", Password: "pw", ClientID: "id", ClientSecret: "secret",
	},
		standin.Data{Object: standin.Object{Name: "Account", Fields: []standin.Field{{Name: "Name", Type: "string", Length: 255}}},
			Rows: []standin.Row{{"Id": "001000000000A01", "Name": "Acme"}}},
		standin.Data{Object: standin.Object{Name: "Opportunity", Fields: []standin.Field{
			{Name: "Name", Type: "string"}, {Name: "Amount", Type: "currency", Precision: 18, Scale: 2},
			{Name: "AccountId", Type: "reference", ReferenceTo: "Account", RelationshipName: "Account"},
		}}, Rows: []standin.Row{
			{"Name": "One\n\"two\"", "Amount": json.Number("12345678901234567.10"), "AccountId": standin.LongID("001000000000A01")},
			{"Name": "O'Brien", "Amount": json.Number("9.50")},
			{"Name": "None"},
		}})
	require.NoError(t, err)
	o.Server = server
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	o.url = listener.URL
	var token struct {
		Token string `json:"access_token"`
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {"secret"}}
	answer, err := http.PostForm(o.url+"/services/oauth2/token", form)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&token))
	o.key = token.Token
	return o
}

func (o *org) call(method, path, body string) (int, string, http.Header) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), method, o.url+"/services/data/v64.0"+path, strings.NewReader(body))
	require.NoError(o.t, err)
	request.Header.Set("Authorization", "Bearer "+o.key)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(o.t, err)
	defer func() { require.NoError(o.t, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(o.t, err)
	return answer.StatusCode, string(text), answer.Header
}

func (o *org) query(soql string) string {
	_, body, _ := o.call(http.MethodGet, "/query?q="+url.QueryEscape(soql), "")
	return body
}

func TestQueries(t *testing.T) {
	o := newOrg(t)
	for soql, want := range map[string]string{
		"SELECT COUNT() FROM Opportunity":                                               `"totalSize":3`,
		"SELECT Amount FROM Opportunity WHERE Amount > 100":                             `"Amount":12345678901234567.10`,
		"SELECT Account.Name FROM Opportunity WHERE Account.Name LIKE 'ac%'":            `"Name":"Acme"`,
		`SELECT Id FROM Opportunity WHERE Name = 'O\'Brien'`:                            `"totalSize":1`,
		"SELECT Id FROM Opportunity WHERE Amount = null OR Amount IN (9.5, 1)":          `"totalSize":2`,
		"SELECT Id FROM Opportunity WHERE NOT (Amount = null) AND Name != 'x'":          `"totalSize":2`,
		"SELECT Id FROM Opportunity WHERE SystemModstamp >= 2026-01-02T04:04:05+01:00":  `"totalSize":3`,
		"SELECT Name FROM Opportunity ORDER BY Amount DESC NULLS LAST LIMIT 1 OFFSET 2": `"Name":"None"`,
		"SELECT FIELDS(ALL) FROM Account LIMIT 200":                                     `"Id":"001000000000A01`,
		"SELECT Nope FROM Account":                                                      "No such column 'Nope' on entity 'Account'",
		"SELECT Id FROM Nope":                                                           "sObject type 'Nope' is not supported",
		"SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'":          "MALFORMED_QUERY",
		"SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'":                    "should not be enclosed in quotes",
		"SELECT Id FROM Account WHERE":                                                  "MALFORMED_QUERY",
	} {
		require.Contains(t, o.query(soql), want, soql)
	}
}

func TestHiddenFieldsAndLateAndDeletedRecords(t *testing.T) {
	o := newOrg(t)
	require.NoError(t, o.HideField("Opportunity", "Amount", true))
	require.Contains(t, o.query("SELECT Amount FROM Opportunity"), "INVALID_FIELD")
	_, described, _ := o.call(http.MethodGet, "/sobjects/Opportunity/describe", "")
	require.NotContains(t, described, `"Amount"`)

	id, err := o.AddLate("Account", standin.Row{"Name": "Late"}, o.now.Add(time.Minute))
	require.NoError(t, err)
	require.Contains(t, o.query("SELECT COUNT() FROM Account"), `"totalSize":1`)
	o.now = o.now.Add(time.Minute)
	require.Contains(t, o.query("SELECT SystemModstamp FROM Account WHERE Name = 'Late'"), "2026-01-02T03:04:05.000+0000")
	require.NoError(t, o.Delete("Account", id))
	require.Contains(t, o.query("SELECT COUNT() FROM Account"), `"totalSize":1`)
	_, all, _ := o.call(http.MethodGet, "/queryAll?q=SELECT+COUNT()+FROM+Account", "")
	require.Contains(t, all, `"totalSize":2`)
	_, deleted, _ := o.call(http.MethodGet, "/sobjects/Account/deleted?start=2026-01-02T00:00:00Z&end=2026-01-03T00:00:00Z", "")
	require.Contains(t, deleted, id)
}

func TestBulkJob(t *testing.T) {
	o := newOrg(t)
	_, body, _ := o.call(http.MethodPost, "/jobs/query", `{"operation":"query","query":"SELECT Name, Amount FROM Opportunity"}`)
	var job struct{ ID, State string }
	for _, state := range []string{"UploadComplete", "InProgress", "JobComplete"} {
		require.NoError(t, json.Unmarshal([]byte(body), &job))
		require.Equal(t, state, job.State)
		_, body, _ = o.call(http.MethodGet, "/jobs/query/"+job.ID, "")
	}
	_, csv, header := o.call(http.MethodGet, "/jobs/query/"+job.ID+"/results?maxRecords=2", "")
	require.Equal(t, "\"Name\",\"Amount\"\n\"One\n\"\"two\"\"\",\"12345678901234567.10\"\n\"O'Brien\",\"9.50\"\n", csv)
	require.Equal(t, "2", header.Get("Sforce-Locator"))
	_, csv, header = o.call(http.MethodGet, "/jobs/query/"+job.ID+"/results?maxRecords=2&locator=2", "")
	require.Equal(t, "\"Name\",\"Amount\"\n\"None\",\"\"\n", csv)
	require.Equal(t, "null", header.Get("Sforce-Locator"))
}

func TestFaults(t *testing.T) {
	o := newOrg(t)
	o.Inject(standin.Fault{Kind: standin.Status, Code: 503, RetryAfter: 7, Path: "/limits", Times: 1})
	status, _, header := o.call(http.MethodGet, "/limits", "")
	require.Equal(t, 503, status)
	require.Equal(t, "7", header.Get("Retry-After"))
	status, _, header = o.call(http.MethodGet, "/limits", "")
	require.Equal(t, 200, status)
	require.Equal(t, "api-usage=1/15000", header.Get("Sforce-Limit-Info"))
	o.Inject(standin.Fault{Kind: standin.Exhaust, Path: "/limits", Times: 1})
	status, body, _ := o.call(http.MethodGet, "/limits", "")
	require.Equal(t, 403, status)
	require.Contains(t, body, "REQUEST_LIMIT_EXCEEDED")
	o.Inject(standin.Fault{Kind: standin.Expire, Path: "/limits", Times: 1})
	status, body, _ = o.call(http.MethodGet, "/limits", "")
	require.Equal(t, 401, status)
	require.Contains(t, body, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`)
}
