package bucket_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/bucket"
)

func TestParse(t *testing.T) {
	l, err := bucket.Parse("s3://acme-exports/crm/daily/?region=eu-central-1&endpoint=http://127.0.0.1:9000/")
	require.NoError(t, err)
	require.Equal(t, "eu-central-1", l.Region)
	require.Equal(t, "127.0.0.1:9000", l.Endpoint.Host)
	require.Equal(t, "s3://acme-exports/crm/daily/", l.String())
	require.Equal(t, "s3://acme-exports/a.csv", l.URL("a.csv"))
	l, err = bucket.Parse("s3://acme-exports")
	require.NoError(t, err)
	require.Equal(t, bucket.Location{Bucket: "acme-exports"}, l)

	for root, says := range map[string]string{
		"gs://acme":                              "gs:// is not read",
		"s3://id:hush@acme-exports/":             "a login has no place in it",
		"s3://Acme/x":                            `"Acme" is no name of a bucket`,
		"s3:///x":                                `"" is no name of a bucket`,
		"s3://acme-exports/x#y":                  "write %23",
		"s3://acme-exports?regoin=x":             `"regoin" is no setting of it: did you mean region?`,
		"s3://acme-exports?endpoint=127.0.0.1:1": "its endpoint is no address",
		"s3://acme-exports?endpoint=http://id:hush@host": "its endpoint is no address",
		"s3://acme-exports?endpoint=https://host/path":   "its endpoint is no address",
	} {
		_, err := bucket.Parse(root)
		require.ErrorContains(t, err, says, root)
		require.NotContains(t, err.Error(), "hush")
	}
}

// TestKindsOfErrors has a server answer as Amazon's documentation of errors says, where no local server does.
func TestKindsOfErrors(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "vendor")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	for _, c := range []struct {
		status     int
		code, says string
		kind       error
	}{
		{http.StatusForbidden, "AccessDenied", "give the login s3:GetObject", source.ErrPermission},
		{http.StatusForbidden, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID", source.ErrCredentials},
		{http.StatusBadRequest, "InvalidToken", "AWS_SESSION_TOKEN", source.ErrCredentials},
		{http.StatusNotFound, "NoSuchBucket", "mend the bucket", source.ErrConfig},
		{http.StatusNotFound, "NoSuchKey", "run again when it is complete", source.ErrChanged},
		{http.StatusPreconditionFailed, "PreconditionFailed", "run again when it is complete", source.ErrChanged},
		{http.StatusBadRequest, "IllegalLocationConstraintException", "mend `region`", source.ErrConfig},
		{http.StatusServiceUnavailable, "SlowDown", "run again later", source.ErrTransient},
		{http.StatusMethodNotAllowed, "MethodNotAllowed", "one that speaks S3", source.ErrConfig},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead { // FGetObject looks first, and such an answer has no body
				header(w, 4)
				return
			}
			w.WriteHeader(c.status)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>It is so.</Message></Error>", c.code)
		}))
		err := fetch(t, server)
		require.ErrorIs(t, err, c.kind, c.code)
		require.ErrorContains(t, err, "fetching s3://acme-exports/a.csv: ")
		require.ErrorContains(t, err, c.says)
		require.NotContains(t, err.Error(), "hush")
		server.Close()
	}
}

func TestDownloadThatBreaksOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header(w, 4)
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte("id"))
		}
	}))
	defer server.Close()
	err := fetch(t, server)
	require.ErrorIs(t, err, source.ErrTransient)
	require.ErrorContains(t, err, "the answer of "+strings.TrimPrefix(server.URL, "http://")+" broke off")
}

// TestDiskThatRefuses has a file stand where a folder is needed: that is no fault of the storage.
func TestDiskThatRefuses(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	b, err := bucket.Open("s3://acme-exports?region=us-east-1&endpoint=" + server.URL)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	err = b.Fetch(t.Context(), bucket.Object{Key: "a.csv", ETag: "1"}, filepath.Join(file, "a.csv"))
	require.ErrorIs(t, err, syscall.ENOTDIR)
	require.NotErrorIs(t, err, source.ErrTransient)
}

func TestFetchThatIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() }))
	defer server.Close()
	b, err := bucket.Open("s3://acme-exports?region=us-east-1&endpoint=" + server.URL)
	require.NoError(t, err)
	require.ErrorIs(t, b.Fetch(ctx, bucket.Object{Key: "a.csv", ETag: "1"}, filepath.Join(t.TempDir(), "a")), context.Canceled)
}

func header(w http.ResponseWriter, size int) {
	w.Header().Set("Content-Length", fmt.Sprint(size))
	w.Header().Set("Last-Modified", time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat))
	w.Header().Set("ETag", `"1"`)
}

func fetch(t *testing.T, server *httptest.Server) error {
	t.Helper()
	b, err := bucket.Open("s3://acme-exports?region=us-east-1&endpoint=" + server.URL)
	require.NoError(t, err)
	return b.Fetch(t.Context(), bucket.Object{Key: "a.csv", Size: 4, ETag: "1"}, filepath.Join(t.TempDir(), "a.csv"))
}
