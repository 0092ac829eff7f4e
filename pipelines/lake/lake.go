// Package lake is the append-only Parquet lake and its commit log. The numbered manifests under commits/ are the only state:
// a file that no manifest names does not exist, and whatever is asked of the lake is answered from them, now or as of any
// earlier moment. It never looks inside rows and never decides what to extract.
package lake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrLocked is the kind of a *LockedError: another writer has the lake.
	ErrLocked = errors.New("the lake is being written by another process")
	// ErrLostTurn says that another writer took over while this one was paused; it can commit nothing any more.
	ErrLostTurn = errors.New("another writer took over the lake")
	// ErrDiskFull says that the file system had no room; nothing half-written is visible and a later run may go well.
	ErrDiskFull = errors.New("the disk is full")
	// ErrNotFound is returned for a program or a publish that the lake does not have.
	ErrNotFound = errors.New("not in the lake")
)

// Folders of a lake.
const (
	commitsDir    = "commits"
	rawDir        = "raw"
	quarantineDir = "quarantine"
	programDir    = "program"
	lockName      = "writer.lock"
)

// Clock tells the time; tests give their own.
type Clock func() time.Time

// Options of a lake. The zero value is right for everything but tests.
type Options struct {
	Clock Clock // time.Now when nil
	// Remote is where the lake lives when the folder is only its working copy; nil: it is the lake. What the copy lacks is fetched when it is
	// needed, and what is committed is there first.
	Remote Remote
	Probe  func(step string) // called before every step that changes the disk, so that tests can die there; may be nil
}

// Lake is a lake in a folder. It may be used by several goroutines.
type Lake struct {
	dir   string
	clock Clock
	probe func(string)

	remote     Remote
	pulling    sync.Mutex
	recognised bool

	mu  sync.Mutex
	log []Manifest // commits 1..len(log): they never change, so they are read once
}

// Open opens the lake in a folder. A folder that does not exist is an empty lake; the first writer creates it.
func Open(dir string, opts Options) (*Lake, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("lake %s: %w", dir, err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("lake %s is a file; name a folder as `lake` in tributary.yaml", abs)
	}
	l := &Lake{dir: abs, clock: opts.Clock, probe: opts.Probe, remote: opts.Remote}
	if l.clock == nil {
		l.clock = time.Now
	}
	if l.probe == nil {
		l.probe = func(string) {}
	}
	return l, nil
}

// String is where the lake lives, for people.
func (l *Lake) String() string {
	if l.remote != nil {
		return l.remote.String()
	}
	return l.dir
}

// Place names something of the lake where it lives, for those outside: a path, or s3://bucket/prefix/….
func (l *Lake) Place(rel string) string {
	if l.remote != nil {
		return strings.TrimSuffix(l.remote.String(), "/") + "/" + rel
	}
	return l.Abs(rel)
}

// Dir is the absolute path of the lake, or of its working copy.
func (l *Lake) Dir() string { return l.dir }

// Abs is the absolute path of a part or of anything else that is named relative to the lake.
func (l *Lake) Abs(rel string) string { return filepath.Join(l.dir, filepath.FromSlash(rel)) }

// RawPath is where a part belongs, relative to the lake. Input files of a load are numbered from 1, and so are the parts of each;
// mostly there is one.
func RawPath(load StreamName, loadID string, file, part int) string {
	return partPath(rawDir, load, loadID, file, part)
}

// QuarantinePath is where a part with rejected rows belongs, relative to the lake.
func QuarantinePath(load StreamName, loadID string, file, part int) string {
	return partPath(quarantineDir, load, loadID, file, part)
}

func partPath(top string, name StreamName, loadID string, file, part int) string {
	more := ""
	if part > 1 {
		more = fmt.Sprintf("-%03d", part)
	}
	return fmt.Sprintf("%s/%s/%s/%s/part-%05d%s.parquet", top, name.Source, name.Stream, loadID, file, more)
}
