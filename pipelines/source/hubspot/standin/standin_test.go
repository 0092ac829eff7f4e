package standin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// account is a sample vendor whose clock a test moves.
type account struct {
	*standin.Server

	t    *testing.T
	url  string
	now  time.Time
	http *http.Client
}

const token = "pat-na1-test"

func open(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, now: start.AddDate(0, 0, 20), http: &http.Client{}}
	server, err := standin.New(standin.Sample(start), standin.Options{
		Clock:  func() time.Time { return a.now },
		Tokens: []standin.Token{{Key: token, Scopes: standin.AllScopes(), AppID: 7}},
	})
	require.NoError(t, err)
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	a.Server, a.url = server, listening.URL
	return a
}

// reply is an answer that a test looks into.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	text   string
	body   any // the text as JSON
	err    error
}

func (a *account) get(path string) reply { return a.ask(http.MethodGet, path, "", token) }

func (a *account) post(path, body string) reply { return a.ask(http.MethodPost, path, body, token) }

func (a *account) ask(method, path, body, token string) reply {
	a.t.Helper()
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	require.NoError(a.t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return reply{t: a.t, err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	r := reply{t: a.t, status: response.StatusCode, header: response.Header, text: string(text), err: err}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") && err == nil {
		decoder := json.NewDecoder(strings.NewReader(r.text))
		decoder.UseNumber()
		require.NoError(a.t, decoder.Decode(&r.body), r.text)
	}
	return r
}

// at is what stands at a path such as results.0.properties.amount; JSON null is "null", nothing there is "-".
func (r reply) at(path string) string {
	r.t.Helper()
	require.NoError(r.t, r.err)
	value := r.body
	for step := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			inside, there := v[step]
			if !there {
				return "-"
			}
			value = inside
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return "-"
			}
			value = v[i]
		default:
			return "-"
		}
	}
	if text, is := value.(string); is {
		return text
	}
	text, err := json.Marshal(value)
	require.NoError(r.t, err)
	return string(text)
}

// all are a field of every result, in order: all("id").
func (r reply) all(path string) string { return strings.Join(r.list(path), " ") }

func (r reply) list(path string) []string {
	r.t.Helper()
	var values []string
	for i := 0; ; i++ {
		value := r.at("results." + strconv.Itoa(i) + "." + path)
		if value == "-" && r.at("results."+strconv.Itoa(i)) == "-" {
			return values
		}
		values = append(values, value)
	}
}

func TestAnAccountThatCannotBe(t *testing.T) {
	for want, data := range map[string]standin.Data{
		`contact 1: Property "x" does not exist`: {Records: map[string][]standin.Record{"contacts": {{ID: "1", Values: map[string]any{"x": "1"}}}}},
		`there is no object type "cars"`:         {Properties: map[string][]standin.Property{"cars": {{Name: "x"}}}},
		`there is no object type "boats"`:        {Pipelines: map[string][]standin.Pipeline{"boats": {{ID: "1"}}}},
		`contacts have a property "email"`:       {Properties: map[string][]standin.Property{"contacts": {{Name: "email"}}}},
		`program have a property "x" already`:    {Schemas: []standin.Schema{{ID: "2-1", Name: "program", Properties: []standin.Property{{Name: "x"}, {Name: "x"}}}}},
		`there is no deal 7 to associate`:        {Associations: []standin.Association{{FromType: "deals", FromID: "7", ToType: "deals", ToID: "7"}}},
	} {
		_, err := standin.New(data, standin.Options{})
		require.ErrorContains(t, err, want)
	}
}

func TestAToken(t *testing.T) {
	a := open(t)
	t.Run("none or a wrong one is a 401", func(t *testing.T) {
		for _, wrong := range []string{"", "pat-na1-other"} {
			r := a.ask(http.MethodGet, "/crm/v3/objects/contacts", "", wrong)
			require.Equal(t, http.StatusUnauthorized, r.status)
			require.Equal(t, "error INVALID_AUTHENTICATION", r.at("status")+" "+r.at("category"))
			require.Contains(t, r.at("message"), "Authentication credentials not found.")
			require.Equal(t, r.header.Get("X-Hubspot-Correlation-Id"), r.at("correlationId"))
		}
	})
	t.Run("without the scope it is a 403 that names what is missing", func(t *testing.T) {
		a.Grant(standin.Token{Key: "pat-narrow", Scopes: []string{"crm.objects.contacts.read"}})
		require.Equal(t, http.StatusOK, a.ask(http.MethodGet, "/crm/v3/objects/notes", "", "pat-narrow").status, "activities go with contacts")
		r := a.ask(http.MethodGet, "/crm/v3/objects/deals", "", "pat-narrow")
		require.Equal(t, http.StatusForbidden, r.status)
		require.Equal(t, "MISSING_SCOPES", r.at("category"))
		require.JSONEq(t, `{"requiredGranularScopes": ["crm.objects.deals.read"]}`, r.at("errors.0.context"))
		for _, path := range []string{
			"/crm/v3/owners/", "/crm/v3/schemas", "/crm/v3/properties/deals", "/crm/v3/pipelines/deals", "/crm/v3/objects/contacts?associations=deals",
			"/crm/v4/objects/contacts/201/associations/deals", "/crm/v3/objects/partner_program",
		} {
			require.Equal(t, http.StatusForbidden, a.ask(http.MethodGet, path, "", "pat-narrow").status, path)
		}
	})
	t.Run("it can be asked about, and revoked", func(t *testing.T) {
		r := a.ask(http.MethodPost, "/oauth/v2/private-apps/get/access-token-info", `{"tokenKey": "pat-narrow"}`, "")
		require.Equal(t, `20000001 ["crm.objects.contacts.read"]`, r.at("hubId")+" "+r.at("scopes"))
		require.Equal(t, `["crm.objects.contacts.read"]`, a.ask(http.MethodGet, "/oauth/v1/access-tokens/pat-narrow", "", "").at("scopes"))
		a.Revoke("pat-narrow")
		require.Equal(t, http.StatusUnauthorized, a.ask(http.MethodGet, "/crm/v3/objects/notes", "", "pat-narrow").status)
		require.Equal(t, http.StatusUnauthorized, a.ask(http.MethodPost, "/oauth/v2/private-apps/get/access-token-info", `{"tokenKey": "pat-narrow"}`, "").status)
		require.Equal(t, "20000001", a.get("/account-info/v3/details").at("portalId"))
	})
}

func TestPathsThatAreNot(t *testing.T) {
	a := open(t)
	for path, status := range map[string]int{"/crm/v3/nothing": http.StatusNotFound, "/crm/v3/objects/widgets": http.StatusBadRequest} {
		r := a.get(path)
		require.Equal(t, status, r.status, path)
		require.Equal(t, "error", r.at("status"), path)
	}
	require.Equal(t, "Unable to infer object type from: widgets", a.get("/crm/v3/objects/widgets").at("message"))
	require.Equal(t, http.StatusMethodNotAllowed, a.ask(http.MethodDelete, "/crm/v3/objects/deals/301", "", token).status, "nothing can be written")
	long := a.get("/crm/v3/objects/deals?properties=" + strings.Repeat("partner_id,", 2000))
	require.Equal(t, http.StatusRequestURITooLong, long.status, "many properties belong into a batch read")
	require.Equal(t, 3, a.Count(http.MethodGet, "/crm/v3/objects/"))
}

func TestLimits(t *testing.T) {
	a := open(t)
	a.SetLimits(standin.Limits{TenSeconds: 3, Daily: 8, SearchesPerSecond: 2})
	left := func(r reply) string {
		return r.header.Get("X-Hubspot-Ratelimit-Remaining") + " " + r.header.Get("X-Hubspot-Ratelimit-Daily-Remaining")
	}
	r := a.get("/crm/v3/owners/")
	require.Equal(t, "3 10000 8", r.header.Get("X-Hubspot-Ratelimit-Max")+" "+r.header.Get("X-Hubspot-Ratelimit-Interval-Milliseconds")+" "+r.header.Get("X-Hubspot-Ratelimit-Daily"))
	require.Equal(t, "2 7", left(r))
	a.now = a.now.Add(6 * time.Second)
	require.Equal(t, "1 6", left(a.get("/crm/v3/owners/")))
	require.Equal(t, "0 5", left(a.get("/crm/v3/owners/")))

	r = a.get("/crm/v3/owners/")
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Equal(t, "You have reached your ten_secondly_rolling limit. RATE_LIMIT TEN_SECONDLY_ROLLING", r.at("message")+" "+r.at("errorType")+" "+r.at("policyName"))
	a.now = a.now.Add(4 * time.Second)
	require.Equal(t, "0 4", left(a.get("/crm/v3/owners/")), "the first is ten seconds ago: one more fits")

	search := func() reply { return a.post("/crm/v3/objects/deals/search", `{}`) }
	require.Empty(t, search().header.Get("X-Hubspot-Ratelimit-Max"), "search tells no limits")
	require.Equal(t, http.StatusOK, search().status)
	r = search()
	require.Equal(t, "You have reached your secondly limit. SECONDLY", r.at("message")+" "+r.at("policyName"))
	a.now = a.now.Add(time.Second)
	require.Equal(t, http.StatusOK, search().status)

	a.now = a.now.Add(time.Minute)
	require.Equal(t, "2 0", left(a.get("/crm/v3/owners/")))
	require.Equal(t, "DAILY", a.get("/crm/v3/owners/").at("policyName"))
	require.Equal(t, "DAILY", search().at("policyName"))
	a.now = a.now.AddDate(0, 0, 1)
	require.Equal(t, "2 7", left(a.get("/crm/v3/owners/")), "a new day")
}
