package movement

import (
	"fmt"
	"os"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/schemas"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

func TestZZ(t *testing.T) {
	dir := os.Getenv("MVDIR")
	if dir == "" {
		t.Skip()
	}
	cat, err := catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"})
	require.NoError(t, err)
	set, err := schemas.Load()
	require.NoError(t, err)
	begun := time.Now()
	p, err := Open(t.Context(), dir+"/"+os.Getenv("MVA"), dir+"/"+os.Getenv("MVB"), warehouse.Settings{})
	require.NoError(t, err)
	defer p.Close()
	fmt.Println("open", time.Since(begun))
	ids := Headlines()
	if os.Getenv("MVALL") != "" {
		ids = cat.IDs()
	}
	r, err := p.Compare(t.Context(), cat, set, Spec{IDs: ids, Grains: []string{"quarter", "total", "month"}[:2], Limit: 50})
	require.NoError(t, err)
	for _, c := range r.Changes {
		m, _ := cat.Metric(c.MetricID)
		if m.Adds() != c.Adds {
			fmt.Printf("  %s %s %+v %+v %+v\n", c.MetricID, c.Grain, c.Before, c.After, c.Sum)
		}
	}
	fmt.Println(len(r.Changes))
	fmt.Println("all", time.Since(begun))
}
