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
	// Overloads are parameter lists with bodies. Parameters of money are typed DECIMAL, so that DuckDB refuses a DOUBLE when it binds.
	Overloads []Overload
}

// Overload is one parameter list and its body.
type Overload struct{ Params, Body string }

// exact is the type that money functions compute in: 18 places are those of a product of two rates or of money and rate.
const exact = "DECIMAL(38,18)"

// Macros are the functions for a warehouse whose reporting zone is zone.
func Macros(zone string) []Macro {
	return []Macro{
		{"days_between", "whole days from a to b, negative when b is earlier", []Overload{{"a DATE, b DATE", "CAST(b - a AS BIGINT)"}}},
		{"micros_between", "microseconds from a to b, negative when b is earlier", []Overload{
			{"a TIMESTAMP, b TIMESTAMP", "epoch_us(b) - epoch_us(a)"},
			{"a TIMESTAMPTZ, b TIMESTAMPTZ", "epoch_us(b) - epoch_us(a)"},
		}},
		{"seconds_between", "whole seconds from a to b; durations are kept in seconds (metrics.md 3.0 no 3)", []Overload{
			{"a TIMESTAMPTZ, b TIMESTAMPTZ", "CAST(floor((epoch_us(b) - epoch_us(a)) / 1000000) AS BIGINT)"},
		}},
		{"add_seconds", "the instant n seconds after ts", []Overload{{"ts TIMESTAMPTZ, n BIGINT", "ts + to_seconds(n)"}}},
		{"local_date", "the date that clocks in zone tz show at an instant", []Overload{{"ts TIMESTAMPTZ, tz VARCHAR", "CAST(ts AT TIME ZONE tz AS DATE)"}}},
		{"local_sec", "the seconds since midnight that clocks in zone tz show at an instant", []Overload{{
			"ts TIMESTAMPTZ, tz VARCHAR",
			"CAST((((epoch_us(ts AT TIME ZONE tz) % 86400000000) + 86400000000) % 86400000000) // 1000000 AS BIGINT)",
		}}},
		{"report_date", "the date in the reporting zone at an instant", []Overload{{"ts TIMESTAMPTZ", "CAST(ts AT TIME ZONE " + literal(zone) + " AS DATE)"}}},
		{"iso_dow", "the weekday, Monday 1 to Sunday 7", []Overload{{"d DATE", "CAST(isodow(d) AS INTEGER)"}}},
		{"rx_like", "whether a part of s matches the regular expression p", []Overload{{"s VARCHAR, p VARCHAR", "regexp_matches(s, p)"}}},
		{"list_join", "the values of a list in ascending order with sep between them, nulls left out", []Overload{{"l, sep", "array_to_string(list_sort(l), sep)"}}},
		{"ym", "year and month as 2026-03", []Overload{{"d DATE", "strftime(d, '%Y-%m')"}}},
		{"dbl_money", "a double as money, by the shortest decimal that stands for it, half away from zero", []Overload{{
			"x DOUBLE", "CAST(CAST(CAST(x AS VARCHAR) AS " + exact + ") AS DECIMAL(18,2))",
		}}},
		{"money_mul", "a times b as money: exact, then two places, half away from zero", []Overload{{
			"a DECIMAL(38,9), b DECIMAL(38,9)", "CAST(a * b AS DECIMAL(18,2))",
		}}},
		{"money_div", "a by b as money: exact, then two places, half away from zero; null when b is 0", []Overload{{
			"a DECIMAL(38,9), b DECIMAL(38,9)", moneyDiv,
		}}},
		{"money_share", "a times part by whole as money: exact, then two places, half away from zero", []Overload{{
			"a DECIMAL(18,2), part DECIMAL(18,6), whole DECIMAL(18,6)", "money_div(CAST(a AS DECIMAL(38,9)) * CAST(part AS DECIMAL(18,6)), whole)",
		}}},
		{"whole_div", "how often b goes into a, rounded down, exact for whole numbers of any size", []Overload{{
			"a DECIMAL(38,0), b DECIMAL(38,0)",
			"CAST(CASE WHEN (a < 0) <> (b < 0) AND CAST(a AS HUGEINT) % CAST(b AS HUGEINT) <> 0 THEN CAST(a AS HUGEINT) // CAST(b AS HUGEINT) - 1 ELSE CAST(a AS HUGEINT) // CAST(b AS HUGEINT) END AS DECIMAL(38,0))",
		}}},
		{"rate_div", "a by b, both positive, as a rate of 15 places, cut off", []Overload{{
			"a DECIMAL(38,9), b DECIMAL(38,9)",
			"CAST(CAST((CAST(a * 1000000000 AS HUGEINT) * 1000000000000000) // nullif(CAST(b * 1000000000 AS HUGEINT), 0) AS DECIMAL(38,0)) * 0.000000000000001 AS DECIMAL(38,15))",
		}}},
		{"money_round", "a decimal as money: two places, half away from zero", []Overload{{"x " + exact, "CAST(x AS DECIMAL(18,2))"}}},
	}
}

// moneyDiv counts hundredths in whole numbers: (2·100·|a| + |b|) // (2·|b|), the sign apart.
const moneyDiv = `CAST(
  CAST((200 * abs(CAST(a * 1000000000 AS HUGEINT)) + abs(CAST(b * 1000000000 AS HUGEINT))) // nullif(2 * abs(CAST(b * 1000000000 AS HUGEINT)), 0) AS DECIMAL(36,0))
  * (CASE WHEN (a < 0) <> (b < 0) THEN -0.01 ELSE 0.01 END) AS DECIMAL(18,2))`

// dateSpine is the one table function: the days from a on, before b.
const dateSpine = "CREATE OR REPLACE MACRO date_spine(a DATE, b DATE) AS TABLE SELECT CAST(d.day AS DATE) AS day FROM range(a, b, INTERVAL 1 DAY) AS d(day)"

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

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
