// Package secret is values that must stand nowhere: a configuration names where they are, and however they are printed they do not
// show.
package secret

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Secret is a value that stands nowhere in the configuration: ${NAME} of the environment, or the first line of a file.
// However it is printed, it does not show.
type Secret struct {
	At    diag.Pos
	Whole bool // a file is taken whole, such as a key in PEM; else its first line
	env   string
	file  string
	value string
}

// Finder finds what references name.
type Finder struct {
	Dir string                      // the folder on disk that files are relative to
	Env func(string) (string, bool) // looks up ${NAME}; nil leaves references as they are
}

const redacted = "[secret]"

func (s Secret) String() string   { return redacted }
func (s Secret) GoString() string { return redacted }

// MarshalText keeps the value out of JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal is the value.
func (s Secret) Reveal() string { return s.value }

// Given tells whether there is a reference at all.
func (s Secret) Given() bool { return s.env != "" || s.file != "" }

var reference = regexp.MustCompile(`\$\{([^}]*)\}`)

// DecodeNode takes ${NAME} or {file: path}; a secret in clear text is refused.
func (s *Secret) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	s.At = d.Pos(n)
	if n.Kind == yaml.MappingNode {
		var from struct {
			File diag.Text `yaml:"file,required"`
		}
		d.Decode(n, &from)
		s.file = from.File.Value
		return
	}
	m := reference.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil || m[0] != n.Value || m[1] == "" {
		d.Problem(n, "write ${NAME} for a variable of the environment, or {file: path}", "a secret must not stand in this file")
		return
	}
	s.env = m[1]
}

// Expand puts the variables of the environment into a text that may name them.
func (f Finder) Expand(text *diag.Text, problems *diag.List) {
	text.Value = reference.ReplaceAllStringFunc(text.Value, func(ref string) string {
		return f.lookUp(ref[2:len(ref)-1], text.Pos, problems)
	})
}

func (f Finder) lookUp(name string, at diag.Pos, problems *diag.List) string {
	value, ok := f.Env(name)
	if !ok {
		problems.Add(at, "set it where Tributary is started", "the environment variable %s is not set", name)
	}
	return value
}

// Resolve looks the value up; what it finds wrong names the place of the reference.
func (s *Secret) Resolve(f Finder) diag.List {
	var problems diag.List
	switch {
	case s.env != "":
		s.value = f.lookUp(s.env, s.At, &problems)
	case s.file != "":
		path := s.file
		if !filepath.IsAbs(path) {
			path = filepath.Join(f.Dir, filepath.FromSlash(path))
		}
		text, err := os.ReadFile(path)
		if err != nil {
			problems.Add(s.At, "", "the secret's file cannot be read: %s", err)
		}
		s.value = string(text)
		if !s.Whole {
			s.value, _, _ = strings.Cut(s.value, "\n")
			s.value = strings.TrimSuffix(s.value, "\r")
		}
	}
	return problems
}
