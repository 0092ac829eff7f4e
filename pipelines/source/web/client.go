// Package web asks sources that speak HTTP: with patience, a deadline on each request with its answer, a login that is renewed when it
// has run out, limits that the server tells, and errors that say what kind they are and hold no secret.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
)

// Client asks one server. It may be used by several goroutines.
type Client struct {
	HTTP     *http.Client // http.DefaultClient when nil
	Patience *source.Patience
	Name     string // of the server in errors, such as "HubSpot"
	Login    Login  // nil = none

	// Explain tells what a refusal means, in the server's own words; nil, or an error that is of no kind, leaves that to the status.
	Explain func(Refusal) error
	// Seen looks at each answer's header, such as for limits. An error ends the request.
	Seen func(http.Header) error
}

// Login puts what proves who asks on requests. It may be used by several goroutines.
type Login interface {
	// Sign signs a request, logging in first where that is needed.
	Sign(ctx context.Context, r *http.Request) error
	// Renew is told of a request that was refused for its login (401), and says whether another one may do.
	Renew(r *http.Request) bool
}

// Refusal is an answer that is none.
type Refusal struct {
	Status int
	Header http.Header
	Body   []byte // the first 64 KiB
}

// Request is what is asked for.
type Request struct {
	Method string // GET when empty
	URL    string
	Header http.Header
	Body   []byte // sent again with each attempt
}

// MaxBody is how long an answer that is read whole may be.
const MaxBody = 64 << 20

const maxRefusal = 64 << 10

// Do asks until there is an answer, and hands its body over within the deadline; read may be called again when it breaks off.
func (c *Client) Do(ctx context.Context, r Request, read func(http.Header, io.Reader) error) error {
	return c.Patience.Do(ctx, func(ctx context.Context) error {
		err := c.once(ctx, r, read, true)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", c.Name, where(r), err)
		}
		return nil
	})
}

// JSON asks for a document. A number of it that goes into an any is a json.Number.
func (c *Client) JSON(ctx context.Context, r Request, into any) (http.Header, error) {
	var header http.Header
	err := c.Do(ctx, r, func(h http.Header, body io.Reader) error {
		header = h
		text, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
		if err != nil {
			return err
		}
		if len(text) > MaxBody {
			return fmt.Errorf("the answer is longer than %d MiB: ask for smaller pages", MaxBody>>20)
		}
		if into == nil {
			return nil
		}
		return Decode(text, into)
	})
	return header, err
}

// Decode reads a JSON document. One that breaks off may come whole the next time.
func Decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := d.Decode(into)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the answer breaks off after %d bytes", source.ErrTransient, len(text))
	}
	return fmt.Errorf("the answer is not the JSON that was expected: %w: %s", err, source.Readable(text[:min(len(text), 200)]))
}

func (c *Client) once(ctx context.Context, r Request, read func(http.Header, io.Reader) error, renew bool) error {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return fmt.Errorf("%w: %w", source.ErrConfig, bare(err))
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	if c.Login != nil {
		if err := c.Login.Sign(ctx, req); err != nil {
			return err
		}
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", source.ErrTransient, bare(err))
	}
	defer resp.Body.Close()
	if c.Seen != nil {
		if err := c.Seen(resp.Header); err != nil {
			return err
		}
	}
	if resp.StatusCode >= 300 {
		if renew && resp.StatusCode == http.StatusUnauthorized && c.Login != nil && c.Login.Renew(req) {
			return c.once(ctx, r, read, false)
		}
		return c.refused(resp)
	}
	return broken(read(resp.Header, resp.Body))
}

// broken says of an error of a body whether the connection is the cause.
func broken(err error) error {
	var network interface{ Timeout() bool }
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: the answer broke off: %w", source.ErrTransient, err)
	}
	return err
}

// refused says what kind of error an answer is.
func (c *Client) refused(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // what breaks off is said as far as it came
	refusal := Refusal{Status: resp.StatusCode, Header: resp.Header, Body: text}
	var err error
	if c.Explain != nil {
		err = c.Explain(refusal)
	}
	if err == nil {
		err = errors.New(refusal.Text())
	}
	err = fmt.Errorf("%d %s: %w", resp.StatusCode, http.StatusText(resp.StatusCode), err)
	if Kind(err) == nil {
		if kind := refusal.Kind(); kind != nil {
			err = fmt.Errorf("%w: %w", kind, err)
		}
	}
	if errors.Is(err, source.ErrTransient) {
		var later *source.Later
		if !errors.As(err, &later) {
			err = &source.Later{After: refusal.After(), Err: err}
		}
	}
	return err
}

// Kind is of which kind of the source package an error is; nil = none.
func Kind(err error) error {
	for _, kind := range []error{source.ErrTransient, source.ErrCredentials, source.ErrPermission, source.ErrConfig} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return nil
}

// Kind is what a status means where the server says no more.
func (r Refusal) Kind() error {
	switch {
	case r.Status == http.StatusUnauthorized:
		return source.ErrCredentials
	case r.Status == http.StatusForbidden:
		return source.ErrPermission
	case r.Status == http.StatusNotFound, r.Status == http.StatusGone:
		return source.ErrConfig
	case r.Status == http.StatusRequestTimeout, r.Status == http.StatusTooEarly, r.Status == http.StatusTooManyRequests, r.Status >= 500 && r.Status != http.StatusNotImplemented:
		return source.ErrTransient
	}
	return nil
}

// After is how long the server asks to wait, by Retry-After: seconds, or a date, from which its own Date is taken off. 0 = it does not say.
func (r Refusal) After() time.Duration {
	text := r.Header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	at, err := http.ParseTime(text)
	now, problem := Clock(r.Header)
	if err != nil || problem != nil || at.Before(now) {
		return 0
	}
	return at.Sub(now)
}

// Text is the beginning of what the server said.
func (r Refusal) Text() string {
	text := strings.TrimSpace(source.Readable(r.Body[:min(len(r.Body), 300)]))
	if text == "" {
		return "it says no more"
	}
	return text
}

// Clock is the server's, to the second, by the Date of an answer.
func Clock(h http.Header) (time.Time, error) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("the server does not say what time it is: %w", err)
	}
	return at.UTC(), nil
}

// where is the request without what may be a secret: neither query nor user.
func where(r Request) string {
	at, _, _ := strings.Cut(r.URL, "?")
	if u, err := url.Parse(r.URL); err == nil {
		at = u.Host + u.Path
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	return method + " " + at
}

// bare is an error without the URL, which may hold a secret.
func bare(err error) error {
	var full *url.Error
	if errors.As(err, &full) {
		return full.Err
	}
	return err
}

// Token is a login by a token that is fetched and lasts for a while.
type Token struct {
	Fetch func(ctx context.Context) (token string, err error)

	mu    sync.Mutex
	token string
}

// Ready fetches a token where there is none.
func (t *Token) Ready(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ready(ctx)
}

func (t *Token) ready(ctx context.Context) error {
	if t.token != "" {
		return nil
	}
	token, err := t.Fetch(ctx)
	if err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	t.token = token
	return nil
}

// Sign puts the token into the Authorization, and fetches one where there is none.
func (t *Token) Sign(ctx context.Context, r *http.Request) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.ready(ctx); err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+t.token)
	return nil
}

// Renew forgets the token that was refused, unless another request has renewed it meanwhile.
func (t *Token) Renew(r *http.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Header.Get("Authorization") == "Bearer "+t.token {
		t.token = ""
	}
	return true
}
