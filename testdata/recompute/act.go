package recompute

import (
	"math/big"
	"slices"
	"time"
)

// earning is sourced money of a partner at a moment.
type earning struct {
	at    time.Time
	value *big.Rat
}

// activationGrains are those at which "active" means something.
func activationGrains() []string { return []string{total, month, quarter, year} }

func activationCuts() []string { return []string{"partner", "partner_type", "program_tier", "region"} }

// active answers which partners were, in both senses.
type active struct {
	c        *calc
	earnings map[string][]earning
	regs     map[string][]*registration // neither duplicate nor left out, earliest first
}

// activation computes ACT-1 to ACT-4.
func (c *calc) activation() {
	a := &active{c: c, earnings: map[string][]earning{}, regs: map[string][]*registration{}}
	for _, l := range c.lines {
		if l.out != "" || l.deal.class != sourced {
			continue
		}
		for _, o := range l.owners {
			id := c.people.survivor(o.partner)
			a.earnings[id] = append(a.earnings[id], earning{l.at, o.value})
		}
	}
	for _, r := range c.regs {
		if r.out == "" {
			id := c.people.survivor(r.PartnerID)
			a.regs[id] = append(a.regs[id], r)
		}
	}
	for _, list := range a.regs {
		slices.SortFunc(list, func(x, y *registration) int { return x.SubmittedAt.Compare(y.SubmittedAt) })
	}
	for _, grain := range activationGrains() {
		a.contracts(grain)
		a.enrolled(grain)
	}
	a.cohorts()
}

// gone says whether a partner's contract had ended at an instant: on the day it ends it is over from midnight on.
func (a *active) gone(p *Partner, t time.Time) bool {
	return !p.TerminatedAt.IsZero() && a.c.clock.midnight(a.c.clock.date(p.TerminatedAt)).Before(t)
}

// partnerItem is a partner as it was just before an instant.
func (a *active) partnerItem(p *Partner, grain, start string, t time.Time) item {
	i := item{id: p.PartnerID, out: commonly(p.Deleted, p.Test, p.MergedInto)}
	i.dims = dims{"partner": p.PartnerID, "partner_type": a.c.people.ownKind(p, moment(t)), "program_tier": a.c.people.ownTier(p, moment(t)), "region": or(p.Region, unknown)}
	if grain != total {
		i.at = a.c.clock.startAt(start)
	}
	return i
}

// revenue says whether a partner's sourced revenue of some time, net of refunds, was above nothing.
func (a *active) revenue(id string, from, to time.Time) bool {
	sum := new(big.Rat)
	for _, e := range a.earnings[id] {
		if !e.at.Before(from) && e.at.Before(to) {
			sum.Add(sum, e.value)
		}
	}
	return sum.Sign() > 0
}

// registered says whether a partner handed in a registration within some time.
func (a *active) registered(id string, from, to time.Time, rejectedToo bool) bool {
	return slices.ContainsFunc(a.regs[id], func(r *registration) bool {
		return !r.SubmittedAt.Before(from) && r.SubmittedAt.Before(to) && (rejectedToo || r.Decision != "rejected")
	})
}

// monthsBefore is the same day of an earlier month, or that month's last day.
func (c *clock) monthsBefore(t time.Time, months int64) time.Time {
	d := c.date(t)
	first := time.Date(d.Year(), d.Month()-time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return c.midnight(first.AddDate(0, 0, min(d.Day(), last)-1))
}

// contracts computes ACT-1 and ACT-4 at a grain.
func (a *active) contracts(grain string) {
	c := a.c
	var trailing, ever []item
	cells := map[string][]item{}
	for i := range c.data.Partners {
		p := &c.data.Partners[i]
		if p.SignedAt.IsZero() {
			continue
		}
		for _, start := range c.clock.periods(grain, p.SignedAt) {
			t := c.clock.looked(grain, start)
			if !p.SignedAt.Before(t) || a.gone(p, t) {
				continue
			}
			begin := time.Time{}
			if grain != total {
				begin = c.clock.startAt(start)
			}
			it := a.partnerItem(p, grain, start, t)
			it.yes = a.revenue(p.PartnerID, c.clock.monthsBefore(t, c.data.Param.RevenueActiveMonths), t)
			trailing = append(trailing, it)
			revenue := it.yes
			registered := a.registered(p.PartnerID, begin, t, false)
			for cell, yes := range map[string]bool{
				"both": revenue && registered, "revenue_only": revenue && !registered,
				"registration_only": !revenue && registered, "neither": !revenue && !registered,
			} {
				it.yes = yes
				cells[cell] = append(cells[cell], it)
			}
			it.yes = a.revenue(p.PartnerID, time.Time{}, t)
			ever = append(ever, it)
		}
	}
	m := metric{id: "ACT-1", unit: inRatio, cuts: activationCuts(), grains: []string{grain}, few: true}
	c.rows(m, trailing, share)
	m.id = "ACT-1.ever"
	c.rows(m, ever, share)
	for cell, items := range cells {
		m := metric{id: "ACT-4." + cell, unit: inCount, cuts: activationCuts(), grains: []string{grain}}
		c.rows(m, items, func(g *group, r *Row) {
			share(g, r)
			r.Value, r.Numerator, r.Denominator = r.Numerator, nil, nil
		})
	}
}

// enrolled computes ACT-2 at a grain.
func (a *active) enrolled(grain string) {
	c := a.c
	var items, submitted []item
	for i := range c.data.Partners {
		p := &c.data.Partners[i]
		if p.EnrolledAt.IsZero() {
			continue
		}
		for _, start := range c.clock.periods(grain, p.EnrolledAt) {
			t := c.clock.looked(grain, start)
			if !p.EnrolledAt.Before(t) || a.gone(p, t) {
				continue
			}
			begin := time.Time{}
			if grain != total {
				begin = c.clock.startAt(start)
			}
			it := a.partnerItem(p, grain, start, t)
			it.yes = a.registered(p.PartnerID, begin, t, false)
			items = append(items, it)
			it.yes = a.registered(p.PartnerID, begin, t, true)
			submitted = append(submitted, it)
		}
	}
	m := metric{id: "ACT-2", unit: inRatio, cuts: activationCuts(), grains: []string{grain}, few: true}
	c.rows(m, items, share)
	m.id = "ACT-2.submitted"
	c.rows(m, submitted, share)
}

// cohorts computes ACT-3.
func (a *active) cohorts() {
	c := a.c
	window := time.Duration(c.data.Param.ActivationDays) * 24 * time.Hour
	var items []item
	for i := range c.data.Partners {
		p := &c.data.Partners[i]
		if p.EnrolledAt.IsZero() {
			continue
		}
		it := a.partnerItem(p, total, "", p.EnrolledAt.Add(time.Microsecond))
		it.at = p.EnrolledAt
		if regs := a.regs[p.PartnerID]; len(regs) > 0 {
			first := regs[0].SubmittedAt
			it.yes = first.Sub(p.EnrolledAt) <= window
			if it.out == "" && first.Before(p.EnrolledAt) {
				it.out = "negative_duration"
			}
		}
		items = append(items, it)
	}
	m := metric{id: "ACT-3", unit: inRatio, cuts: activationCuts(), grains: allGrains(), few: true}
	m.mature = func(g *group) time.Time { return c.clock.end(g.grain, g.start).Add(window) }
	c.rows(m, items, share)
}
