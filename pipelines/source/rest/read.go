package rest

import (
	"context"
	"encoding/json"
	"fmt"
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
}

// Told says which of the fields came in no record, and which came that were not asked for because nobody described them.
func (p *pages) Told() source.Told {
	return source.Told{Absent: web.Absent(p.request.Names(), p.returned), Beyond: slices.Sorted(maps.Keys(p.beyond))}
}

// Close has nothing to give back.
func (p *pages) Close() error { return nil }

// Next asks for a page.
func (p *pages) Next(b *source.Batch) error {
	b.Begin(p.request.Names())
	if p.next == nil {
		return io.EOF
	}
	got, err := p.ask(p.ctx, p.request.Stream, p.next)
	if err != nil {
		return err
	}
	if p.next, err = p.paging.next(p.next, got); err != nil {
		return fmt.Errorf("stream %s: %w", p.request.Stream.Name, err)
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
	return nil
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
