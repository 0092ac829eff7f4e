package generator_test

import (
	"encoding/csv"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/generator"
)

var update = flag.Bool("update", false, "write the demo data set anew")

const demoDir = "../demo"

// The committed demo data set is exactly what the generator makes. Compressed files are compared by what is in them.
func TestDemoIsWhatIsCommitted(t *testing.T) {
	if *update {
		require.NoError(t, os.RemoveAll(filepath.Join(demoDir, "data")))
		require.NoError(t, generator.Generate(demoDir, generator.DemoOptions()))
	}
	fresh := t.TempDir()
	require.NoError(t, generator.Generate(fresh, generator.DemoOptions()))
	made, committed := tree(t, filepath.Join(fresh, "data")), tree(t, filepath.Join(demoDir, "data"))
	require.Len(t, committed, len(made))
	for name, want := range made {
		require.Contains(t, committed, name, "run: go test ./testdata/generator -update")
		require.True(t, plain(t, name, want) == plain(t, name, committed[name]), "%s differs: run go test ./testdata/generator -update", name)
	}
	require.Equal(t, read(t, filepath.Join(fresh, "quarantine.csv")), read(t, filepath.Join(demoDir, "quarantine.csv")))
}

// Every broken row stands on the line that quarantine.csv names.
func TestBrokenRowsStandWhereListed(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(read(t, filepath.Join(demoDir, "quarantine.csv")))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+9)
	readme := read(t, filepath.Join(demoDir, "README.md"))
	for _, row := range rows[1:] {
		file := filepath.Join(demoDir, "data", row[0])
		lines := strings.Split(plain(t, file, read(t, file)), "\n")
		n, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		broken := lines[n-1]
		require.Contains(t, readme, "| `"+row[0]+"` | "+row[1]+" | "+row[2]+" |")
		require.True(t, strings.Contains(broken, "9999") || strings.HasPrefix(broken, ",To partner"), "%s:%d: %s", row[0], n, broken)
	}
}

// The demo data stays small enough to live in the repository.
func TestDemoIsSmall(t *testing.T) {
	size := 0
	for _, content := range tree(t, demoDir) {
		size += len(content)
	}
	require.Less(t, size, 6<<20)
}

func plain(t *testing.T, name, content string) string {
	t.Helper()
	if filepath.Ext(name) != ".gz" {
		return content
	}
	z, err := gzip.NewReader(strings.NewReader(content))
	require.NoError(t, err)
	b, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(b)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}
