package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/url"
	"slices"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// Open begins to read; the first page is asked for by Next.
func (c *connector) Open(ctx context.Context, r source.Request) (source.Pages, error) {
	of := c.stream(r.Stream)
	return &pages{
		connector: c, ctx: ctx, request: r, paging: of.paging, next: c.first(r.Stream, of.paging.Size, r.Interval),
		returned: map[string]bool{}, beyond: map[string]bool{},
	}, nil
}

// pages follows the pages of one list.
type pages struct {
	*connector
	ctx      context.Context
	request  source.Request
	paging   paging
	next     *url.URL // nil at the end
	line     int64
	returned map[string]bool
	beyond   map[string]bool
	passed   uint64 // of the page that was passed over last
	equal    int    // pages like it in a row
}

// Told says which of the fields came in no record, and which came that were not asked for because nobody described them.
func (p *pages) Told() source.Told {
	return source.Told{Absent: web.Absent(p.request.Names(), p.returned), Beyond: slices.Sorted(maps.Keys(p.beyond))}
}

// Close has nothing to give back.
func (p *pages) Close() error { return nil }

// Next asks for a page; those of which no record is of the interval are passed over.
func (p *pages) Next(b *source.Batch) error {
	b.Begin(p.request.Names())
	for p.next != nil {
		got, err := p.page(b)
		if err != nil || b.Rows()+len(b.Rejects) > 0 {
			return err
		}
		if err := p.goesOn(got); err != nil {
			return fmt.Errorf("stream %s: %w", p.request.Stream.Name, err)
		}
	}
	return io.EOF
}

// Pages that may follow each other as they are: services that filter send empty ones.
const (
	mostEqual = 3
	mostEmpty = 1000
)

// goesOn sees to it that pages that are passed over are not the same one for ever.
func (p *pages) goesOn(got answer) error {
	sum := fnv.New64a()
	for _, raw := range got.records {
		_, _ = sum.Write(raw) // never fails
	}
	if p.equal++; sum.Sum64() != p.passed {
		p.equal, p.passed = 0, sum.Sum64()
	}
	if limit := map[bool]int{true: mostEmpty, false: mostEqual}[len(got.records) == 0]; p.equal > limit {
		return fmt.Errorf("%w: %d times the same %d records", source.ErrRepeats, p.equal+1, len(got.records))
	}
	return nil
}

// page asks for a page and adds what is of the interval.
func (p *pages) page(b *source.Batch) (answer, error) {
	got, err := p.ask(p.ctx, p.request.Stream, p.next)
	if err != nil {
		return got, err
	}
	if p.next, err = p.paging.next(p.next, got); err != nil {
		return got, fmt.Errorf("stream %s: %w", p.request.Stream.Name, err)
	}
	for _, raw := range got.records {
		var record web.Record
		if err := json.Unmarshal(raw, &record); err != nil {
			p.line++
			b.Reject(source.BadJSON, p.line, raw, "the record is no object: "+err.Error())
			continue
		}
		if p.outside(record) {
			continue
		}
		p.look(record)
		web.Fill(b, b.Names, []web.Record{record}, &p.line, p.returned)
	}
	return got, nil
}

// outside tells whether a record is not of the interval. One whose cursor says nothing is of every interval.
func (p *pages) outside(record web.Record) bool {
	value, err := web.Value(record[p.request.Cursor])
	if err != nil {
		return false
	}
	at, is := instant(string(value))
	return is && !p.request.Interval.Has(at)
}

// look notes fields that would have been asked for, had the description had them.
func (p *pages) look(record web.Record) {
	if p.request.What != source.Rows || len(p.request.Stream.Fields) > 0 {
		return
	}
	for name := range record {
		if _, asked := source.FieldNamed(p.request.Fields, name); !asked {
			p.beyond[name] = true
		}
	}
}
