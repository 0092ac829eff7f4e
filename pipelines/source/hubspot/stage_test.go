package hubspot_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/hubspot"
	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

const key = "pat-na1-secret-word"

// stage is a local HubSpot with a clock of its own, which waiting moves on.
type stage struct {
	t       testing.TB
	server  *standin.Server
	url     string
	timeout time.Duration

	mu      sync.Mutex
	now     time.Time
	longest time.Duration // that a request waited
}

func start() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }

func newStage(t testing.TB, data standin.Data) *stage {
	t.Helper()
	s := &stage{t: t, now: start(), timeout: time.Minute}
	server, err := standin.New(data, standin.Options{Clock: s.clock, Tokens: []standin.Token{{Key: key, Scopes: standin.AllScopes()}}})
	require.NoError(t, err)
	s.server = server
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// pass lets time pass.
func (s *stage) pass(d time.Duration) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	return s.now
}

func (s *stage) waited(ctx context.Context, d time.Duration) error {
	s.pass(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.longest = max(s.longest, d)
	return ctx.Err()
}

// connector has pages of so many records; 0 = HubSpot's own.
func (s *stage) connector(page int) source.Connector {
	s.t.Helper()
	patience := &source.Patience{Timeout: s.timeout, Tools: source.Tools{Now: s.clock, Wait: s.waited, Random: func() float64 { return 0 }}}
	c, err := hubspot.New(hubspot.Options{Token: func() (string, error) { return key, nil }, URL: s.url, Page: page, Lag: time.Minute, Patience: patience})
	require.NoError(s.t, err)
	return c
}

func (s *stage) write(typ string, r standin.Record) string {
	s.t.Helper()
	id, err := s.server.Write(typ, r)
	require.NoError(s.t, err)
	return id
}

// grant lets the token read all but some scopes.
func (s *stage) grant(without ...string) {
	var scopes []string
	for _, scope := range standin.AllScopes() {
		if !strings.Contains(fmt.Sprint(without), scope) {
			scopes = append(scopes, scope)
		}
	}
	s.server.Grant(standin.Token{Key: key, Scopes: scopes})
}

// read is all rows of a reading, as texts by field; null is left out.
func (s *stage) read(c source.Connector, r source.Request) (rows []map[string]string, told source.Told) {
	s.t.Helper()
	ctx := context.Background()
	d, err := c.Describe(ctx, r.Stream)
	require.NoError(s.t, err)
	if r.Fields == nil {
		r.Fields = d.Fields
	}
	if r.Key == nil {
		r.Key = d.Key
	}
	if r.Cursor == "" {
		r.Cursor = d.Cursor
	}
	pages, err := c.Open(ctx, r)
	require.NoError(s.t, err)
	require.NoError(s.t, source.Drain(pages, func(b *source.Batch) error {
		for _, row := range b.Texts(b.Rows()) {
			texts := map[string]string{}
			for i, value := range row {
				if value != nil {
					texts[b.Names[i]] = *value
				}
			}
			rows = append(rows, texts)
		}
		return nil
	}))
	return rows, pages.Told()
}

// column is one field of rows.
func column(rows []map[string]string, name string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r[name]
	}
	return out
}

func distinct(values []string) int { return len(slices.Compact(slices.Sorted(slices.Values(values)))) }
