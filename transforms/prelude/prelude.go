// Package prelude defines the functions that models may use beyond plain SQL. They are kept in every warehouse file, so that a model can be
// pasted into a DuckDB shell, and have the same names and meaning on Spark. It holds no state and knows no model.
package prelude

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Macro is one function of the prelude.
type Macro struct {
	Name        string
	Description string
	// Overloads are parameter lists with bodies. Parameters have no types: DuckDB keeps typed ones only in files that older versions cannot open.
	Overloads []Overload
}

// Overload is one parameter list and its body.
type Overload struct{ Params, Body string }

// Macros are the functions for a warehouse whose reporting zone is zone.
func Macros(zone string) []Macro {
	return append([]Macro{
		{"days_between", "whole days from a to b, negative when b is earlier", []Overload{{"a, b", "CAST(CAST(b AS DATE) - CAST(a AS DATE) AS BIGINT)"}}},
		{"micros_between", "microseconds from a to b, negative when b is earlier", []Overload{{
			"a, b", "epoch_us(CAST(b AS TIMESTAMPTZ)) - epoch_us(CAST(a AS TIMESTAMPTZ))",
		}}},
		{"local_date", "the date that clocks in zone tz show at an instant", []Overload{{"ts, tz", "CAST(" + local("tz") + " AS DATE)"}}},
		{"local_sec", "the seconds since midnight that clocks in zone tz show at an instant", []Overload{{
			"ts, tz", "CAST((((epoch_us(" + local("tz") + ") % 86400000000) + 86400000000) % 86400000000) // 1000000 AS BIGINT)",
		}}},
		{"report_date", "the date in the reporting zone at an instant", []Overload{{"ts", "CAST(" + local(literal(zone)) + " AS DATE)"}}},
		{"iso_dow", "the weekday, Monday 1 to Sunday 7", []Overload{{"d", "CAST(isodow(CAST(d AS DATE)) AS INTEGER)"}}},
		{"rx_like", "whether a part of s matches the regular expression p", []Overload{{"s, p", "regexp_matches(s, p)"}}},
		{"list_join", "the values of a list in ascending order with sep between them, nulls left out", []Overload{{"l, sep", "array_to_string(list_sort(l), sep)"}}},
		{"ym", "year and month as 2026-03", []Overload{{"d", "strftime(CAST(d AS DATE), '%Y-%m')"}}},
		{"dbl_money", "a double as money, by the shortest decimal that stands for it, half away from zero", []Overload{{
			"x", "CAST(round(CAST(CAST(CAST(x AS DOUBLE) AS VARCHAR) AS DECIMAL(38,18)), 2) AS DECIMAL(18,2))",
		}}},
		{"money_mul", "a times b as money: exact, then two places, half away from zero", []Overload{{"a, b", moneyMul()}}},
		{"money_div", "a by b as money: exact, then two places, half away from zero; null when b is 0", []Overload{{"a, b", moneyDiv()}}},
		{"money_round", "a decimal as money: two places, half away from zero", []Overload{{"x", moneyRound()}}},
	}, allocation()...)
}

// dateSpine is the one table function: the days from a on, before b.
const dateSpine = "CREATE OR REPLACE MACRO date_spine(a, b) AS TABLE SELECT CAST(d.day AS DATE) AS day FROM range(CAST(a AS DATE), CAST(b AS DATE), INTERVAL 1 DAY) AS d(day)"

// DateSpine is the name of the table function, whose column is day.
const DateSpine = "date_spine"

// Statements create the prelude, one macro each.
func Statements(zone string) []string {
	var out []string
	for _, m := range Macros(zone) {
		bodies := make([]string, len(m.Overloads))
		for i, o := range m.Overloads {
			bodies[i] = "(" + o.Params + ") AS " + o.Body
		}
		out = append(out, "CREATE OR REPLACE MACRO "+m.Name+strings.Join(bodies, ", "))
	}
	return append(out, dateSpine)
}

// Create puts the prelude into the database that db has open.
func Create(ctx context.Context, db *sql.DB, zone string) error {
	for _, statement := range Statements(zone) {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create the prelude: %w", err)
		}
	}
	return nil
}

// local is the wall clock of an instant; the cast keeps a plain timestamp from being taken for a wall clock itself.
func local(zone string) string { return "(CAST(ts AS TIMESTAMPTZ) AT TIME ZONE " + zone + ")" }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
