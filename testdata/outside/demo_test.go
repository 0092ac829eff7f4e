//go:build contracts || browser || images || lineage

package outside_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// demo is the demo vendor, published by the program as built from this tree.
type demo struct{ binary, dir string }

func newDemo(t *testing.T) demo {
	t.Helper()
	d := demo{binary: filepath.Join(t.TempDir(), "tributary"), dir: filepath.Join(t.TempDir(), "demo")}
	command(t, "go", "build", "-o", d.binary, "../../cmd/tributary")
	command(t, d.binary, "demo", d.dir)
	d.tributary(t, "run", "--as-of", "2026-09-30")
	return d
}

// tributary runs a command on the demo and returns its standard output.
func (d demo) tributary(t *testing.T, args ...string) string {
	t.Helper()
	return command(t, d.binary, append(args, "--project", d.dir)...)
}

func (d demo) warehouse(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.dir, "warehouse", "tributary-*.duckdb"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	return files[0]
}

// command runs a program to its end and fails the test, with all it said, when it fails.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.NoError(t, err, "%s\n%s%s", cmd, &out, &errs)
	}
	return out.String()
}
