package staging

import (
	"fmt"
	"regexp"
	"strings"
)

func readInteger(r *reading, spec Field, in string) {
	number, form := numberText(r, spec, in)
	value := fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '[+-]?[0-9]+(\\.0*)?') THEN TRY_CAST(%[1]s AS BIGINT) END", number)
	r.add(2, fieldColumn(r.field.Name), value)
	r.failures = append(r.failures, failure{
		when: unread(in, fieldColumn(r.field.Name)),
		rule: fmt.Sprintf("CASE WHEN regexp_full_match(%s, '[+-]?[0-9]+(\\.0*)?') THEN %s ELSE %s END", number, text(ruleOverflow), text(ruleNotInteger)),
	})
	r.expected = "a whole number" + form
}

// readDecimal reads a number exactly: what the column's scale cannot hold is quarantined, unless the map says to round.
func (m *mapCompiler) readDecimal(r *reading, spec Field, in, srcType string) {
	f := r.field
	number, form := numberText(r, spec, in)
	value, scale := fieldColumn(f.Name), f.Scale
	anyNumber := plainNumber
	if srcType == "DOUBLE" || srcType == "FLOAT" || spec.Decimal != nil && spec.Decimal.Exponent {
		anyNumber += "([eE][+-]?[0-9]+)?"
		number = withoutExponent(number)
	}
	factor, shift := "", 0
	switch {
	case spec.MinorUnits != nil:
		currency := m.minorCurrency(spec)
		factor = minorFactor(currency)
		scale, form = 0, " in minor units"
		r.failures = append(r.failures, failure{when: fmt.Sprintf("%s IS NOT NULL AND (%s) IS NULL", in, factor), rule: text(ruleUnknownMoney)})
	case spec.Percent.Value == "fraction":
		factor, shift = "CAST(100 AS DECIMAL(3,0))", 2
	}
	fits := exactNumber(scale + shift)
	if spec.Round {
		fits = plainNumber
	}
	expr := fmt.Sprintf("TRY_CAST(%s AS %s)", number, f.Type)
	if factor != "" {
		expr = fmt.Sprintf("TRY_CAST(TRY_CAST(%s AS DECIMAL(%d,%d)) * %s AS %s)", number, 28+shift, scale+shift, factor, f.Type)
	}
	r.add(2, value, fmt.Sprintf("CASE WHEN regexp_full_match(%s, '%s') THEN %s END", number, fits, expr))
	r.failures = append(r.failures, failure{
		when: unread(in, value),
		rule: fmt.Sprintf("staging.not_a_decimal(%[1]s, '%[2]s', TRY_CAST(%[1]s AS %[3]s))", number, anyNumber, f.Type),
	})
	if spec.Decimal == nil {
		form += " like 1234.50; decimal: gives other forms"
	}
	r.expected = fmt.Sprintf("a number%s that fits %s; round: true shortens longer ones", form, f.Type)
}

const plainNumber = `[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)`

// withoutExponent writes 1.5e-2 as 0.015, digit by digit. What has digits past the eighteenth decimal keeps its exponent, so that it
// is set aside and not taken for nothing.
func withoutExponent(number string) string {
	wide := fmt.Sprintf("TRY_CAST(%s AS DECIMAL(38,18))", number)
	return fmt.Sprintf("CASE WHEN %[1]s LIKE '%%e%%' OR %[1]s LIKE '%%E%%' THEN CASE WHEN %[2]s <> 0 OR NOT regexp_matches(%[1]s, '[1-9].*[eE]') THEN CAST(%[2]s AS VARCHAR) ELSE %[1]s END ELSE %[1]s END", number, wide)
}

// exactNumber matches the numbers that a scale holds without rounding.
func exactNumber(scale int) string {
	if scale == 0 {
		return `[+-]?[0-9]+(\.0*)?`
	}
	return fmt.Sprintf(`[+-]?([0-9]+(\.[0-9]{0,%[1]d}0*)?|\.[0-9]{1,%[1]d}0*)`, scale)
}

// numberText gives the expression of the number in plain form (sign, digits, point), and what people should have written. A text
// that does not have the form the map declares keeps it, so that no rule of numbers matches it.
func numberText(r *reading, spec Field, in string) (expr, form string) {
	if spec.Percent.Value == "text" {
		in = fmt.Sprintf("regexp_replace(%s, '\\s*%%$', '')", in)
		form = " in percent"
	}
	d := spec.Decimal
	if d == nil {
		if spec.Percent.Value == "text" {
			r.add(1, innerColumn(r.field.Name), in)
			return innerColumn(r.field.Name), form
		}
		return in, form
	}
	point := d.Point
	if point == "" {
		point = "."
	}
	if len(d.Strip) > 0 {
		signs := alternatives(d.Strip)
		in = fmt.Sprintf(`regexp_replace(regexp_replace(%s, '^([+(-]?)\s*(?:%s)\s*', '\1'), '\s*(?:%s)(\)?)$', '\1')`, in, signs, signs)
	}
	body := numberBody(d.Thousands, point)
	pattern := "[+-]?" + body
	switch d.Negative.Value {
	case "trailing":
		pattern = body + "[+-]?"
	case "parentheses":
		pattern = `[+-]?` + body + `|\(` + body + `\)`
	}
	if d.Exponent {
		pattern = "(?:" + pattern + ")(?:[eE][+-]?[0-9]+)?"
	}
	plain := in
	for _, t := range thousandsSigns(d.Thousands) {
		plain = fmt.Sprintf("replace(%s, %s, '')", plain, text(t))
	}
	if point != "." {
		plain = fmt.Sprintf("replace(%s, %s, '.')", plain, text(point))
	}
	switch d.Negative.Value {
	case "trailing":
		plain = fmt.Sprintf(`regexp_replace(%s, '^(.*)([+-])$', '\2\1')`, plain)
	case "parentheses":
		plain = fmt.Sprintf(`regexp_replace(%s, '^\((.*)\)$', '-\1')`, plain)
	}
	// The mark keeps a text of another form from looking like a number: 1.234 where the point is a comma.
	r.add(1, innerColumn(r.field.Name), fmt.Sprintf("CASE WHEN regexp_full_match(%s, %s) THEN %s ELSE 'x' || %s END", in, text(pattern), plain, in))
	return innerColumn(r.field.Name), form + " like " + numberExample(d.Thousands, point)
}

func numberBody(thousands, point string) string {
	whole := "[0-9]+"
	if signs := thousandsSigns(thousands); len(signs) > 0 {
		whole = fmt.Sprintf("(?:[0-9]{1,3}(?:(?:%s)[0-9]{3})+|[0-9]+)", alternatives(signs))
	}
	return fmt.Sprintf("(?:%[1]s(?:%[2]s[0-9]*)?|%[2]s[0-9]+)", whole, regexp.QuoteMeta(point))
}

// thousandsSigns: a space in an export is often one of the two that do not break.
func thousandsSigns(sign string) []string {
	switch sign {
	case "":
		return nil
	case " ":
		return []string{" ", "\u00a0", "\u202f"}
	case "'":
		return []string{"'", "\u2019"}
	}
	return []string{sign}
}

func numberExample(thousands, point string) string { return "1" + thousands + "234" + point + "50" }

func alternatives(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = regexp.QuoteMeta(s)
	}
	return strings.Join(quoted, "|")
}

// minorFactor is what a number of minor units is multiplied by, null for a currency that nobody knows.
func minorFactor(currency string) string {
	byExponent := map[int][]string{}
	for code, e := range exponents() {
		byExponent[e] = append(byExponent[e], code)
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, e := range []int{2, 0, 3, 4} {
		one := "1." + strings.Repeat("0", 4)
		if e > 0 {
			one = "0." + strings.Repeat("0", e-1) + "1" + strings.Repeat("0", 4-e)
		}
		fmt.Fprintf(&b, " WHEN %s IN (%s) THEN CAST(%s AS DECIMAL(5,4))", currency, textList(sorted(byExponent[e])), one)
	}
	b.WriteString(" END")
	return b.String()
}
