package unittest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/lint"
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
	results, err := unittest.Run(t.Context(), set, tests, builtin(t))
	require.NoError(t, err)
	if *update {
		written, err := unittest.Update(results, func(file string) string { return filepath.Join(root, strings.TrimPrefix(file, "sql/")) })
		require.NoError(t, err)
		t.Logf("rewritten: %v", written)
		return
	}
	require.NoError(t, results.Err())
}

func builtin(t *testing.T) unittest.Options {
	t.Helper()
	rules, err := program.Builtin()
	require.NoError(t, err)
	asOf := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	params := program.Params{AsOf: asOf, KnownAt: asOf.AddDate(0, 0, 1), Zone: "UTC", Currency: "EUR", MinN: 5}
	return unittest.Options{Setup: unittest.Setup(rules, params)}
}

// TestTheDocumentationRuns takes the model and the unit test of docs/models.md as a user's own.
func TestTheDocumentationRuns(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "models.md"))
	require.NoError(t, err)
	block := func(language string) []byte {
		_, after, found := strings.Cut(string(text), "```"+language+"\n")
		require.True(t, found)
		code, _, _ := strings.Cut(after, "```")
		return []byte(code)
	}
	user := fstest.MapFS{
		"mine/won.sql":    {Data: block("sql")},
		"tests/doc.yaml":  {Data: block("yaml")},
		"tests/mine.yaml": {Data: []byte(minesTest)},
	}
	set, err := model.Load(t.Context(), os.DirFS(filepath.Join("..", "..", "sql")), user)
	require.NoError(t, err)
	mine, _ := set.Get("mine.won")
	require.NoError(t, lint.Model(mine).Err())
	tests, err := unittest.Load(user, "sql")
	require.NoError(t, err)
	results, err := unittest.Run(t.Context(), set, tests, builtin(t))
	require.NoError(t, err)
	require.NoError(t, results.Err())
	require.Len(t, results, 2)
}

const minesTest = `model: mine.won
tests:
  - name: sums
    given:
      staging.deal:
        - {deal_id: d1, outcome: won, owner_id: o, closed_at: 2026-01-10, amount: 1.10}
        - {deal_id: d2, outcome: won, owner_id: o, closed_at: 2026-02-10, amount: 2.20}
    expect: [{owner_id: o, quarter: 2026-01-01, amount: 3.30}]
`
