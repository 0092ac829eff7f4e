package hubspot_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/current"
	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

// TestManyPagesHaveNothingToTell extracts the history of a property that one record in a thousand pages has, and looks for deletions in a
// bin that is as full of older ones. Neither is a source that keeps sending the same page.
func TestManyPagesHaveNothingToTell(t *testing.T) {
	const pages = 1100 // of a record each
	s := newStage(t, standin.Data{})
	s.server.SetLimits(standin.Limits{TenSeconds: 100_000, SearchesPerSecond: 100_000})
	for range pages {
		s.write("contacts", standin.Record{})
	}
	s.write("contacts", standin.Record{Values: map[string]any{"lifecyclestage": "lead"}})
	s.pass(time.Hour)
	clock := s.clock
	store, err := lake.Open(filepath.Join(t.TempDir(), "lake"), lake.Options{Clock: clock})
	require.NoError(t, err)
	w, err := store.Writer(t.Context(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	night := func(name, object string) extract.StreamResult {
		stream := extract.Stream{Source: "hubspot", Name: name, Ask: &extract.Ask{Connector: s.connector(1), Stream: source.Stream{Name: name, Object: object}}}
		s.pass(time.Minute)
		result, err := extract.Run(t.Context(), w, []extract.Stream{stream}, extract.Options{Clock: clock, Current: current.Of(store)})
		require.NoError(t, err)
		return result.Streams[0]
	}
	require.EqualValues(t, 1, night("stages", "history/contacts").Rows)
	require.EqualValues(t, pages+1, night("people", "contacts").Rows)
	archive := func(id int) { require.NoError(t, s.server.Archive("contacts", fmt.Sprint(id))) }
	for i := range pages {
		archive(i + 1)
	}
	require.EqualValues(t, pages, night("people", "contacts").Rows, "a row for each deletion")
	s.pass(time.Hour)
	archive(pages + 1)
	require.EqualValues(t, 1, night("people", "contacts").Rows)
}

// TestNothingForEver asks servers that always say that there is more, and never what is asked for.
func TestNothingForEver(t *testing.T) {
	next := `"paging": {"next": {"after": "1"}}`
	for name, c := range map[string]struct {
		get, post string
		request   source.Request
	}{
		"a list": {get: `{"results": [], ` + next + `}`, request: source.Request{Stream: source.Stream{Name: "deals"}}},
		"a search": {
			post:    `{"total": 1, "results": [{"id": "1", "properties": {"hs_lastmodifieddate": "2026-03-02T08:00:00Z"}}], ` + next + `}`,
			request: source.Request{Stream: source.Stream{Name: "deals"}, Cursor: "hs_lastmodifieddate", Interval: source.Interval{From: start()}},
		},
		"associations": {
			get: `{"results": [{"id": "1"}]}`, post: `{"results": [{"from": {"id": "1"}, "to": [], ` + next + `}]}`,
			request: source.Request{Stream: source.Stream{Name: "links", Object: "associations/deals/companies"}},
		},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, map[string]string{http.MethodGet: c.get, http.MethodPost: c.post}[r.Method])
		}))
		t.Cleanup(web.Close)
		s := newStage(t, standin.Data{})
		s.url = web.URL
		pages, err := s.connector(0).Open(t.Context(), c.request)
		require.NoError(t, err)
		err = source.Drain(pages, func(*source.Batch) error { return nil })
		require.ErrorIs(t, err, source.ErrRepeats, name)
	}
}
