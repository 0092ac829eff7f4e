// Package postgres asks a PostgreSQL database: all streams of a run in one snapshot, values as exact text, what has changed by a column,
// what was deleted by comparing keys. It only ever reads. It does not publish: that is pipelines/publish/postgres.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Settings are a source of type postgres in tributary.yaml.
type Settings struct {
	source.Shared `yaml:",inline"`
	URL           secret.Secret     `yaml:"url,required"`
	Zone          diag.Text         `yaml:"zone"`
	Page          int               `yaml:"page"`
	Streams       source.StreamList `yaml:"streams,required"`
}

// defaultOverlap is for what commits later than its column says, where the login may not see how long transactions have been running.
const defaultOverlap = 10 * time.Minute

// Listed are the streams.
func (s *Settings) Listed() []source.StreamSettings { return s.Streams }

// SetDefaults fills in what was left out.
func (s *Settings) SetDefaults() {
	s.Defaults(defaultOverlap)
	if s.Page == 0 {
		s.Page = 10_000
	}
}

// Check reports what is wrong beyond the shape of the file.
func (s *Settings) Check(problems *diag.List) {
	if s.Page < 0 {
		problems.Add(s.At, "rows that are fetched at a time, for example 10000", "page cannot be %d", s.Page)
	}
	if s.Zone.Value != "" {
		if _, err := time.LoadLocation(s.Zone.Value); err != nil {
			problems.Add(s.Zone.Pos, "an IANA name such as Europe/Berlin", "unknown time zone %q", s.Zone)
		}
	}
	for _, t := range s.Streams {
		if _, _, err := splitName(t.Stream().ObjectName()); err != nil {
			problems.Add(t.At, `for example sales.orders, or "Sales"."Orders" where upper case matters`, "object: %s", err)
		}
	}
}

// Connect makes a connector. The database is asked for nothing yet.
func (s *Settings) Connect(_ context.Context, env source.Environment) (source.Connector, error) {
	if err := s.URL.Resolve(env.Secrets).Err(); err != nil {
		return nil, err
	}
	return New(Options{URL: s.URL.Reveal(), Zone: s.Zone.Value, Page: s.Page, Patience: s.Patience(env)})
}

// Options of a connector.
type Options struct {
	URL      string // a secret
	Zone     string // of timestamps without a time zone; that of the login's sessions when empty
	Page     int    // rows that are fetched at a time; 10,000 when 0
	Patience *source.Patience
}

// New makes a connector.
func New(opts Options) (source.Connector, error) {
	config, err := pgx.ParseConfig(opts.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: the url is no address of a PostgreSQL: write postgres://USER:PASSWORD@HOST:5432/DATABASE", source.ErrConfig) // err may hold the password
	}
	if config.User == "" || config.Database == "" {
		return nil, errors.Join(source.ErrConfig, errors.New("the url names no user or no database: write postgres://USER:PASSWORD@HOST:5432/DATABASE"))
	}
	if opts.Page == 0 {
		opts.Page = 10_000
	}
	if opts.Patience == nil {
		opts.Patience = &source.Patience{}
	}
	config.RuntimeParams["application_name"] = "tributary"
	return &connector{config: config, opts: opts}, nil
}
