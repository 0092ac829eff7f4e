package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Folder is where a project's warehouse files lie. What is being built lies in a folder inside it.
type Folder struct {
	Dir string
}

// Version is one finished file.
type Version struct {
	Path   string
	AsOf   time.Time
	Commit int64
	Bytes  int64
}

// Name is the file name of a version: tributary-2026-01-31-42.duckdb.
func Name(asOf time.Time, commit int64) string {
	return fmt.Sprintf("tributary-%s-%d.duckdb", asOf.Format(time.DateOnly), commit)
}

var versionName = regexp.MustCompile(`^tributary-(\d{4}-\d{2}-\d{2})-(\d+)\.duckdb$`)

// BuildPath is where the file of a build of this name lies until it is installed.
func (f Folder) BuildPath(name string) string {
	return filepath.Join(f.Dir, ".build", name+".duckdb")
}

// Builds are the names of the builds that lie aside, finished or not.
func (f Folder) Builds() ([]string, error) {
	files, err := filepath.Glob(f.BuildPath("*"))
	if err != nil {
		return nil, fmt.Errorf("list builds in %s: %w", f.Dir, err)
	}
	for i, path := range files {
		files[i] = strings.TrimSuffix(filepath.Base(path), ".duckdb")
	}
	return files, nil
}

// Create begins a new file aside. What an earlier build of the same name left there is removed.
func (f Folder) Create(ctx context.Context, name string, s Settings) (*File, error) {
	if err := f.Discard(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(f.Dir, ".build"), 0o755); err != nil {
		return nil, fmt.Errorf("make the build folder: %w", err)
	}
	return open(ctx, f.BuildPath(name), s, false)
}

// Resume opens a file that an earlier step has built aside. The error is fs.ErrNotExist when there is none.
func (f Folder) Resume(ctx context.Context, name string, s Settings) (*File, error) {
	if _, err := os.Stat(f.BuildPath(name)); err != nil {
		return nil, fmt.Errorf("open the built warehouse: %w", err)
	}
	return open(ctx, f.BuildPath(name), s, false)
}

// Discard removes what a build has left.
func (f Folder) Discard(name string) error {
	for _, ending := range []string{"", ".wal", ".tmp"} {
		if err := os.RemoveAll(f.BuildPath(name) + ending); err != nil {
			return fmt.Errorf("remove an earlier build: %w", err)
		}
	}
	return nil
}

// Install puts a finished build among the versions. An installed file never changes; one of the same as_of and commit is an error.
func (f Folder) Install(name string, asOf time.Time, commit int64) (Version, error) {
	path := filepath.Join(f.Dir, Name(asOf, commit))
	if err := os.Link(f.BuildPath(name), path); err != nil {
		return Version{}, fmt.Errorf("install the warehouse %s: %w", path, err)
	}
	if err := os.Remove(f.BuildPath(name)); err != nil {
		return Version{}, fmt.Errorf("install the warehouse %s: %w", path, err)
	}
	if err := syncDir(f.Dir); err != nil {
		return Version{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Version{}, fmt.Errorf("install the warehouse: %w", err)
	}
	return Version{Path: path, AsOf: asOf, Commit: commit, Bytes: info.Size()}, nil
}

// Versions are the finished files, oldest commit first.
func (f Folder) Versions() ([]Version, error) {
	entries, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list warehouses: %w", err)
	}
	var out []Version
	for _, entry := range entries {
		v, ok := f.version(entry)
		if ok {
			out = append(out, v)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Commit < out[j].Commit })
	return out, nil
}

func (f Folder) version(entry fs.DirEntry) (Version, bool) {
	parts := versionName.FindStringSubmatch(entry.Name())
	if parts == nil {
		return Version{}, false
	}
	asOf, err := time.Parse(time.DateOnly, parts[1])
	if err != nil {
		return Version{}, false
	}
	commit, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return Version{}, false
	}
	info, err := entry.Info()
	if err != nil {
		return Version{}, false
	}
	return Version{Path: filepath.Join(f.Dir, entry.Name()), AsOf: asOf, Commit: commit, Bytes: info.Size()}, true
}

// Keep removes the oldest versions until n are left, never one that is named in use. It gives what was removed.
func (f Folder) Keep(n int, inUse ...string) ([]Version, error) {
	versions, err := f.Versions()
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, path := range inUse {
		used[filepath.Base(path)] = true
	}
	var removed []Version
	left := len(versions)
	for _, v := range versions {
		if left <= max(n, 1) {
			break
		}
		if used[filepath.Base(v.Path)] {
			continue
		}
		if err := os.Remove(v.Path); err != nil {
			return removed, fmt.Errorf("remove the old warehouse %s: %w", v.Path, err)
		}
		removed, left = append(removed, v), left-1
	}
	return removed, nil
}
