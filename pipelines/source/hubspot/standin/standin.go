// Package standin answers as HubSpot's CRM API does, out of memory: private-app tokens with scopes, the v3 objects with search, properties, pipelines,
// owners, custom objects and property history, the v4 associations, rate limits by header, errors in HubSpot's shapes. Programs change its records at its
// clock and inject faults, so that a connector can be tried against what happens in a year. Where HubSpot's pages give a status but no words, the words are
// ours: a client that reads them would be wrong with HubSpot, too. It serves no write of the API, keeps nothing on disk and never calls anybody.
package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options are what a server has beside its records.
type Options struct {
	// Clock is the server's time; nil: the machine's.
	Clock func() time.Time
	// Tokens are who may read; none: nobody.
	Tokens []Token
	// Limits are how often; zero fields: HubSpot's own.
	Limits Limits
	// HubID is the account's number; 0: 20000001.
	HubID int64
}

// Server is one HubSpot account. It is an http.Handler and may be changed while it serves.
type Server struct {
	clock  func() time.Time
	hub    int64
	routes *http.ServeMux

	mu         sync.Mutex
	tokens     map[string]*app
	limits     Limits
	daily      quota
	searches   window
	kinds      []*kind
	links      map[string]*linked
	typeIDs    map[string]int
	owners     []Owner
	pipelines  map[string][]Pipeline
	indexDelay time.Duration
	lastID     int64
	faults     []*Injection
	late       map[string]json.RawMessage // records of pages that NextFirst put off, by path and cursor
	counts     map[string]int
	errors     int
}

// New makes an account of data. An error names the record that HubSpot would not take.
func New(data Data, options Options) (*Server, error) {
	s := &Server{
		clock: options.Clock, hub: options.HubID, routes: http.NewServeMux(), tokens: map[string]*app{}, limits: options.Limits.orDefaults(),
		kinds: standardKinds(), links: map[string]*linked{}, typeIDs: map[string]int{}, pipelines: map[string][]Pipeline{}, counts: map[string]int{},
		late: map[string]json.RawMessage{},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.hub == 0 {
		s.hub = 20000001
	}
	for _, t := range options.Tokens {
		s.Grant(t)
	}
	s.serveObjects()
	s.serveAssociations()
	s.serveDefinitions()
	s.serveAccount()
	return s, s.fill(data)
}

// Count is how many requests of a method came to paths that begin so, refused ones among them.
func (s *Server) Count(method, prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for key, times := range s.counts {
		if m, path, _ := strings.Cut(key, " "); m == method && strings.HasPrefix(path, prefix) {
			n += times
		}
	}
	return n
}

// longestURI is where HubSpot's proxy gives up: a list of many properties belongs into a batch read.
const longestURI = 16_000

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	s.counts[r.Method+" "+r.URL.Path]++
	fault := s.faultFor(r)
	s.mu.Unlock()
	if fault.hangs() {
		<-r.Context().Done()
		return
	}
	got := &answer{header: http.Header{}, status: http.StatusOK}
	switch {
	case len(r.RequestURI) > longestURI:
		got.page(http.StatusRequestURITooLong)
	case fault.refuses():
		s.refuse(got, fault)
	default:
		s.routes.ServeHTTP(got, r)
		if got.status >= http.StatusBadRequest && !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") { // the mux found no route
			s.fail(got, &failure{code: got.status, Message: "resource not found"})
		}
		s.harm(got, r, body, fault)
	}
	got.send(w, s.clock(), fault.cuts())
}

// call is a request that was let in.
type call struct {
	*Server

	r      *http.Request
	token  *app
	now    time.Time
	status int
}

// handle answers a pattern: who asks, how often, then what. The server is locked meanwhile.
func (s *Server) handle(pattern string, meter meter, reply func(*call) (any, error)) {
	s.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		c := &call{Server: s, r: r, now: s.clock().UTC(), status: http.StatusOK}
		body, err := c.reply(meter, w.Header(), reply)
		if err == nil {
			writeJSON(w, c.status, body)
			return
		}
		var failed *failure
		if !errors.As(err, &failed) {
			failed = &failure{code: http.StatusInternalServerError, Message: "internal error: " + err.Error()}
		}
		s.failLocked(w, failed)
	})
}

func (c *call) reply(meter meter, header http.Header, reply func(*call) (any, error)) (any, error) {
	if meter == nil {
		return reply(c)
	}
	if err := c.authenticate(); err != nil {
		return nil, err
	}
	if c.r.Context().Value(unmetered{}) == nil {
		if err := meter(c, header); err != nil {
			return nil, err
		}
	}
	return reply(c)
}

// meter counts a request against the limits and says so in the answer's header; nil: an endpoint that anybody may ask.
type meter func(c *call, header http.Header) error

// body reads what was posted.
func (c *call) body(into any) error {
	if err := json.NewDecoder(c.r.Body).Decode(into); err != nil {
		return invalid("Invalid input JSON on line 1, column 1: %s", err)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // our own types, into memory
	}
}

// answer is a response before it is sent: faults change it.
type answer struct {
	header http.Header
	status int
	text   bytes.Buffer
}

// Header is http.ResponseWriter's.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader is http.ResponseWriter's.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write is http.ResponseWriter's.
func (a *answer) Write(text []byte) (int, error) { return a.text.Write(text) }

// page is what stands in front of HubSpot answering instead of it.
func (a *answer) page(status int) {
	a.status = status
	a.header.Set("Content-Type", "text/html")
	fmt.Fprintf(&a.text, "<html>\n<head><title>%d %s</title></head>\n<body><center><h1>%[1]d %[2]s</h1></center><hr><center>cloudflare</center></body>\n</html>\n",
		status, http.StatusText(status))
}

// send writes the answer with the server's time, or half of it and then nothing more.
func (a *answer) send(w http.ResponseWriter, now time.Time, half bool) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	text := a.text.Bytes()
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(a.status)
	if half {
		_, _ = w.Write(text[:len(text)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // net/http's way to close a connection in the middle of a body
	}
	_, _ = w.Write(text) // the client may be gone
}
