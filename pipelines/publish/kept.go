package publish

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// Kept are the published nights whose files are still there, by their files' numbers, oldest first.
func Kept(ctx context.Context, l *lake.Lake, folder warehouse.Folder) ([]Version, error) {
	log, err := l.Manifests(ctx)
	if err != nil {
		return nil, err
	}
	published := map[string]Version{}
	for _, m := range log {
		if m.Kind == lake.KindPublish {
			published[m.Publish.Warehouse] = Version{Path: filepath.Join(folder.Dir, m.Publish.Warehouse), Commit: m.Number, Publish: *m.Publish}
		}
	}
	files, err := folder.Versions()
	if err != nil {
		return nil, err
	}
	var out []Version
	for _, f := range files {
		if v, ok := published[filepath.Base(f.Path)]; ok {
			out = append(out, v)
		}
	}
	return out, nil
}

// Find picks a kept night: the newest of an as_of (YYYY-MM-DD), or a file by its name.
func Find(kept []Version, name string) (Version, error) {
	for _, v := range slices.Backward(kept) {
		if v.AsOf == name || v.Warehouse == filepath.Base(name) {
			return v, nil
		}
	}
	var there []string
	for _, v := range kept {
		there = append(there, v.AsOf+" ("+v.Warehouse+")")
	}
	return Version{}, fmt.Errorf("the night %s is not kept: name an as_of or a file of those that are: %s", name, strings.Join(there, ", "))
}

// Before is the kept night before another one; ok is false when that is the oldest.
func Before(kept []Version, v Version) (before Version, ok bool) {
	i := slices.IndexFunc(kept, func(k Version) bool { return k.Warehouse == v.Warehouse })
	if i < 1 {
		return Version{}, false
	}
	return kept[i-1], true
}
