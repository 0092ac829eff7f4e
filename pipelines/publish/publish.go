// Package publish says which warehouse readers see. That is the newest publish commit of the lake, nothing else: a writer that lost its turn
// cannot make one, and going back is one more. It builds nothing.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// Night is a checked warehouse that is built aside.
type Night struct {
	Build          string // name of the build
	AsOf, KnownAt  time.Time
	RunID, Program string
	Newest         int64 // newest commit that it was built from
	NoAccruals     bool
}

// Version is what readers see.
type Version struct {
	Path   string
	Commit int64 // of the publication
	lake.Publish
}

// Publish installs a night and makes it the current one. A crash in between leaves a file that nothing names, which Tidy removes.
func Publish(ctx context.Context, w *lake.Writer, folder warehouse.Folder, n Night) (Version, error) {
	log, err := w.Lake().Manifests(ctx)
	if err != nil {
		return Version{}, err
	}
	// the file carries the number of the commit before its own, which no other publication of this lake can have
	number := int64(len(log))
	installed, err := folder.Install(n.Build, n.AsOf, number)
	if err != nil {
		return Version{}, err
	}
	p := lake.Publish{
		Warehouse: filepath.Base(installed.Path), AsOf: n.AsOf.Format(time.DateOnly), KnownAt: n.KnownAt, RunID: n.RunID, Commit: n.Newest, Program: n.Program, NoAccruals: n.NoAccruals,
	}
	commit, err := w.Commit(ctx, lake.Manifest{Kind: lake.KindPublish, Publish: &p})
	if err != nil {
		return Version{}, errors.Join(err, os.Remove(installed.Path))
	}
	return Version{Path: installed.Path, Commit: commit, Publish: p}, nil
}

// Tidy removes all but the last few nights, and what a crash left between installing and publishing since the publication before the
// current one. Once another writer has the turn the files are that one's to tidy.
func Tidy(ctx context.Context, w *lake.Writer, folder warehouse.Folder, keep int) error {
	if w.Renew() != nil {
		return nil //nolint:nilerr // nothing here is this writer's any more
	}
	log, err := w.Lake().Manifests(ctx)
	if err != nil {
		return err
	}
	var before, current lake.Manifest
	named := map[string]bool{}
	for _, m := range log {
		if m.Kind == lake.KindPublish {
			before, current = current, m
			named[m.Publish.Warehouse] = true
		}
	}
	versions, err := folder.Versions()
	if err != nil {
		return err
	}
	for _, v := range versions {
		if before.Number == 0 || named[filepath.Base(v.Path)] || v.Commit < before.Number || v.Commit >= current.Number {
			continue
		}
		if err := os.Remove(v.Path); err != nil {
			return fmt.Errorf("remove %s, which was never published: %w", v.Path, err)
		}
	}
	if keep == 0 || current.Number == 0 {
		return nil
	}
	_, err = folder.Keep(keep, current.Publish.Warehouse)
	return err
}

// Current is the warehouse that readers see. The error is lake.ErrNotFound while nothing is published.
func Current(ctx context.Context, l *lake.Lake, folder warehouse.Folder) (Version, error) {
	m, err := l.CurrentPublish(ctx)
	if err != nil {
		return Version{}, err
	}
	v := Version{Path: filepath.Join(folder.Dir, m.Publish.Warehouse), Commit: m.Number, Publish: *m.Publish}
	if _, err := os.Stat(v.Path); errors.Is(err, fs.ErrNotExist) {
		return v, fmt.Errorf("the published warehouse %s is missing: restore it, or run again to build it anew: %w", v.Path, err)
	}
	return v, nil
}

// Rollback makes an older file current again: the one before the current, or the one named.
func Rollback(ctx context.Context, w *lake.Writer, folder warehouse.Folder, name string) (Version, error) {
	log, err := w.Lake().Manifests(ctx)
	if err != nil {
		return Version{}, err
	}
	var current *lake.Publish
	published := map[string]lake.Publish{}
	for _, m := range log {
		if m.Kind == lake.KindPublish {
			current = m.Publish
			published[m.Publish.Warehouse] = *m.Publish
		}
	}
	if current == nil {
		return Version{}, fmt.Errorf("nothing is published yet: %w", lake.ErrNotFound)
	}
	versions, err := folder.Versions()
	if err != nil {
		return Version{}, err
	}
	for i := len(versions) - 1; i >= 0; i-- {
		base := filepath.Base(versions[i].Path)
		p, known := published[base]
		before := name == "" && base != current.Warehouse && versions[i].Commit < number(versions, current.Warehouse)
		if !known || (!before && base != name) {
			continue
		}
		p.Rollback = true
		commit, err := w.Commit(ctx, lake.Manifest{Kind: lake.KindPublish, Publish: &p})
		if err != nil {
			return Version{}, err
		}
		return Version{Path: versions[i].Path, Commit: commit, Publish: p}, nil
	}
	if name == "" {
		return Version{}, fmt.Errorf("there is no older warehouse than %s to go back to", current.Warehouse)
	}
	return Version{}, fmt.Errorf("%s was never published or is gone: tributary warehouse ls shows those that are there", name)
}

func number(versions []warehouse.Version, name string) int64 {
	for _, v := range versions {
		if filepath.Base(v.Path) == name {
			return v.Commit
		}
	}
	return int64(1) << 62
}
