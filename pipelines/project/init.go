package project

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/program"
)

//go:embed template
var templates embed.FS

// blank is the template that has every key.
const blank = "tributary"

// Starts are what a project can begin with: a configuration of a kind of source, with its maps.
func Starts() []string {
	var out []string
	entries, err := templates.ReadDir("template")
	if err != nil {
		panic(err) // it is part of the program
	}
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".yaml"); name != blank {
			out = append(out, name)
		}
	}
	return out
}

// Templates is the files of a new project, by slash-separated path: with one of Starts, or with every key, its default or an example.
func Templates(from string) (map[string][]byte, error) {
	if from == "" {
		from = blank
	} else if !slices.Contains(Starts(), from) {
		return nil, fmt.Errorf("nothing begins with %q (%s)", from, diag.DidYouMean(from, Starts()))
	}
	config, err := templates.ReadFile("template/" + from + ".yaml")
	if err != nil {
		return nil, err
	}
	rules, err := program.Templates()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{File: config}
	for name, text := range rules {
		files["program/"+name] = text
	}
	return files, nil
}

// Init writes a new project into a folder, which may exist, with one of Starts or with every key. It overwrites nothing: a file that is
// already there is an error, and then nothing is written.
func Init(dir, from string) error {
	files, err := Templates(from)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(files))
	var taken []string
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); !errors.Is(err, fs.ErrNotExist) {
			taken = append(taken, name)
		}
	}
	if len(taken) > 0 {
		return fmt.Errorf("init %s: %s: already there, nothing was written (choose another folder or remove them)", dir, strings.Join(taken, ", "))
	}
	for _, name := range names {
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(name)), files[name]); err != nil {
			return fmt.Errorf("init %s: %w", dir, err)
		}
	}
	return nil
}

func writeNew(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
