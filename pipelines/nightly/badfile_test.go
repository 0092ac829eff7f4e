package nightly_test

// Bad files, a full disk and kill -9, seen through the whole night: what is told, what readers see meanwhile, and the run after it.

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// TestBadInputFiles gives a published project a file that cannot be landed, in place of a good one. Each ends as bad data with file and
// line and what to do; readers keep what they have; and with the good file back there is nothing to make up for.
func TestBadInputFiles(t *testing.T) {
	const good = "id,amount,on\nd,10.00,2026-01-10T12:00:00Z\n"
	dir := small(t)
	run := func() (nightly.Summary, error) {
		return nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"})
	}
	_, err := run()
	require.NoError(t, err)
	before := readers(t, dir)
	for name, c := range map[string]struct{ file, says string }{
		"UTF-16 that nobody has declared":      {utf16(good), "deals.csv:1: the header line holds NUL bytes (UTF-16 looks like this: set `encoding: utf-16`)"},
		"a header in Latin-1":                  {"id,amount,\xfcber\n", "deals.csv:1: the header line is not in the encoding of the stream (set `encoding`, perhaps windows-1252)"},
		"another delimiter":                    {"id;amount;on\nd;10,00;2026-01-10\n", "deals.csv:1: the header line \"id;amount;on\" has no ',' between its columns (set `delimiter: \";\"`)"},
		"a column without a name":              {"id,,on\nd,10.00,2026-01-10\n", "deals.csv:1: column 2 has no name (name the columns by hand: `header: [a, b, …]` with `skip_rows: 1`)"},
		"columns that differ in case only":     {"id,on,ON\n", "deals.csv:1: columns 2 and 3 differ in upper and lower case only: \"on\", \"ON\""},
		"nothing but empty lines":              {"\n\n\n", "deals.csv:1: the file has no lines but empty ones (export it again, or remove it)"},
		"a workbook under the name of a CSV":   {"PK\x03\x04\x14\x00", "deals.csv: this is a zip archive or an Excel workbook, not text (unpack it, or save the sheet as CSV)"},
		"compressed data that is cut off":      {gzipped(t, good)[:30], "deals.csv: its gzip data is damaged or cut off (unexpected EOF) (copy or export it again)"},
		"a header whose quote is never closed": {"id,\"amount,on\nd,10.00,2026-01-10\n", "deals.csv:1: the quotes of the first line do not match"},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, dir, "deals.csv", c.file)
			summary, err := run()
			require.ErrorContains(t, err, "extracting crm.deals: "+c.says)
			require.Equal(t, nightly.ExitData, nightly.ExitCode(err))
			require.Equal(t, nightly.StatusFailed, summary.Status)
			require.Equal(t, before, readers(t, dir))
			put(t, dir, "deals.csv", good)
			summary, err = run()
			require.NoError(t, err)
			require.Equal(t, nightly.StatusNothingNew, summary.Status)
		})
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, errors.Join(err, z.Close()))
	return b.String()
}

// TestBadInputMissingColumn delivers a second file that lacks a mapped column: its rows are not guessed, and the run says why.
func TestBadInputMissingColumn(t *testing.T) {
	dir := small(t)
	put(t, dir, "tributary.yaml", strings.Replace(readFile(t, dir, "tributary.yaml"), "files: [deals.csv]", `files: ["deals*.csv"]`, 1))
	run := func() nightly.Summary {
		summary, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"})
		require.NoError(t, err)
		return summary
	}
	run()
	put(t, dir, "deals_2.csv", "id,amount\ne,20.00\nf,30.00\n")
	night := run()
	require.Contains(t, night.Notices, "crm.deals: deals_2.csv: column on is gone")
	require.Contains(t, night.Notices, "deal.created_at is empty in newer rows: on is no longer in crm.deals; known: id, amount")
	file, err := warehouse.OpenReadOnly(t.Context(), night.Warehouse, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, "d", lines(t, file, "SELECT deal_id FROM staging.deal"))
	require.Equal(t, "required|created_at|deals_2.csv|2\nrequired|created_at|deals_2.csv|3",
		lines(t, file, "SELECT rule, field, source_file, source_line FROM staging.quarantine ORDER BY ALL"))
}

// TestBadInputChangesWhileRead exports a file anew while it is read: nothing of it is landed, and the run may be repeated.
func TestBadInputChangesWhileRead(t *testing.T) {
	dir := small(t)
	opts := nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"}
	_, err := nightly.Run(t.Context(), opts)
	require.NoError(t, err)
	before := readers(t, dir)
	put(t, dir, "deals.csv", "id,amount,on\nd,11.00,2026-01-10T12:00:00Z\n")
	changing := opts
	changing.Report = func(e nightly.Event) {
		if strings.HasPrefix(e.Text, "crm.deals deals.csv: 1 rows") {
			put(t, dir, "deals.csv", "id,amount,on\nd,12.00,2026-01-10T12:00:00Z\ne,1.00,2026-01-10T12:00:00Z\n")
		}
	}
	_, err = nightly.Run(t.Context(), changing)
	require.EqualError(t, err, "extracting crm.deals: deals.csv: the input changed while it was read (it is not landed now; run again when it is complete)")
	require.Equal(t, nightly.ExitRetryable, nightly.ExitCode(err))
	require.Equal(t, before, readers(t, dir))
	_, err = nightly.Run(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, "d|12.0000\ne|1.0000", readers(t, dir).deals)
}

// TestBadInputFullDisk lets each step run into a limit on the size of files, which is refused as a full disk is.
func TestBadInputFullDisk(t *testing.T) {
	for step, limit := range map[string]int{nightly.StepExtract: 100, nightly.StepBuild: 400_000, nightly.StepCheck: 400_000, nightly.StepPublish: 400_000} {
		t.Run(step, func(t *testing.T) {
			dir := small(t)
			_, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-30", Version: "test"})
			require.NoError(t, err)
			before := readers(t, dir)
			put(t, dir, "deals.csv", "id,amount,on\nd,10.00,2026-01-10T12:00:00Z\ne,5.00,2026-01-11T12:00:00Z\n")
			out, err := play(dir, "2026-03-31", "TRIBUTARY_FULL_AT="+step, "TRIBUTARY_FULL="+strconv.Itoa(limit)).CombinedOutput()
			require.ErrorContains(t, err, "exit status 5", "%s", out)
			require.Contains(t, string(out), "the disk is full")
			require.Contains(t, string(out), "make room and run again")
			require.Equal(t, before, readers(t, dir))

			_, err = nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"})
			require.NoError(t, err)
			require.Equal(t, "d|10.0000\ne|5.0000", readers(t, dir).deals)
		})
	}
}

// TestBadInputKilled kills one night after another, each at another moment and with a file of its own. After each, readers see a whole
// night and the lake is sound; the first night that is let through has every row, once.
func TestBadInputKilled(t *testing.T) {
	dir := small(t)
	put(t, dir, "tributary.yaml", strings.Replace(readFile(t, dir, "tributary.yaml"), "files: [deals.csv]", `files: ["deals*.csv"]`, 1))
	day := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	_, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: day.Format(time.DateOnly), Version: "test"})
	require.NoError(t, err)
	want, seen := "d|10.0000", readers(t, dir)
	kill := func(step string, tick int) bool {
		day = day.AddDate(0, 0, 1)
		id := "k" + day.Format("0102")
		put(t, dir, "deals_"+id+".csv", "id,amount,on\n"+id+",1.00,2026-01-10T12:00:00Z\n")
		want += "\n" + id + "|1.0000"
		out, err := play(dir, day.Format(time.DateOnly), "TRIBUTARY_KILL_AT="+step, "TRIBUTARY_KILL_TICK="+strconv.Itoa(tick)).CombinedOutput()
		now := readers(t, dir)
		if now.commit == seen.commit {
			require.Equal(t, seen, now, "what was published does not change")
		} else {
			require.Equal(t, want, now.deals, "%s, tick %d", step, tick)
		}
		seen = now
		if err != nil {
			require.ErrorContains(t, err, "killed", "%s", out)
		}
		return err != nil
	}
	for _, at := range []struct {
		step  string
		ticks []int
	}{{"", []int{1, 3, 5}}, {nightly.StepExtract, []int{1, 3, 5, 7, 9, 10}}, {nightly.StepBuild, []int{2, 40, 100}}, {nightly.StepCheck, []int{2}}} {
		for _, tick := range at.ticks {
			require.True(t, kill(at.step, tick), "%s is over before tick %d", at.step, tick)
		}
	}
	for tick := 1; kill(nightly.StepPublish, tick); tick++ {
		require.Less(t, tick, 30)
	}
	require.Equal(t, day.Format(time.DateOnly), seen.asOf, "the last one was let through")
	require.Equal(t, want, seen.deals)
}

// play runs a night in a process of its own.
func play(dir, asOf string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "TRIBUTARY_NIGHT="+dir, "TRIBUTARY_AS_OF="+asOf)...)
	return cmd
}

// TestMain lets the test binary be the night that is killed or starved.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TRIBUTARY_NIGHT"); dir != "" {
		_, err := nightly.Run(context.Background(), played(dir))
		if err != nil {
			fmt.Println(err)
		}
		os.Exit(nightly.ExitCode(err))
	}
	os.Exit(m.Run())
}

// played are the options of a night that dies at a tick of a step, or finds the disk full from a step on. Ticks are what it reports and
// each look at the clock.
func played(dir string) nightly.Options {
	fullAt, killAt := os.Getenv("TRIBUTARY_FULL_AT"), os.Getenv("TRIBUTARY_KILL_AT")
	limit, _ := strconv.ParseUint(os.Getenv("TRIBUTARY_FULL"), 10, 64)
	dieAt, _ := strconv.ParseInt(os.Getenv("TRIBUTARY_KILL_TICK"), 10, 64)
	var reached atomic.Bool
	reached.Store(killAt == "")
	var ticks atomic.Int64
	tick := func() {
		if dieAt > 0 && reached.Load() && ticks.Add(1) == dieAt {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	return nightly.Options{
		Dir: dir, AsOf: os.Getenv("TRIBUTARY_AS_OF"), Version: "test",
		Clock: func() time.Time {
			tick()
			return time.Now()
		},
		Report: func(e nightly.Event) {
			if e.Step == fullAt && e.Text == "begins" {
				signal.Ignore(syscall.SIGXFSZ) // so that the write fails, as it does on a full disk
				_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit})
			}
			if e.Step == killAt {
				reached.Store(true)
			}
			tick()
		},
	}
}

// seen is what readers have, and that the lake is sound.
type seen struct {
	asOf   string
	commit int64
	file   [sha256.Size]byte
	deals  string
}

func readers(t *testing.T, dir string) seen {
	t.Helper()
	l, err := lake.Open(filepath.Join(dir, "lake"), lake.Options{})
	require.NoError(t, err)
	sound, err := l.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, sound.Damage)
	v, err := publish.Current(t.Context(), l, warehouse.Folder{Dir: filepath.Join(dir, "warehouse")})
	require.NoError(t, err)
	data, err := os.ReadFile(v.Path)
	require.NoError(t, err)
	file, err := warehouse.OpenReadOnly(t.Context(), v.Path, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	require.NotEqual(t, "0", lines(t, file, "SELECT count(*) FROM metrics.metric_value"))
	return seen{v.AsOf, v.Commit, sha256.Sum256(data), lines(t, file, "SELECT deal_id, amount FROM staging.deal ORDER BY ALL")}
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(data)
}
