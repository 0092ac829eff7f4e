package extract_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/current"
	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/memory"
)

// asked is a bundle whose stream deals is asked for from a source that is two hours behind.
type asked struct {
	*bundle
	source *memory.Source
	stream extract.Stream
}

func setupAsked(t *testing.T) *asked {
	t.Helper()
	a := &asked{bundle: setup(t)}
	a.source = memory.New(a.now.Add(-2 * time.Hour))
	a.source.Create("deals", "name")
	a.stream = extract.Stream{Source: "crm", Name: "deals", Ask: &extract.Ask{Stream: source.Stream{Name: "deals"}, Overlap: time.Minute, Sweep: -1}}
	return a
}

// put adds or changes a record an hour after the last thing that happened.
func (a *asked) put(id, name string) {
	a.source.Advance(time.Hour)
	a.source.Put("deals", id, a.source.Now(), map[string]string{"name": name})
	a.source.Advance(time.Second)
}

func (a *asked) run() (extract.StreamResult, error) {
	a.t.Helper()
	w, err := a.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(a.t, err)
	defer func() { require.NoError(a.t, w.Close()) }()
	a.stream.Ask.Connector = a.source.Connector()
	result, err := extract.Run(context.Background(), w, []extract.Stream{a.stream}, extract.Options{ProjectDir: a.project, Clock: a.clock, Current: current.Of(a.lake)})
	return result.Streams[0], err
}

func (a *asked) mustRun() extract.StreamResult {
	a.t.Helper()
	result, err := a.run()
	require.NoError(a.t, err)
	return result
}

// newest is what the newest load says of itself.
func (a *asked) newest() lake.Load {
	a.t.Helper()
	log, err := a.lake.Manifests(context.Background())
	require.NoError(a.t, err)
	var load lake.Load
	for _, m := range log {
		if m.Load != nil {
			load = *m.Load
		}
	}
	return load
}

// rows are all rows in the lake.
func (a *asked) rows() []string {
	a.t.Helper()
	rows := a.query("id, name, _op, _source_file, _source_line", a.parts(a.stream).Current)
	slices.Sort(rows)
	return rows
}

func TestAskedStreamLandsWholeAndThenWhatIsNew(t *testing.T) {
	a := setupAsked(t)
	a.put("1", "one")
	a.put("2", "two")
	r := a.mustRun()
	require.EqualValues(t, 2, r.Rows)
	load := a.newest()
	require.Equal(t, lake.AskedFull, load.Asked.What)
	require.Equal(t, a.source.Now(), load.Asked.To, "the source's clock, not ours")
	require.EqualValues(t, 2, *load.Asked.Told)
	require.Equal(t, []string{"1|one|∅|memory:deals|1", "2|two|∅|memory:deals|2"}, a.rows())

	until := load.Asked.To
	a.put("2", "deux")
	r = a.mustRun()
	require.EqualValues(t, 1, r.Rows)
	load = a.newest()
	require.Equal(t, lake.AskedInterval, load.Asked.What)
	require.Equal(t, until.Add(-time.Minute), load.Asked.From)
	require.Equal(t, a.source.Now(), load.Asked.To)
}

func TestAskedStreamWithoutNewsLandsNothing(t *testing.T) {
	a := setupAsked(t)
	a.put("1", "one")
	a.mustRun()
	r := a.mustRun()
	require.Zero(t, r.Commit, "the row of the overlap is known")
	require.Len(t, a.rows(), 1)
	require.Empty(t, a.newest().Parts)
}

// What is compared with the lake is compared by hashes of rows: none of these may look the same as the one before.
func TestSmallChangesAreNews(t *testing.T) {
	for _, mode := range []string{"", extract.ModeSnapshot} {
		a := setupAsked(t)
		a.source.Create("pairs", "a", "b")
		a.stream.Name, a.stream.Mode, a.stream.Ask.Stream.Name = "pairs", mode, "pairs"
		at := a.source.Now() // of every version: all of them are within the overlap
		a.source.Advance(time.Second)
		for _, values := range []map[string]string{{"a": "x", "b": "y"}, {"a": "y", "b": "x"}, {"a": "x", "b": "x"}, {"a": "y", "b": "y"}, {"a": "", "b": "y"}, {"b": "y"}, {"a": "y"}, {}} {
			for _, id := range []string{"1", "2"} {
				a.source.Put("pairs", id, at, values)
			}
			require.EqualValues(t, 2, a.mustRun().Rows, "%s %v", mode, values)
			require.Zero(t, a.mustRun().Rows, "%s %v again", mode, values)
		}
		if mode == extract.ModeSnapshot {
			a.source.Delete("pairs", "2")
			require.EqualValues(t, 1, a.mustRun().Rows, "a snapshot that has lost a row is another one")
		}
	}
}

func TestDeletionsAreFoundByKeys(t *testing.T) {
	a := setupAsked(t)
	a.stream.Ask.Sweep = 0
	a.put("1", "one")
	a.put("2", "two")
	a.mustRun()
	a.source.Delete("deals", "1")
	a.source.Advance(time.Hour)
	a.mustRun()
	require.ElementsMatch(t, []string{"1|one|∅|memory:deals|1", "2|two|∅|memory:deals|2", "1|∅|delete|memory:deals|1"}, a.rows())
	require.EqualValues(t, 1, a.newest().Asked.Gone)
	a.mustRun()
	require.Empty(t, a.newest().Parts, "a deletion is landed once")
	a.put("1", "one again")
	a.mustRun()
	require.Contains(t, a.rows(), "1|one again|∅|memory:deals|1")
}

func TestFailedReadingLandsNothing(t *testing.T) {
	a := setupAsked(t)
	for _, id := range []string{"1", "2", "3", "4"} {
		a.put(id, id)
	}
	broken := errors.New("broken off")
	a.source.Fault = func(c memory.Call) error {
		if c.Page == 2 {
			return broken
		}
		return nil
	}
	_, err := a.run()
	require.ErrorIs(t, err, broken)
	require.Empty(t, a.rows())
	a.source.Fault = nil
	require.EqualValues(t, 4, a.mustRun().Rows)
}

// TestFieldThatNobodySawAValueOfIsOfNoType describes a field from samples: one in which it is always null says nothing of its type.
func TestFieldThatNobodySawAValueOfIsOfNoType(t *testing.T) {
	a := setupAsked(t)
	a.stream.Ask.Uses = func(string) []string { return []string{"deal.name"} }
	describe := func(kind source.Kind) {
		a.source.Alter("deals", func(fields []source.Field) []source.Field {
			last := &fields[len(fields)-1]
			last.Type, last.Kind = string(kind), kind
			return fields
		})
	}
	a.put("1", "one")
	for _, kind := range []source.Kind{source.Unknown, source.Text, source.Unknown, source.Text} {
		describe(kind)
		require.Empty(t, a.mustRun().Drift, kind)
	}
	describe(source.Number)
	_, err := a.run()
	require.ErrorIs(t, err, extract.ErrDrift)
}
