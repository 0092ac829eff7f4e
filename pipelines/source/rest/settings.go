// Package rest asks HTTP services that answer in JSON, as tributary.yaml declares them: where they are, how one logs in, how pages follow each
// other, where the records stand in an answer, and how one asks for what has changed. It knows no vendor.
package rest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Settings are a source of type rest in tributary.yaml.
type Settings struct {
	source.Shared `yaml:",inline"`
	URL           diag.Text            `yaml:"url,required"`
	Auth          *Auth                `yaml:"auth"`
	Headers       map[string]diag.Text `yaml:"headers"`
	Records       diag.Text            `yaml:"records"`
	Pagination    *Pagination          `yaml:"pagination"`
	Streams       streamList           `yaml:"streams,required"`
}

// Auth is how one logs in: one of them.
type Auth struct {
	At    diag.Pos
	Basic *struct {
		Username secret.Secret `yaml:"username,required"`
		Password secret.Secret `yaml:"password"`
	} `yaml:"basic"`
	Bearer *struct {
		Token secret.Secret `yaml:"token,required"`
	} `yaml:"bearer"`
	Header *Named  `yaml:"header"`
	Query  *Named  `yaml:"query"`
	OAuth2 *OAuth2 `yaml:"oauth2"`
}

// Named is a secret under a name.
type Named struct {
	Name  diag.Text     `yaml:"name,required"`
	Value secret.Secret `yaml:"value,required"`
}

// OAuth2 is a login by client credentials (RFC 6749, 4.4).
type OAuth2 struct {
	TokenURL     diag.Text     `yaml:"token_url,required"`
	ClientID     secret.Secret `yaml:"client_id,required"`
	ClientSecret secret.Secret `yaml:"client_secret,required"`
	Scope        diag.Text     `yaml:"scope"`
}

// StreamSettings are what a stream of this type has.
type StreamSettings struct {
	source.StreamSettings `yaml:",inline"`
	Params                map[string]diag.Text `yaml:"params"`
	Records               *diag.Text           `yaml:"records"`
	Schema                Schema               `yaml:"schema"`
	Pagination            *Pagination          `yaml:"pagination"`
	Incremental           *Incremental         `yaml:"incremental"`
}

// Incremental is how one asks for what has changed.
type Incremental struct {
	From Bound  `yaml:"from,required"`
	To   *Bound `yaml:"to"`
}

// Bound is the parameter of one end of an interval.
type Bound struct {
	Param  diag.Text `yaml:"param,required"`
	Format diag.Text `yaml:"format"`
}

// streamList is streams by name, in the file's order.
type streamList []StreamSettings

// DecodeNode reads names and streams; a stream without settings is its name alone.
func (l *streamList) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		var one StreamSettings
		d.Decode(val, &one)
		one.Name, one.At = key.Value, d.Pos(key)
		*l = append(*l, one)
	})
}

// Listed are the streams. What is asked beside the path counts as the filter, so that another one is read from the beginning.
func (s *Settings) Listed() []source.StreamSettings {
	var out []source.StreamSettings
	for _, t := range s.Streams {
		one := t.StreamSettings
		if one.Filter.Value == "" {
			one.Filter.Value = query(t.Params).Encode()
		}
		out = append(out, one)
	}
	return out
}

func query(params map[string]diag.Text) url.Values {
	out := url.Values{}
	for name, value := range params {
		out.Set(name, value.Value)
	}
	return out
}

// defaultOverlap is for services whose lists show a change a little later than it says.
const defaultOverlap = time.Hour

// SetDefaults fills in what was left out.
func (s *Settings) SetDefaults() { s.Defaults(defaultOverlap) }

// Check reports what is wrong beyond the shape of the file.
func (s *Settings) Check(problems *diag.List) {
	if !strings.Contains(s.URL.Value, "${") {
		checkURL(problems, "url", s.URL)
	}
	s.Auth.check(problems)
	for name, value := range s.Headers {
		if http.CanonicalHeaderKey(name) == "Authorization" {
			problems.Add(value.Pos, "write it under auth, which takes it from the environment", "a secret must not stand in this file")
		}
	}
	s.Pagination.check(problems)
	for _, t := range s.Streams {
		t.check(problems)
	}
}

func (t StreamSettings) check(problems *diag.List) {
	t.Pagination.check(problems)
	t.Schema.check(problems)
	if t.Filter.Value != "" {
		problems.Add(t.Filter.Pos, "for example params: {status: active}", "a service has no language to filter in: write params")
	}
	if object := t.Stream().ObjectName(); strings.ContainsAny(object, "?#") || strings.Contains(object, "://") {
		problems.Add(t.At, "the path behind url, such as deals; what follows a ? goes under params", "object cannot be %q", object)
	}
	if t.Incremental == nil {
		return
	}
	if t.Cursor.Value == "" {
		problems.Add(t.At, "cursor: the field that the parameter looks at", "incremental needs a cursor: by its value rows outside the interval are dropped")
	}
	for _, b := range []*Bound{&t.Incremental.From, t.Incremental.To} {
		if b != nil && b.Format.Value != "" && !slices.Contains(formats(), b.Format.Value) {
			problems.Add(b.Format.Pos, diag.DidYouMean(b.Format.Value, formats()), "format cannot be %q", b.Format)
		}
	}
}

// checkURL wants an address without anything that belongs elsewhere.
func checkURL(problems *diag.List, key string, text diag.Text) {
	u, err := url.Parse(text.Value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		problems.Add(text.Pos, "for example https://api.example.com/v2; logins go under auth, parameters under params", "%s is no address of a service", key)
	}
}

func (a *Auth) check(problems *diag.List) {
	if a == nil {
		return
	}
	given := 0
	for _, is := range []bool{a.Basic != nil, a.Bearer != nil, a.Header != nil, a.Query != nil, a.OAuth2 != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		problems.Add(a.At, "basic, bearer, header, query or oauth2", "auth must be one way to log in, not %d", given)
	}
	if a.OAuth2 != nil && !strings.Contains(a.OAuth2.TokenURL.Value, "${") {
		checkURL(problems, "token_url", a.OAuth2.TokenURL)
	}
}

// Connect makes a connector. The service is asked for nothing yet.
func (s *Settings) Connect(_ context.Context, env source.Environment) (source.Connector, error) {
	var problems diag.List
	base := s.URL
	env.Secrets.Expand(&base, &problems)
	checkURL(&problems, "url", base)
	c := &connector{streams: map[string]stream{}, fallback: stream{records: s.Records.Value, paging: s.Pagination.paging()}}
	for _, t := range s.Streams {
		c.names = append(c.names, t.Stream().ObjectName())
		c.streams[t.Name] = s.stream(t, env.Secrets.Dir, &problems)
	}
	login, hidden := s.Auth.login(env, s.Patience(env), &problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	c.base, _ = url.Parse(base.Value) // it was checked
	c.client, c.veil, c.headers = newClient(s.Patience(env), login), veil(hidden), http.Header{"Accept": {"application/json"}}
	for name, value := range s.Headers {
		c.headers.Set(name, value.Value)
	}
	return c, nil
}

// stream is a stream with what the source says for all.
func (s *Settings) stream(t StreamSettings, dir string, problems *diag.List) stream {
	out := stream{params: query(t.Params), records: s.Records.Value, paging: s.Pagination.paging(), incremental: t.Incremental, schema: t.Schema.fields(dir, problems)}
	if t.Records != nil {
		out.records = t.Records.Value
	}
	if t.Pagination != nil {
		out.paging = t.Pagination.paging()
	}
	return out
}
