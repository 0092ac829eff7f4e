package standin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestFaultsOfPagesAndJobs(t *testing.T) {
	o := newOrg(t)
	for i := range 2500 {
		_, err := o.Add("Account", standin.Row{"Name": fmt.Sprint(i)})
		require.NoError(t, err)
	}
	const all = "SELECT Id FROM Account"
	require.Contains(t, o.query(all), `-2000"`)
	o.Inject(standin.Fault{Kind: standin.SamePage, Path: "/query", Times: 1})
	require.Contains(t, o.query(all), `-0"`)
	o.Inject(standin.Fault{Kind: standin.Duplicate, Path: "/query", Times: 1})
	require.Equal(t, 4000, strings.Count(o.query(all), `"Id"`))
	require.Equal(t, 2000, strings.Count(o.query(all), `"Id"`))
	require.Equal(t, 1, o.Injected(standin.Duplicate))

	_, body, _ := o.call(http.MethodPost, "/jobs/query", `{"operation":"query","query":"SELECT Id FROM Account"}`)
	id := body[strings.Index(body, `"750`)+1:][:18]
	o.Inject(standin.Fault{Kind: standin.FailJobs, Path: "/jobs/query", Times: 1})
	_, body, _ = o.call(http.MethodGet, "/jobs/query/"+id, "")
	require.Contains(t, body, `"state":"Failed"`)
}
