package recompute

import (
	"math/big"
	"slices"
	"time"
)

func accrualCuts() []string { return []string{"partner", "partner_type", "program_tier", "region"} }

// balanceGrains are those at which a cumulative figure can be looked at.
func balanceGrains() []string { return []string{total, month, quarter, year} }

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
		if failed {
			continue
		}
		p.eligible(items)
		p.commissions(items)
		p.balances(items)
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

func (p *program) dims(partner string, t time.Time, region string) dims {
	return p.c.people.dims(partner, t).with("program", p.id, "region", or(region, unknown))
}

// eligible puts the items of ACC-1.
func (p *program) eligible(items map[string][]item) {
	for _, e := range p.events {
		items["ACC-1"] = append(items["ACC-1"], item{at: e.at, id: e.id, dims: p.dims(e.partner, e.at, e.region), out: e.out, num: e.money})
	}
}

// commissions puts the items of ACC-7 and ACC-8.
func (p *program) commissions(items map[string][]item) {
	for _, m := range p.credits {
		i := item{at: m.at, id: m.id, dims: p.dims(m.partner, m.at, m.deal.Region), out: m.out}
		put := func(id string, value *big.Rat) {
			i.num = value
			items[id] = append(items[id], i)
		}
		if m.pending {
			put("ACC-7.estimated", m.estimated)
			continue
		}
		put("ACC-7", m.earned)
		put("ACC-8", m.forgone)
		put("ACC-8.all_gates", m.allGates)
	}
}

// partners are all that have an event, a credit or an adjustment, with the first of them.
func (p *program) partners() map[string]time.Time {
	first := map[string]time.Time{}
	for _, e := range p.events {
		if e.out == "" {
			first[e.partner] = earliest(first[e.partner], e.at)
		}
	}
	for _, m := range p.credits {
		if m.out == "" {
			first[m.partner] = earliest(first[m.partner], m.at)
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
	base := item{id: grain, dims: p.dims(partner, moment(t), "")}
	from := time.Time{}
	if grain != total {
		base.at, from = c.clock.startAt(start), c.clock.startAt(start)
	}
	put := func(id string, value, den *big.Rat, extra amount) {
		i := base
		i.num, i.den, i.extra = value, den, extra
		items[id] = append(items[id], i)
	}
	sum, change := emptyBalance(), emptyBalance()
	volume := new(big.Rat)
	var last balance
	own := p.versions[0].Period
	current := c.clock.start(own, moment(t))
	for _, period := range c.clock.periods(own, earliest(first, t)) {
		begin, end := c.clock.startAt(period), c.clock.end(own, period)
		if !begin.Before(t) || !end.After(from) {
			continue
		}
		until := earliest(end, t)
		b, before := p.balanceAt(partner, period, until), emptyBalance()
		if begin.Before(from) {
			before = p.balanceAt(partner, period, from)
		}
		if period == current {
			last = b
		}
		change.n += b.n
		change.accrued = plus(change.accrued, minus(b.accrued, before.accrued))
		if before.n == 0 {
			volume = plus(volume, b.accrued)
		} else {
			volume = plus(volume, cents(times(before.ratio, minus(b.money, before.money))))
		}
		if grain == total && period != current {
			continue
		}
		sum.n += b.n
		sum.money, sum.earned, sum.accrued = plus(sum.money, b.money), plus(sum.earned, b.earned), plus(sum.accrued, b.accrued)
		sum.projected = plus(sum.projected, b.projected)
	}
	if sum.n > 0 {
		put("ACC-2", sum.earned, sum.money, amount{n: sum.n})
		put("ACC-3", sum.accrued, sum.money, amount{n: sum.n, projected: sum.projected})
	}
	if p.tiered() && last.n > 0 {
		put("ACC-6.distance", last.distance, nil, amount{n: last.n, top: last.distance == nil})
		put("ACC-6.cliff", last.cliff, nil, amount{n: last.n, top: last.distance == nil})
	}
	p.bridge(put, partner, grain, start, change, volume)
}

// bridge puts ACC-4 and its parts.
func (p *program) bridge(put func(string, *big.Rat, *big.Rat, amount), partner, grain, start string, change balance, volume *big.Rat) {
	manual, adjusted := new(big.Rat), false
	for _, m := range p.manual {
		if m.partner == partner && (grain == total || p.c.clock.startOfDay(grain, m.date) == start) {
			manual, adjusted = plus(manual, m.value), true
		}
	}
	if change.n == 0 && !adjusted {
		return
	}
	n := amount{n: change.n}
	put("ACC-4", plus(change.accrued, manual), nil, n)
	if grain != quarter {
		return
	}
	put("ACC-5.volume", volume, nil, n)
	put("ACC-5.rate", minus(change.accrued, volume), nil, n)
	put("ACC-5.manual", manual, nil, n)
	for _, missing := range []string{"ACC-5.prior_period", "ACC-5.fx", "ACC-5.clawback"} {
		put(missing, nil, nil, amount{})
	}
}
