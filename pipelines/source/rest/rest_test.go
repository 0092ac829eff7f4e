package rest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
)

// service is a small API that pages in every way over seven records, at most three to a page whatever is asked for.
type service struct {
	*httptest.Server

	mu       sync.Mutex
	requests []*http.Request
	allow    func(*http.Request) bool
}

const records = 7

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{allow: func(*http.Request) bool { return true }}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Clone(context.Background()))
	if s.allow == nil {
		_, _ = fmt.Fprint(w, "sent: ", r.Header["Authorization"], r.Header["X-Api-Key"], r.URL)
		return
	}
	if !s.allow(r) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error": {"sent": %q}}`, fmt.Sprint(r.Header, r.URL)) // as careless servers do
		return
	}
	number := func(name string) int {
		n, err := strconv.Atoi(r.URL.Query().Get(name))
		if err != nil {
			n = 0
		}
		return n
	}
	from, answer := 0, map[string]any{}
	switch r.URL.Path {
	case "/page":
		from = 3 * (number("p") - 1)
	case "/offset":
		from = number("skip")
	default:
		from = number("from")
	}
	to := min(from+3, records)
	list := []map[string]any{}
	for i := from; i < to; i++ {
		list = append(list, map[string]any{"id": i + 1, "day": fmt.Sprintf("2026-03-%02d", i+1)})
	}
	answer["list"], answer["more"] = list, to < records
	if to < records {
		answer["mark"] = strconv.Itoa(to)
		answer["links"] = map[string]any{"next": fmt.Sprintf("%s?from=%d", r.URL.Path, to)}
		if r.URL.Path == "/elsewhere" {
			answer["links"] = map[string]any{"next": "https://elsewhere.example.com/list?from=3"}
		}
		w.Header().Set("Link", fmt.Sprintf(`<%s/first>; rel="first", <%s%s?from=%d>; title="a, b"; rel="next last"`, s.URL, s.URL, r.URL.Path, to))
	}
	if r.URL.Path == "/moved" {
		http.Redirect(w, r, "http://elsewhere.example.com/list", http.StatusFound)
		return
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err) // our own values
	}
}

// queries are those of the requests so far.
func (s *service) queries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.requests {
		out = append(out, r.URL.RawQuery)
	}
	return out
}

func (s *service) connect(t *testing.T, settings string) source.Connector {
	t.Helper()
	tools := source.Tools{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	return connect(t, fmt.Sprintf("url: %s\nrecords: list\n%s", s.URL, settings), source.Environment{Tools: tools})
}

// keysOf reads a stream and gives the first field of its rows.
func keysOf(t *testing.T, c source.Connector, r source.Request) (keys []string, told source.Told, err error) {
	t.Helper()
	if r.Fields == nil {
		d, err := c.Describe(t.Context(), r.Stream)
		if err != nil {
			return nil, told, err
		}
		r.Fields = d.Fields
	}
	pages, err := c.Open(t.Context(), r)
	require.NoError(t, err)
	err = source.Drain(pages, func(b *source.Batch) error {
		for row := range b.Lines {
			keys = append(keys, string(b.Value(0, row)))
		}
		return nil
	})
	return keys, pages.Told(), err
}

func TestPagination(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pagination, object string
		requests           int // of a reading
		deletes            source.Deletes
	}{
		"last":              {"{cursor: {param: from, last: id, more: more}}", "any", 3, source.DeletesByKeys},
		"last without more": {"{cursor: {param: from, last: id}}", "any", 4, source.DeletesByKeys},
		"mark":              {"{cursor: {param: from, from: mark, size_param: n, size: 3}}", "any", 3, source.DeletesByKeys},
		"page":              {"{page: {param: p, size_param: n, size: 100}}", "page", 4, source.DeletesUnknown},
		"page with more":    {"{page: {param: p, more: more}}", "page", 3, source.DeletesUnknown},
		"offset":            {"{offset: {param: skip, size_param: n, size: 100}}", "offset", 4, source.DeletesUnknown},
		"link":              {"{link: {}}", "any", 3, source.DeletesByKeys},
		"next":              {"{next: {path: links.next}}", "any", 3, source.DeletesByKeys},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			connector := s.connect(t, fmt.Sprintf("pagination: {next: {path: wrong}}\nstreams: {deals: {object: %s, key: id, pagination: %s}}", c.object, c.pagination))
			stream := source.Stream{Name: "deals", Object: c.object, Key: []string{"id"}}
			d, err := connector.Describe(t.Context(), stream)
			require.NoError(t, err)
			require.Equal(t, c.deletes, d.Deletes)
			require.Equal(t, c.deletes == source.DeletesUnknown, d.ByInterval, "what may be passed over is no snapshot")
			before := len(s.queries())
			keys, _, err := keysOf(t, connector, source.Request{Stream: stream, Fields: d.Fields, Key: stream.Key})
			require.NoError(t, err)
			require.Equal(t, []string{"1", "2", "3", "4", "5", "6", "7"}, keys)
			require.Len(t, s.queries(), before+c.requests)
		})
	}
}

func TestOnePageAndASingleObject(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.connect(t, `
pagination: {cursor: {param: from, last: id}}
streams: {deals: {pagination: none}, whole: {records: "", pagination: none}}`)
	keys, _, err := keysOf(t, c, source.Request{Stream: source.Stream{Name: "deals", Fields: []string{"id"}}})
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2", "3"}, keys)
	d, err := c.Describe(t.Context(), source.Stream{Name: "whole"})
	require.NoError(t, err)
	require.Equal(t, []source.Field{
		{Name: "links", Type: "object", Kind: source.JSON}, {Name: "list", Type: "array", Kind: source.JSON},
		{Name: "mark", Type: "string", Kind: source.Text}, {Name: "more", Type: "boolean", Kind: source.Boolean},
	}, d.Fields)
}

func TestPagingThatCannotGoOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ pagination, object, says string }{
		"another server":    {"{next: {path: links.next}}", "elsewhere", "https://elsewhere.example.com, another server"},
		"redirect":          {"none", "moved", "it sends us somewhere else"},
		"no more":           {"{cursor: {param: from, last: id, more: data.more}}", "any", "in place of data it has: links, list, mark, more"},
		"more is no answer": {"{cursor: {param: from, last: id, more: list}}", "any", "neither true nor false: mend `more`"},
		"no last":           {"{cursor: {param: from, last: key, more: more}}", "any", "no key to go on from: mend `last`"},
		"no mark":           {"{cursor: {param: from, from: meta.mark, more: more}}", "any", "no meta.mark to go on from: mend `from`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			connector := s.connect(t, fmt.Sprintf("streams: {deals: {object: %s, key: id, pagination: %s}}", c.object, c.pagination))
			stream := source.Stream{Name: "deals", Object: c.object, Key: []string{"id"}}
			_, _, err := keysOf(t, connector, source.Request{Stream: stream, Fields: []source.Field{{Name: "id"}}})
			require.ErrorIs(t, err, source.ErrConfig)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "stream deals")
			findings, err := connector.Check(t.Context(), []source.Stream{stream})
			require.NoError(t, err)
			require.False(t, findings[1].OK)
			require.Contains(t, findings[1].Detail, c.says)
			require.Contains(t, findings[1].Mend, "mend ")
		})
	}
}

func TestLogins(t *testing.T) {
	t.Parallel()
	basic := func(r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		return user == "key" && password == "secret &"
	}
	for name, c := range map[string]struct {
		auth  string
		allow func(*http.Request) bool
	}{
		"basic":  {`{basic: {username: "${KEY}", password: "${SECRET}"}}`, basic},
		"bearer": {`{bearer: {token: "${SECRET}"}}`, func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer secret &" }},
		"header": {`{header: {name: X-Api-Key, value: "${SECRET}"}}`, func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == "secret &" }},
		"query":  {`{query: {name: api_key, value: "${SECRET}"}}`, func(r *http.Request) bool { return r.URL.Query().Get("api_key") == "secret &" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.allow = func(r *http.Request) bool { return c.allow(r) && r.Header.Get("Version") == "2" }
			tools := source.Tools{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
			env := source.Environment{Tools: tools}
			env.Secrets.Env = func(name string) (string, bool) {
				return map[string]string{"KEY": "key", "SECRET": "secret &", "HOST": s.URL}[name], true
			}
			connector := connect(t, fmt.Sprintf("url: \"${HOST}\"\nrecords: list\nauth: %s\nheaders: {version: 2}\npagination: {next: {path: links.next}}\nstreams: {deals: {key: id}}", c.auth), env)
			stream := source.Stream{Name: "deals", Key: []string{"id"}}
			keys, _, err := keysOf(t, connector, source.Request{Stream: stream})
			require.NoError(t, err)
			require.Len(t, keys, records)
			s.allow = func(*http.Request) bool { return false }
			_, err = connector.Describe(t.Context(), stream)
			require.ErrorIs(t, err, source.ErrCredentials)
			findings, err := connector.Check(t.Context(), []source.Stream{stream})
			require.NoError(t, err)
			require.Len(t, findings, 1)
			s.allow = nil // it answers with what was sent, and says that all is well
			_, err = connector.Describe(t.Context(), stream)
			require.ErrorContains(t, err, "not the JSON that was expected")
			for _, seen := range []string{"secret &", "secret+%26", base64.StdEncoding.EncodeToString([]byte("key:secret &"))} {
				require.NotContains(t, findings[0].Detail, seen)
				require.NotContains(t, err.Error(), seen)
			}
		})
	}
}

func TestFieldsThatNobodyDescribed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.connect(t, "pagination: {link: {}}\nstreams: {deals: {key: id}}")
	stream := source.Stream{Name: "deals", Key: []string{"id"}}
	_, told, err := keysOf(t, c, source.Request{Stream: stream, Fields: []source.Field{{Name: "id"}, {Name: "name"}}})
	require.NoError(t, err)
	require.Equal(t, []string{"day"}, told.Beyond)
	require.Equal(t, []string{"name"}, told.Absent)
	stream.Fields = []string{"id", "name"}
	d, err := c.Describe(t.Context(), stream)
	require.NoError(t, err)
	require.Equal(t, []source.Field{{Name: "id", Type: "number", Kind: source.Number}, {Name: "name", Type: "unknown", Kind: source.Unknown}, {Name: "day", Type: "string", Kind: source.Text}}, d.Fields)
	_, told, err = keysOf(t, c, source.Request{Stream: stream, Fields: d.Fields[:2]})
	require.NoError(t, err)
	require.Empty(t, told.Beyond, "what is not wanted is not missed")
}

func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	from, to := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 4, 12, 0, 0, 500_000_000, time.UTC)
	for format, want := range map[string]string{
		"rfc3339": "since=2026-03-01T23%3A59%3A59Z&state=open&until=2026-03-04T12%3A00%3A02Z",
		"unix":    fmt.Sprintf("since=%d&state=open&until=%d", from.Unix()-1, to.Unix()+2),
		"unix_ms": fmt.Sprintf("since=%d&state=open&until=%d", from.UnixMilli()-1, to.UnixMilli()+1),
		"date":    "since=2026-03-01&state=open&until=2026-03-06",
	} {
		s := newService(t)
		c := s.connect(t, fmt.Sprintf(`
pagination: {next: {path: links.next}}
streams: {deals: {key: id, cursor: day, params: {state: open}, incremental: {from: {param: since, format: %[1]s}, to: {param: until, format: %[1]s}}}}`, format))
		stream := source.Stream{Name: "deals", Key: []string{"id"}, Cursor: "day"}
		keys, _, err := keysOf(t, c, source.Request{Stream: stream, Fields: []source.Field{{Name: "id"}}, Key: stream.Key, Cursor: "day", Interval: source.Interval{From: from, To: to}})
		require.NoError(t, err)
		require.Equal(t, []string{"2", "3", "4"}, keys, "what the service sends beside the interval is dropped")
		require.Equal(t, want, s.queries()[0], format)
	}
}

func TestCheckSaysWhatWasFound(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"{key: id, cursor: day}":   "2 fields, key id, changed by day (2026-03-01T00:00:00Z); more pages follow",
		"{key: uid}":               "has no uid; it has: day, id",
		"{key: id, cursor: list}":  "the first record has no list: records without one come each time",
		"{key: day, cursor: id}":   "changed by id (1970-01-01T00:00:01Z)",
		"{key: id, records: deal}": "the answer has no deal; in place of deal it has: links, list, mark, more",
		"{key: id, records: more}": "is no list of records: mend `records`",
	} {
		s := newService(t)
		c := s.connect(t, "pagination: {next: {path: links.next, size_param: limit, size: 50}}\nstreams: {deals: "+settings+"}")
		stream := source.Stream{Name: "deals", Key: []string{strings.Fields(strings.NewReplacer("{key:", "", ",", "", "}", "").Replace(settings))[0]}}
		if _, cursor, found := strings.Cut(strings.TrimSuffix(settings, "}"), "cursor: "); found {
			stream.Cursor = cursor
		}
		findings, err := c.Check(t.Context(), []source.Stream{stream})
		require.NoError(t, err)
		require.Contains(t, findings[0].Detail, "its clock says ")
		require.Contains(t, findings[1].Detail, want)
		require.Equal(t, findings[1].OK, findings[1].Mend == "")
		require.Equal(t, "limit=1", s.queries()[1], "one record is enough")
	}
}

// TestPagesOfWhichNothingIsWanted passes over more pages than could be the same one, and knows when they are.
func TestPagesOfWhichNothingIsWanted(t *testing.T) {
	t.Parallel()
	const pages = 1200
	stuck := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("p"))
		at, id := "2026-01-01T00:00:00Z", n
		if n == pages {
			at = "2026-03-01T00:00:00Z"
		}
		if stuck {
			id = 1
		}
		_, _ = fmt.Fprintf(w, `{"list": [{"id": "%d", "at": "%s"}], "more": %t}`, id, at, n < pages || stuck)
	}))
	t.Cleanup(server.Close)
	c := (&service{Server: server}).connect(t, "streams: {deals: {key: id, cursor: at, incremental: {from: {param: since, format: rfc3339}}, pagination: {page: {param: p, more: more}}, schema: {id: string, at: string}}}")
	stream := source.Stream{Name: "deals", Key: []string{"id"}, Cursor: "at"}
	request := source.Request{Stream: stream, Key: stream.Key, Cursor: "at", Interval: source.Interval{From: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}}
	keys, _, err := keysOf(t, c, request)
	require.NoError(t, err)
	require.Equal(t, []string{"1200"}, keys)
	stuck = true
	_, _, err = keysOf(t, c, request)
	require.ErrorIs(t, err, source.ErrRepeats)
}
