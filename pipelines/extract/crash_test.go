package extract_test

import (
	"context"
	"database/sql"
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

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

// TestMain lets the test binary be the extraction that is killed, stopped or starved: with TRIBUTARY_PROJECT set it extracts that
// project, dies or waits before the step that is asked for, and says how it went.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TRIBUTARY_PROJECT"); dir != "" {
		os.Exit(playExtraction(dir))
	}
	os.Exit(m.Run())
}

func playExtraction(dir string) int {
	dieAt, _ := strconv.ParseInt(os.Getenv("TRIBUTARY_DIE_AT"), 10, 64)
	waitAt := os.Getenv("TRIBUTARY_WAIT_AT")
	var step atomic.Int64
	l, err := lake.Open(filepath.Join(dir, "lake"), lake.Options{Probe: func(what string) {
		if step.Add(1) == dieAt {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		if waitAt != "" && strings.Contains(what, waitAt) {
			fmt.Println("waiting")
			_, _ = os.Stdin.Read(make([]byte, 1))
		}
	}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	w, err := l.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1, Lease: time.Nanosecond})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if limit, err := strconv.ParseUint(os.Getenv("TRIBUTARY_FILE_LIMIT"), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ) // so that the write fails, as it does on a full disk
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	_, err = extract.Run(context.Background(), w, crashStreams(), extract.Options{ProjectDir: dir})
	err = errors.Join(err, w.Close())
	if err != nil {
		fmt.Println(err)
		if extract.Retryable(err) {
			return 5
		}
		return 1
	}
	return 0
}

func crashStreams() []extract.Stream {
	return []extract.Stream{
		{Source: "crm", Name: "partners", Mode: extract.ModeSnapshot, File: file.Spec{Root: "data", Files: []string{"partners*.csv"}}},
		{Source: "crm", Name: "deals", File: file.Spec{Root: "data", Files: []string{"deals.parquet"}}},
	}
}

// crashProject has two streams: one was landed before and has a changed file, the other is new.
func crashProject(t *testing.T) *bundle {
	t.Helper()
	b := setup(t)
	b.write("data/partners_1.csv", "id,name\n1,Acme\n")
	b.write("data/partners_2.csv", "id,name\n2,Bolt\n")
	b.mustRun(crashStreams()[0])
	b.write("data/partners_2.csv", "id,name\n3,Cola\n4\n")
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("COPY (SELECT i AS id, sha256(i::VARCHAR) AS name FROM range(1000) AS r(i)) TO '" + filepath.Join(b.project, "data/deals.parquet") + "' (FORMAT parquet)")
	require.NoError(t, err)
	return b
}

// extraction starts the extraction as a process of its own.
func (b *bundle) extraction(env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "TRIBUTARY_PROJECT="+b.project)...)
	return cmd
}

// complete runs the extraction again and makes sure that every row is there exactly once and that nothing lies around.
func (b *bundle) complete() {
	b.t.Helper()
	b.now = time.Now().Add(time.Hour) // the process that was killed told the real time
	_, err := b.run(crashStreams()...)
	require.NoError(b.t, err)
	require.Equal(b.t, []string{"1|Acme", "3|Cola"}, b.rows(b.parts(crashStreams()[0]).Current))
	require.Equal(b.t, []string{"2|Bolt"}, b.rows(b.parts(crashStreams()[0]).Superseded))
	require.Len(b.t, b.rows(b.parts(crashStreams()[1]).Current), 1000)
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(b.t, err)
	defer w.Close()
	_, err = w.GC(context.Background())
	require.NoError(b.t, err)
	v, err := b.lake.Verify(context.Background())
	require.NoError(b.t, err)
	require.Empty(b.t, v.Damage)
	require.Equal(b.t, 5, v.Parts, "three parts of partners, one of deals, one of rejects")
}

// TestKilledAtAnyStep kills an extraction before each of the steps that change the disk, until one comes through.
func TestKilledAtAnyStep(t *testing.T) {
	const lanes = 4 // that take every fourth step
	for lane := range lanes {
		t.Run(strconv.Itoa(lane), func(t *testing.T) {
			t.Parallel()
			for step := 1 + lane; !killedAt(t, step); step += lanes {
				require.Less(t, step, 1000)
			}
		})
	}
}

// killedAt kills an extraction before a step and sees to it that nothing is wrong afterwards; true when it came through.
func killedAt(t *testing.T, step int) bool {
	t.Helper()
	b := crashProject(t)
	out, err := b.extraction(fmt.Sprintf("TRIBUTARY_DIE_AT=%d", step)).CombinedOutput()
	if err != nil {
		require.ErrorContains(t, err, "killed", "%s", out)
	}
	before, logErr := b.lake.Manifests(context.Background())
	require.NoError(t, logErr)
	v, verifyErr := b.lake.Verify(context.Background())
	require.NoError(t, verifyErr)
	require.Empty(t, v.Damage, "what is committed is whole, whatever the step")
	b.complete()
	after, logErr := b.lake.Manifests(context.Background())
	require.NoError(t, logErr)
	require.Equal(t, before, after[:len(before)])
	if err == nil {
		require.Greater(t, step, 30, "there are that many steps")
	}
	return err == nil
}

// TestFullDisk lets an extraction run into a limit on the size of files, which is refused as a full disk is.
func TestFullDisk(t *testing.T) {
	for what, limit := range map[string]int{"the Parquet copy": 20_000, "the first part": 100} {
		t.Run(what, func(t *testing.T) {
			b := crashProject(t)
			out, err := b.extraction(fmt.Sprintf("TRIBUTARY_FILE_LIMIT=%d", limit)).CombinedOutput()
			require.ErrorContains(t, err, "exit status 5", "%s", out)
			require.Contains(t, string(out), "the disk is full")
			require.Contains(t, string(out), "make room and run again")
			garbage, err := b.lake.Garbage(context.Background())
			require.NoError(t, err)
			require.Empty(t, garbage.Removed, "nothing half-written is left")
			b.complete()
		})
	}
}

// TestStoppedExtractionCommitsNothing stops an extraction just before it commits, takes over, and wakes it up.
func TestStoppedExtractionCommitsNothing(t *testing.T) {
	b := crashProject(t)
	cmd := b.extraction("TRIBUTARY_WAIT_AT=link " + b.lake.Abs("commits"+string(filepath.Separator)+"00000004"))
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	require.NoError(t, err)
	require.Equal(t, "waiting\n", string(line[:n]))
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))

	b.now = time.Now().Add(time.Hour)
	_, err = b.run(crashStreams()...)
	require.NoError(t, err)

	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	_, err = stdin.Write([]byte("x"))
	require.NoError(t, err)
	n, err = stdout.Read(line)
	require.NoError(t, err)
	require.Contains(t, string(line[:n]), "commit 4 is taken")
	require.ErrorContains(t, cmd.Wait(), "exit status 5")
	b.complete()
}
