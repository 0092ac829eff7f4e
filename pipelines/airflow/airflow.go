// Package airflow is Tributary's side of Apache Airflow: the DAG that runs its nights, and a client that drives it on Airflow 2.11 and 3.x.
// It knows nothing of what a night does.
package airflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/apache/airflow-client-go/airflow"
)

// ErrSettings says that a DAG cannot be written with the settings it was given.
var ErrSettings = errors.New("the DAG cannot be written")

// ErrUnreachable says that Airflow did not answer, or answered with a fault of its own: later it may.
var ErrUnreachable = errors.New("airflow does not answer")

// ErrRefused says that Airflow answered, and not with what was asked for.
var ErrRefused = errors.New("airflow refuses")

// ErrNotFound says that there is no such DAG, run, task or pool.
var ErrNotFound = errors.New("airflow does not have it")

// ErrExists says that a run of this id or logical date exists already.
var ErrExists = errors.New("airflow has it already")

// Login is how to come in: a token, or a user with a password.
type Login struct {
	Token, User, Password string
}

// callTimeout is how long one request may take.
const callTimeout = 30 * time.Second

// Airflow is a server.
type Airflow struct {
	Version string // as it says, such as 3.3.2
	base    string // without a slash at its end
	major   int    // 2, or 3 for that and all later ones
	login   Login
	api     *api.APIClient
	http    *http.Client
	wait    func(ctx context.Context, d time.Duration) error
}

// Options of a client.
type Options struct {
	HTTP *http.Client                                     // nil: one with a time-out
	Wait func(ctx context.Context, d time.Duration) error // between two looks; nil: a timer
}

// Connect finds out which Airflow answers at an address, and logs in.
func Connect(ctx context.Context, address string, login Login, opts Options) (*Airflow, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("%w: the address of Airflow is that of its pages, such as https://airflow.example.com, without user and password", ErrRefused)
	}
	a := &Airflow{base: strings.TrimRight(u.String(), "/"), login: login, http: opts.HTTP, wait: opts.Wait}
	if a.http == nil {
		a.http = &http.Client{Timeout: callTimeout}
	}
	if a.wait == nil {
		a.wait = pause
	}
	if err := a.detect(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// detect asks for the version: the path that answers tells which API there is.
func (a *Airflow) detect(ctx context.Context) error {
	var says struct {
		Version string `json:"version"`
	}
	a.major = 3
	err := a.get(ctx, "/version", nil, &says) // needs no login on 3.x
	if errors.Is(err, ErrNotFound) {
		a.major = 2
		err = a.get(ctx, "/version", nil, &says)
	}
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %s is no Airflow 2 or 3: neither /api/v2/version nor /api/v1/version is there", ErrRefused, a.base)
	}
	if err != nil {
		return err
	}
	a.Version = says.Version
	if a.major == 3 && a.login.Token == "" {
		if err := a.token(ctx); err != nil {
			return err
		}
	}
	cfg := api.NewConfiguration()
	cfg.HTTPClient = a.http
	cfg.Servers = api.ServerConfigurations{{URL: a.root()}}
	a.api = api.NewAPIClient(cfg)
	return nil
}

func (a *Airflow) root() string { return a.base + map[int]string{2: "/api/v1", 3: "/api/v2"}[a.major] }

// token takes a token for the user: Airflow 3 knows no passwords in its API.
func (a *Airflow) token(ctx context.Context) error {
	if a.login.User == "" {
		return nil
	}
	body, err := json.Marshal(map[string]string{"username": a.login.User, "password": a.login.Password})
	if err != nil {
		return fmt.Errorf("write the login: %w", err)
	}
	var says struct {
		Token string `json:"access_token"`
	}
	if err := a.request(ctx, http.MethodPost, a.base+"/auth/token", body, &says); err != nil {
		return fmt.Errorf("log in as %s: %w", a.login.User, err)
	}
	a.login.Token = says.Token
	return nil
}

// signed is the context that the client of Airflow takes its login from.
func (a *Airflow) signed(ctx context.Context) context.Context {
	if a.login.Token != "" {
		return context.WithValue(ctx, api.ContextAccessToken, a.login.Token)
	}
	return context.WithValue(ctx, api.ContextBasicAuth, api.BasicAuth{UserName: a.login.User, Password: a.login.Password})
}

// answer reads what a call of the client brought. The client knows the states and fields of 2023 and fails on others, so that only the
// status and the text of its answers count.
func (a *Airflow) answer(resp *http.Response, err error, into any) error {
	if resp == nil {
		return a.unreachable(err)
	}
	return a.read(resp, into)
}

func (a *Airflow) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, a.base, err)
}

const maxBody = 64 << 20

func (a *Airflow) read(resp *http.Response, into any) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return a.unreachable(err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return a.refusal(resp, body)
	}
	if text, ok := into.(*[]byte); ok {
		*text = body
		return nil
	}
	if into == nil || len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %s answers what is no JSON of Airflow %d: %w", ErrRefused, place(resp), a.major, err)
	}
	return nil
}

func place(resp *http.Response) string {
	if resp.Request == nil || resp.Request.URL == nil {
		return "it"
	}
	return resp.Request.Method + " " + resp.Request.URL.Path
}

// refusal is an answer that is not what was asked for, with what Airflow says of it.
func (a *Airflow) refusal(resp *http.Response, body []byte) error {
	says := fmt.Sprintf("%s: %s %s", place(resp), resp.Status, detail(body))
	switch s := resp.StatusCode; {
	case s == http.StatusNotFound:
		return fmt.Errorf("%w: %s", ErrNotFound, says)
	case s == http.StatusConflict:
		return fmt.Errorf("%w: %s", ErrExists, says)
	case s == http.StatusUnauthorized:
		return fmt.Errorf("%w the login (AIRFLOW_TOKEN, or AIRFLOW_USERNAME and AIRFLOW_PASSWORD): %s", ErrRefused, says)
	case s == http.StatusForbidden:
		return fmt.Errorf("%w: the user or token may not do this: %s", ErrRefused, says)
	case s == http.StatusTooManyRequests || s >= http.StatusInternalServerError:
		return fmt.Errorf("%w as it should: %s", ErrUnreachable, says)
	}
	return fmt.Errorf("%w: %s", ErrRefused, says)
}

// detail is the reason in an error of Airflow's: 2 says it as text, 3 as text, an object or a list of objects.
func detail(body []byte) string {
	var says struct {
		Detail json.RawMessage `json:"detail"`
		Title  string          `json:"title"`
	}
	if json.Unmarshal(body, &says) != nil {
		return ""
	}
	var plain string
	if len(says.Detail) == 0 || json.Unmarshal(says.Detail, &plain) == nil {
		return strings.TrimSpace(says.Title + " " + plain)
	}
	return string(says.Detail)
}

// request sends what the client of 2023 has no call for.
func (a *Airflow) request(ctx context.Context, method, address string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	if _, plain := into.(*[]byte); plain && a.major == 2 { //nolint:mnd // JSON is a Python repr there
		req.Header.Set("Accept", "text/plain")
	}
	switch {
	case a.login.Token != "":
		req.Header.Set("Authorization", "Bearer "+a.login.Token)
	case a.major == 2 && a.login.User != "": //nolint:mnd // 3 takes no passwords
		req.SetBasicAuth(a.login.User, a.login.Password)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return a.unreachable(err)
	}
	return a.read(resp, into)
}

func (a *Airflow) get(ctx context.Context, path string, query url.Values, into any) error {
	address := a.root() + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return a.request(ctx, http.MethodGet, address, nil, into)
}

func (a *Airflow) send(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	return a.request(ctx, method, a.root()+path, text, into)
}
