package program

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Params is what a run adds to the rules.
type Params struct {
	AsOf     time.Time // the day (its year, month and day count)
	KnownAt  time.Time
	Zone     string // the reporting time zone
	Currency string // the functional currency
	MinN     int
	// RecordURL is how a record is opened in its source, by source: an address with {key} in it.
	RecordURL map[string]string
}

const ddl = `
CREATE SCHEMA IF NOT EXISTS program;
CREATE OR REPLACE TABLE program.param (as_of DATE NOT NULL, as_of_at TIMESTAMPTZ NOT NULL, known_at TIMESTAMPTZ NOT NULL,
  reporting_tz VARCHAR NOT NULL, functional_currency VARCHAR NOT NULL, min_n INTEGER NOT NULL, sourced_splits BOOLEAN NOT NULL,
  lock_when_missing VARCHAR NOT NULL, rmst_tau_seconds BIGINT NOT NULL, maturity_min_days INTEGER NOT NULL, trailing_days INTEGER NOT NULL,
  revenue_active_months INTEGER NOT NULL, activation_days INTEGER NOT NULL, vendor_calendar VARCHAR, partner_calendar VARCHAR,
  fx_kind VARCHAR NOT NULL, fx_max_age_days INTEGER, default_currency VARCHAR);
CREATE OR REPLACE TABLE program.threshold (name VARCHAR NOT NULL, seconds BIGINT, number DECIMAL(18,6));
CREATE OR REPLACE TABLE program.record_url (source VARCHAR NOT NULL, template VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.affiliate_type (partner_type VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.new_logo_order_type (order_type VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.void_loss_reason (reason VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.void_reason (scope VARCHAR NOT NULL, reason VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.partner_type (partner_type VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.program_tier (program_tier VARCHAR NOT NULL, rank INTEGER NOT NULL);
CREATE OR REPLACE TABLE program.fiscal_day (date DATE NOT NULL, week_start DATE NOT NULL, month_start DATE NOT NULL,
  quarter_start DATE NOT NULL, year_start DATE NOT NULL, start_at TIMESTAMPTZ NOT NULL, end_at TIMESTAMPTZ NOT NULL);
CREATE OR REPLACE TABLE program.fiscal_period (grain VARCHAR NOT NULL, period_start DATE NOT NULL, period_end DATE NOT NULL,
  start_at TIMESTAMPTZ NOT NULL, end_at TIMESTAMPTZ NOT NULL);
CREATE OR REPLACE TABLE program.sla_policy (policy_id VARCHAR NOT NULL, direction VARCHAR NOT NULL, partner_type VARCHAR, program_tier VARCHAR,
  valid_from_at TIMESTAMPTZ NOT NULL, valid_to_at TIMESTAMPTZ, sla_seconds BIGINT NOT NULL, alert_seconds BIGINT, clock VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.ladder (partner_type VARCHAR, program_tier VARCHAR, valid_from_at TIMESTAMPTZ NOT NULL, valid_to_at TIMESTAMPTZ,
  misses INTEGER NOT NULL, state VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.motion (motion VARCHAR NOT NULL, title VARCHAR NOT NULL, enabled BOOLEAN NOT NULL);
CREATE OR REPLACE TABLE program.stage (motion VARCHAR NOT NULL, stage VARCHAR NOT NULL, rank INTEGER NOT NULL,
  is_commercial_close BOOLEAN NOT NULL, is_post_close BOOLEAN NOT NULL);
CREATE OR REPLACE TABLE program.calendar_interval (calendar VARCHAR NOT NULL, utc_day DATE NOT NULL, from_at TIMESTAMPTZ NOT NULL,
  to_at TIMESTAMPTZ NOT NULL, is_open BOOLEAN NOT NULL, open_seconds_before BIGINT NOT NULL);
CREATE OR REPLACE TABLE program.region_calendar (region VARCHAR NOT NULL, calendar VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.fx_manual (rate_date DATE NOT NULL, from_currency VARCHAR NOT NULL, to_currency VARCHAR NOT NULL,
  rate DECIMAL(18,9) NOT NULL, kind VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.incentive_version (program_id VARCHAR NOT NULL, title VARCHAR NOT NULL, version INTEGER NOT NULL,
  effective_from_at TIMESTAMPTZ NOT NULL, effective_to_at TIMESTAMPTZ, method VARCHAR NOT NULL, basis VARCHAR NOT NULL, currency VARCHAR NOT NULL,
  period VARCHAR NOT NULL, accounting_class VARCHAR NOT NULL, rate DECIMAL(18,9), unit_amount DECIMAL(18,4), allow_negative BOOLEAN NOT NULL,
  sla_gate BOOLEAN NOT NULL, sla_miss_factor DECIMAL(9,6) NOT NULL, no_lead VARCHAR NOT NULL, credited_role VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.incentive_tier (program_id VARCHAR NOT NULL, version INTEGER NOT NULL, tier INTEGER NOT NULL,
  lower DECIMAL(18,2) NOT NULL, upper DECIMAL(18,2), rate DECIMAL(18,9) NOT NULL);
CREATE OR REPLACE TABLE program.incentive_scope (program_id VARCHAR NOT NULL, version INTEGER NOT NULL, dimension VARCHAR NOT NULL, value VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.incentive_milestone (program_id VARCHAR NOT NULL, version INTEGER NOT NULL, milestone VARCHAR NOT NULL, share DECIMAL(9,6) NOT NULL);
CREATE OR REPLACE TABLE program.incentive_gate (program_id VARCHAR NOT NULL, version INTEGER NOT NULL, kind VARCHAR NOT NULL, value VARCHAR NOT NULL);
CREATE OR REPLACE TABLE program.projection_weight (program_id VARCHAR NOT NULL, version INTEGER NOT NULL, quarter INTEGER NOT NULL, weight DECIMAL(9,6) NOT NULL);
CREATE OR REPLACE TABLE program.projection_override (program_id VARCHAR NOT NULL, partner_id VARCHAR NOT NULL, period_start DATE NOT NULL,
  projected_base DECIMAL(18,2) NOT NULL, made_on DATE NOT NULL, approved BOOLEAN NOT NULL, reason VARCHAR NOT NULL, approved_by VARCHAR);
CREATE OR REPLACE TABLE program.adjustment (program_id VARCHAR NOT NULL, partner_id VARCHAR NOT NULL, adjusted_on DATE NOT NULL,
  amount DECIMAL(18,2) NOT NULL, currency VARCHAR NOT NULL, reason VARCHAR NOT NULL, approved BOOLEAN NOT NULL, approved_by VARCHAR);
`

// The fiscal and business calendars begin in firstYear and end yearsAhead after as_of, so that deadlines fall within.
const (
	firstYear  = 1990
	yearsAhead = 3
)

// CreateTables makes and fills the tables of the schema "program". The connection's time zone does not matter.
func (p *Program) CreateTables(ctx context.Context, conn *sql.Conn, params Params) error {
	zone, err := Zone(params.Zone)
	if err != nil {
		return fmt.Errorf("program tables: reporting: %w", err)
	}
	if _, err := conn.ExecContext(ctx, ddl); err != nil {
		return fmt.Errorf("create program tables: %w", err)
	}
	var catalog string
	if err := conn.QueryRowContext(ctx, "SELECT current_database()").Scan(&catalog); err != nil {
		return fmt.Errorf("program tables: which database: %w", err)
	}
	return conn.Raw(func(raw any) error {
		dc, ok := raw.(driver.Conn)
		if !ok {
			return errors.New("program tables: this is no DuckDB connection")
		}
		w := &writer{ctx: ctx, conn: dc, catalog: catalog, zone: zone, params: params, asOf: dayOf(params.AsOf)}
		for _, fill := range []func(*writer){
			p.fillParam, p.fillLists, p.fillFiscal, p.fillResponse, p.fillMotions, p.fillCalendars, p.fillFX, p.fillIncentives, p.fillAdjustments,
		} {
			fill(w)
		}
		return w.err
	})
}

// writer appends rows to tables; the first error stays.
type writer struct {
	ctx     context.Context //nolint:containedctx // lives for one CreateTables
	conn    driver.Conn
	catalog string
	zone    *time.Location
	params  Params
	asOf    int64
	err     error
}

// table appends all rows that fill hands over.
func (w *writer) table(name string, fill func(row func(...driver.Value))) {
	if w.err != nil {
		return
	}
	if w.err = w.ctx.Err(); w.err != nil {
		return
	}
	app, err := duckdb.NewAppender(w.conn, w.catalog, "program", name)
	if err != nil {
		w.err = fmt.Errorf("fill program.%s: %w", name, err)
		return
	}
	fill(func(values ...driver.Value) {
		if err == nil {
			err = app.AppendRow(values...)
		}
	})
	if err = errors.Join(err, app.Close()); err != nil {
		w.err = fmt.Errorf("fill program.%s: %w", name, err)
	}
}

// names fills a table of one column.
func (w *writer) names(table string, list []diag.Text) {
	w.table(table, func(row func(...driver.Value)) {
		for _, t := range list {
			row(t.Value)
		}
	})
}

func (w *writer) midnight(day int64) time.Time { return time.Unix(midnight(day, w.zone), 0).UTC() }

// from is the instant from which a rule holds: the beginning of time when it has no date.
func (w *writer) from(d Date) driver.Value {
	if !d.Given() {
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return w.midnight(d.Day())
}

func (w *writer) to(d Date) driver.Value {
	if !d.Given() {
		return nil
	}
	return w.midnight(d.Day())
}

func (w *writer) currency(code diag.Text) string {
	if code.Value == "" {
		return w.params.Currency
	}
	return code.Value
}

func decimal(d Decimal, width, scale uint8) driver.Value {
	if !d.Given() {
		return nil
	}
	value, _ := d.unscaled(int(width), int(scale))
	return duckdb.Decimal{Width: width, Scale: scale, Value: value}
}

func orNull(text diag.Text) driver.Value {
	if text.Value == "" {
		return nil
	}
	return text.Value
}

func orNullInt(value *int) driver.Value {
	if value == nil {
		return nil
	}
	return int32(*value) //nolint:gosec // checked to be small
}

func orNullSeconds(d Duration) driver.Value {
	if d.Seconds == 0 {
		return nil
	}
	return d.Seconds
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
