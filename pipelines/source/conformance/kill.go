package conformance

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
)

// killer wraps a connector: after so many pages, over all readings of the run, the run is stopped.
type killer struct {
	page int
	kill func()

	mu      sync.Mutex
	seen    int
	pagesOf source.What // of the reading in which it happened
}

func (k *killer) wrap(c source.Connector) source.Connector { return &killing{c, k} }

func (k *killer) killed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen >= k.page
}

type killing struct {
	source.Connector
	*killer
}

// Open is the connector's.
func (k *killing) Open(ctx context.Context, r source.Request) (source.Pages, error) {
	pages, err := k.Connector.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	return &killingPages{pages, ctx, r.What, k.killer}, nil
}

type killingPages struct {
	source.Pages
	ctx  context.Context
	what source.What
	*killer
}

// Next counts pages.
func (k *killingPages) Next(b *source.Batch) error {
	if err := k.Pages.Next(b); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen++; k.seen == k.page {
		k.pagesOf = k.what
		k.kill()
	}
	return k.ctx.Err()
}

// Kills makes n runs over a source that changes, and stops each after a random page. At the end one run goes through, and the lake must
// hold what the source holds. The seed makes it again as it was.
func Kills(t testing.TB, h Harness, n int, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // must come out the same again
	b := newBench(t, h)
	b.fill(4*h.Page + 1)
	stopped := 0
	for range n {
		ctx, kill := context.WithCancel(context.Background())
		k := &killer{page: 1 + random.IntN(5), kill: kill}
		b.wrap = k.wrap
		_, err := b.try(ctx)
		kill()
		if k.killed() {
			stopped++
		} else {
			require.NoError(t, err)
		}
		b.fill(random.IntN(3))
		truth := h.Truth(t)
		for id := range truth {
			switch random.IntN(10) {
			case 0:
				h.Put(t, id, "changed")
			case 1:
				h.Delete(t, id)
			}
		}
	}
	require.Greater(t, stopped, n/2, "most runs were stopped")
	b.wrap = func(c source.Connector) source.Connector { return c }
	b.run()
	b.agree()
}
