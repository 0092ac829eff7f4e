//go:build airflow

package airflow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// server is an Airflow of real processes, each of its own as in production: `airflow standalone` cannot be stopped.
type server struct {
	version, venv, home, url string
	events                   string // file of OpenLineage events, Airflow's and ours
	env                      []string
}

func (s *server) three() bool { return strings.HasPrefix(s.version, "3") }

// start prepares and starts Airflow, and waits until it is healthy. AIRFLOW_3_3_2 and AIRFLOW_2_11_2 name the virtual environments.
func start(t *testing.T, version string, env ...string) *server {
	t.Helper()
	name := "AIRFLOW_" + strings.ReplaceAll(version, ".", "_")
	s := &server{version: version, venv: os.Getenv(name), home: t.TempDir()}
	require.NotEmpty(t, s.venv, "%s is not set: make test-airflow installs Airflow and sets it", name)
	s.events = filepath.Join(s.home, "events.jsonl")
	port := freePort(t)
	s.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	require.NoError(t, os.MkdirAll(s.dags(), 0o755))
	s.env = append(os.Environ(), "AIRFLOW_HOME="+s.home, "AIRFLOW__CORE__LOAD_EXAMPLES=False", "AIRFLOW__CORE__DAGS_FOLDER="+s.dags(), "AIRFLOW__CORE__PARALLELISM=2",
		"AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC=1", "AIRFLOW_URL="+s.url, "AIRFLOW_USERNAME=admin", "AIRFLOW_PASSWORD="+password, "no_proxy=127.0.0.1",
		`AIRFLOW__OPENLINEAGE__TRANSPORT={"type":"file","log_file_path":"`+s.events+`","append":true}`,
		"OPENLINEAGE__TRANSPORT__TYPE=file", "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH="+s.events, "OPENLINEAGE__TRANSPORT__APPEND=true",
		"PATH="+filepath.Join(s.venv, "bin")+":"+os.Getenv("PATH")) // executors start airflow by its name
	s.env = append(s.env, env...)
	var processes [][]string
	health := "/health"
	if s.three() {
		passwords := filepath.Join(s.home, "passwords.json")
		require.NoError(t, os.WriteFile(passwords, []byte(`{"admin":"`+password+`"}`), 0o600))
		s.env = append(s.env, "AIRFLOW__API__HOST=127.0.0.1", fmt.Sprintf("AIRFLOW__API__PORT=%d", port), "AIRFLOW__API__WORKERS=1",
			"AIRFLOW__CORE__EXECUTION_API_SERVER_URL="+s.url+"/execution/", "AIRFLOW__API_AUTH__JWT_SECRET=a-secret-of-this-test-that-is-long-enough-for-hmac-of-sha-512-bits",
			"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE="+passwords, "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=5",
			"AIRFLOW__CORE__EXECUTOR=LocalExecutor")
		processes, health = [][]string{{"api-server"}, {"scheduler"}, {"dag-processor"}}, "/api/v2/monitor/health"
	} else {
		s.env = append(s.env, "AIRFLOW__API__AUTH_BACKENDS=airflow.providers.fab.auth_manager.api.auth.backend.basic_auth", "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL=5",
			"AIRFLOW__WEBSERVER__WORKERS=1", "AIRFLOW__CORE__EXECUTOR=SequentialExecutor", fmt.Sprintf("AIRFLOW__WEBSERVER__BASE_URL=%s", s.url))
		processes = [][]string{{"webserver", "--hostname", "127.0.0.1", "--port", fmt.Sprint(port)}, {"scheduler"}}
	}
	s.airflow(t, "db", "migrate")
	if !s.three() {
		s.airflow(t, "users", "create", "-u", "admin", "-p", password, "-r", "Admin", "-e", "a@example.com", "-f", "A", "-l", "B")
	}
	for _, args := range processes {
		s.process(t, args...)
	}
	require.Eventually(t, func() bool { return healthy(t, s.url+health) }, 2*time.Minute, time.Second, "Airflow %s does not come up; its logs are in the output", version)
	return s
}

const password = "a-password-of-this-test"

func (s *server) dags() string { return filepath.Join(s.home, "dags") }

func (s *server) airflow(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.venv, "bin", "airflow"), args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "airflow %s\n%s", strings.Join(args, " "), out)
}

// process starts a part of Airflow, and stops it when the test is over. What it said is shown when the test fails.
func (s *server) process(t *testing.T, args ...string) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(s.venv, "bin", "airflow"), args...) //nolint:noctx // stopped in order, below
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-gone:
		case <-time.After(30 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-gone
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it has left
		if t.Failed() {
			t.Logf("airflow %s said at its end:\n%s", args[0], tail(said.String(), 4000))
		}
	})
}

func tail(text string, n int) string {
	if len(text) > n {
		return "…" + text[len(text)-n:]
	}
	return text
}

// healthy tells whether every process that reports says so; the triggerer is not there.
func healthy(t *testing.T, url string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK && strings.Count(body.String(), `"healthy"`) >= 2 && !strings.Contains(body.String(), `"unhealthy"`)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// get asks the API for what the program has no command for.
func (s *server) get(t *testing.T, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+map[bool]string{true: "/api/v2", false: "/api/v1"}[s.three()]+path, nil)
	require.NoError(t, err)
	if s.three() {
		var login struct {
			Token string `json:"access_token"`
		}
		body := strings.NewReader(`{"username":"admin","password":"` + password + `"}`)
		resp, err := http.Post(s.url+"/auth/token", "application/json", body) //nolint:noctx // a test's
		require.NoError(t, err)
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&login))
		require.NoError(t, resp.Body.Close())
		req.Header.Set("Authorization", "Bearer "+login.Token)
	} else {
		req.SetBasicAuth("admin", password)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, path)
	require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
	require.NoError(t, resp.Body.Close())
}
