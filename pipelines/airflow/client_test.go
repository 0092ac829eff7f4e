package airflow_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/airflow"
)

// Real servers are in testdata/airflow; what they do not do when asked is here.

// three is an Airflow 3 that answers what it is given, by method and path.
func three(t *testing.T, answers map[string]http.HandlerFunc) *airflow.Airflow {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/version", text(http.StatusOK, `{"version": "3.9.0", "git_version": null, "new": {}}`))
	mux.HandleFunc("POST /auth/token", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"password":"secret","username":"admin"}` {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		text(http.StatusCreated, `{"access_token": "a-token"}`)(w, r)
	})
	for pattern, answer := range answers {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer a-token" {
				text(http.StatusUnauthorized, `{"detail":"Not authenticated"}`)(w, r)
				return
			}
			answer(w, r)
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	a, err := airflow.Connect(t.Context(), server.URL+"/", airflow.Login{User: "admin", Password: "secret"}, airflow.Options{Wait: noWait})
	require.NoError(t, err)
	require.Equal(t, "3.9.0", a.Version)
	return a
}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// states gives one answer after the other, the last for ever.
func states(answers ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answers[0](w, r)
		if len(answers) > 1 {
			answers = answers[1:]
		}
	}
}

const runs, tasks = "GET /api/v2/dags/d/dagRuns/r", "GET /api/v2/dags/d/dagRuns/r/taskInstances"

func TestUnknownStatesAndFieldsFailNothing(t *testing.T) {
	a := three(t, map[string]http.HandlerFunc{
		runs: states(
			text(http.StatusOK, `{"dag_id":"d","dag_run_id":"r","state":"awaiting_the_future","logical_date":null,"brand":["new"]}`),
			text(http.StatusOK, `{"dag_id":"d","dag_run_id":"r","state":"success","start_date":"2026-11-23T01:15:00.5Z"}`)),
		tasks: text(http.StatusOK, `{"task_instances":[{"task_id":"extract","dag_run_id":"r","state":"dreaming","try_number":2,"trigger":{"x":1}},{"task_id":"build","state":null}],"total_entries":2}`),
	})
	var said []string
	run, err := a.Wait(t.Context(), "d", "r", time.Hour, func(s string) { said = append(said, s) })
	require.NoError(t, err)
	require.Equal(t, airflow.Success, run.State)
	require.Equal(t, []string{"run r: awaiting_the_future", "  extract: dreaming, try 2", "run r: success"}, said)
}

func TestAWaitOutlivesASilentServer(t *testing.T) {
	a := three(t, map[string]http.HandlerFunc{
		runs:  states(text(http.StatusServiceUnavailable, "<html>"), text(http.StatusOK, `{"dag_run_id":"r","state":"failed"}`)),
		tasks: text(http.StatusOK, `{"task_instances":[]}`),
	})
	run, err := a.Wait(t.Context(), "d", "r", time.Hour, func(string) {})
	require.NoError(t, err)
	require.Equal(t, airflow.Failed, run.State)
}

func TestAWaitEnds(t *testing.T) {
	a := three(t, map[string]http.HandlerFunc{runs: text(http.StatusOK, `{"dag_run_id":"r","state":"running"}`), tasks: text(http.StatusOK, `{}`)})
	_, err := a.Wait(t.Context(), "d", "r", 10*time.Second, func(string) {})
	require.ErrorIs(t, err, airflow.ErrTimeout)
	require.ErrorContains(t, err, "after 10s; it goes on in Airflow")
}

func TestTriggerSendsDateAndInterval(t *testing.T) {
	var got map[string]any
	a := three(t, map[string]http.HandlerFunc{"POST /api/v2/dags/d/dagRuns": func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		text(http.StatusOK, `{"dag_run_id":"r","state":"queued"}`)(w, r)
	}})
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	_, err = a.Trigger(t.Context(), "d", "r", time.Date(2026, 10, 1, 3, 0, 0, 999, berlin), airflow.Interval{
		From: time.Date(2026, 9, 30, 0, 0, 0, 0, berlin), To: time.Date(2026, 10, 1, 0, 0, 0, 0, berlin),
	})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"dag_run_id": "r", "logical_date": "2026-10-01T01:00:00Z", "data_interval_start": "2026-09-29T22:00:00Z", "data_interval_end": "2026-09-30T22:00:00Z",
	}, got)
}

func TestErrorsSayWhatAirflowSaid(t *testing.T) {
	for status, is := range map[int]error{
		http.StatusNotFound: airflow.ErrNotFound, http.StatusConflict: airflow.ErrExists, http.StatusForbidden: airflow.ErrRefused,
		http.StatusUnprocessableEntity: airflow.ErrRefused, http.StatusBadGateway: airflow.ErrUnreachable, http.StatusTooManyRequests: airflow.ErrUnreachable,
	} {
		a := three(t, map[string]http.HandlerFunc{runs: text(status, `{"detail":[{"loc":["body","logical_date"],"msg":"Field required"}]}`)})
		_, err := a.Run(t.Context(), "d", "r")
		require.ErrorIs(t, err, is)
		require.ErrorContains(t, err, "Field required")
		require.ErrorContains(t, err, "GET /api/v2/dags/d/dagRuns/r")
	}
}

func TestNoSecretIsSaid(t *testing.T) {
	server := httptest.NewServer(text(http.StatusNotFound, `{"detail":"Not Found"}`))
	t.Cleanup(server.Close)
	login := airflow.Login{User: "admin", Password: "hunter2"}
	_, err := airflow.Connect(t.Context(), server.URL, login, airflow.Options{})
	require.ErrorIs(t, err, airflow.ErrRefused)
	require.ErrorContains(t, err, "neither /api/v2/version nor /api/v1/version is there")
	server.Close()
	_, gone := airflow.Connect(t.Context(), server.URL, login, airflow.Options{})
	require.ErrorIs(t, gone, airflow.ErrUnreachable)
	_, address := airflow.Connect(t.Context(), strings.Replace(server.URL, "//", "//admin:hunter2@", 1), login, airflow.Options{})
	require.ErrorIs(t, address, airflow.ErrRefused)
	for _, e := range []error{err, gone, address} {
		require.NotContains(t, e.Error(), "hunter2")
	}
}

func TestAWrongPasswordNamesTheVariables(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/version", text(http.StatusOK, `{"version":"3.3.2"}`))
	mux.HandleFunc("POST /auth/token", text(http.StatusUnauthorized, `{"detail":"Invalid credentials"}`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	_, err := airflow.Connect(t.Context(), server.URL, airflow.Login{User: "admin", Password: "wrong"}, airflow.Options{})
	require.ErrorIs(t, err, airflow.ErrRefused)
	require.ErrorContains(t, err, "log in as admin: airflow refuses the login (AIRFLOW_TOKEN, or AIRFLOW_USERNAME and AIRFLOW_PASSWORD)")
	require.ErrorContains(t, err, "Invalid credentials")
}
