package standin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestFaultsOfAnswers(t *testing.T) {
	o := newOrg(t)
	o.Inject(standin.Fault{Kind: standin.Status, Code: 503, RetryAfter: 7, Path: "/limits", Times: 1})
	status, body, header := o.call(http.MethodGet, "/limits", "")
	require.Equal(t, 503, status)
	require.Contains(t, body, "SERVER_UNAVAILABLE")
	require.Equal(t, "7", header.Get("Retry-After"))
	o.Inject(standin.Fault{Kind: standin.Status, Code: 500, Error: "UNABLE_TO_LOCK_ROW", Path: "/limits", Times: 1})
	require.Contains(t, o.get("/limits"), "UNABLE_TO_LOCK_ROW")
	o.Inject(standin.Fault{Kind: standin.Status, Code: 403, Path: "/jobs", Method: http.MethodPost, Times: 1})
	require.Contains(t, o.get("/jobs/query"), `"done":true`)
	status, body, _ = o.call(http.MethodPost, "/jobs/query", "")
	require.Equal(t, 403, status)
	require.Contains(t, body, "REQUEST_LIMIT_EXCEEDED")
	o.Inject(standin.Fault{Kind: standin.Exhaust, Path: "/limits", Times: 1})
	for range 2 {
		status, body, _ = o.call(http.MethodGet, "/limits", "")
		require.Equal(t, 403, status)
		require.Contains(t, body, "REQUEST_LIMIT_EXCEEDED")
	}
	o.Inject(standin.Fault{Kind: standin.Expire, Path: "/limits", Times: 1})
	for range 2 {
		status, body, _ = o.call(http.MethodGet, "/limits", "")
		require.Equal(t, 401, status)
		require.Contains(t, body, "INVALID_SESSION_ID")
	}
	require.Equal(t, 2+1, o.Injected(standin.Status))
	require.Equal(t, 6, o.Count(http.MethodGet, "/services/data/v64.0/limits"))
	require.Equal(t, 1, o.Count(http.MethodPost, "/services/data"))
}

func TestFaultsOfPages(t *testing.T) {
	o := newOrg(t)
	for i := range 2500 {
		o.add("Lead", standin.Row{"LastName": fmt.Sprintf("%04d", i)})
	}
	const soql = "SELECT Name FROM Lead ORDER BY Name"
	page := func(path string) string {
		_, body, _ := o.send(http.MethodGet, path, "", http.Header{"Authorization": {"Bearer " + o.key}})
		return body
	}
	next := text(t, o.query(soql), "nextRecordsUrl")
	last := page(next)
	require.Len(t, names(t, last), 500)
	require.Equal(t, last, page(next), "the last page can be asked for again")

	o.Inject(standin.Fault{Kind: standin.SamePage, Path: "/query", Times: 1})
	first := o.query(soql)
	again := page(text(t, first, "nextRecordsUrl"))
	require.Equal(t, names(t, first), names(t, again))
	require.Equal(t, "2000", names(t, page(text(t, again, "nextRecordsUrl")))[0])
	o.Inject(standin.Fault{Kind: standin.Duplicate, Path: "/query", Times: 1})
	require.Len(t, names(t, o.query(soql)), 4000)
	o.Inject(standin.Fault{Kind: standin.Reorder, Path: "/query", Times: 1})
	require.Equal(t, "1999", names(t, o.query(soql))[0])
	require.Equal(t, "0000", names(t, o.query(soql))[0])
	require.Equal(t, 1, o.Injected(standin.Duplicate))
	o.Inject(standin.Fault{Kind: standin.Forget, Path: next, Times: 1})
	require.Contains(t, page(next), "INVALID_QUERY_LOCATOR")

	_, body, _ := o.send(http.MethodGet, "/services/data/v64.0/query?q=SELECT+Name+FROM+Lead", "", http.Header{
		"Authorization": {"Bearer " + o.key}, "Sforce-Query-Options": {"batchSize=250"},
	})
	require.Len(t, names(t, body), 250)
}

func TestBrokenAnswers(t *testing.T) {
	o := newOrg(t)
	job := o.job("SELECT Id FROM Opportunity", "")
	o.done(job)
	for _, path := range []string{"/query?q=SELECT+Id+FROM+Opportunity", job + "/results"} {
		o.Inject(standin.Fault{Kind: standin.Truncate, Times: 1})
		o.Inject(standin.Fault{Kind: standin.Hang, Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		for _, want := range []error{io.ErrUnexpectedEOF, context.DeadlineExceeded} {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+"/services/data/v64.0"+path, http.NoBody)
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+o.key)
			answer, err := http.DefaultClient.Do(request)
			if err == nil {
				_, err = io.ReadAll(answer.Body)
				require.NoError(t, answer.Body.Close())
			}
			require.ErrorIs(t, err, want)
		}
		cancel()
		status, _, _ := o.call(http.MethodGet, path, "")
		require.Equal(t, 200, status, "asked again, it answers whole")
	}
}

func TestAClientThatReadsSlowlyHoldsNobodyUp(t *testing.T) {
	o := newOrg(t)
	for range 2000 {
		o.add("Lead", standin.Row{"Description": strings.Repeat("x", 10_000)})
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.url+"/services/data/v64.0/query?q=SELECT+Description+FROM+Lead", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+o.key)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.Contains(t, o.get("/limits"), "DailyApiRequests", "while 20 MB wait to be read")
	read, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 2000, strings.Count(string(read), "xx\""))
}
