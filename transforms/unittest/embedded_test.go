package unittest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/unittest"
)

var update = flag.Bool("update", false, "write what the models give into sql/tests")

// TestEmbedded runs sql/tests under the built-in program, as of the end of June 2026 in UTC.
func TestEmbedded(t *testing.T) {
	root := filepath.Join("..", "..", "sql")
	files := os.DirFS(root)
	set, err := model.Load(t.Context(), files, nil)
	require.NoError(t, err)
	tests, err := unittest.Load(files, "sql")
	require.NoError(t, err)
	rules, err := program.Builtin()
	require.NoError(t, err)
	asOf := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	params := program.Params{AsOf: asOf, KnownAt: asOf.AddDate(0, 0, 1), Zone: "UTC", Currency: "EUR", MinN: 5}
	results, err := unittest.Run(t.Context(), set, tests, unittest.Options{Setup: unittest.Setup(rules, params)})
	require.NoError(t, err)
	if *update {
		written, err := unittest.Update(results, func(file string) string { return filepath.Join(root, strings.TrimPrefix(file, "sql/")) })
		require.NoError(t, err)
		t.Logf("rewritten: %v", written)
		return
	}
	require.NoError(t, results.Err())
}
