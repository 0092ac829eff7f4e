package staging

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// Texts of dates and times that mean one thing only.
const (
	isoWall   = `[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?`
	isoOffset = `[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)`
	// isoLoose also takes an offset without seconds before it, after a space, as z or as UTC.
	isoLoose  = `([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})[T ]([0-9]{1,2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)? ?(Z|z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)`
	ambiguous = `[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{2,4}(?:[T ].*)?`
)

// wall and instant of a text: at most one of the two is not null.
type moment struct{ wall, at string }

// readTime reads a date or an instant: the text gives a wall time, or an instant when it has an offset; a wall time is of the
// field's zone, the map's, or the reporting zone.
func (m *mapCompiler) readTime(r *reading, spec Field, in string) {
	if spec.Epoch.Value != "" {
		m.readEpoch(r, spec, in)
		return
	}
	formats := spec.Date
	texts := make([]string, 0, len(formats))
	var found moment
	for _, f := range formats {
		found = found.or(formatMoment(in, f.Value))
		texts = append(texts, f.Value)
	}
	notRule := text(ruleNotDate)
	if len(formats) == 0 {
		found = isoMoment(in)
		texts = []string{"2026-03-31 or 2026-03-31T17:05:00Z"}
		notRule = fmt.Sprintf("CASE WHEN regexp_full_match(%s, '%s') THEN %s ELSE %s END", in, ambiguous, text(ruleAmbiguousDate), text(ruleNotDate))
	}
	r.expected = "a date like " + strings.Join(texts, " or ") + "; date: gives other formats"
	m.finishTime(r, spec, in, found, notRule)
}

func (a moment) or(b moment) moment {
	join := func(x, y string) string {
		switch {
		case x == "" || y == "":
			return x + y
		}
		return "coalesce(" + x + ", " + y + ")"
	}
	return moment{join(a.wall, b.wall), join(a.at, b.at)}
}

func isoMoment(in string) moment {
	padded := fmt.Sprintf(`regexp_replace(%s, '^%s$', '\1T\2\3\4')`, in, isoLoose)
	loose := fmt.Sprintf(`regexp_replace(replace(replace(%s, 'UTC', 'Z'), 'z', 'Z'), '^(.{10}T[0-9]{1,2}:[0-9]{2})(Z|[+-].*)$', '\1:00\2')`, padded)
	return moment{
		wall: fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '%[2]s') THEN TRY_CAST(%[1]s AS TIMESTAMP) END", in, isoWall),
		at: fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '%[2]s') THEN TRY_CAST(%[1]s AS TIMESTAMPTZ) WHEN regexp_full_match(%[1]s, '%[3]s') THEN TRY_CAST(%[4]s AS TIMESTAMPTZ) END",
			in, isoOffset, isoLoose, loose),
	}
}

var offsetDirective = regexp.MustCompile(`%[zZ]`)

// unseparated finds two numbers of a format with nothing between them, whose widths the parser would guess.
var unseparated = regexp.MustCompile(`%[-]?[YmdHMSyIjf]%[-]?[YmdHMSyIjf]`)

func formatMoment(in, format string) moment {
	if format == "iso" {
		return isoMoment(in)
	}
	parsed := fmt.Sprintf("try_strptime(%s, %s)", in, text(format))
	if unseparated.MatchString(format) {
		parsed = fmt.Sprintf("CASE WHEN strftime(%[1]s, %[2]s) = %[3]s THEN %[1]s END", parsed, text(format), in)
	}
	if offsetDirective.MatchString(format) {
		return moment{at: parsed}
	}
	return moment{wall: parsed}
}

// finishTime turns wall time or instant into the field's value.
func (m *mapCompiler) finishTime(r *reading, spec Field, shown string, found moment, notRule string) {
	name, value := r.field.Name, fieldColumn(r.field.Name)
	wall, at := "CAST(NULL AS TIMESTAMP)", "CAST(NULL AS TIMESTAMPTZ)"
	if found.wall != "" {
		r.add(1, innerColumn(name), found.wall)
		wall = plausible(innerColumn(name), "TIMESTAMP")
	}
	if found.at != "" {
		r.add(1, atColumn(name), found.at)
		at = plausible(atColumn(name), "TIMESTAMPTZ")
	}
	unread := wall + " IS NULL"
	if spec.InclusiveEnd {
		wall = fmt.Sprintf("CASE WHEN CAST(%[1]s AS TIME) = TIME '00:00:00' OR CAST(%[1]s AS TIME) >= TIME '23:59:00' THEN date_trunc('day', %[1]s) + INTERVAL 1 DAY ELSE %[1]s END", wall)
	}
	zone := m.zone(spec)
	missing := fmt.Sprintf("%s IS NOT NULL AND %s IS NULL", shown, value)
	if r.field.Kind == schemas.Date {
		expr := fmt.Sprintf("CAST(%s AS DATE)", wall)
		if found.at != "" {
			expr = fmt.Sprintf("coalesce(%s, CAST(%s AS DATE))", expr, zone.local(at))
		}
		r.add(2, value, expr)
		r.failures = append(r.failures, failure{when: missing, rule: notRule})
		return
	}
	expr := zone.instant(wall)
	switch {
	case found.at != "" && found.wall != "":
		expr = fmt.Sprintf("coalesce(%s, %s)", at, expr)
	case found.at != "":
		expr = at
	}
	r.add(2, value, expr)
	rule := notRule
	if found.wall != "" {
		rule = fmt.Sprintf("CASE WHEN %s THEN %s %sELSE %s END", unread, notRule, zone.unknown(), text(ruleNonexistent))
	}
	r.failures = append(r.failures, failure{when: missing, rule: rule})
}

// plausible refuses a year that can only come from a two-digit year read with four.
func plausible(column, typ string) string {
	return fmt.Sprintf("CASE WHEN %[1]s >= %[2]s '1000-01-01 00:00:00' AND %[1]s < %[2]s '10000-01-01 00:00:00' THEN %[1]s END", column, typ)
}

func (m *mapCompiler) readEpoch(r *reading, spec Field, in string) {
	name, value := r.field.Name, fieldColumn(r.field.Name)
	digits := map[string]int{"s": 6, "ms": 3, "us": 0}[spec.Epoch.Value]
	micros := fmt.Sprintf("CAST(CAST(%s AS DECIMAL(30,%d)) * %d AS BIGINT)", in, digits, pow10(digits))
	limit := fmt.Sprintf(`[+-]?[0-9]{1,%d}`, 18-digits)
	if digits > 0 {
		limit += fmt.Sprintf(`(?:\.[0-9]{0,%d}0*)?`, digits)
	}
	r.add(1, innerColumn(name), fmt.Sprintf("CASE WHEN regexp_full_match(%s, '%s') THEN %s END", in, limit, micros))
	// Years past 9999 are seconds read from milliseconds.
	at := fmt.Sprintf("CASE WHEN abs(%[1]s) < 253402300800000000 THEN timezone('UTC', make_timestamp(%[1]s)) END", innerColumn(name))
	if r.field.Kind == schemas.Date {
		at = fmt.Sprintf("CAST(%s AS DATE)", m.zone(spec).local(at))
	}
	r.add(2, value, at)
	r.fail(ruleNotDate, fmt.Sprintf("%s IS NOT NULL AND %s IS NULL", in, value))
	r.expected = map[string]string{"s": "seconds", "ms": "milliseconds", "us": "microseconds"}[spec.Epoch.Value] + " since 1970"
}

func pow10(n int) int {
	out := 1
	for range n {
		out *= 10
	}
	return out
}

// zoneSQL converts between wall times of a zone and instants: of one zone, or of the zone that a column names.
type zoneSQL struct {
	name   string
	column string
	known  []string // zones that the column names in the data
}

func (z zoneSQL) instant(wall string) string {
	if z.column == "" {
		return fmt.Sprintf("%s(%s)", zoneMacroName(z.name), wall)
	}
	return z.cases(func(zone string) string { return fmt.Sprintf("%s(%s)", zoneMacroName(zone), wall) }, "CAST(NULL AS TIMESTAMPTZ)")
}

func (z zoneSQL) local(at string) string {
	if z.column == "" {
		return fmt.Sprintf("timezone(%s, %s)", text(z.name), at)
	}
	return z.cases(func(zone string) string { return fmt.Sprintf("timezone(%s, %s)", text(zone), at) }, "CAST(NULL AS TIMESTAMP)")
}

// cases keeps the zone a constant in each branch: a zone per row is many times slower.
func (z zoneSQL) cases(of func(zone string) string, null string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CASE %s", z.column)
	for _, zone := range z.known {
		fmt.Fprintf(&b, " WHEN %s THEN %s", text(zone), of(zone))
	}
	fmt.Fprintf(&b, " ELSE %s END", null)
	if len(z.known) == 0 {
		return null
	}
	return b.String()
}

// unknown is the branch of the rule for a zone that nobody knows.
func (z zoneSQL) unknown() string {
	switch {
	case z.column == "":
		return ""
	case len(z.known) == 0:
		return fmt.Sprintf("WHEN true THEN %s ", text(ruleUnknownZone))
	}
	return fmt.Sprintf("WHEN %[1]s IS NULL OR %[1]s NOT IN (%[2]s) THEN %[3]s ", z.column, textList(z.known), text(ruleUnknownZone))
}
