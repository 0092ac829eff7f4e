package project

import (
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Secret is a value that stands nowhere in the configuration: ${NAME} of the environment, or the first line of a file.
// However it is printed, it does not show.
type Secret struct {
	At    diag.Pos
	env   string
	file  string
	value string
}

const redacted = "[secret]"

func (s Secret) String() string   { return redacted }
func (s Secret) GoString() string { return redacted }

// MarshalText keeps the value out of JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal is the value.
func (s Secret) Reveal() string { return s.value }

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

// resolve looks up every reference to the environment and to files.
func (p *Project) resolve(opts Options, problems *diag.List) {
	if opts.Env == nil {
		return
	}
	for _, path := range p.paths() {
		expand(path, opts, problems)
	}
}

// paths are the settings in which ${NAME} may stand.
func (p *Project) paths() []*diag.Text {
	out := []*diag.Text{&p.Config.Lake, &p.Config.Warehouse}
	for i := range p.Config.Sources {
		out = append(out, &p.Config.Sources[i].Root)
	}
	return out
}

func expand(text *diag.Text, opts Options, problems *diag.List) {
	text.Value = reference.ReplaceAllStringFunc(text.Value, func(ref string) string {
		return lookUp(ref[2:len(ref)-1], text.Pos, opts, problems)
	})
}

func lookUp(name string, at diag.Pos, opts Options, problems *diag.List) string {
	value, ok := opts.Env(name)
	if !ok {
		problems.Add(at, "set it where Tributary is started", "the environment variable %s is not set", name)
	}
	return value
}

// Resolve looks the value up; what it finds wrong names the place of the reference.
func (s *Secret) Resolve(opts Options) diag.List {
	var problems diag.List
	switch {
	case s.env != "":
		s.value = lookUp(s.env, s.At, opts, &problems)
	case s.file != "":
		text, err := os.ReadFile(underDir(opts.Dir, s.file))
		if err != nil {
			problems.Add(s.At, "", "the secret's file cannot be read: %s", err)
		}
		s.value, _, _ = strings.Cut(string(text), "\n")
		s.value = strings.TrimSuffix(s.value, "\r")
	}
	return problems
}

func underDir(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}
