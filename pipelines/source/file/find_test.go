package file_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/file"
)

// tree makes a project with files in it.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pro[j]ect") // brackets in a path are no pattern
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("id\n1\n"), 0o644))
	}
	return dir
}

func TestFind(t *testing.T) {
	dir := tree(t,
		"data/partners_10.csv", "data/partners_9.csv", "data/.partners_1.csv", "data/._partners_2.csv", "data/leads [1].csv", "data/leads 1.csv",
		"data/2025/q1/deals.csv", "data/2025/q2/deals.csv", "data/2025/deals.csv", "outside.csv")
	names := func(root string, patterns ...string) []string {
		finding, err := file.Find(t.Context(), dir, file.Spec{Root: root, Files: patterns})
		require.NoError(t, err)
		var out []string
		for _, f := range finding.Files {
			require.Equal(t, int64(5), f.Size)
			out = append(out, f.Name)
		}
		return append(out, finding.Empty...)
	}
	require.Equal(t, []string{"data/partners_9.csv", "data/partners_10.csv"}, names("data", "partners*.csv"))
	require.Equal(t, []string{"data/partners_9.csv", "data/partners_10.csv"}, names("data", "partners_9.csv", "partners*.csv"), "each once")
	require.Equal(t, []string{"data/leads [1].csv"}, names("data", "leads [1].csv"), "a name that looks like a pattern")
	require.Equal(t, []string{"data/2025/deals.csv", "data/2025/q1/deals.csv", "data/2025/q2/deals.csv"}, names("data", "**/deals.csv"))
	require.Equal(t, []string{"data/2025/q1/deals.csv", "data/2025/q2/deals.csv"}, names("", "data/2025/q{1,2}/*.csv"))
	require.Equal(t, []string{"outside.csv"}, names("data", "../outside.csv"))
	require.Equal(t, []string{"outside.csv"}, names("data", "../out*.csv"))
	require.Equal(t, []string{"outside.csv"}, names("data", filepath.Join(dir, "outside.csv")))
	require.Equal(t, []string{"data/.partners_1.csv"}, names("data", ".part*.csv"))
	require.Equal(t, []string{"data/partners_9.csv", "data/partners_10.csv", "x*.csv"}, names("data", "x*.csv", "*rs_*.csv"))
}

func TestFindMissing(t *testing.T) {
	dir := tree(t, "data/partners.csv")
	_, err := file.Find(t.Context(), dir, file.Spec{Root: "data", Files: []string{"partner.csv"}})
	require.EqualError(t, err, "data/partner.csv: the file does not exist (did you mean partners.csv?)")
	_, err = file.Find(t.Context(), dir, file.Spec{Root: "data", Files: []string{"x/orders.csv"}})
	require.EqualError(t, err, "data/x/orders.csv: the file does not exist (put it there, or mend `files` of the stream)")
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "data/link.csv")))
	_, err = file.Find(t.Context(), dir, file.Spec{Root: "data", Files: []string{"link.csv"}})
	require.EqualError(t, err, "data/link.csv: the file does not exist (put it there, or mend `files` of the stream)")
	_, err = file.Find(t.Context(), dir, file.Spec{Root: "date", Files: []string{"*.csv"}})
	require.EqualError(t, err, "date: the folder of the source does not exist (create it, or mend `root` of the source)")
}

func TestNaturalOrder(t *testing.T) {
	names := []string{"dump_10.csv", "dump_9.csv", "dump.csv", "dump_009.csv", "dump_2026-02-01.csv", "dump_2026-01-31.csv", "a", "dump_9"}
	slices.SortFunc(names, file.NaturalOrder)
	require.Equal(t, []string{"a", "dump.csv", "dump_9", "dump_009.csv", "dump_9.csv", "dump_10.csv", "dump_2026-01-31.csv", "dump_2026-02-01.csv"}, names)
}

func TestIssuesAreReportedTogether(t *testing.T) {
	issues := file.Spec{
		Files: []string{"a[.csv"}, Format: "cvs", Delimiter: "||", Quote: "''", Encoding: "klingon", SkipRows: -1,
		Compression: "rar", HeaderNames: []string{"a", "A"}, Records: "a..b", MaxLineBytes: 2 << 30,
	}.Issues()
	var settings []string
	for _, i := range issues {
		require.NotEmpty(t, i.Hint)
		settings = append(settings, i.Setting)
	}
	require.Equal(t, []string{"files", "format", "delimiter", "quote", "encoding", "skip_rows", "max_line_bytes", "compression", "header", "records"}, settings)
	require.Equal(t, "did you mean csv?", issues[1].Hint)
	require.Len(t, file.Spec{}.Issues(), 1)
	require.Empty(t, file.Spec{Files: []string{"a.csv"}, Delimiter: "\t", Quote: "none", Encoding: "Windows-1252"}.Issues())
}
