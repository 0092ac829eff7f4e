package memory_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/conformance"
	"github.com/tributary-data/tributary/pipelines/source/memory"
)

const table = "deals"

// start stands up a source whose clock is in another year.
func start(broken memory.Broken) func(t testing.TB) conformance.Harness {
	return func(testing.TB) conformance.Harness {
		s := memory.New(time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC))
		s.Broken = broken
		s.Create(table, "name", "extra")
		w := &waits{}
		s.Patience.Tools = source.Tools{Wait: w.wait, Random: func() float64 { return 0 }}
		h := conformance.Harness{
			Connect: func(testing.TB) source.Connector { return s.Connector() },
			Stream:  source.Stream{Name: table}, Overlap: 10 * time.Minute, Page: 3,
			Now: func(testing.TB) time.Time { return s.Now() },
			Put: func(_ testing.TB, id, name string) {
				s.Advance(time.Second)
				s.Put(table, id, s.Now(), map[string]string{"name": name, "extra": "x"})
				s.Advance(time.Second)
			},
			PutLate: func(_ testing.TB, id, name string) {
				s.Put(table, id, s.Now().Add(-5*time.Minute), map[string]string{"name": name})
			},
			Delete: func(_ testing.TB, id string) { s.Delete(table, id) },
			AddField: func(testing.TB) {
				s.Alter(table, func(f []source.Field) []source.Field {
					return append(f, source.Field{Name: "stage", Type: "text", Kind: source.Text})
				})
				s.Default(table, "stage", "open")
			},
			DropField: func(testing.TB) string {
				s.Alter(table, func(f []source.Field) []source.Field { return f[:len(f)-1] })
				return "extra"
			},
			Cursor: func(t testing.TB, id string) time.Time {
				at, err := time.Parse(time.RFC3339, s.Current(table)[id][memory.CursorField])
				require.NoError(t, err)
				return at
			},
			Truth: func(testing.TB) conformance.Records { return s.Current(table) },
		}
		h.Faults = faults(s, w)
		return h
	}
}

// waits remembers for how long the connector would have waited.
type waits struct{ longest time.Duration }

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.longest = max(w.longest, d)
	return ctx.Err()
}

func faults(s *memory.Source, w *waits) map[conformance.Fault]conformance.Injection {
	once := func(err error) func(testing.TB) func() {
		return func(testing.TB) func() {
			failed := false
			s.Fault = func(c memory.Call) error {
				if c.Page == 2 && !failed {
					failed = true
					return err
				}
				return nil
			}
			return func() { s.Fault = nil }
		}
	}
	always := func(err error) func(testing.TB) func() {
		return func(testing.TB) func() {
			s.Fault = func(memory.Call) error { return err }
			return func() { s.Fault = nil }
		}
	}
	second := func(testing.TB) func() {
		s.Fault = func(c memory.Call) error {
			if c.Page == 2 {
				return source.ErrTransient
			}
			return nil
		}
		return func() { s.Fault = nil }
	}
	broken := func(b memory.Broken) func(testing.TB) func() {
		return func(testing.TB) func() {
			before := s.Broken
			s.Broken = b
			return func() { s.Broken = before }
		}
	}
	later := 7 * time.Second
	return map[conformance.Fault]conformance.Injection{
		conformance.TooManyRequests: {
			Inject: once(&source.Later{After: later, Err: errors.New("too many requests")}),
			Seen:   func(t testing.TB) { require.GreaterOrEqual(t, w.longest, later, "it waited as long as it was told") },
		},
		conformance.ServerError:       {Inject: once(source.ErrTransient)},
		conformance.Timeout:           {Inject: once(&source.Later{Err: context.DeadlineExceeded})},
		conformance.Truncated:         {Inject: once(&source.Later{Err: errors.New("unexpected EOF")})},
		conformance.ExpiredToken:      {Never: "it has no logins"},
		conformance.DuplicatePage:     {Inject: broken(memory.PageTwice)},
		conformance.ReorderedPages:    {Inject: broken(memory.PagesBackwards)},
		conformance.WrongCredentials:  {Inject: always(source.ErrCredentials)},
		conformance.MissingPermission: {Inject: always(source.ErrPermission)},
		conformance.BreaksOff:         {Inject: second},
		conformance.SamePage:          {Inject: broken(memory.SamePageForever)},
	}
}

func TestConformance(t *testing.T) {
	conformance.Run(t, start(memory.Sound))
}

func TestKills(t *testing.T) {
	conformance.Kills(t, start(memory.Sound)(t), 40, 1)
}

// TestTheSuiteFindsBrokenConnectors runs trials on connectors that break one obligation each: the trial that is about it must fail.
func TestTheSuiteFindsBrokenConnectors(t *testing.T) {
	for _, c := range []struct {
		broken memory.Broken
		trial  string
	}{
		{memory.BoundaryTwice, "half-open intervals"},
		{memory.BoundaryNever, "half-open intervals"},
		{memory.DropsLastPage, "full"},
		{memory.MiscountsRows, "full"},
		{memory.SamePageForever, "full"},
		{memory.OurClock, "clock"},
		{memory.OurClock, "incremental"},
		{memory.Impatient, string(conformance.TooManyRequests)},
		{memory.GivesUp, string(conformance.TooManyRequests)},
		{memory.IgnoresFaults, string(conformance.BreaksOff)},
		{memory.HidesDeletions, "deletes"},
		{memory.HidesDeletions, "everything deleted"},
		{memory.ForgetsFields, "changed rows"},
		{memory.HidesDrift, "new field"},
		{memory.HidesDrift, "vanished field"},
	} {
		for _, trial := range conformance.Trials() {
			if trial.Name == c.trial {
				require.NotEmpty(t, failures(t, func(t testing.TB) { trial.Do(t, start(c.broken)(t)) }), "%s must fail a connector that is broken (%d)", c.trial, c.broken)
			}
		}
	}
}

// failing is a test that may fail.
type failing struct {
	testing.TB
	said []string
}

func (f *failing) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *failing) FailNow()            { runtime.Goexit() }
func (f *failing) Helper()             {}
func (f *failing) Logf(string, ...any) {}

// failures is what a test that may fail has to say.
func failures(t *testing.T, do func(testing.TB)) []string {
	t.Helper()
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(f)
	}()
	<-done
	return f.said
}
