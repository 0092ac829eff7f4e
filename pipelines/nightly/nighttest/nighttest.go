// Package nighttest lets tests of connectors make nights of what `tributary init --from` writes.
package nighttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // warehouse files are its
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// Project writes a project that begins with a source, and puts one text of its configuration in the place of another, pair by pair; each must
// be there. It gives the folder.
func Project(t *testing.T, from string, replace ...string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, project.Init(dir, from))
	path := filepath.Join(dir, project.File)
	config, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 0; i+1 < len(replace); i += 2 {
		require.Contains(t, string(config), replace[i])
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(string(config))), 0o600)) //nolint:gosec // of the test itself
	return dir
}

// Run makes a night that must be published, without a row in quarantine.
func Run(t *testing.T, opts nightly.Options) nightly.Summary {
	t.Helper()
	summary, err := nightly.Run(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, summary.Status)
	require.Empty(t, Rows(t, summary, "SELECT entity, rule, field, value FROM staging.quarantine"))
	return summary
}

// Rows are those of a query over the warehouse of a night, a line each: values with " | " between them, - for null.
func Rows(t *testing.T, of nightly.Summary, query string) []string {
	t.Helper()
	file, err := warehouse.OpenReadOnly(t.Context(), of.Warehouse, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	found, err := file.DB.QueryContext(t.Context(), query)
	require.NoError(t, err, query)
	defer found.Close()
	columns, err := found.Columns()
	require.NoError(t, err)
	var out []string
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, found.Scan(into...))
		texts := make([]string, len(values))
		for i, v := range values {
			if texts[i] = fmt.Sprint(v); v == nil {
				texts[i] = "-"
			}
		}
		out = append(out, strings.Join(texts, " | "))
	}
	require.NoError(t, found.Err())
	return out
}
