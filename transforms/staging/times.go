package staging

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Texts of dates and times that mean one thing only.
const (
	isoWall   = `[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?`
	isoOffset = `[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)`
	// isoLoose also takes an offset without seconds before it, after a space, as z or as UTC.
	isoLoose  = `([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})[T ]([0-9]{1,2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)? ?(Z|z|UTC|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)`
	ambiguous = `[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{2,4}(?:[T ].*)?`
)

// readers are the SQL functions that read texts; they stay in the warehouse, so that what tributary sql shows can be run there.
func readers() string {
	loose := fmt.Sprintf(`regexp_replace(replace(replace(regexp_replace(t, '^%s$', '\1T\2\3\4'), 'UTC', 'Z'), 'z', 'Z'), '^(.{10}T[0-9]{1,2}:[0-9]{2})(Z|[+-].*)$', '\1:00\2')`, isoLoose)
	var b strings.Builder
	for _, m := range []struct{ head, body string }{
		// trim costs ten times as much as looking whether there is anything to trim.
		{"trimmed(t)", "CASE WHEN starts_with(t, ' ') OR ends_with(t, ' ') THEN trim(t) ELSE t END"},
		{"iso_wall(t)", fmt.Sprintf("CASE WHEN regexp_full_match(t, '%s') THEN TRY_CAST(t AS TIMESTAMP) END", isoWall)},
		{"iso_loose(t)", fmt.Sprintf("CASE WHEN regexp_full_match(t, '%s') THEN TRY_CAST(%s AS TIMESTAMPTZ) END", isoLoose, loose)},
		{"iso_instant(t)", fmt.Sprintf("CASE WHEN regexp_full_match(t, '%s') THEN TRY_CAST(t AS TIMESTAMPTZ) ELSE staging.iso_loose(t) END", isoOffset)},
		{"exact_json(t)", exactJSON("t")},
		// A year that is not of four digits can only come from a two-digit year read with four.
		{"plausible(w)", "CASE WHEN w >= TIMESTAMP '1000-01-01' AND w < TIMESTAMP '10000-01-01' THEN w END"},
		{"plausible_instant(w)", "CASE WHEN w >= TIMESTAMPTZ '1000-01-01 00:00:00+00' AND w < TIMESTAMPTZ '10000-01-01 00:00:00+00' THEN w END"},
		{"inclusive_end(w)", "CASE WHEN CAST(w AS TIME) = TIME '00:00:00' OR CAST(w AS TIME) >= TIME '23:59:00' THEN date_trunc('day', w) + INTERVAL 1 DAY ELSE w END"},
		{"not_a_date(t)", fmt.Sprintf("CASE WHEN regexp_full_match(t, '%s') THEN '%s' ELSE '%s' END", ambiguous, ruleAmbiguousDate, ruleNotDate)},
		{"not_a_decimal(t, form, cast_value)", fmt.Sprintf("CASE WHEN NOT regexp_full_match(t, form) THEN '%s' WHEN cast_value IS NULL THEN '%s' ELSE '%s' END", ruleNotDecimal, ruleOverflow, ruleTooPrecise)},
	} {
		fmt.Fprintf(&b, "CREATE OR REPLACE MACRO staging.%s AS %s;\n", m.head, m.body)
	}
	return b.String()
}

// moment is how a text is read as a time: as a wall time, or as an instant where it has an offset. At most one of the two is not null.
type moment struct{ wall, at string }

// readTime reads a date or an instant: the text gives a wall time, or an instant when it has an offset; a wall time is of the
// field's zone, the map's, or the reporting zone.
func (m *mapCompiler) readTime(r *reading, spec Field, in string) {
	name, value := r.field.Name, fieldColumn(r.field.Name)
	zone := m.zone(spec)
	switch {
	case spec.Epoch.Value != "":
		m.readEpoch(r, spec, in)
		return
	case len(spec.Date) == 0 && !spec.InclusiveEnd && zone.column == "":
		// The usual case, in one function.
		r.add(2, value, zone.read(r.field.Kind, in))
		r.expected = expectedDate(nil)
		rule := fmt.Sprintf("CASE WHEN staging.iso_wall(%[1]s) IS NOT NULL THEN %[2]s ELSE staging.not_a_date(%[1]s) END", in, text(ruleNonexistent))
		r.failures = append(r.failures, failure{when: unread(in, value), rule: rule})
		return
	}
	formats := spec.Date
	notRule := text(ruleNotDate)
	if len(formats) == 0 {
		formats = []diag.Text{{Value: "iso"}}
		notRule = fmt.Sprintf("staging.not_a_date(%s)", in)
	}
	var found moment
	for _, f := range formats {
		found = found.or(formatMoment(in, f.Value))
	}
	if found.wall != "" {
		r.add(1, ident("wall."+name), found.wall)
		found.wall = fmt.Sprintf("staging.plausible(%s)", ident("wall."+name))
	}
	if found.at != "" {
		r.add(1, ident("at."+name), found.at)
		found.at = fmt.Sprintf("staging.plausible_instant(%s)", ident("at."+name))
	}
	r.expected = expectedDate(spec.Date)
	m.finishTime(r, spec, in, found, notRule)
}

func expectedDate(formats []diag.Text) string {
	if len(formats) == 0 {
		return "a date like 2026-03-31 or 2026-03-31T17:05:00Z; date: gives other formats"
	}
	texts := make([]string, len(formats))
	for i, f := range formats {
		texts[i] = f.Value
	}
	return "a date like " + strings.Join(texts, " or ")
}

// unread is the condition that there was a text and it could not be read.
func unread(in, value string) string {
	return fmt.Sprintf("%s IS NULL AND %s IS NOT NULL", value, in)
}

func (a moment) or(b moment) moment {
	join := func(x, y string) string {
		if x == "" || y == "" {
			return x + y
		}
		return "coalesce(" + x + ", " + y + ")"
	}
	return moment{join(a.wall, b.wall), join(a.at, b.at)}
}

var offsetDirective = regexp.MustCompile(`%[zZ]`)

// unseparated finds two numbers of a format with nothing between them, whose widths the parser would guess.
var unseparated = regexp.MustCompile(`%[-]?[YmdHMSyIjf]%[-]?[YmdHMSyIjf]`)

func formatMoment(in, format string) moment {
	if format == "iso" {
		return moment{wall: fmt.Sprintf("staging.iso_wall(%s)", in), at: fmt.Sprintf("staging.iso_instant(%s)", in)}
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
	value, zone := fieldColumn(r.field.Name), m.zone(spec)
	wall := found.wall
	if spec.InclusiveEnd && wall != "" {
		wall = fmt.Sprintf("staging.inclusive_end(%s)", wall)
	}
	var candidates []string
	if found.at != "" {
		at := found.at
		if r.field.Kind == schemas.Date {
			at = fmt.Sprintf("CAST(%s AS DATE)", zone.local(at))
		}
		candidates = append(candidates, at)
	}
	if wall != "" && r.field.Kind == schemas.Date {
		candidates = append(candidates, fmt.Sprintf("CAST(%s AS DATE)", wall))
	} else if wall != "" {
		candidates = append(candidates, zone.instant(wall))
	}
	expr := candidates[0]
	if len(candidates) > 1 {
		expr = "coalesce(" + strings.Join(candidates, ", ") + ")"
	}
	r.add(2, value, expr)
	rule := notRule
	if found.wall != "" && r.field.Kind == schemas.Instant {
		rule = fmt.Sprintf("CASE WHEN %s IS NULL THEN %s %sELSE %s END", found.wall, notRule, zone.unknown(), text(ruleNonexistent))
	}
	when := unread(shown, value)
	if shown == "" {
		when = fmt.Sprintf("%s IS NULL AND %s IS NOT NULL", value, strings.TrimSpace(found.wall+found.at))
	}
	r.failures = append(r.failures, failure{when: when, rule: rule})
}

func (m *mapCompiler) readEpoch(r *reading, spec Field, in string) {
	value, micros := fieldColumn(r.field.Name), ident("micros."+r.field.Name)
	digits := map[string]int{"s": 6, "ms": 3, "us": 0}[spec.Epoch.Value]
	number := fmt.Sprintf("CAST(CAST(%s AS DECIMAL(30,%d)) * %d AS BIGINT)", in, digits, pow10(digits))
	limit := fmt.Sprintf(`[+-]?[0-9]{1,%d}`, 18-digits)
	if digits > 0 {
		limit += fmt.Sprintf(`(?:\.[0-9]{0,%d}0*)?`, digits)
	}
	r.add(1, micros, fmt.Sprintf("CASE WHEN regexp_full_match(%s, '%s') THEN %s END", in, limit, number))
	// Years past 9999 are seconds read from milliseconds.
	at := fmt.Sprintf("CASE WHEN abs(%[1]s) < 253402300800000000 THEN make_timestamptz(%[1]s) END", micros)
	if r.field.Kind == schemas.Date {
		at = fmt.Sprintf("CAST(%s AS DATE)", m.zone(spec).local(at))
	}
	r.add(2, value, at)
	r.fail(ruleNotDate, unread(in, value))
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
	many   bool     // there are so many rows that a table of offsets pays
}

func (z zoneSQL) macro(zone string) string {
	if z.many {
		return zoneMacroName("utc_of_many_", zone)
	}
	return zoneMacroName("utc_", zone)
}

// read is the function that reads ISO texts of one zone.
func (z zoneSQL) read(kind schemas.Kind, in string) string {
	switch {
	case kind == schemas.Date:
		return fmt.Sprintf("%s(%s)", zoneMacroName("date_", z.name), in)
	case z.many:
		return fmt.Sprintf("%s(%s)", zoneMacroName("instant_of_many_", z.name), in)
	}
	return fmt.Sprintf("%s(%s)", zoneMacroName("instant_", z.name), in)
}

func (z zoneSQL) instant(wall string) string {
	if z.column == "" {
		return fmt.Sprintf("%s(%s)", z.macro(z.name), wall)
	}
	return z.cases(func(zone string) string { return fmt.Sprintf("%s(%s)", z.macro(zone), wall) }, "CAST(NULL AS TIMESTAMPTZ)")
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
