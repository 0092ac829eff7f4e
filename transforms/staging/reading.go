package staging

import (
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// Rules under which a row goes to the quarantine. Each names what is wrong with one field.
const (
	ruleRequired      = "required"
	ruleKey           = "missing_key"
	ruleNotAccepted   = "not_accepted"
	ruleOutOfRange    = "out_of_range"
	ruleUnmapped      = "unmapped_value"
	ruleNotDecimal    = "not_a_decimal"
	ruleTooPrecise    = "too_precise"
	ruleOverflow      = "overflow"
	ruleNotInteger    = "not_an_integer"
	ruleNotBoolean    = "not_a_boolean"
	ruleNotDate       = "not_a_date"
	ruleAmbiguousDate = "ambiguous_date"
	ruleNonexistent   = "nonexistent_local_time"
	ruleUnknownZone   = "unknown_zone"
	ruleUnknownMoney  = "unknown_currency"
	ruleNotList       = "not_a_list"
)

// failure is a condition under which a row is quarantined, and the SQL expression that names the rule.
type failure struct {
	when string
	rule string
}

// reading is the SQL by which one field's value is made, in layers: each may use the columns of those before it.
type reading struct {
	field    schemas.Field
	layers   [3][]namedExpr // text and value map · wall time or number · typed value
	failures []failure
	drop     string // condition under which the row is no row of this map
	shown    string // expression of the text that the quarantine shows
	expected string // what would have been right, for people
}

type namedExpr struct{ name, expr string }

// Columns of the layers are named by what they hold and the field; the names cannot be met in a source.
func textColumn(f string) string  { return ident("text." + f) }
func innerColumn(f string) string { return ident("inner." + f) }
func fieldColumn(f string) string { return ident("field." + f) }

func (r *reading) add(layer int, column, expr string) {
	r.layers[layer] = append(r.layers[layer], namedExpr{column, expr})
}

func (r *reading) fail(rule, when string) {
	r.failures = append(r.failures, failure{when: when, rule: text(rule)})
}

// readField says how an expression of a known DuckDB type becomes the field's value.
func (m *mapCompiler) readField(spec Field, f schemas.Field, src, srcType string) *reading {
	r := &reading{field: f}
	name := f.Name
	if direct := m.directValue(r, spec, f, src, srcType); !direct {
		m.readText(r, spec, f, src, srcType)
	}
	value := fieldColumn(name)
	if f.Required && f.NullAs == nil {
		rule := ruleRequired
		if f.Key > 0 {
			rule = ruleKey
		}
		r.fail(rule, value+" IS NULL")
	}
	if len(f.Accepted) > 0 {
		r.fail(ruleNotAccepted, noneOf(value, f.Accepted))
		r.expected = "one of " + strings.Join(f.Accepted, ", ")
	}
	if f.Limit != nil && !f.Limit.Keep {
		r.fail(ruleOutOfRange, outOfRange(value, f.Limit))
		r.expected = f.Type + " " + f.Limit.String()
	}
	return r
}

// readText reads a value through its text: nulls, value map, then the type's own rules.
func (m *mapCompiler) readText(r *reading, spec Field, f schemas.Field, src, srcType string) {
	t := textOf(src, srcType)
	if spec.JSON.Value != "" {
		t = fmt.Sprintf("json_extract_string(staging.exact_json(%s), %s)", t, text(spec.JSON.Value))
	}
	switch {
	case spec.Trim != nil && *spec.Trim:
		t = "trim(" + t + ")"
	case spec.Trim == nil && f.Kind != schemas.Text:
		t = "staging.trimmed(" + t + ")"
	}
	t = nulled(t, spec.Null)
	if spec.StripZeros {
		t = fmt.Sprintf("regexp_replace(%s, '^0+([^0]|0$)', '\\1')", t)
	}
	if spec.Pad != nil {
		t = fmt.Sprintf("CASE WHEN length(%[1]s) < %[2]d THEN lpad(%[1]s, %[2]d, %[3]s) ELSE %[1]s END", t, spec.Pad.Width, text(spec.Pad.With))
	}
	in := textColumn(f.Name)
	r.add(0, in, t)
	r.shown = in
	if spec.Values != nil {
		in = m.mapValues(r, spec, f.Name, in)
	}
	if spec.Default != nil {
		in = fmt.Sprintf("coalesce(%s, %s)", in, text(spec.Default.Value))
	}
	switch f.Kind {
	case schemas.Bool:
		readBoolean(r, spec, in)
	case schemas.Int:
		readInteger(r, spec, in)
	case schemas.Decimal:
		m.readDecimal(r, spec, in, srcType)
	case schemas.Date, schemas.Instant:
		m.readTime(r, spec, in)
	default:
		r.add(2, fieldColumn(f.Name), withNullAs(f, in))
	}
}

func withNullAs(f schemas.Field, expr string) string {
	if f.NullAs == nil {
		return expr
	}
	return fmt.Sprintf("coalesce(%s, %s)", expr, text(*f.NullAs))
}

// textOf is the exact text of a value of any type that Parquet can bring.
func textOf(src, srcType string) string {
	switch {
	case srcType == "VARCHAR":
		return src
	case srcType == "DOUBLE" || srcType == "FLOAT":
		// Whole numbers that a tool wrote as doubles because some were missing: 17, not 17.0.
		return fmt.Sprintf("CASE WHEN %[1]s = trunc(%[1]s) AND abs(%[1]s) < 1e15 THEN CAST(CAST(%[1]s AS BIGINT) AS VARCHAR) ELSE CAST(%[1]s AS VARCHAR) END", src)
	case strings.HasPrefix(srcType, "STRUCT") || strings.HasPrefix(srcType, "MAP") || strings.HasSuffix(srcType, "]"):
		return fmt.Sprintf("CAST(to_json(%s) AS VARCHAR)", src)
	}
	return fmt.Sprintf("CAST(%s AS VARCHAR)", src)
}

// exactJSON puts the numbers of a JSON text into quotes, because DuckDB's JSON functions pass numbers through doubles. The control
// character that marks them cannot stand in a JSON text; a string that a rule matches whole keeps its own digits.
func exactJSON(t string) string {
	return fmt.Sprintf(`replace(replace(regexp_replace(%s, '("(?:[^"\\]|\\.)*")|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)', '\1' || chr(1) || '\2' || chr(1), 'g'), chr(1) || chr(1), ''), chr(1), '"')`, t)
}

// nulled turns the empty text, and the spellings the map names, into null.
func nulled(t string, spec *NullTexts) string {
	switch {
	case spec == nil:
		return "nullif(" + t + ", '')"
	case len(spec.List) == 0:
		return t
	}
	return fmt.Sprintf("CASE WHEN %s THEN %s END", noneOf(t, append([]string{""}, spec.List...)), t)
}

// noneOf is NOT IN written out: DuckDB makes a join of the list, which is slower than comparing with a few texts.
func noneOf(value string, list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = value + " <> " + text(s)
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// mapValues replaces a text by what the map says it stands for.
func (m *mapCompiler) mapValues(r *reading, spec Field, name, in string) string {
	key := in
	fold := func(s string) string { return s }
	if spec.IgnoreCase {
		key = "lower(" + in + ")"
		fold = strings.ToLower
	}
	var b strings.Builder
	var known []string
	forNull := "NULL"
	fmt.Fprintf(&b, "CASE")
	for _, p := range spec.Values.Pairs {
		to := "NULL"
		if p.To != nil {
			to = text(*p.To)
		}
		if p.From == "" {
			forNull = to
			continue
		}
		known = append(known, fold(p.From))
		fmt.Fprintf(&b, " WHEN %s = %s THEN %s", key, text(fold(p.From)), to)
	}
	fmt.Fprintf(&b, " WHEN %s IS NULL THEN %s", in, forNull)
	other := "false"
	if len(known) > 0 {
		other = noneOf(key, known)
	}
	do := Else{Do: elseQuarantine}
	if spec.Else != nil {
		do = *spec.Else
	}
	switch do.Do {
	case elseQuarantine:
		r.fail(ruleUnmapped, other)
		r.expected = "a value that the map's values name"
	case elseDrop:
		r.drop = other
	case elseKeep:
		fmt.Fprintf(&b, " ELSE %s", in)
	case elseValue:
		fmt.Fprintf(&b, " ELSE %s", text(do.Value))
	}
	b.WriteString(" END")
	r.add(1, ident("mapped."+name), b.String())
	return ident("mapped." + name)
}

func readBoolean(r *reading, spec Field, in string) {
	yes, no := []string{"true", "t", "yes", "y", "1"}, []string{"false", "f", "no", "n", "0"}
	if spec.Boolean != nil {
		yes, no = lowerAll(spec.Boolean.True), lowerAll(spec.Boolean.False)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CASE lower(%s)", in)
	for _, s := range yes {
		fmt.Fprintf(&b, " WHEN %s THEN true", text(s))
	}
	for _, s := range no {
		fmt.Fprintf(&b, " WHEN %s THEN false", text(s))
	}
	b.WriteString(" END")
	r.add(2, fieldColumn(r.field.Name), b.String())
	r.fail(ruleNotBoolean, unread(in, fieldColumn(r.field.Name)))
	r.expected = "one of " + strings.Join(append(append([]string{}, yes...), no...), ", ")
}

func outOfRange(value string, l *schemas.Limit) string {
	var parts []string
	for _, p := range []struct{ op, bound string }{{"<", l.Min}, {">", l.Max}, {"<=", l.MinExcl}, {">=", l.MaxExcl}} {
		if p.bound != "" {
			parts = append(parts, value+" "+p.op+" "+p.bound)
		}
	}
	return strings.Join(parts, " OR ")
}

func textList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = text(s)
	}
	return strings.Join(quoted, ", ")
}

func lowerAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}
