package provision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/dashboards/grafana"
)

// Change is what Write did to a file.
type Change struct {
	Path string `json:"path"`
	What string `json:"what"` // written, removed, or same
}

// Write brings a folder to this state, one whole file at a time, so that a Grafana that looks meanwhile reads no half of one. It removes
// dashboards of ours that are no longer made, and refuses to write over a file that is not ours.
func Write(dir string, files []File) ([]Change, error) {
	if err := foreign(dir, files); err != nil {
		return nil, err
	}
	var out []Change
	for _, f := range files {
		what, err := put(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Text)
		if err != nil {
			return out, fmt.Errorf("write %s: %w", f.Path, err)
		}
		out = append(out, Change{Path: f.Path, What: what})
	}
	stale, err := left(dir, files)
	if err != nil {
		return out, err
	}
	for _, path := range stale {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
			return out, fmt.Errorf("remove what is no longer made: %w", err)
		}
		out = append(out, Change{Path: path, What: "removed"})
	}
	return out, nil
}

func foreign(dir string, files []File) error {
	var problems []error
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at what is there: %w", err)
		}
		if err == nil && !ours(path, text) {
			problems = append(problems, fmt.Errorf("%s is there and was not written by this program: move it, or choose another folder", path))
		}
	}
	return errors.Join(problems...)
}

// ours tells whether a file was written by this program.
func ours(path string, text []byte) bool {
	if filepath.Ext(path) != ".json" {
		return bytes.HasPrefix(text, []byte(mark))
	}
	var d struct {
		UID  string   `json:"uid"`
		Tags []string `json:"tags"`
	}
	return json.Unmarshal(text, &d) == nil && strings.HasPrefix(d.UID, grafana.Tag+"-") && slices.Contains(d.Tags, grafana.Tag)
}

func put(path string, text []byte) (string, error) {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, text) {
		return "same", nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".tributary-*") // Grafana reads *.json and *.yaml only
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return "written", nil
}

// left are our dashboards in the folder that are not among the files.
func left(dir string, files []File) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, jsonFolder))
	if err != nil {
		return nil, fmt.Errorf("look for what is no longer made: %w", err)
	}
	var out []string
	for _, e := range entries {
		path := jsonFolder + "/" + e.Name()
		if !e.Type().IsRegular() || filepath.Ext(path) != ".json" || slices.ContainsFunc(files, func(f File) bool { return f.Path == path }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, jsonFolder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("look for what is no longer made: %w", err)
		}
		if ours(path, text) {
			out = append(out, path)
		}
	}
	return out, nil
}
