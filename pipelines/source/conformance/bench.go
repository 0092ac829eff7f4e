package conformance

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/current"
	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// Bench is a lake, and a source that is extracted into it. Our clock is years ahead: nothing may depend on it.
type Bench struct {
	Harness
	t     testing.TB
	lake  *lake.Lake
	now   time.Time
	names int
	uses  func(field string) []string
	wrap  func(source.Connector) source.Connector
}

const streamSource = "src"

func newBench(t testing.TB, h Harness) *Bench {
	t.Helper()
	b := &Bench{Harness: h, t: t, now: time.Now().AddDate(5, 0, 0), wrap: func(c source.Connector) source.Connector { return c }}
	var err error
	b.lake, err = lake.Open(filepath.Join(t.TempDir(), "lake"), lake.Options{Clock: b.clock})
	require.NoError(t, err)
	return b
}

func (b *Bench) clock() time.Time {
	b.now = b.now.Add(time.Second)
	return b.now
}

// fill adds so many new records.
func (b *Bench) fill(rows int) {
	b.t.Helper()
	for range rows {
		b.names++
		b.Put(b.t, fmt.Sprintf("r%04d", b.names), fmt.Sprintf("name %d", b.names))
	}
}

// try makes one run.
func (b *Bench) try(ctx context.Context) (extract.StreamResult, error) {
	b.t.Helper()
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, w.Close()) }()
	c := b.wrap(b.Connect(b.t))
	defer func() { require.NoError(b.t, c.Close()) }()
	stream := extract.Stream{Source: streamSource, Name: b.Stream.Name, Ask: &extract.Ask{Connector: c, Stream: b.Stream, Overlap: b.Overlap, Uses: b.uses}}
	result, err := extract.Run(ctx, w, []extract.Stream{stream}, extract.Options{Clock: b.clock, Current: current.Of(b.lake)})
	return result.Streams[0], err
}

// run makes one run that must go well.
func (b *Bench) run() extract.StreamResult {
	b.t.Helper()
	result, err := b.try(context.Background())
	require.NoError(b.t, err)
	return result
}

// Rows are the current rows of the lake.
func (b *Bench) Rows() Records {
	b.t.Helper()
	ctx := context.Background()
	parts, err := b.lake.Parts(ctx, streamSource, b.Stream.Name, time.Time{})
	require.NoError(b.t, err)
	conn, relation, done, err := current.Of(b.lake)(ctx, parts)
	require.NoError(b.t, err)
	defer done()
	out := Records{}
	if relation == "" {
		return out
	}
	rows, err := conn.QueryContext(ctx, "SELECT * FROM "+relation)
	require.NoError(b.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(b.t, err)
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(b.t, rows.Scan(into...))
		record := map[string]string{}
		for i, name := range columns {
			if text, ok := values[i].(string); ok && !strings.HasPrefix(name, "_") {
				record[name] = text
			}
		}
		out[record[b.key()]] = record
	}
	require.NoError(b.t, rows.Err())
	return out
}

func (b *Bench) key() string {
	b.t.Helper()
	c := b.Connect(b.t)
	defer func() { require.NoError(b.t, c.Close()) }()
	if len(b.Stream.Key) > 0 {
		return b.Stream.Key[0]
	}
	d, err := c.Describe(context.Background(), b.Stream)
	require.NoError(b.t, err)
	return d.Key[0]
}

// agree compares what is current in the lake with what is true in the source, field by field.
func (b *Bench) agree() {
	b.t.Helper()
	want, got := b.Truth(b.t), b.Rows()
	require.Equal(b.t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)), "the keys that live")
	for id, record := range want {
		for field, value := range record {
			require.Equal(b.t, value, got[id][field], "%s of %s", field, id)
		}
	}
}

// newest is the newest load of a kind.
func (b *Bench) newest(what string) lake.Load {
	b.t.Helper()
	log, err := b.lake.Manifests(context.Background())
	require.NoError(b.t, err)
	for _, m := range slices.Backward(log) {
		if m.Load != nil && m.Load.Asked.What == what {
			return *m.Load
		}
	}
	require.Fail(b.t, "no load", "of kind %s", what)
	return lake.Load{}
}
