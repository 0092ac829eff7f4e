package standin

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Kinds of Fault.
const (
	Status    = "status"    // answers Fault.Code, with Retry-After when set
	Hang      = "hang"      // says nothing until the client gives up
	Truncate  = "truncate"  // half of the body, then the connection ends
	Expire    = "expire"    // every token is expired from this request on
	Exhaust   = "exhaust"   // the daily limit is used up from this request on
	SamePage  = "same page" // the next page is this page
	Duplicate = "duplicate" // each row of the page twice
	Reorder   = "reorder"   // the rows of the page backwards
	FailJobs  = "fail jobs" // the bulk jobs that there are will fail
)

// Fault disturbs requests whose path contains Path: after After of them, Times of them (0: for ever).
type Fault struct {
	Kind, Path         string
	Times, After, Code int
	RetryAfter         int // seconds
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

func (s *Server) takeFault(path string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if !strings.Contains(path, f.Path) || f.Times > 0 && f.done >= f.Times {
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
	switch f.Kind {
	case Hang:
		_, _ = bytes.NewBuffer(nil).ReadFrom(r.Body) // a server hears of a client's going once the body is read
		<-r.Context().Done()
	case Status:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		codes := map[int]string{429: "REQUEST_LIMIT_EXCEEDED", 503: "SERVER_UNAVAILABLE"}
		code := codes[f.Code]
		if code == "" {
			code = "UNKNOWN_EXCEPTION"
		}
		fail(w, &apiError{status: f.Code, Code: code, Message: "An unexpected error occurred. Please try again."})
	default:
		return false
	}
	return true
}

// held keeps an answer back so that it can be changed.
type held struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

func (h *held) WriteHeader(status int)             { h.status = status }
func (h *held) Write(text []byte) (n int, _ error) { return h.body.Write(text) }

func (s *Server) disturb(w http.ResponseWriter, f *Fault) (http.ResponseWriter, func()) {
	switch f.Kind {
	case Expire:
		clear(s.tokens)
	case Exhaust:
		s.used = s.options.DailyRequests
	case FailJobs:
		for _, j := range s.jobs {
			j.fails = true
		}
	}
	h := &held{ResponseWriter: w, status: http.StatusOK}
	return h, func() {
		body := h.body.Bytes()
		if f.Kind == Truncate {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			body = body[:len(body)/2]
		} else {
			body = rearrange(body, f.Kind)
		}
		w.WriteHeader(h.status)
		_, _ = w.Write(body) // the client has gone
	}
}

func rearrange(body []byte, kind string) []byte {
	var page map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&page) != nil {
		return body
	}
	records, ok := page["records"].([]any)
	if !ok {
		return body
	}
	switch next, _ := page["nextRecordsUrl"].(string); {
	case kind == SamePage && next != "":
		cut := strings.LastIndexByte(next, '-')
		at, _ := strconv.Atoi(next[cut+1:])
		page["nextRecordsUrl"] = next[:cut+1] + strconv.Itoa(max(at-len(records), 0))
	case kind == Duplicate:
		page["records"] = append(slices.Clone(records), records...)
	case kind == Reorder:
		slices.Reverse(records)
	default:
		return body
	}
	changed, err := json.Marshal(page)
	if err != nil {
		return body
	}
	return append(changed, '\n')
}
