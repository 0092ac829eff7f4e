package grafana

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

var update = flag.Bool("update", false, "write the dashboards of the demo vendor") //nolint:gochecknoglobals // go test's way to take a flag

func TestCommitted(t *testing.T) {
	cat, err := catalogue.Load(catalogue.Layer{FS: embedded.FS})
	require.NoError(t, err)
	files, err := Generate(cat, Options{Currency: "EUR", Schema: "tributary", Records: "tributary_ops", TimeZone: "Europe/Berlin", Thresholds: map[string]float64{"review_compliance": 0.6, "review_conversion": 0.15}})
	require.NoError(t, err)
	for _, f := range files {
		path := filepath.Join("..", "provisioning", "json", f.Name)
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, f.JSON, 0o600))
			continue
		}
		committed, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(committed), string(f.JSON), "go test ./dashboards/grafana -update writes it anew")
	}
}
