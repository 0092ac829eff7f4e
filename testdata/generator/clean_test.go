package generator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/generator"
)

// The same seed and size give the same bytes; another seed gives others.
func TestWriteCleanIsDeterministic(t *testing.T) {
	first, second, other := t.TempDir(), t.TempDir(), t.TempDir()
	require.NoError(t, generator.WriteClean(first, 7, 200))
	require.NoError(t, generator.WriteClean(second, 7, 200))
	require.NoError(t, generator.WriteClean(other, 8, 200))
	differ := false
	for name, want := range tree(t, first) {
		require.Equal(t, want, tree(t, second)[name], name)
		differ = differ || want != tree(t, other)[name]
	}
	require.True(t, differ)
}

// tree reads every file below a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	}))
	return out
}
