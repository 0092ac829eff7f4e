package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// Feed is a stream of a source that is asked for what has changed since a moment.
type Feed struct {
	Source string
	Name   string
	OfRuns bool // about nights and who ran them: no figure is made of it
	// Open begins to ask for all that has changed since a moment of the source's own clock; zero: for everything.
	Open func(ctx context.Context, since time.Time) (source.Pages, error)
}

// Pull lands what a feed has to tell since the newest load of it, as one load that is merged by key. Nothing new is no load. A pull that
// does not come to its end lands nothing, and the next one asks from the same moment.
func Pull(ctx context.Context, w *lake.Writer, f Feed, clock func() time.Time) (rows int64, err error) {
	name := lake.StreamName{Source: f.Source, Stream: f.Name}
	before, err := w.Lake().Parts(ctx, f.Source, f.Name, time.Time{})
	if err != nil {
		return 0, err
	}
	pages, err := f.Open(ctx, before.Until)
	if err != nil {
		return 0, fmt.Errorf("asking for %s: %w", name, err)
	}
	started := clock().UTC().Truncate(time.Microsecond)
	load := lake.Load{LoadID: newLoadID(started), Source: f.Source, Stream: f.Name, Mode: ModeUpsert, StartedAt: started, OfRuns: f.OfRuns, Files: []lake.File{}}
	landed := &partSeries{
		writer: w, from: lineage{loadID: load.LoadID, extractedAt: started, sourceFile: name.String()},
		path: func(part int) string { return lake.RawPath(name, load.LoadID, 1, part) },
	}
	defer landed.discard()
	if err := drain(pages, landed); err != nil {
		return 0, fmt.Errorf("landing %s: %w", name, err)
	}
	if load.Parts, err = landed.keep(); err != nil {
		return 0, err
	}
	for _, p := range load.Parts {
		load.Rows += p.Rows
		load.Columns = lake.UnionColumns(load.Columns, p.Columns)
	}
	if load.Rows == 0 {
		return 0, nil
	}
	load.Until, load.Fingerprint = pages.Until(), fingerprint(load.Columns)
	_, err = w.Commit(ctx, lake.Manifest{Kind: lake.KindLoad, Load: &load})
	return load.Rows, err
}

// drain writes every page.
func drain(pages source.Reader, to *partSeries) error {
	var b source.Batch
	for {
		err := pages.Next(&b)
		atEnd := errors.Is(err, io.EOF)
		if err != nil && !atEnd {
			return err //nolint:wrapcheck // the caller says of which stream
		}
		if err := to.write(&b); err != nil || atEnd {
			return err
		}
	}
}
