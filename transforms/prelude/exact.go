package prelude

import (
	"strconv"
	"strings"
)

// moneyMul multiplies billionths in whole numbers: 18 places, of which 16 are rounded away. DuckDB's own decimals would overflow at 18
// digits, or spend microseconds a row on 128-bit casts.
func moneyMul() string {
	return exact{"money_mul", []argument{{"a", 9}, {"b", 9}}}.money(
		"(abs(" + scaled("a", 9) + " * " + scaled("b", 9) + ") + 5000000000000000) // 10000000000000000")
}

// moneyDiv counts hundredths in whole numbers: (2·100·|a| + |b|) // (2·|b|), the sign apart.
func moneyDiv() string {
	b := "abs(" + scaled("b", 9) + ")"
	return exact{"money_div", []argument{{"a", 9}, {"b", 9}}}.money(
		"(200 * abs(" + scaled("a", 9) + ") + " + b + ") // nullif(2 * " + b + ", 0)")
}

// moneyShare is a·part/whole with a in ten-thousandths, so that the product of two large amounts still fits 38 digits.
func moneyShare() string {
	whole := "abs(" + scaled("whole", 9) + ")"
	return exact{"money_share", []argument{{"a", 4}, {"part", 9}, {"whole", 9}}}.money(
		"(2 * abs(" + scaled("a", 4) + " * " + scaled("part", 9) + ") + 100 * " + whole + ") // nullif(200 * " + whole + ", 0)")
}

// rateDiv keeps 15 places of a/b, both positive, and cuts off the rest.
func rateDiv() string {
	return "CAST(CAST((" + scaled("a", 9) + " * 1000000000000000) // nullif(" + scaled("b", 9) + ", 0) AS DECIMAL(38,0)) * 0.000000000000001 AS DECIMAL(38,15))"
}

// scaled is x as a whole number of units of so many places, as HUGEINT. The parts before and after the point go apart, because casts of
// 64-bit decimals are a hundred times as fast as those of 128 bits.
func scaled(x string, places int) string {
	unit := "1" + strings.Repeat("0", places)
	fraction := "CAST(" + x + " - trunc(" + x + ") AS DECIMAL(18," + strconv.Itoa(places) + "))"
	return "(CAST(trunc(" + x + ") AS HUGEINT) * " + unit + " + CAST(" + fraction + " * " + unit + " AS HUGEINT))"
}

// exact is a function whose arguments must be exact decimals.
type exact struct {
	name string
	args []argument
}

// argument has no more than so many places.
type argument struct {
	name   string
	places int
}

// money gives hundredths of |result| the sign of the arguments and two places, and refuses arguments that are not exact. DuckDB folds the
// refusal away when it plans, so that it costs nothing per row.
func (e exact) money(hundredths string) string {
	var types, wrong, limits []string
	negative := ""
	for _, arg := range e.args {
		if types != nil {
			types = append(types, "', '")
		}
		types = append(types, "'"+arg.name+" '", "typeof("+arg.name+")")
		wrong = append(wrong, arg.name+` (DOUBLE|FLOAT|DECIMAL\(\d+,`+finer(arg.places)+`\))`)
		limits = append(limits, arg.name+" "+strconv.Itoa(arg.places))
		if negative == "" {
			negative = "(" + arg.name + " < 0)"
		} else {
			negative = "(" + negative + " <> (" + arg.name + " < 0))"
		}
	}
	given := strings.Join(types, " || ")
	return "CASE WHEN regexp_matches(" + given + ", " + literal(strings.Join(wrong, "|")) + ") THEN error('" + e.name + " of ' || " + given +
		" || ': cast to a DECIMAL where the value is still exact; places at most: " + strings.Join(limits, ", ") + "')" +
		" ELSE CAST(CAST(" + hundredths + " AS DECIMAL(18,0)) * (CASE WHEN " + negative + " THEN -0.01 ELSE 0.01 END) AS DECIMAL(18,2)) END"
}

// finer matches a number of places above the limit.
func finer(places int) string {
	if places == 9 {
		return `\d\d`
	}
	return `([` + strconv.Itoa(places+1) + `-9]|\d\d)`
}

// moneyRound needs no whole numbers: DuckDB's round of a decimal is exact and half away from zero.
func moneyRound() string {
	return "CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN error('money_round of ' || typeof(x) || ': cast to a DECIMAL where the value is still exact') ELSE CAST(round(x, 2) AS DECIMAL(18,2)) END"
}
