package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
)

// Connector makes a connector to the source.
func (s *Source) Connector() source.Connector { return &connector{s} }

type connector struct{ *Source }

// Check finds out whether tables are there and fields may be read.
func (c *connector) Check(ctx context.Context, streams []source.Stream) ([]source.Finding, error) {
	var out []source.Finding
	for _, stream := range streams {
		finding := source.Finding{Subject: stream.Name, OK: true, Detail: "may be read"}
		d, err := c.Describe(ctx, stream)
		if err != nil {
			finding = source.Finding{Subject: stream.Name, Detail: err.Error(), Mend: "mend what the error says"}
		}
		for _, f := range d.Fields {
			if f.Denied != "" {
				finding = source.Finding{Subject: stream.Name, Detail: "field " + f.Name + " cannot be read", Mend: f.Denied}
			}
		}
		out = append(out, finding)
	}
	return out, nil
}

// Objects are the tables.
func (c *connector) Objects(ctx context.Context) ([]source.Object, error) {
	if err := c.request(ctx, Call{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []source.Object
	for _, name := range slices.Sorted(maps.Keys(c.tables)) {
		out = append(out, source.Object{Name: name, Kind: "table", Rows: int64(len(c.tables[name].rows))})
	}
	return out, nil
}

// Describe is what the table says.
func (c *connector) Describe(ctx context.Context, stream source.Stream) (source.Description, error) {
	if err := c.request(ctx, Call{Stream: stream.Name}); err != nil {
		return source.Description{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[stream.ObjectName()]
	if t == nil {
		return source.Description{}, fmt.Errorf("%w: table %s", source.ErrConfig, stream.ObjectName())
	}
	fields := slices.Clone(t.fields)
	if c.Broken == HidesDrift {
		fields = slices.Clone(t.ever)
	}
	return source.Description{
		Origin: "memory:" + stream.ObjectName(), Fields: fields, Key: []string{KeyField}, Cursor: CursorField, Deletes: source.DeletesByKeys,
	}, nil
}

// Begin is the source's clock.
func (c *connector) Begin(ctx context.Context) (source.Moment, error) {
	if err := c.request(ctx, Call{}); err != nil {
		return source.Moment{}, err
	}
	now := c.Now()
	if c.Broken == OurClock {
		now = time.Now()
	}
	return source.Moment{Now: now, Settled: now}, nil
}

// Close does nothing.
func (c *connector) Close() error { return nil }

// request makes a request that faults may spoil.
func (c *connector) request(ctx context.Context, call Call) error {
	patience := &c.Patience
	switch c.Broken {
	case Impatient:
		patience = &source.Patience{Tools: source.Tools{Wait: func(context.Context, time.Duration) error { return nil }}}
	case GivesUp:
		patience = &source.Patience{Attempts: 1}
	}
	return patience.Do(ctx, func(ctx context.Context) error {
		if c.Fault == nil {
			return ctx.Err()
		}
		return c.Fault(call)
	})
}

// Open takes the rows that match now.
func (c *connector) Open(ctx context.Context, r source.Request) (source.Pages, error) {
	name := r.Stream.ObjectName()
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := c.matching(name, func(w row) bool {
		if r.What == source.Keys {
			return w.deletedAt.IsZero() || c.Broken == HidesDeletions
		}
		return w.deletedAt.IsZero() && (r.Cursor == "" || c.inside(r.Interval, w.changed))
	})
	p := &pages{connector: c, ctx: ctx, request: r, told: source.Told{Known: true, Rows: int64(len(rows)), Exact: true}}
	size := c.Page
	if size == 0 {
		size = 3
	}
	p.pages = slices.Collect(slices.Chunk(rows, size))
	p.misbehave()
	return p, nil
}

// misbehave does to the pages what the source or a broken connector does.
func (p *pages) misbehave() {
	switch n := len(p.pages); {
	case n < 2:
	case p.Broken == DropsLastPage:
		p.told.Rows -= int64(len(p.pages[n-1]))
		p.pages = p.pages[:n-1]
	case p.Broken == MiscountsRows:
		p.pages = p.pages[:n-1]
	case p.Broken == PageTwice:
		p.pages = append(p.pages, p.pages[0])
	case p.Broken == PagesBackwards:
		slices.Reverse(p.pages)
	case p.Broken == SamePageForever:
		p.told = source.Told{}
	}
}

func (c *connector) inside(i source.Interval, at time.Time) bool {
	switch {
	case c.Broken == BoundaryTwice && at.Equal(i.To):
		return true
	case c.Broken == BoundaryNever && at.Equal(i.From):
		return false
	}
	return i.Has(at)
}

type pages struct {
	*connector
	ctx     context.Context
	request source.Request
	pages   [][]keyed
	told    source.Told
	page    int
	line    int64
}

// Told is exact: the rows were counted when they were taken.
func (p *pages) Told() source.Told { return p.told }

// Close ends the reading.
func (p *pages) Close() error { return nil }

// Next is the next page.
func (p *pages) Next(b *source.Batch) error {
	b.Begin(p.request.Names())
	if p.Broken == SamePageForever && len(p.pages) > 1 {
		p.page = 0
	}
	if p.page == len(p.pages) {
		return io.EOF
	}
	p.page++
	if err := p.connector.request(p.ctx, Call{Stream: p.request.Stream.Name, What: p.request.What, Page: p.page}); err != nil {
		if p.Broken == IgnoresFaults {
			p.told.Rows, p.page = p.line, len(p.pages)
			return io.EOF
		}
		return errors.Join(fmt.Errorf("page %d of %s", p.page, p.request.Stream.Name), err)
	}
	for _, r := range p.pages[p.page-1] {
		p.line++
		p.add(b, r)
	}
	return nil
}

func (p *pages) add(b *source.Batch, r keyed) {
	for i, name := range b.Names {
		v, ok := r.value(r.id, name)
		if !ok || p.Broken == ForgetsFields && i > 0 && i == len(b.Names)-1 {
			b.Put(i, nil)
			continue
		}
		b.Put(i, []byte(v))
	}
	b.Lines = append(b.Lines, p.line)
}
