package panel_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel/stand"
	"github.com/tributary-data/tributary/pipelines/publish/localpg"
)

// served are the databases that the tests of this package share, made by the first that asks.
type served struct {
	stand       *stand.Stand
	demo, empty string
	err         error
}

// leads is set by `make bench-panels`.
var leads = flag.Int("leads", 0, "time the queries on a generated vendor with so many leads instead of the demo vendor") //nolint:gochecknoglobals // go test's way to take a flag

var serve = sync.OnceValue(func() (out served) {
	ctx := context.Background()
	if out.stand, out.err = stand.Start(ctx); out.err != nil {
		return out
	}
	used = out.stand
	if *leads > 0 {
		out.demo, out.err = out.stand.Large(ctx, *leads)
		return out
	}
	if out.demo, out.err = out.stand.Demo(ctx, stand.Nights()...); out.err == nil {
		out.empty, out.err = out.stand.Empty(ctx, stand.LastNight)
	}
	return out
})

// used is what has to be stopped.
var used *stand.Stand

func databases(t *testing.T) served {
	t.Helper()
	out := serve()
	require.NoError(t, out.err)
	return out
}

func TestMain(m *testing.M) {
	localpg.Main()
	code := m.Run()
	if used != nil {
		if err := used.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
