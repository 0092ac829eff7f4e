package rest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestInstants(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1772445600":                    "2026-03-02T10:00:00Z",
		"1772445600.25":                 "2026-03-02T10:00:00.25Z",
		"1772445600004":                 "2026-03-02T10:00:00.004Z",
		"1772445600004.5":               "2026-03-02T10:00:00.0045Z",
		"2026-03-02T10:00:00Z":          "2026-03-02T10:00:00Z",
		"2026-03-02T12:00:00.001+02:00": "2026-03-02T10:00:00.001Z",
		"2026-03-02T12:00:00+0200":      "2026-03-02T10:00:00Z",
		"2026-03-02T10:00:00":           "2026-03-02T10:00:00Z",
		"2026-03-02 10:00:00":           "2026-03-02T10:00:00Z",
		"2026-03-02":                    "2026-03-02T00:00:00Z",
	} {
		got, is := instant(text)
		require.True(t, is, text)
		require.Equal(t, want, got.Format(time.RFC3339Nano), text)
	}
	for _, text := range []string{"", "soon", "1772445600.x", "02/03/2026", "1e9"} {
		_, is := instant(text)
		require.False(t, is, text)
	}
}
