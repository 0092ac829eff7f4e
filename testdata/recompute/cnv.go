package recompute

import (
	"math/big"
	"time"
)

func dealCuts() []string {
	return []string{"partner", "partner_type", "program_tier", "motion", "region", "route"}
}

func registrationCuts() []string {
	return []string{"partner", "partner_type", "program_tier", "motion", "region"}
}

// conversion computes CNV-1 to CNV-10.
func (c *calc) conversion() {
	c.steps()
	c.registered()
	c.leadConversion()
	c.registrationConversion()
	c.winRate()
}

// steps computes CNV-1 to CNV-6.
func (c *calc) steps() {
	lists := map[string][]item{}
	put := func(id string, i item) { lists[id] = append(lists[id], i) }
	for _, d := range c.dealOrder {
		for _, e := range c.exposures(d) {
			c.stepItems(e, put)
			if e.distinctStages() >= 2 {
				i := c.stepItem(e, e.visits[0].entered, "")
				i.yes = e.regressed()
				put("CNV-6", i)
			}
		}
	}
	window := c.dwellWindow()
	for _, id := range []string{"CNV-1", "CNV-2", "CNV-3", "CNV-4", "CNV-5", "CNV-6"} {
		m := metric{id: id, unit: inRatio, always: []string{"motion", "stage"}, grains: allGrains(), few: true}
		if id == "CNV-6" {
			m.always = []string{"motion"}
		}
		m.cuts = []string{"partner", "partner_type", "program_tier", "region", "route"}
		if id == "CNV-1" {
			m.mature = func(g *group) time.Time {
				return c.clock.end(g.grain, g.start).Add(window[g.dims["motion"]+"\n"+g.dims["stage"]])
			}
		}
		for motion, stages := range c.ladder.byMotion {
			for _, s := range stages {
				key := motion + "\n" + s.Stage
				if _, known := window[key]; !known {
					window[key] = c.window(nil)
				}
			}
		}
		c.rows(m, lists[id], share)
	}
}

func (c *calc) stepItem(e *exposure, at time.Time, stage string) item {
	d := e.deal
	return item{at: at, out: d.out, id: d.DealID, dims: c.dealDims(d, d.partner, at).with("motion", e.motion, "stage", stage)}
}

// stepItems are what CNV-1 to CNV-5 count of a deal in a motion.
func (c *calc) stepItems(e *exposure, put func(string, item)) {
	closing := c.ladder.closing(e.motion)
	for k := 0; k+1 < len(e.stages); k++ {
		stage := e.stages[k].Stage
		next := e.reached(k + 1)
		if at := e.reached(k); !at.IsZero() {
			i := c.stepItem(e, at, stage)
			i.yes = !next.IsZero()
			put("CNV-1", i)
			if i.out == "" && !i.yes {
				i.out = unresolvedStep(e, k, closing)
			}
			put("CNV-2", i)
		}
		if at, forward := e.exit(k, closing); !at.IsZero() {
			i := c.stepItem(e, at, stage)
			i.yes = forward
			put("CNV-3", i)
		}
		if at := e.firstVisit(k); !at.IsZero() {
			i := c.stepItem(e, at, stage)
			i.yes = e.strictly(k)
			put("CNV-4", i)
		}
		if !next.IsZero() {
			i := c.stepItem(e, e.reached(k), stage)
			i.yes = !e.visited(k + 1)
			put("CNV-5", i)
		}
	}
}

// unresolvedStep is why a deal that did not go past k was not lost from it either; "" when it was lost.
func unresolvedStep(e *exposure, k, closing int) string {
	switch {
	case !e.switched.IsZero():
		return "motion_switched"
	case !e.deal.closed():
		return "open"
	case e.deal.Outcome == lost:
		return ""
	case e.deal.Outcome == won && k >= closing:
		return "won_at_stage"
	}
	return e.deal.Outcome
}

// trailing is the start of the window that maturity looks back on.
func (c *calc) trailing() time.Time {
	date := c.clock.date(moment(c.clock.asOf)).AddDate(0, 0, 1-int(c.data.Param.TrailingDays))
	return c.clock.midnight(date)
}

// window is W: twice the median, and no less than the minimum.
func (c *calc) window(stays []int64) time.Duration {
	least := time.Duration(c.data.Param.MaturityMinDays) * 24 * time.Hour
	if len(stays) == 0 {
		return least
	}
	twice := times(median(stays), whole(2))
	return max(least, time.Duration(new(big.Int).Quo(twice.Num(), twice.Denom()).Int64())*time.Second)
}

// dwellWindow is W by motion and stage: of the single stays that ended in the trailing days.
func (c *calc) dwellWindow() map[string]time.Duration {
	stays := map[string][]int64{}
	for _, d := range c.dealOrder {
		if d.out != "" {
			continue
		}
		for _, e := range c.exposures(d) {
			for _, v := range e.visits {
				if v.place >= 0 && !v.end.IsZero() && !v.end.Before(v.entered) && !v.end.Before(c.trailing()) && v.end.Before(c.clock.asOf) {
					key := e.motion + "\n" + e.stages[v.place].Stage
					stays[key] = append(stays[key], seconds(v.entered, v.end))
				}
			}
		}
	}
	out := map[string]time.Duration{}
	for key, list := range stays {
		out[key] = c.window(list)
	}
	return out
}

// registered computes CNV-7.
func (c *calc) registered() {
	var items []item
	var stays []int64
	for _, d := range c.dealOrder {
		r := d.first()
		if r == nil {
			continue
		}
		i := item{at: r.SubmittedAt, dims: c.dealDims(d, d.partner, r.SubmittedAt), out: d.out, id: d.DealID, yes: d.won()}
		late := d.closed() && r.SubmittedAt.After(d.ClosedAt)
		if i.out == "" && late {
			i.out = "late_registered"
		}
		if i.out == "" && d.won() && !d.ClosedAt.Before(c.trailing()) {
			stays = append(stays, seconds(r.SubmittedAt, d.ClosedAt))
		}
		items = append(items, i)
	}
	w := c.window(stays)
	m := metric{id: "CNV-7", unit: inRatio, cuts: registrationCuts(), grains: allGrains(), few: true}
	m.mature = func(g *group) time.Time { return c.clock.end(g.grain, g.start).Add(w) }
	c.rows(m, items, share)
}

// leadConversion computes CNV-8.
func (c *calc) leadConversion() {
	linked := map[string]bool{}
	for _, d := range c.dealOrder {
		if d.LeadID != "" {
			linked[d.LeadID] = true
		}
	}
	var qualified, all []item
	for i := range c.data.Leads {
		l := &c.data.Leads[i]
		out := commonly(l.Deleted, l.Test || c.people.test(l.PartnerID), l.MergedInto)
		converted := linked[l.LeadID] || l.ConvertedDealID != "" || !l.ConvertedAt.IsZero()
		put := func(at time.Time) item {
			partner := c.holder(l, at)
			d := c.people.dims(partner, at)
			return item{at: at, dims: d, out: out, id: l.LeadID, yes: converted}
		}
		if !l.QualifiedAt.IsZero() {
			qualified = append(qualified, put(l.QualifiedAt))
		}
		received := l.ReceivedAt
		if received.IsZero() {
			received = earliest(l.SubmittedAt, l.AssignedAt)
		}
		all = append(all, put(received))
	}
	m := metric{id: "CNV-8", unit: inRatio, cuts: responseCuts(), grains: allGrains(), few: true}
	c.rows(m, qualified, share)
	m.id = "CNV-8.all_leads"
	c.rows(m, all, share)
}

// holder is the partner of the assignment in force at an instant. Leads that a partner brought are that partner's.
func (c *calc) holder(l *Lead, at time.Time) string {
	turns := c.byLead[l.LeadID]
	partner := ""
	for n, a := range turns {
		if a.Deleted || a.AssignedAt.After(at) {
			continue
		}
		end := a.UnassignedAt
		if n+1 < len(turns) {
			end = earliest(end, turns[n+1].AssignedAt)
		}
		if end.IsZero() || at.Before(end) {
			partner = a.PartnerID
		}
	}
	if partner == "" {
		partner = l.PartnerID // not assigned yet, or no longer
	}
	if partner == "" && len(turns) > 0 {
		partner = turns[0].PartnerID
	}
	return partner
}

// registrationConversion computes CNV-9.
func (c *calc) registrationConversion() {
	var approved, submitted []item
	for _, r := range c.regs {
		d := c.deals[r.DealID]
		out, isWon, late, lateApproved := r.out, false, false, false
		if d != nil {
			if out == "" {
				out = d.out
			}
			isWon = d.won()
			late = d.closed() && r.SubmittedAt.After(d.ClosedAt)
			lateApproved = d.closed() && r.DecidedAt.After(d.ClosedAt)
		}
		put := func(at time.Time, late bool) item {
			i := item{at: at, out: out, id: r.RegistrationID, yes: isWon}
			i.dims = c.people.dims(r.PartnerID, at).with("motion", unknown)
			if d != nil {
				i.dims = c.dealDims(d, r.PartnerID, at)
			}
			if i.out == "" && late {
				i.out = "late_registered"
			}
			return i
		}
		submitted = append(submitted, put(r.SubmittedAt, late))
		if r.Decision == "approved" && !r.DecidedAt.IsZero() {
			approved = append(approved, put(r.DecidedAt, late || lateApproved))
		}
	}
	m := metric{id: "CNV-9", unit: inRatio, cuts: registrationCuts(), grains: allGrains(), few: true}
	c.rows(m, approved, share)
	m.id = "CNV-9.submitted"
	c.rows(m, submitted, share)
}

// winRate computes CNV-10 and CNV-10.value.
func (c *calc) winRate() {
	var items, money []item
	for _, d := range c.dealOrder {
		if !d.closed() || d.Outcome != won && d.Outcome != lost && d.Outcome != void {
			continue
		}
		i := item{at: d.ClosedAt, dims: c.dealDims(d, d.partner, d.ClosedAt), out: d.out, id: d.DealID, yes: d.Outcome == won}
		if i.out == "" && c.voided(d) {
			i.out = void
		}
		items = append(items, i)
		if d.Amount == nil {
			if i.out == "" {
				i.out = "no_amount"
			}
		} else if rate := c.closingRate(d); rate == nil {
			if i.out == "" {
				i.out = "missing_fx"
			}
		} else {
			i.den = cents(times(d.Amount, rate))
			if i.yes {
				i.num = i.den
			}
		}
		money = append(money, i)
	}
	m := metric{id: "CNV-10", unit: inRatio, cuts: dealCuts(), grains: allGrains(), few: true}
	c.rows(m, items, share)
	m.id = "CNV-10.value"
	c.rows(m, money, func(g *group, r *Row) {
		r.Numerator, r.Denominator = g.sums()
		r.Value = over(r.Numerator, r.Denominator)
	})
}

// closingRate converts a deal's money on the day it closed.
func (c *calc) closingRate(d *deal) *big.Rat {
	return c.fx.rate(or(d.Currency, c.data.Param.DefaultCurrency), c.data.Param.FunctionalCurrency, c.clock.date(d.ClosedAt))
}
