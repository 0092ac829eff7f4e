package nightly_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
)

// An endpoint that accepts and never answers costs its time-out once, and a note. The night is what it would have been.
func TestLineageThatHangs(t *testing.T) {
	asked := 0
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked++
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	t.Setenv("OPENLINEAGE__TRANSPORT__TYPE", "http")
	t.Setenv("OPENLINEAGE__TRANSPORT__URL", server.URL)
	t.Setenv("OPENLINEAGE__TRANSPORT__TIMEOUT", "0.05")
	summary, err := nightly.Run(t.Context(), nightly.Options{Dir: small(t), AsOf: "2026-03-31"})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, summary.Status)
	require.Equal(t, 1, asked)
	var notes []string
	for _, n := range summary.Notices {
		if strings.HasPrefix(n, "lineage: ") {
			notes = append(notes, n)
		}
	}
	require.Len(t, notes, 1)
	require.Regexp(t, `^lineage: 127\.0\.0\.1:\d+: no answer in time: 0 of \d+ events were sent; the night is not affected$`, notes[0])
}

// A run that is told to stop says so of the step under way and of itself: it is aborted, not failed.
func TestLineageOfAStoppedNight(t *testing.T) {
	dir := small(t)
	path := filepath.Join(dir, "events.jsonl")
	t.Setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
	t.Setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", path)
	t.Setenv("OPENLINEAGE__TRANSPORT__APPEND", "true")
	ctx, stop := context.WithCancel(t.Context())
	summary, err := nightly.Run(ctx, nightly.Options{Dir: dir, AsOf: "2026-03-31", Report: func(e nightly.Event) {
		if e.Step == nightly.StepBuild {
			stop()
		}
	}})
	require.Error(t, err)
	require.Equal(t, nightly.ExitRetryable, summary.ExitCode)
	got := map[string][]string{}
	for line := range strings.Lines(readFile(t, dir, "events.jsonl")) {
		var e struct {
			EventType string
			Job       struct{ Name string }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		got[e.Job.Name] = append(got[e.Job.Name], e.EventType)
	}
	name := summary.Project
	require.Equal(t, map[string][]string{name: {"START", "ABORT"}, name + ".extract": {"START", "COMPLETE"}, name + ".build": {"START", "ABORT"}}, got)
}
