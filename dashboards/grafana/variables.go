package grafana

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// all is the value of a variable that does not limit anything. It is a row of the variable's own query, because Grafana's releases differ in how
// they quote its own "All".
const all = "*"

// DatasourceType is the plugin that asks PostgreSQL.
const DatasourceType = "grafana-postgresql-datasource"

func datasource() *common.DataSourceRef {
	return &common.DataSourceRef{Type: new(DatasourceType), Uid: new("${datasource}")}
}

// datasourceVariable lets a reader choose among several warehouses; its label is the one that Grafana's own dashboards use.
func datasourceVariable() dashboard.VariableModel {
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeDatasource, Name: "datasource", Label: new("Data source"), Query: text(DatasourceType),
		Hide: new(dashboard.VariableHideDontHide), Refresh: new(dashboard.VariableRefreshOnDashboardLoad), Regex: new(""), Multi: new(false), IncludeAll: new(false),
		Options: []dashboard.VariableOption{}, Current: nothing(),
	}
}

// nothing is chosen before the options are known; Grafana then takes the first.
func nothing() *dashboard.VariableOption {
	empty := dashboard.StringOrArrayOfString{String: new("")}
	return &dashboard.VariableOption{Selected: new(false), Text: empty, Value: empty}
}

// query is a variable whose values the warehouse has, asked when the dashboard is opened. The first row is what is chosen at first.
func query(name, label, description, sql string) dashboard.VariableModel {
	v := dashboard.VariableModel{
		Type: dashboard.VariableTypeQuery, Name: name, Label: new(label), Description: new(description), Datasource: datasource(),
		Query: text(sql), Definition: new(""), Refresh: new(dashboard.VariableRefreshOnDashboardLoad), Sort: new(dashboard.VariableSortDisabled),
		Multi: new(false), IncludeAll: new(false), Hide: new(dashboard.VariableHideDontHide), Options: []dashboard.VariableOption{}, Current: nothing(),
	}
	if label == "" {
		v.Hide = new(dashboard.VariableHideHideVariable)
	}
	return v
}

func quarterVariable() dashboard.VariableModel {
	return query("quarter", "Quarter", "The fiscal quarter; first the last one that has ended",
		`SELECT label AS __text, key AS __value FROM {t}.quarter ORDER BY NOT is_headline, quarter_start DESC`)
}

// asOfVariable shows beside the others how new the figures are, and when the lake knew what they are made of; there is nothing to choose.
func asOfVariable() dashboard.VariableModel {
	return query("as_of", "Data as of", "The day that the published figures are of, and when the lake knew what they are made of",
		"SELECT as_of || ' (' || reporting_tz || '), known ' || to_char(known_at AT TIME ZONE reporting_tz, 'YYYY-MM-DD HH24:MI') FROM {t}.program_param")
}

// rangeVariables are the data's day and the ends of the time range that fits the quarter: the year before it and itself. The link of that
// name sets it, because Grafana knows no range of its own that is counted from the data.
func rangeVariables() []dashboard.VariableModel {
	return []dashboard.VariableModel{
		asOfVariable(),
		query("range_from", "", "", `SELECT CAST(extract(epoch FROM start_at - INTERVAL '1 year') * 1000 AS bigint) FROM {t}.quarter WHERE key = '$quarter'`),
		query("range_to", "", "", `SELECT CAST(extract(epoch FROM end_at) * 1000 AS bigint) FROM {t}.quarter WHERE key = '$quarter'`),
	}
}

func typeVariable() dashboard.VariableModel {
	return query("type", "Partner type", "Of the partner as at each event", everyOne("all types", "SELECT DISTINCT partner_type, partner_type FROM {t}.partner WHERE partner_type IS NOT NULL"))
}

func tierVariable() dashboard.VariableModel {
	return query("tier", "Tier", "Of the partner as at each event", everyOne("all tiers", "SELECT DISTINCT program_tier, program_tier FROM {t}.partner WHERE program_tier IS NOT NULL"))
}

// partnerVariable offers the partners of the chosen type and tier. Two partners of one name differ by their id.
func partnerVariable() dashboard.VariableModel {
	return query("partner", "Partner", "One partner, or all of the chosen type and tier", everyOne("all partners",
		`SELECT coalesce(name || ' · ', '') || partner_id, partner_id FROM {t}.partner
WHERE excluded IS NULL AND ('$type' = '*' OR partner_type = '$type') AND ('$tier' = '*' OR program_tier = '$tier')`))
}

func programVariable() dashboard.VariableModel {
	return query("program", "Program", "Incentive program", everyOne("all programs", "SELECT DISTINCT coalesce(title, program_id), program_id FROM {t}.program_incentive_version"))
}

func everyOne(label, sql string) string {
	return fmt.Sprintf(`SELECT __text, __value FROM (
SELECT '%s' AS __text, '%s' AS __value, 0 AS place
UNION ALL
SELECT one.*, 1 FROM (%s) AS one (a, b)
) AS choice ORDER BY place, __text`, label, all, sql)
}

// links lead to the other dashboards with what is chosen here, and set the time range.
func links(uid string) []dashboard.DashboardLink {
	return []dashboard.DashboardLink{
		{Title: "Tributary", Type: dashboard.DashboardLinkTypeDashboards, Icon: "external link", Tooltip: "The other dashboards, with what is chosen here", Tags: []string{Tag}, IncludeVars: true, KeepTime: true},
		{
			Title: "Range of the quarter", Type: dashboard.DashboardLinkTypeLink, Icon: "dashboard", Tooltip: "Sets the time range to the chosen quarter and the year before it",
			Tags: []string{}, Url: new("/d/" + uid + "?from=${range_from}&to=${range_to}"), IncludeVars: true,
		},
	}
}

// annotations mark on time series when rules changed. Closes of periods take their place here once there is a ledger.
func (b *builder) annotations() []dashboard.AnnotationQuery {
	sql := `SELECT valid_from_at AS time, 'SLA: ' || policy_id || ', ' || sla_seconds / 3600 || ' h' AS text, 'rule' AS tags
FROM {t}.program_sla_policy WHERE $__timeFilter(valid_from_at)
UNION ALL
SELECT effective_from_at, 'Program: ' || coalesce(title, program_id) || ', version ' || version, 'rule'
FROM {t}.program_incentive_version WHERE $__timeFilter(effective_from_at)
ORDER BY 1`
	return []dashboard.AnnotationQuery{{
		Name: "Rule changes", Datasource: datasource(), Enable: true, IconColor: "purple",
		Target: target{RefID: "Rules", Datasource: datasource(), Format: "table", RawQuery: true, EditorMode: "code", RawSQL: b.opts.Names(sql)},
	}}
}
