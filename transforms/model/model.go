// Package model reads SQL models: one plain SELECT per file under a YAML header comment, ours embedded and the user's laid over them by
// name. It knows what each reads and in which order they can be made; it never runs one.
package model

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// Model is one table or view that a SELECT makes.
type Model struct {
	Header

	Schema, Table string
	// File is the path that messages name; BuiltIn says whether it is ours.
	File    string
	BuiltIn bool
	// SQL is the SELECT, Line the line of the file where it begins.
	SQL  string
	Line int
	// Query is the SELECT's syntax tree; its lines count from 1 at Line.
	Query *syntax.Query
}

// Name is schema.table.
func (m *Model) Name() string { return m.Schema + "." + m.Table }

// Pos is the place of a line of the SELECT (from 1; 0 = its beginning) in the file.
func (m *Model) Pos(line int) diag.Pos {
	return diag.Pos{File: m.File, Line: m.Line + max(line, 1) - 1}
}

// IsView says whether the model is a view.
func (m *Model) IsView() bool { return m.Materialise == View }

// IsPortable says whether the model is held to the SQL that DuckDB and Spark answer alike.
func (m *Model) IsPortable() bool { return m.Engine != "duckdb" }

// Set is all models by name.
type Set struct {
	byName map[string]*Model
}

// Get is the model of a name, in any case.
func (s *Set) Get(name string) (*Model, bool) {
	m, ok := s.byName[strings.ToLower(name)]
	return m, ok
}

// Names are the models' names, sorted.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.byName))
	for name := range s.byName {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// All are the models by name.
func (s *Set) All() []*Model {
	out := make([]*Model, 0, len(s.byName))
	for _, name := range s.Names() {
		out = append(out, s.byName[name])
	}
	return out
}

// Source is a folder of models: <schema>/<table>.sql. Dir is how messages name it.
type Source struct {
	FS      fs.FS
	Dir     string
	BuiltIn bool
}

// Load reads the embedded models and those of the user (nil when there are none), a user's model replacing ours of the same name whole.
// The error is a diag.List with everything that is wrong.
func Load(ctx context.Context, embedded, user fs.FS) (*Set, error) {
	sources := []Source{{FS: embedded, Dir: "sql", BuiltIn: true}}
	if user != nil {
		sources = append(sources, Source{FS: user, Dir: "sql"})
	}
	return LoadSources(ctx, sources...)
}

// LoadSources reads folders of models, later ones over earlier ones.
func LoadSources(ctx context.Context, sources ...Source) (*Set, error) {
	parser, err := syntax.NewParser()
	if err != nil {
		return nil, err
	}
	defer parser.Close()
	set, problems := &Set{byName: map[string]*Model{}}, diag.List{}
	for _, source := range sources {
		if err := set.load(ctx, parser, source, &problems); err != nil {
			return nil, err
		}
	}
	return set, problems.Err()
}

func (s *Set) load(ctx context.Context, parser *syntax.Parser, source Source, problems *diag.List) error {
	files, err := fs.Glob(source.FS, "*/*.sql")
	if err != nil {
		return fmt.Errorf("list models in %s: %w", source.Dir, err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(source.FS, file)
		if err != nil {
			return fmt.Errorf("read model %s: %w", path.Join(source.Dir, file), err)
		}
		m, err := read(ctx, parser, path.Join(source.Dir, file), string(text), problems)
		if err != nil {
			return err
		}
		if m != nil {
			m.BuiltIn = source.BuiltIn
			s.byName[m.Name()] = m
		}
	}
	return nil
}

var nameWord = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// reserved schemas are filled by others than models.
var reserved = map[string]string{
	"program": "comes from the rules under program/",
	"ops":     "holds the records of runs",
	"raw":     "holds the sources as they were landed",
	"main":    "holds the prelude",
	"tests":   "holds unit tests",
}

// read gives the model of a file; nil when its problems leave none.
func read(ctx context.Context, parser *syntax.Parser, file, text string, problems *diag.List) (*Model, error) {
	m := &Model{File: file, Schema: path.Base(path.Dir(file)), Table: strings.TrimSuffix(path.Base(file), ".sql")}
	at := diag.Pos{File: file}
	for _, word := range []string{m.Schema, m.Table} {
		if !nameWord.MatchString(word) {
			problems.Add(at, "folder and file name are the table's name: lower case letters, digits and _", "%q cannot name a table", word)
			return nil, nil
		}
	}
	if why, is := reserved[m.Schema]; is {
		problems.Add(at, "put models into core, metrics, incentives, quality or a schema of your own", "schema %s %s", m.Schema, why)
		return nil, nil
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !m.split(text, problems) {
		return nil, nil
	}
	query, err := parser.Parse(ctx, m.SQL)
	var bad *syntax.Error
	if errors.As(err, &bad) {
		problems.Add(m.Pos(bad.Line), bad.Hint, "%s", bad.Msg)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name(), err)
	}
	m.Query = query
	return m, nil
}

var (
	headerStart = regexp.MustCompile(`\A\x{FEFF}?\s*/\*\s*tributary[ \t]*(\n|\*/)`)
	trailing    = regexp.MustCompile(`;\s*\z`)
)

// split parts header and SELECT.
func (m *Model) split(text string, problems *diag.List) bool {
	at := diag.Pos{File: m.File, Line: 1}
	start := headerStart.FindStringIndex(text)
	if start == nil {
		problems.Add(at, "begin the file with /* tributary, a line `grain: [key]`, and */", "the model has no header")
		return false
	}
	end := strings.Index(text[start[0]:], "*/")
	if end < 0 {
		problems.Add(at, "end the header with */", "the header is not closed")
		return false
	}
	// Blank lines in place of what stands before keep the line numbers those of the file.
	header := strings.Repeat("\n", strings.Count(text[:start[1]], "\n")) + text[min(start[1], end):end]
	body := text[end+2:]
	skipped := len(body) - len(strings.TrimLeft(body, " \t\n"))
	m.Line = 1 + strings.Count(text[:end+2+skipped], "\n")
	m.SQL = strings.TrimRight(body[skipped:], " \t\n")
	if code := strings.TrimRight(syntax.Blank(m.SQL), " \t\n"); trailing.MatchString(code) {
		m.SQL = m.SQL[:len(code)-1]
	}
	m.Header = readHeader(m.File, header, problems)
	return true
}
