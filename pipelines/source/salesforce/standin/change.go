package standin

import (
	"fmt"
	"maps"
	"slices"
)

// Update changes fields of a record and stamps it with the server's clock.
func (s *Server) Update(object, id string, row Row) error {
	return s.change(object, id, row, true)
}

// Overwrite changes fields and leaves the stamps alone, as new formulas and new rates of exchange do: a reader that asks for what changed does not see it.
func (s *Server) Overwrite(object, id string, row Row) error {
	return s.change(object, id, row, false)
}

// Delete moves a record to the recycle bin: only queryAll and the list of deleted records show it.
func (s *Server) Delete(object, id string) error {
	return s.change(object, id, Row{"IsDeleted": true}, true)
}

// Undelete takes a record out of the recycle bin.
func (s *Server) Undelete(object, id string) error {
	return s.change(object, id, Row{"IsDeleted": false}, true)
}

// Erase empties the recycle bin of a record, or takes one away that was never in it: no answer shows it again.
func (s *Server) Erase(object, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r, err := s.record(object, id)
	if err != nil {
		return err
	}
	delete(t.byID, LongID(id))
	t.records = slices.DeleteFunc(t.records, func(other *record) bool { return other == r })
	return nil
}

func (s *Server) record(object, id string) (*table, *record, error) {
	t, err := s.known(object)
	if err != nil {
		return nil, nil, err
	}
	r := t.byID[LongID(id)]
	if r == nil {
		return nil, nil, fmt.Errorf("no %s with id %s", t.Name, id)
	}
	return t, r, nil
}

func (s *Server) change(object, id string, row Row, stamped bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r, err := s.record(object, id)
	if err != nil {
		return err
	}
	if _, renamed := row["Id"]; renamed {
		return fmt.Errorf("the id of a %s never changes", t.Name)
	}
	changed := maps.Clone(r.row)
	for _, name := range []string{"LastModifiedDate", "SystemModstamp"} {
		if stamped && t.find(name) != nil {
			changed[name] = s.stampNow()
		}
	}
	if err := t.merge(changed, row); err != nil {
		return err
	}
	r.row = changed
	return nil
}

// AddField adds a field that the object does not have; it is null in every record.
func (s *Server) AddField(object string, field Field) error {
	return s.alter(object, field.Name, false, func(t *table, _ int) { t.fields = append(t.fields, &field) })
}

// SetField replaces the field of that name: a retyped field keeps its stored values.
func (s *Server) SetField(object string, field Field) error {
	return s.alter(object, field.Name, true, func(t *table, i int) { t.fields[i] = &field })
}

// RemoveField takes a field out of the schema, and its values out of the records.
func (s *Server) RemoveField(object, field string) error {
	return s.alter(object, field, true, func(t *table, i int) {
		name := t.fields[i].Name
		t.fields = slices.Delete(t.fields, i, i+1)
		for _, r := range t.records {
			r.row = maps.Clone(r.row)
			delete(r.row, name)
		}
	})
}

// DenyField takes the right to see a field from the user of the API, or gives it back.
func (s *Server) DenyField(object, field string, denied bool) error {
	return s.alter(object, field, true, func(t *table, i int) {
		changed := *t.fields[i]
		changed.denied = denied
		t.fields[i] = &changed
	})
}

// DenyObject takes the right to read an object from the user of the API, or gives it back.
func (s *Server) DenyObject(object string, denied bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.known(object)
	if err == nil {
		t.denied = denied
	}
	return err
}

// alter changes an object's fields; there says whether the field must be there already.
func (s *Server) alter(object, field string, there bool, change func(t *table, index int)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.known(object)
	if err != nil {
		return err
	}
	i := t.index(field)
	switch {
	case there && i < 0:
		return fmt.Errorf("no field %q on %s", field, t.Name)
	case !there && i >= 0:
		return fmt.Errorf("there is already a field %q on %s", field, t.Name)
	}
	change(t, i)
	return nil
}
