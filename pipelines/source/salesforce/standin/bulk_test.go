package standin_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

// job makes a bulk job of what stands in the body besides its query, and gives its path.
func (o *org) job(soql, more string) string {
	o.t.Helper()
	status, body, _ := o.call(http.MethodPost, "/jobs/query", fmt.Sprintf(`{"operation":"query","query":%q%s}`, soql, more))
	require.Equal(o.t, 200, status, body)
	require.Equal(o.t, "UploadComplete", text(o.t, body, "state"))
	return "/jobs/query/" + text(o.t, body, "id")
}

// done looks at a job until it has ended and gives what was told last.
func (o *org) done(job string) string {
	o.t.Helper()
	for range 10 {
		body := o.get(job)
		if state := text(o.t, body, "state"); state != "UploadComplete" && state != "InProgress" {
			return body
		}
	}
	o.t.Fatal("the job does not end")
	return ""
}

func TestBulkJob(t *testing.T) {
	o := newOrg(t)
	job := o.job("SELECT Name, Amount, Account.Name, SystemModstamp, IsWon FROM Opportunity", "")
	o.clock.Advance(time.Minute)
	require.Equal(t, "InProgress", text(t, o.get(job), "state"))
	status, body, _ := o.call(http.MethodGet, job+"/results", "")
	require.Equal(t, 400, status)
	require.Contains(t, body, "INVALIDJOBSTATE")
	var told map[string]any
	require.NoError(t, json.Unmarshal([]byte(o.get(job)), &told))
	id := strings.TrimPrefix(job, "/jobs/query/")
	require.Equal(t, map[string]any{
		"id": id, "operation": "query", "object": "Opportunity", "createdById": "005000000000001AAA", "createdDate": "2026-01-02T03:04:05.000+0000",
		"systemModstamp": "2026-01-02T03:05:05.000+0000", "state": "JobComplete", "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": 64.0,
		"lineEnding": "LF", "columnDelimiter": "COMMA", "jobType": "V2Query", "numberRecordsProcessed": 3.0, "retries": 0.0, "totalProcessingTime": 0.0,
	}, told)

	const header = `"Name","Amount","Account.Name","SystemModstamp","IsWon"` + "\n"
	_, body, headers := o.call(http.MethodGet, job+"/results?maxRecords=2", "")
	require.Equal(t, header+"\"One\n\"\"two\"\"\",\"12345678901234567.10\",\"Acme\",\"2026-01-02T03:04:05.000Z\",\"false\"\n"+
		"\"O'Brien\",\"9.50\",\"\",\"2026-01-02T03:04:05.000Z\",\"false\"\n", body)
	require.Equal(t, "2", headers.Get("Sforce-Numberofrecords"))
	locator := headers.Get("Sforce-Locator")
	require.NotEqual(t, "null", locator)
	_, body, headers = o.call(http.MethodGet, job+"/results?maxRecords=2&locator="+locator, "")
	require.Equal(t, header+"\"None\",\"\",\"\",\"2026-01-02T03:04:05.000Z\",\"false\"\n", body)
	require.Equal(t, []string{"1", "null"}, []string{headers.Get("Sforce-Numberofrecords"), headers.Get("Sforce-Locator")})
	for _, wrong := range []string{"locator=!", "locator=eA", "locator=OTk", "maxRecords=0", "maxRecords=x"} {
		status, body, _ := o.call(http.MethodGet, job+"/results?"+wrong, "")
		require.Equal(t, 400, status, body)
	}
}

func TestBulkCSV(t *testing.T) {
	o := newOrg(t)
	for name, mark := range map[string]string{"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"} {
		job := o.job("SELECT Name, Amount FROM Opportunity LIMIT 1", `,"columnDelimiter":"`+name+`","lineEnding":"CRLF"`)
		o.done(job)
		require.Equal(t, `"Name"`+mark+`"Amount"`+"\r\n\"One\n\"\"two\"\"\""+mark+"\"12345678901234567.10\"\r\n", o.get(job+"/results"))
	}
	for _, wrong := range []string{
		`{"operation":"insert","query":"SELECT Id FROM Lead"}`, `{"operation":"query","query":"SELECT Id FROM Lead","contentType":"JSON"}`,
		`{"operation":"query","query":"SELECT Id FROM Lead","columnDelimiter":"X"}`, `{"operation":"query","query":"SELECT Id FROM Lead","lineEnding":"CR"}`, `[]`,
	} {
		status, body, _ := o.call(http.MethodPost, "/jobs/query", wrong)
		require.Equal(t, 400, status, body)
	}
}

func TestQueriesThatBulkRefuses(t *testing.T) {
	o := newOrg(t)
	for soql, want := range map[string]string{
		"SELECT COUNT() FROM Account":                            "Aggregate Relationships not supported in Bulk Query",
		"SELECT COUNT(Id) FROM Account":                          "the function COUNT() not supported in Bulk Query",
		"SELECT Name FROM Account GROUP BY Name":                 "GROUP not supported in Bulk Query",
		"SELECT Id FROM Account LIMIT 5 OFFSET 5":                "OFFSET not supported in Bulk Query",
		"SELECT TYPEOF Who WHEN Lead THEN Company END FROM Task": "TYPEOF not supported in Bulk Query",
		"SELECT (SELECT Id FROM Contacts) FROM Account":          "a subquery over child records not supported in Bulk Query",
		"SELECT FIELDS(STANDARD) FROM Opportunity":               "FIELDS() without a LIMIT",
		"SELECT FIELDS(ALL) FROM Opportunity LIMIT 201":          "FIELDS() without a LIMIT",
		"SELECT Id, BillingAddress FROM Account":                 "Selecting compound data not supported in Bulk Query",
		"SELECT Nope FROM Account":                               "INVALID_FIELD",
		"SELECT Id FROM Nope":                                    "INVALID_TYPE",
		"SELECT":                                                 "MALFORMED_QUERY",
	} {
		status, body, _ := o.call(http.MethodPost, "/jobs/query", fmt.Sprintf(`{"operation":"query","query":%q}`, soql))
		require.Equal(t, 400, status)
		require.Contains(t, body, want, soql)
	}
	o.job("SELECT FIELDS(ALL) FROM Opportunity LIMIT 200", "")
	server, err := standin.New(standin.Options{Now: o.clock.Now, Standard: true, ClientID: "id", ClientSecret: "secret"}, standin.Data{Object: standin.Object{Name: "CurrencyType", NoBulk: true}})
	require.NoError(t, err)
	o.serve(server)
	o.login()
	status, body, _ := o.call(http.MethodPost, "/jobs/query", `{"operation":"query","query":"SELECT Id FROM CurrencyType"}`)
	require.Equal(t, 400, status)
	require.JSONEq(t, `[{"errorCode":"INVALIDENTITY","message":"Entity 'CurrencyType' is not supported by the Bulk API."}]`, body)
}

func TestJobsAreListedAbortedDeletedAndCounted(t *testing.T) {
	o := newOrg(t, func(options *standin.Options) { options.DailyJobs, options.JobLooks = 2, 5 })
	job := o.job("SELECT Id FROM Account", "")
	require.Contains(t, o.get("/limits"), `"DailyBulkV2QueryJobs":{"Max":2,"Remaining":1}`)
	patch := func(body string) (int, string) {
		status, answer, _ := o.call(http.MethodPatch, job, body)
		return status, answer
	}
	for _, wrong := range []string{`{"state":"JobComplete"}`, `{}`, `x`} {
		status, _ := patch(wrong)
		require.Equal(t, 400, status)
	}
	status, _, _ := o.call(http.MethodDelete, job, "")
	require.Equal(t, 400, status, "it has not ended")
	status, body := patch(`{"state":"Aborted"}`)
	require.Equal(t, 200, status)
	require.Equal(t, "Aborted", text(t, body, "state"))
	status, body = patch(`{"state":"Aborted"}`)
	require.Equal(t, 400, status)
	require.Contains(t, body, "INVALIDJOBSTATE")
	require.Equal(t, "Aborted", text(t, o.get(job), "state"))
	require.Contains(t, o.get(job+"/results"), "INVALIDJOBSTATE")
	require.Contains(t, o.get("/jobs/query?jobType=V2Query"), strings.TrimPrefix(job, "/jobs/query/"))
	require.NotContains(t, o.get("/jobs/query?jobType=Classic"), "750")
	status, _, _ = o.call(http.MethodDelete, job, "")
	require.Equal(t, 204, status)
	status, _, _ = o.call(http.MethodGet, job, "")
	require.Equal(t, 404, status)
	o.job("SELECT Id FROM Account", "")
	status, body, _ = o.call(http.MethodPost, "/jobs/query", `{"operation":"query","query":"SELECT Id FROM Account"}`)
	require.Equal(t, 400, status)
	require.Contains(t, body, "LIMIT_EXCEEDED")
	o.clock.Advance(24 * time.Hour)
	o.login()
	o.job("SELECT Id FROM Account", "")
}

func TestBulkQueryAllSeesDeletedRecords(t *testing.T) {
	o := newOrg(t)
	require.NoError(t, o.Delete("Account", acme))
	for operation, want := range map[string]string{"query": "\"Name\"\n", "queryAll": "\"Name\"\n\"Acme\"\n"} {
		_, body, _ := o.call(http.MethodPost, "/jobs/query", `{"operation":"`+operation+`","query":"SELECT Name FROM Account"}`)
		job := "/jobs/query/" + text(t, body, "id")
		o.done(job)
		require.Equal(t, want, o.get(job+"/results"))
	}
}

// pages reads a job's results, two rows at a time, until the locator says null or has been seen.
func (o *org) pages(job string) (found []string, turned bool) {
	o.t.Helper()
	seen := map[string]bool{}
	for locator := ""; locator != "null"; {
		_, body, header := o.call(http.MethodGet, job+"/results?maxRecords=2&locator="+url.QueryEscape(locator), "")
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		require.NoError(o.t, err)
		for _, row := range rows[1:] {
			found = append(found, row[0])
		}
		if seen[locator] {
			return found, true
		}
		seen[locator] = true
		locator = header.Get("Sforce-Locator")
	}
	return found, false
}

func TestFaultsOfBulkJobs(t *testing.T) {
	o := newOrg(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		o.add("Lead", standin.Row{"Name": name})
	}
	job := o.job("SELECT Name FROM Lead ORDER BY Name", "")
	o.Inject(standin.Fault{Kind: standin.Status, Code: 503, Path: job, Times: 1})
	status, body, _ := o.call(http.MethodGet, job, "")
	require.Equal(t, 503, status)
	require.Contains(t, body, "SERVER_UNAVAILABLE")
	o.done(job)
	for kind, want := range map[string]string{standin.Duplicate: "a b a b c d e", standin.Reorder: "b a c d e"} {
		o.Inject(standin.Fault{Kind: kind, Path: "/results", Times: 1})
		found, turned := o.pages(job)
		require.Equal(t, want, strings.Join(found, " "))
		require.False(t, turned)
	}
	o.Inject(standin.Fault{Kind: standin.SamePage, Path: "/results", After: 1, Times: 1})
	found, turned := o.pages(job)
	require.Equal(t, "a b c d c d", strings.Join(found, " "))
	require.True(t, turned)
	found, _ = o.pages(job)
	require.Equal(t, "a b c d e", strings.Join(found, " "))

	job = o.job("SELECT Id FROM Lead", "")
	o.Inject(standin.Fault{Kind: standin.FailJobs, Path: "/jobs/query", Times: 1})
	body = o.done(job)
	require.Equal(t, "Failed", text(t, body, "state"))
	require.NotEmpty(t, text(t, body, "errorMessage"))
}
