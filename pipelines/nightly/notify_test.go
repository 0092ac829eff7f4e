package nightly_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
)

// sent is what a webhook has got.
type sent struct {
	mu    sync.Mutex
	texts []string
}

func (s *sent) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
}

// take returns what there is, and forgets it.
func (s *sent) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	texts := s.texts
	s.texts = nil
	return texts
}

// told adds a webhook to a project and returns what it is sent.
func told(t *testing.T, dir, on string) *sent {
	t.Helper()
	got := &sent{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			got.add(string(body))
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("HOOK", server.URL+"/sesame")
	text, err := os.ReadFile(filepath.Join(dir, "tributary.yaml"))
	require.NoError(t, err)
	put(t, dir, "tributary.yaml", string(text)+"notify: {webhook: \"${HOOK}\""+on+"}\n")
	return got
}

// TestNotices runs nights that end in every way that somebody must or must not be told of.
func TestNotices(t *testing.T) {
	dir := small(t)
	got := told(t, dir, "")
	run := func(ctx context.Context, opts nightly.Options) int {
		opts.Dir, opts.Version, opts.AsOf = dir, "test", "2026-03-31"
		summary, _ := nightly.Run(ctx, opts) //nolint:errcheck // the summary has its exit code
		require.NotContains(t, strings.Join(summary.Notices, "\n"), "notice could not be sent")
		return summary.ExitCode
	}
	require.Equal(t, nightly.ExitOK, run(t.Context(), nightly.Options{}))
	require.Empty(t, got.take())
	require.Equal(t, 99, run(t.Context(), nightly.Options{SkipCode: 99}))
	require.Empty(t, got.take(), "nothing new is no failure, whatever its exit code")

	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.Equal(t, nightly.ExitRetryable, run(stopped, nightly.Options{}))
	texts := got.take()
	require.Len(t, texts, 1, "a run that was told to stop says so")
	require.Contains(t, texts[0], `"status":"failed","exit_code":5,"as_of":"2026-03-31"`)

	require.Equal(t, nightly.ExitConfig, run(t.Context(), nightly.Options{Lease: time.Millisecond}))
	texts = got.take()
	require.Len(t, texts, 1)
	require.Contains(t, texts[0], `"text":"Tributary: small failed (exit code 2): --lease: 1ms is too short`)
}

// TestNoticeOfALock begins a run while another one is under way, which is only told when it was asked for.
func TestNoticeOfALock(t *testing.T) {
	for on, calls := range map[string]int{"": 0, ", on: [locked]": 1} {
		dir := small(t)
		got := told(t, dir, on)
		second := 0
		_, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test", Report: func(e nightly.Event) {
			if e.Step == nightly.StepExtract && e.Done {
				summary, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"})
				second = summary.ExitCode
				require.Error(t, err)
			}
		}})
		require.NoError(t, err)
		require.Equal(t, nightly.ExitLocked, second)
		require.Len(t, got.take(), calls)
	}
}
