package panel_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel/stand"
)

// leads is set by `make bench-panels`.
var leads = flag.Int("leads", 0, "time the queries on a generated vendor with so many leads instead of the demo vendor") //nolint:gochecknoglobals // go test's way to take a flag

var served = stand.Share(func(ctx context.Context, s *stand.Stand) (out stand.Databases, err error) {
	if *leads == 0 {
		return s.Both(ctx)
	}
	out.Demo, err = s.Large(ctx, *leads)
	return out, err
})

func databases(t *testing.T) stand.Databases {
	t.Helper()
	out, err := served.Databases()
	require.NoError(t, err)
	return out
}

func TestMain(m *testing.M) { os.Exit(served.Main(m.Run)) }
