package schemas

import (
	"fmt"
	"strings"
)

// Reference is docs/contracts.md: every entity and field, in words.
func (s *Set) Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, e := range s.Entities {
		required := ""
		if e.Required {
			required = " (required)"
		}
		fmt.Fprintf(&b, "- [%s](#%s)%s: %s\n", e.Name, e.Name, required, e.Grain)
	}
	for _, e := range s.Entities {
		e.reference(&b)
	}
	return b.String()
}

const referenceHead = `# Contracts: the entities and their fields

<!-- Written from schemas/*.odcs.yaml by "go test ./schemas -update"; change those. -->

Every export is mapped ([maps.md](maps.md)) to these entities. Each is a table of the warehouse's schema ` + "`staging`" + ` and always exists, empty
when nothing is mapped to it. Only partner and deal are required; a metric whose entities or fields are not mapped says ` + "`no_source`" + `.
The contracts are ODCS v3.1 files (` + "`schemas/*.odcs.yaml`" + `), so other tools can read them and check a built warehouse by them.

How to read the tables:

- **type**: instants (TIMESTAMPTZ) are UTC; a calendar day (DATE) is of the reporting zone. Money is DECIMAL(18,4) in the currency of its row.
- **needed**: ` + "`key`" + ` = part of the key, ` + "`yes`" + ` = never null. A row without one is quarantined.
- **values**: the only ones accepted; a row with another is quarantined. *from* a list of ` + "`program/`" + `: others are kept, with a warning.
- **as_of**: a run looks at the end of a day. The *event time* says when a row was born: rows born later are left out. Any other instant that
  lies later is null, except the *planned* ones. A field that *belongs to* an instant goes back to the value named when that instant is still
  to come: a deal won after as_of is open. Fields without a time of their own are read at their newest version.
- **class**: ` + "`restricted`" + ` is personal data, ` + "`confidential`" + ` money, ` + "`internal`" + ` the rest.
- Every table also has ` + "`_source`, `_source_file`, `_source_line`, `_load_id`, `_commit` and `_row`" + `: the stream, file and line that the row is from, the load and
  commit that brought it, and its number within the stream.

`

func (e *Entity) reference(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n**%s**: %s.\n%s\n\n", e.Name, e.Title, lowerFirst(strings.TrimSuffix(e.Grain, ".")), e.Description)
	fmt.Fprintf(b, "Key: `%s`.", strings.Join(e.Key(), "`, `"))
	if e.EventTime != "" {
		fmt.Fprintf(b, " Event time: `%s`.", e.EventTime)
	}
	if len(e.Facts)+len(e.Metrics) > 0 {
		fmt.Fprintf(b, " Serves %s.", strings.Join(append(append([]string{}, e.Facts...), e.Metrics...), ", "))
	}
	b.WriteString("\n\n| field | type | needed | what it is | class |\n|---|---|---|---|---|\n")
	for _, f := range e.Fields {
		needed := ""
		switch {
		case f.Key > 0:
			needed = "key"
		case f.Required:
			needed = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.Name, f.Type, needed, strings.ReplaceAll(f.words(), "|", "\\|"), f.Classification)
	}
}

// words is a field's description with all that the contract holds it to.
func (f Field) words() string {
	parts := []string{f.Description}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if len(f.Accepted) > 0 {
		add("Values: `%s`.", strings.Join(f.Accepted, "`, `"))
	}
	if f.AcceptedFrom != "" {
		add("Values from program: %s.", f.AcceptedFrom)
	}
	if f.Ref != nil {
		add("Refers to [%s](#%s).", f.Ref.Entity, f.Ref.Entity)
	}
	if f.Limit != nil {
		what := "others are quarantined"
		if f.Limit.Keep {
			what = "others are kept, with a warning"
		}
		add("%s; %s.", upperFirst(f.Limit.String()), what)
	}
	if f.Planned {
		add("Planned.")
	}
	if f.State != nil {
		before := "null"
		if f.State.Before != nil {
			before = *f.State.Before
		}
		add("Belongs to `%s`, before it `%s`.", f.State.Instant, before)
	}
	if f.NullAs != nil {
		add("A missing value is read as `%q`.", *f.NullAs)
	}
	return strings.Join(parts, " ")
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
