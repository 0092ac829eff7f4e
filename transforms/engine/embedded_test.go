package engine_test

import (
	"database/sql"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/staging"
)

// programTables stand in for those that transforms/program fills.
const programTables = `
CREATE SCHEMA program;
CREATE TABLE program.param AS SELECT DATE '2026-01-31' AS as_of, TIMESTAMPTZ '2026-02-01 00:00:00Z' AS as_of_at, TIMESTAMPTZ '2026-02-01 00:00:00Z' AS known_at,
  'UTC' AS reporting_tz, 'EUR' AS functional_currency, 5::INTEGER AS min_n, true AS sourced_splits, 'none' AS lock_when_missing,
  604800::BIGINT AS rmst_tau_seconds, 30::INTEGER AS maturity_min_days, 365::INTEGER AS trailing_days, 12::INTEGER AS revenue_active_months,
  90::INTEGER AS activation_days, 'default' AS vendor_calendar, 'default' AS partner_calendar, 'closing' AS fx_kind,
  CAST(NULL AS INTEGER) AS fx_max_age_days, CAST(NULL AS VARCHAR) AS default_currency;
CREATE TABLE program.affiliate_type(partner_type VARCHAR);
CREATE TABLE program.new_logo_order_type(order_type VARCHAR);
CREATE TABLE program.void_loss_reason(reason VARCHAR);
CREATE TABLE program.void_reason(scope VARCHAR, reason VARCHAR);
CREATE TABLE program.fiscal_day(date DATE, week_start DATE, month_start DATE, quarter_start DATE, year_start DATE);
CREATE TABLE program.fiscal_period(grain VARCHAR, period_start DATE, period_end DATE, start_at TIMESTAMPTZ, end_at TIMESTAMPTZ);
CREATE TABLE program.sla_policy(policy_id VARCHAR, direction VARCHAR, partner_type VARCHAR, program_tier VARCHAR, valid_from_at TIMESTAMPTZ, valid_to_at TIMESTAMPTZ, sla_seconds BIGINT, alert_seconds BIGINT, clock VARCHAR);
CREATE TABLE program.ladder(partner_type VARCHAR, program_tier VARCHAR, valid_from_at TIMESTAMPTZ, valid_to_at TIMESTAMPTZ, misses INTEGER, state VARCHAR);
CREATE TABLE program.motion(motion VARCHAR, title VARCHAR, enabled BOOLEAN);
CREATE TABLE program.stage(motion VARCHAR, stage VARCHAR, rank INTEGER, is_commercial_close BOOLEAN, is_post_close BOOLEAN);
CREATE TABLE program.calendar_interval(calendar VARCHAR, utc_day DATE, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ, is_open BOOLEAN, open_seconds_before BIGINT);
CREATE TABLE program.region_calendar(region VARCHAR, calendar VARCHAR);
CREATE TABLE program.fx_manual(rate_date DATE, from_currency VARCHAR, to_currency VARCHAR, rate DECIMAL(18,9), kind VARCHAR);
CREATE TABLE program.incentive_version(program_id VARCHAR, title VARCHAR, version INTEGER, effective_from_at TIMESTAMPTZ, effective_to_at TIMESTAMPTZ, method VARCHAR, basis VARCHAR, currency VARCHAR, period VARCHAR, accounting_class VARCHAR, rate DECIMAL(18,9), unit_amount DECIMAL(18,4), allow_negative BOOLEAN, sla_gate BOOLEAN, sla_miss_factor DECIMAL(9,6), no_lead VARCHAR, credited_role VARCHAR);
CREATE TABLE program.incentive_tier(program_id VARCHAR, version INTEGER, tier INTEGER, lower DECIMAL(18,2), upper DECIMAL(18,2), rate DECIMAL(18,9));
CREATE TABLE program.incentive_scope(program_id VARCHAR, version INTEGER, dimension VARCHAR, value VARCHAR);
CREATE TABLE program.incentive_milestone(program_id VARCHAR, version INTEGER, milestone VARCHAR, share DECIMAL(9,6));
CREATE TABLE program.incentive_gate(program_id VARCHAR, version INTEGER, kind VARCHAR, value VARCHAR);
CREATE TABLE program.projection_weight(program_id VARCHAR, version INTEGER, quarter INTEGER, weight DECIMAL(9,6));
CREATE TABLE program.projection_override(program_id VARCHAR, partner_id VARCHAR, period_start DATE, projected_base DECIMAL(18,2), made_on DATE, approved BOOLEAN, reason VARCHAR, approved_by VARCHAR);
CREATE TABLE program.adjustment(program_id VARCHAR, partner_id VARCHAR, adjusted_on DATE, amount DECIMAL(18,2), currency VARCHAR, reason VARCHAR, approved BOOLEAN);
`

func openEmpty(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	_, err = db.Exec("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'")
	require.NoError(t, err)
	require.NoError(t, prelude.Create(t.Context(), db, "UTC"))
	_, err = db.Exec(programTables)
	require.NoError(t, err)
	require.NoError(t, staging.CreateEmpty(t.Context(), db))
	return db
}

// TestBuildEmbedded makes every model of sql/ on empty tables and lists all errors with file and line.
func TestBuildEmbedded(t *testing.T) {
	set, err := model.Load(t.Context(), embedded.FS, nil)
	if err != nil {
		t.Fatalf("models cannot be loaded:\n%s", err)
	}
	db := openEmpty(t)
	result, err := engine.Build(t.Context(), db, set, engine.Options{})
	for _, m := range result.Models {
		if m.State == engine.Skipped {
			t.Logf("skipped %s: what it reads has failed", m.Name)
		}
	}
	if err != nil {
		t.Fatalf("%d of %d models made:\n%s", result.Done, result.Total, err)
	}
	found, err := check.Run(t.Context(), db, check.Subjects(set), check.Options{})
	require.NoError(t, err)
	for _, r := range found {
		if r.State == check.Broken {
			t.Errorf("%s: check %s %s", r.At, r.Name, r.Detail)
		}
	}
}
