package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// serve answers each request by the next of the answers, the last one for ever.
func serve(t *testing.T, answers ...http.HandlerFunc) (*web.Client, func() web.Request, *[]time.Duration) {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers[min(n, len(answers)-1)]
		n++
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	var waits []time.Duration
	patience := &source.Patience{Timeout: time.Second, Tools: source.Tools{
		Wait:   func(ctx context.Context, d time.Duration) error { waits = append(waits, d); return ctx.Err() },
		Random: func() float64 { return 0 },
	}}
	return &web.Client{Name: "Vendor", Patience: patience}, func() web.Request { return web.Request{URL: server.URL + "/v1/deals?key=secret"} }, &waits
}

func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestAsksAgain(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"n": 1.`)
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, c := range map[string]struct {
		first http.HandlerFunc
		wait  time.Duration
	}{
		"seconds":   {says(429, "", "Retry-After", "7"), 7 * time.Second},
		"date":      {says(503, "", "Retry-After", "Mon, 02 Mar 2026 10:00:09 GMT", "Date", "Mon, 02 Mar 2026 10:00:00 GMT"), 9 * time.Second},
		"error":     {says(500, "oops"), 500 * time.Millisecond},
		"cut":       {cut, 500 * time.Millisecond},
		"half JSON": {says(200, `{"n": 1.`), 500 * time.Millisecond},
		"hangs":     {hang, 500 * time.Millisecond},
	} {
		client, request, waits := serve(t, c.first, says(200, `{"n": 1.10}`))
		var got map[string]any
		_, err := client.JSON(t.Context(), request(), &got)
		require.NoError(t, err, name)
		require.Equal(t, json.Number("1.10"), got["n"], name)
		require.Equal(t, []time.Duration{c.wait}, *waits, name)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]error{401: source.ErrCredentials, 403: source.ErrPermission, 404: source.ErrConfig, 502: source.ErrTransient} {
		client, request, _ := serve(t, says(status, "no"))
		_, err := client.JSON(t.Context(), request(), nil)
		require.ErrorIs(t, err, kind)
		require.ErrorContains(t, err, "Vendor: GET 127.0.0.1")
		require.NotContains(t, err.Error(), "secret")
	}
	client, request, _ := serve(t, says(200, "<html>"))
	_, err := client.JSON(t.Context(), request(), &struct{}{})
	require.ErrorContains(t, err, "not the JSON")
	require.NotErrorIs(t, err, source.ErrTransient)
	r := request()
	r.URL = "http://127.0.0.1:1/?key=secret"
	_, err = client.JSON(t.Context(), r, nil)
	require.ErrorIs(t, err, source.ErrTransient)
	require.NotContains(t, err.Error(), "secret")
}

func TestTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	fetched, valid := 0, "token 2"
	client, request, waits := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+valid {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "{}")
	})
	client.Login = &web.Token{Fetch: func(context.Context) (string, error) {
		fetched++
		return map[int]string{1: "token 1", 2: "token 2"}[fetched], nil
	}}
	_, err := client.JSON(t.Context(), request(), nil)
	require.NoError(t, err)
	require.Equal(t, 2, fetched)
	require.Empty(t, *waits)
	valid = "none"
	_, err = client.JSON(t.Context(), request(), nil)
	require.ErrorIs(t, err, source.ErrCredentials)
	require.Equal(t, 3, fetched, "one more, and no further")
}

func TestValues(t *testing.T) {
	t.Parallel()
	var records []web.Record
	require.NoError(t, json.Unmarshal([]byte(`[{"a": 12345678901234567890.10, "b": "x\ny", "c": {"d": [1, 2]}, "e": null}, {"a": true}]`), &records))
	names := []string{"a", "b", "c", "e", "f"}
	var b source.Batch
	b.Begin(names)
	line, returned := int64(4), map[string]bool{}
	web.Fill(&b, names, records, &line, returned)
	require.Equal(t, []int64{5, 6}, b.Lines)
	for i, want := range []string{"12345678901234567890.10", "x\ny", `{"d":[1,2]}`} {
		require.Equal(t, want, string(b.Value(i, 0)))
	}
	require.Nil(t, b.Value(3, 0))
	require.Equal(t, "true", string(b.Value(0, 1)))
	require.Equal(t, []string{"f"}, web.Absent(names, returned))
}
