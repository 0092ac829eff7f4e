package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/dashboards/grafana"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

type alertFile struct {
	APIVersion int     `yaml:"apiVersion"`
	Groups     []group `yaml:"groups"`
}

type group struct {
	OrgID    int         `yaml:"orgId"`
	Name     string      `yaml:"name"`
	Folder   string      `yaml:"folder"`
	Interval string      `yaml:"interval"`
	Rules    []alertRule `yaml:"rules"`
}

type alertRule struct {
	UID          string            `yaml:"uid"`
	Title        string            `yaml:"title"`
	Condition    string            `yaml:"condition"`
	Data         []alertQuery      `yaml:"data"`
	NoDataState  string            `yaml:"noDataState"`
	ExecErrState string            `yaml:"execErrState"`
	For          string            `yaml:"for"`
	Annotations  map[string]string `yaml:"annotations"`
	Labels       map[string]string `yaml:"labels"`
}

type alertQuery struct {
	RefID             string         `yaml:"refId"`
	RelativeTimeRange timeRange      `yaml:"relativeTimeRange"`
	DatasourceUID     string         `yaml:"datasourceUid"`
	Model             map[string]any `yaml:"model"`
}

type timeRange struct {
	From int `yaml:"from"`
	To   int `yaml:"to"`
}

// What a rule does when its query has no rows or fails. The queries have no rows where there is nothing to judge, which is fine; that the
// database does not answer is told once, by the freshness rule, while the others keep the state that they had.
const (
	stateOK       = "OK"
	stateAlerting = "Alerting"
	stateKeep     = "KeepLast" // since Grafana 10.4
)

// Alert is a rule before it is written: rows of labels and one number, and the limit beyond which a row fires.
type Alert struct {
	UID, Title, Severity string
	SQL                  string
	Below                bool // fires below the limit, else above
	Limit                float64
	Summary, Description string // templates of Grafana's over .Labels and .Values
	noData, failed       string
	wait                 string
}

// Fires tells whether a value of the query does.
func (a Alert) Fires(value float64) bool {
	if a.Below {
		return value < a.Limit
	}
	return value > a.Limit
}

// Limits that are nobody's rule but ours.
const (
	staleHours      = 36  // a nightly publication is between 0 and about 30 hours old
	quarantineTwice = 1.0 // growth by more than the whole of the night before
	quarantineFloor = 20  // rows: fewer are no surge
	accrualHalf     = 0.5
	accrualFloor    = 0.1 // of all programs' accrual: what is smaller moves much and means little
)

// Alerts are the rules for a catalogue; one about metrics that it does not have is left out.
func Alerts(cat *catalogue.Catalogue, opts Options) []Alert {
	out := []Alert{stale(), late(), failed(), quarantine()}
	if m, ok := cat.Metric("RSP-6"); ok && opts.Thresholds[m.Threshold] > 0 {
		out = append(out, breaches(m, opts.Thresholds[m.Threshold]))
	}
	if a, ok := accruals(cat); ok {
		out = append(out, a)
	}
	for i := range out {
		out[i].SQL = opts.Names(out[i].SQL)
	}
	return out
}

func stale() Alert {
	return Alert{
		UID: "tributary-freshness", Title: "Tributary: published data is old", Severity: "critical", Limit: staleHours, wait: "10m",
		SQL: `SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM {ops}.due WHERE kind = 'night') THEN 0
  ELSE extract(epoch FROM now() - least(m.as_of_at, p.known_at)) / 3600 END AS double precision) AS hours
FROM {t}.publication AS p CROSS JOIN {t}.program_param AS m`,
		Summary: fmt.Sprintf(`The published data is {{ printf "%%.0f" .Values.A.Value }} hours old; more than %d says that a night is missing.`, staleHours),
		Description: "Every dashboard shows an older day than its reader expects. See whether the night ran (dashboard Data engineering, or tributary doctor), then run it again: " +
			"tributary run. When the query itself fails, PostgreSQL does not answer or the reader has lost its rights.",
		noData: stateAlerting, failed: stateAlerting,
	}
}

// late has a row for everything that is expected by a time. Nights that have one are not judged by stale.
func late() Alert {
	return Alert{
		UID: "tributary-late", Title: "Tributary: a night, mart or source is late", Severity: "critical", wait: "0s",
		SQL: `SELECT kind, name, CAST(coalesce(max(extract(epoch FROM now() - due_at)) FILTER (WHERE is_late), 0) / 3600 AS double precision) AS hours
FROM (` + grafana.Expected + `) AS e GROUP BY kind, name`,
		Summary: `The {{ .Labels.kind }} {{ .Labels.name }} is {{ printf "%.1f" .Values.A.Value }} hours late.`,
		Description: "It was expected by the time that expect: in tributary.yaml says. A night: see whether it ran (dashboard Data engineering, or tributary freshness), then run it: tributary run. " +
			"The mart incentives alone: an exchange rate is missing. A source: nothing new of it has landed; ask for the delivery, then run again.",
		noData: stateOK, failed: stateKeep,
	}
}

func failed() Alert {
	return Alert{
		UID: "tributary-failed-run", Title: "Tributary: the last run failed", Severity: "critical", wait: "0s",
		SQL: `SELECT r.status AS status, coalesce(s.step, 'none') AS step,
  CAST(CASE WHEN r.status IN ('published', 'nothing_new', 'extracted', 'built') THEN 0 ELSE 1 END AS double precision) AS failed
FROM (SELECT run_id, status FROM {ops}.run ORDER BY started_at DESC, run_id LIMIT 1) AS r
LEFT JOIN LATERAL (
  SELECT step FROM {ops}.step WHERE run_id = r.run_id AND status = 'failed' ORDER BY started_at DESC LIMIT 1
) AS s ON true`,
		Summary: "The last run ended as {{ .Labels.status }}; failed step: {{ .Labels.step }}. Readers see what was published before.",
		Description: "The message of the run is on the dashboard Data engineering and in tributary_ops.run. Correct what it names and run again; exit codes and what to do about each: docs/operations.md. " +
			"no_accruals: published, but an exchange rate is missing, so that nothing is accrued.",
		noData: stateOK, failed: stateKeep,
	}
}

func quarantine() Alert {
	return Alert{
		UID: "tributary-quarantine-surge", Title: "Tributary: more rows are quarantined", Severity: "warning", Limit: quarantineTwice, wait: "0s",
		SQL: fmt.Sprintf(`WITH built AS (
  SELECT r.run_id, row_number() OVER (ORDER BY r.started_at DESC, r.run_id) AS ago FROM {ops}.run AS r
  WHERE EXISTS (SELECT 1 FROM {ops}.freshness AS f WHERE f.run_id = r.run_id) OR EXISTS (SELECT 1 FROM {ops}.quarantine AS q WHERE q.run_id = r.run_id)
), counted AS (
  SELECT coalesce(nullif(q.entity, ''), q.source || '.' || q.stream) AS entity,
    coalesce(sum(q.rows) FILTER (WHERE b.ago = 1), 0) AS newest, coalesce(sum(q.rows) FILTER (WHERE b.ago = 2), 0) AS before
  FROM built AS b JOIN {ops}.quarantine AS q ON q.run_id = b.run_id
  WHERE b.ago <= 2 AND EXISTS (SELECT 1 FROM built WHERE ago = 2)
  GROUP BY 1
)
SELECT entity, CAST((newest - before) / greatest(before, %d) AS double precision) AS growth
FROM counted`, quarantineFloor),
		Summary: `{{ .Labels.entity }}: the quarantined rows grew by {{ printf "%.1f" .Values.A.Value }} times those of the run before.`,
		Description: "Rows that a rule refuses count in no figure. The dashboard Data engineering names the rules; the rows with file and line are in the lake's quarantine (docs/lake.md). " +
			"Most often a source has changed a column or a format: mend the map and run again, which heals the old rows too.",
		noData: stateOK, failed: stateKeep,
	}
}

// breaches asks for the finest period in which a rate has enough cases to mean something.
func breaches(m *catalogue.Metric, limit float64) Alert {
	grain := "quarter"
	if slices.Contains(m.Grains, "month") {
		grain = "month"
	}
	labels := ""
	for _, d := range m.Always {
		labels += "v." + d + ", "
	}
	return Alert{
		UID: "tributary-sla-breaches", Title: "Tributary: too few answers within the SLA", Severity: "warning", Below: true, Limit: limit, wait: "0s",
		SQL: fmt.Sprintf(`SELECT %sCAST(v.value_number AS double precision) AS rate
FROM {t}.publication AS p
JOIN {t}.program_fiscal_period AS f ON f.grain = '%s' AND f.period_start <= p.as_of AND p.as_of < f.period_end
JOIN {t}.metric_value AS v ON v.metric_id = '%s' AND v.grain = f.grain AND v.period_start = f.period_start
  AND %s
WHERE v.status = 'ok' AND v.value_number IS NOT NULL`, labels, grain, m.ID, uncut("v", m.Always)),
		Summary: fmt.Sprintf(`%s of the running %s is {{ printf "%%.2f" .Values.A.Value }}%s; the program asks for %g.`, m.Title, grain, named(m.Always), limit),
		Description: fmt.Sprintf("%s, version %d: %s The dashboard Operations lists who waits for an answer, the newest deadline first: those can still be saved. "+
			"The limit is %s of the program.", m.ID, m.DefinitionVersion, m.Description, m.Threshold),
		noData: stateOK, failed: stateKeep,
	}
}

// accruals compares the running quarter with the one before: it may only grow towards it, so that growing beyond it is early news.
func accruals(cat *catalogue.Catalogue) (Alert, bool) {
	var ids, titles []string
	for _, id := range []string{"ACC-4", "ACC-7"} {
		if m, ok := cat.Metric(id); ok && slices.Equal(m.Always, []string{"program"}) && slices.Contains(m.Grains, "quarter") {
			ids, titles = append(ids, "'"+id+"'"), append(titles, m.Title+" ("+id+")")
		}
	}
	if len(ids) == 0 {
		return Alert{}, false
	}
	return Alert{
		UID: "tributary-accrual-jump", Title: "Tributary: an accrual jumped", Severity: "warning", Limit: accrualHalf, wait: "0s",
		SQL: fmt.Sprintf(`WITH program AS (
  SELECT v.program, coalesce(sum(v.value_money) FILTER (WHERE CAST(v.period_start AS text) = q.key), 0) AS running,
    coalesce(sum(v.value_money) FILTER (WHERE CAST(v.period_start AS text) = q.previous_key), 0) AS previous
  FROM {t}.quarter AS q
  JOIN {t}.metric_value AS v ON v.metric_id IN (%s) AND v.grain = 'quarter' AND CAST(v.period_start AS text) IN (q.key, q.previous_key)
    AND %s
  WHERE q.ago = 0
  GROUP BY v.program
), measured AS (
  SELECT *, greatest(abs(previous), %g * sum(abs(previous)) OVER ()) AS scale FROM program
)
SELECT program, CAST(greatest(running - previous, - running) / scale AS double precision) AS jump
FROM measured WHERE scale > 0`, strings.Join(ids, ", "), uncut("v", []string{"program"}), accrualFloor),
		Summary: `Program {{ .Labels.program }}: this quarter's accrual is {{ printf "%.1f" .Values.A.Value }} times the last quarter's beyond it, or negative by as much.`,
		Description: strings.Join(titles, " + ") + " of the running quarter against the whole quarter before. The bridge on the CFO's dashboard says whether volume, rate, clawback, exchange rates or a manual " +
			"entry did it; tributary explain ACC-4 --cut program=… goes on to the invoice lines. A tier that was reached moves the whole year's accrual at once, and rightly.",
		noData: stateOK, failed: stateKeep,
	}, true
}

// uncut leaves a value's other dimensions out.
func uncut(alias string, by []string) string {
	var out []string
	for _, d := range catalogue.Dims() {
		if !slices.Contains(by, d) {
			out = append(out, alias+"."+d+" IS NULL")
		}
	}
	return strings.Join(out, " AND ")
}

// named says which of several values is meant.
func named(by []string) string {
	var out string
	for _, d := range by {
		out += ", " + strings.ReplaceAll(d, "_", " ") + " {{ .Labels." + d + " }}"
	}
	return out
}

// runbooks is where people read what to do.
const runbooks = "https://github.com/tributary-data/tributary/blob/main/docs/grafana.md#"

func groups(cat *catalogue.Catalogue, opts Options) []group {
	out := group{OrgID: 1, Name: "Tributary", Folder: AlertFolder, Interval: "5m"}
	for _, a := range Alerts(cat, opts) {
		out.Rules = append(out.Rules, a.rule())
	}
	return []group{out}
}

func (a Alert) rule() alertRule {
	direction := "gt"
	if a.Below {
		direction = "lt"
	}
	return alertRule{
		UID: a.UID, Title: a.Title, Condition: "B", NoDataState: a.noData, ExecErrState: a.failed, For: a.wait,
		Labels:      map[string]string{"severity": a.Severity, "product": "tributary"},
		Annotations: map[string]string{"summary": a.Summary, "description": a.Description, "runbook_url": runbooks + a.UID},
		Data: []alertQuery{
			{RefID: "A", RelativeTimeRange: timeRange{From: 600}, DatasourceUID: Datasource, Model: map[string]any{
				"refId": "A", "datasource": map[string]string{"type": grafana.DatasourceType, "uid": Datasource},
				"format": "table", "rawQuery": true, "editorMode": "code", "rawSql": a.SQL, "intervalMs": 1000, "maxDataPoints": 43200,
			}},
			{RefID: "B", RelativeTimeRange: timeRange{From: 600}, DatasourceUID: "__expr__", Model: map[string]any{
				"refId": "B", "datasource": map[string]string{"type": "__expr__", "uid": "__expr__"},
				"type": "threshold", "expression": "A", "intervalMs": 1000, "maxDataPoints": 43200,
				"conditions": []any{map[string]any{"evaluator": map[string]any{"type": direction, "params": []float64{a.Limit}}}},
			}},
		},
	}
}
