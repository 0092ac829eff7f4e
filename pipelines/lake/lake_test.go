package lake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
)

// bundle is a lake with a clock that stands still unless it is moved.
type bundle struct {
	t    *testing.T
	lake *lake.Lake
	now  time.Time
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.lake = b.open()
	return b
}

// open opens the same lake once more, as another process would.
func (b *bundle) open() *lake.Lake {
	b.t.Helper()
	dir := filepath.Join(b.t.TempDir(), "lake")
	if b.lake != nil {
		dir = b.lake.Dir()
	}
	l, err := lake.Open(dir, lake.Options{Clock: func() time.Time { return b.now }})
	require.NoError(b.t, err)
	return l
}

func (b *bundle) writer() *lake.Writer {
	b.t.Helper()
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(b.t, err)
	return w
}

// commit commits and gives the turn back.
func (b *bundle) commit(m lake.Manifest) int64 {
	b.t.Helper()
	w := b.writer()
	n, err := w.Commit(context.Background(), m)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	return n
}

type row struct {
	ID          string    `parquet:"id,optional"`
	LoadID      string    `parquet:"_load_id"`
	ExtractedAt time.Time `parquet:"_extracted_at,timestamp(microsecond)"`
	SourceFile  string    `parquet:"_source_file"`
	SourceLine  int64     `parquet:"_source_line"`
	Op          *string   `parquet:"_op,optional"`
}

// part writes a part with some rows.
func (b *bundle) part(w *lake.Writer, name lake.StreamName, loadID, file string, n, rows int) lake.Part {
	b.t.Helper()
	rel := lake.RawPath(name, loadID, n, 1)
	p, err := w.Create(rel)
	require.NoError(b.t, err)
	pw := parquet.NewGenericWriter[row](p)
	for i := range rows {
		_, err := pw.Write([]row{{ID: fmt.Sprint(i), LoadID: loadID, SourceFile: file, SourceLine: int64(i + 2)}})
		require.NoError(b.t, err)
	}
	require.NoError(b.t, pw.Close())
	require.NoError(b.t, p.Keep())
	return lake.Part{Path: rel, SourceFile: file, Rows: int64(rows), Bytes: p.Bytes(), SHA256: p.SHA256(), Columns: []lake.Column{{Name: "id", Type: "VARCHAR"}}}
}

var partners = lake.StreamName{Source: "crm", Stream: "partners"}

// load commits a load of one file.
func (b *bundle) load(loadID, file string, rows int, supersedes ...lake.FileRef) int64 {
	b.t.Helper()
	w := b.writer()
	p := b.part(w, partners, loadID, file, 1, rows)
	n, err := w.Commit(context.Background(), lake.Manifest{Kind: lake.KindLoad, Load: &lake.Load{
		LoadID: loadID, Source: "crm", Stream: "partners", Mode: "snapshot", Files: []lake.File{{Path: file, Rows: int64(rows)}},
		Parts: []lake.Part{p}, Rows: int64(rows), Supersedes: supersedes, Columns: p.Columns,
	}})
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	return n
}

func publish(file string) lake.Manifest {
	return lake.Manifest{Kind: lake.KindPublish, Publish: &lake.Publish{Warehouse: file}}
}

func TestEmptyLake(t *testing.T) {
	b := setup(t)
	log, err := b.lake.Manifests(context.Background())
	require.NoError(t, err)
	require.Empty(t, log)
	_, err = b.lake.CurrentPublish(context.Background())
	require.ErrorIs(t, err, lake.ErrNotFound)
	require.NoDirExists(t, b.lake.Dir(), "reading makes nothing")
	listing, err := b.lake.Ls(context.Background(), time.Time{})
	require.NoError(t, err)
	require.Zero(t, listing.Commits)
	_, err = lake.Open(writeFile(t, "x"), lake.Options{})
	require.ErrorContains(t, err, "is a file")
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	return path
}

func TestEveryTurnAndCommitTakesTheNextNumber(t *testing.T) {
	b := setup(t)
	require.Equal(t, int64(2), b.commit(publish("a")))
	require.Equal(t, int64(4), b.commit(publish("b")))
	log, err := b.open().Manifests(context.Background())
	require.NoError(t, err)
	var kinds []lake.Kind
	for i, m := range log {
		require.Equal(t, int64(i+1), m.Number)
		require.Equal(t, lake.Format, m.Format)
		require.Equal(t, b.now, m.At)
		kinds = append(kinds, m.Kind)
	}
	require.Equal(t, []lake.Kind{lake.KindTurn, lake.KindPublish, lake.KindTurn, lake.KindPublish}, kinds)
	require.Equal(t, log[0].Turn.Holder.Token, log[1].Writer)
	current, err := b.lake.CurrentPublish(context.Background())
	require.NoError(t, err)
	require.Equal(t, "b", current.Publish.Warehouse)
}

func TestPartsAsTheyWereKnown(t *testing.T) {
	b := setup(t)
	first := b.load("L1", "a.csv", 2)
	b.load("L2", "b.csv", 1)
	night := b.now
	b.now = b.now.Add(time.Hour)
	third := b.load("L3", "a.csv", 1, lake.FileRef{Commit: first, Path: "a.csv"})

	loads := func(parts []lake.LoadedPart) (ids []string) {
		for _, p := range parts {
			ids = append(ids, p.LoadID)
		}
		return ids
	}
	now, err := b.lake.Parts(context.Background(), "crm", "partners", time.Time{})
	require.NoError(t, err)
	require.Equal(t, []string{"L2", "L3"}, loads(now.Current))
	require.Equal(t, []string{"L1"}, loads(now.Superseded))
	require.Equal(t, third, now.Superseded[0].SupersededBy)
	require.Equal(t, third, now.Current[1].Commit)
	require.Equal(t, "snapshot", now.Mode)

	then, err := b.lake.Parts(context.Background(), "crm", "partners", night)
	require.NoError(t, err)
	require.Equal(t, []string{"L1", "L2"}, loads(then.Current))
	require.Empty(t, then.Superseded)

	before, err := b.lake.Parts(context.Background(), "crm", "partners", night.Add(-time.Second))
	require.NoError(t, err)
	require.Empty(t, before.Current)
	names, err := b.lake.Streams(context.Background(), night.Add(-time.Second))
	require.NoError(t, err)
	require.Empty(t, names)
	names, err = b.lake.Streams(context.Background(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, []lake.StreamName{partners}, names)

	deliveries, err := b.lake.Deliveries(context.Background(), "crm", "partners")
	require.NoError(t, err)
	require.Len(t, deliveries, 3)
	require.Equal(t, third, deliveries[0].SupersededBy)
	require.Equal(t, []lake.Column{{Name: "id", Type: "VARCHAR"}}, deliveries[2].Columns)

	listing, err := b.lake.Ls(context.Background(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, int64(2), listing.Streams[0].Rows)
	require.Equal(t, 2, listing.Streams[0].Files)
	require.Equal(t, 1, listing.Streams[0].Superseded)
	require.Equal(t, 3, listing.Streams[0].Loads)
	require.Nil(t, listing.Writer)
}

func TestAClockThatGoesBackCannotChangeThePast(t *testing.T) {
	b := setup(t)
	b.load("L1", "a.csv", 1)
	night := b.now
	b.now = b.now.Add(-time.Hour)
	b.load("L2", "b.csv", 1)
	log, err := b.lake.Manifests(context.Background())
	require.NoError(t, err)
	require.Equal(t, night, log[len(log)-1].At)
}

func TestProgramsAreKeptByContent(t *testing.T) {
	b := setup(t)
	files := map[string][]byte{"tributary.yaml": []byte("version: 1\n"), "program/fx.yaml": []byte("x"), "sql/core/deal.sql": nil}
	w := b.writer()
	hash, err := w.StoreProgram(context.Background(), files)
	require.NoError(t, err)
	require.Equal(t, lake.HashProgram(files), hash)
	again, err := w.StoreProgram(context.Background(), files)
	require.NoError(t, err)
	require.Equal(t, hash, again)
	got, err := b.lake.LoadProgram(context.Background(), hash)
	require.NoError(t, err)
	require.Equal(t, "version: 1\n", string(got["tributary.yaml"]))
	require.Len(t, got, 3)

	_, err = b.lake.LoadProgram(context.Background(), strings.Repeat("0", 64))
	require.ErrorIs(t, err, lake.ErrNotFound)
	_, err = b.lake.LoadProgram(context.Background(), "../commits")
	require.ErrorIs(t, err, lake.ErrNotFound)
	_, err = w.StoreProgram(context.Background(), map[string][]byte{"../x": nil})
	require.ErrorContains(t, err, "no relative path")
	require.NotEqual(t, lake.HashProgram(map[string][]byte{"ab": []byte("c")}), lake.HashProgram(map[string][]byte{"a": []byte("bc")}))

	altered := filepath.Join(b.lake.Dir(), "program", hash, "program", "fx.yaml")
	require.NoError(t, os.WriteFile(altered, []byte("y"), 0o644))
	_, err = b.lake.LoadProgram(context.Background(), hash)
	require.ErrorContains(t, err, "was altered")
	_, err = w.StoreProgram(context.Background(), files)
	require.NoError(t, err)
	_, err = b.lake.LoadProgram(context.Background(), hash)
	require.NoError(t, err, "storing it again mends it")

	_, err = w.Commit(context.Background(), lake.Manifest{Kind: lake.KindRun, Run: &lake.Run{ID: "r", Program: hash}})
	require.NoError(t, err)
	_, err = w.Commit(context.Background(), lake.Manifest{Kind: lake.KindRun, Run: &lake.Run{ID: "r", Program: strings.Repeat("0", 64)}})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestACommitNamesOnlyWhatIsThere(t *testing.T) {
	b := setup(t)
	w := b.writer()
	p := b.part(w, partners, "L1", "a.csv", 1, 1)
	commit := func(p lake.Part) error {
		_, err := w.Commit(context.Background(), lake.Manifest{Kind: lake.KindLoad, Load: &lake.Load{Parts: []lake.Part{p}}})
		return err
	}
	wrong := p
	wrong.Bytes++
	require.ErrorContains(t, commit(wrong), "bytes, not")
	wrong = p
	wrong.Path += "x"
	require.ErrorIs(t, commit(wrong), os.ErrNotExist)
	_, err := w.Commit(context.Background(), lake.Manifest{Kind: lake.KindLoad})
	require.ErrorContains(t, err, "must have its own body")
	_, err = w.Create("../x")
	require.ErrorContains(t, err, "no path inside the lake")
	require.NoError(t, w.Close())
	require.NoError(t, w.Close(), "twice is fine")
	_, err = w.Commit(context.Background(), publish("a"))
	require.ErrorContains(t, err, "closed")
}

func TestDamagedLog(t *testing.T) {
	for name, damage := range map[string]struct {
		do   func(commits string) error
		want string
	}{
		"cut off": {func(d string) error { return os.Truncate(filepath.Join(d, "00000002.json"), 10) }, "00000002.json is damaged"},
		"missing": {func(d string) error { return os.Remove(filepath.Join(d, "00000002.json")) }, "commit 2 is missing"},
		"exchanged": {func(d string) error {
			return os.Rename(filepath.Join(d, "00000001.json"), filepath.Join(d, "00000002.json"))
		}, "commit 1 is missing"},
		"renamed": {func(d string) error {
			return os.Link(filepath.Join(d, "00000001.json"), filepath.Join(d, "00000005.json"))
		}, "says that it is commit 1"},
		"newer": {func(d string) error {
			return os.WriteFile(filepath.Join(d, "00000005.json"), []byte(`{"format": 2}`), 0o644)
		}, "use a newer tributary"},
		"other": {func(d string) error {
			return os.WriteFile(filepath.Join(d, "00000005.json"), []byte(`{"format": 1, "number": 5, "kind": "close"}`), 0o644)
		}, `kind "close"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.commit(publish("a"))
			b.commit(publish("b"))
			require.NoError(t, damage.do(filepath.Join(b.lake.Dir(), "commits")))
			_, err := b.open().Manifests(context.Background())
			require.ErrorContains(t, err, damage.want)
		})
	}
}

func TestVerifyFindsEveryDamage(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(path string) error
		want   string
	}{
		"none":    {func(string) error { return nil }, ""},
		"missing": {os.Remove, "cannot be opened"},
		"cut off": {func(p string) error { return os.Truncate(p, 50) }, "has 50 bytes"},
		"altered": {func(p string) error {
			data, err := os.ReadFile(p)
			data[len(data)/2] ^= 1
			return errors.Join(err, os.WriteFile(p, data, 0o644))
		}, "its content hashes to"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			n := b.load("L1", "a.csv", 3)
			rel := lake.RawPath(partners, "L1", 1, 1)
			require.NoError(t, c.damage(b.lake.Abs(rel)))
			v, err := b.lake.Verify(context.Background())
			require.NoError(t, err)
			require.Equal(t, 1, v.Parts)
			if c.want == "" {
				require.Empty(t, v.Damage)
				return
			}
			require.Len(t, v.Damage, 1)
			require.Equal(t, n, v.Damage[0].Commit)
			require.Equal(t, rel, v.Damage[0].Path)
			require.Contains(t, v.Damage[0].String(), c.want)
		})
	}
}

func TestVerifyComparesRowsColumnsAndSums(t *testing.T) {
	b := setup(t)
	w := b.writer()
	p := b.part(w, partners, "L1", "a.csv", 1, 2)
	p.Rows, p.Columns = 3, []lake.Column{{Name: "other", Type: "VARCHAR"}}
	_, err := w.Commit(context.Background(), lake.Manifest{Kind: lake.KindLoad, Load: &lake.Load{Source: "crm", Stream: "partners", Parts: []lake.Part{p}, Rows: 4}})
	require.NoError(t, err)
	v, err := b.lake.Verify(context.Background())
	require.NoError(t, err)
	var found []string
	for _, d := range v.Damage {
		found = append(found, d.Msg)
	}
	text := strings.Join(found, "\n")
	require.Contains(t, text, "has 2 rows, the manifest says 3")
	require.Contains(t, text, `has the columns ["id"`)
	require.Contains(t, text, "the load has 4 rows and 0 quarantined ones, its parts have 3 and 0")
}

func TestGCRemovesOnlyWhatNoManifestNames(t *testing.T) {
	b := setup(t)
	b.load("L1", "a.csv", 1)
	b.load("L2", "a.csv", 1, lake.FileRef{Commit: 2, Path: "a.csv"})
	w := b.writer()
	kept, err := w.StoreProgram(context.Background(), map[string][]byte{"a": []byte("kept")})
	require.NoError(t, err)
	_, err = w.Commit(context.Background(), lake.Manifest{Kind: lake.KindRun, Run: &lake.Run{ID: "r", Program: kept}})
	require.NoError(t, err)
	lost, err := w.StoreProgram(context.Background(), map[string][]byte{"a": []byte("lost")})
	require.NoError(t, err)
	b.part(w, partners, "L9", "b.csv", 1, 1) // of a run that was killed before it committed
	for _, rel := range []string{"commits/00000009.json.tmp-1", "writer.lock.tmp-1", "raw/crm/partners/L1/part-00002.parquet.tmp-1", "quarantine/crm/leads/L7/part-00001.parquet"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(b.lake.Abs(rel)), 0o755))
		require.NoError(t, os.WriteFile(b.lake.Abs(rel), []byte("xyz"), 0o644))
	}
	require.NoError(t, os.WriteFile(b.lake.Abs("README"), nil, 0o644))

	garbage, err := b.lake.Garbage(context.Background())
	require.NoError(t, err)
	want := []string{
		"writer.lock.tmp-1", "commits/00000009.json.tmp-1", "raw/crm/partners/L1/part-00002.parquet.tmp-1", "raw/crm/partners/L9/part-00001.parquet",
		"quarantine/crm/leads/L7/part-00001.parquet", "program/" + lost,
	}
	require.Equal(t, want, garbage.Removed)
	require.FileExists(t, b.lake.Abs(want[3]), "a dry run removes nothing")

	done, err := w.GC(context.Background())
	require.NoError(t, err)
	require.Equal(t, garbage, done)
	for _, rel := range want {
		require.NoFileExists(t, b.lake.Abs(rel))
		require.NoDirExists(t, b.lake.Abs(rel))
	}
	require.NoDirExists(t, b.lake.Abs("raw/crm/partners/L9"))
	require.FileExists(t, b.lake.Abs("README"))
	v, err := b.lake.Verify(context.Background())
	require.NoError(t, err)
	require.Empty(t, v.Damage)
	require.Equal(t, 2, v.Parts, "what is superseded is history, not garbage")
	log, err := b.lake.Manifests(context.Background())
	require.NoError(t, err)
	require.Equal(t, want, log[len(log)-1].GC.Removed)

	done, err = w.GC(context.Background())
	require.NoError(t, err)
	require.Empty(t, done.Removed)
	again, err := b.lake.Manifests(context.Background())
	require.NoError(t, err)
	require.Len(t, again, len(log), "nothing removed, nothing committed")
}

func TestGCStopsWhenTheTurnIsLost(t *testing.T) {
	b := setup(t)
	old := b.writer()
	b.now = b.now.Add(time.Hour) // its lease has run out
	fresh, err := b.open().Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	p := b.part(fresh, partners, "L5", "a.csv", 1, 1)
	_, err = old.GC(context.Background())
	require.ErrorIs(t, err, lake.ErrLostTurn)
	require.FileExists(t, b.lake.Abs(p.Path), "the work of the new writer")
}

func TestManifestsAreReadable(t *testing.T) {
	b := setup(t)
	b.load("L1", "a.csv", 1)
	data, err := os.ReadFile(filepath.Join(b.lake.Dir(), "commits", "00000002.json"))
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(data, &m))
	require.Equal(t, "2026-03-01T12:00:00Z", m["committed_at"])
	require.Equal(t, "load", m["kind"])
	require.NotContains(t, m, "publish")
}
