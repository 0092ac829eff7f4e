package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Row is one record by field name: nil, bool, string or json.Number. Dates are 2026-01-02, instants 2026-01-02T03:04:05.000+0000 or any other zone.
// Booleans that a row leaves out are false, other fields null.
type Row map[string]any

const (
	instant   = "2006-01-02T15:04:05.000-0700"
	alphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	checksums = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
)

type table struct {
	Object

	fields  []*Field // replaced, never changed: results of queries keep those that they have
	records []*record
	byID    map[string]*record
	denied  bool
}

type record struct {
	row     Row // replaced, never changed
	visible time.Time
}

func (r *record) deleted() bool { return r.row["IsDeleted"] == true }

// stamp is when a record last changed; history has only the instant that it was made.
func (r *record) stamp() time.Time {
	text, ok := r.row["SystemModstamp"].(string)
	if !ok {
		text, _ = r.row["CreatedDate"].(string)
	}
	at, _ := readInstant(text)
	return at
}

// LongID adds the three characters to a 15-character id that say which of its letters are capitals. Other lengths come back as they are.
func LongID(id string) string {
	if len(id) != 15 {
		return id
	}
	var suffix strings.Builder
	for block := range 3 {
		bits := 0
		for i := range 5 {
			if c := id[block*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		suffix.WriteByte(checksums[bits])
	}
	return id + suffix.String()
}

func makeID(prefix string, n int) string {
	digits := []byte("000000000000")
	for i := len(digits) - 1; n > 0; i-- {
		digits[i] = alphabet[n%len(alphabet)]
		n /= len(alphabet)
	}
	return LongID(prefix + string(digits))
}

// Add stores a record as of the server's clock and gives its id. An Id or instant that the row has is kept.
func (s *Server) Add(object string, row Row) (string, error) {
	return s.AddLate(object, row, time.Time{})
}

// AddLate is Add for a transaction that commits late: the record is stamped now and no query sees it before visible.
func (s *Server) AddLate(object string, row Row, visible time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.known(object)
	if err != nil {
		return "", err
	}
	now := s.stampNow()
	s.sequence++
	stored := Row{}
	for _, f := range t.fields {
		if f.Type == "boolean" {
			stored[f.Name] = false
		}
	}
	system := Row{"Id": makeID(t.KeyPrefix, s.sequence), "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now, "CreatedById": userID, "LastModifiedById": userID}
	for name, value := range system {
		if t.find(name) != nil {
			stored[name] = value
		}
	}
	if err := t.merge(stored, row); err != nil {
		return "", err
	}
	id, _ := stored["Id"].(string)
	if !s.options.AnyID && (len(id) != 18 || LongID(id[:15]) != id) {
		return "", fmt.Errorf("id %q of a new %s: wanted 15 characters, or 18 of which the last three fit", id, t.Name)
	}
	if t.byID[id] != nil {
		return "", fmt.Errorf("there is already a %s with id %s", t.Name, id)
	}
	r := &record{row: stored, visible: visible}
	t.records, t.byID[id] = append(t.records, r), r
	return id, nil
}

func (s *Server) stampNow() string { return s.options.Now().UTC().Format(instant) }

func (s *Server) known(object string) (*table, error) {
	if t := s.tables[strings.ToLower(object)]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("no object %q in this org", object)
}

// merge puts the values of row into stored, in the form that Salesforce keeps them in, and joins first and last name.
func (t *table) merge(stored, row Row) error {
	for _, name := range slices.Sorted(maps.Keys(row)) {
		f := t.find(name)
		if f == nil || f.Name != name {
			return fmt.Errorf("no field %q on %s", name, t.Name)
		}
		value, err := f.keep(row[name])
		if err != nil {
			return fmt.Errorf("field %s of %s: %w", name, t.Name, err)
		}
		stored[name] = value
	}
	_, first := row["FirstName"]
	_, last := row["LastName"]
	if _, whole := row["Name"]; !whole && (first || last) && t.find("Name") != nil {
		words := []string{}
		for _, part := range []string{"FirstName", "LastName"} {
			if text, ok := stored[part].(string); ok {
				words = append(words, text)
			}
		}
		stored["Name"] = strings.Join(words, " ")
	}
	return nil
}

// keep is a value as it is stored, or says why it does not fit the field's type.
func (f *Field) keep(value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	text, isText := value.(string)
	_, isNumber := value.(json.Number)
	_, isBool := value.(bool)
	switch kind := kindOf(f); {
	case f.Type == "address":
		return nil, errors.New("an address is put together from its parts: set those")
	case f.Type == "anyType" && (isText || isNumber || isBool):
		return value, nil
	case kind == "number" && isNumber && number.MatchString(fmt.Sprint(value)), kind == "boolean" && isBool, kind == "string" && isText, kind == "date" && isText && isDay(text):
		return value, nil
	case kind == "id" && isText:
		return LongID(text), nil
	case kind == "datetime" && isText:
		at, err := readInstant(text)
		return at.UTC().Format(instant), err
	}
	return nil, fmt.Errorf("the value %v (%T) is no %s", value, value, f.Type)
}
