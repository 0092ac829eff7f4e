package prelude

import "strings"

// moneyMul multiplies billionths in whole numbers: 18 places, of which 16 are rounded away. DuckDB's own decimals would overflow at 18
// digits, or spend microseconds a row on 128-bit casts.
func moneyMul() string {
	return exact{"money_mul", []argument{{"a", 9}, {"b", 9}}}.money(
		"(" + billionths("a") + " * " + billionths("b") + " + 5000000000000000) // 10000000000000000")
}

// moneyDiv counts hundredths in whole numbers: (2·100·|a| + |b|) // (2·|b|), the sign apart.
func moneyDiv() string {
	return exact{"money_div", []argument{{"a", 9}, {"b", 9}}}.money(
		"(200 * " + billionths("a") + " + " + billionths("b") + ") // nullif(2 * " + billionths("b") + ", 0)")
}

// moneyShare is a·part/whole with a in ten-thousandths, so that the product of two large amounts still fits 38 digits.
func moneyShare() string {
	whole := "100 * " + billionths("whole")
	return exact{"money_share", []argument{{"a", 4}, {"part", 9}, {"whole", 9}}}.money(
		"(2 * " + scaled("a", 4) + " * " + billionths("part") + " + " + whole + ") // nullif(2 * " + whole + ", 0)")
}

// billionths is |x| · 10⁹ as HUGEINT.
func billionths(x string) string { return scaled(x, 9) }

// scaled is |x| as a whole number of units of so many places. The parts before and after the point go apart, because casts of 64-bit
// decimals are a hundred times as fast as those of 128 bits.
func scaled(x string, places int) string {
	unit := "1" + strings.Repeat("0", places)
	fraction := "CAST(abs(" + x + ") - trunc(abs(" + x + ")) AS DECIMAL(18," + digits(places) + "))"
	return "(CAST(trunc(abs(" + x + ")) AS HUGEINT) * " + unit + " + CAST(" + fraction + " * " + unit + " AS HUGEINT))"
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
// refusals away when it plans, so they cost nothing.
func (e exact) money(hundredths string) string {
	var refusals strings.Builder
	negative := "false"
	for _, arg := range e.args {
		refusals.WriteString(" WHEN typeof(" + arg.name + ") IN ('DOUBLE', 'FLOAT') THEN " + refuse(e.name, "a DOUBLE") +
			" WHEN regexp_matches(typeof(" + arg.name + "), '" + tooFine(arg.places) + "') THEN " + refuse(e.name, "a DECIMAL of more than "+digits(arg.places)+" places"))
		negative = "(" + negative + " <> (" + arg.name + " < 0))"
	}
	return "CASE" + refusals.String() + " ELSE CAST(CAST(" + hundredths + " AS DECIMAL(18,0)) * (CASE WHEN " + negative + " THEN -0.01 ELSE 0.01 END) AS DECIMAL(18,2)) END"
}

// moneyRound needs no whole numbers: DuckDB's round of a decimal is exact and half away from zero.
func moneyRound() string {
	return "CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN " + refuse("money_round", "a DOUBLE") + " ELSE CAST(round(x, 2) AS DECIMAL(18,2)) END"
}

func refuse(name, what string) string {
	return "error('" + name + ": an argument is " + what + ": cast it to a DECIMAL where its value is still exact')"
}

// tooFine matches the name of a DECIMAL type of more places.
func tooFine(places int) string {
	if places == 9 {
		return `,[123][0-9]\)$`
	}
	return ",([" + digits(places+1) + `-9]|[123][0-9])\)$`
}

func digits(n int) string { return string(rune('0' + n)) }
