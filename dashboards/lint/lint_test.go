package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/lint"
)

func TestTheCommittedDashboards(t *testing.T) {
	paths, err := filepath.Glob("../provisioning/json/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, lint.Dashboard(text))
	}
}

const bad = `{"uid": "sales", "schemaVersion": 43,
  "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "mysql"}, {"name": "partner", "type": "query", "datasource": {"uid": "abc"}}]},
  "panels": [
    {"id": 1, "type": "stat", "title": "One", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 4}, "targets": [{"refId": "A", "rawSql": " ", "datasource": {"uid": "abc"}}]},
    {"id": 1, "type": "stat", "title": "Two", "description": "d", "gridPos": {"x": 6, "y": 3, "w": 24, "h": 4}, "datasource": {"uid": "${datasource}"}, "fieldConfig": {"defaults": {"unit": "s"}}},
    {"type": "row", "title": "", "gridPos": {"x": 0, "y": 9, "w": 24, "h": 1}}
  ]}`

func TestEveryProblemIsNamed(t *testing.T) {
	require.EqualError(t, lint.Dashboard([]byte(bad)), `sales: its uid does not begin with tributary-
sales: it has no title
sales: it is not in the classic format (schemaVersion up to 42, panels at the top)
sales: the variable datasource offers mysql, not grafana-postgresql-datasource
sales: variable partner asks the data source "abc", not ${datasource}
sales: panel "One" has no description
sales: panel "One" asks the data source "", not ${datasource}
sales: panel "One" has no unit
sales: query A of panel "One" is empty
sales: query A of panel "One" asks the data source "abc", not ${datasource}
sales: panel "Two" has the id 1 of "One"
sales: panel "Two" does not fit into the grid of 24 columns
sales: panel "Two" has no query
sales: panel "" has no id
sales: panel 0 has no title
sales: panels "One" and "Two" lie over one another`)
	require.ErrorContains(t, lint.Dashboard([]byte(`{"uid": "tributary-x", "title": "x", "panels": []}`)), "there is no variable datasource")
	require.ErrorContains(t, lint.Dashboard([]byte(`[]`)), "this is no dashboard")
}
