package sql_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/staging"
)

// rules are a small program in UTC, as of 2026-06-30: S0's reseller and VAR windows, two motions, no incentives.
const rules = `
CREATE SCHEMA program;
CREATE TABLE program.param AS SELECT DATE '2026-06-30' AS as_of, TIMESTAMPTZ '2026-07-01 00:00:00Z' AS as_of_at, TIMESTAMPTZ '2026-07-01 00:00:00Z' AS known_at,
  'UTC' AS reporting_tz, 'EUR' AS functional_currency, 5::INTEGER AS min_n, false AS sourced_splits, 'none' AS lock_when_missing,
  604800::BIGINT AS rmst_tau_seconds, 30::INTEGER AS maturity_min_days, 365::INTEGER AS trailing_days, 12::INTEGER AS revenue_active_months,
  90::INTEGER AS activation_days, 'office' AS vendor_calendar, 'office' AS partner_calendar, 'spot' AS fx_kind,
  CAST(NULL AS INTEGER) AS fx_max_age_days, CAST(NULL AS VARCHAR) AS default_currency;
CREATE TABLE program.affiliate_type AS SELECT 'affiliate' AS partner_type;
CREATE TABLE program.record_url (source VARCHAR, template VARCHAR);
CREATE TABLE program.new_logo_order_type AS SELECT 'new_logo' AS order_type;
CREATE TABLE program.void_loss_reason AS SELECT 'duplicate' AS reason;
CREATE TABLE program.void_reason AS SELECT * FROM (VALUES ('closed', 'duplicate'), ('closed', 'spam'), ('closed', 'recalled'), ('unassigned', 'recalled'), ('unassigned', 'unassigned'), ('unassigned', 'reassigned')) AS v(scope, reason);
CREATE TABLE program.fiscal_day AS SELECT CAST(d AS DATE) AS date, CAST(date_trunc('week', d) AS DATE) AS week_start, CAST(date_trunc('month', d) AS DATE) AS month_start,
  CAST(date_trunc('quarter', d) AS DATE) AS quarter_start, CAST(date_trunc('year', d) AS DATE) AS year_start FROM range(DATE '2024-01-01', DATE '2028-01-01', INTERVAL 1 DAY) AS r(d);
CREATE TABLE program.fiscal_period AS SELECT grain, period_start, period_end, CAST(period_start AS TIMESTAMPTZ) AS start_at, CAST(period_end AS TIMESTAMPTZ) AS end_at FROM (
  SELECT 'day' AS grain, date AS period_start, CAST(date + 1 AS DATE) AS period_end FROM program.fiscal_day
  UNION SELECT 'week', week_start, CAST(week_start + 7 AS DATE) FROM program.fiscal_day
  UNION SELECT 'month', month_start, CAST(month_start + INTERVAL 1 MONTH AS DATE) FROM program.fiscal_day
  UNION SELECT 'quarter', quarter_start, CAST(quarter_start + INTERVAL 3 MONTH AS DATE) FROM program.fiscal_day
  UNION SELECT 'year', year_start, CAST(year_start + INTERVAL 1 YEAR AS DATE) FROM program.fiscal_day);
CREATE TABLE program.sla_policy AS SELECT policy_id, direction, partner_type, CAST(NULL AS VARCHAR) AS program_tier, TIMESTAMPTZ '2020-01-01 00:00:00Z' AS valid_from_at,
  CAST(NULL AS TIMESTAMPTZ) AS valid_to_at, CAST(hours * 3600 AS BIGINT) AS sla_seconds, CAST(NULL AS BIGINT) AS alert_seconds, clock
  FROM (VALUES ('r', 'vendor_to_partner', 'reseller', 4, 'elapsed'), ('v', 'vendor_to_partner', 'var', 6, 'elapsed'), ('b', 'vendor_to_partner', 'var_business', 6, 'business')) AS p(policy_id, direction, partner_type, hours, clock);
CREATE TABLE program.ladder AS SELECT 'reseller' AS partner_type, 'platinum' AS program_tier, TIMESTAMPTZ '2020-01-01 00:00:00Z' AS valid_from_at, CAST(NULL AS TIMESTAMPTZ) AS valid_to_at,
  misses::INTEGER AS misses, state FROM (VALUES (1, 'flag'), (3, 'formal_review')) AS l(misses, state);
CREATE TABLE program.motion AS SELECT 'referral' AS motion, 'Referral' AS title, true AS enabled;
CREATE TABLE program.stage AS SELECT 'referral' AS motion, 'S' || i AS stage, CAST(i AS INTEGER) AS rank, i = 5 AS is_commercial_close, false AS is_post_close FROM range(1, 6) AS r(i);
CREATE TABLE program.region_calendar(region VARCHAR, calendar VARCHAR);
CREATE TABLE program.fx_manual(rate_date DATE, from_currency VARCHAR, to_currency VARCHAR, rate DECIMAL(18,9), kind VARCHAR);
CREATE TABLE program.calendar_interval AS
  WITH day AS (SELECT CAST(d AS DATE) AS day, isodow(d) <= 5 AS is_work FROM range(DATE '2026-01-01', DATE '2027-01-01', INTERVAL 1 DAY) AS r(d)),
  part AS (SELECT day, hours, CASE WHEN is_work THEN hours ELSE [0, 24] END AS cuts FROM day, (SELECT [0, 9, 17, 24] AS hours)),
  piece AS (SELECT day, cuts[i] AS a, cuts[i + 1] AS b, len(cuts) = 4 AND i = 2 AS is_open FROM part, range(1, 4) AS r(i) WHERE i < len(cuts))
  SELECT 'office' AS calendar, day AS utc_day, CAST(day AS TIMESTAMPTZ) + to_hours(a) AS from_at, CAST(day AS TIMESTAMPTZ) + to_hours(b) AS to_at, is_open,
    CAST(coalesce(sum(CASE WHEN is_open THEN (b - a) * 3600 ELSE 0 END) OVER (ORDER BY day, a ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS BIGINT) AS open_seconds_before FROM piece;
CREATE TABLE program.incentive_version(program_id VARCHAR, title VARCHAR, version INTEGER, effective_from_at TIMESTAMPTZ, effective_to_at TIMESTAMPTZ, method VARCHAR, basis VARCHAR, currency VARCHAR, period VARCHAR, accounting_class VARCHAR, rate DECIMAL(18,9), unit_amount DECIMAL(18,4), allow_negative BOOLEAN, sla_gate BOOLEAN, sla_miss_factor DECIMAL(9,6), no_lead VARCHAR, credited_role VARCHAR);
CREATE TABLE program.incentive_tier(program_id VARCHAR, version INTEGER, tier INTEGER, lower DECIMAL(18,2), upper DECIMAL(18,2), rate DECIMAL(18,9));
CREATE TABLE program.incentive_scope(program_id VARCHAR, version INTEGER, dimension VARCHAR, value VARCHAR);
CREATE TABLE program.incentive_milestone(program_id VARCHAR, version INTEGER, milestone VARCHAR, share DECIMAL(9,6));
CREATE TABLE program.incentive_gate(program_id VARCHAR, version INTEGER, kind VARCHAR, value VARCHAR);
CREATE TABLE program.projection_weight(program_id VARCHAR, version INTEGER, quarter INTEGER, weight DECIMAL(9,6));
CREATE TABLE program.projection_override(program_id VARCHAR, partner_id VARCHAR, period_start DATE, projected_base DECIMAL(18,2), made_on DATE, approved BOOLEAN, reason VARCHAR, approved_by VARCHAR);
CREATE TABLE program.adjustment(program_id VARCHAR, partner_id VARCHAR, adjusted_on DATE, amount DECIMAL(18,2), currency VARCHAR, reason VARCHAR, approved BOOLEAN);
`

// night is a warehouse under construction.
type night struct {
	t    *testing.T
	db   *sql.DB
	conn *sql.Conn
	cat  *catalogue.Catalogue
}

func open(t *testing.T) *night {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	n := &night{t: t, db: db}
	n.exec("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'")
	require.NoError(t, prelude.Create(t.Context(), db, "UTC"))
	n.exec(rules)
	require.NoError(t, staging.CreateEmpty(t.Context(), db))
	return n
}

func (n *night) exec(format string, args ...any) {
	n.t.Helper()
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	_, err := n.db.ExecContext(n.t.Context(), text)
	require.NoError(n.t, err, text[:min(len(text), 300)])
}

// partner adds a partner that is signed and enrolled since 2025.
func (n *night) partner(id, kind, tier string) {
	n.exec(`INSERT INTO staging.partner (partner_id, name, partner_type, program_tier, region, signed_at, enrolled_at) VALUES ('%s', '%s', '%s', '%s', 'emea', TIMESTAMPTZ '2025-01-01 00:00:00Z', TIMESTAMPTZ '2025-01-01 00:00:00Z')`, id, id, kind, tier)
}

// build makes every model and opens the catalogue.
func (n *night) build() {
	n.t.Helper()
	ctx := n.t.Context()
	n.exec("CREATE TABLE IF NOT EXISTS staging.mapped (entity VARCHAR, field VARCHAR)")
	n.exec("INSERT INTO staging.mapped SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'staging'")
	set, err := model.Load(ctx, embedded.FS, nil)
	require.NoError(n.t, err)
	n.cat, err = catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"})
	require.NoError(n.t, err)
	n.conn, err = n.db.Conn(context.Background())
	require.NoError(n.t, err)
	n.t.Cleanup(func() { require.NoError(n.t, n.conn.Close()) })
	store := engine.Made{Tables: []string{"metrics.metric_value", "metrics.group_value", "metrics.definition"}, Make: func(ctx context.Context, _ *sql.DB) error {
		return n.cat.Store(ctx, n.conn)
	}}
	_, err = engine.Build(ctx, n.db, set, engine.Options{Made: []engine.Made{store}})
	require.NoError(n.t, err)
	found, err := check.Run(ctx, n.db, check.Subjects(set), check.Options{})
	require.NoError(n.t, err)
	require.NoError(n.t, found.Err())
}

// value is one row's value, or its status where it has none. Dims are written "direction=vendor_to_partner,partner=a".
func (n *night) value(id, grain, period, dims string) string {
	n.t.Helper()
	r := n.row(id, grain, period, dims)
	if !r.Value.Valid {
		return r.Status
	}
	return r.Value.Text
}

// row is the one row of a metric, period and cut.
func (n *night) row(id, grain, period, dims string) catalogue.Row {
	n.t.Helper()
	rows, seen := n.rows(id, grain, period, dims)
	require.Len(n.t, rows, 1, "%s %s %s %s: there are %v", id, grain, period, dims, seen)
	return rows[0]
}

// rows are those of a metric, period and cut, and what there is besides.
func (n *night) rows(id, grain, period, dims string) (found []catalogue.Row, seen []string) {
	n.t.Helper()
	var by []string
	m, ok := n.cat.Metric(id)
	require.True(n.t, ok, id)
	for _, d := range strings.Split(dims, ",") {
		name, _, _ := strings.Cut(d, "=")
		if name != "" && !strings.Contains(strings.Join(m.Always, ","), name) {
			by = append(by, name)
		}
	}
	rows, err := n.cat.Query(n.t.Context(), n.conn, catalogue.QuerySpec{IDs: []string{id}, By: by, Grains: []string{grain}})
	require.NoError(n.t, err)
	for _, r := range rows {
		var parts []string
		for _, d := range catalogue.Dims() {
			if v, ok := r.Dims[d]; ok {
				parts = append(parts, d+"="+v)
			}
		}
		start := ""
		if r.PeriodStart != nil {
			start = *r.PeriodStart
		}
		if sameDims(parts, dims) && start == period {
			found = append(found, r)
		}
		seen = append(seen, start+" "+strings.Join(parts, ","))
	}
	return found, seen
}

func (n *night) none(id, grain, period, dims string) {
	n.t.Helper()
	rows, _ := n.rows(id, grain, period, dims)
	require.Empty(n.t, rows, id)
}

func sameDims(parts []string, dims string) bool {
	want := strings.Split(dims, ",")
	if dims == "" {
		want = nil
	}
	if len(want) != len(parts) {
		return false
	}
	for _, w := range want {
		if !strings.Contains(","+strings.Join(parts, ",")+",", ","+w+",") {
			return false
		}
	}
	return true
}

// lead gives a partner a lead at an instant, with a human answer some hours later (none for a negative number).
func (n *night) lead(id, partner, at string, answerHours float64) {
	n.exec(`INSERT INTO staging.lead (lead_id, direction, partner_id, received_at) VALUES ('%s', 'vendor_to_partner', '%s', TIMESTAMPTZ '%s')`, id, partner, at)
	n.exec(`INSERT INTO staging.lead_assignment (assignment_id, lead_id, partner_id, assigned_at) VALUES ('a-%s', '%s', '%s', TIMESTAMPTZ '%s')`, id, id, partner, at)
	if answerHours >= 0 {
		n.exec(`INSERT INTO staging.activity (activity_id, lead_id, actor_type, party, type, occurred_at) VALUES ('c-%s', '%s', 'human', 'partner', 'call', TIMESTAMPTZ '%s' + to_seconds(%d))`, id, id, at, int64(answerHours*3600))
	}
}

func TestResponseGoldenA(t *testing.T) {
	n := open(t)
	n.partner("p", "reseller", "platinum")
	for i, hours := range []float64{1, 3, 5} {
		n.lead(fmt.Sprintf("answered%d", i), "p", "2026-06-15 08:00:00Z", hours)
	}
	n.lead("open2", "p", "2026-06-30 22:00:00Z", -1)
	n.lead("open10", "p", "2026-06-30 14:00:00Z", -1)
	n.build()
	board := "direction=vendor_to_partner"
	require.Equal(t, "0.5", n.value("RSP-6", "total", "", board))
	require.Equal(t, "18000", n.value("RSP-1", "total", "", board))
	p90 := n.row("RSP-2", "total", "", board)
	require.Equal(t, "not_reached", p90.Status)
	require.Equal(t, "36000", p90.LowerBound.Text)
	require.EqualValues(t, 2, p90.NCensored)
	require.EqualValues(t, 5, p90.N)
	require.Equal(t, "10800", n.value("RSP-3.median", "total", "", board))
	require.Equal(t, "0.4", n.value("RSP-3.unanswered", "total", "", board))
	require.Equal(t, "10800", n.value("RSP-4.mean_answered", "total", "", board))
	six := n.row("RSP-6", "total", "", board)
	require.EqualValues(t, 4, six.N)
	require.Equal(t, map[string]int64{"pending": 1}, six.Excluded)
	require.Equal(t, "2", n.value("RSP-7", "quarter", "2026-04-01", "partner=p"))
	require.Equal(t, "flag", n.value("RSP-8", "quarter", "2026-04-01", "partner=p"))
}

func TestResponseGoldenB(t *testing.T) {
	n := open(t)
	n.partner("e", "var", "gold")
	n.partner("b", "var_business", "gold")
	n.lead("elapsed", "e", "2026-06-12 16:00:00Z", 66) // a Friday, acknowledged Monday 10:00
	n.lead("business", "b", "2026-06-12 16:00:00Z", 66)
	n.build()
	require.Equal(t, "0", n.value("RSP-6", "total", "", "direction=vendor_to_partner,partner=e"))
	require.Equal(t, "1", n.value("RSP-6", "total", "", "direction=vendor_to_partner,partner=b"))
	require.Equal(t, "237600", n.value("RSP-1", "total", "", "direction=vendor_to_partner,partner=e"))
	require.Equal(t, "7200", n.value("RSP-5.1", "total", "", "direction=vendor_to_partner,partner=b"))
	var due string
	require.NoError(t, n.db.QueryRow("SELECT string_agg(CAST(deadline_at AT TIME ZONE 'UTC' AS VARCHAR), ' ' ORDER BY partner DESC) FROM core.response").Scan(&due))
	require.Equal(t, "2026-06-12 22:00:00 2026-06-15 14:00:00", due)
}

func TestConversionGolden(t *testing.T) {
	n := open(t)
	n.partner("p", "reseller", "gold")
	deal := func(i int, outcome string, stages ...string) {
		closed := "NULL"
		if outcome != "open" {
			closed = "TIMESTAMPTZ '2026-03-20 00:00:00Z'"
		}
		n.exec(`INSERT INTO staging.deal (deal_id, partner_id, motion, amount, currency, created_at, closed_at, outcome) VALUES ('d%d', 'p', 'referral', 100, 'EUR', TIMESTAMPTZ '2026-01-01 00:00:00Z', %s, '%s')`, i, closed, outcome)
		for j, s := range stages {
			n.exec(`INSERT INTO staging.deal_stage (deal_stage_id, deal_id, motion, stage, entered_at) VALUES ('s%d-%d', 'd%d', 'referral', '%s', TIMESTAMPTZ '2026-01-10 00:00:00Z' + to_days(%d))`, i, j, i, s, j*10)
		}
	}
	for i := range 5 {
		deal(i, "open", "S2", "S3")
	}
	deal(5, "open", "S2", "S4")
	deal(6, "lost", "S2")
	deal(7, "lost", "S2")
	deal(8, "open", "S2")
	deal(9, "open", "S2")
	n.build()
	at := "motion=referral,stage=S2"
	require.Equal(t, "0.6", n.value("CNV-1", "total", "", at))
	require.Equal(t, "0.75", n.value("CNV-2", "total", "", at))
	require.Equal(t, "0.5", n.value("CNV-4", "total", "", at))
	require.InDelta(t, 1.0/6, must(n.row("CNV-5", "total", "", at).Value.Float()), 1e-15)
	require.Equal(t, "0.6", n.value("CNV-1", "month", "2026-01-01", at))
	require.Equal(t, map[string]int64{"open": 2}, n.row("CNV-2", "total", "", at).Excluded)
}

func must(v float64, _ bool) float64 { return v }

func TestRevenueGolden(t *testing.T) {
	n := open(t)
	n.partner("s", "reseller", "gold")
	n.partner("i", "var", "gold")
	deal := func(id string, amount int) {
		n.exec(`INSERT INTO staging.deal (deal_id, amount, currency, created_at, closed_at, outcome) VALUES ('%s', %d, 'EUR', TIMESTAMPTZ '2026-01-01 00:00:00Z', TIMESTAMPTZ '2026-05-10 00:00:00Z', 'won')`, id, amount)
	}
	credit := func(deal, partner, role string, pct int) {
		n.exec(`INSERT INTO staging.deal_partner (deal_partner_id, deal_id, partner_id, role, pct, created_at, locked_at) VALUES ('%s-%s', '%s', '%s', '%s', %d, TIMESTAMPTZ '2026-01-01 00:00:00Z', TIMESTAMPTZ '2026-01-01 00:00:00Z')`, deal, partner, deal, partner, role, pct)
	}
	deal("A", 100)
	deal("B", 200)
	deal("C", 700)
	credit("A", "s", "sourced", 60)
	credit("B", "i", "influenced", 25)
	n.build()
	for id, want := range map[string]string{
		"REV-1": "100.00", "REV-2": "60.00", "REV-2.influenced": "50.00", "REV-2.direct": "890.00", "REV-3": "200.00", "REV-4": "300.00",
		"REV-5": "0.1", "REV-5.influenced": "0.2", "REV-5.direct": "0.7", "REV-6": "0.06", "REV-7": "0",
	} {
		require.Equal(t, want, n.value(id, "quarter", "2026-04-01", ""), id)
	}
	require.Equal(t, "1", n.value("REV-5", "total", "", "partner=s"))
	require.Equal(t, "0.1", n.value("REV-5.of_total", "total", "", "partner=s"))
	require.Equal(t, "60.00", n.value("REV-2", "total", "", "partner=s"))
}

// incentive is a program in EUR from 2026 on; tiers 0/100k/250k at 0/2/4 %.
func (n *night) incentive(id, method, basis string) {
	n.exec(`INSERT INTO program.incentive_version VALUES ('%s', '%s', 1, TIMESTAMPTZ '2026-01-01 00:00:00Z', NULL, '%s', '%s', 'EUR', 'year', 'contra_revenue', 0.10, NULL, false, true, 0, 'fail', 'sourced')`, id, id, method, basis)
	n.exec(`INSERT INTO program.incentive_tier SELECT '%s', 1, * FROM (VALUES (1, 0, 100000, 0), (2, 100000, 250000, 0.02), (3, 250000, NULL, 0.04)) AS t`, id)
}

func (n *night) invoice(id, partner, day string, amount string) {
	n.exec(`INSERT INTO staging.invoice (invoice_id, partner_id, kind, issued_at, amount, currency) VALUES ('%s', '%s', 'invoice', TIMESTAMPTZ '%s', %s, 'EUR')`, id, partner, day, amount)
}

func TestAccrualGolden(t *testing.T) {
	n := open(t)
	n.partner("p", "reseller", "gold")
	n.partner("q", "reseller", "gold")
	n.incentive("retro", "retroactive", "invoiced")
	n.incentive("marginal", "marginal", "invoiced")
	n.exec(`INSERT INTO program.projection_override VALUES
		('retro', 'p', DATE '2026-01-01', 300000, DATE '2026-03-01', true, 'big deals coming', 'cfo'),
		('retro', 'p', DATE '2026-01-01', 240000, DATE '2026-06-01', true, 'they slipped', 'cfo'),
		('retro', 'p', DATE '2026-01-01', 999999, DATE '2026-06-02', false, 'not approved', 'rep')`)
	n.invoice("1", "p", "2026-02-01 00:00:00Z", "80000")
	n.invoice("2", "p", "2026-05-01 00:00:00Z", "70000")
	n.invoice("3", "q", "2026-02-01 00:00:00Z", "100000.01")
	n.invoice("4", "q", "2026-05-01 00:00:00Z", "199999.99")
	n.build()
	p := "partner=p,program=retro"
	require.Equal(t, "80000.00", n.value("ACC-1", "quarter", "2026-01-01", p))
	require.Equal(t, "0.00", n.value("ACC-2", "quarter", "2026-01-01", p))
	require.Equal(t, "3200.00", n.value("ACC-3", "quarter", "2026-01-01", p))
	require.Equal(t, "300000.00", n.row("ACC-3", "quarter", "2026-01-01", p).ProjectedBase.Text)
	require.Equal(t, "3000.00", n.value("ACC-3", "quarter", "2026-04-01", p))
	require.Equal(t, "3200.00", n.value("ACC-4", "quarter", "2026-01-01", p))
	require.Equal(t, "-200.00", n.value("ACC-4", "quarter", "2026-04-01", p))
	require.Equal(t, "2800.00", n.value("ACC-5.volume", "quarter", "2026-04-01", p))
	require.Equal(t, "-3000.00", n.value("ACC-5.rate", "quarter", "2026-04-01", p))
	require.Equal(t, "no_source", n.value("ACC-5.fx", "quarter", "2026-04-01", p))
	require.Equal(t, "3000.00", n.value("ACC-4", "total", "", p))
	require.Equal(t, "100000.00", n.value("ACC-6.distance", "quarter", "2026-04-01", p))
	require.Equal(t, "7000.00", n.value("ACC-6.cliff", "quarter", "2026-04-01", p))
	require.Equal(t, "5000.00", n.value("ACC-2", "total", "", "partner=q,program=marginal"))
	require.Equal(t, "12000.00", n.value("ACC-2", "total", "", "partner=q,program=retro"))
	require.Equal(t, "top_tier", n.value("ACC-6.distance", "total", "", "partner=q,program=retro"))
}

// Partners that nobody lists are shown as unknown together, and climb their tiers apart.
func TestUnknownPartnersClimbApart(t *testing.T) {
	n := open(t)
	n.partner("gone", "reseller", "gold")
	n.exec(`UPDATE staging.partner SET deleted = true WHERE partner_id = 'gone'`)
	n.incentive("retro", "retroactive", "invoiced")
	for i, partner := range []string{"gone", "x", "y"} {
		n.invoice(fmt.Sprint(i), partner, "2026-05-01 00:00:00Z", "60000")
	}
	n.build()
	require.Equal(t, "180000.00", n.value("ACC-1", "total", "", "partner=unknown,program=retro"))
	require.Equal(t, "0.00", n.value("ACC-2", "total", "", "partner=unknown,program=retro"))
}

func TestCommissionGolden(t *testing.T) {
	n := open(t)
	n.exec(`INSERT INTO program.incentive_version VALUES ('c', 'Commission', 1, TIMESTAMPTZ '2026-01-01 00:00:00Z', NULL, 'milestone', 'sourced_bookings', 'EUR', 'quarter', 'cost_to_obtain', 0.10, NULL, false, true, 0, 'fail', 'sourced')`)
	n.exec(`INSERT INTO program.incentive_milestone VALUES ('c', 1, 'deal_created', 0.30), ('c', 1, 'closed_won', 0.70)`)
	for id, hours := range map[string]float64{"met": 1, "missed": 9} {
		n.partner(id, "reseller", "gold")
		n.lead("l-"+id, id, "2026-04-10 08:00:00Z", hours)
		n.exec(`UPDATE staging.lead SET qualified_at = TIMESTAMPTZ '2026-04-12 00:00:00Z', converted_deal_id = 'd-%s' WHERE lead_id = 'l-%s'`, id, id)
		n.exec(`INSERT INTO staging.deal (deal_id, amount, currency, created_at, closed_at, outcome) VALUES ('d-%s', 50000, 'EUR', TIMESTAMPTZ '2026-04-15 00:00:00Z', TIMESTAMPTZ '2026-06-10 00:00:00Z', 'won')`, id)
		n.exec(`INSERT INTO staging.deal_partner (deal_partner_id, deal_id, partner_id, role, pct, created_at, locked_at) VALUES ('c-%s', 'd-%s', '%s', 'sourced', 100, TIMESTAMPTZ '2026-04-15 00:00:00Z', TIMESTAMPTZ '2026-04-15 00:00:00Z')`, id, id, id)
	}
	// open two hours before as_of, within its four: an estimate, not earned and not forgone
	n.partner("waiting", "reseller", "gold")
	n.lead("l-waiting", "waiting", "2026-06-30 22:00:00Z", -1)
	n.exec(`UPDATE staging.lead SET qualified_at = TIMESTAMPTZ '2026-06-30 22:30:00Z', converted_deal_id = 'd-waiting' WHERE lead_id = 'l-waiting'`)
	n.exec(`INSERT INTO staging.deal (deal_id, amount, currency, created_at, outcome) VALUES ('d-waiting', 50000, 'EUR', TIMESTAMPTZ '2026-06-30 23:00:00Z', 'open')`)
	n.exec(`INSERT INTO staging.deal_partner (deal_partner_id, deal_id, partner_id, role, pct, created_at, locked_at) VALUES ('c-waiting', 'd-waiting', 'waiting', 'sourced', 100, TIMESTAMPTZ '2026-06-30 23:00:00Z', TIMESTAMPTZ '2026-06-30 23:00:00Z')`)
	n.build()
	require.Equal(t, "1500.00", n.value("ACC-7.estimated", "total", "", "partner=waiting,program=c"))
	for _, id := range []string{"ACC-7", "ACC-8", "ACC-8.all_gates"} {
		n.none(id, "total", "", "partner=waiting,program=c")
	}
	n.none("ACC-7.estimated", "total", "", "partner=met,program=c")
	require.Equal(t, "1500.00", n.value("ACC-7", "month", "2026-04-01", "partner=met,program=c"))
	require.Equal(t, "3500.00", n.value("ACC-7", "month", "2026-06-01", "partner=met,program=c"))
	require.Equal(t, "0.00", n.value("ACC-7", "total", "", "partner=missed,program=c"))
	require.Equal(t, "5000.00", n.value("ACC-8", "total", "", "partner=missed,program=c"))
	require.Equal(t, "0.00", n.value("ACC-8", "total", "", "partner=met,program=c"))
}
