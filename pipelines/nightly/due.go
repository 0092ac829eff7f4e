package nightly

import (
	"fmt"
	"slices"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/transforms/ops"
)

const (
	// dueSpan is how far what is expected is listed, back and ahead: who has a clock sees what is late also when nothing runs any more.
	dueSpan = 60 * 24 * time.Hour
	// deliveryGap is more than lies between two deliveries of a source, holidays included.
	deliveryGap = 14 * 24 * time.Hour
	// lateDelivery is how long after a delivery was due what comes in is taken for it, and not for the next one.
	lateDelivery = 12 * time.Hour
)

// Due lists what the configuration expects around an instant, as it is now, and since when the log has it. It begins with the log, and for
// a source with its first load; a source that never brought anything is expected from the beginning.
func Due(p *project.Project, log []lake.Manifest, now time.Time) []ops.Due {
	if len(log) == 0 {
		return nil
	}
	begin := later(now.Add(-dueSpan), log[0].At)
	seen, loads := publications(log), arrivals(log)
	var out []ops.Due
	var before ops.Due
	for _, d := range p.Due(begin.Add(-deliveryGap), now.Add(dueSpan)) {
		row, from := ops.Due{Kind: d.Kind, Name: d.Name, Day: d.Day, DueAt: d.At}, begin
		if d.Kind == project.KindSource {
			arrived := loads[d.Name]
			if before.Kind != d.Kind || before.Name != d.Name {
				before = ops.Due{}
			}
			row.MetAt = delivered(arrived, before)
			if len(arrived) > 0 {
				from = later(from, arrived[0])
			}
		} else {
			row.MetAt = firstWith(seen, d)
		}
		if before = row; !d.At.Before(from) {
			out = append(out, row)
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// publications are those in the log, without what a rollback has taken back.
func publications(log []lake.Manifest) []lake.Manifest {
	var out []lake.Manifest
	for _, m := range log {
		if m.Publish == nil {
			continue
		}
		i := -1
		if m.Publish.Rollback {
			i = lastOf(out, m.Publish.Warehouse)
		}
		if i >= 0 {
			out = out[:i+1]
		} else {
			out = append(out, m)
		}
	}
	return out
}

func lastOf(publications []lake.Manifest, warehouse string) int {
	for i, m := range slices.Backward(publications) {
		if m.Publish.Warehouse == warehouse {
			return i
		}
	}
	return -1
}

// firstWith is when a night or mart was there first; zero when readers have an older one.
func firstWith(seen []lake.Manifest, d project.Due) time.Time {
	day := d.Day.Format(time.DateOnly)
	if n := len(seen); n == 0 || seen[n-1].Publish.AsOf < day {
		return time.Time{}
	}
	for _, m := range seen {
		lacking := m.Publish.NoAccruals && d.Kind == project.KindMart && d.Name == project.MartIncentives
		if m.Publish.AsOf >= day && !lacking {
			return m.At
		}
	}
	return time.Time{}
}

// arrivals are when loads brought rows, by source.
func arrivals(log []lake.Manifest) map[string][]time.Time {
	out := map[string][]time.Time{}
	for _, m := range log {
		if m.Load != nil && m.Load.Rows > 0 {
			out[m.Load.Source] = append(out[m.Load.Source], m.At)
		}
	}
	return out
}

// delivered is when a source brought what was due after another delivery: the first load after that one was due, or, when that one was
// late, so long after it that this is no part of it.
func delivered(loads []time.Time, before ops.Due) time.Time {
	from := before.DueAt
	if before.MetAt.IsZero() || before.MetAt.After(before.DueAt) {
		from = from.Add(lateDelivery)
	}
	for _, at := range loads {
		if at.After(from) {
			return at
		}
	}
	return time.Time{}
}

// Expectation is how one thing that is expected stands at an instant.
type Expectation struct {
	Kind string `json:"kind"` // night, mart or source
	Name string `json:"name"`
	Late bool   `json:"late"`
	// Day and DueAt are of the first that is missing, or else of the next one.
	Day     string    `json:"day"`
	DueAt   time.Time `json:"due_at"`
	LateBy  int64     `json:"late_seconds"` // since DueAt; 0 = not late
	Missing int       `json:"missing"`      // how many are due and not there
	// MetDay and MetAt are of the newest that is there; empty when none is.
	MetDay string    `json:"last_met_day,omitempty"`
	MetAt  time.Time `json:"last_met_at,omitzero"`
}

// Standing sums up what is due, which is in the order that Due gives it.
func Standing(due []ops.Due, now time.Time) []Expectation {
	out := []Expectation{}
	for _, d := range due {
		if n := len(out); n == 0 || out[n-1].Kind != d.Kind || out[n-1].Name != d.Name {
			out = append(out, Expectation{Kind: d.Kind, Name: d.Name})
		}
		e := &out[len(out)-1]
		switch late := !d.DueAt.After(now); {
		case !d.MetAt.IsZero():
			e.MetDay, e.MetAt = d.Day.Format(time.DateOnly), d.MetAt
			continue
		case late:
			e.Missing++
		}
		if e.DueAt.IsZero() {
			e.Day, e.DueAt = d.Day.Format(time.DateOnly), d.DueAt
			e.Late = e.Missing > 0
		}
	}
	for i, e := range out {
		if e.Late {
			out[i].LateBy = int64(now.Sub(e.DueAt).Seconds())
		}
	}
	return out
}

// lateText says what is late, since when, and what there is instead.
func (e Expectation) lateText(zone *time.Location) string {
	newest := "there was none yet"
	if e.MetDay != "" {
		newest = "the newest is " + e.MetDay
	}
	return fmt.Sprintf("%s %s: %s was due %s, %s: %d missing", e.Kind, e.Name, e.Day, e.DueAt.In(zone).Format("2006-01-02 15:04"), newest, e.Missing)
}
