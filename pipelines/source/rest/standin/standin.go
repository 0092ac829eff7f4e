// Package standin answers as the lists of PartnerStack's vendor API (v2) do, out of memory: HTTP Basic, data.items and data.has_more, pages by
// starting_after and limit, what was created or changed by bounds in milliseconds. Programs change its records at its clock and inject faults.
// Where PartnerStack's pages do not say how something is (whether bounds are taken in, the words of errors), this is our choice, and a client
// that leans on it would be wrong with PartnerStack, too. It takes no write over HTTP and keeps nothing on disk.
package standin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Prefix is where the lists are, as in https://api.partnerstack.com/api/v2/deals.
const Prefix = "/api/v2/"

// Record is one object of a list; numbers as json.Number or Go's integers.
type Record map[string]any

// Lists are those that the server has.
func Lists() []string {
	return []string{"customers", "deals", "groups", "leads", "partnerships", "rewards", "transactions"}
}

// Server is one account. It is an http.Handler and may be changed while it serves.
type Server struct {
	clock func() time.Time

	mu             sync.Mutex
	public, secret string
	lists          map[string][]*entry // in the order in which they were created
	backwards      bool
	faults         []*Fault
	requests       []string
}

type entry struct {
	record  Record
	created int64
	deleted bool
}

// New makes an account without records whose keys are these. The clock is the server's.
func New(public, secret string, clock func() time.Time) *Server {
	s := &Server{clock: clock, public: public, secret: secret, lists: map[string][]*entry{}}
	for _, name := range Lists() {
		s.lists[name] = nil
	}
	return s
}

// Keys changes the keys.
func (s *Server) Keys(public, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.public, s.secret = public, secret
}

// Backwards turns the order of all lists, which begin with what was created last.
func (s *Server) Backwards(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backwards = on
}

// Requests are the paths and queries that were asked for, in order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Put adds a record or changes it, by its key. Without an updated_at it is of now; created_at is that of the first time.
func (s *Server) Put(list string, r Record) {
	now := s.clock().UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	r = maps.Clone(r)
	if r["updated_at"] == nil {
		r["updated_at"] = now
	}
	e := s.find(list, r["key"])
	if e == nil {
		if r["created_at"] == nil {
			r["created_at"] = now
		}
		e = &entry{created: millis(r["created_at"])}
		s.lists[list] = append(s.lists[list], e)
		slices.SortStableFunc(s.lists[list], func(a, b *entry) int { return cmp.Compare(a.created, b.created) })
	}
	r["created_at"] = e.created
	e.record, e.deleted = r, false
}

// Change changes every record of a list without touching its updated_at.
func (s *Server) Change(list string, change func(Record)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.lists[list] {
		change(e.record)
	}
}

// Delete takes a record away. A page may still begin after it.
func (s *Server) Delete(list, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(list, key).deleted = true
}

// Records are those that live.
func (s *Server) Records(list string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Record
	for _, e := range s.lists[list] {
		if !e.deleted {
			out = append(out, maps.Clone(e.record))
		}
	}
	return out
}

func (s *Server) find(list string, key any) *entry {
	i := slices.IndexFunc(s.lists[list], func(e *entry) bool { return e.record["key"] == key })
	if i < 0 {
		return nil
	}
	return s.lists[list][i]
}

func millis(value any) int64 {
	n, err := strconv.ParseInt(fmt.Sprint(value), 10, 64)
	if err != nil {
		panic(err) // a test's own record
	}
	return n
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.URL.RequestURI())
	fault := s.faultFor(r)
	status, body := s.answer(r, fault)
	s.mu.Unlock()
	w.Header().Set("Date", s.clock().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // a test's own record
	}
	switch {
	case fault.is(Hang):
		<-r.Context().Done()
		return
	case fault.is(Cut):
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		text = text[:len(text)/2]
	case fault.is(Refuse) && fault.RetryAfter > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(fault.RetryAfter.Seconds())))
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have gone away
}

type envelope struct {
	Data    *page  `json:"data,omitempty"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

type page struct {
	HasMore bool     `json:"has_more"`
	Items   []Record `json:"items"`
}

func fail(status int, message string) (int, envelope) {
	return status, envelope{Message: message, Status: status}
}

// answer is what is said to a request.
func (s *Server) answer(r *http.Request, fault *Fault) (int, envelope) {
	user, password, _ := r.BasicAuth()
	name := strings.TrimPrefix(r.URL.Path, Prefix)
	_, known := s.lists[name]
	switch {
	case user != s.public || password != s.secret:
		return fail(http.StatusUnauthorized, "Invalid credentials: "+user+":"+password) // a server that is careless with what it was sent
	case fault.is(Refuse):
		return fail(fault.Status, fault.Message)
	case r.Method != http.MethodGet:
		return fail(http.StatusMethodNotAllowed, "Only lists are served")
	case !known:
		return fail(http.StatusNotFound, "Resource not found")
	}
	limit, err := strconv.Atoi(cmp.Or(r.URL.Query().Get("limit"), "10"))
	if err != nil || limit < 1 || limit > 250 {
		return fail(http.StatusBadRequest, "limit must be between 1 and 250")
	}
	after := r.URL.Query().Get("starting_after")
	if fault.is(SamePage) {
		after = ""
	}
	entries := slices.Clone(s.lists[name])
	if !s.backwards {
		slices.Reverse(entries) // the newest first
	}
	if after != "" {
		at := slices.IndexFunc(entries, func(e *entry) bool { return e.record["key"] == after })
		if at < 0 {
			return fail(http.StatusBadRequest, "starting_after names no record")
		}
		entries = entries[at+1:]
	}
	got := page{Items: []Record{}}
	for _, e := range entries {
		if e.deleted || !within(e.record, r) {
			continue
		}
		if len(got.Items) == limit {
			got.HasMore = true
			break
		}
		got.Items = append(got.Items, maps.Clone(e.record))
	}
	return http.StatusOK, envelope{Data: &got, Message: "Page returned successfully", Status: http.StatusOK}
}

// within tells whether a record is in the bounds of a request. Rewards and transactions have none for when they were changed, and ignore them.
func within(record Record, r *http.Request) bool {
	for _, field := range []string{"created", "updated"} {
		if field == "updated" && (strings.HasSuffix(r.URL.Path, "/rewards") || strings.HasSuffix(r.URL.Path, "/transactions")) {
			continue
		}
		at := millis(record[field+"_at"])
		if text := r.URL.Query().Get("min_" + field); text != "" && at < millis(text) {
			return false
		}
		if text := r.URL.Query().Get("max_" + field); text != "" && at > millis(text) {
			return false
		}
	}
	return true
}
