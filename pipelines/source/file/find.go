package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// Found is a file that a Spec names.
type Found struct {
	Abs     string
	Name    string // relative to the project, with slashes
	Size    int64
	ModTime time.Time
}

// Finding is what Find came up with.
type Finding struct {
	Files   []Found  // by name
	Matched []string // patterns that match something
	Empty   []string // globs that match nothing; whether that is wrong depends on what was delivered before
}

// Find lists the files of a spec. A name without wildcards must exist, and so must the root. Dot files are matched only by
// patterns that begin with a dot: editors and file managers leave them behind.
func Find(projectDir string, s Spec) (Finding, error) {
	var out Finding
	root := s.Root
	if !filepath.IsAbs(root) {
		root = filepath.Join(projectDir, root)
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return out, inputError(display(projectDir, root), 0, "create it, or mend `root` of the source", "the folder of the source does not exist")
	}
	seen := map[string]bool{}
	for _, pattern := range s.Files {
		paths, err := match(root, pattern)
		if errors.Is(err, fs.ErrNotExist) {
			return out, missing(projectDir, root, pattern)
		}
		if err != nil {
			return out, fmt.Errorf("looking for %s in %s: %w", pattern, root, err)
		}
		if len(paths) == 0 {
			out.Empty = append(out.Empty, pattern)
			continue
		}
		out.Matched = append(out.Matched, pattern)
		for _, p := range paths {
			if seen[p] {
				continue
			}
			seen[p] = true
			f, err := look(projectDir, p)
			if err != nil {
				return out, err
			}
			out.Files = append(out.Files, f)
		}
	}
	slices.SortFunc(out.Files, func(a, b Found) int { return NaturalOrder(a.Name, b.Name) })
	return out, nil
}

// match returns the paths that a pattern names. A name without wildcards that does not exist is fs.ErrNotExist.
func match(root, pattern string) ([]string, error) {
	full := pattern
	if !filepath.IsAbs(full) {
		full = filepath.Join(root, pattern)
	}
	if info, err := os.Stat(full); err == nil && !info.IsDir() {
		return []string{full}, nil // also a name that has wildcard characters in it
	}
	if !strings.ContainsAny(pattern, `*?[{`) {
		return nil, fs.ErrNotExist
	}
	base, glob := doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(pattern)))
	dir := filepath.FromSlash(base)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	opts := []doublestar.GlobOption{doublestar.WithFilesOnly()}
	if !strings.HasPrefix(filepath.Base(pattern), ".") {
		opts = append(opts, doublestar.WithNoHidden())
	}
	names, err := doublestar.Glob(os.DirFS(dir), glob, opts...)
	if err != nil {
		return nil, err
	}
	for i, n := range names {
		names[i] = filepath.Join(dir, filepath.FromSlash(n))
	}
	return names, nil
}

func missing(projectDir, root, pattern string) error {
	hint := "put it there, or mend `files` of the stream"
	if entries, err := os.ReadDir(filepath.Dir(filepath.Join(root, pattern))); err == nil {
		var names []string
		for _, e := range entries {
			if !e.IsDir() && e.Name() != filepath.Base(pattern) { // which may be a link to nothing
				names = append(names, e.Name())
			}
		}
		if near := nearest(filepath.Base(pattern), names); near != "" {
			hint = fmt.Sprintf("did you mean %s?", near)
		}
	}
	return inputError(display(projectDir, filepath.Join(root, pattern)), 0, hint, "the file does not exist")
}

func look(projectDir, path string) (Found, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Found{}, fmt.Errorf("looking at %s: %w", path, err)
	}
	return Found{Abs: path, Name: display(projectDir, path), Size: info.Size(), ModTime: info.ModTime().UTC()}, nil
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
