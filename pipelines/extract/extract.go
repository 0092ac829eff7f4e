// Package extract lands what is new in the sources: it compares the files of every stream with the lake's manifests, writes those
// that are new or changed as source-shaped Parquet, and commits one load per stream. It decides nothing about types, keys or
// limits; what it found it reports.
package extract

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
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

// Stream is one stream of a source: made of files, or asked for.
type Stream struct {
	Source   string
	Name     string
	Mode     string // append when empty; of a stream that is asked for, what its description allows
	Snapshot string // per_file when empty; only of files in snapshot mode
	File     file.Spec
	Ask      *Ask // nil for files
}

// Options of a run.
type Options struct {
	ProjectDir string           // what Spec.Root and _source_file are relative to
	Clock      func() time.Time // of load ids and _extracted_at; time.Now when nil
	Parallel   int              // files at a time; 2 when 0
	Progress   func(Progress)   // called from several goroutines, never at the same time; may be nil
	Current    Current          // needed where streams are asked for
}

// Progress tells how far the extraction has come.
type Progress struct {
	Source, Stream string
	File           string
	Rows           int64 // landed so far, over all files of the run
	Bytes          int64 // read so far, over all files of the run
	TotalBytes     int64 // of all files that are to be read
	Read           int64 // rows of this stream so far, where it is asked for
	Total          int64 // … of so many, as its source says; 0 = it does not say
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
	Bytes       int64            // of the files that were landed
	Drift       []ColumnChange   // against what the stream delivered before
	Notices     []string         // what a person should know, though nothing is wrong
	Err         error            // why nothing was committed
}

// ColumnChange is a difference between a file's columns and those of its predecessor.
type ColumnChange struct {
	File   string
	Column string
	Was    string // the type before; empty when the column is new
	Is     string // the type now; empty when the column is gone
}

// Gone tells whether the column is no longer there.
func (c ColumnChange) Gone() bool { return c.Is == "" }

func (c ColumnChange) String() string {
	switch {
	case c.Was == "":
		return fmt.Sprintf("%s: column %s is new", c.File, c.Column)
	case c.Is == "":
		return fmt.Sprintf("%s: column %s is gone", c.File, c.Column)
	}
	return fmt.Sprintf("%s: column %s was %s and is %s", c.File, c.Column, c.Was, c.Is)
}

// Retryable tells whether the same run may go well a little later: a file was still being written, a source did not answer, the disk
// was full, or another writer had the lake.
func Retryable(err error) bool {
	return errors.Is(err, source.ErrChanged) || errors.Is(err, source.ErrTransient) || errors.Is(err, lake.ErrDiskFull) || errors.Is(err, lake.ErrLostTurn)
}

// Run lands what is new. Every stream stands for itself: one that fails commits nothing and its StreamResult says why, the others
// are landed. The error joins those of the streams; it is not nil either when the run had to stop altogether.
func Run(ctx context.Context, w *lake.Writer, streams []Stream, opts Options) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-w.Lost():
			cancel(lake.ErrLostTurn)
		case <-ctx.Done():
		}
	}()
	r := newRun(w, opts)
	for _, s := range streams {
		r.plans = append(r.plans, r.plan(ctx, s))
	}
	r.land(ctx)
	r.ask(ctx)
	var result Result
	var problems []error
	for _, p := range r.plans {
		if err := p.result.Err; err != nil {
			if stopped := context.Cause(ctx); errors.Is(err, context.Canceled) && stopped != nil {
				err = stopped
			}
			p.result.Err = fmt.Errorf("extracting %s.%s: %w", p.Source, p.Name, err)
			problems = append(problems, p.result.Err)
		}
		result.Streams = append(result.Streams, p.result)
	}
	return result, errors.Join(problems...)
}

// run is one extraction.
type run struct {
	writer *lake.Writer
	opts   Options
	plans  []*plan

	progress sync.Mutex
	done     Progress
}

func newRun(w *lake.Writer, opts Options) *run {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Parallel == 0 {
		opts.Parallel = 2
	}
	return &run{writer: w, opts: opts}
}

// land lands the files of all streams, some at a time, and commits each stream when its files are done, in order.
func (r *run) land(ctx context.Context) {
	type job struct {
		plan *plan
		file int
	}
	var jobs []job
	for _, p := range r.plans {
		if p.Ask != nil {
			continue
		}
		p.landed = make([]landed, len(p.files))
		p.pending.Add(len(p.files))
		for i, f := range p.files {
			jobs = append(jobs, job{p, i})
			r.done.TotalBytes += f.Size
		}
	}
	queue := make(chan job)
	var workers errgroup.Group
	workers.Go(func() error {
		defer close(queue)
		for _, j := range jobs {
			queue <- j
		}
		return nil
	})
	for range r.opts.Parallel {
		workers.Go(func() error {
			l := newLander(r)
			for j := range queue {
				j.plan.landed[j.file] = l.landUnlessFailed(ctx, j.plan, j.file)
				j.plan.pending.Done()
			}
			return nil
		})
	}
	for _, p := range r.plans {
		if p.Ask == nil {
			p.pending.Wait()
			r.finish(ctx, p)
		}
	}
	_ = workers.Wait() // they return no errors: the landings hold them
}

// finish commits what was landed for a stream, or takes it back.
func (r *run) finish(ctx context.Context, p *plan) {
	for _, l := range p.landed {
		if p.result.Err == nil {
			p.result.Err = l.err
		}
	}
	if p.result.Err == nil {
		p.result.Err = r.commit(ctx, p)
	}
	r.takeBack(p)
}

// takeBack removes what was landed for a stream that failed.
func (r *run) takeBack(p *plan) {
	if p.result.Err == nil {
		return
	}
	r.writer.DiscardLoad(p.name(), p.loadID)
	p.result = StreamResult{Source: p.Source, Stream: p.Name, Notices: p.result.Notices, Err: p.result.Err}
}

func (r *run) commit(ctx context.Context, p *plan) error {
	load := p.load()
	if len(load.Files) == 0 && len(load.Supersedes) == 0 {
		return nil
	}
	number, err := r.writer.Commit(ctx, lake.Manifest{Kind: lake.KindLoad, Load: &load})
	if err != nil {
		return err
	}
	p.result.Commit, p.result.LoadID = number, load.LoadID
	return nil
}

// advance reports progress.
func (r *run) advance(p *plan, fileName string, rows, bytes int64) {
	r.tell(Progress{Source: p.Source, Stream: p.Name, File: fileName, Rows: rows, Bytes: bytes})
}

// tell adds to what was done and reports it.
func (r *run) tell(now Progress) {
	r.progress.Lock()
	defer r.progress.Unlock()
	r.done.Rows += now.Rows
	r.done.Bytes += now.Bytes
	if r.opts.Progress != nil {
		now.Rows, now.Bytes, now.TotalBytes = r.done.Rows, r.done.Bytes, r.done.TotalBytes
		r.opts.Progress(now)
	}
}

// newLoadID names a load so that names sort by time and never meet.
func newLoadID(now time.Time) string {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	return now.UTC().Format("20060102T150405.000Z") + "-" + hex.EncodeToString(random[:])
}
