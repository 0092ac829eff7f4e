package warehouse_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/warehouse"
)

func day(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }

// install builds a small warehouse and puts it among the versions.
func install(t *testing.T, folder warehouse.Folder, asOf time.Time, commit int64) warehouse.Version {
	t.Helper()
	file, err := folder.Create(t.Context(), "next", warehouse.Settings{Threads: 1, Memory: "100MB", TempDir: t.TempDir()})
	require.NoError(t, err)
	_, err = file.DB.Exec("CREATE TABLE t AS SELECT 42 AS answer")
	require.NoError(t, err)
	require.NoError(t, file.Finish(t.Context()))
	v, err := folder.Install("next", asOf, commit)
	require.NoError(t, err)
	return v
}

func TestBuildInstallRead(t *testing.T) {
	folder := warehouse.Folder{Dir: filepath.Join(t.TempDir(), "warehouse")}
	versions, err := folder.Versions()
	require.NoError(t, err)
	require.Empty(t, versions)

	v := install(t, folder, day(31), 7)
	require.Equal(t, filepath.Join(folder.Dir, "tributary-2026-01-31-7.duckdb"), v.Path)
	versions, err = folder.Versions()
	require.NoError(t, err)
	require.Equal(t, []warehouse.Version{v}, versions)
	left, err := os.ReadDir(filepath.Join(folder.Dir, ".build"))
	require.NoError(t, err)
	require.Empty(t, left)

	file, err := warehouse.OpenReadOnly(t.Context(), v.Path, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	var answer int
	var zone, nulls string
	require.NoError(t, file.DB.QueryRow("SELECT answer, current_setting('TimeZone'), current_setting('default_null_order') FROM t").Scan(&answer, &zone, &nulls))
	require.Equal(t, 42, answer)
	require.Equal(t, "UTC", zone)
	require.Equal(t, "NULLS_FIRST_ON_ASC_LAST_ON_DESC", nulls)
	_, err = file.DB.Exec("CREATE TABLE u AS SELECT 1")
	require.ErrorContains(t, err, "read-only")
}

func TestInstalledFilesNeverChange(t *testing.T) {
	folder := warehouse.Folder{Dir: t.TempDir()}
	install(t, folder, day(31), 7)
	file, err := folder.Create(t.Context(), "next", warehouse.Settings{})
	require.NoError(t, err)
	require.NoError(t, file.Finish(t.Context()))
	_, err = folder.Install("next", day(31), 7)
	require.ErrorIs(t, err, fs.ErrExist)
}

func TestResumeSeesWhatAnEarlierStepBuilt(t *testing.T) {
	folder := warehouse.Folder{Dir: t.TempDir()}
	_, err := folder.Resume(t.Context(), "next", warehouse.Settings{})
	require.ErrorIs(t, err, fs.ErrNotExist)

	file, err := folder.Create(t.Context(), "next", warehouse.Settings{})
	require.NoError(t, err)
	_, err = file.DB.Exec("CREATE TABLE t AS SELECT 1 AS x")
	require.NoError(t, err)
	require.NoError(t, file.Finish(t.Context()))
	file, err = folder.Resume(t.Context(), "next", warehouse.Settings{})
	require.NoError(t, err)
	_, err = file.DB.Exec("INSERT INTO t VALUES (2)")
	require.NoError(t, err)
	require.NoError(t, file.Finish(t.Context()))

	file, err = folder.Create(t.Context(), "next", warehouse.Settings{})
	require.NoError(t, err)
	_, err = file.DB.Exec("SELECT * FROM t")
	require.ErrorContains(t, err, "t does not exist", "a new build begins empty")
	require.NoError(t, file.Close())
	require.NoError(t, folder.Discard("next"))
	require.NoFileExists(t, folder.BuildPath("next"))
}

func TestKeepRemovesTheOldestThatAreNotInUse(t *testing.T) {
	folder := warehouse.Folder{Dir: t.TempDir()}
	first := install(t, folder, day(28), 1)
	second := install(t, folder, day(29), 2)
	install(t, folder, day(30), 10)
	install(t, folder, day(31), 9)
	require.NoError(t, os.WriteFile(filepath.Join(folder.Dir, "notes.txt"), nil, 0o600))

	removed, err := folder.Keep(3, first.Path)
	require.NoError(t, err)
	require.Equal(t, []warehouse.Version{second}, removed)
	versions, err := folder.Versions()
	require.NoError(t, err)
	commits := []int64{}
	for _, v := range versions {
		commits = append(commits, v.Commit)
	}
	require.Equal(t, []int64{1, 9, 10}, commits)
	require.FileExists(t, filepath.Join(folder.Dir, "notes.txt"))
}

func TestOpenErrorsSayWhatIsWrong(t *testing.T) {
	_, err := warehouse.OpenReadOnly(t.Context(), filepath.Join(t.TempDir(), "none.duckdb"), warehouse.Settings{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = warehouse.Folder{Dir: t.TempDir() + "/what?"}.Create(t.Context(), "next", warehouse.Settings{})
	require.ErrorContains(t, err, "rename the folder")
	_, err = warehouse.Memory(t.Context(), warehouse.Settings{Memory: "a lot"})
	require.ErrorContains(t, err, "memory_limit = 'a lot'")
}
