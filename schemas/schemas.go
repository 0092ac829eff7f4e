// Package schemas holds the data contracts: one ODCS v3.1 file per entity of the staging schema, embedded, and the loader that
// reads and checks them. A contract says an entity's fields, types, keys, accepted values, foreign keys and how as_of cuts it.
// The package knows nothing of where data comes from or how it is queried.
package schemas

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

//go:embed *.odcs.yaml
var files embed.FS

// Kind groups the types a field can have by how a value of them is read.
type Kind int

// The kinds of field.
const (
	Text Kind = iota
	Bool
	Int
	Decimal
	Date
	Instant
)

// Ref names the field of another entity that a foreign key points at.
type Ref struct {
	Entity string
	Field  string
}

// Limit is the range a number must lie in; an empty bound is open.
type Limit struct {
	Min, Max         string
	MinExcl, MaxExcl string
	// Keep says that a value outside is kept and warned of; otherwise its row is quarantined.
	Keep bool
}

func (l *Limit) String() string {
	var parts []string
	for _, p := range []struct{ op, bound string }{{"at least ", l.Min}, {"above ", l.MinExcl}, {"at most ", l.Max}, {"below ", l.MaxExcl}} {
		if p.bound != "" {
			parts = append(parts, p.op+p.bound)
		}
	}
	return strings.Join(parts, ", ")
}

// State ties a field to the instant that set it: when that instant lies at or after as_of, the field goes back to Before (nil = null).
type State struct {
	Instant string
	Before  *string
}

// Field is one column of an entity.
type Field struct {
	Pos            diag.Pos
	Name           string
	Description    string
	Type           string // DuckDB's name, e.g. DECIMAL(18,4)
	Kind           Kind
	Precision      int // of a Decimal
	Scale          int
	Required       bool
	Key            int // position in the key from 1, 0 = no part of it
	Planned        bool
	Classification string
	Ref            *Ref
	Accepted       []string // values fixed by the contract; empty = any
	AcceptedFrom   string   // list of the program that names the values; others are warned of
	State          *State
	Limit          *Limit
	NullAs         *string // what an absent value is read as
	Facts          []string
	Metrics        []string
}

// Entity is one contract: a table of the staging schema.
type Entity struct {
	Pos         diag.Pos
	Name        string
	Title       string
	Description string
	Grain       string
	Required    bool
	EventTime   string // field that says when a row was born; "" = rows have no time of their own
	Fields      []Field
	Facts       []string
	Metrics     []string
}

// Field finds a field by name.
func (e *Entity) Field(name string) (Field, bool) {
	for _, f := range e.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNames are the fields' names in the contract's order.
func (e *Entity) FieldNames() []string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = f.Name
	}
	return names
}

func (e *Entity) instants() []string {
	var names []string
	for _, f := range e.Fields {
		if f.Kind == Instant || f.Kind == Date {
			names = append(names, f.Name)
		}
	}
	return names
}

// Key is the names of the key fields in key order.
func (e *Entity) Key() []string {
	var key []Field
	for _, f := range e.Fields {
		if f.Key > 0 {
			key = append(key, f)
		}
	}
	slices.SortFunc(key, func(a, b Field) int { return a.Key - b.Key })
	names := make([]string, len(key))
	for i, f := range key {
		names[i] = f.Name
	}
	return names
}

// Set is all contracts, ordered by name.
type Set struct {
	Entities []*Entity
}

// Entity finds a contract by its entity's name.
func (s *Set) Entity(name string) (*Entity, bool) {
	for _, e := range s.Entities {
		if e.Name == name {
			return e, true
		}
	}
	return nil, false
}

// Names are the entities' names in order.
func (s *Set) Names() []string {
	names := make([]string, len(s.Entities))
	for i, e := range s.Entities {
		names[i] = e.Name
	}
	return names
}

// Load reads the contracts that ship with Tributary.
func Load() (*Set, error) {
	return LoadFS(files)
}

// LoadFS reads every *.odcs.yaml at the root of a file system and reports all that is wrong in them at once.
func LoadFS(fsys fs.FS) (*Set, error) {
	names, err := fs.Glob(fsys, "*.odcs.yaml")
	if err != nil {
		return nil, fmt.Errorf("list contracts: %w", err)
	}
	set := &Set{}
	var problems diag.List
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read contract %s: %w", name, err)
		}
		set.Entities = append(set.Entities, parse(name, text, &problems)...)
	}
	slices.SortFunc(set.Entities, func(a, b *Entity) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	checkSet(set, &problems)
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("contracts:\n%w", err)
	}
	return set, nil
}

// checkSet checks what one contract says of another.
func checkSet(set *Set, problems *diag.List) {
	for i, e := range set.Entities {
		if i > 0 && set.Entities[i-1].Name == e.Name {
			problems.Add(e.Pos, "", "entity %s already has a contract in %s", e.Name, set.Entities[i-1].Pos)
		}
		for _, f := range e.Fields {
			if f.Ref == nil {
				continue
			}
			target, ok := set.Entity(f.Ref.Entity)
			if !ok {
				problems.Add(f.Pos, diag.DidYouMean(f.Ref.Entity, set.Names()), "field %s refers to an unknown entity %s", f.Name, f.Ref.Entity)
				continue
			}
			if _, ok := target.Field(f.Ref.Field); !ok {
				problems.Add(f.Pos, diag.DidYouMean(f.Ref.Field, target.FieldNames()), "field %s refers to an unknown field %s.%s", f.Name, f.Ref.Entity, f.Ref.Field)
			}
		}
	}
}
