package recompute

import (
	"cmp"
	"slices"
	"time"
)

// ranks is the order of the stages of every motion.
type ranks struct {
	byMotion map[string][]Stage
}

func newRanks(list []Stage) *ranks {
	r := &ranks{map[string][]Stage{}}
	for _, s := range list {
		r.byMotion[s.Motion] = append(r.byMotion[s.Motion], s)
	}
	for _, stages := range r.byMotion {
		slices.SortFunc(stages, func(a, b Stage) int { return cmp.Compare(a.Rank, b.Rank) })
	}
	return r
}

// place is a stage's place in its motion, from 0; -1 when the program does not know it.
func (r *ranks) place(motion, stage string) int {
	return slices.IndexFunc(r.byMotion[motion], func(s Stage) bool { return s.Stage == stage })
}

// closing is the place of a motion's commercial close; -1 without one.
func (r *ranks) closing(motion string) int {
	return slices.IndexFunc(r.byMotion[motion], func(s Stage) bool { return s.IsCommercialClose })
}

// visit is one stay of a deal in a stage.
type visit struct {
	place   int // -1: a stage that the program does not know
	entered time.Time
	left    time.Time // as the source says it
	end     time.Time // of the stay; zero while it lasts
}

// exposure is a deal's time in one motion.
type exposure struct {
	deal     *deal
	motion   string
	stages   []Stage
	visits   []visit // in order
	switched time.Time
	imputed  map[int]time.Time // stages that a won deal reached without a row
}

// exposures are a deal's motions, one after the other. Returning to an earlier motion is ignored.
func (c *calc) exposures(d *deal) []*exposure {
	var out []*exposure
	for _, s := range d.stages {
		n := len(out)
		if n == 0 || out[n-1].motion != s.Motion {
			if slices.ContainsFunc(out, func(e *exposure) bool { return e.motion == s.Motion }) {
				continue
			}
			if n > 0 {
				out[n-1].switched = s.EnteredAt
			}
			out = append(out, &exposure{deal: d, motion: s.Motion, stages: c.ladder.byMotion[s.Motion], imputed: map[int]time.Time{}})
		}
		e := out[len(out)-1]
		e.visits = append(e.visits, visit{place: c.ladder.place(s.Motion, s.Stage), entered: s.EnteredAt, left: s.ExitedAt})
	}
	if len(out) == 0 && d.won() && d.Motion != "" {
		out = append(out, &exposure{deal: d, motion: d.Motion, stages: c.ladder.byMotion[d.Motion], imputed: map[int]time.Time{}})
	}
	if n := len(out); n > 0 && d.won() {
		e := out[n-1]
		for k := 0; k <= c.ladder.closing(e.motion); k++ {
			if !e.visited(k) {
				e.imputed[k] = d.ClosedAt
			}
		}
	}
	for _, e := range out {
		e.endStays()
	}
	return out
}

func (e *exposure) visited(k int) bool {
	return slices.ContainsFunc(e.visits, func(v visit) bool { return v.place == k })
}

// endStays finds when each stay ended: when the source says so, else at the next entry; a loss, a win and a switch end it too,
// but after a win the stages past the commercial close stay open.
func (e *exposure) endStays() {
	for i := range e.visits {
		v := &e.visits[i]
		v.end = v.left
		if v.end.IsZero() && i+1 < len(e.visits) {
			v.end = e.visits[i+1].entered
		}
		v.end = earliest(v.end, e.switched)
		post := v.place >= 0 && e.stages[v.place].IsPostClose
		if e.deal.closed() && (e.deal.Outcome != won || !post) {
			v.end = earliest(v.end, e.deal.ClosedAt)
		}
	}
}

// reached is when the deal first was in stage k or one after it; the zero time when it never was.
func (e *exposure) reached(k int) time.Time {
	var first time.Time
	for _, v := range e.visits {
		if v.place >= k {
			first = earliest(first, v.entered)
		}
	}
	for place, t := range e.imputed {
		if place >= k {
			first = earliest(first, t)
		}
	}
	return first
}

// firstVisit is when the deal first entered stage k itself.
func (e *exposure) firstVisit(k int) time.Time {
	for _, v := range e.visits {
		if v.place == k {
			return v.entered
		}
	}
	return time.Time{}
}

// strictly says whether the deal was in k and later in the next stage.
func (e *exposure) strictly(k int) bool {
	seen := false
	for _, v := range e.visits {
		if v.place == k {
			seen = true
		}
		if v.place == k+1 && seen {
			return true
		}
	}
	return false
}

// regressed says whether the rank ever went down.
func (e *exposure) regressed() bool {
	last := -1
	for _, v := range e.visits {
		if v.place >= 0 {
			if v.place < last {
				return true
			}
			last = v.place
		}
	}
	return false
}

func (e *exposure) distinctStages() int {
	seen := map[int]bool{}
	for _, v := range e.visits {
		if v.place >= 0 {
			seen[v.place] = true
		}
	}
	return len(seen)
}

// exit is when a deal first left stage k forward, by a loss or by a switch, and whether it was forward.
func (e *exposure) exit(k int, closing int) (at time.Time, forward bool) {
	known := slices.DeleteFunc(slices.Clone(e.visits), func(v visit) bool { return v.place < 0 })
	d := e.deal
	for i, v := range known {
		if v.place != k {
			continue
		}
		var next *visit
		if i+1 < len(known) {
			next = &known[i+1]
		}
		closesHere := d.closed() && !d.ClosedAt.Before(v.entered) && (next == nil || d.ClosedAt.Before(next.entered)) &&
			(e.switched.IsZero() || d.ClosedAt.Before(e.switched))
		switch {
		case closesHere && d.Outcome == lost:
			return d.ClosedAt, false
		case closesHere && d.Outcome == won && k < closing:
			return d.ClosedAt, true
		case next == nil && !e.switched.IsZero():
			return e.switched, false
		case next != nil && next.place > k:
			if !v.left.IsZero() && v.left.Before(next.entered) && !v.left.Before(v.entered) {
				return v.left, true
			}
			return next.entered, true
		}
	}
	return time.Time{}, false
}
