package source_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
)

func TestRestHoldsTheNextRequest(t *testing.T) {
	t.Parallel()
	now, waits := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), []time.Duration(nil)
	p := &source.Patience{Tools: source.Tools{
		Now:  func() time.Time { return now },
		Wait: func(_ context.Context, d time.Duration) error { now, waits = now.Add(d), append(waits, d); return nil },
	}}
	require.NoError(t, p.Pace(t.Context()))
	require.Empty(t, waits)
	p.Rest(3 * time.Second)
	p.Rest(time.Second) // the longer one counts
	require.NoError(t, p.Pace(t.Context()))
	require.NoError(t, p.Pace(t.Context()))
	require.Equal(t, []time.Duration{3 * time.Second}, waits)
	p.RPS = 2
	p.Rest(time.Second)
	require.NoError(t, p.Pace(t.Context()))
	require.NoError(t, p.Pace(t.Context()))
	require.Equal(t, []time.Duration{3 * time.Second, time.Second, 500 * time.Millisecond}, waits)
}
