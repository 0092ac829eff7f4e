package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/current"
	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/postgres"
)

// Environment of a process that extracts until it is killed.
const (
	killedLake   = "TRIBUTARY_KILLED_LAKE"
	killedURL    = "TRIBUTARY_KILLED_URL"
	killedMoment = "TRIBUTARY_KILLED_AT" // before which step; 0 = never
)

// extractUntilKilled lets the test binary be the extraction that is killed: by itself, before a step that it is told, where a step is a
// page that is asked for, or something that changes the disk. It says how many steps it made.
func extractUntilKilled() bool {
	dir := os.Getenv(killedLake)
	if dir == "" {
		return false
	}
	at, _ := strconv.ParseInt(os.Getenv(killedMoment), 10, 64)
	var steps atomic.Int64
	step := func() {
		if steps.Add(1) == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if err := extractAll(dir, os.Getenv(killedURL), step); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(steps.Load())
	return true
}

// killStreams are three that are asked for what has changed, and one that is read whole.
func killStreams(c source.Connector) []extract.Stream {
	var out []extract.Stream
	for _, name := range []string{"deals", "leads", "partners", "rates"} {
		s := source.Stream{Name: name, Object: "sales." + name, Cursor: "changed_at"}
		if name == "rates" {
			s.Cursor = ""
		}
		out = append(out, extract.Stream{Source: "crm", Name: name, Ask: &extract.Ask{Connector: c, Stream: s, Parallel: 3, Overlap: time.Minute}})
	}
	return out
}

func extractAll(dir, url string, step func()) error {
	l, err := lake.Open(dir, lake.Options{Probe: func(string) { step() }})
	if err != nil {
		return err
	}
	w, err := l.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1, Lease: time.Nanosecond})
	if err != nil {
		return err
	}
	c, err := postgres.New(postgres.Options{URL: url, Page: 7})
	if err != nil {
		return errors.Join(err, w.Close())
	}
	hooked := &hooked{c, func(int) { step() }}
	_, err = extract.Run(context.Background(), w, killStreams(hooked), extract.Options{Current: current.Of(l)})
	return errors.Join(err, c.Close(), w.Close())
}

// killing is a process that extracts into a lake.
func killing(p *place, dir string, at int) (string, error) {
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedLake+"="+dir, killedURL+"="+p.url, fmt.Sprintf("%s=%d", killedMoment, at))
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// TestKilledProcesses kills 100 processes that extract four streams while the database changes, each at a random moment. What is committed is
// whole after each; in the end the lake holds, row for row, what one that was never disturbed holds.
func TestKilledProcesses(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"deals", "leads", "partners", "rates"} {
		p.exec("CREATE TABLE sales.%s (id bigint PRIMARY KEY, name text, amount numeric(20,4), changed_at timestamptz NOT NULL DEFAULT clock_timestamp())", name)
		p.exec("INSERT INTO sales.%s SELECT i, 'name ' || i, i * 1.0001 FROM generate_series(1, 60) AS i", name)
	}
	random := rand.New(rand.NewPCG(11, 7)) //nolint:gosec // must come out the same again
	dir := filepath.Join(t.TempDir(), "killed")
	l, err := lake.Open(dir, lake.Options{})
	require.NoError(t, err)
	const kills = 100
	most, killed := steps(t, p, filepath.Join(t.TempDir(), "first")), 0
	for range 20 * kills {
		out, err := killing(p, dir, 1+random.IntN(most))
		var exit *osexec.ExitError
		if errors.As(err, &exit) {
			require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), out)
			killed++
		}
		v, err := l.Verify(context.Background())
		require.NoError(t, err)
		require.Empty(t, v.Damage)
		if killed == kills {
			break
		}
		for _, name := range []string{"deals", "leads", "partners", "rates"} {
			p.exec("UPDATE sales.%s SET name = name || '!', changed_at = clock_timestamp() WHERE id %% 17 = %d", name, random.IntN(17))
			p.exec("DELETE FROM sales.%s WHERE id %% 61 = %d", name, random.IntN(61))
			p.exec("INSERT INTO sales.%s (id, name, amount) SELECT max(id) + 1, 'new', 0.1 FROM sales.%s", name, name)
		}
	}
	require.Equal(t, kills, killed)
	steps(t, p, dir)
	w, err := l.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	_, err = w.GC(context.Background())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp-*"))
	require.NoError(t, err)
	require.Empty(t, left, "what killed processes leave can be removed")
	undisturbed := filepath.Join(t.TempDir(), "undisturbed")
	steps(t, p, undisturbed)
	for _, s := range killStreams(nil) {
		want := landed(t, undisturbed, s.Name)
		require.Greater(t, len(want), 30)
		require.Equal(t, want, landed(t, dir, s.Name), s.Name)
	}
}

// steps extracts without a kill, and tells how many steps that had.
func steps(t *testing.T, p *place, dir string) int {
	t.Helper()
	out, err := killing(p, dir, 0)
	require.NoError(t, err, out)
	n, err := strconv.Atoi(out)
	require.NoError(t, err)
	return n
}

// landed are the current rows of a stream in a lake, without where they came from.
func landed(t *testing.T, dir, stream string) []string {
	t.Helper()
	ctx := context.Background()
	l, err := lake.Open(dir, lake.Options{})
	require.NoError(t, err)
	parts, err := l.Parts(ctx, "crm", stream, time.Time{})
	require.NoError(t, err)
	conn, relation, done, err := current.Of(l)(ctx, parts)
	require.NoError(t, err)
	defer done()
	rows, err := conn.QueryContext(ctx, "SELECT concat_ws('|', id, name, amount, changed_at) AS text FROM "+relation+" ORDER BY text")
	require.NoError(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		out = append(out, text)
	}
	require.NoError(t, rows.Err())
	return out
}
