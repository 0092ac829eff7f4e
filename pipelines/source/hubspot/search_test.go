package hubspot_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/hubspot"
	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

// imported writes so many deals, that many in each millisecond.
func imported(s *stage, rows, perMillisecond int) {
	s.t.Helper()
	for i := range rows {
		s.write("deals", standin.Record{At: start().Add(time.Duration(i/perMillisecond) * time.Millisecond), Values: map[string]any{"dealname": fmt.Sprint(i)}})
	}
	s.pass(time.Hour)
}

// changes reads what was changed since the start, in full pages.
func (s *stage) changes() ([]string, source.Told) {
	s.t.Helper()
	rows, told := s.read(s.connector(0), source.Request{
		Stream: source.Stream{Name: "deals"}, Fields: []source.Field{{Name: "dealname", Kind: source.Text}}, Interval: source.Interval{From: start(), To: s.clock()},
	})
	return column(rows, "dealname"), told
}

// TestMoreThanASearchTells has more changes in an interval than the 10,000 at which HubSpot's search ends.
func TestMoreThanASearchTells(t *testing.T) {
	const rows = 10_450
	s := newStage(t, standin.Data{})
	imported(s, rows, 3)
	names, told := s.changes()
	require.Equal(t, rows, len(names), "no row comes twice")
	require.Equal(t, rows, distinct(names))
	require.True(t, told.Known)
	require.False(t, told.Exact)
	require.EqualValues(t, rows, told.Rows)
	require.Less(t, s.server.Count(http.MethodPost, deals+"/search"), 60)
}

// TestThousandsInAMillisecond has an import whose records were all changed at one moment, between others.
func TestThousandsInAMillisecond(t *testing.T) {
	for _, perMillisecond := range []int{200, 3_000} { // exactly a page, and many
		s := newStage(t, standin.Data{})
		imported(s, 6_100, perMillisecond)
		names, told := s.changes()
		require.Equal(t, 6_100, len(names))
		require.Equal(t, 6_100, distinct(names))
		require.EqualValues(t, 6_100, told.Rows)
	}
}

// TestChangedWhileItIsRead changes a record that has been read, so that it leaves the interval: by numbered pages the next would be skipped.
func TestChangedWhileItIsRead(t *testing.T) {
	s := newStage(t, standin.Data{})
	imported(s, 20, 1)
	ctx := context.Background()
	name := []source.Field{{Name: "dealname", Kind: source.Text}}
	pages, err := s.connector(5).Open(ctx, source.Request{
		Stream: source.Stream{Name: "deals"}, Fields: name, Key: []string{"hs_object_id"}, Cursor: "hs_lastmodifieddate", Interval: source.Interval{From: start(), To: s.clock()},
	})
	require.NoError(t, err)
	seen := map[string]bool{}
	changed := 0
	require.NoError(t, source.Drain(pages, func(b *source.Batch) error {
		for row := range b.Lines {
			seen[string(b.Value(0, row))] = true
		}
		changed++
		s.write("deals", standin.Record{ID: fmt.Sprint(changed), Values: map[string]any{"amount": "1"}})
		return nil
	}))
	require.Greater(t, changed, 3)
	require.Len(t, seen, 20)
}

// TestIndexDelay changes a record whose change search learns of after the run; the next run begins early enough.
func TestIndexDelay(t *testing.T) {
	s := newStage(t, standin.Data{})
	imported(s, 3, 1)
	s.server.SetIndexDelay(40 * time.Second)
	s.write("deals", standin.Record{ID: "2", Values: map[string]any{"dealname": "late"}})
	s.pass(time.Second)
	c := s.connector(0)
	moment, err := c.Begin(context.Background())
	require.NoError(t, err)
	names, _ := s.changes()
	require.NotContains(t, names, "late")
	s.pass(time.Minute)
	rows, _ := s.read(c, source.Request{Stream: source.Stream{Name: "deals"}, Interval: source.Interval{From: moment.Settled, To: s.clock()}})
	require.Equal(t, []string{"late"}, column(rows, "dealname"))
}

// TestCursorOfOnesOwn asks by another property: rows that have none are in every interval.
func TestCursorOfOnesOwn(t *testing.T) {
	s := newStage(t, standin.Data{Properties: map[string][]standin.Property{"deals": {{Name: "synced_at", Type: "datetime"}}}})
	for i := range 7 {
		values := map[string]any{"dealname": fmt.Sprint(i)}
		if i < 3 {
			values["synced_at"] = start().Add(time.Duration(i) * time.Hour)
		}
		s.write("deals", standin.Record{Values: values})
	}
	s.pass(time.Hour)
	request := source.Request{
		Stream: source.Stream{Name: "deals", Cursor: "synced_at"}, Cursor: "synced_at", Interval: source.Interval{From: start().Add(time.Hour), To: start().Add(2 * time.Hour)},
	}
	rows, told := s.read(s.connector(2), request)
	require.Equal(t, []string{"1", "3", "4", "5", "6"}, column(rows, "dealname"))
	require.EqualValues(t, 5, told.Rows)
	request.Stream.Cursor = "dealname"
	_, err := s.connector(0).Describe(context.Background(), request.Stream)
	require.ErrorIs(t, err, source.ErrConfig)
	require.ErrorContains(t, err, "a cursor is a datetime")
}

// TestLimits reads with few requests allowed: it spreads them out and is hardly ever refused.
func TestLimits(t *testing.T) {
	s := newStage(t, standin.Data{})
	imported(s, 100, 1)
	s.server.SetLimits(standin.Limits{TenSeconds: 20})
	rows, _ := s.read(s.connector(1), source.Request{Stream: source.Stream{Name: "deals"}})
	require.Len(t, rows, 100)
	require.Less(t, s.server.Count(http.MethodGet, deals), 110, "refused requests are asked again")
	searches := s.server.Count(http.MethodPost, deals+"/search")
	began := s.clock()
	rows, told := s.read(s.connector(2), source.Request{Stream: source.Stream{Name: "deals"}, Interval: source.Interval{From: start(), To: began}})
	require.Len(t, rows, 100)
	require.EqualValues(t, 100, told.Rows)
	asked := s.server.Count(http.MethodPost, deals+"/search") - searches
	require.GreaterOrEqual(t, s.clock().Sub(began), time.Duration(asked-1)*250*time.Millisecond, "four searches a second")
}

func TestTheDailyLimitEndsTheRun(t *testing.T) {
	s := newStage(t, standin.Data{})
	s.server.SetLimits(standin.Limits{Daily: 2})
	c := s.connector(0)
	for range 2 {
		_, err := c.Begin(context.Background())
		require.NoError(t, err)
	}
	_, err := c.Begin(context.Background())
	require.ErrorIs(t, err, source.ErrTransient)
	require.ErrorContains(t, err, "the account's requests of today are used up")
	require.ErrorContains(t, err, "DAILY")
	require.Equal(t, 3, s.server.Count(http.MethodGet, "/account-info"), "it is not asked again")
}

func TestARefusalWaitsAsLongAsItsLimitLasts(t *testing.T) {
	s := newStage(t, standin.Data{})
	s.server.Inject(standin.Fault{Harm: standin.Refuse, Status: http.StatusTooManyRequests, Times: 1})
	_, err := s.connector(0).Begin(context.Background())
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, s.longest)
}

// TestHubSpotIsBusyWithTheAccount has the two refusals that HubSpot has besides limits and failures.
func TestHubSpotIsBusyWithTheAccount(t *testing.T) {
	s := newStage(t, standin.Data{})
	s.server.Inject(standin.Fault{Harm: standin.Refuse, Status: http.StatusLocked, Times: 1})
	_, err := s.connector(0).Begin(context.Background())
	require.NoError(t, err)
	require.Equal(t, 2*time.Second, s.longest)
	s.server.Inject(standin.Fault{Harm: standin.Refuse, Status: 477, Times: 1, RetryAfter: time.Minute})
	_, err = s.connector(0).Begin(context.Background())
	require.NoError(t, err)
	require.Equal(t, time.Minute, s.longest)
	s.server.Inject(standin.Fault{Harm: standin.Refuse, Status: 477, RetryAfter: 24 * time.Hour})
	_, err = s.connector(0).Begin(context.Background())
	require.ErrorIs(t, err, source.ErrTransient)
	require.ErrorContains(t, err, "HubSpot is moving the account to another data centre")
	require.ErrorContains(t, err, "correlationId")
	require.Equal(t, time.Minute, s.longest, "nobody waits for a day")
}

// TestARotatedTokenIsTakenUp gives another token when the first is refused.
func TestARotatedTokenIsTakenUp(t *testing.T) {
	s := newStage(t, standin.Data{})
	tokens := []string{"pat-old", key}
	c, err := hubspot.New(hubspot.Options{URL: s.url, Token: func() (string, error) {
		token := tokens[0]
		tokens = tokens[1:]
		return token, nil
	}})
	require.NoError(t, err)
	_, err = c.Begin(context.Background())
	require.NoError(t, err)
	require.Empty(t, tokens)
}
