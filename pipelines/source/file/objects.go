package file

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/bucket"
)

// objects is a place in object storage.
type objects struct{ bucket *bucket.Bucket }

func openObjects(root string) (place, error) {
	b, err := bucket.Open(root)
	if err != nil {
		return nil, fmt.Errorf("%w: `root` of the source: %w", source.ErrConfig, err)
	}
	return objects{b}, nil
}

// match lists no more than what begins like the pattern.
func (o objects) match(ctx context.Context, pattern string) ([]Found, error) {
	pattern = path.Clean(pattern)
	base := pattern
	if wild(pattern) {
		base = pattern[:strings.IndexAny(pattern, `*?[{\`)]
	}
	var out []Found
	for object, err := range o.bucket.List(ctx, o.bucket.Prefix+base, false) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(object.Key, o.bucket.Prefix)
		if name == pattern { // also one that has wildcard characters in it
			return []Found{o.found(object)}, nil
		}
		if wild(pattern) && doublestar.MatchUnvalidated(pattern, name) && (hidden(pattern) || !hasHidden(pattern, name)) {
			out = append(out, o.found(object))
		}
	}
	if !wild(pattern) {
		return nil, errMissing
	}
	return out, nil
}

// hasHidden tells whether a part of a name begins with a dot that the pattern does not write.
func hasHidden(pattern, name string) bool {
	fixed, _ := doublestar.SplitPattern(pattern)
	name = strings.TrimPrefix(name, fixed+"/")
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

func (o objects) found(object bucket.Object) Found {
	return Found{
		Name: o.bucket.URL(object.Key), Size: object.Size, ModTime: object.ModTime, ETag: object.ETag,
		fetch: func(ctx context.Context, to string) error { return o.bucket.Fetch(ctx, object, to) },
	}
}

func (o objects) path(name string) string { return o.bucket.URL(o.bucket.Prefix + name) }

func (o objects) neighbours(ctx context.Context, name string) []string {
	folder := o.bucket.Prefix
	if dir := path.Dir(name); dir != "." {
		folder += dir + "/"
	}
	var names []string
	for object, err := range o.bucket.List(ctx, folder, true) {
		if err != nil {
			return names // it is only for a hint
		}
		names = append(names, path.Base(object.Key))
	}
	return names
}

// Local brings an object to this machine, into a temporary file that done removes; a file is there already. An object that is no
// longer as it was found is source.ErrChanged.
func Local(ctx context.Context, f Found) (local Found, done func(), err error) {
	if f.fetch == nil {
		return f, func() {}, nil
	}
	dir, err := os.MkdirTemp(os.Getenv("TRIBUTARY_TEMP"), "tributary-object-")
	if err != nil {
		return f, nil, fmt.Errorf("fetching %s: %w", f.Name, err)
	}
	done = func() { _ = os.RemoveAll(dir) } //nolint:gosec // made by us; what cannot be removed is a temporary file
	f.Abs = filepath.Join(dir, "object")
	if err := f.fetch(ctx, f.Abs); err != nil {
		done()
		return f, nil, err
	}
	return f, done, nil
}
