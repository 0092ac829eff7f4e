package provision_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel/stand"
)

var served = stand.Share(func(ctx context.Context, s *stand.Stand) (stand.Databases, error) { return s.Both(ctx) })

func databases(t *testing.T) stand.Databases {
	t.Helper()
	out, err := served.Databases()
	require.NoError(t, err)
	return out
}

func TestMain(m *testing.M) { os.Exit(served.Main(m.Run)) }
