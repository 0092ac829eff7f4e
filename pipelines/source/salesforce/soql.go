package salesforce

import (
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
)

// query is a reading as SOQL.
type query struct {
	text string
	all  bool // with what is in the recycle bin
}

// isDeleted says that a record is in the recycle bin.
const isDeleted = "IsDeleted"

// columns are the fields that are selected: those of the request, and what tells of deletions where the object knows it; -1 = nothing does.
func columns(d described, r source.Request) (names []string, deleted int) {
	names = r.Names()
	if r.What != source.Rows || !d.has(isDeleted) {
		return names, -1
	}
	if i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, isDeleted) }); i >= 0 {
		return names, i
	}
	return append(names, isDeleted), len(names)
}

// soql writes a reading. Records that are deleted count as rows, so that they are told of as soon as possible; keys are those of the living.
func soql(d described, r source.Request, names []string) query {
	q := query{all: r.What == source.Rows && d.has(isDeleted)}
	var where []string
	if r.Stream.Filter != "" {
		where = append(where, "("+r.Stream.Filter+")")
	}
	if r.What == source.Rows && r.Cursor != "" {
		if inside := within(r.Cursor, d, r.Interval); inside != "" {
			where = append(where, inside)
		}
	}
	q.text = "SELECT " + strings.Join(names, ", ") + " FROM " + d.Name
	if len(where) > 0 {
		q.text += " WHERE " + strings.Join(where, " AND ")
	}
	return q
}

// within compares the cursor with an interval. A day is in it when any of its moments is. Records without a value are of every interval.
func within(cursor string, d described, i source.Interval) string {
	f, _ := d.field(cursor)
	bound, less := literal, " < "
	if f.Type == "date" {
		bound, less = func(t time.Time) string { return t.UTC().Format(time.DateOnly) }, " <= "
	}
	var tests []string
	if !i.From.IsZero() {
		tests = append(tests, cursor+" >= "+bound(i.From))
	}
	if !i.To.IsZero() {
		tests = append(tests, cursor+less+bound(i.To))
	}
	text := strings.Join(tests, " AND ")
	if text != "" && f.Nillable {
		return "((" + text + ") OR " + cursor + " = null)"
	}
	return text
}

// literal is an instant in SOQL. Salesforce keeps milliseconds: what lies between two of them is moved up to the next.
func literal(t time.Time) string {
	if ms := t.Truncate(time.Millisecond); !ms.Equal(t) {
		t = ms.Add(time.Millisecond)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
