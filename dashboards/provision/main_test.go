package provision_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel/stand"
	"github.com/tributary-data/tributary/pipelines/publish/localpg"
)

// served are databases with the demo vendor's nights and with an empty warehouse, made by the first test that asks.
type served struct {
	stand       *stand.Stand
	demo, empty string // addresses for Grafana's login
	err         error
}

var serve = sync.OnceValue(func() (out served) {
	ctx := context.Background()
	if out.stand, out.err = stand.Start(ctx); out.err != nil {
		return out
	}
	used = out.stand
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
