package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// connector asks one org.
type connector struct {
	opts Options
	host string
	door *web.Client // without a login: for logging in
	org  *web.Client

	mu       sync.Mutex
	instance string
	used     int // calls of the day, of all who ask the org
	limit    int
	token    *web.Token
	objects  map[string]described // by name
}

// New makes a connector.
func New(opts Options) (source.Connector, error) {
	host, err := baseOf(opts.Host)
	if err != nil {
		return nil, fmt.Errorf("%w: host: %w", source.ErrConfig, err)
	}
	if opts.Version == "" {
		opts.Version = defaultVersion
	}
	if opts.API == "" {
		opts.API = Auto
	}
	if opts.BulkFrom == 0 {
		opts.BulkFrom = defaultBulkFrom
	}
	if opts.Page == 0 {
		opts.Page = defaultPage
	}
	if opts.Patience == nil {
		opts.Patience = &source.Patience{}
	}
	c := &connector{opts: opts, host: host, objects: map[string]described{}}
	c.door = &web.Client{Patience: opts.Patience, Name: "Salesforce", Explain: explain}
	c.token = &web.Token{Fetch: c.login}
	c.org = &web.Client{Patience: opts.Patience, Name: "Salesforce", Explain: explain, Login: c.token, Seen: c.seen}
	return c, nil
}

// apiError is how Salesforce says what is wrong.
type apiError struct {
	Code    string `json:"errorCode"`
	Message string `json:"message"`
}

// explain tells what a refusal means, in Salesforce's words; nothing where it is in the words of somebody else.
func explain(r web.Refusal) error {
	var list []apiError
	if json.Unmarshal(r.Body, &list) == nil && len(list) > 0 {
		return list[0].meaning()
	}
	var login struct {
		Code    string `json:"error"`
		Message string `json:"error_description"`
	}
	if json.Unmarshal(r.Body, &login) == nil && login.Code != "" {
		return fmt.Errorf("%w: %s: %s", source.ErrCredentials, login.Code, login.Message)
	}
	return nil
}

func (e apiError) meaning() error {
	text := fmt.Errorf("%s: %s", e.Code, strings.TrimSpace(e.Message))
	switch {
	case e.Code == "REQUEST_LIMIT_EXCEEDED" && strings.Contains(e.Message, "Concurrent"): // too many at a time, not of the day
		return fmt.Errorf("%w: %w", source.ErrTransient, text)
	case e.Code == "REQUEST_LIMIT_EXCEEDED":
		return &source.Later{After: 24 * time.Hour, Err: fmt.Errorf("the org's calls of the day are used up; run again tomorrow, or buy more: %w", text)}
	case e.Code == "INVALID_SESSION_ID":
		return fmt.Errorf("%w: %w", source.ErrCredentials, text)
	case strings.HasPrefix(e.Code, "INSUFFICIENT_ACCESS"), e.Code == "API_DISABLED_FOR_ORG", e.Code == "API_CURRENTLY_DISABLED", e.Code == "FUNCTIONALITY_NOT_ENABLED":
		return fmt.Errorf("%w: %w (the permission API Enabled, and Read on the object, of the user who asks)", source.ErrPermission, text)
	case e.Code == "INVALID_TYPE", e.Code == "INVALIDENTITY", e.Code == "NOT_FOUND":
		return hidden(text)
	case e.Code == "INVALID_FIELD", e.Code == "MALFORMED_QUERY", e.Code == "INVALID_QUERY_FILTER_OPERATOR":
		return fmt.Errorf("%w: %w", source.ErrConfig, text)
	case e.Code == "QUERY_TIMEOUT", e.Code == "SERVER_UNAVAILABLE", e.Code == "UNABLE_TO_LOCK_ROW", e.Code == "INVALID_QUERY_LOCATOR", e.Code == "TXN_SECURITY_METERING_ERROR":
		return fmt.Errorf("%w: %w", source.ErrTransient, text)
	}
	return text
}

// hidden is the error of what is not there: Salesforce does not tell it from what the login may not see.
func hidden(err error) error {
	return fmt.Errorf("%w, or %w: %w", source.ErrConfig, source.ErrPermission, err)
}

// seen reads how many calls of the day are used, and stops before those that are left to others.
func (c *connector) seen(h http.Header) error {
	_, text, found := strings.Cut(h.Get("Sforce-Limit-Info"), "api-usage=")
	if !found {
		return nil
	}
	used, limit, _ := strings.Cut(strings.Split(text, ",")[0], "/")
	u, errUsed := strconv.Atoi(strings.TrimSpace(used))
	l, errLimit := strconv.Atoi(strings.TrimSpace(limit))
	if errUsed != nil || errLimit != nil {
		return nil //nolint:nilerr // what it says about its limits in another way than today, we do not know
	}
	c.mu.Lock()
	c.used, c.limit = u, l
	c.mu.Unlock()
	if keep := l * c.opts.KeepCalls / 100; c.opts.KeepCalls > 0 && u > l-keep {
		return &source.Later{After: 24 * time.Hour, Err: fmt.Errorf("%d of the org's %d calls of the day are used, and the last %d are left to others (keep_calls): run again tomorrow, or set it lower", u, l, keep)}
	}
	return nil
}

// address is that of a path below the API's version.
func (c *connector) address(ctx context.Context, path string) (string, error) {
	if err := c.token.Ready(ctx); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.HasPrefix(path, "/") {
		return c.instance + path, nil
	}
	return c.instance + "/services/data/v" + c.opts.Version + "/" + path, nil
}

// get asks for a document.
func (c *connector) get(ctx context.Context, path string, query url.Values, into any) (http.Header, error) {
	return c.send(ctx, http.MethodGet, path, query, nil, nil, into)
}

func (c *connector) send(ctx context.Context, method, path string, query url.Values, header http.Header, body any, into any) (http.Header, error) {
	address, err := c.address(ctx, path)
	if err != nil {
		return nil, err
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r := web.Request{Method: method, URL: address, Header: header.Clone()}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		if r.Body, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	return c.org.JSON(ctx, r, into)
}

// Begin is the org's clock, to the second. What a long transaction commits later carries an earlier moment: that is what the overlap is for.
func (c *connector) Begin(ctx context.Context) (source.Moment, error) {
	header, err := c.get(ctx, "limits", nil, nil)
	if err != nil {
		return source.Moment{}, err
	}
	now, err := web.Clock(header)
	c.mu.Lock()
	c.objects = map[string]described{} // a run sees the fields as they are now
	c.mu.Unlock()
	return source.Moment{Now: now, Settled: now}, err
}

// Close does nothing: sessions end by themselves.
func (c *connector) Close() error { return nil }

var errNoPage = errors.New("the answer has not what was asked for")
