package lake_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
)

// away is a remote in a folder. It can lose answers, break, and forget what conditional writes are.
type away struct {
	dir           string
	loseAnswer    bool // of the next commit
	broken        error
	unconditional bool
}

func (a *away) String() string { return "s3://acme/lake/" }

func (a *away) path(name string) string { return filepath.Join(a.dir, filepath.FromSlash(name)) }

func (a *away) Names(_ context.Context, prefix, after string) (names []string, err error) {
	if a.broken != nil {
		return nil, a.broken
	}
	err = filepath.WalkDir(a.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(a.dir, path)
		if name := filepath.ToSlash(rel); strings.HasPrefix(name, prefix) && name > after {
			names = append(names, name)
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

func (a *away) Get(_ context.Context, name, to string) error { return copyFile(a.path(name), to) }

func (a *away) Put(_ context.Context, name, from string) error {
	if a.broken != nil {
		return a.broken
	}
	return copyFile(from, a.path(name))
}

func (a *away) PutNew(ctx context.Context, name, from string) error {
	if _, err := os.Stat(a.path(name)); err == nil && !a.unconditional {
		return fs.ErrExist
	}
	err := a.Put(ctx, name, from)
	if a.loseAnswer && strings.HasPrefix(name, "commits/") {
		a.loseAnswer = false
		return errors.New("the connection broke")
	}
	return err
}

func (a *away) Remove(_ context.Context, name string) error { return os.Remove(a.path(name)) }

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// machine is a machine of its own with a working copy of the lake.
func machine(t *testing.T, remote *away) *bundle {
	t.Helper()
	b := &bundle{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	b.lake, err = lake.Open(filepath.Join(t.TempDir(), "copy"), lake.Options{Clock: func() time.Time { return b.now }, Remote: remote})
	require.NoError(t, err)
	return b
}

// elsewhere makes the newest turn one of another machine.
func elsewhere(t *testing.T, b *bundle, remote *away, commit string) {
	t.Helper()
	for _, path := range []string{b.lake.Abs("commits/" + commit), remote.path("commits/" + commit), b.lake.Abs("writer.lock"), remote.path("writer.lock")} {
		rewrite(t, path, func(h map[string]any) { h["host"] = "elsewhere" })
	}
}

func TestALakeElsewhere(t *testing.T) {
	ctx, remote := context.Background(), &away{dir: t.TempDir()}
	one, other := machine(t, remote), machine(t, remote)
	one.load("l1", "partners_1.csv", 3)
	w := one.writer()
	hash, err := w.StoreProgram(ctx, map[string][]byte{"tributary.yaml": []byte("version: 1\n"), "sql/board/a.sql": []byte("SELECT 1")})
	require.NoError(t, err)
	_, err = w.Commit(ctx, lake.Manifest{Kind: lake.KindRun, Run: &lake.Run{ID: "r1", Program: hash}})
	require.NoError(t, err)
	require.NoError(t, w.Close())

	log, err := other.lake.Manifests(ctx)
	require.NoError(t, err)
	require.Len(t, log, 4)
	require.NoFileExists(t, other.lake.Abs("raw/crm/partners/l1/part-00001.parquet"), "what nobody asks for is not fetched")
	parts, err := other.lake.Parts(ctx, "crm", "partners", time.Time{})
	require.NoError(t, err)
	require.FileExists(t, other.lake.Abs(parts.Current[0].Path))
	files, err := other.lake.LoadProgram(ctx, hash)
	require.NoError(t, err)
	require.Equal(t, "SELECT 1", string(files["sql/board/a.sql"]))
	require.Equal(t, "s3://acme/lake/raw/crm", other.lake.Place("raw/crm"))

	other.load("l2", "partners_2.csv", 2)
	v, err := one.lake.Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Damage)
	require.Equal(t, 2, v.Parts)

	// A part that is not what its commit says is not taken.
	require.NoError(t, os.WriteFile(remote.path("raw/crm/partners/l2/part-00001.parquet"), []byte("something else"), 0o600))
	_, err = machine(t, remote).lake.Parts(ctx, "crm", "partners", time.Time{})
	require.ErrorContains(t, err, "raw/crm/partners/l2/part-00001.parquet of s3://acme/lake/ is not what commit 6 says")
}

func TestTwoMachines(t *testing.T) {
	ctx, remote := context.Background(), &away{dir: t.TempDir()}
	one, other := machine(t, remote), machine(t, remote)
	first := one.writer()
	elsewhere(t, one, remote, "00000001.json")

	// The lock of another machine is seen, and so is that its lease is renewed.
	_, err := other.lake.Writer(ctx, lake.WriterOptions{Heartbeat: -1})
	require.ErrorIs(t, err, lake.ErrLocked)
	one.now, other.now = one.now.Add(90*time.Second), other.now.Add(90*time.Second)
	require.NoError(t, first.Renew())
	one.now, other.now = one.now.Add(90*time.Second), other.now.Add(90*time.Second)
	elsewhere(t, one, remote, "00000001.json")
	_, err = other.lake.Writer(ctx, lake.WriterOptions{Heartbeat: -1})
	require.ErrorIs(t, err, lake.ErrLocked)

	// One that shows no sign of life is taken over, and can commit nothing when it wakes up.
	p := one.part(first, partners, "l1", "partners_1.csv", 1, 3)
	other.now = other.now.Add(time.Hour)
	second, err := other.lake.Writer(ctx, lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	_, err = first.Commit(ctx, lake.Manifest{Kind: lake.KindLoad, Load: &lake.Load{
		LoadID: "l1", Source: "crm", Stream: "partners", Mode: "append", Files: []lake.File{{Path: "partners_1.csv", Rows: 3}}, Parts: []lake.Part{p}, Rows: 3, Columns: p.Columns,
	}})
	require.ErrorIs(t, err, lake.ErrLostTurn)
	require.ErrorIs(t, first.Renew(), lake.ErrLostTurn)
	streams, err := other.lake.Streams(ctx, time.Time{})
	require.NoError(t, err)
	require.Empty(t, streams, "what it had stored is invisible")

	// … and is garbage, which goes from both places.
	removed, err := second.GC(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{p.Path}, removed.Removed)
	require.NoFileExists(t, remote.path(p.Path))
	require.NoError(t, second.Close())
}

func TestALostAnswerIsNoLostCommit(t *testing.T) {
	remote := &away{dir: t.TempDir()}
	b := machine(t, remote)
	w := b.writer()
	remote.loseAnswer = true
	n, err := w.Commit(context.Background(), publish("a.duckdb"))
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	n, err = w.Commit(context.Background(), publish("b.duckdb"))
	require.NoError(t, err)
	require.EqualValues(t, 3, n)

	// When nothing gets through nothing is committed, here neither.
	remote.broken = errors.New("no network")
	_, err = w.Commit(context.Background(), publish("c.duckdb"))
	require.ErrorContains(t, err, "no network")
	remote.broken = nil
	log, err := b.lake.Manifests(context.Background())
	require.NoError(t, err)
	require.Len(t, log, 3)
	n, err = w.Commit(context.Background(), publish("c.duckdb"))
	require.NoError(t, err)
	require.EqualValues(t, 4, n)
}

func TestPlacesThatCannotHoldALake(t *testing.T) {
	_, err := machine(t, &away{dir: t.TempDir(), unconditional: true}).lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.ErrorContains(t, err, "gives one name to two writers")

	remote := &away{dir: t.TempDir()}
	b := machine(t, remote)
	b.commit(publish("a.duckdb"))
	require.NoError(t, os.RemoveAll(remote.path("commits")))
	again, err := lake.Open(b.lake.Dir(), lake.Options{Remote: remote})
	require.NoError(t, err)
	_, err = again.Manifests(context.Background())
	require.ErrorContains(t, err, "has another commits/00000002.json than its working copy")
}
