package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// describes asks for what a person looks at first.
func describes(b *Bench) {
	ctx := context.Background()
	c := b.Connect(b.t)
	objects, err := c.Objects(ctx)
	require.NoError(b.t, err)
	require.True(b.t, slices.ContainsFunc(objects, func(o source.Object) bool { return o.Name == b.Stream.ObjectName() }), "%v has the stream's object", objects)
	d, err := c.Describe(ctx, b.Stream)
	require.NoError(b.t, err)
	require.NotEmpty(b.t, d.Origin)
	for _, f := range d.Fields {
		require.NotEmpty(b.t, f.Type, f.Name)
		require.NotEmpty(b.t, f.Kind, f.Name)
	}
	findings, err := c.Check(ctx, []source.Stream{b.Stream})
	require.NoError(b.t, err)
	require.NotEmpty(b.t, findings)
	for _, f := range findings {
		require.True(b.t, f.OK, "%v", f)
	}
	missing := source.Stream{Name: "missing", Object: "there_is_no_such_object"}
	_, err = c.Describe(ctx, missing)
	require.ErrorIs(b.t, err, source.ErrConfig)
	findings, err = c.Check(ctx, []source.Stream{missing})
	require.NoError(b.t, err)
	require.True(b.t, slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Subject == "missing" && !f.OK && f.Detail != "" }), "%v", findings)
	require.NoError(b.t, c.Close())
	require.NoError(b.t, c.Close(), "closing twice")
}

// clock sees to it that the moments of a run are the source's.
func clock(b *Bench) {
	before := b.Now(b.t)
	c := b.Connect(b.t)
	m, err := c.Begin(context.Background())
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, c.Close()) }()
	after := b.Now(b.t)
	require.False(b.t, m.Now.Before(before) || m.Now.After(after), "Begin says %s, the source's clock went from %s to %s", m.Now, before, after)
	require.False(b.t, m.Settled.After(m.Now), "settled at %s, after now, %s", m.Settled, m.Now)
}

// intervals asks for two that meet at the cursor of a record: it must come in the second alone.
func intervals(b *Bench) {
	b.fill(2*b.Page + 1)
	begin, at := b.Cursor(b.t, "r0001"), b.Cursor(b.t, "r0003")
	require.True(b.t, begin.Before(at), "records that are put one after the other have cursors in that order")
	c := b.Connect(b.t)
	m, err := c.Begin(context.Background())
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, c.Close()) }()
	first := b.read(c, source.Interval{From: begin, To: at})
	second := b.read(c, source.Interval{From: at, To: m.Now})
	require.Equal(b.t, []string{"r0001", "r0002"}, first, "from %s, before %s", begin, at)
	require.Len(b.t, second, 2*b.Page-1)
	require.Equal(b.t, "r0003", second[0], "the record at the boundary")
	require.Len(b.t, b.read(c, source.Interval{}), 2*b.Page+1)
}

// read are the keys of a reading, sorted.
func (b *Bench) read(c source.Connector, i source.Interval) []string {
	b.t.Helper()
	ctx := context.Background()
	d, err := c.Describe(ctx, b.Stream)
	require.NoError(b.t, err)
	r := source.Request{Stream: b.Stream, Fields: d.Fields, Key: b.Stream.Key, Cursor: b.Stream.Cursor, Interval: i}
	if len(r.Key) == 0 {
		r.Key = d.Key
	}
	if r.Cursor == "" {
		r.Cursor = d.Cursor
	}
	pages, err := c.Open(ctx, r)
	require.NoError(b.t, err)
	var keys []string
	key, line := slices.Index(r.Names(), r.Key[0]), int64(0)
	require.NoError(b.t, source.Drain(pages, func(batch *source.Batch) error {
		require.Equal(b.t, r.Names(), batch.Names, "columns are those of the request")
		for row := range batch.Lines {
			require.Greater(b.t, batch.Lines[row], line, "lines count on")
			line = batch.Lines[row]
			keys = append(keys, string(batch.Value(key, row)))
		}
		return nil
	}))
	if told := pages.Told(); told.Known && told.Exact {
		require.EqualValues(b.t, told.Rows, len(keys), "the source's own count")
	}
	slices.Sort(keys)
	return keys
}

func empty(b *Bench) {
	b.run()
	b.agree()
	b.run()
	b.fill(1)
	b.run()
	b.agree()
}

func full(b *Bench) {
	b.fill(2*b.Page + 1)
	b.run()
	b.agree()
	load := b.newest(lake.AskedFull)
	require.EqualValues(b.t, 2*b.Page+1, load.Rows)
	require.NotEmpty(b.t, load.Asked.Key)
	require.NotEmpty(b.t, load.Asked.Cursor)
	for _, p := range load.Parts {
		require.NotEmpty(b.t, p.SourceFile)
	}
}

func incremental(b *Bench) {
	b.fill(2 * b.Page)
	b.run()
	until := b.newest(lake.AskedFull).Asked.Settled
	b.fill(b.Page + 1)
	b.run()
	b.agree()
	load := b.newest(lake.AskedInterval)
	require.Equal(b.t, until.Add(-b.Overlap), load.Asked.From, "the interval begins where the last one was settled, less the overlap")
	require.GreaterOrEqual(b.t, load.Rows, int64(b.Page+1))
	again := b.run()
	require.Zero(b.t, again.Commit, "nothing is new")
	b.agree()
}

func changed(b *Bench) {
	b.fill(2 * b.Page)
	b.run()
	b.Put(b.t, "r0002", "second name")
	b.Put(b.t, "r0001", "renamed")
	b.run()
	b.agree()
	b.Put(b.t, "r0002", "third name")
	b.run()
	b.agree()
}

func late(b *Bench) {
	b.fill(b.Page + 1)
	b.run()
	b.fill(1)
	b.PutLate(b.t, "late", "committed late")
	b.PutLate(b.t, "r0001", "changed late")
	b.run()
	b.agree()
}

func deletes(b *Bench) {
	b.fill(2*b.Page + 1)
	b.run()
	b.Delete(b.t, "r0001")
	b.Delete(b.t, "r0003")
	b.run()
	b.agree()
	require.Zero(b.t, b.run().Commit, "a deletion lands once")
	b.Put(b.t, "r0001", "it is back")
	b.run()
	b.agree()
}

func allDeleted(b *Bench) {
	b.fill(2)
	b.run()
	b.Delete(b.t, "r0001")
	b.Delete(b.t, "r0002")
	b.run()
	b.agree()
	require.Empty(b.t, b.Rows())
}

func newField(b *Bench) {
	b.fill(b.Page + 1)
	b.run()
	b.AddField(b.t)
	b.fill(1)
	result := b.run()
	require.Len(b.t, result.Drift, 1)
	require.Empty(b.t, result.Drift[0].Was)
	b.agree()
	require.Zero(b.t, b.run().Commit, "it is read whole once")
}

func vanishedField(b *Bench) {
	b.fill(b.Page + 1)
	b.run()
	name := b.DropField(b.t)
	b.uses = func(field string) []string {
		if field == name {
			return []string{"deal.name (tributary.yaml:7)"}
		}
		return nil
	}
	b.fill(1)
	_, err := b.try(context.Background())
	require.ErrorIs(b.t, err, extract.ErrDrift)
	require.ErrorContains(b.t, err, name)
	require.ErrorContains(b.t, err, "tributary.yaml:7", "what uses it")
	b.uses = nil
	result := b.run()
	require.Len(b.t, result.Drift, 1)
	require.True(b.t, result.Drift[0].Gone())
	b.agree()
}

// killed stops the first run, and a later one, after each of its pages in turn. What was stopped is invisible; the next run makes it up.
func killed(b *Bench) {
	b.fill(3*b.Page + 1)
	for _, what := range []string{"first", "later"} {
		for page := 1; ; page++ {
			require.Less(b.t, page, 1000, "the reading ends")
			before := b.Rows()
			ctx, kill := context.WithCancel(context.Background())
			k := &killer{page: page, kill: kill}
			b.wrap = k.wrap
			_, err := b.try(ctx)
			kill()
			b.wrap = func(c source.Connector) source.Connector { return c }
			if !k.killed() {
				require.NoError(b.t, err)
				break
			}
			require.Error(b.t, err)
			if k.pagesOf == source.Rows {
				require.Equal(b.t, before, b.Rows(), "%s run, killed after page %d", what, page)
			}
		}
		b.agree()
		b.fill(2*b.Page + 1)
		b.Put(b.t, "r0002", fmt.Sprint("changed before the next, ", what))
		b.Delete(b.t, "r0001")
		if what == "first" {
			b.Put(b.t, "r0001", "and back")
		}
	}
	b.run()
	b.agree()
}
