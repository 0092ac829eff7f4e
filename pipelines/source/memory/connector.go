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
	return source.Description{
		Origin: "memory:" + stream.ObjectName(), Fields: slices.Clone(t.fields), Key: []string{KeyField}, Cursor: CursorField, Deletes: source.DeletesByKeys,
	}, nil
}

// Begin is the source's clock.
func (c *connector) Begin(ctx context.Context) (time.Time, error) {
	if err := c.request(ctx, Call{}); err != nil {
		return time.Time{}, err
	}
	if c.Broken == OurClock {
		return time.Now(), nil
	}
	return c.Now(), nil
}

// Close does nothing.
func (c *connector) Close() error { return nil }

// request makes a request that faults may spoil.
func (c *connector) request(ctx context.Context, call Call) error {
	patience := &c.Patience
	if c.Broken == Impatient {
		patience = &source.Patience{Tools: source.Tools{Wait: func(context.Context, time.Duration) error { return nil }}}
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
	p := &pages{connector: c, ctx: ctx, request: r}
	p.rows = c.matching(name, func(w row) bool {
		if r.What == source.Keys {
			return w.deletedAt.IsZero() || c.Broken == HidesDeletions
		}
		return w.deletedAt.IsZero() && (r.Cursor == "" || c.inside(r.Interval, w.changed))
	})
	return p, nil
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
	rows    []keyed
	page    int
	line    int64
}

// Told is exact: the rows were counted when they were taken.
func (p *pages) Told() source.Told {
	return source.Told{Known: p.Broken != SamePageForever, Rows: int64(len(p.rows)), Exact: p.Broken != DropsLastPage}
}

// Close ends the reading.
func (p *pages) Close() error { return nil }

// Next is the next page.
func (p *pages) Next(b *source.Batch) error {
	b.Begin(p.request.Names())
	size := p.Page
	if size == 0 {
		size = 3
	}
	if p.Broken == SamePageForever {
		p.page = 0
	}
	from := p.page * size
	last := from+size >= len(p.rows)
	if from >= len(p.rows) && p.page > 0 || len(p.rows) == 0 || last && p.page > 0 && p.Broken == DropsLastPage {
		return io.EOF
	}
	p.page++
	if err := p.connector.request(p.ctx, Call{Stream: p.request.Stream.Name, What: p.request.What, Page: p.page}); err != nil {
		if p.Broken == IgnoresFaults {
			return io.EOF
		}
		return errors.Join(fmt.Errorf("page %d of %s", p.page, p.request.Stream.Name), err)
	}
	for _, r := range p.rows[from:min(from+size, len(p.rows))] {
		for i, name := range b.Names {
			var value []byte
			if v, ok := r.value(r.id, name); ok {
				value = []byte(v)
			}
			b.Put(i, value)
		}
		p.line++
		b.Lines = append(b.Lines, p.line)
	}
	return nil
}
