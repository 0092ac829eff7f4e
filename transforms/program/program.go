// Package program reads the rules of a channel program, the YAML files under the user's program/ folder, and lays them down as the
// dated tables of the schema "program" that the models join. A file of the user replaces the built-in one whole; what has no
// file is as built in. It knows neither sources nor metrics, and never reads the clock.
package program

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

//go:embed builtin/*.yaml
var builtin embed.FS

// Program is all rules, read and checked.
type Program struct {
	Response    Response
	Motions     Motions
	Attribution Attribution
	Calendars   Calendars
	Fiscal      Fiscal
	FX          FX
	Incentives  Incentives
	Adjustments Adjustments
	Taxonomy    Taxonomy
	Metrics     Metrics
}

// rule is one file: its name, where it is decoded to, and what checks it once all are read.
type rule struct {
	name  string
	into  any
	check func(*checker)
}

func (p *Program) rules() []rule {
	return []rule{
		{"taxonomy.yaml", &p.Taxonomy, p.checkTaxonomy},
		{"response.yaml", &p.Response, p.checkResponse},
		{"motions.yaml", &p.Motions, p.checkMotions},
		{"attribution.yaml", &p.Attribution, p.checkAttribution},
		{"calendars.yaml", &p.Calendars, p.checkCalendars},
		{"fiscal.yaml", &p.Fiscal, p.checkFiscal},
		{"fx.yaml", &p.FX, p.checkFX},
		{"incentives.yaml", &p.Incentives, p.checkIncentives},
		{"adjustments.yaml", &p.Adjustments, p.checkAdjustments},
		{"metrics.yaml", &p.Metrics, p.checkMetrics},
	}
}

// Builtin is the program of somebody who wrote no file.
func Builtin() (*Program, error) { return Load(emptyFS{}, "program") }

// Load reads the rule files at the root of a folder and reports everything that is wrong in them at once. dir is how the
// folder is named in messages; a folder that does not exist is an empty one.
func Load(fsys fs.FS, dir string) (*Program, error) {
	p := &Program{}
	var problems diag.List
	if err := p.strangers(fsys, dir, &problems); err != nil {
		return nil, err
	}
	rules := p.rules()
	for _, r := range rules {
		text, name, err := readRule(fsys, dir, r.name)
		if err != nil {
			return nil, err
		}
		d := diag.NewDecoder(name, &problems)
		if n := d.Parse(text); n != nil {
			d.Decode(n, r.into)
		} else if onlyComments(text) {
			problems = problems[:len(problems)-1]
		}
	}
	c := &checker{problems: &problems}
	for _, r := range rules {
		c.file = path.Join(dir, r.name)
		r.check(c)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// builtinPrefix begins the names of built-in files in messages.
const builtinPrefix = "built-in "

// readRule is the user's text, else the built-in one, with the name for messages.
func readRule(fsys fs.FS, dir, name string) ([]byte, string, error) {
	text, err := fs.ReadFile(fsys, name)
	if err == nil {
		return text, path.Join(dir, name), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("reading %s: %w", path.Join(dir, name), err)
	}
	text, err = builtin.ReadFile("builtin/" + name)
	if err != nil {
		return nil, "", fmt.Errorf("reading the built-in %s: %w", name, err)
	}
	return text, builtinPrefix + name, nil
}

// onlyComments tells a file in which everything is commented out: a rule file without rules, which is no mistake.
func onlyComments(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// strangers reports YAML files that nothing reads: a misspelt name must not fall back to the built-in rules.
func (p *Program) strangers(fsys fs.FS, dir string, problems *diag.List) error {
	entries, err := fs.ReadDir(fsys, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing %s: %w", dir, err)
	}
	known := RuleFiles()
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); e.IsDir() || ext != ".yaml" && ext != ".yml" || contains(known, name) {
			continue
		}
		problems.Add(diag.Pos{File: path.Join(dir, name)}, diag.DidYouMean(name, known), "no rule file has this name")
	}
	return nil
}

// RuleFiles names the files that a program may have.
func RuleFiles() []string {
	var names []string
	for _, r := range (&Program{}).rules() {
		names = append(names, r.name)
	}
	return names
}

// Templates is the built-in rule files with their comments, by name: what a new project begins with.
func Templates() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range RuleFiles() {
		text, err := builtin.ReadFile("builtin/" + name)
		if err != nil {
			return nil, fmt.Errorf("reading the built-in %s: %w", name, err)
		}
		files[name] = text
	}
	return files, nil
}

// emptyFS is a folder with nothing in it.
type emptyFS struct{}

func (emptyFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
