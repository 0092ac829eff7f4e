package airflow_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/airflow"
)

// acme is the project of the file in this folder.
func acme() airflow.Settings {
	return airflow.Settings{
		DAG: airflow.DAGID("Acme"), Project: "/srv/acme", Command: "tributary", Schedule: "15 2 * * *", Zone: "Europe/Berlin", Start: "2026-01-01", Pool: "tributary",
		Retries: 3, RetryDelay: 5 * time.Minute, RetryDelayMax: 30 * time.Minute, Timeout: 4 * time.Hour, Asset: "tributary://acme/warehouse",
	}
}

func TestDAGOfAcmeIsTheFile(t *testing.T) {
	want, err := os.ReadFile("tributary_dag.py")
	require.NoError(t, err)
	got, err := airflow.DAG(acme())
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestDAGHasTheProjectsSettings(t *testing.T) {
	s := acme()
	s.Project, s.Zone = `/srv/it's "here"\é`, "America/New_York"
	s.Connections = map[string]string{"TRIBUTARY_PG_URL": "tributary_pg", "CRM_TOKEN": "crm"}
	got, err := airflow.DAG(s)
	require.NoError(t, err)
	require.Contains(t, got, `PROJECT = "/srv/it's \"here\"\\\u00e9"  # the project folder`)
	require.Contains(t, got, `TIME_ZONE = "America/New_York"`+"\n")
	require.Contains(t, got, `CONNECTIONS: dict[str, str] = {"CRM_TOKEN": "crm", "TRIBUTARY_PG_URL": "tributary_pg"}  # variables`)
	require.Contains(t, got, `KUBERNETES: dict[str, str] = {}  # empty`)

	s = acme()
	s.Kubernetes = &airflow.Kubernetes{Image: "registry:5000/tributary@sha256:0af", Namespace: "data", Claim: "acme"}
	got, err = airflow.DAG(s)
	require.NoError(t, err)
	require.Contains(t, got, `= {"claim": "acme", "image": "registry:5000/tributary@sha256:0af", "namespace": "data"}`)
}

func TestDAGIsRefused(t *testing.T) {
	for wants, change := range map[string]func(s *airflow.Settings){
		"is no id of a DAG": func(s *airflow.Settings) { s.DAG = "a/b" },
		"is not absolute":   func(s *airflow.Settings) { s.Project = "acme" },
		"is no schedule":    func(s *airflow.Settings) { s.Schedule = "@daily" },
		"is no time zone":   func(s *airflow.Settings) { s.Zone = "Mars/Olympus" },
		"is no first day":   func(s *airflow.Settings) { s.Start = "yesterday" },
		"retries cannot":    func(s *airflow.Settings) { s.Retries = -1 },
		"is no variable":    func(s *airflow.Settings) { s.Connections = map[string]string{"a b": "c"} },
		"is not pinned": func(s *airflow.Settings) {
			s.Kubernetes = &airflow.Kubernetes{Image: "registry:5000/tributary", Claim: "c"}
		},
		"other than latest": func(s *airflow.Settings) { s.Kubernetes = &airflow.Kubernetes{Image: "tributary:latest", Claim: "c"} },
		"persistent volume": func(s *airflow.Settings) { s.Kubernetes = &airflow.Kubernetes{Image: "tributary:1"} },
		"not from Airflow's c": func(s *airflow.Settings) {
			s.Kubernetes, s.Connections = &airflow.Kubernetes{Image: "t:1", Claim: "c"}, map[string]string{"A": "b"}
		},
	} {
		s := acme()
		change(&s)
		_, err := airflow.DAG(s)
		require.ErrorIs(t, err, airflow.ErrSettings)
		require.ErrorContains(t, err, wants)
	}
	s := acme()
	s.DAG, s.Start = "", ""
	_, err := airflow.DAG(s)
	require.ErrorContains(t, err, "is no id of a DAG")
	require.ErrorContains(t, err, "is no first day", "all at once")
}

func TestDAGID(t *testing.T) {
	require.Equal(t, "tributary_acme_europe", airflow.DAGID(" Acme / Europe!"))
}
