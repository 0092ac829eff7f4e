//go:build s3

package outside_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/lake/inbucket"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/transforms/digest"
)

// elsewhere is the project with its lake at a place.
func elsewhere(t *testing.T, root, place string) string {
	t.Helper()
	dir := project(t, root)
	path := filepath.Join(dir, "tributary.yaml")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, []byte("lake: "+place+"\n")...), 0o600))
	return dir
}

// figures are the digests of what a night of a project has computed.
func figures(t *testing.T, dir string, night nightly.Summary) map[string]string {
	t.Helper()
	path := night.Warehouse
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	db, err := sql.Open("duckdb", path+"?access_mode=READ_ONLY")
	require.NoError(t, err)
	defer db.Close()
	all, err := digest.Database(t.Context(), db, "ops")
	require.NoError(t, err)
	out := map[string]string{}
	for name, sum := range all {
		if strings.HasPrefix(name, "metrics.") {
			out[name] = sum
		}
	}
	require.NotEmpty(t, out)
	return out
}

// TestLakeInABucket makes a night on one machine and the next on another, which has nothing but the configuration.
func TestLakeInABucket(t *testing.T) {
	s := newStorage(t)
	s.deliver(t)
	one := elsewhere(t, s.root("crm"), s.root("lake"))
	_, err := night(t, one, "2026-03-30")
	require.NoError(t, err)
	s.put(t, "crm/partners-2.csv.gz", gzipped(t, "id,name,type\nP3,Neu,reseller\n"))
	other := elsewhere(t, s.root("crm"), s.root("lake"))
	second, err := night(t, other, "2026-03-31")
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, second.Status)
	require.EqualValues(t, 1, second.RowsLanded, "what the first machine has landed is not landed again")
	require.NoDirExists(t, filepath.Join(other, "lake"))

	folder := project(t, s.root("crm"))
	same, err := night(t, folder, "2026-03-31")
	require.NoError(t, err)
	require.Equal(t, figures(t, folder, same), figures(t, other, second), "the figures are those of a lake in a folder")

	// The first machine goes on with what the second has landed, and all that is stored is as the commits say.
	third, err := night(t, one, "2026-04-01")
	require.NoError(t, err)
	require.Zero(t, third.RowsLanded)
	l := open(t, s, filepath.Join(t.TempDir(), "copy"), "lake")
	v, err := l.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Damage)
	require.Equal(t, 4, v.Parts)
}

func open(t *testing.T, s storage, dir, prefix string) *lake.Lake {
	t.Helper()
	remote, err := inbucket.Open(s.root(prefix))
	require.NoError(t, err)
	l, err := lake.Open(dir, lake.Options{Remote: remote})
	require.NoError(t, err)
	return l
}

// TestOneOfManyMachinesCommits lets several store the same number at the same moment.
func TestOneOfManyMachinesCommits(t *testing.T) {
	s := newStorage(t)
	for round := range 10 {
		var won atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			remote, err := inbucket.Open(s.root("race"))
			require.NoError(t, err)
			from := filepath.Join(t.TempDir(), fmt.Sprint(i))
			require.NoError(t, os.WriteFile(from, fmt.Appendf(nil, "writer %d", i), 0o600))
			all.Go(func() {
				err := remote.PutNew(context.Background(), fmt.Sprintf("commits/%08d.json", round), from)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, fs.ErrExist):
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 1, won.Load(), "round %d", round)
	}
}

// breaking is a place that a machine reaches a number of times, and then no more.
type breaking struct {
	lake.Remote

	left atomic.Int64
}

var errGone = errors.New("the machine is cut off")

func (b *breaking) ask() error {
	if b.left.Add(-1) < 0 {
		return errGone
	}
	return nil
}

func (b *breaking) Names(ctx context.Context, prefix, after string) ([]string, error) {
	if err := b.ask(); err != nil {
		return nil, err
	}
	return b.Remote.Names(ctx, prefix, after)
}

func (b *breaking) Put(ctx context.Context, name, from string) error {
	if err := b.ask(); err != nil {
		return err
	}
	return b.Remote.Put(ctx, name, from)
}

func (b *breaking) PutNew(ctx context.Context, name, from string) error {
	if err := b.ask(); err != nil {
		return err
	}
	return b.Remote.PutNew(ctx, name, from)
}

// TestMachinesThatStopInTheMidst are cut off between any two requests of a commit. The next one goes on; what was not committed is invisible, and
// goes.
func TestMachinesThatStopInTheMidst(t *testing.T) {
	s := newStorage(t)
	for requests := int64(0); ; requests++ {
		require.Less(t, requests, int64(100))
		prefix, ctx := fmt.Sprintf("stops-%d", requests), t.Context()
		remote, err := inbucket.Open(s.root(prefix))
		require.NoError(t, err)
		cut := &breaking{Remote: remote}
		cut.left.Store(requests)
		first, err := lake.Open(t.TempDir(), lake.Options{Remote: cut})
		require.NoError(t, err)
		err = commitOne(ctx, first)
		second := open(t, s, t.TempDir(), prefix)
		w, problem := second.Writer(ctx, lake.WriterOptions{Heartbeat: -1})
		require.NoError(t, problem)
		parts, problem := second.Parts(ctx, "crm", "deals", time.Time{})
		require.NoError(t, problem)
		garbage, problem := w.GC(ctx)
		require.NoError(t, problem)
		require.LessOrEqual(t, len(parts.Current)+len(garbage.Removed), 1, "it counts, or it goes, or it never was")
		require.NoError(t, w.Close())
		if err == nil {
			require.Len(t, parts.Current, 1)
			require.Greater(t, requests, int64(5))
			return
		}
		require.ErrorIs(t, err, errGone)
		require.Empty(t, parts.Current)
	}
}

// commitOne commits a load of one part.
func commitOne(ctx context.Context, l *lake.Lake) error {
	w, err := l.Writer(ctx, lake.WriterOptions{Heartbeat: -1, Lease: time.Nanosecond})
	if err != nil {
		return err
	}
	p, err := w.Create("raw/crm/deals/l1/part-00001.parquet")
	if err == nil {
		_, err = p.Write([]byte("rows"))
	}
	if err == nil {
		err = p.Keep()
	}
	if err != nil {
		return err
	}
	part := lake.Part{Path: "raw/crm/deals/l1/part-00001.parquet", SourceFile: "deals.csv", Rows: 1, Bytes: p.Bytes(), SHA256: p.SHA256()}
	_, err = w.Commit(ctx, lake.Manifest{Kind: lake.KindLoad, Load: &lake.Load{
		LoadID: "l1", Source: "crm", Stream: "deals", Mode: "append", Files: []lake.File{{Path: "deals.csv", Rows: 1}}, Parts: []lake.Part{part}, Rows: 1,
	}})
	return err
}
