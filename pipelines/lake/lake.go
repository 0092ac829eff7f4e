// Package lake is the append-only Parquet lake and its commit log. The numbered manifests under commits/ are the only state:
// a file that no manifest names does not exist, and whatever is asked of the lake is answered from them, now or as of any
// earlier moment. It never looks inside rows and never decides what to extract.
package lake

import (
	"context"
	"errors"
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

// Clock tells the time; tests give their own.
type Clock func() time.Time

// StreamName names a stream of a source.
type StreamName struct {
	Source string
	Stream string
}

func (n StreamName) String() string { return n.Source + "." + n.Stream }

// LoadedPart is a part together with the commit that brought it.
type LoadedPart struct {
	Part
	Commit       int64
	CommittedAt  time.Time
	LoadID       string
	SupersededBy int64 // number of the commit after which the part no longer counts; 0 while it does
}

// StreamParts is everything that a stream had delivered by a moment, in order of commit and part.
type StreamParts struct {
	StreamName
	Current    []LoadedPart // what counts
	Superseded []LoadedPart // what a later snapshot of the same file replaced: keys that are only here have vanished
	Quarantine []LoadedPart // rejected rows of the deliveries that count
	Columns    []Column     // union of the columns of Current, in order of first appearance
}

// LoadedFile is the last delivery of an input file.
type LoadedFile struct {
	File
	Commit     int64
	LoadID     string
	Columns    []Column
	Superseded bool
}

// Reading is what the lake answers to those who only read.
type Reading interface {
	Manifests(ctx context.Context) ([]Manifest, error)
	Streams(ctx context.Context, knownAt time.Time) ([]StreamName, error)
	Parts(ctx context.Context, source, stream string, knownAt time.Time) (StreamParts, error)
	Files(ctx context.Context, source, stream string) (map[string]LoadedFile, error)
	CurrentPublish(ctx context.Context) (Manifest, error)
	LoadProgram(ctx context.Context, hash string) (map[string][]byte, error)
	Abs(part string) string
}
