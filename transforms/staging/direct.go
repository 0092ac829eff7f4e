package staging

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/tributary-data/tributary/schemas"
)

// directValue takes a value that already has the field's kind, as Parquet columns and expressions have, without going through text.
func (m *mapCompiler) directValue(r *reading, spec Field, f schemas.Field, src, srcType string) bool {
	if spec.hasTextOptions() {
		return false
	}
	value := fieldColumn(f.Name)
	precision, scale, isDecimal := integerSize(srcType)
	switch {
	case f.Kind == schemas.Bool && srcType == "BOOLEAN":
		r.add(2, value, src)
	case f.Kind == schemas.Int && srcType == "BIGINT", f.Kind == schemas.Int && srcType == "INTEGER":
		r.add(2, value, "CAST("+src+" AS BIGINT)")
	case f.Kind == schemas.Decimal && isDecimal:
		exactDecimal(r, spec, f, src, precision, scale)
	case f.Kind == schemas.Instant && srcType == "TIMESTAMP WITH TIME ZONE":
		r.add(2, value, src)
	case f.Kind == schemas.Instant && (srcType == "TIMESTAMP" || srcType == "DATE"):
		m.finishTime(r, spec, "", moment{wall: "CAST(" + src + " AS TIMESTAMP)"}, text(ruleNotDate))
	case f.Kind == schemas.Date && (srcType == "DATE" || srcType == "TIMESTAMP"):
		m.finishTime(r, spec, "", moment{wall: "CAST(" + src + " AS TIMESTAMP)"}, text(ruleNotDate))
	case f.Kind == schemas.Date && srcType == "TIMESTAMP WITH TIME ZONE":
		m.finishTime(r, spec, "", moment{at: src}, text(ruleNotDate))
	default:
		return false
	}
	r.shown = "CAST(" + src + " AS VARCHAR)"
	return true
}

// exactDecimal casts a number of another size; what does not fit is quarantined, not rounded.
func exactDecimal(r *reading, spec Field, f schemas.Field, src string, precision, scale int) {
	value := fieldColumn(f.Name)
	cast := fmt.Sprintf("TRY_CAST(%s AS %s)", src, f.Type)
	r.expected = f.Type + "; round: true rounds longer ones"
	if spec.Round || scale <= f.Scale {
		r.add(2, value, cast)
		if precision-scale > f.Precision-f.Scale {
			r.fail(ruleOverflow, fmt.Sprintf("%s IS NOT NULL AND %s IS NULL", src, value))
		}
		return
	}
	r.add(2, value, fmt.Sprintf("CASE WHEN %[2]s = %[1]s THEN %[2]s END", src, cast))
	r.failures = append(r.failures, failure{
		when: fmt.Sprintf("%s IS NOT NULL AND %s IS NULL", src, value),
		rule: fmt.Sprintf("CASE WHEN %s IS NULL THEN %s ELSE %s END", cast, text(ruleOverflow), text(ruleTooPrecise)),
	})
}

// integerSize is decimalSize that also knows the integer types.
func integerSize(typ string) (precision, scale int, ok bool) {
	switch typ {
	case "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT":
		return 10, 0, true
	case "BIGINT", "UINTEGER", "UBIGINT":
		return 20, 0, true
	case "HUGEINT", "UHUGEINT":
		return 39, 0, true
	}
	return decimalSize(typ)
}

// hasTextOptions reports whether the field asks for its text to be read in some way.
func (f Field) hasTextOptions() bool {
	return f.JSON.Value != "" || f.Trim != nil || f.Null != nil || f.Default != nil || f.Values != nil || len(f.Date) > 0 || f.Epoch.Value != "" ||
		f.Decimal != nil || f.MinorUnits != nil || f.Percent.Value != "" || f.Boolean != nil || f.Pad != nil || f.StripZeros
}

func decimalSize(typ string) (precision, scale int, ok bool) {
	m := regexp.MustCompile(`^DECIMAL\((\d+),(\d+)\)$`).FindStringSubmatch(typ)
	if m == nil {
		return 0, 0, false
	}
	precision, _ = strconv.Atoi(m[1])
	scale, _ = strconv.Atoi(m[2])
	return precision, scale, true
}
