//go:build psql

package postgres_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRolesByPsql(t *testing.T) { roles(t, byPsql) }

// byPsql runs the file as PostgreSQL's image does.
func byPsql(t *testing.T, address, path string) {
	t.Helper()
	psql := os.Getenv("PSQL")
	require.NotEmpty(t, psql, "PSQL names no psql: run this by make test-psql")
	out, err := exec.CommandContext(t.Context(), psql, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", path, address).CombinedOutput()
	require.NoError(t, err, string(out))
}
