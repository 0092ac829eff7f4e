package check_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/model"
)

const deals = `
CREATE SCHEMA core; CREATE SCHEMA program;
CREATE TABLE program.param AS SELECT TIMESTAMPTZ '2026-02-01 00:00:00Z' AS as_of_at;
CREATE TABLE core.partner AS SELECT 'p1' AS partner_id;
CREATE TABLE core.deal AS SELECT * FROM (VALUES
  ('d1', 'p1', CAST(1.50 AS DECIMAL(18,2)), 'won', TIMESTAMPTZ '2026-01-01 00:00:00Z'),
  ('d2', 'p9', -1.00, 'lost', TIMESTAMPTZ '2026-01-02 00:00:00Z'),
  ('d2', NULL, NULL, 'gone', NULL),
  (NULL, 'p1', 2, NULL, NULL)) AS t(deal_id, partner_id, amount, outcome, closed_at);`

// results runs the checks that a header states for core.deal.
func results(t *testing.T, header string, opts check.Options) check.Results {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	_, err = db.Exec("SET GLOBAL TimeZone = 'UTC';" + deals)
	require.NoError(t, err)
	set, err := model.Load(t.Context(), fstest.MapFS{"core/deal.sql": {Data: []byte("/* tributary\n" + header + "\n*/\nSELECT 1 AS x")}}, nil)
	require.NoError(t, err)
	found, err := check.Run(t.Context(), db, check.Subjects(set), opts)
	require.NoError(t, err)
	return found
}

func TestChecks(t *testing.T) {
	for name, test := range map[string]struct {
		header, state, detail string
		failed                int64
		samples               string
	}{
		"grain":               {"grain: [deal_id]", check.Fail, "1 key on more than one row: deal_id; 1 row with a null in the key", 2, "deal_id=d2, rows=2"},
		"grain of two":        {"grain: [deal_id, outcome]", check.Fail, "1 row with a null in the key", 1, "deal_id is null, outcome is null"},
		"one row":             {"grain: []", check.Fail, "4 rows, at most 1 expected", 3, "deal_id=d1, partner_id=p1, amount=1.50, outcome=won, closed_at=2026-01-01 00:00:00+00|deal_id=d2, partner_id=p9, amount=-1.00, outcome=lost, closed_at=2026-01-02 00:00:00+00|deal_id=d2, partner_id is null, amount is null, outcome=gone, closed_at is null|deal_id is null, partner_id=p1, amount=2.00, outcome is null, closed_at is null"},
		"not null":            {"checks: [{not_null: amount}]", check.Fail, "1 row without amount", 1, "deal_id=d2, amount is null"},
		"unique ignores null": {"checks: [{unique: [partner_id, closed_at]}]", check.Pass, "", 0, ""},
		"unique":              {"checks: [{unique: partner_id}]", check.Fail, "1 key on more than one row: partner_id", 1, "partner_id=p1, rows=2"},
		"accepted":            {"checks: [{accepted: {outcome: [won, lost]}}]", check.Fail, "1 row with another outcome than won, lost", 1, "deal_id=d2, outcome=gone"},
		"relationship":        {"checks: [{relationship: {partner_id: core.partner.partner_id}}]", check.Fail, "1 row whose partner_id is not in core.partner.partner_id", 1, "deal_id=d2, partner_id=p9"},
		"expression":          {"checks: [{expression: amount >= 0}]", check.Fail, "1 row where not: amount >= 0", 1, "deal_id=d2"},
		"expression where":    {"checks: [{expression: amount >= 0, where: outcome = 'won'}]", check.Pass, "", 0, ""},
		"broken expression":   {"checks: [{expression: amuont >= 0}]", check.Broken, `could not be run: Binder Error: Referenced column "amuont" not found in FROM clause!`, 0, ""},
		"fresh":               {"checks: [{freshness: {column: closed_at, within: 30d}}]", check.Pass, "", 0, ""},
		"stale":               {"checks: [{freshness: {column: closed_at, within: 29d}}]", check.Fail, "newest closed_at is 2026-01-02 00:00:00+00, more than 696h0m0s before as_of", 1, ""},
		"never":               {"checks: [{freshness: {column: closed_at, within: 29d}, where: outcome = 'gone'}]", check.Fail, "there is no closed_at at all", 1, ""},
		"too few":             {"checks: [{row_count: {min: 5}}]", check.Fail, "4 rows, at least 5 expected", 4, ""},
		"enough":              {"checks: [{row_count: {min: 4, max: 4}}]", check.Pass, "", 0, ""},
		"dropped":             {"checks: [{row_count: {max_drop: 50%}}]", check.Fail, "4 rows, 10 before: 60.0 % fewer, at most 50.0 % allowed", 4, ""},
		"dropped a bit":       {"checks: [{row_count: {max_drop: 0.6}}]", check.Pass, "", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			header := test.header
			if !strings.Contains(header, "grain") {
				header = "grain: [deal_id]\n" + header
			}
			found := results(t, header, check.Options{Previous: map[string]int64{"core.deal": 10}})
			r := found[len(found)-1]
			detail, _, _ := strings.Cut(r.Detail, " Candidate bindings") // which DuckDB names differs from run to run
			require.Equal(t, test.detail, detail)
			require.Equal(t, test.state, r.State)
			require.Equal(t, test.failed, r.Failed)
			require.Equal(t, test.samples, strings.Join(r.Samples, "|"))
		})
	}
}

func TestChecksOfOneTableAreCountedTogetherAndBlamedApart(t *testing.T) {
	found := results(t, `grain: [deal_id]
checks:
  - not_null: [amount, outcome]
  - {expression: "amount < 2", name: small, severity: warn}
  - {expression: {sql: "nonsense(amount)", name: broken}}`, check.Options{})
	states := map[string]string{}
	for _, r := range found {
		states[r.Name] = r.State
	}
	require.Equal(t, map[string]string{"grain": "fail", "not_null_amount": "fail", "not_null_outcome": "fail", "small": "fail", "broken": "error"}, states)
	require.Len(t, found.Failures(false), 4)
	require.Len(t, found.Failures(true), 5)
	require.Equal(t, 6, found[4].At.Line)
	require.ErrorContains(t, found.Err(), "sql/core/deal.sql:4: check not_null_amount of core.deal: 1 row without amount (deal_id=d2, amount is null)")
	require.NotContains(t, found.Err().Error(), "small")
	var failed *check.FailedError
	require.ErrorAs(t, found.Err(), &failed)
	require.Len(t, failed.Results, 4)
}

func TestCancelledChecksAreNoFindings(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = check.Run(ctx, db, []check.Subject{{Table: "core.deal", Grain: []string{"deal_id"}}}, check.Options{Clock: func() time.Time { return time.Time{} }})
	require.ErrorIs(t, err, context.Canceled)
}
