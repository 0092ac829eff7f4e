// Package conformance is what every connector passes: it runs a connector against a source whose data changes and that fails in every
// way, through the extraction into a real lake, and compares what is current there with what is true in the source.
package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
)

// Harness is a source that the test of a connector stands up: one stream whose rows the suite changes, and the ways in which the
// source fails. Each function fails the test by itself when it cannot do what it is for.
type Harness struct {
	Connect func(t testing.TB) source.Connector // as a run would; it has a patience that does not really wait
	Stream  source.Stream                       // with a key of one field and a cursor
	Overlap time.Duration                       // longer than PutLate is late
	Page    int                                 // rows per page
	Now     func(t testing.TB) time.Time        // the source's clock

	Put     func(t testing.TB, id, name string) // adds a record, or changes it, now
	PutLate func(t testing.TB, id, name string) // the same, visible now, but with a cursor from before the last reading began
	Delete  func(t testing.TB, id string)
	// AddField adds a field that existing records have a value of, and DropField removes one; both without changing any cursor.
	AddField  func(t testing.TB)
	DropField func(t testing.TB) (name string)
	Cursor    func(t testing.TB, id string) time.Time // when the record was changed last
	Truth     func(t testing.TB) Records              // the records that live

	// Faults has every fault that the suite knows.
	Faults map[Fault]Injection
}

// Records are records by key, each with its values by field as they should land; null is left out.
type Records map[string]map[string]string

// Fault is a way in which a source fails.
type Fault string

// Faults that a run survives: the source answers well when it is asked again, or what it repeats is merged.
const (
	TooManyRequests Fault = "429 with Retry-After"
	ServerError     Fault = "5xx"
	Timeout         Fault = "time-out"
	Truncated       Fault = "truncated body"
	ExpiredToken    Fault = "expired token"
	DuplicatePage   Fault = "duplicate page"
	ReorderedPages  Fault = "reordered pages"
)

// Faults that a run ends with, saying what they are.
const (
	WrongCredentials  Fault = "wrong credentials" //nolint:gosec // the name of a fault
	MissingPermission Fault = "missing permission"
	SamePage          Fault = "the same page for ever"
	BreaksOff         Fault = "every reading breaks off"
)

// Injection is how a source is made to fail. What cannot happen to it says so in Never, and another fault that comes nearest should
// stand in where there is one.
type Injection struct {
	Never  string                                 // why it cannot happen
	Inject func(t testing.TB) (mend func())       // the source fails from now on, once or until it is mended
	Seen   func(t testing.TB)                     // afterwards: it did happen, and the connector was polite; may be nil
	Finds  func(t testing.TB, f []source.Finding) // what a check says of it; may be nil
}

func survived() []Fault {
	return []Fault{TooManyRequests, ServerError, Timeout, Truncated, ExpiredToken, DuplicatePage, ReorderedPages}
}

type end struct {
	fault Fault
	kind  error
}

func fatal() []end {
	return []end{{WrongCredentials, source.ErrCredentials}, {MissingPermission, source.ErrPermission}, {SamePage, source.ErrRepeats}, {BreaksOff, source.ErrTransient}}
}

// Run tries everything. start stands up a source of its own for each trial, with an empty stream.
func Run(t *testing.T, start func(t testing.TB) Harness) {
	for _, trial := range Trials() {
		t.Run(trial.Name, func(t *testing.T) { trial.Do(t, start(t)) })
	}
}

// Trial is one thing that a connector must pass.
type Trial struct {
	Name string
	Do   func(t testing.TB, h Harness)
}

// Trials are all of them.
func Trials() []Trial {
	var out []Trial
	for _, trial := range trials() {
		out = append(out, Trial{trial.name, func(t testing.TB, h Harness) { trial.do(newBench(t, h)) }})
	}
	for _, fault := range survived() {
		out = append(out, Trial{string(fault), func(t testing.TB, h Harness) { survives(t, h, fault) }})
	}
	for _, end := range fatal() {
		out = append(out, Trial{string(end.fault), func(t testing.TB, h Harness) { ends(t, h, end.fault, end.kind) }})
	}
	return out
}

type trial struct {
	name string
	do   func(b *Bench)
}

func trials() []trial {
	return []trial{
		{"description", describes},
		{"clock", clock},
		{"half-open intervals", intervals},
		{"empty", empty},
		{"full", full},
		{"incremental", incremental},
		{"changed rows", changed},
		{"late rows", late},
		{"deletes", deletes},
		{"everything deleted", allDeleted},
		{"new field", newField},
		{"vanished field", vanishedField},
		{"resumed after a kill between any two pages", killed},
	}
}

// survives runs into a fault in the first reading and in a later one; both must end as if nothing had been.
func survives(t testing.TB, h Harness, fault Fault) {
	injection, known := h.Faults[fault]
	require.True(t, known, "the harness must say how the source fails by %s, or why it never does", fault)
	if injection.Never != "" {
		t.Logf("%s: never: %s", fault, injection.Never)
		return
	}
	b := newBench(t, h)
	b.fill(3*h.Page + 1)
	for range 2 {
		mend := injection.Inject(t)
		b.run()
		mend()
		if injection.Seen != nil {
			injection.Seen(t)
		}
		b.agree()
		b.fill(2 * h.Page)
		h.Put(t, "r0001", "changed")
	}
	b.run()
	b.agree()
}

// ends runs into a fault that a person has to mend. Nothing lands, the error says what it is, and afterwards all is well.
func ends(t testing.TB, h Harness, fault Fault, kind error) {
	injection, known := h.Faults[fault]
	require.True(t, known, "the harness must say how the source fails by %s, or why it never does", fault)
	if injection.Never != "" {
		t.Logf("%s: never: %s", fault, injection.Never)
		return
	}
	b := newBench(t, h)
	b.fill(2*h.Page + 1)
	mend := injection.Inject(t)
	_, err := b.try(context.Background())
	require.ErrorIs(t, err, kind)
	require.Empty(t, b.Rows(), "nothing of a failed reading may be visible")
	if injection.Finds != nil {
		c := h.Connect(t)
		findings, err := c.Check(context.Background(), []source.Stream{h.Stream})
		require.NoError(t, err)
		require.NoError(t, c.Close())
		injection.Finds(t, findings)
	}
	mend()
	b.run()
	b.agree()
}
