package lineage_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lineage"
)

const (
	task = "019e1b2c-0000-7000-8000-000000000001"
	dag  = "019e1b2c-0000-7000-8000-000000000002"
)

func TestOffByDefault(t *testing.T) {
	for _, environ := range [][]string{
		nil,
		{"OPENLINEAGE_NAMESPACE=prod", "OPENLINEAGE_PARENT_ID=no parent", "OPENLINEAGE_API_KEY=k"},
		{"OPENLINEAGE_URL="},
		{"OPENLINEAGE_URL=http://marquez:5000", "OPENLINEAGE_DISABLED=True"},
		{"OPENLINEAGE_URL=http://marquez:5000", "OPENLINEAGE__TRANSPORT__TYPE=noop"},
	} {
		s := lineage.FromEnvironment(environ)
		require.False(t, s.On(), environ)
		require.Empty(t, s.Notes, environ)
		require.Equal(t, "nowhere", s.Where())
	}
}

func TestEndpoint(t *testing.T) {
	for _, c := range []struct{ url, key, environ string }{
		{"http://marquez:5000/api/v1/lineage", "", "OPENLINEAGE_URL=http://marquez:5000"},
		{"https://u:p@ol.example/v2?key=a", "k", "OPENLINEAGE_URL=https://u:p@ol.example OPENLINEAGE_ENDPOINT=v2?key=a OPENLINEAGE_API_KEY=k"},
		{"http://a/api/v1/lineage", "k", `OPENLINEAGE__TRANSPORT={"type":"http","url":"http://a","auth":{"type":"api_key","apiKey":"k"}}`},
		{"http://a/b/in", "k", "OPENLINEAGE__TRANSPORT__TYPE=http OPENLINEAGE__TRANSPORT__URL=http://a/b/ OPENLINEAGE__TRANSPORT__ENDPOINT=in " +
			"OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key OPENLINEAGE__TRANSPORT__AUTH__API_KEY=k OPENLINEAGE_URL=http://other"},
		{"http://a/api/v1/lineage", "k", `OPENLINEAGE__TRANSPORT__TYPE=async_http OPENLINEAGE__TRANSPORT__URL=http://a OPENLINEAGE__TRANSPORT__AUTH={"type":"api_key","apiKey":"k"}`},
	} {
		s := lineage.FromEnvironment(strings.Fields(c.environ))
		require.Empty(t, s.Notes, c.environ)
		require.Equal(t, c.url, s.URL)
		require.Equal(t, c.key, s.APIKey)
		require.Equal(t, "default", s.Namespace)
		require.Equal(t, 5*time.Second, s.Timeout)
	}
	require.Equal(t, "https://ol.example", lineage.FromEnvironment([]string{"OPENLINEAGE_URL=https://u:p@ol.example/?key=a"}).Where(), "secrets are not shown")
}

func TestFileTransport(t *testing.T) {
	s := lineage.FromEnvironment([]string{"OPENLINEAGE__TRANSPORT__TYPE=file", "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=file:///var/ol.jsonl", "OPENLINEAGE__TRANSPORT__APPEND=true", "OPENLINEAGE_NAMESPACE=prod"})
	require.Empty(t, s.Notes)
	require.Equal(t, "/var/ol.jsonl", s.File)
	require.True(t, s.Append)
	require.Equal(t, "prod", s.Namespace)
	require.Equal(t, "file /var/ol.jsonl", s.Where())

	config := filepath.Join(t.TempDir(), "openlineage.yml")
	require.NoError(t, os.WriteFile(config, []byte("transport:\n  type: file\n  log_file_path: /var/of-the-file\n"), 0o600))
	s = lineage.FromEnvironment([]string{"OPENLINEAGE_CONFIG=" + config, "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=/var/of-the-variable"})
	require.Empty(t, s.Notes)
	require.Equal(t, "/var/of-the-file", s.File, "the file wins")
	require.False(t, s.Append)
}

func TestParents(t *testing.T) {
	on := "OPENLINEAGE_URL=http://a"
	s := lineage.FromEnvironment([]string{on, "OPENLINEAGE_PARENT_ID=http://airflow:8080/dag.task/" + task})
	require.Empty(t, s.Notes)
	require.Equal(t, lineage.OfJob{Namespace: "http://airflow:8080", Name: "dag.task"}, s.Parent.Job)
	require.Equal(t, task, s.Parent.Run.ID.String())
	require.Equal(t, s.Parent, s.Root, "with nothing above it, the parent is the root")

	s = lineage.FromEnvironment([]string{on, "OPENLINEAGE_PARENT_ID=airflow/dag.task/" + task, "OPENLINEAGE_ROOT_PARENT_ID=airflow/dag/" + dag})
	require.Equal(t, dag, s.Root.Run.ID.String())
	require.Equal(t, "dag", s.Root.Job.Name)

	s = lineage.FromEnvironment([]string{on, "OPENLINEAGE_PARENT_ID=a/b/" + dag, `OPENLINEAGE_CONTEXT={"parent":{"run":{"runId":"` + task + `"},"job":{"namespace":"n","name":"j"},"root":{"run":{"runId":"` + dag + `"},"job":{"namespace":"n","name":"r"}}}}`})
	require.Empty(t, s.Notes)
	require.Equal(t, "j", s.Parent.Job.Name, "the context comes first")
	require.Equal(t, "r", s.Root.Job.Name)
}

// What is wrong is said, without the value, and nothing else happens.
func TestWrongSettings(t *testing.T) {
	for _, c := range []struct {
		note    string
		on      bool
		environ []string
	}{
		{"OPENLINEAGE_URL is no address", false, []string{"OPENLINEAGE_URL=sesame"}},
		{"OPENLINEAGE_URL is no address", false, []string{"OPENLINEAGE_URL=ftp://u:sesame@a"}},
		{"transport type must be http or file", false, []string{"OPENLINEAGE__TRANSPORT__TYPE=kafka", "OPENLINEAGE__TRANSPORT__CONFIG=sesame"}},
		{"not followed, of OpenLineage's transport: compression, custom_headers", true, []string{
			"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://a", "OPENLINEAGE__TRANSPORT__COMPRESSION=gzip", `OPENLINEAGE__TRANSPORT__CUSTOM_HEADERS={"x":"sesame"}`,
		}},
		{"log_file_path must be a path on this machine", false, []string{"OPENLINEAGE__TRANSPORT__TYPE=file", "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=s3://sesame/a"}},
		{"log_file_path must be a path", false, []string{"OPENLINEAGE__TRANSPORT__TYPE=file"}},
		{"auth must be of type api_key", true, []string{"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://a", `OPENLINEAGE__TRANSPORT__AUTH={"type":"oauth2","secret":"sesame"}`}},
		{"has no apiKey", true, []string{"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://a", "OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key"}},
		{"timeout of OpenLineage's transport is no number", true, []string{"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://a", "OPENLINEAGE__TRANSPORT__TIMEOUT=sesame"}},
		{"verify: false is not followed", true, []string{"OPENLINEAGE__TRANSPORT__TYPE=http", "OPENLINEAGE__TRANSPORT__URL=http://a", "OPENLINEAGE__TRANSPORT__VERIFY=false"}},
		{"OPENLINEAGE_PARENT_ID is not namespace/job/runId", true, []string{"OPENLINEAGE_URL=http://a", "OPENLINEAGE_PARENT_ID=a/b/sesame"}},
		{"OPENLINEAGE_ROOT_PARENT_ID is not", true, []string{"OPENLINEAGE_URL=http://a", "OPENLINEAGE_PARENT_ID=a/b/" + task, "OPENLINEAGE_ROOT_PARENT_ID=sesame"}},
		{"OPENLINEAGE_CONTEXT names no parent", true, []string{"OPENLINEAGE_URL=http://a", "OPENLINEAGE_CONTEXT=sesame"}},
		{"OPENLINEAGE_CONFIG cannot be read: no such file", true, []string{"OPENLINEAGE_URL=http://a", "OPENLINEAGE_CONFIG=/sesame"}},
	} {
		s := lineage.FromEnvironment(c.environ)
		require.Equal(t, c.on, s.On(), c.note)
		require.Len(t, s.Notes, 1, c.note)
		require.Contains(t, s.Notes[0], c.note)
		require.NotContains(t, s.Notes[0], "sesame")
	}
}

func TestRunID(t *testing.T) {
	require.Equal(t, task, lineage.RunID("acme", task, nil).String())
	made := lineage.RunID("acme", "manual__2026-10-01", nil)
	require.EqualValues(t, 5, made.Version())
	require.Equal(t, made, lineage.RunID("acme", "manual__2026-10-01", nil))
	require.NotEqual(t, made, lineage.RunID("other", "manual__2026-10-01", nil))
	first, second := lineage.Of{Run: lineage.OfRun{ID: lineage.Part(made, "try 1")}}, lineage.Of{Run: lineage.OfRun{ID: lineage.Part(made, "try 2")}}
	require.NotEqual(t, lineage.RunID("acme", "manual__2026-10-01", &first), lineage.RunID("acme", "manual__2026-10-01", &second))
	require.NotEqual(t, lineage.Part(made, "build"), lineage.Part(made, "check"))
}
