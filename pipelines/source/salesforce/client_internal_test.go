package salesforce

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// TestMeanings reads refusals as Salesforce writes them.
func TestMeanings(t *testing.T) {
	t.Parallel()
	for body, kinds := range map[string][]error{
		`[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]`:                                       {source.ErrCredentials},
		`{"error":"invalid_grant","error_description":"authentication failure"}`:                                            {source.ErrCredentials},
		`[{"errorCode":"API_DISABLED_FOR_ORG","message":"API is not enabled for this Organization or Partner"}]`:            {source.ErrPermission},
		`[{"errorCode":"INVALID_TYPE","message":"sObject type 'Lead' is not supported."}]`:                                  {source.ErrConfig, source.ErrPermission},
		`[{"errorCode":"INVALID_FIELD","message":"No such column 'Amount' on entity 'Lead'."}]`:                             {source.ErrConfig},
		`[{"errorCode":"QUERY_TIMEOUT","message":"Your query request was running for too long."}]`:                          {source.ErrTransient},
		`[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`:                                {source.ErrTransient},
		`[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded."}]`: {source.ErrTransient},
		`[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentPerOrgLongTxn Limit exceeded."}]`:                      {source.ErrTransient},
	} {
		err := explain(web.Refusal{Status: 400, Body: []byte(body)})
		for _, kind := range kinds {
			require.ErrorIs(t, err, kind, body)
		}
	}
	// The day's calls do not come back in minutes; a place among those that ask at the same time does.
	var later *source.Later
	require.ErrorAs(t, explain(web.Refusal{Body: []byte(`[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`)}), &later)
	require.Equal(t, 24*time.Hour, later.After)
	require.False(t, errors.As(explain(web.Refusal{Body: []byte(`[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentRequests Limit exceeded."}]`)}), &later))
	require.NoError(t, explain(web.Refusal{Status: 502, Body: []byte("<html>")}), "what stands before Salesforce answers otherwise: the status says what it is")
}
