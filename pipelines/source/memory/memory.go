// Package memory is a source that lives in the memory of a test: tables that change, a clock of its own, pages, faults. It keeps every
// obligation of a connector, and breaks one of them on demand, so that what finds a broken connector can be tried.
package memory

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
)

// CursorField is the field that every table has for when a row was changed last, and KeyField the one for its key.
const (
	KeyField    = "id"
	CursorField = "changed_at"
)

// Source is the server's side. It may be used by several goroutines; the exported fields are set before.
type Source struct {
	Page     int                   // rows per page; 3 when 0
	Patience source.Patience       // of its connectors
	Fault    func(call Call) error // before each request is answered; nil for none
	Broken   Broken

	mu     sync.Mutex
	now    time.Time
	tables map[string]*table
}

// Call is a request, as faults see it.
type Call struct {
	Stream string
	What   source.What
	Page   int // from 1; 0 for what is not a page
}

// Broken is what a connector does wrong, or what its source does that is hard on it.
type Broken int

// Ways to be broken, and (the last two) what a sound connector may do.
const (
	Sound           Broken = iota
	BoundaryTwice          // the end of an interval is in it
	BoundaryNever          // the begin of an interval is not in it
	DropsLastPage          // and says that this was all
	MiscountsRows          // drops the last page, and says truly how many rows there are
	SamePageForever        // the first one
	OurClock               // Begin is this machine's time
	Impatient              // asks again at once, whatever the source says
	GivesUp                // never asks again
	IgnoresFaults          // takes an error for the end
	HidesDeletions         // lists keys that are gone
	ForgetsFields          // leaves the last field of a row null
	HidesDrift             // describes fields that are no longer there
	PageTwice              // sends the first page again at the end
	PagesBackwards         // sends the last page first
)

type table struct {
	fields []source.Field
	ever   []source.Field // those that it was made with
	rows   map[string]row
}

type row struct {
	values    map[string]string
	changed   time.Time
	deletedAt time.Time // zero while it lives
}

// New makes a source whose clock shows a time.
func New(now time.Time) *Source {
	return &Source{now: now.UTC(), tables: map[string]*table{}}
}

// Now is the source's clock.
func (s *Source) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance lets time go by.
func (s *Source) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// Create makes a table with some text fields besides its key and cursor.
func (s *Source) Create(name string, fields ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &table{rows: map[string]row{}, fields: []source.Field{{Name: KeyField, Type: "text", Kind: source.Text}, {Name: CursorField, Type: "instant", Kind: source.Instant}}}
	for _, f := range fields {
		t.fields = append(t.fields, source.Field{Name: f, Type: "text", Kind: source.Text})
	}
	t.ever = slices.Clone(t.fields)
	s.tables[name] = t
}

// Alter changes the fields of a table.
func (s *Source) Alter(name string, change func([]source.Field) []source.Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name].fields = change(slices.Clone(s.tables[name].fields))
}

// Default gives a field a value in every row that has none, as a new column does.
func (s *Source) Default(name, field, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.tables[name].rows {
		if _, has := r.values[field]; !has {
			r.values = maps.Clone(r.values)
			r.values[field] = value
			s.tables[name].rows[id] = r
		}
	}
}

// Put adds a row or changes it, as at a moment: the present one, or an earlier one for what is committed late.
func (s *Source) Put(name, id string, at time.Time, values map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name].rows[id] = row{values: maps.Clone(values), changed: at}
}

// Delete deletes a row.
func (s *Source) Delete(name, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.tables[name].rows[id]
	r.deletedAt = s.now
	s.tables[name].rows[id] = r
}

// Current is the rows that live, by key, with all readable fields; what is null is left out.
func (s *Source) Current(name string) map[string]map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, out := s.tables[name], map[string]map[string]string{}
	for id, r := range t.rows {
		if !r.deletedAt.IsZero() {
			continue
		}
		out[id] = map[string]string{}
		for _, f := range t.fields {
			if v, ok := r.value(id, f.Name); ok && f.Denied == "" {
				out[id][f.Name] = v
			}
		}
	}
	return out
}

func (r row) value(id, field string) (string, bool) {
	switch field {
	case KeyField:
		return id, true
	case CursorField:
		return r.changed.UTC().Format(time.RFC3339Nano), true
	}
	v, ok := r.values[field]
	return v, ok
}

// keyed is a row with its key.
type keyed struct {
	id string
	row
}

// matching are the rows of a request, in an order that is nobody's promise.
func (s *Source) matching(name string, has func(row) bool) []keyed {
	var out []keyed
	for id, r := range s.tables[name].rows {
		if has(r) {
			out = append(out, keyed{id, r})
		}
	}
	slices.SortFunc(out, func(a, b keyed) int { return cmp.Compare(a.id, b.id) })
	return out
}
