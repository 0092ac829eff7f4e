package extract_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// told is a source that has two pages, and may break off after the first.
type told struct {
	page   int
	broken error
	until  time.Time
}

func (p *told) Until() time.Time { return p.until }

func (p *told) Next(b *source.Batch) error {
	b.Reset([]string{"id", "state"})
	b.Arena = b.Arena[:0]
	p.page++
	if p.page == 2 && p.broken != nil {
		return p.broken
	}
	if p.page > 2 {
		return io.EOF
	}
	b.Cells[0] = append(b.Cells[0], b.Text("r1"))
	b.Cells[1] = append(b.Cells[1], source.Null())
	b.Lines = append(b.Lines, int64(p.page))
	return nil
}

func TestPullGoesOnWhereTheNewestLoadEnded(t *testing.T) {
	b := setup(t)
	w, err := b.lake.Writer(t.Context(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	defer func() { require.NoError(t, w.Close()) }()
	var since []time.Time
	pull := func(p *told) (int64, error) {
		return extract.Pull(t.Context(), w, extract.Feed{Source: "airflow", Name: "dag_runs", OfRuns: true, Open: func(_ context.Context, from time.Time) (source.Pages, error) {
			since = append(since, from)
			return p, nil
		}}, b.clock)
	}
	first, second := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	rows, err := pull(&told{until: first})
	require.NoError(t, err)
	require.EqualValues(t, 2, rows)

	// one that breaks off lands nothing, and the next asks from the same moment
	broken := errors.New("the server went away")
	_, err = pull(&told{until: second, broken: broken})
	require.ErrorIs(t, err, broken)
	_, err = pull(&told{until: second})
	require.NoError(t, err)
	// nothing new is no load
	rows, err = pull(&told{until: second, page: 2})
	require.NoError(t, err)
	require.Zero(t, rows)
	require.Equal(t, []time.Time{{}, first, first, second}, since)

	parts, err := b.lake.Parts(t.Context(), "airflow", "dag_runs", time.Time{})
	require.NoError(t, err)
	require.Len(t, parts.Current, 2)
	require.True(t, parts.OfRuns)
	require.Equal(t, second, parts.Until)
	require.Equal(t, []lake.Column{{Name: "id", Type: "VARCHAR"}, {Name: "state", Type: "VARCHAR"}}, parts.Columns)
	found, err := b.lake.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Damage)
}
