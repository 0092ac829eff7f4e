package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

func TestShippedCatalogueLoads(t *testing.T) {
	c, err := catalogue.Load(catalogue.Layer{FS: sql.FS, Root: "sql"})
	require.NoError(t, err)
	t.Log(c.IDs())
}
