package recompute

import (
	"math/big"
	"slices"
	"time"
)

func accrualCuts() []string { return []string{"partner", "partner_type", "program_tier", "region"} }

// balanceGrains are those at which metrics.md 3.11 says what a balance is.
func balanceGrains() []string { return []string{total, quarter} }

// accruals computes ACC-1 to ACC-8.
func (c *calc) accruals() {
	programs := c.programs()
	if len(programs) == 0 {
		c.blank(noSource, "ACC-")
		return
	}
	before := len(c.out)
	failed := false
	items := map[string][]item{}
	for _, p := range programs {
		p.collect()
		p.adjust()
		if p.method() == "milestone" {
			p.milestones()
		}
		failed = failed || p.failed
		switch {
		case failed:
		case p.method() == "milestone": // its base is that of its credits: it has no tiers to accrue to
			p.commissions(items)
		default:
			p.eligible(items)
			p.balances(items)
		}
	}
	if failed {
		c.out = c.out[:before]
		c.blank(failedFX, "ACC-")
		return
	}
	for _, id := range names("ACC-") {
		c.accrualRows(id, items[id])
	}
}

// amount is an item that carries the row's own n.
type amount struct {
	n         int64
	projected *big.Rat
	top       bool
}

// accrualRows sums the items of a metric.
func (c *calc) accrualRows(id string, items []item) {
	m := metric{id: id, unit: inMoney, always: []string{"program"}, cuts: accrualCuts(), grains: []string{total}}
	if slices.Contains([]string{"ACC-1", "ACC-7", "ACC-7.estimated", "ACC-8", "ACC-8.all_gates"}, id) {
		m.grains = allGrains()
		c.rows(m, items, sumRow)
		return
	}
	for _, grain := range balanceGrains() {
		m.grains = []string{grain}
		var at []item
		for _, i := range items {
			if i.id == grain {
				at = append(at, i)
			}
		}
		c.rows(m, at, func(g *group, r *Row) { balanceRow(id, g, r) })
	}
}

func sumRow(g *group, r *Row) {
	r.Value, _ = g.sums()
	if len(g.items) == 0 {
		r.Value = nil
	}
}

func balanceRow(id string, g *group, r *Row) {
	value, base := g.sums()
	r.N = 0
	projected, allTop := new(big.Rat), true
	for _, i := range g.items {
		r.N += i.extra.n
		if i.extra.projected != nil {
			projected.Add(projected, i.extra.projected)
		}
		allTop = allTop && i.extra.top
	}
	r.Value = value
	switch id {
	case "ACC-2", "ACC-3":
		r.Numerator, r.Denominator = value, base
		if id == "ACC-3" {
			r.Projected = projected
		}
	case "ACC-6.distance", "ACC-6.cliff":
		if allTop {
			r.Value, r.Status = nil, topTier
		}
	case "ACC-5.prior_period", "ACC-5.fx", "ACC-5.clawback":
		r.Value, r.Status = nil, noSource
	}
}

func (p *program) dims(partner string, t time.Time) dims {
	return p.c.people.dims(partner, t).with("program", p.id)
}

// eligible puts the items of ACC-1.
func (p *program) eligible(items map[string][]item) {
	for _, e := range p.events {
		items["ACC-1"] = append(items["ACC-1"], item{at: e.at, id: e.id, dims: p.dims(e.partner, e.at), out: e.out, num: e.money})
	}
}

// commissions puts the items of ACC-7 and ACC-8.
func (p *program) commissions(items map[string][]item) {
	for _, m := range p.credits {
		i := item{at: m.at, id: m.id, dims: p.dims(m.partner, m.at), out: m.out}
		put := func(id string, value *big.Rat) {
			i.num = value
			items[id] = append(items[id], i)
		}
		if m.pending {
			put("ACC-7.estimated", m.worth[asEstimated])
			continue
		}
		if m.out != "" {
			put("ACC-7", nil)
			put("ACC-8", nil)
			put("ACC-8.all_gates", nil)
			continue
		}
		put("ACC-7", m.worth[asEarned])
		put("ACC-8", minus(m.worth[asInTime], m.worth[asEarned]))
		put("ACC-8.all_gates", minus(m.worth[asComplete], m.worth[asEarned]))
	}
}

// partners are all that have an event or an adjustment, with the first of them.
func (p *program) partners() map[string]time.Time {
	first := map[string]time.Time{}
	for _, e := range p.events {
		if e.out == "" {
			first[e.partner] = earliest(first[e.partner], e.at)
		}
	}
	for _, m := range p.manual {
		first[m.partner] = earliest(first[m.partner], p.c.clock.midnight(m.date))
	}
	return first
}

// balances puts the items of ACC-2 to ACC-6: of every partner, at every period of every grain.
func (p *program) balances(items map[string][]item) {
	c := p.c
	for partner, first := range p.partners() {
		for _, grain := range balanceGrains() {
			for _, start := range c.clock.periods(grain, first) {
				p.balanceItems(items, partner, first, grain, start)
			}
		}
	}
}

func (p *program) balanceItems(items map[string][]item, partner string, first time.Time, grain, start string) {
	c := p.c
	t := c.clock.looked(grain, start)
	base := item{id: grain, dims: p.dims(partner, moment(t))}
	from := time.Time{}
	if grain != total {
		base.at, from = c.clock.startAt(start), c.clock.startAt(start)
	}
	put := func(id string, d dims, value, den *big.Rat, extra amount) {
		i := base
		if d != nil {
			i.dims = d
		}
		i.num, i.den, i.extra = value, den, extra
		items[id] = append(items[id], i)
	}
	own := p.versions[0].Period
	current := c.clock.start(own, moment(t))
	for _, period := range c.clock.periods(own, earliest(first, t)) {
		begin, end := c.clock.startAt(period), c.clock.end(own, period)
		if !begin.Before(t) || !end.After(from) {
			continue
		}
		b, before := p.balanceAt(partner, period, earliest(end, t)), emptyBalance()
		if begin.Before(from) {
			before = p.balanceAt(partner, period, from)
		}
		p.change(put, b, before, grain)
		if grain == total && period != current {
			continue
		}
		for _, e := range b.lines {
			share := b.parts[e.id]
			put("ACC-2", p.dims(e.partner, e.at), share.earned, e.money, amount{n: 1})
			put("ACC-3", p.dims(e.partner, e.at), share.accrued, e.money, amount{n: 1, projected: share.projected})
		}
		if period == current && p.tiered() && b.n > 0 {
			put("ACC-6.distance", nil, b.distance, nil, amount{n: b.n, top: b.distance == nil})
			put("ACC-6.cliff", nil, b.cliff, nil, amount{n: b.n, top: b.distance == nil})
		}
	}
	p.adjusted(put, partner, grain, start)
}

type putter func(id string, d dims, value, den *big.Rat, extra amount)

// change puts ACC-4 and the first parts of its bridge, by line: what each line adds to what was accrued before.
func (p *program) change(put putter, b, before balance, grain string) {
	added := minus(b.money, before.money)
	volume := cents(times(before.ratio, added))
	if before.n == 0 {
		volume = b.accrued
	}
	exact := make([]*big.Rat, len(b.lines))
	for i, e := range b.lines {
		_, old := before.parts[e.id]
		switch {
		case before.n == 0:
			exact[i] = b.parts[e.id].accrued
		case old || added.Sign() == 0:
			exact[i] = new(big.Rat)
		default:
			exact[i] = times(before.ratio, e.money)
		}
	}
	volumes := allocate(volume, exact)
	for i, e := range b.lines {
		d, n := p.dims(e.partner, e.at), amount{n: 1}
		grown := b.parts[e.id].accrued
		if was, old := before.parts[e.id]; old {
			grown = minus(grown, was.accrued)
		}
		put("ACC-4", d, grown, nil, n)
		if grain == quarter {
			put("ACC-5.volume", d, volumes[i], nil, n)
			put("ACC-5.rate", d, minus(grown, volumes[i]), nil, n)
			put("ACC-5.manual", d, new(big.Rat), nil, n)
			for _, missing := range []string{"ACC-5.prior_period", "ACC-5.fx", "ACC-5.clawback"} {
				put(missing, d, nil, nil, n)
			}
		}
	}
}

// adjusted puts the manual amounts of a period into ACC-4 and its bridge, under what the partner was on their day.
func (p *program) adjusted(put putter, partner, grain, start string) {
	for _, m := range p.manual {
		if m.partner != partner || grain != total && p.c.clock.startOfDay(grain, m.date) != start {
			continue
		}
		d := p.dims(m.partner, p.c.clock.midnight(m.date))
		put("ACC-4", d, m.value, nil, amount{})
		if grain == quarter {
			put("ACC-5.volume", d, nil, nil, amount{})
			put("ACC-5.rate", d, nil, nil, amount{})
			put("ACC-5.manual", d, m.value, nil, amount{})
			for _, missing := range []string{"ACC-5.prior_period", "ACC-5.fx", "ACC-5.clawback"} {
				put(missing, d, nil, nil, amount{})
			}
		}
	}
}
