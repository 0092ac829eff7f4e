package staging

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
)

// shape is how a column's values seem to be written.
type shape struct {
	options []string // of the map's field
	values  string   // a value map
	note    string
}

// shapeOf says how values would be read as a field's type; false when they cannot be.
func shapeOf(f schemas.Field, values []string) (shape, bool) {
	if len(values) == 0 {
		return shape{note: "no value seen"}, true
	}
	switch f.Kind {
	case schemas.Date, schemas.Instant:
		return timeShape(values)
	case schemas.Decimal, schemas.Int:
		return numberShape(f, values)
	case schemas.Bool:
		return booleanShape(values)
	default:
		return textShape(f, values)
	}
}

func all(values []string, pattern string) bool {
	re := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return !slices.ContainsFunc(values, func(v string) bool { return !re.MatchString(strings.TrimSpace(v)) })
}

func timeShape(values []string) (shape, bool) {
	switch {
	case all(values, isoWall+"|"+isoOffset+"|"+isoLoose):
		if all(values, isoOffset+"|"+isoLoose) || all(values, `.{10}`) {
			return shape{}, true
		}
		return shape{note: "times without a zone are of the reporting zone unless zone: names another"}, true
	case all(values, `1[0-9]{9}(\.[0-9]+)?`):
		return shape{options: []string{"epoch: s"}}, true
	case all(values, `1[0-9]{12}`):
		return shape{options: []string{"epoch: ms"}}, true
	case all(values, `[12][0-9]{7}`):
		return shape{options: []string{`date: "%Y%m%d"`}}, true
	}
	return separatedDates(values)
}

var dateParts = regexp.MustCompile(`^([0-9]{1,2})([-/.])([0-9]{1,2})([-/.])([0-9]{4}|[0-9]{2})(?:[ T]([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?( ?[AaPp][Mm])?)?$`)

// separatedDates tells day and month apart by values above 12.
func separatedDates(values []string) (shape, bool) {
	dayFirst, monthFirst := false, false
	forms := map[string]bool{}
	var order []string
	for _, v := range values {
		m := dateParts.FindStringSubmatch(strings.TrimSpace(v))
		if m == nil {
			return shape{}, false
		}
		first, _ := strconv.Atoi(m[1])
		second, _ := strconv.Atoi(m[3])
		dayFirst, monthFirst = dayFirst || first > 12, monthFirst || second > 12
		form := "A" + m[2] + "B" + m[4] + "%Y"
		if len(m[5]) == 2 {
			form = "A" + m[2] + "B" + m[4] + "%y"
		}
		if m[6] != "" {
			form += " %H:%M"
			if m[8] != "" {
				form = strings.Replace(form, "%H", "%I", 1)
			}
			if m[7] != "" {
				form += ":%S"
			}
			if m[8] != "" {
				form += strings.Replace(strings.ToUpper(m[8]), strings.TrimSpace(strings.ToUpper(m[8])), "%p", 1)
			}
		}
		if !forms[form] {
			forms[form] = true
			order = append(order, form)
		}
	}
	if dayFirst && monthFirst {
		return shape{}, false
	}
	day, month := "%d", "%m"
	note := ""
	switch {
	case monthFirst:
		day, month = month, day
	case !dayFirst:
		note = "DAY AND MONTH CANNOT BE TOLD APART in the values seen: check"
	}
	for i, form := range order {
		order[i] = strconv.Quote(strings.NewReplacer("A", day, "B", month).Replace(form))
	}
	return shape{options: []string{"date: [" + strings.Join(order, ", ") + "]"}, note: note}, true
}

func numberShape(f schemas.Field, values []string) (shape, bool) {
	const sign = `[+-]?`
	switch {
	case all(values, sign+`([0-9]+(\.[0-9]*)?|\.[0-9]+)`):
		return shape{}, true
	case f.Kind == schemas.Decimal && all(values, sign+`[0-9]+(\.[0-9]+)? ?%`):
		return shape{options: []string{"percent: text"}}, true
	}
	signs := currencySigns(values)
	bare := make([]string, len(values))
	for i, v := range values {
		for _, s := range signs {
			v = strings.ReplaceAll(v, s, "")
		}
		bare[i] = strings.TrimSpace(v)
	}
	var options []string
	for _, form := range []struct{ thousands, point string }{{"", "."}, {",", "."}, {".", ","}, {" ", ","}, {"'", "."}, {"", ","}} {
		if !all(bare, sign+numberBody(form.thousands, form.point)) {
			continue
		}
		if form.thousands != "" {
			options = append(options, "thousands: "+strconv.Quote(form.thousands))
		}
		if form.point != "." {
			options = append(options, "decimal: "+strconv.Quote(form.point))
		}
		if len(signs) > 0 {
			options = append(options, "strip: ["+strings.Join(quoteAll(signs), ", ")+"]")
		}
		s := shape{options: []string{"decimal: {" + strings.Join(options, ", ") + "}"}}
		if len(options) == 0 {
			s.options = nil
		}
		if all(bare, sign+`[0-9]{1,3}[.,][0-9]{3}`) {
			s.note = "THOUSANDS OR DECIMALS cannot be told apart in the values seen: check"
		}
		return s, true
	}
	return shape{}, false
}

func currencySigns(values []string) []string {
	re := regexp.MustCompile(`[€$£¥]|\b[A-Z]{3}\b`)
	var out []string
	for _, v := range values {
		for _, s := range re.FindAllString(v, -1) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func quoteAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return out
}

func booleanShape(values []string) (shape, bool) {
	if all(values, `(?i)true|false|t|f|yes|no|y|n|1|0`) {
		return shape{}, true
	}
	distinct := distinctOf(values)
	if len(distinct) == 2 {
		return shape{options: []string{fmt.Sprintf("boolean: {true: [%q], false: [%q]}", distinct[0], distinct[1])}, note: "WHICH IS TRUE is not known"}, true
	}
	return shape{}, false
}

func distinctOf(values []string) []string {
	out := slices.Clone(values)
	slices.Sort(out)
	return slices.Compact(out)
}

// textShape maps the values of a field that accepts only some to those that they are most like.
func textShape(f schemas.Field, values []string) (shape, bool) {
	distinct := distinctOf(values)
	if len(f.Accepted) == 0 || !slices.ContainsFunc(distinct, func(v string) bool { return !slices.Contains(f.Accepted, v) }) {
		return shape{}, true
	}
	var pairs, others []string
	for _, v := range distinct {
		if to := closest(v, f.Accepted); to != "" {
			pairs = append(pairs, fmt.Sprintf("%q: %s", v, to))
		} else {
			others = append(others, shorten(v))
		}
	}
	if len(pairs) == 0 {
		return shape{}, false
	}
	s := shape{values: "{" + strings.Join(pairs, ", ") + "}"}
	if len(others) > 0 {
		s.note = fmt.Sprintf("NOT MAPPED YET: %s (accepted: %s)", strings.Join(others[:min(len(others), 10)], ", "), strings.Join(f.Accepted, ", "))
	}
	return s, true
}

func closest(value string, accepted []string) string {
	for _, a := range accepted {
		if strings.Contains(snake(value), a) {
			return a
		}
	}
	return diag.Nearest(snake(value), accepted)
}
