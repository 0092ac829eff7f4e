package standin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Harm is what a fault does.
type Harm string

// What can go wrong.
const (
	Refuse      Harm = "refuse"       // Status in HubSpot's shape: 429 (of Policy), 500, 503
	ProxyPage   Harm = "proxy_page"   // Status as a page of HTML that HubSpot never saw
	Hang        Harm = "hang"         // no answer until the client gives up
	Cut         Harm = "cut"          // half of the body, then the connection ends
	ExpireToken Harm = "expire_token" // 401, as for a token whose time is over
	SamePage    Harm = "same_page"    // the page says that it is followed by itself: once it is told twice, always it is told for ever
	Backwards   Harm = "backwards"    // the page's records in the opposite order
	NextFirst   Harm = "next_first"   // the records of the next page come in place of this one's, and this one's when the next is asked for
)

// Fault is something that goes wrong, for which requests and how often.
type Fault struct {
	Harm Harm
	// Method and Path, a prefix, say which requests; empty: all.
	Method, Path string
	// Skip is how many of them are answered well before, Times how many are harmed; 0: all that follow.
	Skip, Times int
	// Status is what Refuse and ProxyPage answer; 0: 500 and 502.
	Status int
	// Policy is the limit that a refusal with 429 names; empty: TEN_SECONDLY_ROLLING.
	Policy string
	// RetryAfter goes into the header of that name, in whole seconds; 0: no header.
	RetryAfter time.Duration
}

// Injection is a fault in place.
type Injection struct {
	Fault

	server     *Server
	seen, hits int
	removed    bool
}

// Inject puts a fault in place. When several fit a request, the one that was injected first harms it.
func (s *Server) Inject(f Fault) *Injection {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Injection{Fault: f, server: s}
	s.faults = append(s.faults, i)
	return i
}

// Hits is how many requests it has harmed.
func (i *Injection) Hits() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.hits
}

// Remove takes the fault away.
func (i *Injection) Remove() {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.removed = true
}

// faultFor is the fault that harms a request, counted; nil: none.
func (s *Server) faultFor(r *http.Request) *Injection {
	s.faults = slices.DeleteFunc(s.faults, func(i *Injection) bool { return i.removed || i.Times > 0 && i.hits >= i.Times })
	for _, i := range s.faults {
		if i.Method != "" && i.Method != r.Method || !strings.HasPrefix(r.URL.Path, i.Path) {
			continue
		}
		if i.seen++; i.seen > i.Skip {
			i.hits++
			return i
		}
	}
	return nil
}

func (i *Injection) is(harms ...Harm) bool { return i != nil && slices.Contains(harms, i.Harm) }

func (i *Injection) hangs() bool   { return i.is(Hang) }
func (i *Injection) cuts() bool    { return i.is(Cut) }
func (i *Injection) refuses() bool { return i.is(Refuse, ProxyPage, ExpireToken) }

// refuse answers instead of HubSpot.
func (s *Server) refuse(a *answer, i *Injection) {
	if i.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(int(i.RetryAfter.Seconds())))
	}
	switch {
	case i.Harm == ProxyPage:
		a.page(or(i.Status, http.StatusBadGateway))
	case i.Harm == ExpireToken:
		s.fail(a, &failure{
			code: http.StatusUnauthorized, Category: "EXPIRED_AUTHENTICATION", Message: "The OAuth token used to make this call expired 0 second(s) ago.",
			Context: map[string][]string{"expire time": {instant(s.clock())}},
		})
	case i.Status == http.StatusTooManyRequests && i.Policy != "":
		s.fail(a, limited(i.Policy))
	case i.Status == http.StatusTooManyRequests:
		s.fail(a, limited("TEN_SECONDLY_ROLLING"))
	default:
		status := or(i.Status, http.StatusInternalServerError)
		s.fail(a, &failure{code: status, Message: strings.ToLower(http.StatusText(status))})
	}
}

// harm changes an answer that is a page of results. The records that NextFirst put off are told here, too.
func (s *Server) harm(a *answer, r *http.Request, body []byte, i *Injection) {
	key := r.URL.Path + " " + afterOf(r.URL.Query(), body)
	s.mu.Lock()
	late := s.late[key]
	delete(s.late, key)
	s.mu.Unlock()
	if a.status != http.StatusOK || late == nil && !i.is(SamePage, Backwards, NextFirst) {
		return
	}
	told := page(a)
	switch {
	case late != nil:
		told["results"] = late
	case i.Harm == SamePage:
		told["paging"] = raw(paging{Next: next{After: afterOf(r.URL.Query(), body)}})
	case i.Harm == Backwards:
		var results []json.RawMessage
		if err := json.Unmarshal(told["results"], &results); err != nil {
			return // not a list
		}
		slices.Reverse(results)
		told["results"] = raw(results)
	case i.Harm == NextFirst:
		s.nextFirst(told, r, body)
	}
	a.text.Reset()
	a.text.Write(raw(told))
}

// nextFirst puts the records of the page that follows into this one, and keeps this one's for then.
func (s *Server) nextFirst(told map[string]json.RawMessage, r *http.Request, body []byte) {
	var goesOn paging
	if told["paging"] == nil || json.Unmarshal(told["paging"], &goesOn) != nil {
		return // the last page
	}
	following := &answer{header: http.Header{}, status: http.StatusOK}
	s.routes.ServeHTTP(following, withAfter(r, body, goesOn.Next.After))
	s.mu.Lock()
	s.late[r.URL.Path+" "+goesOn.Next.After] = told["results"]
	s.mu.Unlock()
	told["results"] = page(following)["results"]
}

// unmetered marks a request that no client made.
type unmetered struct{}

// withAfter is the same request for another page.
func withAfter(r *http.Request, body []byte, after string) *http.Request {
	other := r.Clone(context.WithValue(r.Context(), unmetered{}, true))
	if r.Method == http.MethodGet {
		query := r.URL.Query()
		query.Set("after", after)
		other.URL.RawQuery = query.Encode()
		return other
	}
	posted := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &posted); err != nil {
		panic(err) // it was answered with a page
	}
	posted["after"] = raw(after)
	other.Body = io.NopCloser(bytes.NewReader(raw(posted)))
	return other
}

// page is an answer of ours that can be changed.
func page(a *answer) map[string]json.RawMessage {
	var told map[string]json.RawMessage
	if err := json.Unmarshal(a.text.Bytes(), &told); err != nil {
		panic(err) // our own JSON
	}
	return told
}

func raw(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // our own types
	}
	return text
}

// afterOf is the cursor that a request came with; "0" begins at the start everywhere.
func afterOf(query url.Values, body []byte) string {
	var posted struct {
		After cursor `json:"after"`
	}
	_ = json.Unmarshal(body, &posted) // a GET has none
	if after := query.Get("after"); after != "" {
		return after
	}
	return fmt.Sprint(int(posted.After))
}
