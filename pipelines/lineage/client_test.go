package lineage_test

import (
	"encoding/json"
	"fmt"
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

	"github.com/tributary-data/tributary/pipelines/lineage"
)

var at = time.Date(2026, 10, 1, 2, 0, 0, 123456789, time.UTC)

func clock() time.Time { return at }

func event(n int) lineage.Event {
	return lineage.Event{Type: lineage.Start, Time: at, Run: lineage.Run{ID: lineage.RunID("acme", fmt.Sprint(n), nil)}, Job: lineage.Job{Namespace: "n", Name: fmt.Sprint(n)}}
}

func settings(url string) lineage.Settings {
	return lineage.Settings{URL: url, APIKey: "sesame", Timeout: time.Minute, Flush: time.Minute}
}

// taking is an endpoint that answers as told, and what it was sent.
type taking struct {
	*httptest.Server

	mu    sync.Mutex
	names []string
	keys  map[string]bool
}

func serve(t *testing.T, answer func(n int) int) *taking {
	t.Helper()
	got := &taking{keys: map[string]bool{}}
	got.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var e struct{ Job struct{ Name string } }
		_ = json.Unmarshal(body, &e)
		got.mu.Lock()
		defer got.mu.Unlock()
		got.names = append(got.names, e.Job.Name)
		got.keys[r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Authorization")] = true
		if code := answer(len(got.names)); code >= 300 && code < 400 {
			http.Redirect(w, r, "/elsewhere", code)
		} else {
			w.WriteHeader(code)
		}
	}))
	t.Cleanup(got.Close)
	return got
}

func TestSendsInOrder(t *testing.T) {
	got := serve(t, func(int) int { return http.StatusCreated })
	c := lineage.Open(settings(got.URL+"/api/v1/lineage"), clock)
	var want []string
	for n := range 300 {
		c.Emit(event(n))
		want = append(want, fmt.Sprint(n))
	}
	require.NoError(t, c.Close())
	require.Equal(t, want, got.names)
	require.Equal(t, map[string]bool{"POST /api/v1/lineage application/json Bearer sesame": true}, got.keys)
}

// The first refusal ends it: nothing more is sent, and the error holds neither address nor key.
func TestRefused(t *testing.T) {
	for _, code := range []int{http.StatusInternalServerError, http.StatusUnauthorized, http.StatusTemporaryRedirect} {
		got := serve(t, func(n int) int {
			if n < 3 {
				return http.StatusOK
			}
			return code
		})
		c := lineage.Open(settings(got.URL+"/secret-path"), clock)
		for n := range 10 {
			c.Emit(event(n))
		}
		err := c.Close()
		require.EqualError(t, err, fmt.Sprintf("%s answered %d %s: 2 of 10 events were sent", strings.TrimPrefix(got.URL, "http://"), code, http.StatusText(code)))
		require.Equal(t, []string{"0", "1", "2"}, got.names)
	}
}

// An endpoint that accepts and never answers costs one time-out, whatever is sent.
func TestHangs(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	for what, s := range map[string]lineage.Settings{
		"no answer in time": {URL: server.URL, Timeout: 10 * time.Millisecond, Flush: time.Minute},
		"does not keep up":  {URL: server.URL, Timeout: time.Minute, Flush: 10 * time.Millisecond},
	} {
		begun := time.Now()
		c := lineage.Open(s, clock)
		for n := range 100 {
			c.Emit(event(n))
		}
		err := c.Close()
		require.ErrorContains(t, err, what)
		require.ErrorContains(t, err, "0 of 100 events were sent")
		require.Less(t, time.Since(begun), 30*time.Second)
	}
}

func TestNobodyThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := lineage.Open(settings(strings.Replace(server.URL, "//", "//u:secret@", 1)), clock)
	c.Emit(event(1))
	err := c.Close()
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "secret")
}

// Two writers share a file: every line is whole.
func TestAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	s := lineage.Settings{File: path, Append: true, Timeout: time.Minute, Flush: time.Minute}
	one, two := lineage.Open(s, clock), lineage.Open(s, clock)
	for n := range 200 {
		one.Emit(event(n))
		two.Emit(event(n))
	}
	require.NoError(t, one.Close())
	require.NoError(t, two.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	require.Len(t, lines, 400)
	for _, line := range lines {
		require.True(t, json.Valid([]byte(line)), line)
	}
	require.JSONEq(t, `{"eventType":"START","eventTime":"2026-10-01T02:00:00.123456Z","run":{"runId":"`+lineage.RunID("acme", "0", nil).String()+`"},"job":{"namespace":"n","name":"0"},
		"inputs":[],"outputs":[],"producer":"https://github.com/tributary-data/tributary","schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"}`, lines[0])
}

func TestFilePerEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "event")
	c := lineage.Open(lineage.Settings{File: path, Timeout: time.Minute, Flush: time.Minute}, clock)
	c.Emit(event(1))
	c.Emit(event(2))
	require.NoError(t, c.Close())
	files, err := filepath.Glob(path + "-*")
	require.NoError(t, err)
	require.Equal(t, []string{path + "-20261001-020000.123456.json", path + "-20261001-020000.123457.json"}, files)
}

func TestNoFolder(t *testing.T) {
	c := lineage.Open(lineage.Settings{File: filepath.Join(t.TempDir(), "none", "x"), Append: true, Timeout: time.Minute, Flush: time.Minute}, clock)
	c.Emit(event(1))
	require.ErrorContains(t, c.Close(), "no such file or directory: 0 of 1 events were sent")
}
