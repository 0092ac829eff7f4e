package extract

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/tributary-data/tributary/pipelines/extract/textparquet"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

// landed is what came of one file.
type landed struct {
	found      file.Found
	file       lake.File
	parts      []lake.Part
	quarantine []lake.Part
	columns    []lake.Column
	rules      map[string]int64
	unchanged  bool // it was touched, its content is as before
	err        error
}

// batches are how many batches are under way for a file: one being read, one waiting, one being written.
const batches = 3

// lander lands one file after another. It belongs to one goroutine, and keeps its batches from file to file.
type lander struct {
	run     *run
	batches [batches]source.Batch
}

func newLander(r *run) *lander { return &lander{run: r} }

func (l *lander) landUnlessFailed(ctx context.Context, p *plan, i int) landed {
	if p.failed.Load() {
		return landed{}
	}
	out, err := l.land(ctx, p, i)
	if err != nil {
		p.failed.Store(true)
		return landed{err: err}
	}
	out.found = p.files[i]
	return out
}

// land lands the file unless its content is what it was.
func (l *lander) land(ctx context.Context, p *plan, i int) (landed, error) {
	if err := ctx.Err(); err != nil {
		return landed{}, err
	}
	found, done, err := file.Local(ctx, p.files[i])
	if err != nil {
		return landed{}, err
	}
	defer done()
	if last, known := p.counts(found); known && last.Size == found.Size {
		content, err := file.Hash(ctx, found)
		if err != nil {
			return landed{}, err
		}
		if content.SHA256 == last.SHA256 {
			l.run.advance(p, found.Name, 0, found.Size)
			return landed{unchanged: true}, nil
		}
	}
	if file.FormatOf(p.File, found) == file.Parquet {
		return l.landParquet(ctx, p, i, found)
	}
	return l.landText(ctx, p, i, found)
}

func (l *lander) landParquet(ctx context.Context, p *plan, i int, found file.Found) (landed, error) {
	rel := lake.RawPath(p.name(), p.loadID, i+1, 1)
	var columns []file.Column
	var content file.Content
	pending, err := l.run.writer.CreateBy(rel, func(to string) error {
		var err error
		columns, content, err = file.CopyParquet(ctx, found, to, file.Lineage{LoadID: p.loadID, ExtractedAt: p.started, SourceFile: found.Name})
		return err
	})
	if err != nil {
		return landed{}, err
	}
	defer pending.Discard()
	rows, err := pending.ParquetRows()
	if err != nil {
		return landed{}, err
	}
	if err := pending.Keep(); err != nil {
		return landed{}, err
	}
	part := lake.Part{Path: rel, SourceFile: found.Name, Rows: rows, Bytes: pending.Bytes(), SHA256: pending.SHA256(), Columns: []lake.Column{}}
	for _, c := range columns {
		part.Columns = append(part.Columns, lake.Column(c))
	}
	l.run.advance(p, found.Name, rows, found.Size)
	return landed{
		file:  lake.File{Path: found.Name, Size: content.Size, ModTime: content.ModTime, SHA256: content.SHA256, Rows: rows},
		parts: []lake.Part{part}, columns: part.Columns,
	}, nil
}

func (l *lander) landText(ctx context.Context, p *plan, i int, found file.Found) (landed, error) {
	in, err := file.Open(ctx, p.File, found)
	if err != nil {
		return landed{}, err
	}
	defer in.Close()
	rows, rejects := l.run.series(p, found.Name, i+1, lake.RawPath), l.run.series(p, found.Name, i+1, lake.QuarantinePath)
	defer rows.discard()
	defer rejects.discard()
	out := landed{rules: map[string]int64{}}
	bytes := int64(0)
	err = l.copy(ctx, in, rows, rejects, out.rules, func(n int64) {
		read := in.BytesRead()
		l.run.advance(p, found.Name, n, read-bytes)
		bytes = read
	})
	if err != nil {
		return landed{}, err
	}
	content, err := in.Finish()
	if err != nil {
		return landed{}, err
	}
	out.file = lake.File{Path: found.Name, Size: content.Size, ModTime: content.ModTime, SHA256: content.SHA256}
	return out, out.keep(rows, rejects)
}

// keep finishes the parts and counts them. There is one of rows at least, so that the columns are known.
func (l *landed) keep(rows, rejects *partSeries) (err error) {
	if err := rows.atLeastOne(); err != nil {
		return err
	}
	if l.parts, err = rows.keep(); err != nil {
		return err
	}
	if l.quarantine, err = rejects.keep(); err != nil {
		return err
	}
	for _, part := range l.parts {
		l.file.Rows += part.Rows
		l.columns = lake.UnionColumns(l.columns, part.Columns)
	}
	for i := range l.quarantine {
		l.file.Quarantined += l.quarantine[i].Rows
		l.quarantine[i].Columns = nil // always the same
	}
	return nil
}

// series begins the parts of one input.
func (r *run) series(p *plan, origin string, number int, path func(lake.StreamName, string, int, int) string) *partSeries {
	return &partSeries{
		writer: r.writer, from: textparquet.Lineage{LoadID: p.loadID, ExtractedAt: p.started, SourceFile: origin},
		path: func(part int) string { return path(p.name(), p.loadID, number, part) },
	}
}

// copy reads in one goroutine and writes in another. took is told of every batch that is written.
func (l *lander) copy(ctx context.Context, in source.Reader, rows, rejects *partSeries, rules map[string]int64, took func(rows int64)) error {
	free, full := make(chan *source.Batch, batches), make(chan *source.Batch, batches)
	for i := range l.batches {
		free <- &l.batches[i]
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(full)
		for {
			var b *source.Batch
			select {
			case b = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			err := in.Next(b)
			atEnd := errors.Is(err, io.EOF)
			if err != nil && !atEnd {
				return err
			}
			full <- b // at the end it has no rows, but the columns
			if atEnd {
				return nil
			}
		}
	})
	group.Go(func() error {
		for b := range full {
			if err := rows.write(b); err != nil {
				return err
			}
			if err := writeRejects(rejects, b, rules); err != nil {
				return err
			}
			took(int64(b.Rows()))
			free <- b
		}
		return nil
	})
	return group.Wait()
}

// writeRejects writes the rejected rows of a batch to the quarantine.
func writeRejects(to *partSeries, b *source.Batch, rules map[string]int64) error {
	if len(b.Rejects) == 0 {
		return nil
	}
	var q source.Batch
	q.Reset([]string{"rule", "detail", "raw"})
	for _, r := range b.Rejects {
		rules[r.Rule]++
		for i, text := range []string{r.Rule, r.Detail, r.Raw} {
			q.Cells[i] = append(q.Cells[i], q.Text(text))
		}
		q.Lines = append(q.Lines, r.Line)
	}
	return to.write(&q)
}

// partSeries writes the parts of one file: a new one begins when columns appear that the last one has not.
type partSeries struct {
	writer *lake.Writer
	from   textparquet.Lineage
	path   func(part int) string
	open   *textPart
	parts  []lake.Part
	names  []string // of the columns seen last
}

func (s *partSeries) write(b *source.Batch) error {
	s.names = append(s.names[:0], b.Names...)
	if b.Rows() == 0 {
		return nil
	}
	if s.open != nil && !s.open.fits(b) {
		if err := s.finish(); err != nil {
			return err
		}
	}
	if s.open == nil {
		var err error
		if s.open, err = newTextPart(s.writer, s.path(len(s.parts)+1), b, s.from); err != nil {
			return err
		}
	}
	return s.open.Write(b)
}

func (s *partSeries) finish() error {
	part, err := s.open.keep(s.path(len(s.parts) + 1))
	if err != nil {
		return err
	}
	s.parts = append(s.parts, part)
	s.open = nil
	return nil
}

// atLeastOne begins a part without rows when there is none, so that the columns of an empty file are known.
func (s *partSeries) atLeastOne() error {
	if s.open != nil || len(s.parts) > 0 {
		return nil
	}
	var b source.Batch
	b.Reset(s.names)
	var err error
	s.open, err = newTextPart(s.writer, s.path(1), &b, s.from)
	return err
}

// keep finishes the last part and returns all of them.
func (s *partSeries) keep() ([]lake.Part, error) {
	if s.open != nil {
		if err := s.finish(); err != nil {
			return nil, err
		}
	}
	return s.parts, nil
}

func (s *partSeries) discard() {
	if s.open != nil {
		s.open.discard()
	}
}
