package standin

import (
	"slices"
	"strings"
	"time"
)

// column is a field that a query names, with the references to follow to it.
type column struct {
	path  []*Field
	field *Field
}

func (c column) name() string {
	var parts []string
	for _, f := range c.path {
		parts = append(parts, f.RelationshipName)
	}
	return strings.Join(append(parts, c.field.Name), ".")
}

const referenceWSDL = "Please reference your WSDL or the describe call for the appropriate names."

func (s *Server) table(object token) (*table, *apiError) {
	if t := s.tables[strings.ToLower(object.text)]; t != nil && !t.denied {
		return t, nil
	}
	return nil, queryError(object.at, "INVALID_TYPE", "sObject type '%s' is not supported. If you are attempting to use a custom object, "+
		"be sure to append the '__c' after the entity name. "+referenceWSDL, object.text)
}

func (s *Server) resolve(t *table, name token) (column, *apiError) {
	parts := strings.Split(name.text, ".")
	if len(parts) > 1 && strings.EqualFold(parts[0], t.Name) && t.relationship(parts[0]) == nil {
		parts = parts[1:]
	}
	var c column
	for _, part := range parts[:len(parts)-1] {
		f := t.relationship(part)
		parent := s.parentTable(f)
		if parent == nil {
			return c, queryError(name.at, "INVALID_FIELD", "Didn't understand relationship '%s' in field path. If you are attempting to use a "+
				"custom relationship, be sure to append the '__r' after the custom relationship name. "+referenceWSDL, part)
		}
		c.path, t = append(c.path, f), parent
	}
	last := parts[len(parts)-1]
	if c.field = t.field(last); c.field == nil {
		return c, queryError(name.at, "INVALID_FIELD", "No such column '%s' on entity '%s'. If you are attempting to use a custom field, "+
			"be sure to append the '__c' after the custom field name. "+referenceWSDL, last, t.Name)
	}
	return c, nil
}

// parentTable is what a reference leads to: its object, or Name where it may be one of several. nil: none that the user may read.
func (s *Server) parentTable(f *Field) *table {
	if f == nil {
		return nil
	}
	var found []*table
	for _, object := range f.ReferenceTo {
		if t := s.tables[strings.ToLower(object)]; t != nil && !t.denied {
			found = append(found, t)
		}
	}
	switch {
	case len(found) == 0:
		return nil
	case len(f.ReferenceTo) > 1:
		return s.names
	}
	return found[0]
}

// view is what a query may see: its instant, and whether deleted records are among it.
type view struct {
	at  time.Time
	all bool
}

func (v view) sees(r *record) bool {
	return r != nil && !r.visible.After(v.at) && (v.all || !r.deleted())
}

// parent is the record that a row's reference leads to, with its own object; nil: none that the view sees.
func (s *Server) parent(row Row, f *Field, v view) (*table, *record) {
	id, _ := row[f.Name].(string)
	for _, object := range f.ReferenceTo {
		t := s.tables[strings.ToLower(object)]
		if t == nil || t.denied {
			continue
		}
		if r := t.byID[id]; v.sees(r) {
			return t, r
		}
	}
	return nil, nil
}

// value is a column of a row; null where there is no parent.
func (s *Server) value(row Row, c column, v view) any {
	var t *table
	for _, f := range c.path {
		var r *record
		if t, r = s.parent(row, f, v); r == nil {
			return nil
		}
		row = r.row
	}
	return s.fieldOf(t, row, c.field)
}

// fieldOf is a field of a record; t is its object where a reference led to it.
func (s *Server) fieldOf(t *table, row Row, f *Field) any {
	switch byName := t != nil && slices.Contains(s.names.fields, f); {
	case f.Type == "address":
		return address(f, row)
	case byName && f.Name == "Type":
		return t.Name
	case byName && t.field(f.Name) == nil:
		return nil
	}
	return row[f.Name]
}
