//go:build airflow

package airflow_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/warehouse"
)

// project is the demo vendor, with the program as built from this tree.
type project struct {
	binary, dir string
	server      *server
}

func newProject(t *testing.T, s *server) project {
	t.Helper()
	p := project{binary: os.Getenv("TRIBUTARY"), dir: filepath.Join(t.TempDir(), "demo"), server: s}
	require.NotEmpty(t, p.binary, "TRIBUTARY names the program; make test-airflow sets it")
	p.ok(t, "demo", p.dir)
	config, err := os.OpenFile(filepath.Join(p.dir, "tributary.yaml"), os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = config.WriteString("\nairflow: {history: true}\nnotify:\n  webhook: ${NOTICE_ADDRESS}\n")
	require.NoError(t, errors.Join(err, config.Close()))
	return p
}

// run runs a command on the project and returns what it said, and its exit code.
func (p project) run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	if args[0] != "demo" {
		args = append(args, "--project", p.dir)
	}
	cmd := exec.CommandContext(t.Context(), p.binary, args...)
	cmd.Env = append(os.Environ(), "AIRFLOW_URL="+p.server.url, "AIRFLOW_USERNAME=admin", "AIRFLOW_PASSWORD="+password)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		require.NoError(t, err)
	}
	t.Logf("tributary %s: exit %d\n%s%s", strings.Join(args, " "), code, &errs, tail(out.String(), 3000))
	return out.String(), errs.String(), code
}

func (p project) ok(t *testing.T, args ...string) string {
	t.Helper()
	out, _, code := p.run(t, args...)
	if code != 0 && slices.Contains(args, "--wait") {
		p.run(t, "airflow", "logs")
	}
	require.Zero(t, code)
	return out
}

// asked decodes what a command prints with --json.
func asked[T any](t *testing.T, p project, args ...string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(p.ok(t, append(args, "--json")...)), &value))
	return value
}

type run struct {
	ID    string `json:"dag_run_id"`
	State string `json:"state"`
}

type status struct {
	Run   run `json:"run"`
	Tasks []struct {
		ID    string `json:"task_id"`
		State string `json:"state"`
		Try   int    `json:"try_number"`
	} `json:"tasks"`
}

// states are the tasks of a run with their states and tries.
func (p project) states(t *testing.T, id ...string) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, task := range asked[status](t, p, append([]string{"airflow", "status"}, id...)...).Tasks {
		states[task.ID] = task.State + " " + strconv.Itoa(task.Try)
	}
	return states
}

func TestAirflow3(t *testing.T) { nights(t, "3.3.2") }
func TestAirflow2(t *testing.T) { nights(t, "2.11.2") }

// nights is what a data engineer sees of a project under Airflow, from the first file to a backfill.
func nights(t *testing.T, version string) {
	told := newListener(t)
	// a connection of Airflow's holds the notice's address; the callback has its own in the worker's environment
	s := start(t, version, "AIRFLOW_CONN_TRIBUTARY_NOTICE="+told.url+"/notice", "TRIBUTARY_WEBHOOK="+told.url+"/callback")
	p := newProject(t, s)
	dag := filepath.Join(s.dags(), "tributary_auenfels.py")

	// before anything: the doctor says what is missing, and makes the pool
	out, _, code := p.run(t, "airflow", "doctor")
	require.Equal(t, 2, code)
	require.Contains(t, out, "tributary does not exist")
	require.Contains(t, out, "tributary_auenfels is not there")
	p.ok(t, "airflow", "dag", "--command", p.binary, "--retry-delay", "1s", "--connection", "NOTICE_ADDRESS=tributary_notice", "--out", dag)
	p.check(t, dag)
	require.Eventually(t, func() bool { _, _, code := p.run(t, "airflow", "status"); return code == 0 }, 2*time.Minute, 2*time.Second, "the DAG is not read")
	out = p.ok(t, "airflow", "doctor", "--make-pool")
	require.Contains(t, out, "tributary has one slot")
	require.Contains(t, out, "is paused: no night runs")
	_, stderr, code := p.run(t, "airflow", "trigger")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "is paused")

	// the schedule's first night: of the newest interval, at once
	p.ok(t, "airflow", "unpause")
	require.Eventually(t, func() bool { return len(asked[[]run](t, p, "airflow", "runs")) == 1 }, 2*time.Minute, time.Second, "no run begins")
	p.ok(t, "airflow", "status", "--wait")
	require.Equal(t, map[string]string{"extract": "success 1", "build": "success 1", "check": "success 1", "publish": "success 1"}, p.states(t))
	first := p.published(t)
	digest := p.ok(t, "warehouse", "digest")
	p.updated(t, first)

	// again: nothing is new, the tasks are skipped, the figures are what they were
	p.ok(t, "airflow", "trigger", "--as-of", first.AsOf, "--wait")
	require.Equal(t, map[string]string{"extract": "success 1", "build": "skipped 1", "check": "skipped 0", "publish": "skipped 0"}, p.states(t))
	require.Equal(t, first, p.published(t))
	require.Equal(t, digest, p.ok(t, "warehouse", "digest"))

	// bad data: the run fails at once, without retries, and readers keep what they had
	p.spoiled(t, filepath.Join(p.dir, "data", "finance", "targets.csv"), func() {
		_, stderr, code := p.run(t, "airflow", "trigger", "--as-of", first.AsOf, "--wait")
		require.Equal(t, 8, code)
		require.Contains(t, stderr, "tributary airflow logs")
		require.Equal(t, map[string]string{"extract": "success 1", "build": "success 1", "check": "failed 1", "publish": "upstream_failed 0"}, p.states(t))
		require.Contains(t, p.ok(t, "airflow", "logs"), "are quarantined, more than the limits allow")
		require.Contains(t, told.said(t, "/notice"), "are quarantined, more than the limits allow", "the process's own notice")
		require.Contains(t, told.said(t, "/callback"), "task check, run tributary__", "the callback's")
		require.Equal(t, first, p.published(t))
	})

	// a task that is killed: the retry does the night
	p.ok(t, "airflow", "trigger", "--as-of", first.AsOf)
	p.kill(t)
	p.ok(t, "airflow", "status", "--wait")
	require.Equal(t, map[string]string{"extract": "success 1", "build": "success 2", "check": "success 1", "publish": "success 1"}, p.states(t))
	require.Greater(t, p.published(t).Commit, first.Commit)

	// three days: in order, one at a time; they are older than what is published, and do not take its place
	newest := p.published(t)
	made := asked[struct {
		Runs []run `json:"runs"`
	}](t, p, "airflow", "backfill", "--from", "2026-09-28", "--to", "2026-10-01", "--wait")
	require.Len(t, made.Runs, 3)
	for _, r := range made.Runs {
		require.Equal(t, "success", r.State, r.ID)
	}
	require.Equal(t, newest, p.published(t))
	require.Contains(t, p.ok(t, "airflow", "doctor"), "success")
	require.Empty(t, told.calls, "somebody was told of a night that went well, or of a try that is made again")
	p.remembered(t)
	p.joined(t)
	p.ok(t, "airflow", "pause")
	require.Contains(t, p.ok(t, "airflow", "status"), "paused")
}

// listener takes notices.
type listener struct {
	url   string
	calls chan [2]string // path and body
}

func newListener(t *testing.T) listener {
	t.Helper()
	l := listener{calls: make(chan [2]string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.calls <- [2]string{r.URL.Path, string(body)}
	}))
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}

// said is the next notice, which must have come to a path.
func (l listener) said(t *testing.T, path string) string {
	t.Helper()
	select {
	case call := <-l.calls:
		require.Equal(t, path, call[0])
		return call[1]
	case <-time.After(30 * time.Second):
		require.Fail(t, "nobody was told", path)
		return ""
	}
}

// check loads the DAG as Airflow does: no warning of ours, and what a night needs; so with the one whose steps run in pods. ruff's rules for
// Airflow 3 have nothing to say.
func (p project) check(t *testing.T, dag string) {
	t.Helper()
	pods := filepath.Join(t.TempDir(), "pods.py")
	p.ok(t, "airflow", "dag", "--image", "registry.example.com/tributary:1.4.0", "--claim", "acme", "--secret", "acme-env", "--mounted-at", "/srv/acme", "--out", pods)
	for _, args := range [][]string{{"python", "check_dag.py", dag}, {"python", "check_dag.py", pods, "pod"}, {"ruff", "check", "--isolated", "--select", "AIR", dag, pods}} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(p.server.venv, "bin", args[0]), args[1:]...)
		cmd.Env = p.server.env
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", cmd, out)
	}
}

// updated looks for the event by which DAGs that read the warehouse are scheduled.
func (p project) updated(t *testing.T, v version) {
	t.Helper()
	type event struct {
		Extra map[string]any `json:"extra"`
		Task  string         `json:"source_task_id"`
	}
	var says struct {
		Assets   []event `json:"asset_events"`
		Datasets []event `json:"dataset_events"`
	}
	p.server.get(t, map[bool]string{true: "/assets/events", false: "/datasets/events"}[p.server.three()], &says)
	events := append(says.Assets, says.Datasets...)
	require.Len(t, events, 1)
	require.Equal(t, "publish", events[0].Task)
	require.Equal(t, v.AsOf, events[0].Extra["as_of"])
	require.Contains(t, events[0].Extra["warehouse"], v.File)
}

// remembered reads what the nights have kept of Airflow's history: it stands beside the runs that it started.
func (p project) remembered(t *testing.T) {
	t.Helper()
	file, err := warehouse.OpenReadOnly(t.Context(), filepath.Join(p.dir, "warehouse", "records.duckdb"), warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	for question, want := range map[string]string{
		"SELECT string_agg(DISTINCT r.status, ' ' ORDER BY r.status) FROM ops.scheduled AS s JOIN ops.run AS r USING (run_id) WHERE s.state = 'success' AND s.finished_at >= r.finished_at": "built nothing_new published",
		"SELECT string_agg(DISTINCT r.status, ' ') FROM ops.scheduled AS s JOIN ops.run AS r USING (run_id) WHERE s.state = 'failed'":                                                       "failed",
		"SELECT string_agg(state, ' ' ORDER BY try_number) FROM ops.task_try WHERE task_id = 'build' AND run_id = (SELECT run_id FROM ops.task_try WHERE try_number = 2)":                   "failed success",
		"SELECT count(*) FILTER (status = 'died') || ' of ' || count(*) || ' ' || count(DISTINCT run_id) FROM ops.run":                                                                      "1 of 8 8", // what was killed cannot say whose it was
	} {
		var got string
		require.NoError(t, file.DB.QueryRowContext(t.Context(), question).Scan(&got), question)
		require.Equal(t, want, got, question)
	}
}

// joined reads what Airflow and the nights have told of lineage: every event is one, and each of our nights has a run of Airflow's for its
// parent. A try that was killed has begun and not ended.
func (p project) joined(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(p.server.events)
	require.NoError(t, err)
	type run struct {
		ID     string `json:"runId"`
		Facets struct {
			Parent struct {
				Run struct {
					ID string `json:"runId"`
				} `json:"run"`
				Root struct {
					Run struct {
						ID string `json:"runId"`
					} `json:"run"`
				} `json:"root"`
			} `json:"parent"`
		} `json:"facets"`
	}
	theirs, ours := map[string]string{}, map[string]run{}
	for line := range strings.Lines(string(text)) {
		var event struct {
			Type string `json:"eventType"`
			Run  run    `json:"run"`
			Job  struct {
				Name string `json:"name"`
			} `json:"job"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &event), line)
		switch {
		case strings.HasPrefix(event.Job.Name, "tributary_auenfels"):
			theirs[event.Run.ID] = event.Job.Name
		case event.Job.Name == "auenfels":
			ours[event.Run.ID] = event.Run
		}
	}
	tasks := map[string]int{}
	for _, r := range ours {
		require.Contains(t, theirs, r.Facets.Parent.Run.ID)
		require.Equal(t, "tributary_auenfels", theirs[r.Facets.Parent.Root.Run.ID])
		tasks[theirs[r.Facets.Parent.Run.ID]]++
	}
	// seven runs; two of them ended before the checks or at them, one built twice
	require.Equal(t, map[string]int{"tributary_auenfels.extract": 7, "tributary_auenfels.build": 8, "tributary_auenfels.check": 6, "tributary_auenfels.publish": 5}, tasks)
	python := os.Getenv("OPENLINEAGE_PYTHON")
	require.NotEmpty(t, python, "make test-airflow sets it")
	said, err := exec.CommandContext(t.Context(), python, "../outside/check_openlineage.py", p.server.events, "1").CombinedOutput()
	t.Logf("%s", said)
	require.NoError(t, err)
}

type version struct {
	File    string `json:"file"`
	AsOf    string `json:"as_of"`
	Commit  int64  `json:"commit"`
	Current bool   `json:"current"`
}

// published is the night that readers see.
func (p project) published(t *testing.T) version {
	t.Helper()
	for _, v := range asked[[]version](t, p, "warehouse", "ls") {
		if v.Current {
			return v
		}
	}
	require.Fail(t, "nothing is published")
	return version{}
}

// spoiled breaks a file for as long as do takes.
func (p project) spoiled(t *testing.T, file string, do func()) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	head, _, _ := bytes.Cut(text, []byte("\n"))
	bad := append([]byte{}, text...)
	for i := range 3000 {
		bad = fmt.Appendf(bad, "bad-%d%s\n", i, strings.Repeat(",not a value", bytes.Count(head, []byte(","))))
	}
	require.NoError(t, os.WriteFile(file, bad, 0o600))
	do()
	require.NoError(t, os.WriteFile(file, text, 0o600))
}

// kill waits until a night is being built, and kills the process.
func (p project) kill(t *testing.T) {
	t.Helper()
	builds := func() []string {
		names, err := filepath.Glob(filepath.Join(p.dir, "warehouse", ".build", "night-*.duckdb"))
		require.NoError(t, err)
		return names
	}
	before := builds() // the failed night's, to be looked at
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(builds(), func(name string) bool { return !slices.Contains(before, name) })
	}, 2*time.Minute, 20*time.Millisecond, "nothing is built")
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	killed := 0
	for _, line := range processes {
		text, err := os.ReadFile(line)
		if err == nil && strings.HasPrefix(string(text), p.binary+"\x00run\x00") && strings.Contains(string(text), p.dir) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(line)))
			require.NoError(t, err)
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			killed++
		}
	}
	require.Equal(t, 1, killed)
}
