package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/conformance"
	"github.com/tributary-data/tributary/pipelines/source/rest"
	"github.com/tributary-data/tributary/pipelines/source/rest/standin"
	"github.com/tributary-data/tributary/schemas/diag"
)

// ticking is a clock that goes on a little more than a second with every change, so that milliseconds count.
type ticking struct {
	mu  sync.Mutex
	now time.Time
}

func (c *ticking) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *ticking) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(1251 * time.Millisecond)
}

// stage is a PartnerStack of the test's own, behind a front that wants tokens of OAuth 2, so that these can run out.
type stage struct {
	*standin.Server
	t       testing.TB
	clock   *ticking
	url     string
	timeout string
	extra   map[string]any // fields that every record has

	mu      sync.Mutex
	secret  string // of the client, as the server knows it
	valid   string // token
	issued  int
	longest time.Duration // that the connector waited
}

const list = "deals"

func newStage(t testing.TB) *stage {
	s := &stage{t: t, clock: &ticking{now: time.Date(2026, 3, 2, 10, 0, 0, 4_000_000, time.UTC)}, timeout: "60s", extra: map[string]any{"extra": "x"}, secret: "client secret"}
	s.Server = standin.New("public", "private", s.clock.Now)
	server := httptest.NewServer(http.HandlerFunc(s.front))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// front gives tokens to who has the client's secret, and lets requests with the last one in.
func (s *stage) front(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/token" {
		if id, password, _ := r.BasicAuth(); id != "client" || password != strings.ReplaceAll(s.secret, " ", "+") {
			http.Error(w, `{"error": "invalid_client", "error_description": "client secret is wrong"}`, http.StatusUnauthorized)
			return
		}
		s.issued++
		s.valid = fmt.Sprint("token-", s.issued)
		_, _ = fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer"}`, s.valid)
		return
	}
	if r.Header.Get("Authorization") == "Bearer "+s.valid {
		r.SetBasicAuth("public", "private")
	}
	s.mu.Unlock() // it may hang
	s.ServeHTTP(w, r)
	s.mu.Lock()
}

// connect reads settings as tributary.yaml has them and connects.
func connect(t testing.TB, yaml string, env source.Environment) source.Connector {
	t.Helper()
	var problems diag.List
	var settings rest.Settings
	d := diag.NewDecoder("tributary.yaml", &problems)
	d.Read([]byte(yaml), &settings)
	settings.SetDefaults()
	settings.CheckShared(&problems)
	settings.Check(&problems)
	require.NoError(t, problems.Err())
	if env.Secrets.Env == nil {
		env.Secrets = secret.Finder{Dir: ".", Env: func(name string) (string, bool) { return strings.ToLower(strings.ReplaceAll(name, "_", " ")), true }}
	}
	c, err := settings.Connect(context.Background(), env)
	require.NoError(t, err)
	return c
}

func (s *stage) connect(t testing.TB) source.Connector {
	return connect(t, fmt.Sprintf(`
url: %[1]s/api/v2
timeout: %[2]s
auth: {oauth2: {token_url: %[1]s/token, client_id: "${CLIENT}", client_secret: "${CLIENT_SECRET}"}}
records: data.items
pagination: {cursor: {param: starting_after, last: key, more: data.has_more, size_param: limit, size: %[3]d}}
streams:
  deals:
    key: key
    cursor: updated_at
    schema: {key: string, name: string, amount: integer, created_at: integer, updated_at: integer}
    incremental:
      from: {param: min_updated, format: unix_ms}
      to: {param: max_updated, format: unix_ms}
`, s.url, s.timeout, page), source.Environment{Tools: source.Tools{Wait: s.waited, Random: func() float64 { return 0 }}})
}

func (s *stage) waited(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.longest = max(s.longest, d)
	return ctx.Err()
}

func (s *stage) put(id, name string, at time.Time) {
	record := standin.Record{"key": id, "name": name, "amount": len(name) * 100, "updated_at": at.UnixMilli()}
	for field, value := range s.extra {
		record[field] = value
	}
	s.Put(list, record)
	s.clock.tick()
}

const page = 3

func start(t testing.TB) conformance.Harness {
	s := newStage(t)
	return conformance.Harness{
		Connect: s.connect, Stream: source.Stream{Name: "deals", Key: []string{"key"}, Cursor: "updated_at"}, Overlap: 10 * time.Minute, Page: page,
		Now:     func(testing.TB) time.Time { return s.clock.Now().Truncate(time.Second) }, // as the Date of an answer says it
		Put:     func(_ testing.TB, id, name string) { s.put(id, name, s.clock.Now()) },
		PutLate: func(_ testing.TB, id, name string) { s.put(id, name, s.clock.Now().Add(-5*time.Minute)) },
		Delete:  func(_ testing.TB, id string) { s.Delete(list, id) },
		AddField: func(testing.TB) {
			s.extra["stage"] = map[string]any{"name": "open"}
			s.Change(list, func(r standin.Record) { r["stage"] = s.extra["stage"] })
		},
		DropField: func(testing.TB) string {
			delete(s.extra, "extra")
			s.Change(list, func(r standin.Record) { delete(r, "extra") })
			return "extra"
		},
		Cursor: func(t testing.TB, id string) time.Time {
			for _, r := range s.Records(list) {
				if r["key"] == id {
					return time.UnixMilli(r["updated_at"].(int64)).UTC()
				}
			}
			require.Fail(t, "no record "+id)
			return time.Time{}
		},
		Truth:  func(testing.TB) conformance.Records { return s.truth() },
		Faults: s.faults(),
	}
}

// truth is the records that live, each value as it should land.
func (s *stage) truth() conformance.Records {
	out := conformance.Records{}
	for _, r := range s.Records(list) {
		record := map[string]string{}
		for field, value := range r {
			record[field] = fmt.Sprint(value)
			if field == "stage" {
				record[field] = `{"name":"open"}`
			}
		}
		out[record["key"]] = record
	}
	return out
}

// fault injects a fault of the server, and sees afterwards that it hit.
func (s *stage) fault(f standin.Fault) conformance.Injection {
	var hits func() int
	return conformance.Injection{
		Inject: func(testing.TB) func() {
			var remove func()
			remove, hits = s.Inject(f)
			return remove
		},
		Seen: func(t testing.TB) { require.Positive(t, hits(), "it did happen") },
	}
}

func (s *stage) faults() map[conformance.Fault]conformance.Injection {
	later := 7 * time.Second
	tooMany := s.fault(standin.Fault{Harm: standin.Refuse, Status: 429, Message: "slow down", RetryAfter: later, Later: true, Times: 1})
	seen := tooMany.Seen
	tooMany.Seen = func(t testing.TB) {
		seen(t)
		require.Equal(t, later, s.longest, "it waited as long as it was told")
	}
	hang := s.fault(standin.Fault{Harm: standin.Hang, Later: true, Times: 1})
	inject := hang.Inject
	hang.Inject = func(t testing.TB) func() {
		s.timeout = "1s"
		return inject(t)
	}
	denied := s.fault(standin.Fault{Harm: standin.Refuse, Status: 403, Message: "deals are not part of this plan", List: list})
	denied.Finds = func(t testing.TB, findings []source.Finding) {
		last := findings[len(findings)-1]
		require.False(t, last.OK)
		require.Contains(t, last.Detail, "deals are not part of this plan")
		require.Contains(t, last.Mend, s.url+"/api/v2/deals")
	}
	var issued int
	return map[conformance.Fault]conformance.Injection{
		conformance.TooManyRequests: tooMany,
		conformance.ServerError:     s.fault(standin.Fault{Harm: standin.Refuse, Status: 503, Message: "busy", Later: true, Times: 1}),
		conformance.Timeout:         hang,
		conformance.Truncated:       s.fault(standin.Fault{Harm: standin.Cut, Later: true, Times: 1}),
		conformance.ExpiredToken: {
			Inject: func(testing.TB) func() {
				remove, _ := s.Inject(standin.Fault{Harm: standin.Refuse, Status: 401, Message: "the token has run out", Later: true, Times: 1})
				issued = s.issued
				return remove
			},
			Seen: func(t testing.TB) {
				require.Equal(t, issued+2, s.issued, "one token at first, one more when it had run out")
			},
		},
		conformance.DuplicatePage: s.fault(standin.Fault{Harm: standin.SamePage, Later: true, Times: 1}),
		conformance.ReorderedPages: {Inject: func(testing.TB) func() {
			s.Backwards(true)
			return func() { s.Backwards(false) }
		}},
		conformance.WrongCredentials: {
			Inject: func(testing.TB) func() {
				s.secret = "another"
				return func() { s.secret = "client secret" }
			},
			Finds: func(t testing.TB, findings []source.Finding) {
				require.Len(t, findings, 1)
				require.Equal(t, "login", findings[0].Subject)
				require.Contains(t, findings[0].Detail, "[secret] is wrong")
				require.NotContains(t, fmt.Sprint(findings), "client secret")
			},
		},
		conformance.MissingPermission: denied,
		conformance.SamePage:          s.fault(standin.Fault{Harm: standin.SamePage}),
		conformance.BreaksOff:         s.fault(standin.Fault{Harm: standin.Refuse, Status: 502, Later: true}),
	}
}

func TestConformance(t *testing.T) {
	conformance.Run(t, start)
}

func TestKills(t *testing.T) {
	conformance.Kills(t, start(t), 100, 5)
}
