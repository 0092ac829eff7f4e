package lake_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
)

// TestMain lets the test binary play another process: with TRIBUTARY_WRITER set it takes the turn in that lake, says so, and commits
// one publish for every line that it reads, saying how that went.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TRIBUTARY_WRITER"); dir != "" {
		os.Exit(playWriter(dir))
	}
	os.Exit(m.Run())
}

func playWriter(dir string) int {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	opts := lake.Options{Clock: func() time.Time { return now }}
	if die := os.Getenv("TRIBUTARY_DIE_AT"); die != "" {
		opts.Probe = func(step string) {
			if strings.Contains(step, die) {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
	l, err := lake.Open(dir, opts)
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	if limit, err := strconv.ParseUint(os.Getenv("TRIBUTARY_FILE_LIMIT"), 10, 64); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			fmt.Println("error", err)
			return 1
		}
	}
	w, err := l.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("has the turn")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n, err := w.Commit(context.Background(), publish(in.Text()))
		switch {
		case errors.Is(err, lake.ErrLostTurn):
			fmt.Println("lost")
		case err != nil:
			fmt.Println("error", err)
		default:
			fmt.Println("committed", n)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

// process is another writer.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  *os.File
	out *bufio.Scanner
}

func (b *bundle) process(env ...string) *process {
	b.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "TRIBUTARY_WRITER="+b.lake.Dir())...)
	cmd.Stderr = os.Stderr
	reading, writing, err := os.Pipe()
	require.NoError(b.t, err)
	cmd.Stdin = reading
	out, err := cmd.StdoutPipe()
	require.NoError(b.t, err)
	require.NoError(b.t, cmd.Start())
	require.NoError(b.t, reading.Close())
	p := &process{t: b.t, cmd: cmd, in: writing, out: bufio.NewScanner(out)}
	b.t.Cleanup(func() {
		_ = writing.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return p
}

func (p *process) says(want string) {
	p.t.Helper()
	require.True(p.t, p.out.Scan(), "it said nothing, instead of %q", want)
	require.Contains(p.t, p.out.Text(), want)
}

func (p *process) commit(file, want string) {
	p.t.Helper()
	_, err := fmt.Fprintln(p.in, file)
	require.NoError(p.t, err)
	p.says(want)
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

func TestSecondWriterIsLockedOut(t *testing.T) {
	b := setup(t)
	p := b.process()
	p.says("has the turn")
	_, err := b.lake.Writer(context.Background(), lake.WriterOptions{})
	require.ErrorIs(t, err, lake.ErrLocked)
	var locked *lake.LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, p.cmd.Process.Pid, locked.Holder.PID)
	require.Equal(t, b.now, locked.Holder.Started)
	require.Equal(t, b.now.Add(2*time.Minute), locked.LeaseUntil)
	require.ErrorContains(t, err, fmt.Sprintf("process %d on ", p.cmd.Process.Pid))
	listing, err := b.lake.Ls(context.Background(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, p.cmd.Process.Pid, listing.Writer.PID)

	require.NoError(t, p.in.Close())
	require.NoError(t, p.cmd.Wait())
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err, "it gave its turn back")
	require.NoError(t, w.Close())
}

func TestDeadHolderIsTakenOverAtOnce(t *testing.T) {
	b := setup(t)
	p := b.process()
	p.says("has the turn")
	p.commit("a", "committed 2")
	p.signal(syscall.SIGKILL)
	_, err := p.cmd.Process.Wait()
	require.NoError(t, err)
	w := b.writer()
	log, err := b.lake.Manifests(context.Background())
	require.NoError(t, err)
	require.Equal(t, p.cmd.Process.Pid, log[2].Turn.TookOver.PID)
	require.NoError(t, w.Close())
}

func TestZombieIsDead(t *testing.T) {
	b := setup(t)
	p := b.process()
	p.says("has the turn")
	p.signal(syscall.SIGKILL)
	stat := fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid)
	for data, err := os.ReadFile(stat); err == nil && !strings.Contains(string(data), ") Z "); data, err = os.ReadFile(stat) {
		runtime.Gosched() // until it has died; nobody waits for it
	}
	require.NoError(t, b.writer().Close())
}

// TestPausedWriterLosesItsTurn stops a writer, lets its lease run out, takes over, and wakes it up.
func TestPausedWriterLosesItsTurn(t *testing.T) {
	b := setup(t)
	p := b.process()
	p.says("has the turn")
	p.commit("a", "committed 2")
	p.signal(syscall.SIGSTOP)

	b.now = b.now.Add(time.Minute)
	_, err := b.lake.Writer(context.Background(), lake.WriterOptions{})
	require.ErrorIs(t, err, lake.ErrLocked, "its lease has not run out")
	b.now = b.now.Add(time.Minute)
	w := b.writer()
	n, err := w.Commit(context.Background(), publish("b"))
	require.NoError(t, err)
	require.Equal(t, int64(4), n)

	p.signal(syscall.SIGCONT)
	p.commit("stale", "lost")
	p.commit("stale", "lost")
	require.NoError(t, p.in.Close())
	require.NoError(t, p.cmd.Wait(), "it closes without touching the lock")
	_, err = b.open().Writer(context.Background(), lake.WriterOptions{})
	require.ErrorIs(t, err, lake.ErrLocked, "which is still the new writer's")
	current, err := b.lake.CurrentPublish(context.Background())
	require.NoError(t, err)
	require.Equal(t, "b", current.Publish.Warehouse)
	require.NoError(t, w.Close())
}

func TestHeartbeatKeepsTheLeaseAndNoticesTheLoss(t *testing.T) {
	b := setup(t)
	w := b.writer()
	b.now = b.now.Add(100 * time.Second)
	require.NoError(t, w.Renew())
	b.now = b.now.Add(100 * time.Second)
	_, err := b.open().Writer(context.Background(), lake.WriterOptions{})
	require.ErrorIs(t, err, lake.ErrLocked, "renewed 100 s ago")
	b.now = b.now.Add(20 * time.Second)
	other, err := b.open().Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	require.ErrorIs(t, w.Renew(), lake.ErrLostTurn)
	<-w.Lost()
	_, err = w.Commit(context.Background(), publish("a"))
	require.ErrorIs(t, err, lake.ErrLostTurn)
	require.NoError(t, w.Close())
	require.NoError(t, other.Renew())
	require.NoError(t, other.Close())
}

func TestHeartbeatRuns(t *testing.T) {
	b := setup(t)
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(b.lake.Dir(), "commits", "00000002.json"), []byte(`{}`), 0o644))
	<-w.Lost() // a beat found the number taken
	require.NoError(t, w.Close())
}

// TestOtherHosts alters the holder that is written down: nothing is sure about another machine, so its lease decides.
func TestOtherHosts(t *testing.T) {
	dead := func(h map[string]any) { h["pid"] = 1 << 30; h["pid_started"] = "1" }
	for name, c := range map[string]struct {
		alter func(holder map[string]any)
		free  bool
	}{
		"dead here":                       {dead, true},
		"the process id was used again":   {func(h map[string]any) { h["pid_started"] = "1" }, true},
		"alive":                           {func(map[string]any) {}, false},
		"dead, but on another host":       {func(h map[string]any) { dead(h); h["host"] = "elsewhere" }, false},
		"dead, but in another container":  {func(h map[string]any) { dead(h); h["pid_space"] = "pid:[1]" }, false},
		"alive, before the machine's end": {func(h map[string]any) { h["boot_id"] = "before"; h["pid_space"] = "pid:[4026531836]" }, onMachine()},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.writer()
			for _, path := range []string{"writer.lock", "commits/00000001.json"} {
				rewrite(t, b.lake.Abs(path), c.alter)
			}
			w, err := b.open().Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
			if !c.free {
				require.ErrorIs(t, err, lake.ErrLocked)
				b.now = b.now.Add(2 * time.Minute)
				w, err = b.open().Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
			}
			require.NoError(t, err)
			require.NoError(t, w.Close())
		})
	}
}

// onMachine tells whether the test runs outside of containers, where a new boot proves that a process is dead.
func onMachine() bool {
	space, err := os.Readlink("/proc/self/ns/pid")
	return err == nil && space == "pid:[4026531836]"
}

func rewrite(t *testing.T, path string, alter func(holder map[string]any)) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(data, &m))
	if turn, ok := m["turn"].(map[string]any); ok {
		alter(turn["holder"].(map[string]any))
	} else {
		alter(m)
	}
	data, err = json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

func TestALostLockFileIsNoLostTurn(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"removed": os.Remove,
		"cut off": func(path string) error { return os.Truncate(path, 5) },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			w := b.writer()
			require.NoError(t, damage(b.lake.Abs("writer.lock")))
			_, err := b.open().Writer(context.Background(), lake.WriterOptions{})
			require.ErrorIs(t, err, lake.ErrLocked)
			require.NoError(t, w.Close())
			require.NoError(t, b.writer().Close())
		})
	}
}

// TestOneOfManyGetsTheTurn lets many writers go for the same lake at once.
func TestOneOfManyGetsTheTurn(t *testing.T) {
	b := setup(t)
	var won sync.Map
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			l, err := lake.Open(b.lake.Dir(), lake.Options{Clock: func() time.Time { return b.now }})
			if err != nil {
				t.Error(err)
				return
			}
			w, err := l.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
			if err == nil {
				won.Store(i, w)
			} else if !errors.Is(err, lake.ErrLocked) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	winners := 0
	won.Range(func(_, w any) bool {
		winners++
		require.NoError(t, w.(*lake.Writer).Close())
		return true
	})
	require.Equal(t, 1, winners)
	log, err := b.lake.Manifests(context.Background())
	require.NoError(t, err)
	require.Len(t, log, 1)
}

// TestKilledAtAnyStep kills a writer before every single step that changes the disk. Whatever the step, the log is whole, the next
// writer takes over at once, and it can collect what is left lying around.
func TestKilledAtAnyStep(t *testing.T) {
	for _, at := range []string{
		"create /", "sync /", "link ", "sync folder of ", // the turn
		"create |writer.lock", "sync |writer.lock", "rename |writer.lock", "sync folder of |writer.lock",
		"create |00000002", "sync |00000002", "link |00000002", "sync folder of |00000002",
		"create |00000003", "link |00000003",
	} {
		t.Run(strings.ReplaceAll(at, "/", ""), func(t *testing.T) {
			b := setup(t)
			step, file, ok := strings.Cut(at, "|")
			die := step
			if ok {
				dir := b.lake.Dir() + "/"
				if file != "writer.lock" {
					dir += "commits/"
				}
				die = step + dir + file
			}
			p := b.process("TRIBUTARY_DIE_AT=" + die)
			_, _ = fmt.Fprint(p.in, "a\nb\n")
			_ = p.in.Close()
			for p.out.Scan() {
			}
			require.ErrorContains(t, p.cmd.Wait(), "killed")

			before, err := b.lake.Manifests(context.Background())
			require.NoError(t, err)
			w := b.writer()
			garbage, err := w.GC(context.Background())
			require.NoError(t, err)
			for _, rel := range garbage.Removed {
				require.Contains(t, rel, ".tmp-")
			}
			_, err = w.Commit(context.Background(), publish("c"))
			require.NoError(t, err)
			require.NoError(t, w.Close())
			after, err := b.lake.Manifests(context.Background())
			require.NoError(t, err)
			require.Equal(t, append([]lake.Manifest{}, before...), after[:len(before)], "what was committed stays")
			entries, err := os.ReadDir(b.lake.Abs("commits"))
			require.NoError(t, err)
			require.Len(t, entries, len(after))
			if file == "00000003" {
				require.Equal(t, "a", before[1].Publish.Warehouse)
			}
		})
	}
}

// TestFullDisk lets a commit run into a limit on the size of files, which is refused as a full disk is.
func TestFullDisk(t *testing.T) {
	b := setup(t)
	p := b.process("TRIBUTARY_FILE_LIMIT=10000")
	p.says("has the turn")
	p.commit(strings.Repeat("x", 20_000), "the disk is full")
	garbage, err := b.lake.Garbage(context.Background())
	require.NoError(t, err)
	require.Empty(t, garbage.Removed, "nothing half-written is left")
	p.commit("a", "committed 2") // the number was not used up
}
