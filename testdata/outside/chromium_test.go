//go:build browser || images

package outside_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium runs a headless browser with a profile of its own and returns its output and its log.
func chromium(t *testing.T, args ...string) (string, string) {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	require.NotEmpty(t, path, "CHROMIUM names no browser: run this by make test-browser or make report-images")
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 10*time.Second
	require.NoError(t, cmd.Run(), "%s", &errs)
	return out.String(), errs.String()
}
