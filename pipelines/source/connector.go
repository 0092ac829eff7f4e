package source

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

// Connector asks one source, for one run. What is written at each method is an obligation; package conformance tries all of them.
//
// A connector knows nothing of the lake, and nothing of our clock: every instant that it takes or gives is of the source's own. It
// may be used by several goroutines at a time. Each request has a deadline and is made again with patience when the source says
// "later" (Patience). Errors are of a Kind where one fits, name the stream, and never hold a secret.
type Connector interface {
	// Check finds out what is missing before anything is read: whether the login is accepted, and for each stream whether its object
	// is there and its fields may be read. A finding that is not OK says exactly which permission or scope is missing and how to
	// give it. The error is for what cannot be found out at all.
	Check(ctx context.Context, streams []Stream) ([]Finding, error)

	// Objects lists what there is to read, by name: tables, views, objects.
	Objects(ctx context.Context) ([]Object, error)

	// Describe says what the source itself says of a stream: its fields with their types, its key, when a row was changed last. A
	// field that may not be read is described with the reason in Denied.
	Describe(ctx context.Context, s Stream) (Description, error)

	// Begin settles up to when the run reads, by the source's clock, and whatever has to be settled with it (a snapshot). Called once
	// before Open; a second call begins anew.
	Begin(ctx context.Context) (Moment, error)

	// Open begins to read. Pages of several streams may be read at the same time.
	Open(ctx context.Context, r Request) (Pages, error)

	// Close gives back what Begin holds. It may be called twice, and without Begin.
	Close() error
}

// Pages is one reading of a stream, page by page. It belongs to one goroutine.
type Pages interface {
	// Next replaces what is in the batch by the next page; io.EOF, with the columns and without rows, when there is none. The
	// columns are those of the request, in its order. A page fits into memory (MaxPage is a good limit). Lines count rows from 1 over
	// the reading. A page may repeat rows of earlier ones, and the order of rows is free: rows are merged by key; within a
	// reading the greatest cursor counts, of two readings the later. A row must not be left out: what cannot be decoded is a reject. A failed request is an error and never an end.
	Reader

	// Told is what the source has said by now. It is final when Next has said io.EOF.
	Told() Told

	// Close ends the reading, also in its midst.
	Close() error
}

// Moment is up to when a run reads. Both are by the source's own clock.
type Moment struct {
	// Now is where the intervals of this run end.
	Now time.Time
	// Settled is where those of the next run may begin, Now at the latest: whatever becomes visible to Open after Begin carries this
	// moment or a later one, as far as the source can promise it. The configured overlap is for what it cannot.
	Settled time.Time
}

// MaxPage is how many bytes of values a page should hold at most.
const MaxPage = 8 << 20

// Told is what a source says of a reading besides its rows.
type Told struct {
	Known  bool     // whether it says how many rows the reading has
	Rows   int64    // … so many
	Exact  bool     // Rows is of the same snapshot as the rows: a difference is a fault
	Marks  int64    // rows besides: each announces the deletion of a record that is in the reading, too, as it was last
	Absent []string // requested fields that it has not returned in any row: mostly a permission that hides them
	Beyond []string // fields that rows had and the description did not, which therefore did not land
}

// What a request asks for.
type What int

// Rows are asked for by interval; how deletions are learnt is said by the Description.
const (
	Rows    What = iota // the rows whose cursor is in the interval, and those that have none
	Deleted             // the keys of records deleted in the interval that have not come back; the fields are the key
	Keys                // the keys of all records that are alive; the fields are the key, the interval is zero
)

// Request is one reading of a stream.
type Request struct {
	Stream   Stream
	What     What
	Fields   []Field  // which are read, in this order
	Key      []string // what makes two rows versions of one record; may be empty
	Cursor   string   // field that says when a row was changed last; empty = none, and the interval is zero
	Interval Interval
}

// Names are the names of the requested fields.
func (r Request) Names() []string { return names(r.Fields) }

// Interval is half-open: From is in it, To is not. Zero means unbounded, so that the zero interval has everything.
type Interval struct{ From, To time.Time }

// Has tells whether an instant is in the interval.
func (i Interval) Has(t time.Time) bool {
	return !t.Before(i.From) && (i.To.IsZero() || t.Before(i.To))
}

// Stream is what the configuration says of a stream; what it leaves out comes from the Description.
type Stream struct {
	Name   string   // under which it lands
	Object string   // in the source; the name when empty
	Fields []string // none = all that may be read
	Key    []string
	Cursor string
	Filter string // in the source's own language, where it has one
}

// Description is what a source says of a stream.
type Description struct {
	Origin string   // where a row can be found again: _source_file of its rows, such as "postgres:sales.orders"
	Fields []Field  // in the source's order
	Key    []string // empty when the source knows none
	Cursor string   // empty when it knows none
	// ByInterval: rows can be asked for by when they were changed although no field says it. Of two versions the later load counts.
	ByInterval bool
	Deletes    Deletes
	Rows       Told // how many rows the object has, where that costs nothing
}

// Field is a field as the source describes it.
type Field struct {
	Name   string `json:"name"`
	Type   string `json:"type"`             // in the source's own words, such as "numeric(12,2)"
	Kind   Kind   `json:"kind"`             // by which a change of type is told from a longer text
	Denied string `json:"denied,omitempty"` // why it cannot be read and what mends that; empty when it can
}

// Kind is a family of types. Values of one kind are written alike.
type Kind string

// The kinds of fields, and how a value of each stands in a batch.
const (
	Text    Kind = "text"
	Number  Kind = "number"  // all its digits, a point, an exponent only where the source itself writes one
	Boolean Kind = "boolean" // true or false
	Instant Kind = "instant" // ISO 8601 with an offset, to microseconds
	Local   Kind = "local"   // a wall time without a zone: ISO 8601 without an offset
	Date    Kind = "date"    // 2026-03-31
	JSON    Kind = "json"    // JSON text: objects and lists
	Other   Kind = "other"   // the source's own text
	Unknown Kind = "unknown" // no value of it has been seen: a kind that becomes known, or no longer is, is no change of type
)

// Deletes is how the deletions of a stream can be learnt.
type Deletes int

// How deletions can be learnt. Rows may be marked as deletions besides (Batch.Deleted).
const (
	DeletesUnknown Deletes = iota // not at all
	DeletesListed                 // the source lists what was deleted in an interval: Deleted
	DeletesByKeys                 // by comparing all keys with those in the lake: Keys
)

// Object is something that can be read.
type Object struct {
	Name string `json:"name"` // as Stream.Object takes it
	Kind string `json:"kind"` // table, view, object, …
	Rows int64  `json:"rows"` // about; -1 = not known
}

// Finding is what a check found.
type Finding struct {
	Subject string `json:"subject"` // login, or the stream
	OK      bool   `json:"ok"`
	Detail  string `json:"detail"`
	Mend    string `json:"mend,omitempty"` // what to do: a GRANT, the name of a scope
}

// Kinds of errors, for errors.Is. They decide whether a stream is tried again, and the exit code.
var (
	ErrTransient   = errors.New("the source may answer a little later")
	ErrCredentials = errors.New("the login is not accepted")
	ErrPermission  = errors.New("a permission is missing")
	ErrConfig      = errors.New("the source has no such thing")
	ErrRepeats     = errors.New("the source keeps sending the same page")
)

// FieldNamed finds a field.
func FieldNamed(fields []Field, name string) (Field, bool) {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

func names(fields []Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// ObjectName is the stream's object.
func (s Stream) ObjectName() string {
	if s.Object == "" {
		return s.Name
	}
	return s.Object
}

// Drain reads pages to their end and closes them.
func Drain(p Pages, each func(*Batch) error) (err error) {
	defer func() { err = errors.Join(err, p.Close()) }()
	var b Batch
	for {
		err := p.Next(&b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = each(&b)
		}
		if err != nil {
			return err
		}
	}
}
