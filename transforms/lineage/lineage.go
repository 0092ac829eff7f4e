// Package lineage says which columns of the tables that a query reads each of its output columns is made of, through WITH, joins, subqueries
// and set operations, and which columns decide what rows there are. It reads syntax trees and the names of columns, never a row, and what it
// cannot follow for certain it leaves out.
package lineage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/tributary-data/tributary/transforms/syntax"
)

// Kind is how an input column takes part in an output, in OpenLineage's words.
type Kind string

// The first three give the output its value; the others only decide which value, or which rows.
const (
	Identity       Kind = "IDENTITY"       // the value as it is
	Transformation Kind = "TRANSFORMATION" // computed from it, a change of type included
	Aggregation    Kind = "AGGREGATION"    // computed from many rows of it
	Join           Kind = "JOIN"
	GroupBy        Kind = "GROUP_BY" // also DISTINCT
	Filter         Kind = "FILTER"
	Sort           Kind = "SORT"
	Window         Kind = "WINDOW"
	Conditional    Kind = "CONDITIONAL" // the condition of a CASE, or of a subquery
)

// IsDirect says whether the value itself comes from the input.
func (k Kind) IsDirect() bool { return k == Identity || k == Transformation || k == Aggregation }

// Column is a column of a table, with DuckDB's name of its type.
type Column struct{ Name, Type string }

// Source is a column of an input table, as Input spells it, and how it takes part. The table is in lower case.
type Source struct {
	Table, Column string
	Kind          Kind
}

// Output is one column that a query gives. One without sources is a constant, or counts rows.
type Output struct {
	Name    string
	Sources []Source // sorted
}

// Lineage is where the columns and rows of a query come from.
type Lineage struct {
	Outputs []Output // those that could be followed, in the query's order
	Rows    []Source // what decides which rows there are, sorted
}

// Input is what a query can read.
type Input struct {
	// Columns of a table by its name (schema.table, lower case); nil for one that is not known.
	Columns func(table string) []Column
	// Aggregates are the functions that make one value of many rows, in lower case.
	Aggregates map[string]bool
}

// Aggregates are the functions that DuckDB knows as aggregates.
func Aggregates(ctx context.Context, db interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
},
) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'")
	if err != nil {
		return nil, fmt.Errorf("list DuckDB's aggregates: %w", err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list DuckDB's aggregates: %w", err)
		}
		out[name] = true
	}
	return out, rows.Err()
}

// Of follows the columns of a query. names are those of the table that it makes, in order; nil takes the query's own.
func Of(q *syntax.Query, in Input, names []string) Lineage {
	b := &binder{in: in}
	result := b.query(q.Root, nil, nil)
	if !result.open && len(names) == len(result.columns) {
		for i, name := range names {
			result.columns[i].name = name
		}
	}
	out := Lineage{Rows: result.rows.sorted()}
	for _, c := range result.columns {
		if c.known && c.name != "" {
			out.Outputs = append(out.Outputs, Output{Name: c.name, Sources: c.uses.sorted()})
		}
	}
	return out
}

// set is the inputs that something is made of.
type set map[Source]struct{}

func setOf(sources ...set) set {
	out := set{}
	for _, s := range sources {
		maps.Copy(out, s)
	}
	return out
}

// each gives the set with other kinds.
func (s set) each(kind func(Kind) Kind) set {
	out := make(set, len(s))
	for source := range s {
		source.Kind = kind(source.Kind)
		out[source] = struct{}{}
	}
	return out
}

// transformed is what an expression makes of a value.
func (s set) transformed() set {
	return s.each(func(k Kind) Kind {
		if k == Identity {
			return Transformation
		}
		return k
	})
}

// aggregated is what an aggregate makes of a value.
func (s set) aggregated() set {
	return s.each(func(k Kind) Kind {
		if k.IsDirect() {
			return Aggregation
		}
		return k
	})
}

// only is what is left of a value that decides something and goes nowhere.
func (s set) only(as Kind) set {
	return s.each(func(k Kind) Kind {
		if k.IsDirect() {
			return as
		}
		return k
	})
}

func (s set) sorted() []Source {
	return slices.SortedFunc(maps.Keys(s), func(a, b Source) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Kind, b.Kind))
	})
}

// value is what an expression is made of.
type value struct {
	uses  set
	typ   string // DuckDB's name of the type, "" when not known
	known bool   // every column in it was found
}

// column is a named value.
type column struct {
	value

	name string
}

// join puts values together that are one column of several queries.
func (v value) join(other value) value {
	out := value{uses: setOf(v.uses, other.uses), known: v.known && other.known}
	if v.typ == other.typ {
		out.typ = v.typ
	}
	return out
}
