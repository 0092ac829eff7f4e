package provision_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/grafana"
	"github.com/tributary-data/tributary/dashboards/provision"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

var update = flag.Bool("update", false, "write dashboards/provisioning") //nolint:gochecknoglobals // go test's way to take a flag

const committed = "../provisioning"

// demo are the options of the demo vendor's project.
func demo() provision.Options {
	return provision.Options{Options: grafana.Options{
		Currency: "EUR", Schema: "tributary", Records: "tributary_ops", TimeZone: "Europe/Berlin",
		Thresholds: map[string]float64{"review_compliance": 0.6, "review_conversion": 0.15},
	}}
}

func shipped(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	cat, err := catalogue.Load(catalogue.Layer{FS: embedded.FS})
	require.NoError(t, err)
	return cat
}

func files(t *testing.T) []provision.File {
	t.Helper()
	out, err := provision.Files(shipped(t), demo())
	require.NoError(t, err)
	return out
}

// TestTheCommittedFolderIsUpToDate, nothing missing and nothing left over.
func TestTheCommittedFolderIsUpToDate(t *testing.T) {
	if *update {
		_, err := provision.Write(committed, files(t))
		require.NoError(t, err)
	}
	want := map[string]string{}
	for _, f := range files(t) {
		want[f.Path] = string(f.Text)
	}
	got := map[string]string{}
	require.NoError(t, filepath.WalkDir(committed, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(committed, path)
		got[filepath.ToSlash(rel)] = string(text)
		return err
	}))
	require.Equal(t, want, got, "make dashboards writes it anew")
}

func TestWriteRemovesOnlyWhatIsOurs(t *testing.T) {
	dir := t.TempDir()
	changes, err := provision.Write(dir, files(t))
	require.NoError(t, err)
	for _, c := range changes {
		require.Equal(t, "written", c.What, c.Path)
	}
	old := filepath.Join(dir, "json", "gone.json")
	theirs := filepath.Join(dir, "json", "theirs.json")
	require.NoError(t, os.WriteFile(old, []byte(`{"uid": "tributary-gone", "tags": ["tributary"]}`), 0o600))
	require.NoError(t, os.WriteFile(theirs, []byte(`{"uid": "sales", "tags": ["tributary"]}`), 0o600))
	changes, err = provision.Write(dir, files(t))
	require.NoError(t, err)
	require.Contains(t, changes, provision.Change{Path: "json/gone.json", What: "removed"})
	for _, c := range changes[:len(changes)-1] {
		require.Equal(t, "same", c.What, c.Path)
	}
	require.NoFileExists(t, old)
	require.FileExists(t, theirs)
	entries, err := os.ReadDir(filepath.Join(dir, "json"))
	require.NoError(t, err)
	for _, e := range entries {
		require.False(t, strings.HasPrefix(e.Name(), "."), "%s is left over", e.Name())
	}
}

func TestWriteKeepsWhatIsNotOurs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "datasources", "tributary.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("apiVersion: 1\n"), 0o600))
	_, err := provision.Write(dir, files(t))
	require.ErrorContains(t, err, "was not written by this program: move it, or choose another folder")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "apiVersion: 1\n", string(text))
	require.NoDirExists(t, filepath.Join(dir, "json"), "nothing is written when something is in the way")
}
