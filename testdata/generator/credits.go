package generator

import "strconv"

// credits writes who brought or helped the deal, and how much of it they are credited.
func (w *world) credits(r *random, d *deal, p plan) {
	if p.role == "" {
		return
	}
	main := credit{Deal: d.ID, Partner: p.member.ID, Role: p.role, Created: d.Created, Pct: 10_000}
	if p.role == influenced || r.chance(.3) {
		main.Pct = r.between(2, 18) * 500
	}
	main.Contribution = pick(r, "demand_generation", "technical_validation", "implementation", "customer_success")
	w.credit(r, d, main)
	if w.rare(r, .16) { // somebody else has a part in it
		left := 10_000 - main.Pct
		if w.rare(r, .08) {
			left = 6_000 // more than there is
		}
		if left > 0 {
			other := w.choose(r, d.Created, func(m *member) bool { return m.ID != p.member.ID })
			w.credit(r, d, credit{Deal: d.ID, Partner: other.ID, Role: influenced, Created: d.Created + r.seconds(float64(12*day), .8), Pct: max(left/2, 1), Contribution: "technical_validation"})
		}
	}
	if p.role == sourced && w.rare(r, .03) { // two say that they found it
		rival := w.choose(r, d.Created, func(m *member) bool { return m.ID != p.member.ID })
		w.credit(r, d, credit{Deal: d.ID, Partner: rival.ID, Role: sourced, Created: d.Created + r.seconds(float64(5*day), .8), Pct: min(5_000, 10_000-main.Pct+1_000), Contribution: "demand_generation"})
	}
}

// credit locks a row (at creation, late, or never) and writes it.
func (w *world) credit(r *random, d *deal, c credit) {
	if c.Created >= w.export {
		return
	}
	c.ID = w.id("C")
	c.Current = c.Pct
	switch r.weighted(.87, .05, .05, .03) {
	case 0:
		c.Locked = c.Created
		if c.Role == influenced {
			c.Locked = w.past(c.Created + r.seconds(float64(8*day), .9))
		}
	case 1: // after the close, when it no longer counts
		if d.Closed != 0 {
			c.Locked = w.past(d.Closed + r.seconds(float64(9*day), .8))
		}
	case 2: // written down after the close
		if d.Closed != 0 && d.Closed+3*day < w.export {
			c.Created = d.Closed + instant(r.between(1, 3*86400-1))
			c.Locked = c.Created
		}
	}
	if w.rare(r, .03) {
		c.Current = max(500, c.Pct-r.between(1, 8)*250)
	}
	if w.rare(r, .01) {
		c.Pct, c.Current = -1, -1
	}
	c.mark = w.modified(r, c.Created, c.Locked)
	c.Deleted = w.rare(r, .004)
	w.out.credit.put(&c)
}

// register files the deal with the vendor: in time, late, twice, in vain.
func (w *world) register(r *random, d *deal, p plan) {
	g := w.request(r, p.member, d.Account, d.Amount, d.Currency)
	g.Deal = d.ID
	g.Submitted = d.Created - r.seconds(float64(2*day), 1.1)
	if late := d.Closed + r.seconds(float64(4*day), .7); w.rare(r, .02) && d.Closed != 0 && late < w.export {
		g.Submitted = late
	}
	g.Submitted = max(g.Submitted, p.member.Enrolled+hour)
	if g.Submitted >= w.export {
		return
	}
	w.decide(r, &g, .90)
	if g.Decision == "approved" && d.Closed > g.Submitted && w.rare(r, .015) {
		if at := d.Closed + r.seconds(float64(2*day), .7); at < w.export {
			g.Decided = at
		}
	}
	w.fileClaims(r, g, p.member)
}

// hopefulRegistration is a registration that never becomes a deal.
func (w *world) hopefulRegistration(r *random, at instant) {
	m := w.choose(r, at, func(m *member) bool { return !m.isDark(at) })
	currency := currencyOf(r, m)
	c := r.intn(len(customers) * len(industries))
	account := customers[c%len(customers)] + " " + industries[c/len(customers)]
	g := w.request(r, m, account, w.fx.inCurrency(r.logNormal(15_000, .8), currency, w.date(at)), currency)
	g.Submitted = at
	w.decide(r, &g, .45)
	w.fileClaims(r, g, m)
}

func (w *world) request(r *random, m *member, account string, amount money, currency string) registration {
	return registration{ID: w.id("R"), Partner: m.ID, Account: account, Amount: amount, Currency: currency, Test: w.rare(r, .003)}
}

// decide draws the vendor's decision; most come within two days.
func (w *world) decide(r *random, g *registration, approved float64) {
	at := w.past(g.Submitted + r.seconds(float64(26*hour), .9))
	g.Decision = "pending"
	if at == 0 || w.rare(r, .03) {
		return
	}
	g.Decided = at
	switch x := r.float(); {
	case x < approved:
		g.Decision = "approved"
		g.Expires = w.midnight(at + 90*day)
		if r.chance(.93) {
			g.Protected = w.midnight(at + 60*day)
		}
	case x < approved+(1-approved)*.6:
		g.Decision, g.Reason = "rejected", pick(r, "already_registered", "no_budget", "direct_account", "incomplete")
	case x < approved+(1-approved)*.85:
		g.Decision, g.Reason = "expired", "no_progress"
	default:
		g.Decision = "withdrawn"
	}
}

// fileClaims writes the registration with those of other partners for the same project.
func (w *world) fileClaims(r *random, g registration, m *member) {
	g.mark = w.modified(r, g.Submitted, g.Decided)
	g.Deleted = w.rare(r, .004)
	all := claims{Account: g.Account, Rows: []registration{g}}
	if w.rare(r, .06) {
		other := w.choose(r, g.Submitted, func(o *member) bool { return o.ID != m.ID })
		if r.chance(.3) {
			other = m // sent twice
		}
		twin := w.request(r, other, g.Account, g.Amount, g.Currency)
		twin.DuplicateOf, twin.Deal = g.ID, g.Deal
		twin.Submitted = g.Submitted + r.seconds(float64(2*day), 1)
		if twin.Submitted < w.export {
			w.decide(r, &twin, .05)
			twin.mark = w.modified(r, twin.Submitted, twin.Decided)
			all.Rows = append(all.Rows, twin)
			w.dispute(r, &g, &twin)
		}
	}
	w.out.registration.put(&all)
}

// dispute is the conflict between two who registered the same project.
func (w *world) dispute(r *random, g, twin *registration) {
	if g.Partner == twin.Partner || !r.chance(.6) {
		return
	}
	c := conflict{ID: w.id("K"), Deal: g.Deal, Registration: twin.ID, Type: "partner_vs_partner", Partner: g.Partner, Other: twin.Partner}
	c.Raised = twin.Submitted + r.seconds(float64(day), .8)
	if c.Raised >= w.export {
		return
	}
	if c.Resolved = w.past(c.Raised + r.seconds(float64(6*day), .6)); c.Resolved != 0 {
		c.Resolution = pick(r, "first_registrant", "customer_preference", "split")
		c.Reason = pick(r, "opportunity history", "capability requirements", "value-added contribution")
	}
	c.mark = w.modified(r, c.Raised, c.Resolved)
	w.out.conflict.put(&c)
}

// contacts are the partner's people on the deal.
func (w *world) contacts(r *random, d *deal, p plan) {
	people := p.member.contacts
	if len(people) == 0 || r.chance(.2) {
		return
	}
	n := 1 + r.weighted(.7, .3)
	first := r.intn(len(people))
	for i := range min(n, len(people)) {
		c := dealContact{ID: w.id("Z"), Deal: d.ID, Partner: p.member.ID, Contact: people[(first+i)%len(people)].ID}
		c.Role = pick(r, "account_manager", "technical_lead", "executive_sponsor")
		c.Created = w.past(d.Created + r.seconds(float64(2*day), 1))
		if c.Created != 0 {
			c.Modified = c.Created
			w.out.dealContact.put(&c)
		}
	}
}

func pctText(b []byte, hundredths int) []byte {
	if hundredths < 0 {
		return b
	}
	b = strconv.AppendInt(b, int64(hundredths/100), 10)
	if f := hundredths % 100; f != 0 {
		b = append(b, '.', byte('0'+f/10), byte('0'+f%10))
	}
	return b
}
