package lake

import "time"

// What a source was asked for in a load.
const (
	AskedFull     = "full"     // everything
	AskedInterval = "interval" // what has changed in an interval
	AskedSweep    = "sweep"    // what was deleted
)

// Asked is what a load of a source that is asked has besides: it is all that the next run needs to go on. Instants are by the
// source's own clock.
type Asked struct {
	What     string    `json:"what"`
	From     time.Time `json:"from,omitzero"` // inclusive; zero: from the beginning
	To       time.Time `json:"to"`            // exclusive
	Settled  time.Time `json:"settled"`       // from when to ask the next time, To at the latest
	Object   string    `json:"object"`        // in the source
	Settings string    `json:"settings"`      // fingerprint of what decides which rows and columns are asked for
	Key      []string  `json:"key,omitempty"`
	Cursor   string    `json:"cursor,omitempty"`
	Fields   []Field   `json:"fields,omitempty"`      // as the source described them
	Told     *int64    `json:"source_rows,omitempty"` // how many rows the source said there are; absent when it did not say
	Exact    bool      `json:"source_exact,omitempty"`
	Repeated int64     `json:"repeated_rows,omitempty"` // of the load's rows: sent again within the same reading
	Gone     int64     `json:"gone_rows,omitempty"`     // of the load's rows: deletions that were found by comparing keys
}

// Field is a field of a source that describes itself.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"` // in the source's own words
	Kind string `json:"kind"` // the family of the type
}

// Standing is how far a source has told about a stream.
type Standing struct {
	Until    time.Time // everything before it has landed; zero = nothing yet
	Swept    time.Time // deletions before it have landed; zero = none yet
	Object   string    // of the newest load, and so on
	Settings string
	Key      []string
	Cursor   string
	Fields   []Field
}

// add goes on by a load. What was asked with other settings does not count any more. An interval goes on from where the last one
// ended or before: one that lies apart, such as a window of a backfill, would leave a gap and moves nothing.
func (s *Standing) add(a *Asked) {
	if a == nil {
		return
	}
	if a.Settings != s.Settings {
		*s = Standing{}
	}
	s.Object, s.Settings, s.Key, s.Cursor = a.Object, a.Settings, a.Key, a.Cursor
	if a.What != AskedSweep {
		s.Fields = a.Fields
	}
	switch {
	case a.What == AskedSweep:
		s.Swept = a.Settled
	case a.What == AskedFull:
		s.Until, s.Swept = a.Settled, a.Settled
	case !s.Until.IsZero() && !a.From.After(s.Until) && a.Settled.After(s.Until):
		s.Until = a.Settled
	}
}
