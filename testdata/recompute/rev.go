package recompute

import (
	"math/big"
	"slices"
	"time"
)

// line is money of a won deal: what it was closed at, or a refund or credit on its own day.
type line struct {
	id       string
	deal     *deal
	at       time.Time
	amount   *big.Rat // in the transaction's currency; refunds are negative
	currency string
	value    *big.Rat // in functional currency, rounded; nil without a rate
	rate     *big.Rat
	out      string
	owners   []owned
}

// owned is a partner's part of a line by class, and its part by weight.
type owned struct {
	partner  string
	value    *big.Rat
	weighted *big.Rat
}

// loadLines makes the lines of all won deals.
func (c *calc) loadLines() {
	for _, d := range c.dealOrder {
		if d.won() {
			c.addLine(line{id: d.DealID, deal: d, at: d.ClosedAt, amount: d.Amount, currency: d.Currency, out: d.out})
		}
	}
	invoices := map[string]*Invoice{}
	for i := range c.data.Invoices {
		invoices[c.data.Invoices[i].InvoiceID] = &c.data.Invoices[i]
	}
	for i := range c.data.Invoices {
		v := &c.data.Invoices[i]
		if v.Kind == "invoice" {
			continue
		}
		d := c.deals[billedDeal(v, invoices)]
		if d == nil || !d.won() {
			continue
		}
		out := commonly(v.Deleted, v.Test || c.people.test(v.PartnerID), "")
		if out == "" {
			out = d.out
		}
		amount := new(big.Rat).Abs(v.Amount)
		c.addLine(line{id: "invoice " + v.InvoiceID, deal: d, at: v.IssuedAt, amount: negative(amount), currency: or(v.Currency, d.Currency), out: out})
	}
}

// billedDeal is the deal of an invoice line, or of the line that it corrects.
func billedDeal(v *Invoice, all map[string]*Invoice) string {
	for range len(all) {
		if v.DealID != "" || v.CorrectsInvoiceID == "" || all[v.CorrectsInvoiceID] == nil {
			break
		}
		v = all[v.CorrectsInvoiceID]
	}
	return v.DealID
}

func (c *calc) addLine(l line) {
	p := c.data.Param
	if l.amount == nil && l.out == "" {
		l.out = "no_amount"
	}
	l.currency = or(l.currency, p.DefaultCurrency)
	l.rate = c.fx.rate(l.currency, p.FunctionalCurrency, c.clock.date(l.deal.ClosedAt))
	switch {
	case l.amount == nil:
	case l.rate == nil && l.out == "":
		l.out = "missing_fx"
	case l.rate != nil:
		l.value = cents(times(l.amount, l.rate))
	}
	l.owners = c.owners(l)
	c.lines = append(c.lines, l)
}

// owners splits a line between those it is shown under: the deal's partner, or, where splits are allowed, all that sourced it.
func (c *calc) owners(l line) []owned {
	weight := func(r credit) *big.Rat {
		if l.value == nil {
			return nil
		}
		return cents(times(times(l.amount, l.rate), over(pct(r), whole(100))))
	}
	rows := l.deal.withRole(sourced)
	if len(rows) <= 1 {
		s := owned{partner: l.deal.partner, value: l.value}
		if len(rows) == 1 {
			s.weighted = weight(rows[0])
		}
		return []owned{s}
	}
	var out []owned
	var parts []*big.Rat
	for _, r := range rows {
		out = append(out, owned{partner: or(r.PartnerID, nobody), weighted: weight(r)})
		parts = append(parts, pct(r))
	}
	if l.value != nil {
		for i, v := range divide(l.value, parts) {
			out[i].value = v
		}
	}
	return out
}

// divide divides an amount by weights so that the parts foot: largest remainder, ties to the first. Without weights all parts are equal.
func divide(amount *big.Rat, weights []*big.Rat) []*big.Rat {
	sum := new(big.Rat)
	for _, w := range weights {
		sum.Add(sum, w)
	}
	exact := make([]*big.Rat, len(weights))
	for i, w := range weights {
		if sum.Sign() == 0 {
			exact[i] = over(amount, whole(int64(len(weights))))
		} else {
			exact[i] = times(amount, over(w, sum))
		}
	}
	return allocate(amount, exact)
}

// allocate rounds exact parts to cents so that they sum to a rounded whole: by the largest remainder, ties to the first.
func allocate(sum *big.Rat, exact []*big.Rat) []*big.Rat {
	cent := big.NewRat(1, 100)
	out, rest := make([]*big.Rat, len(exact)), make([]*big.Rat, len(exact))
	order := make([]int, len(exact))
	left := new(big.Rat).Set(sum)
	for i, e := range exact {
		scaled := times(e, whole(100))
		floor := new(big.Int).Div(scaled.Num(), scaled.Denom()) // Euclid: downwards, as the denominator is positive
		out[i] = times(new(big.Rat).SetInt(floor), cent)
		rest[i] = minus(e, out[i])
		left.Sub(left, out[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rest[b].Cmp(rest[a]) })
	for n := 0; len(order) > 0 && left.Cmp(cent) >= 0; n++ {
		i := order[n%len(order)]
		out[i] = plus(out[i], cent)
		left.Sub(left, cent)
	}
	return out
}

func (c *calc) lineItem(l line, partner string) item {
	return item{at: l.at, dims: c.dealDims(l.deal, partner, l.deal.ClosedAt), out: l.out, id: l.deal.DealID}
}

// revenue computes REV-1 to REV-7.
func (c *calc) revenue() {
	var byClass []item
	classes := map[string][]item{}
	for _, l := range c.lines {
		for _, o := range l.owners {
			i := c.lineItem(l, o.partner)
			i.den = o.value
			byClass = append(byClass, i)
			i.num = o.value
			classes[l.deal.class] = append(classes[l.deal.class], i)
		}
	}
	c.money("REV-1", classes[sourced])
	c.money("REV-3", classes[influenced])
	c.weighted()
	c.touched()
	for _, s := range []struct{ id, class string }{{"REV-5", sourced}, {"REV-5.influenced", influenced}, {"REV-5.direct", direct}, {"REV-7", unattributed}} {
		c.ratio(s.id, c.ofClass(byClass, s.class), false)
	}
	c.ratio("REV-5.of_total", c.ofClass(byClass, sourced), true)
	c.ratio("REV-5.new_logo", c.ofClass(slices.DeleteFunc(slices.Clone(byClass), func(i item) bool {
		return !slices.Contains(c.newLogo, c.deals[i.id].OrderType)
	}), sourced), false)
	c.ratio("REV-5.arr", c.ofClass(c.recurring(), sourced), false)
}

// ofClass puts the denominators of one class into the numerator.
func (c *calc) ofClass(items []item, class string) []item {
	out := slices.Clone(items)
	for n := range out {
		out[n].num = nil
		if c.deals[out[n].id].class == class {
			out[n].num = out[n].den
		}
	}
	return out
}

// recurring are the won deals with their annual recurring revenue. Refunds are no recurring revenue.
func (c *calc) recurring() []item {
	var items []item
	for _, d := range c.dealOrder {
		if !d.won() || d.ARR == nil {
			continue
		}
		l := line{deal: d, at: d.ClosedAt, amount: d.ARR, out: d.out, rate: c.closingRate(d)}
		if l.rate != nil {
			l.value = cents(times(l.amount, l.rate))
		} else if l.out == "" {
			l.out = "missing_fx"
		}
		for _, o := range c.owners(l) {
			i := c.lineItem(l, o.partner)
			i.den = o.value
			items = append(items, i)
		}
	}
	return items
}

// money makes rows that sum the numerators.
func (c *calc) money(id string, items []item) {
	m := metric{id: id, unit: inMoney, cuts: dealCuts(), grains: allGrains()}
	c.rows(m, items, func(g *group, r *Row) {
		r.N = g.distinct()
		r.Value, _ = g.sums()
		if len(g.items) == 0 {
			r.Value = nil
		}
	})
}

// ratio makes rows that divide the sums; ofTotal divides by the whole company's sum of the period.
func (c *calc) ratio(id string, items []item, ofTotal bool) {
	m := metric{id: id, unit: inRatio, cuts: dealCuts(), grains: allGrains(), few: true}
	company := map[string]*big.Rat{}
	deals := map[string]map[string]bool{}
	for _, i := range items {
		if i.out != "" || !ofTotal {
			continue
		}
		for _, grain := range allGrains() {
			key := grain + c.clock.start(grain, i.at)
			if company[key] == nil {
				company[key], deals[key] = new(big.Rat), map[string]bool{}
			}
			company[key] = plus(company[key], i.den)
			deals[key][i.id] = true
		}
	}
	c.rows(m, items, func(g *group, r *Row) {
		r.N = g.distinct()
		r.Numerator, r.Denominator = g.sums()
		if key := g.grain + g.start; ofTotal && company[key] != nil {
			r.N, r.Denominator = int64(len(deals[key])), company[key]
		}
		r.Value = over(r.Numerator, r.Denominator)
	})
}

// weighted computes REV-2 with its variants, and REV-6.
func (c *calc) weighted() {
	var bySource, byInfluence, rest, shares []item
	for _, l := range c.lines {
		weighable := l.deal.weighable()
		left := l.value
		for _, r := range l.deal.locked {
			i := c.lineItem(l, or(r.PartnerID, nobody))
			if i.out == "" && !weighable {
				i.out = "pct_over_100"
			}
			if l.value != nil {
				i.num = cents(times(times(l.amount, l.rate), over(pct(r), whole(100))))
				left = minus(left, i.num)
			}
			if r.Role == sourced {
				bySource = append(bySource, i)
			} else {
				byInfluence = append(byInfluence, i)
			}
		}
		i := c.lineItem(l, l.deal.partner)
		if i.out == "" && !weighable {
			i.out = "pct_over_100"
		}
		i.num = left
		rest = append(rest, i)
		for _, o := range l.owners {
			i := c.lineItem(l, o.partner)
			i.den = o.value
			if weighable {
				i.num = o.weighted
			}
			shares = append(shares, i)
		}
	}
	c.money("REV-2", bySource)
	c.money("REV-2.influenced", byInfluence)
	c.money("REV-2.direct", rest)
	c.ratio("REV-6", shares, false)
	c.ratio("REV-6.of_total", shares, true)
}

// touched computes REV-4: every partner with a row has the whole line, and the company has it once.
func (c *calc) touched() {
	var items []item
	for _, l := range c.lines {
		for _, r := range l.deal.rows {
			i := c.lineItem(l, or(r.PartnerID, nobody))
			i.line, i.num = l.id, l.value
			items = append(items, i)
		}
	}
	c.money("REV-4", items)
}
