package recompute

import (
	"cmp"
	"math/big"
	"slices"
	"time"
)

// event is something that earns: a line of revenue, of an invoice or of units, seen by one program.
type event struct {
	program string
	version *IncentiveVersion
	id      string
	partner string // after mergers
	at      time.Time
	base    *big.Rat // in the program's currency, or in units
	money   *big.Rat // the same in functional currency; of units it is what they are worth in ACC-1: themselves
	pay     *big.Rat // per_unit: exact amount in functional currency
	product string
	region  string // its own; "" = that of its partner
	out     string
	period  string // of the program
}

// program is all versions of a program, oldest first.
type program struct {
	id       string
	versions []*IncentiveVersion
	c        *calc
	events   []event
	counted  map[string][]event // those that count, by partner
	credits  []milestoneCredit
	manual   []manual
	failed   bool // a rate is missing
}

// manual is an approved adjustment.
type manual struct {
	partner string
	date    time.Time
	value   *big.Rat
}

func (c *calc) programs() []*program {
	byID := map[string]*program{}
	var out []*program
	for i := range c.data.Versions {
		v := &c.data.Versions[i]
		p := byID[v.ProgramID]
		if p == nil {
			p = &program{id: v.ProgramID, c: c}
			byID[v.ProgramID] = p
			out = append(out, p)
		}
		p.versions = append(p.versions, v)
	}
	slices.SortFunc(out, func(a, b *program) int { return cmp.Compare(a.id, b.id) })
	for _, p := range out {
		slices.SortFunc(p.versions, func(a, b *IncentiveVersion) int { return a.EffectiveFromAt.Compare(b.EffectiveFromAt) })
	}
	return out
}

func (p *program) method() string { return p.versions[0].Method }

func (p *program) currency() string { return p.versions[0].Currency }

func (p *program) tiered() bool { return p.method() == "marginal" || p.method() == "retroactive" }

// version is the one in force at an instant; nil without one.
func (p *program) version(t time.Time) *IncentiveVersion {
	for _, v := range p.versions {
		if valid(v.EffectiveFromAt, v.EffectiveToAt, t) {
			return v
		}
	}
	return nil
}

// lastVersion is the one in force at an instant, or the last one that was.
func (p *program) lastVersion(t time.Time) *IncentiveVersion {
	if v := p.version(t); v != nil {
		return v
	}
	var last *IncentiveVersion
	for _, v := range p.versions {
		if !v.EffectiveFromAt.After(t) {
			last = v
		}
	}
	return last
}

// collect finds the events of a program.
func (p *program) collect() {
	switch p.versions[0].Basis {
	case "sourced_bookings":
		p.bookings()
	default:
		p.invoices(p.versions[0].Basis == "units")
	}
	p.counted = map[string][]event{}
	for _, e := range p.events {
		if e.out == "" && e.base != nil {
			e.period = p.c.clock.start(p.versions[0].Period, e.at)
			p.counted[e.partner] = append(p.counted[e.partner], e)
		}
	}
}

// bookings are the lines of REV-1, each for the partner that it is credited to.
func (p *program) bookings() {
	for _, l := range p.c.lines {
		if l.deal.class != sourced || l.amount == nil {
			continue
		}
		for _, o := range l.owners {
			e := event{id: l.id, at: l.at, partner: p.c.people.survivor(o.partner), product: l.deal.ProductLine, region: l.deal.Region, out: l.out}
			if e.out == "missing_fx" {
				e.out = ""
			}
			p.filter(&e)
			part := over(o.value, l.value)
			if part == nil {
				part = whole(1)
			}
			p.convert(&e, times(l.amount, part), l.currency, p.c.clock.date(l.deal.ClosedAt), false)
			if p.currency() == p.c.data.Param.FunctionalCurrency && o.value != nil {
				e.base, e.money = o.value, o.value
			}
			p.events = append(p.events, e)
		}
	}
}

// invoices are invoice lines, less credits and refunds, or the units on them.
func (p *program) invoices(units bool) {
	c := p.c
	all := map[string]*Invoice{}
	for i := range c.data.Invoices {
		all[c.data.Invoices[i].InvoiceID] = &c.data.Invoices[i]
	}
	for i := range c.data.Invoices {
		v := &c.data.Invoices[i]
		d := c.deals[billedDeal(v, all)]
		e := event{id: "invoice " + v.InvoiceID, at: v.IssuedAt, partner: v.PartnerID, product: v.ProductLine, region: v.Region}
		currency := v.Currency
		if d != nil {
			e.partner, currency = or(e.partner, d.partner), or(currency, d.Currency)
			e.product, e.region = or(e.product, d.ProductLine), or(e.region, d.Region)
		}
		if e.partner == "" {
			continue
		}
		e.out = commonly(v.Deleted, v.Test || c.people.test(e.partner), "")
		e.partner = c.people.survivor(e.partner)
		amount, rateDay := v.Amount, v.IssuedAt
		if units {
			if amount = v.Quantity; amount == nil {
				continue
			}
		}
		if v.Kind != "invoice" {
			amount = negative(new(big.Rat).Abs(amount))
			if corrected := all[v.CorrectsInvoiceID]; corrected != nil {
				rateDay = corrected.IssuedAt
			}
		}
		p.filter(&e)
		p.convert(&e, amount, or(currency, c.data.Param.DefaultCurrency), c.clock.date(rateDay), units)
		p.events = append(p.events, e)
	}
}

// convert puts an amount into the program's currency and into functional currency at the rates of a day.
func (p *program) convert(e *event, amount *big.Rat, currency string, day time.Time, units bool) {
	functional := p.c.data.Param.FunctionalCurrency
	last := p.c.fx.rate(p.currency(), functional, day)
	if units {
		e.base, e.money = amount, amount
		if last != nil && e.version != nil && e.version.UnitAmount != nil {
			e.pay = times(times(amount, e.version.UnitAmount), last)
		}
		p.failed = p.failed || e.out == "" && e.pay == nil
		return
	}
	first := p.c.fx.rate(currency, p.currency(), day)
	if first == nil || last == nil {
		p.failed = p.failed || e.out == ""
		return
	}
	e.base = cents(times(amount, first))
	e.money = cents(times(times(amount, first), last))
}

// filter finds the version of an event and why the event is not the program's, in the order of 3.11.
func (p *program) filter(e *event) {
	e.program, e.version = p.id, p.version(e.at)
	if e.out != "" {
		return
	}
	if e.version == nil {
		e.out = "dates"
		return
	}
	d := p.c.people.dims(e.partner, e.at)
	switch {
	case !p.within(e.version, "partner", d["partner"]), !p.within(e.version, "partner_type", d["partner_type"]),
		!p.within(e.version, "program_tier", d["program_tier"]):
		e.out = "partner_filter"
	case !p.within(e.version, "region", or(e.region, d["region"])):
		e.out = "region_filter"
	case !p.within(e.version, "product_line", e.product):
		e.out = "product_filter"
	}
}

// within says whether a version's scope lets a value pass; a dimension without values lets all pass.
func (p *program) within(v *IncentiveVersion, dimension, value string) bool {
	limited := false
	for _, s := range p.c.data.Scopes {
		if s.ProgramID != v.ProgramID || s.Version != v.Version || s.Dimension != dimension {
			continue
		}
		limited = true
		if s.Value == value || dimension == "partner" && p.c.people.survivor(s.Value) == value {
			return true
		}
	}
	return !limited
}

// adjust finds the approved manual amounts of a program.
func (p *program) adjust() {
	c := p.c
	add := func(programID, partner, currency string, date time.Time, amount *big.Rat, approved bool) {
		if programID != p.id || !approved || date.After(c.data.Param.AsOf) || c.people.test(partner) {
			return
		}
		rate := c.fx.rate(or(currency, p.currency()), c.data.Param.FunctionalCurrency, date)
		if rate == nil {
			p.failed = true
			return
		}
		p.manual = append(p.manual, manual{c.people.survivor(partner), date, cents(times(amount, rate))})
	}
	for _, a := range c.data.RuleAdjustments {
		add(a.ProgramID, a.PartnerID, a.Currency, a.AdjustedOn, a.Amount, a.Approved)
	}
	for _, a := range c.data.Adjustments {
		add(a.ProgramID, a.PartnerID, a.Currency, a.AdjustedOn, a.Amount, a.Approved && !a.Deleted)
	}
}

// earns is what a base earns under a tiered version.
func (c *calc) earns(v *IncentiveVersion, base *big.Rat) *big.Rat {
	tiers := c.tiersOf(v)
	if len(tiers) == 0 {
		return new(big.Rat)
	}
	if base.Sign() < 0 {
		if !v.AllowNegative {
			return new(big.Rat)
		}
		return times(tiers[0].Rate, base)
	}
	if v.Method == "retroactive" {
		return times(tiers[tierAt(tiers, base)].Rate, base)
	}
	sum := new(big.Rat)
	for k, t := range tiers {
		upper := base
		if k+1 < len(tiers) && less(tiers[k+1].Lower, base) {
			upper = tiers[k+1].Lower
		}
		if less(t.Lower, upper) {
			sum.Add(sum, times(t.Rate, minus(upper, t.Lower)))
		}
	}
	return sum
}

func (c *calc) tiersOf(v *IncentiveVersion) []IncentiveTier {
	var out []IncentiveTier
	for _, t := range c.data.Tiers {
		if t.ProgramID == v.ProgramID && t.Version == v.Version {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b IncentiveTier) int { return cmp.Compare(a.Tier, b.Tier) })
	return out
}

// tierAt is the tier that a base lies in; the lower limit is in it.
func tierAt(tiers []IncentiveTier, base *big.Rat) int {
	at := 0
	for k, t := range tiers {
		if !less(base, t.Lower) {
			at = k
		}
	}
	return at
}
