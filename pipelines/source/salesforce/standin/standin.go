// Package standin is a local server that answers as a Salesforce org does, by its public REST documentation: OAuth and SOAP login, describe, SOQL queries
// with paging, lists of updated and deleted records, Bulk API 2.0 query jobs, limits and errors. It keeps its records in memory, reads no clock but the one
// it is given, and never writes records over the network: they come from Go. Where Salesforce's pages give a code but no words, the words are ours.
package standin

import (
	"cmp"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options of a server. Now is required; the zero values of the others are told beside them.
type Options struct {
	Now  func() time.Time // stamps, sessions, the Date of answers: Clock.Now where a test sets the time
	Zone *time.Location   // of the user, in which TODAY and the like begin; nil: UTC
	// Standard gives the org Salesforce's own objects (standard.txt) and the user of the API; objects of the data by those names get their fields, too.
	Standard bool
	// AnyID takes ids of another shape, which Salesforce does not: for data whose ids are named by other systems, too.
	AnyID bool

	Username, Password     string         // Password with the security token appended, as a login sends it; empty: nobody logs in with one
	ClientID, ClientSecret string         // empty: no flow with a secret
	PublicKey              *rsa.PublicKey // of the JWT bearer flow; nil: the flow is refused
	Audience               string         // aud of a JWT; empty: https://login.salesforce.com
	Session                time.Duration  // life of a token; 0: two hours
	DailyRequests          int            // of 24 hours; 0: 15000
	DailyJobs              int            // bulk query jobs of 24 hours; 0: 10000
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
	objects  []*table // in the order of New
	names    *table
	sequence int
	tokens   map[string]session
	refresh  map[string]bool
	cursors  map[string]*result
	jobs     []*job
	started  []time.Time // of bulk jobs, deleted ones too
	used     int         // requests of the 24 hours since counted
	counted  time.Time
	faults   []*Fault
	asked    map[string]int // requests by method and path
	bend     string         // the kind of fault that the rows of this answer suffer
}

// New makes an org of the given objects and rows.
func New(options Options, data ...Data) (*Server, error) {
	options.DailyRequests = cmp.Or(options.DailyRequests, 15000)
	options.DailyJobs = cmp.Or(options.DailyJobs, 10000)
	options.JobLooks = cmp.Or(options.JobLooks, 2)
	options.Session = cmp.Or(options.Session, 2*time.Hour)
	options.Audience = cmp.Or(options.Audience, "https://login.salesforce.com")
	options.Zone = cmp.Or(options.Zone, time.UTC)
	s := &Server{
		options: options, tables: map[string]*table{}, names: nameTable(), tokens: map[string]session{}, refresh: map[string]bool{}, cursors: map[string]*result{},
		asked: map[string]int{},
	}
	prefixes := map[string]string{}
	for _, o := range standardObjects() {
		prefixes[strings.ToLower(o.Name)] = o.KeyPrefix
	}
	if options.Standard {
		data = withStandard(data)
	}
	for i, d := range data {
		key := strings.ToLower(d.Name)
		if d.Name == "" || s.tables[key] != nil {
			return nil, fmt.Errorf("object %d of the org, %q: each needs a name of its own", i+1, d.Name)
		}
		d.KeyPrefix = cmp.Or(d.KeyPrefix, prefixes[key], fmt.Sprintf("a%02d", i))
		t := &table{Object: d.Object, byID: map[string]*record{}}
		for _, f := range append(systemFields(d.Object), d.Fields...) {
			if t.find(f.Name) != nil {
				return nil, fmt.Errorf("field %s of %s is there twice", f.Name, d.Name)
			}
			t.fields = append(t.fields, &f)
		}
		s.tables[key], s.objects = t, append(s.objects, t)
	}
	for _, d := range data {
		for n, row := range d.Rows {
			if _, err := s.Add(d.Name, row); err != nil {
				return nil, fmt.Errorf("row %d of %s: %w", n+1, d.Name, err)
			}
		}
	}
	if options.Standard && s.tables["user"].byID[userID] == nil {
		_, err := s.Add("User", Row{"Id": userID, "Username": options.Username, "LastName": "Integration User", "IsActive": true})
		return s, err
	}
	return s, nil
}

// Count is how many requests of a method came to paths that begin so, refused and disturbed ones among them.
func (s *Server) Count(method, prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for key, times := range s.asked {
		if m, path, _ := strings.Cut(key, " "); m == method && strings.HasPrefix(path, prefix) {
			n += times
		}
	}
	return n
}

// ServeHTTP answers one request. The answer is made first and sent then: a client that reads slowly holds nobody up.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	fault := s.arrive(r)
	if fault.before(w, r) {
		return
	}
	made := &held{ResponseWriter: w, status: http.StatusOK}
	s.mu.Lock()
	s.strike(fault)
	s.route(made, r)
	s.mu.Unlock()
	made.send(fault)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case len(r.RequestURI) > longestURI:
		fail(w, &apiError{status: http.StatusRequestURITooLong, Code: "URI_TOO_LONG", Message: "URI is too long"})
	case strings.HasPrefix(path, "/services/oauth2/"):
		s.oauth(w, r, strings.TrimPrefix(path, "/services/oauth2/"))
	case strings.HasPrefix(path, "/id/"):
		s.identity(w, r)
	case strings.HasPrefix(path, "/services/Soap/u/"):
		s.soap(w, r)
	case path == "/services/data" || path == "/services/data/":
		answer(w, http.StatusOK, versions())
	case !s.authorized(r):
		fail(w, &apiError{status: http.StatusUnauthorized, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"})
	default:
		s.data(w, r)
	}
}

// longestURI is where Salesforce gives up on a line: a list of many fields belongs into a bulk job.
const longestURI = 16_384

const oldestVersion, newestVersion = 31, 67

// versions lists the newest versions as Salesforce names them: v60.0 is Spring '24.
func versions() []map[string]string {
	list := []map[string]string{}
	for n := 57; n <= newestVersion; n++ {
		season, year := []string{"Spring", "Summer", "Winter"}[(n-57)%3], 23+(n-56)/3
		number := fmt.Sprintf("%d.0", n)
		list = append(list, map[string]string{"label": fmt.Sprintf("%s '%d", season, year), "url": "/services/data/v" + number, "version": number})
	}
	return list
}

func knownVersion(text string) bool {
	for n := oldestVersion; n <= newestVersion; n++ {
		if text == fmt.Sprintf("v%d.0", n) {
			return true
		}
	}
	return false
}
