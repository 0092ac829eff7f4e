package rest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
	"github.com/tributary-data/tributary/schemas/diag"
)

// sign is a login that never runs out: what it does to each request.
type sign func(*http.Request)

// Sign signs a request.
func (s sign) Sign(_ context.Context, r *http.Request) error {
	s(r)
	return nil
}

// Renew says that no other login may do.
func (s sign) Renew(*http.Request) bool { return false }

// login is how requests are signed, and the values that must not be seen in what the service says.
func (a *Auth) login(env source.Environment, patience *source.Patience, problems *diag.List) (web.Login, []string) {
	if a == nil {
		return nil, nil
	}
	var hidden []string
	reveal := func(s *secret.Secret) string {
		problems.Merge(s.Resolve(env.Secrets))
		hidden = append(hidden, s.Reveal())
		return s.Reveal()
	}
	switch {
	case a.Basic != nil:
		username, password := reveal(&a.Basic.Username), reveal(&a.Basic.Password)
		return sign(func(r *http.Request) { r.SetBasicAuth(username, password) }), append(hidden, encoded(username, password))
	case a.Bearer != nil:
		token := reveal(&a.Bearer.Token)
		return sign(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }), hidden
	case a.Header != nil:
		value := reveal(&a.Header.Value)
		return sign(func(r *http.Request) { r.Header.Set(a.Header.Name.Value, value) }), hidden
	case a.Query != nil:
		value := reveal(&a.Query.Value)
		return sign(func(r *http.Request) {
			q := r.URL.Query()
			q.Set(a.Query.Name.Value, value)
			r.URL.RawQuery = q.Encode()
		}), hidden
	case a.OAuth2 != nil:
		address := a.OAuth2.TokenURL
		env.Secrets.Expand(&address, problems)
		checkURL(problems, "token_url", address)
		f := &fetcher{address: address.Value, id: reveal(&a.OAuth2.ClientID), secret: reveal(&a.OAuth2.ClientSecret), scope: a.OAuth2.Scope.Value}
		once := &source.Patience{Timeout: patience.Timeout, Attempts: 1, Tools: patience.Tools} // the request that needs the token is made again with it
		hidden = append(hidden, encoded(url.QueryEscape(f.id), url.QueryEscape(f.secret)))
		f.client = newClient(once, nil)
		return &web.Token{Fetch: f.fetch}, hidden
	}
	return nil, nil
}

// encoded is how HTTP Basic sends a login.
func encoded(username, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
}

// fetcher fetches tokens by client credentials.
type fetcher struct {
	address, id, secret, scope string
	client                     *web.Client
}

// fetch asks with the credentials in the header, as every server must take them, and then in the body, where some want them.
func (f *fetcher) fetch(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if f.scope != "" {
		form.Set("scope", f.scope)
	}
	asHeader := http.Header{}
	request := http.Request{Header: asHeader}
	request.SetBasicAuth(url.QueryEscape(f.id), url.QueryEscape(f.secret))
	token, err := f.post(ctx, asHeader, form)
	if err == nil || errors.Is(err, source.ErrTransient) {
		return token, err
	}
	form.Set("client_id", f.id)
	form.Set("client_secret", f.secret)
	token, err = f.post(ctx, http.Header{}, form)
	if err != nil && web.Kind(err) == nil {
		err = fmt.Errorf("%w: %w", source.ErrCredentials, err) // 400, as OAuth says of a client that is refused
	}
	return token, err
}

func (f *fetcher) post(ctx context.Context, header http.Header, form url.Values) (string, error) {
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	header.Set("Accept", "application/json")
	var got struct {
		Token string `json:"access_token"`
	}
	err := f.client.Do(ctx, web.Request{Method: http.MethodPost, URL: f.address, Header: header, Body: []byte(form.Encode())}, func(_ http.Header, body io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(body, 1<<20))
		if err != nil {
			return err
		}
		if json.Unmarshal(text, &got) != nil || got.Token == "" { // what it says may hold a token
			return fmt.Errorf("%w: the answer has no access_token", source.ErrConfig)
		}
		return nil
	})
	return got.Token, err
}

// newClient asks one server and no other: a redirect to another origin is not followed, for the login goes along.
func newClient(patience *source.Patience, login web.Login) *web.Client {
	return &web.Client{Patience: patience, Login: login, Name: "the service", Explain: explain, HTTP: &http.Client{CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) >= 5 || !sameOrigin(r.URL, via[0].URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

// sameOrigin tells whether two addresses are of the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }

// explain is a refusal in the service's own words.
func explain(r web.Refusal) error {
	if r.Status < http.StatusBadRequest {
		return fmt.Errorf("%w: it sends us somewhere else; set url to where it really is", source.ErrConfig)
	}
	var said map[string]any
	if json.Unmarshal(r.Body, &said) == nil {
		for _, name := range []string{"message", "error_description", "detail", "title", "error"} {
			if text, ok := said[name].(string); ok && text != "" {
				return errors.New(text)
			}
		}
	}
	return errors.New(r.Text())
}

// veil takes values out of texts, also as they stand in addresses: services repeat what they were sent.
func veil(hidden []string) *strings.Replacer {
	var pairs []string
	for _, value := range slices.SortedFunc(slices.Values(hidden), func(a, b string) int { return len(b) - len(a) }) { // one may be part of another
		if value != "" {
			pairs = append(pairs, value, "[secret]", url.QueryEscape(value), "[secret]")
		}
	}
	return strings.NewReplacer(pairs...)
}

// veiled is an error whose text holds no secret.
type veiled struct {
	error
	text string
}

func (v veiled) Error() string { return v.text }
func (v veiled) Unwrap() error { return v.error }
