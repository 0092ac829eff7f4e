package staging

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Sample is the first rows of a file, as the reader hands them over.
type Sample struct {
	File    string      // path as it will stand under files:
	Options [][2]string // further settings of the stream by which the file was read
	Source  string      // names for the proposal; file and the file's own name when empty
	Stream  string
	Entity  string // the entity it is about, when known
	Columns []string
	Rows    [][]string // "" is null
}

// ProposeMap writes a first source and map for a file. Every line that rests on a guess says so; needed fields that no column looks
// like are left as comments.
func ProposeMap(s Sample) (string, error) {
	set, err := schemas.Load()
	if err != nil {
		return "", err
	}
	if s.Source == "" {
		s.Source = "files"
	}
	if s.Stream == "" {
		s.Stream = streamName(s.File)
	}
	entity, guessed, err := s.entity(set)
	if err != nil {
		return "", err
	}
	chosen := s.match(entity)
	var b strings.Builder
	fmt.Fprintf(&b, "# Proposed from %s. Look at every line marked \"guess\", then run: tributary doctor\n", s.File)
	fmt.Fprintf(&b, "sources:\n  %s:\n    type: file\n    streams:\n      %s:\n        files: [%s]\n", s.Source, s.Stream, quoteYAML(s.File))
	for _, o := range s.Options {
		fmt.Fprintf(&b, "        %s: %s\n", o[0], quoteYAML(o[1]))
	}
	writeKey(&b, entity, chosen)
	fmt.Fprintf(&b, "\nmaps:\n  - entity: %s%s\n    from: %s.%s\n    fields:\n", entity.Name, guessed, s.Source, s.Stream)
	used := map[string]bool{}
	for _, f := range entity.Fields {
		c, ok := chosen[f.Name]
		switch {
		case ok:
			used[c.column] = true
			fmt.Fprintf(&b, "      %s: %s  # guess: %s\n", f.Name, c.value(f), c.because)
		case f.Required && f.NullAs == nil:
			accepted := ""
			if len(f.Accepted) > 0 {
				accepted = "; one of " + strings.Join(f.Accepted, ", ")
			}
			fmt.Fprintf(&b, "      # %s: …  # needed: %s%s\n", f.Name, firstSentence(f.Description), accepted)
		}
	}
	var rest []string
	for _, c := range s.Columns {
		if !used[c] {
			rest = append(rest, c)
		}
	}
	if len(rest) > 0 {
		fmt.Fprintf(&b, "      # not used: %s\n", strings.Join(rest, ", "))
	}
	return b.String(), nil
}

func writeKey(b *strings.Builder, e *schemas.Entity, chosen map[string]guess) {
	var key []string
	for _, name := range e.Key() {
		if c, ok := chosen[name]; ok {
			key = append(key, quoteYAML(c.column))
		}
	}
	if len(key) == len(e.Key()) {
		fmt.Fprintf(b, "        key: [%s]  # guess: rows that share it are versions of one record\n", strings.Join(key, ", "))
	}
	if c, ok := chosen["modified_at"]; ok {
		fmt.Fprintf(b, "        version: %s  # guess: the newest of them counts\n", quoteYAML(c.column))
	}
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

func streamName(file string) string {
	base, _, _ := strings.Cut(filepath.Base(file), ".")
	return snake(base)
}

// entity finds what the file is about: by its name, and by how many fields have a column.
func (s Sample) entity(set *schemas.Set) (*schemas.Entity, string, error) {
	if s.Entity != "" {
		e, ok := set.Entity(s.Entity)
		if !ok {
			hint := diag.DidYouMean(s.Entity, set.Names())
			return nil, "", fmt.Errorf("there is no entity %q (%s)", s.Entity, hint)
		}
		return e, "", nil
	}
	var best *schemas.Entity
	bestScore := -1.0
	for _, e := range set.Entities {
		chosen := s.match(e)
		score := 0.0
		for _, c := range chosen {
			score += c.score
		}
		score /= float64(len(e.Fields)) + 4
		for _, f := range e.Fields {
			if _, ok := chosen[f.Name]; f.Required && f.NullAs == nil && !ok {
				score -= 0.1
			}
		}
		score += float64(named(streamName(s.File), e))
		if score > bestScore {
			best, bestScore = e, score
		}
	}
	return best, "  # guess: by the file's name and columns", nil
}

// named says how much of a file's name is an entity's name, or another word for it: the number of its words, 0 for none.
func named(file string, e *schemas.Entity) int {
	best := 0
	for _, name := range append([]string{e.Name}, entityWords()[e.Name]...) {
		for _, form := range []string{name, name + "s", strings.TrimSuffix(name, "y") + "ies"} {
			if strings.Contains("_"+file+"_", "_"+form+"_") {
				best = max(best, 1+strings.Count(name, "_"))
			}
		}
	}
	return best
}

func entityWords() map[string][]string {
	return map[string][]string{
		"partner": {"reseller", "account", "company"}, "deal": {"opportunity", "opp", "sale", "order"}, "deal_stage": {"opportunity_history", "stage_history"},
		"deal_line": {"opportunity_line_item", "line_item"}, "activity": {"task", "event", "engagement"}, "fx_rate": {"rate", "exchange_rate", "currency_rate"},
		"deal_registration": {"registration"}, "partner_contact": {"contact"}, "partner_tier": {"tier"}, "lead_assignment": {"assignment"}, "invoice": {"bill"},
	}
}

// fieldWords are other names that exports use for a field.
func fieldWords(e *schemas.Entity, field string) []string {
	words := map[string][]string{
		"partner_id": {"partner", "reseller_id", "reseller_key", "account_id", "partner_account_id", "company_id"}, "name": {"title", "partner_name", "deal_name", "full_name"},
		"created_at": {"created", "created_date", "create_date", "createdate", "creation_date", "date_created"}, "modified_at": {"modified", "last_modified_date", "updated_at", "last_updated", "system_modstamp", "modified_date"},
		"closed_at": {"closed", "closed_date", "close_date", "closedate"}, "close_date": {"expected_close_date"}, "amount": {"value", "total", "sales_amount", "net_amount", "deal_value"},
		"currency": {"currency_code", "currency_iso_code"}, "outcome": {"status", "stage_name", "is_won"}, "deleted": {"is_deleted"}, "signed_at": {"signed", "contract_date", "signed_on"},
		"received_at": {"received", "created_at", "created_date", "created"}, "occurred_at": {"date", "timestamp", "activity_date", "created_at", "created_date"}, "partner_type": {"type", "business_type"},
		"program_tier": {"tier", "level", "partner_level"}, "region": {"territory", "area"}, "country": {"country_code", "billing_country"}, "deal_id": {"opportunity_id", "deal", "opportunity"}, "lead_id": {"lead"},
		"owner_id": {"owner"}, "entered_at": {"entered", "created_date", "changed_at", "timestamp"}, "stage": {"stage_name", "to_stage"}, "rate_date": {"date", "day"}, "from_currency": {"from", "base", "currency"},
		"to_currency": {"to", "quote"}, "rate": {"value", "exchange_rate", "average_rate"}, "submitted_at": {"submitted", "created_at", "created_date"}, "issued_at": {"invoice_date", "issued", "date"}, "kind": {"type"},
		"quantity": {"qty", "order_quantity"}, "test": {"is_test"}, "merged_into": {"master_record_id"}, "source": {"lead_source"}, "assigned_at": {"assigned"}, "acknowledged_at": {"acknowledged", "ack_at"},
	}
	out := words[field]
	if key := e.Key(); len(key) == 1 && key[0] == field {
		out = append([]string{"id", "key", e.Name + "_key", e.Name}, out...)
		for _, w := range entityWords()[e.Name] {
			out = append(out, w+"_id", w+"_key")
		}
	}
	return out
}

// guess is a column taken for a field.
type guess struct {
	column  string
	score   float64
	because string
	shape   shape
}

// match gives each field the column that looks most like it; a column serves one field.
func (s Sample) match(e *schemas.Entity) map[string]guess {
	type pair struct {
		field schemas.Field
		guess guess
	}
	var pairs []pair
	for i, column := range s.Columns {
		values := s.values(i)
		for _, f := range e.Fields {
			score, because := likeness(e, f, column)
			if score == 0 {
				continue
			}
			sh, ok := shapeOf(f, values)
			if !ok {
				continue
			}
			if sh.note != "" {
				because += ", " + sh.note
			}
			if len(values) > 0 {
				because += fmt.Sprintf(", such as %s", shorten(values[0]))
			}
			pairs = append(pairs, pair{f, guess{column, score, because, sh}})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.guess.score, a.guess.score) })
	out, taken := map[string]guess{}, map[string]bool{}
	for _, p := range pairs {
		if _, done := out[p.field.Name]; done || taken[p.guess.column] {
			continue
		}
		out[p.field.Name], taken[p.guess.column] = p.guess, true
	}
	return out
}

func (s Sample) values(column int) []string {
	var out []string
	for _, row := range s.Rows {
		if column < len(row) && strings.TrimSpace(row[column]) != "" {
			out = append(out, row[column])
		}
	}
	return out
}

var wordBreak = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// snake writes a column's name as our fields are written: SignedOn and "Signed on" are signed_on.
func snake(name string) string {
	return strings.Trim(notName.ReplaceAllString(strings.ToLower(wordBreak.ReplaceAllString(name, "${1}_${2}")), "_"), "_")
}

func likeness(e *schemas.Entity, f schemas.Field, column string) (float64, string) {
	name := snake(column)
	bare := strings.TrimSuffix(name, "_c") // custom fields of a well-known CRM
	switch {
	case bare == f.Name:
		return 1, "same name"
	case bare == e.Name+"_"+f.Name || e.Name+"_"+bare == f.Name:
		return 0.95, "same name"
	}
	for i, word := range fieldWords(e, f.Name) {
		if bare == word {
			return 0.9 - float64(i)/100, "another word for it"
		}
	}
	switch {
	case strings.ReplaceAll(bare, "_", "") == strings.ReplaceAll(f.Name, "_", ""):
		return 0.8, "same name"
	case strings.Contains("_"+bare+"_", "_"+f.Name+"_"), strings.HasPrefix(f.Name, bare+"_") && len(bare) > 4:
		return 0.5, "a similar name"
	}
	return 0, ""
}

// value is how the field is written in the map.
func (g guess) value(f schemas.Field) string {
	options := g.shape.options
	if len(f.Accepted) > 0 && g.shape.values != "" {
		options = append(options, "values: "+g.shape.values)
	}
	if len(options) == 0 {
		return quoteYAML(g.column)
	}
	return "{column: " + quoteYAML(g.column) + ", " + strings.Join(options, ", ") + "}"
}

func quoteYAML(s string) string {
	out, err := yaml.Marshal(s)
	if err != nil || strings.ContainsAny(s, ",{}[]#") {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func firstSentence(s string) string {
	head, _, _ := strings.Cut(s, ". ")
	return strings.TrimSuffix(head, ".")
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 30 {
		s = string(r[:30]) + "…"
	}
	return s
}
