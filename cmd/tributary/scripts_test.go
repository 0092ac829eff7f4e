package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/publish/localpg"
	"github.com/tributary-data/tributary/pipelines/publish/localpg/pgtest"
)

// TestMain lets scripts call this program: the test binary runs main when it is called by that name.
func TestMain(m *testing.M) {
	localpg.Main()
	testscript.Main(m, map[string]func(){"tributary": func() { mainAt(clock()) }})
}

// clock is what the environment says it is, by CLOCK, or else the machine's. One that is set stands still.
func clock() func() time.Time {
	text := os.Getenv("CLOCK")
	if text == "" {
		return time.Now
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return func() time.Time { return at }
}

// TestScripts runs testdata/scripts, which read like a manual of the commands. Each has a folder of its own and runs beside the others.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/scripts", RequireUniqueNames: true, UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Values[processes{}] = map[string]*process{}
			return nil
		},
		Cmds: commands(),
	})
}

func commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"exits": exits, "keep": keep, "start": start, "send": send, "ends": ends, "lapse": lapse, "spoil": spoil, "queried": queried,
	}
}

// TestPostgresScripts runs those that need a PostgreSQL, a real one that the test starts. Each has a database of its own.
func TestPostgresScripts(t *testing.T) {
	t.Parallel()
	server, stop, err := pgtest.Start(t.Context())
	require.NoError(t, err)
	var databases atomic.Int64
	t.Cleanup(func() { require.NoError(t, stop()) })
	t.Run("scripts", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir: "../../testdata/scripts/postgres", RequireUniqueNames: true, UpdateScripts: *update,
			Setup: func(env *testscript.Env) error {
				env.Values[processes{}] = map[string]*process{}
				name := fmt.Sprint("script", databases.Add(1))
				url := strings.Replace(server.URL(), "/tributary?", "/"+name+"?", 1)
				env.Setenv("POSTGRES", url)
				env.Setenv("SALES", loginOf.ReplaceAllString(url, "//reader_of_sales:sesame@"))
				return createDatabase(server.URL(), name)
			},
			Cmds: commands(),
		})
	})
}

var loginOf = regexp.MustCompile(`//[^@]*@`)

func createDatabase(server, name string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return errors.Join(err, conn.Close(ctx))
}

// queried REGEXP SQL asks the database: the first column of the first row, or what the command says of itself, must match. @FILE is the SQL
// in a file.
func queried(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: queried REGEXP SQL")
	}
	if file, ok := strings.CutPrefix(args[1], "@"); ok {
		args[1] = ts.ReadFile(file)
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, ts.Getenv("POSTGRES"))
	ts.Check(err)
	defer conn.Close(ctx)
	got, err := conn.PgConn().Exec(ctx, args[1]).ReadAll()
	ts.Check(err)
	text := got[0].CommandTag.String()
	if len(got[0].Rows) > 0 {
		text = string(got[0].Rows[0][0])
	}
	if !regexp.MustCompile(args[0]).MatchString(text) {
		ts.Fatalf("%s: got %q, expected %s", args[1], text, args[0])
	}
}

// exits CODE PROGRAM [ARG…] runs a program that must end with this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	if got := strconv.Itoa(exitCode(ts, err)); got != args[0] {
		ts.Fatalf("exit code %s, expected %s", got, args[0])
	}
}

// keep NAME REGEXP sets a variable to what the group of the expression matches in the last output.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep NAME REGEXP")
	}
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("stdout has no match with one group for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// process is a program that a script has started and not seen the end of.
type process struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr bytes.Buffer
	read   sync.WaitGroup
}

// processes is the key of a script's started programs among its values.
type processes struct{}

func started(ts *testscript.TestScript) map[string]*process {
	return ts.Value(processes{}).(map[string]*process) // Setup puts it there
}

func find(ts *testscript.TestScript, name string) *process {
	p := started(ts)[name]
	if p == nil {
		ts.Fatalf("nothing was started as %s", name)
	}
	return p
}

// start NAME REGEXP PROGRAM [ARG…] starts a program and goes on as soon as a line of its stderr matches.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: start NAME REGEXP PROGRAM [ARG…]")
	}
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	p := &process{cmd: exec.Command(path, args[3:]...)}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "TMPDIR="+ts.Getenv("TMPDIR"), "POSTGRES="+ts.Getenv("POSTGRES"))
	p.cmd.Stdout = &p.stdout
	lines, err := p.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(p.cmd.Start())
	ts.Defer(func() { _ = p.cmd.Process.Kill() }) // it may have ended
	seen := make(chan struct{})
	p.read.Add(1)
	go p.follow(lines, regexp.MustCompile(args[1]), seen)
	if _, matched := <-seen; !matched {
		ts.Fatalf("it ended without a line that matches %s:\n%s", args[1], p.stderr.String())
	}
	started(ts)[args[0]] = p
}

// follow copies stderr and tells when a line of it matches, or that there are no more.
func (p *process) follow(from io.Reader, pattern *regexp.Regexp, seen chan struct{}) {
	defer p.read.Done()
	defer close(seen)
	told := false
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		p.stderr.WriteString(lines.Text() + "\n")
		if !told && pattern.Match(lines.Bytes()) {
			seen <- struct{}{}
			told = true
		}
	}
}

// send NAME SIGNAL sends a started program a signal.
func send(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}
	if neg || len(args) != 2 || signals[args[1]] == 0 {
		ts.Fatalf("usage: send NAME KILL|TERM|STOP|CONT")
	}
	ts.Check(find(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

// ends NAME CODE waits for the end of a started program, which must have this exit code (-1: ended by a signal; any). Its output is the
// last output then.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ends NAME CODE")
	}
	p := find(ts, args[0])
	p.read.Wait()
	got := strconv.Itoa(exitCode(ts, p.cmd.Wait()))
	_, err := ts.Stdout().Write(p.stdout.Bytes())
	ts.Check(err)
	_, err = ts.Stderr().Write(p.stderr.Bytes())
	ts.Check(err)
	if want := args[1]; want != "any" && got != want {
		ts.Fatalf("exit code %s, expected %s", got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// lapse FILE lets the lease that a lock file states run out, as time would.
func lapse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lapse FILE")
	}
	until := regexp.MustCompile(`"lease_until": "[^"]+"`)
	text := until.ReplaceAllString(ts.ReadFile(args[0]), `"lease_until": "2026-01-01T00:00:00Z"`)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// spoil DIR changes a byte in the first file below a folder.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: spoil DIR")
	}
	err := filepath.WalkDir(ts.MkAbs(args[0]), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data[len(data)/2]++
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
		return fs.SkipAll
	})
	ts.Check(err)
}
