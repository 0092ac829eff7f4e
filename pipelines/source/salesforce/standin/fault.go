package standin

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// Kinds of Fault.
const (
	Status    = "status"    // answers Fault.Code with Fault.Error, and with Retry-After when set
	Hang      = "hang"      // says nothing until the client gives up
	Truncate  = "truncate"  // half of the body, then the connection ends
	Expire    = "expire"    // every token is expired from this request on
	Exhaust   = "exhaust"   // the daily limit is used up from this request on, until 24 hours are over
	Forget    = "forget"    // every query locator is unknown from this request on
	SamePage  = "same page" // the next page, of a query or of a job's results, is this page
	Duplicate = "duplicate" // the rows of the page twice
	Reorder   = "reorder"   // the rows of the page backwards
	FailJobs  = "fail jobs" // the bulk jobs that there are will fail
)

// Fault disturbs requests whose path contains Path and whose method is Method (empty: any): after After of them, Times of them (0: for ever).
type Fault struct {
	Kind, Path, Method string
	Times, After       int
	Code               int    // HTTP status
	Error              string // errorCode; empty: REQUEST_LIMIT_EXCEEDED with 403, SERVER_UNAVAILABLE with 503, else UNKNOWN_EXCEPTION
	RetryAfter         int    // seconds
	seen, done         int
}

// Inject adds a fault; the first that fits a request is taken.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Injected counts how often faults of a kind have struck.
func (s *Server) Injected(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, f := range s.faults {
		if f.Kind == kind {
			n += f.done
		}
	}
	return n
}

// arrive counts a request and gives the fault that strikes it; nil: none.
func (s *Server) arrive(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.Method+" "+r.URL.Path]++
	for _, f := range s.faults {
		if !strings.Contains(r.URL.Path, f.Path) || f.Method != "" && f.Method != r.Method || f.Times > 0 && f.done >= f.Times {
			continue
		}
		if f.seen++; f.seen > f.After {
			f.done++
			return f
		}
	}
	return nil
}

// before answers the faults that the org does not see.
func (f *Fault) before(w http.ResponseWriter, r *http.Request) bool {
	switch f.kind() {
	case Hang:
		_, _ = bytes.NewBuffer(nil).ReadFrom(r.Body) // a server hears of a client's going once the body is read
		<-r.Context().Done()
	case Status:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		codes := map[int]string{http.StatusForbidden: "REQUEST_LIMIT_EXCEEDED", http.StatusServiceUnavailable: "SERVER_UNAVAILABLE"}
		code := cmp.Or(f.Error, codes[f.Code], "UNKNOWN_EXCEPTION")
		fail(w, &apiError{status: f.Code, Code: code, Message: "An unexpected error occurred. Please try again."})
	default:
		return false
	}
	return true
}

// kind of a fault; there may be none.
func (f *Fault) kind() string {
	if f == nil {
		return ""
	}
	return f.Kind
}

// strike does what a fault does to the org.
func (s *Server) strike(f *Fault) {
	s.bend = f.kind()
	switch s.bend {
	case Expire:
		clear(s.tokens)
	case Exhaust:
		s.used, s.counted = s.options.DailyRequests, s.options.Now()
	case Forget:
		clear(s.cursors)
	case FailJobs:
		for _, j := range s.jobs {
			j.fails = true
		}
	}
}

// held is an answer that is made and not yet sent.
type held struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

func (h *held) WriteHeader(status int)             { h.status = status }
func (h *held) Write(text []byte) (n int, _ error) { return h.body.Write(text) }

func (h *held) send(f *Fault) {
	body := h.body.Bytes()
	if f.kind() == Truncate {
		h.Header().Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)/2]
	}
	h.ResponseWriter.WriteHeader(h.status)
	_, _ = h.ResponseWriter.Write(body) // the client has gone
}

// Mend takes all faults away. What they have done to the org stays.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.bend = nil, ""
}
