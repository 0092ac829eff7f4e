package recompute

import (
	"math/big"
	"time"
)

// balance is where a partner stands in one period of a program at a moment. Money is functional, earned and accrued are rounded.
type balance struct {
	n         int64
	base      *big.Rat
	money     *big.Rat
	earned    *big.Rat
	accrued   *big.Rat
	projected *big.Rat
	ratio     *big.Rat // accrued per unit of base, exact
	distance  *big.Rat // to the next tier; nil in the top tier
	cliff     *big.Rat
	lines     []event
	parts     map[string]part // of the lines, by id
}

// part is what falls to one line of a balance.
type part struct{ earned, accrued, projected *big.Rat }

func emptyBalance() balance {
	return balance{
		base: new(big.Rat), money: new(big.Rat), earned: new(big.Rat), accrued: new(big.Rat), projected: new(big.Rat), ratio: new(big.Rat),
	}
}

// balanceAt looks at a partner's program period, which begins on start, as at a moment.
func (p *program) balanceAt(partner, start string, t time.Time) balance {
	b := emptyBalance()
	var inside []event
	for _, e := range p.counted[partner] {
		if e.at.Before(t) && e.period == start {
			inside = append(inside, e)
			b.n++
			b.base, b.money = plus(b.base, e.base), plus(b.money, e.money)
		}
	}
	switch {
	case p.tiered():
		p.tieredBalance(&b, partner, start, t)
	default:
		b.earned = p.byEvent(inside)
		b.accrued = b.earned
		b.projected = p.functional(b, p.projection(b.base, p.lastVersion(moment(t)), partner, start, t))
	}
	if b.ratio.Sign() == 0 && b.money.Sign() != 0 && !p.tiered() {
		b.ratio = over(b.accrued, b.money)
	}
	b.lines = inside
	b.allot(p)
	return b
}

// allot divides a balance among its lines, by largest remainder, so that cuts by what a line is of foot.
func (b *balance) allot(p *program) {
	b.parts = map[string]part{}
	exact := make([]*big.Rat, len(b.lines))
	each := func(sum *big.Rat) []*big.Rat {
		for i, e := range b.lines {
			switch {
			case e.pay != nil:
				exact[i] = e.pay
			case e.version.Method == "flat":
				exact[i] = times(e.version.Rate, e.money)
			case b.money.Sign() == 0:
				exact[i] = new(big.Rat)
			default:
				exact[i] = times(sum, over(e.money, b.money))
			}
		}
		return allocate(sum, exact)
	}
	earned, accrued := each(b.earned), each(b.accrued)
	for i, e := range b.lines {
		exact[i] = new(big.Rat)
		if b.money.Sign() != 0 {
			exact[i] = times(b.projected, over(e.money, b.money))
		}
	}
	projected := allocate(cents(b.projected), exact)
	for i, e := range b.lines {
		b.parts[e.id] = part{earned[i], accrued[i], projected[i]}
	}
}

// byEvent is what flat and per-unit programs earn: per event by its version, floored and rounded once per version.
func (p *program) byEvent(events []event) *big.Rat {
	sum := new(big.Rat)
	for _, v := range p.versions {
		exact := new(big.Rat)
		for _, e := range events {
			if e.version != v {
				continue
			}
			if v.Method == "per_unit" {
				exact.Add(exact, e.pay)
			} else {
				exact.Add(exact, times(v.Rate, e.money))
			}
		}
		if exact.Sign() < 0 && !v.AllowNegative {
			continue
		}
		sum.Add(sum, cents(exact))
	}
	return sum
}

func (p *program) tieredBalance(b *balance, partner, start string, t time.Time) {
	v := p.lastVersion(moment(t))
	if v == nil {
		return
	}
	hat := p.projection(b.base, v, partner, start, t)
	rate := over(p.c.earns(v, hat), hat)
	if rate == nil {
		rate = new(big.Rat)
	}
	b.earned = cents(p.functional(*b, p.c.earns(v, b.base)))
	b.ratio = rate
	b.accrued = cents(times(rate, b.money))
	if b.base.Sign() < 0 && !v.AllowNegative {
		b.accrued, b.ratio = new(big.Rat), new(big.Rat)
	}
	b.projected = cents(p.functional(*b, hat))
	tiers := p.c.tiersOf(v)
	if k := tierAt(tiers, b.base); k+1 < len(tiers) {
		next := tiers[k+1].Lower
		b.distance = cents(p.functional(*b, minus(next, b.base)))
		b.cliff = cents(p.functional(*b, minus(p.c.earns(v, next), p.c.earns(v, b.base))))
	}
}

// functional converts an amount of the program's currency at the mean rate of the base.
func (p *program) functional(b balance, amount *big.Rat) *big.Rat {
	if rate := over(b.money, b.base); rate != nil {
		return times(amount, rate)
	}
	return amount
}

// projection is the base that the whole period is expected to have.
func (p *program) projection(base *big.Rat, v *IncentiveVersion, partner, start string, t time.Time) *big.Rat {
	c := p.c
	if !t.Before(c.clock.end(v.Period, start)) {
		return base
	}
	var newest *ProjectionOverride
	for i := range c.data.Overrides {
		o := &c.data.Overrides[i]
		if o.ProgramID != p.id || c.people.survivor(o.PartnerID) != partner || o.PeriodStart.Format(time.DateOnly) != start || !o.Approved {
			continue
		}
		if !o.MadeOn.After(c.clock.date(moment(t))) && (newest == nil || o.MadeOn.After(newest.MadeOn)) {
			newest = o
		}
	}
	if newest != nil {
		return larger(newest.ProjectedBase, base)
	}
	if run := over(base, p.expectedShare(v, start, t)); run != nil {
		return larger(base, run)
	}
	return base
}

// expectedShare is the part of a period's base that has usually come in by a moment: whole quarters by weight, the running one by days.
func (p *program) expectedShare(v *IncentiveVersion, start string, t time.Time) *big.Rat {
	c := p.c
	if v.Period != year {
		return c.elapsed(v.Period, start, t)
	}
	weights := map[int64]*big.Rat{}
	for _, w := range c.data.Weights {
		if w.ProgramID == v.ProgramID && w.Version == v.Version {
			weights[w.Quarter] = w.Weight
		}
	}
	sum, done, n := new(big.Rat), new(big.Rat), int64(0)
	for _, q := range c.clock.begin[quarter] {
		if c.clock.startOfDay(year, mustDay(q)) != start {
			continue
		}
		n++
		w := whole(1)
		if len(weights) > 0 {
			w = weights[n]
		}
		sum.Add(sum, w)
		if part := c.elapsed(quarter, q, t); part.Sign() > 0 {
			done.Add(done, times(w, part))
		}
	}
	return over(done, sum)
}

func mustDay(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s) // written by this package
	return t
}

// elapsed is the part of a period's calendar days that are over at a moment.
func (c *calc) elapsed(grain, start string, t time.Time) *big.Rat {
	end := c.clock.end(grain, start)
	if t.After(end) {
		t = end
	}
	from := mustDay(start)
	days := func(until time.Time) int64 { return int64(c.clock.date(until).Sub(from).Hours() / 24) }
	return big.NewRat(days(t), days(end))
}
