// Package extract lands what is new in the sources: it compares the files of every stream with the lake's manifests, writes those
// that are new or changed as source-shaped Parquet, and commits one load per stream. It decides nothing about types, keys or
// limits; what it found it reports.
package extract

import (
	"time"

	"github.com/tributary-data/tributary/pipelines/source/file"
)

// Modes of a stream.
const (
	ModeAppend   = "append"
	ModeUpsert   = "upsert"
	ModeSnapshot = "snapshot"
)

// What a snapshot is made of.
const (
	SnapshotPerFile    = "per_file"    // every file is a complete snapshot of its own part; a changed file replaces its earlier self
	SnapshotNewestFile = "newest_file" // dated full dumps: only the file with the last name counts
)

// Stream is one stream of a file source.
type Stream struct {
	Source   string
	Name     string
	Mode     string // append when empty
	Snapshot string // per_file when empty; only in snapshot mode
	File     file.Spec
}

// Options of a run.
type Options struct {
	ProjectDir string           // what Spec.Root and _source_file are relative to
	Clock      func() time.Time // of load ids and _extracted_at
	Parallel   int              // files at a time; 2 when 0
	Progress   func(Progress)   // called from several goroutines, never at the same time; may be nil
}

// Progress tells how far the extraction has come.
type Progress struct {
	Source, Stream string
	File           string
	Rows           int64 // landed so far, over all files of the run
	Bytes          int64 // read so far, over all files of the run
	TotalBytes     int64 // of all files that are to be read
}

// Result of a run. Streams are in the order in which they were asked for.
type Result struct {
	Streams []StreamResult
}

// StreamResult is what the extraction did for one stream.
type StreamResult struct {
	Source      string
	Stream      string
	Commit      int64  // 0 when nothing was new
	LoadID      string // empty when nothing was new
	New         int    // files seen for the first time
	Changed     int    // files whose content has changed since they were last landed
	Unchanged   int
	Rows        int64
	Quarantined int64
	Rules       map[string]int64 // quarantined rows by rule
	Bytes       int64            // read
	Drift       []ColumnChange   // against what the stream delivered before
	Notices     []string         // what a person should know, though nothing is wrong
	Err         error            // why nothing was committed
}

// ColumnChange is a column that a file has and its predecessor had not, or the other way round.
type ColumnChange struct {
	File   string
	Column string
	Gone   bool // the column is no longer there; otherwise it is new
}
