package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/rest"
	"github.com/tributary-data/tributary/schemas/diag"
)

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	var problems diag.List
	var settings rest.Settings
	diag.NewDecoder("tributary.yaml", &problems).Read([]byte(`url: api.example.com?key=1
auth: {basic: {username: open}, bearer: {token: "${T}"}}
headers: {authorization: Bearer abc}
pagination: {cursor: {param: after}, link: {}}
streams:
  a: {incremental: {from: {param: since, format: unixms}}}
  b: {filter: x > 1, object: "https://b.example.com/list"}
  c: {schema: {id: text}}
  d: {pagination: {page: {param: p, size: 10}}}
  e: {pagination: {}}
  f: {pagination: {cursor: {param: after}}}
  g: {pagination: some}
`), &settings)
	settings.SetDefaults()
	settings.Check(&problems)
	text := problems.Err().Error()
	for _, want := range []string{
		"tributary.yaml:1: url is no address of a service",
		"tributary.yaml:2: a secret must not stand in this file",
		"tributary.yaml:2: auth must be one way to log in, not 2",
		"tributary.yaml:3: a secret must not stand in this file",
		"tributary.yaml:4: pagination must be one way, not 2",
		"tributary.yaml:6: incremental needs a cursor",
		`tributary.yaml:6: format cannot be "unixms" (did you mean unix_ms?)`,
		"tributary.yaml:7: a service has no language to filter in: write params",
		`tributary.yaml:7: object cannot be "https://b.example.com/list"`,
		`tributary.yaml:8: type "text" of field id`,
		"tributary.yaml:9: size_param and size go together",
		"tributary.yaml:10: pagination must be one way, not 0",
		"tributary.yaml:11: cursor needs one of from and last",
		`tributary.yaml:12: pagination cannot be "some"`,
	} {
		require.Contains(t, text, want)
	}
	require.Len(t, strings.Split(text, "\n"), 15, text) // and that of line 4: its cursor has neither from nor last
}

func TestWhatIsMissingWhenItConnects(t *testing.T) {
	t.Parallel()
	var problems diag.List
	var settings rest.Settings
	diag.NewDecoder("tributary.yaml", &problems).Read([]byte(`url: ${WHERE}
auth: {header: {name: X-Key, value: "${KEY}"}}
streams: {deals: {schema: deals.json}, leads: {schema: leads.json}}
`), &settings)
	settings.SetDefaults()
	settings.Check(&problems)
	require.NoError(t, problems.Err())
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "leads.json"), []byte(`{"type": "object"}`), 0o600))
	unset := func(string) (string, bool) { return "", false }
	_, err := settings.Connect(t.Context(), source.Environment{Secrets: secret.Finder{Dir: dir, Env: unset}})
	require.ErrorContains(t, err, "tributary.yaml:1: the environment variable WHERE is not set")
	require.ErrorContains(t, err, "tributary.yaml:2: the environment variable KEY is not set")
	require.ErrorContains(t, err, "tributary.yaml:3: the schema cannot be read: open")
	require.ErrorContains(t, err, "it has no properties")
}

func TestSchemaOfAFile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "deals.json"), []byte(`{"properties": {
  "name": {"type": ["null", "string"]}, "id": {"type": "integer"}, "tags": {"type": ["null", "array"]}, "mixed": {"type": ["string", "integer"]}, "free": {}}}`), 0o600))
	env := source.Environment{Secrets: secret.Finder{Dir: dir}}
	c := connect(t, "url: "+s.URL+"\nrecords: list\nstreams: {deals: {schema: deals.json}}", withEnv(env))
	d, err := c.Describe(t.Context(), source.Stream{Name: "deals"})
	require.NoError(t, err)
	require.Equal(t, []source.Field{
		{Name: "name", Type: "string", Kind: source.Text}, {Name: "id", Type: "integer", Kind: source.Number}, {Name: "tags", Type: "array", Kind: source.JSON},
		{Name: "mixed", Type: "string or integer", Kind: source.Other}, {Name: "free", Type: "any", Kind: source.Other},
		{Name: "day", Type: "string", Kind: source.Text},
	}, d.Fields)
}

func withEnv(env source.Environment) source.Environment {
	env.Secrets.Env = func(name string) (string, bool) { return name, true }
	return env
}

// TestParamsBelongToWhatIsAskedFor: another parameter is another list, which is read from the beginning.
func TestParamsBelongToWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	var problems diag.List
	var settings rest.Settings
	diag.NewDecoder("tributary.yaml", &problems).Read([]byte("url: https://a.example.com\nstreams: {deals: {params: {b: 2, a: x y}}}\n"), &settings)
	require.NoError(t, problems.Err())
	require.Equal(t, "a=x+y&b=2", settings.Listed()[0].Stream().Filter)
}

// TestTokensOfServersThatWantTheSecretInTheBody tries the header first, as every server must take it, and then the body.
func TestTokensOfServersThatWantTheSecretInTheBody(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.allow = func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer t1" }
	answer := `{"access_token": "t1"}`
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_id") != "ID" || r.PostFormValue("client_secret") != "SECRET" || r.PostFormValue("scope") != "read" || r.PostFormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprint(w, answer)
	}))
	t.Cleanup(tokens.Close)
	settings := `
records: list
streams: {deals: {key: id}}
auth: {oauth2: {token_url: "%s", client_id: "${ID}", client_secret: "${%s}", scope: read}}`
	stream := source.Stream{Name: "deals"}
	_, err := connect(t, "url: "+s.URL+fmt.Sprintf(settings, tokens.URL, "SECRET"), withEnv(source.Environment{})).Describe(t.Context(), stream)
	require.NoError(t, err)
	_, err = connect(t, "url: "+s.URL+fmt.Sprintf(settings, tokens.URL, "WRONG"), withEnv(source.Environment{})).Describe(t.Context(), stream)
	require.ErrorIs(t, err, source.ErrCredentials)
	answer = `{"token": "t1-under-another-name"}`
	_, err = connect(t, "url: "+s.URL+fmt.Sprintf(settings, tokens.URL, "SECRET"), withEnv(source.Environment{})).Describe(t.Context(), stream)
	require.ErrorContains(t, err, "the answer has no access_token")
	require.NotContains(t, err.Error(), "t1")
}
