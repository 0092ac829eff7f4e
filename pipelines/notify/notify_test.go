package notify_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/notify"
)

const token = "/services/T0/B0/sesame"

func failed() notify.Notice {
	return notify.Notice{
		Project: "acme", Status: "failed", ExitCode: 3, AsOf: "2026-03-31", Error: "checks failed: <!channel> & more",
		RunID: "r-1", ToDo: "mend the data", Host: "night-1",
	}
}

// hook answers with these codes in turn, the last one from then on, and keeps what it was sent.
func hook(t *testing.T, codes ...int) (url string, calls *atomic.Int64, last *atomic.Value) {
	t.Helper()
	calls, last = &atomic.Int64{}, &atomic.Value{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			n = len(codes)
		}
		last.Store(string(body))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(codes[min(n, len(codes))-1])
	}))
	t.Cleanup(server.Close)
	return server.URL + token, calls, last
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	address, calls, last := hook(t, http.StatusOK)
	require.NoError(t, notify.Target{Webhook: address}.Send(t.Context(), failed()))
	require.EqualValues(t, 1, calls.Load())
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(last.Load().(string)), &got))
	require.Equal(t, "Tributary: acme failed (exit code 3), as of 2026-03-31: checks failed: &lt;!channel&gt; &amp; more\nWhat to do: mend the data\nRun r-1 on night-1", got["text"])
	delete(got, "text")
	require.Equal(t, map[string]any{
		"project": "acme", "status": "failed", "exit_code": 3.0, "as_of": "2026-03-31", "error": "checks failed: <!channel> & more",
		"run_id": "r-1", "what_to_do": "mend the data", "host": "night-1",
	}, got)
}

func TestWebhookThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes []int
		calls int64
		says  string
	}{
		"once":            {[]int{http.StatusBadGateway, http.StatusNoContent}, 2, ""},
		"twice":           {[]int{http.StatusBadGateway}, 2, "notify.webhook: 127.0.0.1 answered 502 Bad Gateway"},
		"too many":        {[]int{http.StatusTooManyRequests, http.StatusOK}, 2, ""},
		"refused":         {[]int{http.StatusForbidden}, 1, "notify.webhook: 127.0.0.1 answered 403 Forbidden"},
		"sends elsewhere": {[]int{http.StatusTemporaryRedirect}, 1, "notify.webhook: 127.0.0.1 answered 307 Temporary Redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, calls, _ := hook(t, c.codes...)
			err := notify.Target{Webhook: address, Pause: time.Nanosecond}.Send(t.Context(), failed())
			if c.says == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.says)
			}
			require.Equal(t, c.calls, calls.Load())
		})
	}
}

// TestErrorsHoldNoSecret has addresses with a token that cannot be reached, or are none.
func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	hangs := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hangs:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(hangs); hanging.Close() })
	for address, says := range map[string]string{
		closed.URL + token:                 "connection refused",
		hanging.URL + token:                "no answer in time",
		"http://user:sesame@[::1" + token:  "the secret is no address",
		"hooks.example.com" + token:        "the secret is no address",
		"https://host:sesame/":             "the secret is no address",
		"ftp://hooks.example.com" + token:  "the secret is no address",
		"https://a.example\x7f/x?k=sesame": "the secret is no address",
	} {
		err := notify.Target{Webhook: address, Pause: time.Nanosecond, Timeout: 50 * time.Millisecond}.Send(t.Context(), failed())
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "sesame")
		require.NotContains(t, err.Error(), "services")
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := "#!/bin/sh\ncat > text; printf '%s' \"$TRIBUTARY_NOTICE\" > json; printf '%s\\n' \"$@\" > args\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tell"), []byte(script), 0o700)) //nolint:gosec // a program
	long := failed()
	long.Error = strings.Repeat("ä", 5000)
	require.NoError(t, notify.Target{Command: []string{"./tell", "a b", "$HOME; rm x"}, Dir: dir}.Send(t.Context(), long))
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, "a b\n$HOME; rm x\n", read("args"), "there is no shell")
	require.True(t, strings.HasPrefix(read("text"), "Tributary: acme failed (exit code 3), as of 2026-03-31: ää"))
	var got notify.Notice
	require.NoError(t, json.Unmarshal([]byte(read("json")), &got))
	require.Equal(t, strings.Repeat("ä", 1000)+"…", got.Error)
}

func TestCommandThatFails(t *testing.T) {
	t.Parallel()
	for says, command := range map[string][]string{
		"notify.command sh: exit status 4: no such user":                                                {"sh", "-c", "echo no such user >&2; echo more >&2; exit 4"},
		"notify.command sh: it did not end in time":                                                     {"sh", "-c", "exec tail -f /dev/null"},
		"notify.command no-such-program: exec: \"no-such-program\": executable file not found in $PATH": {"no-such-program"},
	} {
		err := notify.Target{Command: command, Timeout: 200 * time.Millisecond}.Send(t.Context(), failed())
		require.EqualError(t, err, says)
	}
}

// TestOneThatFailsDoesNotKeepTheOtherFromBeingTold has a webhook that refuses before a command.
func TestOneThatFailsDoesNotKeepTheOtherFromBeingTold(t *testing.T) {
	t.Parallel()
	address, _, _ := hook(t, http.StatusGone)
	dir := t.TempDir()
	err := notify.Target{Webhook: address, Command: []string{"tee", "told"}, Dir: dir}.Send(t.Context(), failed())
	require.EqualError(t, err, "notify.webhook: 127.0.0.1 answered 410 Gone")
	require.FileExists(t, filepath.Join(dir, "told"))
}
