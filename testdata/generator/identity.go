package generator

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tributary-data/tributary/testdata/demo"
)

// benchDetours gives some 2 M stage rows to the 300 k deals of a million leads.
const benchDetours = 4.2

// writeProject writes tributary.yaml, which maps every file to its contract field by field, and the demo vendor's program.
func (c *contracts) writeProject(dir string) error {
	var b strings.Builder
	b.WriteString(`# Data in the shape of the contracts: every map is the identity. Written by testdata/generator.
version: 1
project: clean
reporting: {time_zone: Europe/Berlin, currency: EUR, min_n: 5}
sources:
  clean:
    type: file
    root: data
    streams:
`)
	for _, e := range c.entities {
		fmt.Fprintf(&b, "      %s: {files: [%s.csv], key: [%s], version: modified_at, mode: upsert}\n", e.name, e.name, strings.Join(e.key, ", "))
	}
	b.WriteString("maps:\n")
	for _, e := range c.entities {
		fmt.Fprintf(&b, "  - entity: %s\n    from: clean.%s\n    fields:\n", e.name, e.name)
		for _, f := range e.fields {
			fmt.Fprintf(&b, "      %s: %s\n", f, f)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tributary.yaml"), []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("write the project: %w", err)
	}
	return copyProgram(filepath.Join(dir, "program"))
}

// copyProgram puts the demo vendor's rules into a folder.
func copyProgram(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the program folder: %w", err)
	}
	names, err := fs.Glob(demo.Program, "program/*.yaml")
	if err != nil {
		return fmt.Errorf("list the demo's program: %w", err)
	}
	for _, name := range names {
		text, err := demo.Program.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read the demo's program: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o644); err != nil {
			return fmt.Errorf("write the program: %w", err)
		}
	}
	return nil
}
