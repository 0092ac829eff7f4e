package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Garbage lists what no manifest names: parts of loads that were never committed, programs of runs that left no record, and
// temporary files. While a writer is at work that includes what it has not committed yet.
func (l *Lake) Garbage(ctx context.Context) (GC, error) {
	log, err := l.Manifests(ctx)
	if err != nil {
		return GC{}, err
	}
	named := map[string]bool{}
	for _, m := range log {
		if m.Load != nil {
			for _, p := range slices.Concat(m.Load.Parts, m.Load.Quarantine) {
				named[p.Path] = true
			}
		}
		if hash := m.program(); hash != "" {
			named[programDir+"/"+hash] = true
		}
	}
	var found GC
	if err := l.tempsIn(ctx, ".", &found); err != nil {
		return GC{}, err
	}
	if err := l.tempsIn(ctx, commitsDir, &found); err != nil {
		return GC{}, err
	}
	for _, top := range []string{rawDir, quarantineDir, programDir} {
		if err := l.unnamedIn(ctx, top, named, &found); err != nil {
			return GC{}, err
		}
		if err := l.unnamedAway(ctx, top, named, &found); err != nil {
			return GC{}, err
		}
	}
	return found, nil
}

// GC removes what Garbage lists and commits what it removed. It removes nothing once another writer has the turn: what is not
// named may be that one's work.
func (w *Writer) GC(ctx context.Context) (GC, error) {
	garbage, err := w.lake.Garbage(ctx)
	if err != nil || len(garbage.Removed) == 0 {
		return GC{}, err
	}
	for _, rel := range garbage.Removed {
		if err := ctx.Err(); err != nil {
			return GC{}, fmt.Errorf("collecting garbage: %w", err)
		}
		if err := w.stillMine(); err != nil {
			return GC{}, err
		}
		w.lake.probe("remove " + rel)
		if err := w.lake.removeAway(ctx, rel); err != nil {
			return GC{}, err
		}
		if err := os.RemoveAll(w.lake.Abs(rel)); err != nil {
			return GC{}, fmt.Errorf("collecting garbage: %w", err)
		}
		w.lake.removeEmpty(path.Dir(rel))
	}
	if _, err := w.Commit(ctx, Manifest{Kind: KindGC, GC: &garbage}); err != nil {
		return GC{}, err
	}
	return garbage, nil
}

func (w *Writer) stillMine() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.taken() {
		w.lose()
		return fmt.Errorf("collecting garbage: %w", ErrLostTurn)
	}
	return nil
}

// tempsIn adds the temporary files of one folder.
func (l *Lake) tempsIn(ctx context.Context, dir string, found *GC) error {
	entries, err := os.ReadDir(l.Abs(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for garbage: %w", err)
	}
	for _, e := range entries {
		if isTemp(e.Name()) {
			if err := l.add(ctx, path.Join(dir, e.Name()), found); err != nil {
				return err
			}
		}
	}
	return nil
}

// unnamedIn adds everything below a folder that is not named, a program as a whole.
func (l *Lake) unnamedIn(ctx context.Context, top string, named map[string]bool, found *GC) error {
	err := filepath.WalkDir(l.Abs(top), func(full string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(l.dir, full)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case rel == top:
			return nil
		case top == programDir && named[rel]:
			return fs.SkipDir
		case top == programDir:
			if err := l.add(ctx, rel, found); err != nil || !d.IsDir() {
				return err
			}
			return fs.SkipDir
		case d.IsDir() || named[rel]:
			return nil
		}
		return l.add(ctx, rel, found)
	})
	if err != nil {
		return fmt.Errorf("looking for garbage: %w", err)
	}
	return nil
}

func (l *Lake) add(ctx context.Context, rel string, found *GC) error {
	size := int64(0)
	err := filepath.WalkDir(l.Abs(rel), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was somebody's temporary file
	}
	if err != nil {
		return fmt.Errorf("looking for garbage: %w", err)
	}
	found.Removed = append(found.Removed, rel)
	found.Bytes += size
	return ctx.Err()
}

// removeEmpty removes a folder and its parents as far as they are empty, up to the top folders.
func (l *Lake) removeEmpty(rel string) {
	for ; path.Dir(rel) != "." && rel != "."; rel = path.Dir(rel) {
		if os.Remove(l.Abs(rel)) != nil {
			return // not empty
		}
	}
}
