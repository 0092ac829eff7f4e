package recompute

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/duckdb/duckdb-go/v2"
)

// querier is a *sql.DB, *sql.Conn or *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Load reads the tables of a built warehouse whole, with nothing but SELECT *.
func Load(ctx context.Context, db querier) (*Data, error) {
	d := &Data{}
	var params []Param
	errs := []error{
		read(ctx, db, "staging.partner", &d.Partners), read(ctx, db, "staging.partner_type", &d.PartnerTypes),
		read(ctx, db, "staging.partner_tier", &d.PartnerTiers), read(ctx, db, "staging.lead", &d.Leads),
		read(ctx, db, "staging.lead_assignment", &d.Assignments), read(ctx, db, "staging.nurture_enrollment", &d.Enrollments),
		read(ctx, db, "staging.activity", &d.Activities), read(ctx, db, "staging.deal_registration", &d.Registrations),
		read(ctx, db, "staging.deal", &d.Deals), read(ctx, db, "staging.deal_partner", &d.DealPartners),
		read(ctx, db, "staging.deal_stage", &d.DealStages), read(ctx, db, "staging.invoice", &d.Invoices),
		read(ctx, db, "staging.fx_rate", &d.FXRates), read(ctx, db, "staging.incentive_adjustment", &d.Adjustments),
		read(ctx, db, "staging.deal_contact", &d.Contacts), read(ctx, db, "staging.stage_note", &d.Notes),
		read(ctx, db, "staging.certification", &d.Certificates), read(ctx, db, "staging.mapped", &d.Mapped),
		read(ctx, db, "program.param", &params), read(ctx, db, "program.fiscal_day", &d.Days),
		read(ctx, db, "program.fiscal_period", &d.Periods), read(ctx, db, "program.sla_policy", &d.Policies),
		read(ctx, db, "program.ladder", &d.Ladders), read(ctx, db, "program.stage", &d.Stages),
		read(ctx, db, "program.calendar_interval", &d.Openings), read(ctx, db, "program.region_calendar", &d.RegionCalendars),
		read(ctx, db, "program.fx_manual", &d.ManualRates), read(ctx, db, "program.incentive_version", &d.Versions),
		read(ctx, db, "program.incentive_tier", &d.Tiers), read(ctx, db, "program.incentive_scope", &d.Scopes),
		read(ctx, db, "program.incentive_milestone", &d.Milestones), read(ctx, db, "program.incentive_gate", &d.Gates),
		read(ctx, db, "program.projection_weight", &d.Weights), read(ctx, db, "program.projection_override", &d.Overrides),
		read(ctx, db, "program.adjustment", &d.RuleAdjustments), read(ctx, db, "program.affiliate_type", &d.AffiliateTypes),
		read(ctx, db, "program.new_logo_order_type", &d.NewLogoTypes), read(ctx, db, "program.void_loss_reason", &d.VoidLossReasons),
		read(ctx, db, "program.void_reason", &d.VoidReasons),
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(params) != 1 {
		return nil, fmt.Errorf("program.param has %d rows, not one: build the warehouse again", len(params))
	}
	d.Param = params[0]
	return d, nil
}

// read fills a slice of structs from a table; a field takes the column of its name in snake case.
func read[T any](ctx context.Context, db querier, table string, into *[]T) error {
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	place := map[string]int{}
	for i, n := range names {
		place[n] = i
	}
	kind := reflect.TypeFor[T]()
	for i := range kind.NumField() {
		if _, ok := place[snake(kind.Field(i).Name)]; !ok {
			return fmt.Errorf("read %s: there is no column %s", table, snake(kind.Field(i).Name))
		}
	}
	cells, targets := make([]any, len(names)), make([]any, len(names))
	for i := range cells {
		targets[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		var row T
		for i := range kind.NumField() {
			name := snake(kind.Field(i).Name)
			if err := assign(reflect.ValueOf(&row).Elem().Field(i), cells[place[name]]); err != nil {
				return fmt.Errorf("read %s.%s: %w", table, name, err)
			}
		}
		*into = append(*into, row)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	return nil
}

// assign puts a value as the driver gives it into a field; null leaves the field empty.
func assign(field reflect.Value, cell any) error {
	if cell == nil {
		return nil
	}
	switch target := field.Addr().Interface().(type) {
	case *string:
		*target = fmt.Sprint(cell)
	case *bool:
		*target, _ = cell.(bool)
	case *time.Time:
		t, _ := cell.(time.Time)
		*target = t.UTC()
	case *int64:
		*target = reflect.ValueOf(cell).Int()
	case **int64:
		n := reflect.ValueOf(cell).Int()
		*target = &n
	case **big.Rat:
		r, err := number(cell)
		*target = r
		return err
	default:
		return fmt.Errorf("no way to read a %T into a %s", cell, field.Type())
	}
	return nil
}

func number(cell any) (*big.Rat, error) {
	switch v := cell.(type) {
	case duckdb.Decimal:
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Scale)), nil)
		return new(big.Rat).SetFrac(v.Value, scale), nil
	case float64:
		return new(big.Rat).SetFloat64(v), nil
	case int64:
		return new(big.Rat).SetInt64(v), nil
	case int32:
		return new(big.Rat).SetInt64(int64(v)), nil
	}
	return nil, fmt.Errorf("%T is no number", cell)
}

// snake turns LeadID into lead_id and SLASeconds into sla_seconds.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
