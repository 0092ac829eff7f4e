package recompute

import (
	"math/big"
	"time"
)

func responseCuts() []string { return []string{"partner", "partner_type", "program_tier", "region"} }

// response computes RSP-1 to RSP-8.
func (c *calc) response() {
	c.waiting("RSP-", c.waits(func(unit) func(from, to time.Time) int64 { return seconds }), "")
	c.waiting("RSP-5.", c.waits(func(u unit) func(from, to time.Time) int64 {
		if u.calendar == "" {
			return nil
		}
		return func(from, to time.Time) int64 { return c.business.open(u.calendar, from, to) }
	}), noCalendar)
	c.compliance()
	c.misses()
}

// waits are the units as items; without a way to measure, a unit is left out.
func (c *calc) waits(measure func(unit) func(from, to time.Time) int64) []item {
	var items []item
	for _, u := range c.units {
		i := item{at: u.start, dims: u.dims, out: u.out, id: u.id}
		if i.out == "" {
			if m := measure(u); m != nil {
				i.wait = c.wait(u, m)
			} else {
				i.out = noCalendar
			}
		}
		items = append(items, i)
	}
	return items
}

// waiting computes RSP-1 to RSP-4 in one of the two clocks. empty is the status of a group of which nothing could be measured.
func (c *calc) waiting(prefix string, items []item, empty string) {
	m := func(id, unit string) metric {
		return metric{id: prefix + id, unit: unit, always: []string{"direction"}, cuts: responseCuts(), grains: allGrains(), few: true}
	}
	unmeasured := func(g *group, r *Row) bool {
		if len(g.items) == 0 && empty != "" && g.left[empty] > 0 {
			r.Status = empty
		}
		return len(g.items) == 0
	}
	survival := func(part int64) func(g *group, r *Row) {
		return func(g *group, r *Row) {
			all, answered := g.waits()
			r.NCensored = int64(len(all) - len(answered))
			if unmeasured(g, r) {
				return
			}
			if r.Value, r.LowerBound = survivalQuantile(all, part); r.Value == nil {
				r.Status = notReached
			}
		}
	}
	answeredOnly := func(value func(answered []int64) *big.Rat) func(g *group, r *Row) {
		return func(g *group, r *Row) {
			all, answered := g.waits()
			r.N, r.NCensored = int64(len(answered)), int64(len(all)-len(answered))
			if !unmeasured(g, r) {
				r.Value = value(answered)
			}
		}
	}
	c.rows(m("1", inSeconds), items, survival(2))
	c.rows(m("2", inSeconds), items, survival(10))
	c.rows(m("3.median", inSeconds), items, answeredOnly(median))
	c.rows(m("3.p90", inSeconds), items, answeredOnly(func(a []int64) *big.Rat { return quantile(a, big.NewRat(9, 10)) }))
	c.rows(m("3.unanswered", inRatio), items, func(g *group, r *Row) {
		all, answered := g.waits()
		unmeasured(g, r)
		r.Numerator, r.Denominator = whole(int64(len(all)-len(answered))), whole(int64(len(all)))
		r.Value = over(r.Numerator, r.Denominator)
	})
	c.rows(m("4.mean_answered", inSeconds), items, answeredOnly(func(a []int64) *big.Rat {
		sum := new(big.Rat)
		for _, s := range a {
			sum.Add(sum, whole(s))
		}
		return over(sum, whole(int64(len(a))))
	}))
	c.rows(m("4.restricted_mean", inSeconds), items, func(g *group, r *Row) {
		all, answered := g.waits()
		r.NCensored = int64(len(all) - len(answered))
		if !unmeasured(g, r) {
			r.Value = restrictedMean(all, c.data.Param.RmstTauSeconds)
		}
	})
}

// compliance computes RSP-6.
func (c *calc) compliance() {
	var items []item
	for _, u := range c.units {
		i := item{at: u.start, dims: u.dims, out: u.out, id: u.id, yes: u.state == met}
		if i.out == "" {
			i.out = u.unresolved()
		}
		items = append(items, i)
	}
	m := metric{id: "RSP-6", unit: inRatio, always: []string{"direction"}, cuts: responseCuts(), grains: allGrains(), few: true}
	c.rows(m, items, share)
}

// unresolved is why a unit is neither met nor breached; "" when it is one of them.
func (u unit) unresolved() string {
	switch u.state {
	case met, breached, breachedOpen:
		return ""
	case "":
		return u.why
	}
	return u.state
}

// misses computes RSP-7 and RSP-8, by partner and the quarter of the deadline.
func (c *calc) misses() {
	var items []item
	for _, u := range c.units {
		if u.board == toVendor || u.deadline.IsZero() {
			continue
		}
		i := item{at: u.deadline, dims: u.dims, out: u.out, id: u.id, yes: u.state == breached || u.state == breachedOpen}
		if i.out == "" {
			i.out = u.unresolved()
		}
		items = append(items, i)
	}
	count := func(g *group) int64 {
		n := int64(0)
		for _, i := range g.items {
			if i.yes {
				n++
			}
		}
		return n
	}
	m := metric{id: "RSP-7", unit: inCount, always: []string{"partner"}, grains: []string{quarter}, some: true}
	c.rows(m, items, func(g *group, r *Row) { r.Value = whole(count(g)) })
	m.id, m.unit = "RSP-8", inText
	c.rows(m, items, func(g *group, r *Row) {
		if r.Text = c.consequence(g, count(g)); r.Text == noSetting {
			r.Status = noSetting
		}
	})
}

// consequence is the state that a partner reached in a quarter by the ladder of its type and tier at its end.
func (c *calc) consequence(g *group, misses int64) string {
	t := moment(c.clock.looked(quarter, g.start))
	d := dims{"partner_type": unknown, "program_tier": unknown}
	if id := g.dims["partner"]; id != unknown && id != none {
		d = c.people.dims(id, t)
	}
	best := -1
	for _, l := range c.data.Ladders {
		if score, fits := specific(l.PartnerType, l.ProgramTier, d); fits && valid(l.ValidFromAt, l.ValidToAt, t) {
			best = max(best, score)
		}
	}
	if best < 0 {
		return noSetting
	}
	state, reached := none, int64(0)
	for _, l := range c.data.Ladders {
		score, fits := specific(l.PartnerType, l.ProgramTier, d)
		if fits && score == best && valid(l.ValidFromAt, l.ValidToAt, t) && l.Misses <= misses && l.Misses > reached {
			state, reached = l.State, l.Misses
		}
	}
	return state
}
