package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// AsOf is the last day that the demo vendor's data covers.
const AsOf = "2026-09-30"

//go:embed tributary.yaml README.md quarantine.csv program data
var files embed.FS

// ReadConfig is the demo's tributary.yaml.
func ReadConfig() (string, error) {
	text, err := files.ReadFile("tributary.yaml")
	return string(text), err
}

// Files is the demo project as Write writes it.
func Files() fs.FS { return files }

// Write puts the whole demo project into a folder, which must not hold one yet.
func Write(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "tributary.yaml")); err == nil {
		return fmt.Errorf("%s has a tributary.yaml already: name another folder", dir)
	}
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}
