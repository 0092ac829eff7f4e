package airflow_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
)

// read takes all pages as lines of texts; null is a dash.
func read(t *testing.T, p source.Pages) []string {
	t.Helper()
	var lines []string
	var b source.Batch
	for {
		err := p.Next(&b)
		if errors.Is(err, io.EOF) {
			return lines
		}
		require.NoError(t, err)
		for row := range b.Lines {
			var cells []string
			for column := range b.Names {
				text := "-"
				if v := b.Value(column, row); v != nil {
					text = string(v)
				}
				cells = append(cells, text)
			}
			lines = append(lines, strings.Join(cells, " "))
		}
	}
}

func TestHistoryIsReadPageByPage(t *testing.T) {
	var asked []string
	a := three(t, map[string]http.HandlerFunc{
		"GET /api/v2/dags/d/dagRuns": func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Query().Get("offset")+" "+r.URL.Query().Get("updated_at_gte"))
			states := map[string]string{
				"0": `{"dag_id":"d","dag_run_id":"r1","run_type":"scheduled","state":"success","logical_date":null,"queued_at":"2026-10-01T00:15:00.25Z"}`,
				"1": `{"dag_id":"d","dag_run_id":"r2","state":"a_new_state"}`,
			}
			text(http.StatusOK, `{"total_entries":2,"dag_runs":[`+states[r.URL.Query().Get("offset")]+`]}`)(w, r)
		},
	})
	pages, err := a.RunHistory(t.Context(), "d", time.Date(2026, 9, 30, 2, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, []string{"d r1 scheduled success - - - 2026-10-01T00:15:00.25Z - -", "d r2 - a_new_state - - - - - -"}, read(t, pages))
	require.Equal(t, []string{"0 2026-09-30T02:00:00Z", "1 2026-09-30T02:00:00Z"}, asked)
	require.WithinDuration(t, time.Now(), pages.Until(), time.Hour, "the server's clock, which is this machine's here")
}

func TestHistoryHasEveryTry(t *testing.T) {
	a := three(t, map[string]http.HandlerFunc{
		"GET /api/v2/dags/d/dagRuns/~/taskInstances": text(http.StatusOK, `{"total_entries":2,"task_instances":[
			{"dag_id":"d","dag_run_id":"r","task_id":"extract","try_number":1,"state":"success"},{"dag_id":"d","dag_run_id":"r","task_id":"build","try_number":2,"state":"running"}]}`),
		"GET /api/v2/dags/d/dagRuns/r/taskInstances/build/tries": text(http.StatusOK, `{"task_instances":[
			{"dag_id":"d","dag_run_id":"r","task_id":"build","try_number":1,"state":"failed"},{"dag_id":"d","dag_run_id":"r","task_id":"build","try_number":2,"state":"running"}]}`),
	})
	pages, err := a.TaskHistory(t.Context(), "d", time.Time{})
	require.NoError(t, err)
	require.Equal(t, []string{"d r extract 1 success - - - -", "d r build 1 failed - - - -", "d r build 2 running - - - -"}, read(t, pages))
}

func TestHistoryThatShrinksEnds(t *testing.T) {
	a := three(t, map[string]http.HandlerFunc{"GET /api/v2/dags/d/dagRuns": text(http.StatusOK, `{"total_entries":900,"dag_runs":[]}`)})
	pages, err := a.RunHistory(t.Context(), "d", time.Time{})
	require.NoError(t, err)
	require.Empty(t, read(t, pages))
}
