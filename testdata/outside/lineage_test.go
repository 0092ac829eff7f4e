//go:build lineage

package outside_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// load has openlineage-python's classes load every event of a file.
func load(t *testing.T, path string) (string, error) {
	t.Helper()
	python := os.Getenv("OPENLINEAGE_PYTHON")
	require.FileExists(t, python, "OPENLINEAGE_PYTHON names no program: run this by make test-lineage")
	said, err := exec.CommandContext(t.Context(), python, "check_openlineage.py", path).CombinedOutput()
	return string(said), err
}

func TestEveryEventLoads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	t.Setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
	t.Setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", path)
	t.Setenv("OPENLINEAGE__TRANSPORT__APPEND", "true")
	t.Setenv("OPENLINEAGE_PARENT_ID", "airflow/nights.tributary/019e1b2c-0000-7000-8000-000000000001")
	d := newDemo(t)
	said, err := load(t, path)
	require.NoError(t, err, said)
	require.Regexp(t, `^\d{3} events, \d{3} of Tributary in \d\d+ jobs, \d{4,} uses of columns\n$`, said)

	events := readFile(t, path)
	t.Setenv("OPENLINEAGE_PARENT_ID", "")
	quotes := filepath.Join(d.dir, "data", "crm", "quote.csv")
	require.NoError(t, os.WriteFile(quotes, []byte("no;such;columns\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), d.binary, "run", "--project", d.dir, "--as-of", "2026-10-01")
	require.Error(t, cmd.Run(), "the night should fail")
	require.Contains(t, strings.TrimPrefix(readFile(t, path), events), `"eventType":"FAIL"`)
	said, err = load(t, path)
	require.NoError(t, err, said)

	// what is wrong is found, and named
	for _, c := range []struct{ old, changed, says string }{
		{`"runId":`, `"runID":`, "Run has no field runID"},
		{`"eventType":"START"`, `"eventType":"BEGIN"`, "'BEGIN' is no type of event"},
		{`"nominalStartTime":`, `"start":`, "NominalTimeRunFacet has no field start"},
		{`1-2-0/SchemaDatasetFacet.json`, `9-9-9/SchemaDatasetFacet.json`, "knows no schema"},
		{`"rowCount":`, `"rowCount":"many","size":1,"fileCount":`, "int is needed, this is 'many'"},
		{`"field":"deal_id"`, `"field":"deal_number"`, "deal_number, which does not exist"},
		{`{"eventType":"COMPLETE"`, `{"eventType":"RUNNING"`, "has begun and not ended"},
	} {
		broken := filepath.Join(t.TempDir(), "broken.jsonl")
		require.NoError(t, os.WriteFile(broken, []byte(strings.ReplaceAll(events, c.old, c.changed)), 0o600))
		said, err := load(t, broken)
		require.Error(t, err, c.changed)
		require.Contains(t, said, c.says)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
