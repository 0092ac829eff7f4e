package standin

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Row is one record by field name: nil, bool, string or json.Number. Dates are 2026-01-02, instants 2026-01-02T03:04:05.000+0000 (UTC).
type Row map[string]any

const (
	instant   = "2006-01-02T15:04:05.000-0700"
	alphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	checksums = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
)

type table struct {
	name, label, prefix string
	fields              []Field
	records             []*record
	denied              bool
}

type record struct {
	row     Row
	visible time.Time
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
	t := s.tables[strings.ToLower(object)]
	if t == nil {
		return "", fmt.Errorf("no object %q in this org", object)
	}
	now := s.options.Now().UTC().Format(instant)
	s.sequence++
	stored := Row{"Id": makeID(t.prefix, s.sequence), "IsDeleted": false, "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
	if err := t.merge(stored, row); err != nil {
		return "", err
	}
	id, _ := stored["Id"].(string)
	stored["Id"] = LongID(id)
	t.records = append(t.records, &record{row: stored, visible: visible})
	return LongID(id), nil
}

func (t *table) merge(stored, row Row) error {
	for _, name := range slices.Sorted(maps.Keys(row)) {
		i := slices.IndexFunc(t.fields, func(f Field) bool { return f.Name == name })
		if i < 0 {
			return fmt.Errorf("no field %q on %s", name, t.name)
		}
		stored[name] = row[name]
	}
	return nil
}

// Update changes fields of a record and stamps it with the server's clock.
func (s *Server) Update(object, id string, row Row) error {
	return s.change(object, id, row)
}

// Delete moves a record to the recycle bin: only queryAll and the list of deleted records show it.
func (s *Server) Delete(object, id string) error {
	return s.change(object, id, Row{"IsDeleted": true})
}

func (s *Server) change(object, id string, row Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[strings.ToLower(object)]
	if t == nil {
		return fmt.Errorf("no object %q in this org", object)
	}
	r := t.find(id)
	if r == nil {
		return fmt.Errorf("no %s with id %s", object, id)
	}
	now := s.options.Now().UTC().Format(instant)
	changed := maps.Clone(r.row)
	changed["LastModifiedDate"], changed["SystemModstamp"] = now, now
	if err := t.merge(changed, row); err != nil {
		return err
	}
	r.row = changed
	return nil
}

func (t *table) find(id string) *record {
	i := slices.IndexFunc(t.records, func(r *record) bool { return r.row["Id"] == LongID(id) })
	if i < 0 {
		return nil
	}
	return t.records[i]
}

// SetField adds a field to an object or replaces the one of that name: a retyped field keeps its stored values.
func (s *Server) SetField(object string, field Field) error {
	return s.alter(object, func(t *table) {
		t.fields = append(slices.DeleteFunc(t.fields, func(f Field) bool { return f.Name == field.Name }), field)
	})
}

// RemoveField takes a field out of the schema.
func (s *Server) RemoveField(object, field string) error {
	return s.alter(object, func(t *table) {
		t.fields = slices.DeleteFunc(t.fields, func(f Field) bool { return f.Name == field })
	})
}

// HideField takes the right to see a field from the user, or gives it back.
func (s *Server) HideField(object, field string, hidden bool) error {
	return s.alter(object, func(t *table) {
		for i := range t.fields {
			if t.fields[i].Name == field {
				t.fields[i].hidden = hidden
			}
		}
	})
}

// DenyObject takes the right to read an object from the user, or gives it back.
func (s *Server) DenyObject(object string, denied bool) error {
	return s.alter(object, func(t *table) { t.denied = denied })
}

func (s *Server) alter(object string, change func(*table)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[strings.ToLower(object)]
	if t == nil {
		return fmt.Errorf("no object %q in this org", object)
	}
	change(t)
	return nil
}
