// Package hubspot asks HubSpot's CRM API: objects by when they were changed, what was archived, pipelines, owners, associations and the
// history of properties. It only ever reads.
package hubspot

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Settings are a source of type hubspot in tributary.yaml.
type Settings struct {
	source.Shared `yaml:",inline"`
	Token         secret.Secret     `yaml:"token,required"`
	URL           diag.Text         `yaml:"url"`
	Lag           source.Span       `yaml:"lag"`
	Streams       source.StreamList `yaml:"streams,required"`
}

const (
	standardURL = "https://api.hubapi.com"
	// standardLag is how long a change may take until HubSpot's search finds it; HubSpot says "a few moments".
	standardLag = 5 * time.Minute
	// standardOverlap is for when it takes longer.
	standardOverlap = 10 * time.Minute
)

// Listed are the streams.
func (s *Settings) Listed() []source.StreamSettings { return s.Streams }

// SetDefaults fills in what was left out.
func (s *Settings) SetDefaults() {
	s.Defaults(standardOverlap)
	if s.URL.Value == "" {
		s.URL.Value = standardURL
	}
	if !s.Lag.Given {
		s.Lag.Length = standardLag
	}
}

// Check reports what is wrong beyond the shape of the file.
func (s *Settings) Check(problems *diag.List) {
	if err := checkURL(s.URL.Value); err != nil {
		problems.Add(s.URL.Pos, standardURL, "%s", err)
	}
	if s.Lag.Never {
		problems.Add(s.Lag.Pos, "for example 5m", "lag cannot be never")
	}
	for _, t := range s.Streams {
		if _, err := parse(t.Stream()); err != nil {
			problems.Add(t.At, "for example deals, pipelines/deals, owners, associations/deals/companies, history/deals", "%s", err)
		}
	}
}

// Connect makes a connector. HubSpot is asked for nothing yet.
func (s *Settings) Connect(_ context.Context, env source.Environment) (source.Connector, error) {
	if err := s.Token.Resolve(env.Secrets).Err(); err != nil {
		return nil, err
	}
	token := func() (string, error) { // again when it was refused: a file may hold another one by then
		found := s.Token
		err := found.Resolve(env.Secrets).Err()
		return found.Reveal(), err
	}
	return New(Options{Token: token, URL: s.URL.Value, Lag: s.Lag.Length, Patience: s.Patience(env)})
}

// Options of a connector.
type Options struct {
	Token    func() (string, error) // a secret; asked for again when it was refused
	URL      string                 // https://api.hubapi.com when empty
	Lag      time.Duration          // how long a change may take until search finds it
	Page     int                    // records that are asked for at a time; 0 = as many as HubSpot gives
	Patience *source.Patience
}

// New makes a connector.
func New(opts Options) (source.Connector, error) {
	if opts.URL == "" {
		opts.URL = standardURL
	}
	if err := checkURL(opts.URL); err != nil {
		return nil, fmt.Errorf("%w: %w", source.ErrConfig, err)
	}
	if opts.Patience == nil {
		opts.Patience = &source.Patience{}
	}
	login := &web.Token{Fetch: func(context.Context) (string, error) { return opts.Token() }}
	a := &api{
		base:     strings.TrimRight(opts.URL, "/"),
		patience: opts.Patience,
		searches: &source.Patience{RPS: searchesPerSecond, Tools: opts.Patience.Tools},
		client:   web.Client{Patience: opts.Patience, Name: "HubSpot", Login: login, Explain: explain},
	}
	a.client.Seen = a.seen
	return &connector{api: a, lag: opts.Lag, page: opts.Page}, nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		return errors.New("url is no address of an API")
	}
	return nil
}
