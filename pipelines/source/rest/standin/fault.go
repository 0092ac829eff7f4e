package standin

import (
	"net/http"
	"strings"
	"time"
)

// Harm is what a fault does.
type Harm string

// What can go wrong.
const (
	Refuse   Harm = "refuse"    // Status and Message instead of a page
	Hang     Harm = "hang"      // no answer until the client gives up
	Cut      Harm = "cut"       // half of the body, then the connection ends
	SamePage Harm = "same_page" // the first page, whatever was asked for
)

// Fault is something that goes wrong, for which requests and how often.
type Fault struct {
	Harm Harm
	List string // "" = all
	// Later: only for pages after the first.
	Later bool
	// Times is how many requests are harmed; 0: all.
	Times      int
	Status     int
	Message    string
	RetryAfter time.Duration // 0: the header is not sent

	hits    int
	removed bool
}

// Inject puts a fault in place and gives what takes it away, and what tells how many requests it has harmed.
func (s *Server) Inject(f Fault) (remove func(), hits func() int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			f.removed = true
		}, func() int {
			s.mu.Lock()
			defer s.mu.Unlock()
			return f.hits
		}
}

// faultFor is the fault that harms a request, counted; nil: none.
func (s *Server) faultFor(r *http.Request) *Fault {
	for _, f := range s.faults {
		over := f.removed || f.Times > 0 && f.hits >= f.Times
		if over || f.List != "" && f.List != strings.TrimPrefix(r.URL.Path, Prefix) || f.Later && !r.URL.Query().Has("starting_after") {
			continue
		}
		f.hits++
		return f
	}
	return nil
}

func (f *Fault) is(harm Harm) bool { return f != nil && f.Harm == harm }
