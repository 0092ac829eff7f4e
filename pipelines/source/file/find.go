package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tributary-data/tributary/pipelines/source/bucket"
)

// Found is a file, or an object of a bucket, that a Spec names.
type Found struct {
	Abs     string // empty for an object: Local brings it here
	Name    string // relative to the project, with slashes; the URL of an object
	Size    int64
	ModTime time.Time
	ETag    string // of an object: another content has another one

	fetch func(ctx context.Context, to string) error // of an object
}

// Finding is what Find came up with.
type Finding struct {
	Files   []Found  // by name
	Matched []string // patterns that match something
	Empty   []string // globs that match nothing; whether that is wrong depends on what was delivered before
}

// place is what a root names: where patterns are matched.
type place interface {
	// match lists what a pattern names. A name without wildcards that does not exist is errMissing.
	match(ctx context.Context, pattern string) ([]Found, error)
	// path is a name in the place, as users see it, and neighbours are the names beside it.
	path(name string) string
	neighbours(ctx context.Context, name string) []string
}

var errMissing = errors.New("there is no such file")

// Find lists the files of a spec. A name without wildcards must exist, and so must the root. Dot files are matched only by
// patterns that begin with a dot: editors and file managers leave them behind.
func Find(ctx context.Context, projectDir string, s Spec) (Finding, error) {
	var out Finding
	at, err := placeOf(projectDir, s.Root)
	if err != nil {
		return out, err
	}
	seen := map[string]bool{}
	for _, pattern := range s.Files {
		found, err := at.match(ctx, pattern)
		if errors.Is(err, errMissing) {
			return out, missing(ctx, at, pattern)
		}
		if err != nil {
			return out, fmt.Errorf("looking for %s: %w", pattern, err)
		}
		if len(found) == 0 {
			out.Empty = append(out.Empty, pattern)
			continue
		}
		out.Matched = append(out.Matched, pattern)
		for _, f := range found {
			if !seen[f.Name] {
				seen[f.Name] = true
				out.Files = append(out.Files, f)
			}
		}
	}
	slices.SortFunc(out.Files, func(a, b Found) int { return NaturalOrder(a.Name, b.Name) })
	return out, nil
}

func placeOf(projectDir, root string) (place, error) {
	if bucket.Named(root) {
		return openObjects(root)
	}
	if !filepath.IsAbs(root) {
		root = filepath.Join(projectDir, root)
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return nil, inputError(display(projectDir, root), 0, "create it, or mend `root` of the source", "the folder of the source does not exist")
	}
	return folder{projectDir, root}, nil
}

// missing says that a file without wildcards in its name does not exist, and which one may be meant.
func missing(ctx context.Context, at place, name string) error {
	hint := "put it there, or mend `files` of the stream"
	if near := nearest(path.Base(filepath.ToSlash(name)), at.neighbours(ctx, name)); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	return inputError(at.path(name), 0, hint, "the file does not exist")
}

func wild(pattern string) bool { return strings.ContainsAny(pattern, `*?[{`) }

// hidden tells whether a pattern is after dot files.
func hidden(pattern string) bool { return strings.HasPrefix(filepath.Base(pattern), ".") }

// folder is a place on this machine.
type folder struct{ projectDir, root string }

func (f folder) match(_ context.Context, pattern string) ([]Found, error) {
	full := pattern
	if !filepath.IsAbs(full) {
		full = filepath.Join(f.root, pattern)
	}
	if info, err := os.Stat(full); err == nil && !info.IsDir() {
		return f.look([]string{full}) // also a name that has wildcard characters in it
	}
	if !wild(pattern) {
		return nil, errMissing
	}
	base, glob := doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(pattern)))
	dir := filepath.FromSlash(base)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(f.root, dir)
	}
	opts := []doublestar.GlobOption{doublestar.WithFilesOnly()}
	if !hidden(pattern) {
		opts = append(opts, doublestar.WithNoHidden())
	}
	names, err := doublestar.Glob(os.DirFS(dir), glob, opts...)
	if err != nil {
		return nil, fmt.Errorf("in %s: %w", f.root, err)
	}
	for i, n := range names {
		names[i] = filepath.Join(dir, filepath.FromSlash(n))
	}
	return f.look(names)
}

func (f folder) look(paths []string) ([]Found, error) {
	var out []Found
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("looking at %s: %w", path, err)
		}
		out = append(out, Found{Abs: path, Name: display(f.projectDir, path), Size: info.Size(), ModTime: info.ModTime().UTC()})
	}
	return out, nil
}

func (f folder) path(name string) string { return display(f.projectDir, filepath.Join(f.root, name)) }

func (f folder) neighbours(_ context.Context, name string) []string {
	entries, _ := os.ReadDir(filepath.Dir(filepath.Join(f.root, name)))
	var names []string
	for _, e := range entries {
		if !e.IsDir() && e.Name() != filepath.Base(name) { // which may be a link to nothing
			names = append(names, e.Name())
		}
	}
	return names
}

// display is a path as users and lineage see it: relative to the project, with slashes.
func display(projectDir, path string) string {
	if abs, err := filepath.Abs(projectDir); err == nil {
		projectDir = abs
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if rel, err := filepath.Rel(projectDir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// NaturalOrder compares names as people do: runs of digits by their value, so that dump_9 comes before dump_10.
func NaturalOrder(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		dx, dy := digits(x), digits(y)
		if dx == "" || dy == "" {
			if x[0] != y[0] {
				return int(x[0]) - int(y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		nx, ny := strings.TrimLeft(dx, "0"), strings.TrimLeft(dy, "0")
		if len(nx) != len(ny) {
			return len(nx) - len(ny)
		}
		if c := strings.Compare(nx, ny); c != 0 {
			return c
		}
		x, y = x[len(dx):], y[len(dy):]
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

func digits(s string) string {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n]
}
