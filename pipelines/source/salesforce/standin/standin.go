// Package standin is a local server that answers as a Salesforce org does, by its public REST documentation: OAuth and SOAP login, describe,
// SOQL queries with paging, Bulk API 2.0 query jobs, limits and errors. It keeps its records in memory, reads no clock but the one it is
// given, and never writes records over the network: they come from Go.
package standin

import (
	"cmp"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options of a server. Now is required; the zero values of the others are told beside them.
type Options struct {
	Now                    func() time.Time
	Username, Password     string // Password with the security token appended, as a login sends it
	ClientID, ClientSecret string
	PublicKey              *rsa.PublicKey // of the JWT bearer flow; nil: the flow is refused
	Audience               string         // aud of a JWT; empty: https://login.salesforce.com
	Session                time.Duration  // life of a token; 0: two hours
	DailyRequests          int            // 0: 15000
	JobLooks               int            // how often a bulk job is looked at before it is complete; 0: 2
}

// Data is an object with its rows, for New.
type Data struct {
	Object

	Rows []Row
}

// Server is one org. Its methods may be called while it serves.
type Server struct {
	options  Options
	mu       sync.Mutex
	tables   map[string]*table
	names    []string // keys of tables, in the order of New
	sequence int
	tokens   map[string]time.Time
	refresh  map[string]bool
	cursors  map[string]*result
	jobs     []*job
	used     int
	faults   []*Fault
}

// New makes an org of the given objects and rows.
func New(options Options, data ...Data) (*Server, error) {
	options.DailyRequests = cmp.Or(options.DailyRequests, 15000)
	options.JobLooks = cmp.Or(options.JobLooks, 2)
	options.Session = cmp.Or(options.Session, 2*time.Hour)
	options.Audience = cmp.Or(options.Audience, "https://login.salesforce.com")
	s := &Server{options: options, tables: map[string]*table{}, tokens: map[string]time.Time{}, refresh: map[string]bool{}, cursors: map[string]*result{}}
	for i, d := range data {
		key := strings.ToLower(d.Name)
		prefix := cmp.Or(d.KeyPrefix, prefixes[key], fmt.Sprintf("a%02d", i))
		s.tables[key] = &table{name: d.Name, label: d.Label, prefix: prefix, fields: append(systemFields(), d.Fields...)}
		s.names = append(s.names, key)
		for n, row := range d.Rows {
			if _, err := s.Add(d.Name, row); err != nil {
				return nil, fmt.Errorf("row %d of %s: %w", n+1, d.Name, err)
			}
		}
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.takeFault(r.URL.Path)
	if fault != nil && fault.before(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault != nil {
		var done func()
		w, done = s.disturb(w, fault)
		defer done()
	}
	switch {
	case r.URL.Path == "/services/oauth2/token":
		s.token(w, r)
	case r.URL.Path == "/services/oauth2/revoke":
		delete(s.tokens, r.FormValue("token"))
		delete(s.refresh, r.FormValue("token"))
	case strings.HasPrefix(r.URL.Path, "/services/Soap/u/"):
		s.soap(w, r)
	case r.URL.Path == "/services/data" || r.URL.Path == "/services/data/":
		answer(w, http.StatusOK, []map[string]string{{"label": "Summer '25", "url": "/services/data/v64.0", "version": "64.0"}})
	case !s.authorized(r):
		fail(w, &apiError{status: http.StatusUnauthorized, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"})
	case r.URL.Path == "/services/oauth2/userinfo":
		answer(w, http.StatusOK, map[string]string{"user_id": userID, "organization_id": orgID, "preferred_username": s.options.Username})
	default:
		s.data(w, r)
	}
}

// data answers below /services/data/vNN.0, where requests are counted.
func (s *Server) data(w http.ResponseWriter, r *http.Request) {
	if s.used >= s.options.DailyRequests {
		s.usage(w)
		fail(w, &apiError{status: http.StatusForbidden, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."})
		return
	}
	s.used++
	s.usage(w)
	rest, ok := strings.CutPrefix(r.URL.Path, "/services/data/")
	version, rest, _ := strings.Cut(rest, "/")
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	reading := r.Method == http.MethodGet
	switch {
	case !ok || !strings.HasPrefix(version, "v"):
		notFound(w)
	case len(parts) > 1 && parts[0] == "jobs" && parts[1] == "query":
		s.bulk(w, r, version, parts[2:])
	case !reading:
		fail(w, &apiError{status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED", Message: "HTTP Method '" + r.Method + "' not allowed. Allowed are GET"})
	case rest == "":
		base := "/services/data/" + version
		answer(w, http.StatusOK, map[string]string{"sobjects": base + "/sobjects", "query": base + "/query", "queryAll": base + "/queryAll", "limits": base + "/limits", "jobs": base + "/jobs"})
	case rest == "limits":
		answer(w, http.StatusOK, map[string]any{"DailyApiRequests": map[string]int{"Max": s.options.DailyRequests, "Remaining": s.options.DailyRequests - s.used}})
	case parts[0] == "query" || parts[0] == "queryAll":
		s.query(w, r, version, parts)
	case parts[0] == "sobjects":
		s.sobjects(w, r, version, parts[1:])
	default:
		notFound(w)
	}
}

func (s *Server) usage(w http.ResponseWriter) {
	w.Header().Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", s.used, s.options.DailyRequests))
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) //nolint:errchkjson // bodies are made here; what fails is the connection
}

func fail(w http.ResponseWriter, err *apiError) { answer(w, err.status, []*apiError{err}) }

func notFound(w http.ResponseWriter) {
	fail(w, &apiError{status: http.StatusNotFound, Code: "NOT_FOUND", Message: "The requested resource does not exist"})
}
