package provision_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/expr"
	"github.com/grafana/grafana-openapi-client-go/models"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func file(t *testing.T, path string) []byte {
	t.Helper()
	for _, f := range files(t) {
		if f.Path == path {
			return f.Text
		}
	}
	require.Fail(t, "there is no "+path)
	return nil
}

// content is a YAML file as plain values.
func content(t *testing.T, path string) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, yaml.Unmarshal(file(t, path), &out))
	return out
}

// strictly reads a value into a type that Grafana publishes; a field that the type does not have is an error.
func strictly(t *testing.T, value, into any) {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(into))
}

// TestDatasource against the body of Grafana's own POST /api/datasources, which has the fields of the file under the same names.
func TestDatasource(t *testing.T) {
	list := content(t, "datasources/tributary.yaml")["datasources"].([]any)
	require.Len(t, list, 1)
	d := list[0].(map[string]any)
	require.Equal(t, false, d["editable"])
	delete(d, "editable") // the file's own
	var command models.AddDataSourceCommand
	strictly(t, d, &command)
	require.Equal(t, "grafana-postgresql-datasource", command.Type, "its alias postgres is not known everywhere")
	require.Empty(t, command.Database, "Grafana 12.2 and later read jsonData.database alone")
	options := command.JSONData.(map[string]any)
	require.Equal(t, "$TRIBUTARY_PG_DATABASE", options["database"])
	require.InDelta(t, 14400, options["connMaxLifetime"], 0, "0 makes Grafana 13.1 give up connecting")
	require.Greater(t, options["maxOpenConns"], 0.0)
	require.Equal(t, "$TRIBUTARY_PG_PASSWORD", command.SecureJSONData["password"])
}

// TestProvider has the fields that Grafana documents, no others.
func TestProvider(t *testing.T) {
	p := content(t, "dashboards/tributary.yaml")["providers"].([]any)[0].(map[string]any)
	documented := []string{"name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds", "allowUiUpdates", "options"}
	for key := range p {
		require.Contains(t, documented, key)
	}
	require.Equal(t, map[string]any{"path": "/etc/grafana/provisioning/json", "foldersFromFilesStructure": false}, p["options"])
	require.Equal(t, "tributary", p["folderUid"])
}

func rules(t *testing.T) []*models.AlertRuleExport {
	t.Helper()
	var f models.AlertingFileExport
	strictly(t, content(t, "alerting/tributary.yaml"), &f)
	for _, r := range f.Groups[0].Rules {
		// Grafana 11 and later read it, and its SDK has it; the OpenAPI schema forgets it for errors
		require.Contains(t, []string{"OK", "Alerting", "Error", string(alerting.RuleExecErrStateKeepLast)}, r.ExecErrState, r.UID)
		kept := r.ExecErrState
		r.ExecErrState = "Error"
		require.NoError(t, r.Validate(nil), "against Grafana's OpenAPI schema")
		r.ExecErrState = kept
	}
	require.Equal(t, int64(1), f.APIVersion)
	require.Len(t, f.Groups, 1)
	interval, err := time.ParseDuration(f.Groups[0].Interval)
	require.NoError(t, err)
	require.Zero(t, int(interval.Seconds())%10, "Grafana evaluates every ten seconds")
	require.NotEqual(t, "Tributary", f.Groups[0].Folder, "that one is made by uid, for the dashboards")
	return f.Groups[0].Rules
}

// TestAlertRules against the type of Grafana's own export of rules, which is the format of the file, and against those of its SDK.
func TestAlertRules(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	require.Len(t, rules(t), 6)
	uid := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,40}$`)
	for _, r := range rules(t) {
		require.Regexp(t, uid, r.UID)
		require.Contains(t, []string{"OK", "Alerting", "NoData", "KeepLast"}, r.NoDataState, r.UID)
		_, err := time.ParseDuration(r.For)
		require.NoError(t, err, r.UID)
		require.Contains(t, []string{"warning", "critical"}, r.Labels["severity"], r.UID)
		require.Len(t, r.Data, 2)
		query, condition := r.Data[0], r.Data[1]
		require.Equal(t, r.Condition, condition.RefID)
		require.Equal(t, "tributary", query.DatasourceUID)
		require.Equal(t, int64(600), query.RelativeTimeRange.From)
		model := query.Model.(map[string]any)
		require.Equal(t, "table", model["format"], "rows of labels and one number need no reduction")
		require.Equal(t, query.RefID, model["refId"])
		text, err := json.Marshal(condition.Model)
		require.NoError(t, err)
		var threshold expr.TypeThreshold
		require.NoError(t, json.Unmarshal(text, &threshold), r.UID)
		require.NoError(t, threshold.Validate(), r.UID)
		require.Equal(t, query.RefID, threshold.Expression)
		require.Equal(t, "threshold", threshold.Type)
		require.Len(t, threshold.Conditions, 1)
		require.Contains(t, []expr.ExprTypeThresholdConditionsEvaluatorType{"gt", "lt"}, threshold.Conditions[0].Evaluator.Type)
	}
}

// TestAnnotations are templates that Grafana can fill in, with the variables that it gives.
func TestAnnotations(t *testing.T) {
	page, err := os.ReadFile("../../docs/grafana.md")
	require.NoError(t, err)
	type value struct {
		Labels map[string]string
		Value  float64
	}
	for _, r := range rules(t) {
		for name, text := range r.Annotations {
			filled, err := template.New(name).Option("missingkey=error").Parse(text)
			require.NoError(t, err, r.UID)
			var out strings.Builder
			labels := map[string]string{"direction": "vendor_to_partner", "program": "annual-rebate", "entity": "deal", "status": "failed", "step": "build", "kind": "night", "name": "acme"}
			require.NoError(t, filled.Execute(&out, map[string]any{"Labels": labels, "Values": map[string]value{"A": {labels, 1.5}, "B": {labels, 1}}, "Value": ""}), r.UID)
			require.NotContains(t, out.String(), "<no value>")
		}
		require.Contains(t, string(page), "\n### "+strings.TrimPrefix(r.Annotations["runbook_url"], "https://github.com/tributary-data/tributary/blob/main/docs/grafana.md#")+"\n")
		require.NotEmpty(t, r.Annotations["summary"])
		require.NotEmpty(t, r.Annotations["description"])
	}
}

var variable = regexp.MustCompile(`\$+\{?\w*`)

// TestOnlyOurVariables are left to Grafana's environment: anything else after "$" would be replaced by nothing.
func TestOnlyOurVariables(t *testing.T) {
	allowed := regexp.MustCompile(`^\$TRIBUTARY_PG_(HOST|PORT|DATABASE|USER|PASSWORD|SSLMODE)$`)
	for _, f := range files(t) {
		if strings.HasSuffix(f.Path, ".json") {
			continue // not looked through for variables
		}
		var tree any
		require.NoError(t, yaml.Unmarshal(f.Text, &tree))
		walk(tree, "", func(path, text string) {
			if strings.HasSuffix(path, ".model.rawSql") {
				return // nor are models
			}
			for _, found := range variable.FindAllString(text, -1) {
				require.Regexp(t, allowed, found, "%s: %s", f.Path, path)
			}
		})
	}
}

func walk(node any, path string, visit func(path, text string)) {
	switch n := node.(type) {
	case string:
		visit(path, n)
	case map[string]any:
		for key, value := range n {
			walk(value, path+"."+key, visit)
		}
	case []any:
		for _, value := range n {
			walk(value, path, visit)
		}
	}
}

// TestNothingSecret stands in a file.
func TestNothingSecret(t *testing.T) {
	for _, f := range files(t) {
		if strings.HasPrefix(f.Path, "datasources/") {
			require.Equal(t, 1, strings.Count(string(f.Text), "password: $TRIBUTARY_PG_PASSWORD"))
		}
		require.NotContains(t, string(f.Text), "postgres://", f.Path)
	}
}

// TestDashboards against the SDK's types of a dashboard, strictly, but for queries, of which it knows none for PostgreSQL.
func TestDashboards(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for _, f := range files(t) {
		if !strings.HasSuffix(f.Path, ".json") {
			continue
		}
		var plain map[string]any
		require.NoError(t, json.Unmarshal(f.Text, &plain))
		without(plain, "targets", "target", "wrapHeaderText") // the last is of Grafana 12, and newer than the SDK
		text, err := json.Marshal(plain)
		require.NoError(t, err)
		var d dashboard.Dashboard
		require.NoError(t, d.UnmarshalJSONStrict(text), f.Path)
		require.NoError(t, d.Validate(), f.Path)
		require.LessOrEqual(t, d.SchemaVersion, uint16(42), f.Path)
		require.Regexp(t, `^tributary-`, *d.Uid)
		require.Contains(t, d.Tags, "tributary")
	}
}

func without(node any, keys ...string) {
	switch n := node.(type) {
	case map[string]any:
		for _, key := range keys {
			delete(n, key)
		}
		for _, value := range n {
			without(value, keys...)
		}
	case []any:
		for _, value := range n {
			without(value, keys...)
		}
	}
}
