package provision_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/panel/stand"
	"github.com/tributary-data/tributary/dashboards/provision"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

func alert(t *testing.T, uid string) provision.Alert {
	t.Helper()
	for _, a := range provision.Alerts(shipped(t), demo()) {
		if a.UID == uid {
			return a
		}
	}
	require.Fail(t, "there is no alert "+uid)
	return provision.Alert{}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// ask runs a rule's query as Grafana does and gives its rows: labels, and the one number that a table without time must have.
func ask(t *testing.T, conn *pgconn.PgConn, a provision.Alert) map[string]float64 {
	t.Helper()
	results, err := conn.Exec(t.Context(), a.SQL).ReadAll()
	require.NoError(t, err, a.UID)
	require.Len(t, results, 1)
	r := results[0]
	require.True(t, r.CommandTag.Select(), "Grafana makes nothing of other statements")
	if len(r.Rows) == 0 {
		return map[string]float64{}
	}
	number := -1
	for i, f := range r.FieldDescriptions {
		switch f.DataTypeOID {
		case pgtype.TextOID:
		case pgtype.Float8OID:
			require.Equal(t, -1, number, "%s: a second number", a.UID)
			number = i
		default:
			require.Fail(t, "neither label nor number", "%s: %s", a.UID, f.Name)
		}
	}
	require.NotEqual(t, -1, number, "%s: no number", a.UID)
	out := map[string]float64{}
	for _, row := range r.Rows {
		require.NotNil(t, row[number], "%s: no value", a.UID)
		value, err := strconv.ParseFloat(string(row[number]), 64)
		require.NoError(t, err, a.UID)
		var labels []string
		for i, cell := range row {
			if i != number {
				labels = append(labels, string(cell))
			}
		}
		key := strings.Join(labels, " ")
		require.NotContains(t, out, key, "%s: Grafana refuses two rows of the same labels", a.UID)
		out[key] = value
	}
	return out
}

// firing are the labels of the rows that fire.
func firing(a provision.Alert, rows map[string]float64) []string {
	out := []string{}
	for labels, value := range rows {
		if a.Fires(value) {
			out = append(out, labels)
		}
	}
	return out
}

// TestOnTheDemo: the rules run with Grafana's rights. The demo vendor answers too few of the leads that it passes on in time; nothing else is wrong with it but
// the age of its data, which is a matter of today.
func TestOnTheDemo(t *testing.T) {
	conn := connect(t, databases(t).Demo).PgConn()
	want := map[string][]string{"tributary-sla-breaches": {"vendor_to_partner"}}
	for _, a := range provision.Alerts(shipped(t), demo()) {
		rows := ask(t, conn, a)
		t.Logf("%s: %v", a.UID, rows)
		require.NotEmpty(t, rows, a.UID)
		if a.UID == "tributary-late" {
			require.Len(t, rows, 5, "the night, two marts and two sources have a time")
			continue
		}
		require.ElementsMatch(t, append([]string{}, want[a.UID]...), firing(a, rows), a.UID)
	}
}

// TestOnAnEmptyWarehouse nothing fires but what looks at the clock; rules about figures that do not exist have no rows.
func TestOnAnEmptyWarehouse(t *testing.T) {
	conn := connect(t, databases(t).Empty).PgConn()
	for _, a := range provision.Alerts(shipped(t), demo()) {
		rows := ask(t, conn, a)
		if a.UID != "tributary-late" {
			require.Empty(t, firing(a, rows), a.UID)
		}
	}
}

// TestFiring changes the published rows in a transaction that is rolled back, and sees whether the rule says so.
func TestFiring(t *testing.T) {
	const (
		fresh = "DELETE FROM tributary_ops.due; UPDATE tributary.program_param SET as_of_at = now() - interval '35 hours'; UPDATE tributary.publication SET known_at = now()"
		// a night that was due an hour ago, one that is due in an hour, a source, a mart
		due    = "DELETE FROM tributary_ops.due; INSERT INTO tributary_ops.due SELECT kind, name, DATE '2026-09-30' + days, now() + days * interval '1 day' - interval '1 hour', met FROM (VALUES ('night', 'a', 0, "
		newRun = `INSERT INTO tributary_ops.run (run_id, started_at, status) VALUES ('new', now() + interval '1 day', '`
		month  = "metric_id = 'RSP-6' AND grain = 'month' AND period_start = '2026-09-01' AND partner IS NULL AND partner_type IS NULL AND program_tier IS NULL AND region IS NULL"
		// of the running quarter, by program alone
		accrued = "grain = 'quarter' AND period_start = '2026-07-01' AND program = 'annual-rebate' AND partner IS NULL AND partner_type IS NULL AND program_tier IS NULL AND region IS NULL"
	)
	for name, c := range map[string]struct {
		uid, change string
		fires       []string
	}{
		"fresh":                               {"tributary-freshness", fresh, nil},
		"an old day":                          {"tributary-freshness", fresh + "; UPDATE tributary.program_param SET as_of_at = now() - interval '37 hours'", []string{""}},
		"an old look":                         {"tributary-freshness", fresh + "; UPDATE tributary.publication SET known_at = now() - interval '37 hours'", []string{""}},
		"an old day of which is said by when": {"tributary-freshness", "UPDATE tributary.program_param SET as_of_at = now() - interval '37 hours'", nil},
		"a night in time":                     {"tributary-late", due + "now() - interval '2 hours'), ('night', 'a', 1, NULL)) AS v (kind, name, days, met)", nil},
		"a night that came late":              {"tributary-late", due + "now()), ('night', 'a', 1, NULL)) AS v (kind, name, days, met)", nil},
		"a night that is missing":             {"tributary-late", due + "NULL), ('night', 'a', -1, NULL), ('mart', 'metrics', 0, now()), ('source', 'crm', -1, NULL)) AS v (kind, name, days, met)", []string{"night a", "source crm"}},
		"nothing is expected":                 {"tributary-late", "DELETE FROM tributary_ops.due", nil},
		// PostgreSQL did not get the night that the file has
		"a night that is elsewhere":         {"tributary-late", due + "now()), ('source', 'crm', 0, now())) AS v (kind, name, days, met); UPDATE tributary.publication SET as_of = DATE '2026-09-29'", []string{"night a"}},
		"a good run":                        {"tributary-failed-run", newRun + "nothing_new')", nil},
		"a failed run":                      {"tributary-failed-run", newRun + "failed'); INSERT INTO tributary_ops.step (run_id, step, status) VALUES ('new', 'extract', 'ok'), ('new', 'build', 'failed')", []string{"failed build"}},
		"a run that died":                   {"tributary-failed-run", newRun + "died')", []string{"died none"}},
		"no accruals":                       {"tributary-failed-run", newRun + "no_accruals')", []string{"no_accruals none"}},
		"an older failure":                  {"tributary-failed-run", "INSERT INTO tributary_ops.run (run_id, started_at, status) VALUES ('old', '2020-01-01', 'failed')", nil},
		"within the SLA":                    {"tributary-sla-breaches", "UPDATE tributary.metric_value SET value_number = 0.6 WHERE direction = 'vendor_to_partner' AND " + month, nil},
		"out of it":                         {"tributary-sla-breaches", "UPDATE tributary.metric_value SET value_number = 0.59 WHERE " + month, []string{"vendor_to_partner", "partner_to_vendor", "affiliate"}},
		"too few cases":                     {"tributary-sla-breaches", "UPDATE tributary.metric_value SET status = 'low_n' WHERE " + month, nil},
		"as many quarantined":               {"tributary-quarantine-surge", newRun + "published'); INSERT INTO tributary_ops.quarantine SELECT 'new', entity, source, stream, rule, rows FROM tributary_ops.quarantine AS q WHERE run_id = (SELECT run_id FROM tributary.publication)", nil},
		"a surge":                           {"tributary-quarantine-surge", newRun + "failed'); INSERT INTO tributary_ops.quarantine (run_id, entity, rule, rows) VALUES ('new', 'deal', 'not_a_decimal', 20), ('new', 'deal', 'not_a_date', 30), ('new', 'lead', 'no_key', 20)", []string{"deal"}},
		"a surge of rows that no map reads": {"tributary-quarantine-surge", newRun + "failed'); INSERT INTO tributary_ops.quarantine (run_id, entity, source, stream, rule, rows) VALUES ('new', '', 'crm', 'deals', 'bad_line', 50)", []string{"crm.deals"}},
		"a run that stopped before the build": {"tributary-quarantine-surge", "INSERT INTO tributary_ops.quarantine (run_id, entity, rule, rows) SELECT run_id, 'deal', 'x', 500 FROM tributary_ops.run; " +
			newRun + "failed')", nil},
		"a jump":         {"tributary-accrual-jump", "UPDATE tributary.metric_value SET value_money = value_money * 100 WHERE metric_id = 'ACC-4' AND " + accrued, []string{"annual-rebate"}},
		"a clawback":     {"tributary-accrual-jump", "UPDATE tributary.metric_value SET value_money = - value_money * 100 WHERE metric_id = 'ACC-4' AND " + accrued, []string{"annual-rebate"}},
		"little accrued": {"tributary-accrual-jump", "UPDATE tributary.metric_value SET value_money = 1 WHERE metric_id = 'ACC-4' AND " + accrued, nil},
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, stand.Owner(databases(t).Demo)).PgConn()
			_, err := conn.Exec(t.Context(), "BEGIN; "+c.change+"; SET LOCAL ROLE grafana").ReadAll()
			require.NoError(t, err)
			a := alert(t, c.uid)
			rows := ask(t, conn, a)
			require.ElementsMatch(t, append([]string{}, c.fires...), firing(a, rows), "%v", rows)
			_, err = conn.Exec(t.Context(), "ROLLBACK").ReadAll()
			require.NoError(t, err)
		})
	}
}

// TestRulesFollowTheCatalogue: a metric that is renamed is named so, one that is gone has no rule.
func TestRulesFollowTheCatalogue(t *testing.T) {
	own := catalogue.Layer{FS: fstest.MapFS{"metrics/own.yaml": {Data: []byte(`metrics:
  - {id: RSP-6, title: Pünktlich, description: Zur Zeit beantwortet., definition_version: 7, result: response, better: up, fact: metrics.fact_response,
     kind: ratio, unit: ratio, of: count, threshold: review_compliance, numerator: count_if(is_answered), denominator: count(*), always: [direction], dims: [partner], grains: [total, quarter]}
`)}}}
	cat, err := catalogue.Load(catalogue.Layer{FS: embedded.FS}, own)
	require.NoError(t, err)
	opts := demo()
	opts.Schema, opts.Records = "channel", "channel_ops"
	for _, a := range provision.Alerts(cat, opts) {
		require.NotContains(t, a.SQL, "tributary.")
		if a.UID == "tributary-sla-breaches" {
			require.Contains(t, a.Summary, "Pünktlich of the running quarter")
			require.Contains(t, a.Description, "version 7")
		}
	}
	require.Len(t, provision.Alerts(&catalogue.Catalogue{}, opts), 4)
}
