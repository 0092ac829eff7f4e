package standin

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Data is what an account holds when it starts.
type Data struct {
	// Properties are those that standard types have beside HubSpot's own, by type.
	Properties map[string][]Property
	// Schemas are the custom object types.
	Schemas []Schema
	// Records by type, in the order of writing: an ID again is a later change.
	Records      map[string][]Record
	Associations []Association
	// Pipelines by type.
	Pipelines map[string][]Pipeline
	Owners    []Owner
}

// Record is one write of a record.
type Record struct {
	// ID is the record's number; empty: the next free one.
	ID string
	// At is when it is written; zero: the server's clock.
	At time.Time
	// Values are properties: text is kept exactly as it is, numbers, bools and times are written as HubSpot does, nil and "" clear.
	// What is not named stays.
	Values map[string]any
	// Source is who wrote, as the history tells (CRM_UI, IMPORT, AUTOMATION_PLATFORM, …); empty: INTEGRATION.
	Source string
	// Archived puts the record into the recycle bin.
	Archived bool
}

// record is a row with everything that it ever was.
type record struct {
	id         int64
	history    map[string][]version // by property, oldest first
	archivedAt time.Time            // zero: live
}

// version is what a property was from an instant on; "" = nothing.
type version struct {
	value    string
	at       time.Time
	findable time.Time // from when on search knows it
	source   string
}

// value is what a property is, to who sees what was findable by an instant; the zero instant sees everything.
func (r *record) value(property string, seen time.Time) string {
	versions := r.history[property]
	for i := len(versions) - 1; i >= 0; i-- {
		if seen.IsZero() || !versions[i].findable.After(seen) {
			return versions[i].value
		}
	}
	return ""
}

func (r *record) archived() bool { return !r.archivedAt.IsZero() }

// table holds records in the order of their numbers.
type table struct {
	byID map[int64]*record
	ids  []int64
}

func newTable() table { return table{byID: map[int64]*record{}} }

func (t *table) get(id string) *record {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	return t.byID[n]
}

func (t *table) add(r *record) {
	t.byID[r.id] = r
	at, _ := slices.BinarySearch(t.ids, r.id)
	t.ids = slices.Insert(t.ids, at, r.id)
}

func (t *table) remove(id int64) {
	delete(t.byID, id)
	if at, found := slices.BinarySearch(t.ids, id); found {
		t.ids = slices.Delete(t.ids, at, at+1)
	}
}

func (s *Server) fill(data Data) error {
	s.SetOwners(data.Owners)
	for _, schema := range data.Schemas {
		if err := s.addSchema(schema); err != nil {
			return err
		}
	}
	for typ, pipelines := range data.Pipelines {
		if err := s.SetPipelines(typ, pipelines); err != nil {
			return err
		}
	}
	for typ, properties := range data.Properties {
		for _, p := range properties {
			if err := s.AddProperty(typ, p); err != nil {
				return err
			}
		}
	}
	for _, typ := range slices.Sorted(maps.Keys(data.Records)) { // in one order, so that free numbers fall alike each time
		for _, r := range data.Records[typ] {
			if _, err := s.Write(typ, r); err != nil {
				return err
			}
		}
	}
	for _, a := range data.Associations {
		if err := s.Associate(a); err != nil {
			return err
		}
	}
	return nil
}

// Write makes or changes a record and returns its number. Search finds the change when the index delay has passed. A change of an archived record
// that is not Archived takes it out of the bin.
func (s *Server) Write(typ string, r Record) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.mustKind(typ)
	if err != nil {
		return "", err
	}
	if r.ID == "" {
		r.ID = strconv.FormatInt(s.lastID+1, 10)
	}
	if r.At.IsZero() {
		r.At = s.clock()
	}
	if r.Source == "" {
		r.Source = "INTEGRATION"
	}
	values := make(map[string]string, len(r.Values)+3)
	for name, value := range r.Values {
		text, err := k.text(name, value)
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", k.singular, r.ID, err)
		}
		values[name] = text
	}
	number, err := strconv.ParseInt(r.ID, 10, 64)
	if err != nil || number <= 0 {
		return "", fmt.Errorf("%s %q: a record's ID is a number above 0", k.singular, r.ID)
	}
	s.lastID = max(s.lastID, number)
	s.keep(k, number, values, r)
	return r.ID, nil
}

// keep writes values that are known to be right.
func (s *Server) keep(k *kind, number int64, values map[string]string, r Record) {
	at := r.At.UTC().Truncate(time.Millisecond)
	kept := k.records.byID[number]
	if kept == nil {
		kept = &record{id: number, history: map[string][]version{}}
		k.records.add(kept)
		values["hs_object_id"] = r.ID
		if values[k.created] == "" {
			values[k.created] = instant(at)
		}
	}
	values[k.modified] = instant(at)
	kept.archivedAt = time.Time{}
	if r.Archived {
		kept.archivedAt = at
	}
	for name, value := range values {
		if value != kept.value(name, time.Time{}) {
			kept.history[name] = append(kept.history[name], version{value: value, at: at, findable: s.clock().Add(s.indexDelay), source: r.Source})
		}
	}
}

// Archive puts a record into the recycle bin: lists show it when they are asked for archived ones, search never.
func (s *Server) Archive(typ, id string) error {
	return s.change(typ, id, func(_ *kind, r *record) { r.archivedAt = s.clock().UTC().Truncate(time.Millisecond) })
}

// Delete removes a record without a trace, as HubSpot does for the GDPR and with what has been in the bin for 90 days.
func (s *Server) Delete(typ, id string) error {
	return s.change(typ, id, func(k *kind, r *record) {
		k.records.remove(r.id)
		s.unlink(k, r.id)
	})
}

// Merge puts a record into another one, now: its number is in no list any more.
func (s *Server) Merge(typ, id, into string) error {
	if err := s.Delete(typ, id); err != nil {
		return err
	}
	var merged string
	err := s.change(typ, into, func(_ *kind, r *record) { merged = r.value(mergedIDs, time.Time{}) })
	if err != nil {
		return err
	}
	if merged != "" {
		merged += ";"
	}
	_, err = s.Write(typ, Record{ID: into, Values: map[string]any{mergedIDs: merged + id}, Source: "MERGE_OBJECTS"})
	return err
}

func (s *Server) change(typ, id string, change func(*kind, *record)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.mustKind(typ)
	if err != nil {
		return err
	}
	r := k.records.get(id)
	if r == nil {
		return fmt.Errorf("there is no %s %s", k.singular, id)
	}
	change(k, r)
	return nil
}

// SetIndexDelay is how long what is written from now on stays unknown to search. Lists and reads know it at once.
func (s *Server) SetIndexDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.indexDelay = d
}

// instant is a time as HubSpot writes it, which is Java's way: UTC, with three digits of milliseconds unless they are zero.
func instant(t time.Time) string {
	layout := "2006-01-02T15:04:05.000Z"
	if t.Truncate(time.Millisecond).Nanosecond() == 0 {
		layout = "2006-01-02T15:04:05Z"
	}
	return t.UTC().Format(layout)
}
