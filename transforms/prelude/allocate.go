package prelude

// allocation are the functions that durations and accruals need beyond the portable dozen.
func allocation() []Macro {
	const micros = "(epoch_us(CAST(b AS TIMESTAMPTZ)) - epoch_us(CAST(a AS TIMESTAMPTZ)))"
	return []Macro{
		{"seconds_between", "whole seconds from a to b: durations are kept in seconds (metrics.md 3.0 no 3)", []Overload{{
			"a, b", "CAST((" + micros + " - ((" + micros + " % 1000000 + 1000000) % 1000000)) // 1000000 AS BIGINT)",
		}}},
		{"add_seconds", "the instant n seconds after ts", []Overload{{"ts, n", "CAST(ts AS TIMESTAMPTZ) + to_seconds(CAST(n AS BIGINT))"}}},
		{"money_share", "a times part by whole as money: exact, then two places, half away from zero", []Overload{{
			"a, part, whole", moneyShare(),
		}}},
		{"whole_div", "how often b goes into a, both whole numbers and b positive, rounded down", []Overload{{
			"a, b", "CAST(CASE WHEN a < 0 THEN -((-CAST(a AS HUGEINT) + CAST(b AS HUGEINT) - 1) // CAST(b AS HUGEINT)) ELSE CAST(a AS HUGEINT) // CAST(b AS HUGEINT) END AS DECIMAL(38,0))",
		}}},
		{"rate_div", "a by b, both positive, as a rate of 15 places, cut off", []Overload{{
			"a, b", rateDiv(),
		}}},
	}
}
