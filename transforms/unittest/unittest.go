// Package unittest runs the unit tests of models: given rows of what a model rests on, the rows that it must give. Models between the two
// are made for real; tables that a test does not speak of are empty. It never touches a warehouse file.
package unittest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Test is one test of one model.
type Test struct {
	Name, Model string
	// Param overrides program.param; a new as_of moves as_of_at and known_at along.
	Param Row
	Given []Table
	// Where limits the rows of the model that are compared.
	Where  string
	Expect []Row
	At     diag.Pos
	// expect is where the list of expected rows stands in the file.
	expect diag.Pos
	indent int
}

// Table is the rows given for a table.
type Table struct {
	Name string
	Rows []Row
	At   diag.Pos
}

// Row is a row as written; columns that it does not name are null.
type Row struct {
	Cells []Cell
	At    diag.Pos
}

// Cell is one value of a row; nil stands for null.
type Cell struct {
	Column string
	Value  *string
	At     diag.Pos
}

// DecodeNode reads {column: value, …}; values keep their literal text, so that 1.10 stays 1.10.
func (r *Row) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	r.At = d.Pos(n)
	d.Pairs(n, func(key, val *yaml.Node) {
		cell := Cell{Column: key.Value, At: d.Pos(val)}
		switch {
		case val.Kind != yaml.ScalarNode:
			d.Problem(val, "write a list or an object as quoted text", "%s: a cell is a single value", key.Value)
		case val.Tag != "!!null":
			text := val.Value
			cell.Value = &text
		}
		r.Cells = append(r.Cells, cell)
	})
}

type rawFile struct {
	Model string    `yaml:"model"`
	Tests []rawTest `yaml:"tests,required"`
}

type rawTest struct {
	At     diag.Pos
	Name   string    `yaml:"name,required"`
	Model  string    `yaml:"model"`
	Param  Row       `yaml:"param"`
	Given  given     `yaml:"given"`
	Where  string    `yaml:"where"`
	Expect expecting `yaml:"expect,required"`
}

type given []Table

func (g *given) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		t := Table{Name: key.Value, At: d.Pos(key)}
		d.Decode(val, &t.Rows)
		*g = append(*g, t)
	})
}

type expecting struct {
	rows []Row
	node *yaml.Node
}

func (e *expecting) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	e.node = n
	d.Decode(n, &e.rows)
}

// Load reads the tests in tests/*.yaml of a folder; dir is how messages name the folder. The error is a diag.List.
func Load(fsys fs.FS, dir string) ([]Test, error) {
	files, err := fs.Glob(fsys, "tests/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list unit tests: %w", err)
	}
	var tests []Test
	var problems diag.List
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read unit tests: %w", err)
		}
		tests = append(tests, read(path.Join(dir, file), text, &problems)...)
	}
	return tests, problems.Err()
}

func read(file string, text []byte, problems *diag.List) []Test {
	raw := rawFile{}
	d := diag.NewDecoder(file, problems)
	root := d.Parse(text)
	if root == nil {
		return nil
	}
	d.Decode(root, &raw)
	indents := expectIndents(root)
	var out []Test
	seen := map[string]int{}
	for _, r := range raw.Tests {
		t := Test{Name: r.Name, Model: r.Model, Param: r.Param, Given: r.Given, Where: r.Where, Expect: r.Expect.rows, At: r.At}
		if t.Model == "" {
			t.Model = raw.Model
		}
		if t.Model == "" {
			problems.Add(r.At, "write model: core.deal, here or at the top of the file", "test %q names no model", r.Name)
		}
		if line, twice := seen[t.Name]; twice {
			problems.Add(r.At, "", "a test named %q is there already, on line %d", t.Name, line)
		}
		seen[t.Name] = r.At.Line
		if at, ok := indents[r.Expect.node]; ok {
			t.expect, t.indent = diag.Pos{File: file, Line: at.line}, at.indent
		}
		out = append(out, t)
	}
	return out
}

type place struct{ line, indent int }

// expectIndents finds the keys whose values are lists of expected rows, for rewriting them in place.
func expectIndents(n *yaml.Node) map[*yaml.Node]place {
	out := map[*yaml.Node]place{}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == "expect" {
					out[n.Content[i+1]] = place{line: n.Content[i].Line, indent: n.Content[i].Column - 1}
				}
			}
		}
		for _, child := range n.Content {
			visit(child)
		}
	}
	visit(n)
	return out
}

// ErrFailed is wrapped by Results.Err.
var ErrFailed = errors.New("unit tests failed")
