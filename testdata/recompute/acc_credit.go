package recompute

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// milestoneCredit is a milestone of a deal that a partner reached, and what it is worth.
type milestoneCredit struct {
	id      string
	order   string // who of equal remainders has the cent
	deal    *deal
	version *IncentiveVersion
	partner string
	at      time.Time
	out     string
	pending bool
	exact   [4]*big.Rat // what the credit is worth, exactly: see the as… names
	worth   [4]*big.Rat // the same, rounded and allocated
}

// The four figures of a credit.
const (
	asEarned    = iota // as its gate stands
	asEstimated        // while the SLA is pending
	asInTime           // with the SLA condition met, the others as they are
	asComplete         // with all conditions met
)

// gate is how a milestone stands with its conditions.
type gate struct {
	sla    string // met, missed, pending or no_lead
	others bool
}

const missed = "missed"

// milestones finds the credits of a program.
func (p *program) milestones() {
	for _, d := range p.c.dealOrder {
		for _, r := range d.withRole(p.versions[0].CreditedRole) {
			if lead := p.c.convertingLead(d); lead != nil && !lead.QualifiedAt.IsZero() && !lead.QualifiedAt.After(d.CreatedAt) {
				p.credit(d, r, lead, "deal_created", d.CreatedAt)
			}
			if d.won() {
				p.credit(d, r, p.c.convertingLead(d), "closed_won", d.ClosedAt)
			}
		}
	}
	p.settle()
}

// convertingLead is the lead that a deal came from; one that is left out everywhere is none.
func (c *calc) convertingLead(d *deal) *Lead {
	usable := func(l *Lead) bool {
		return l != nil && commonly(l.Deleted, l.Test || c.people.test(l.PartnerID), l.MergedInto) == ""
	}
	if l := c.leads[d.LeadID]; usable(l) {
		return l
	}
	var found *Lead
	for i := range c.data.Leads {
		l := &c.data.Leads[i]
		if l.ConvertedDealID == d.DealID && usable(l) && (found == nil || l.LeadID < found.LeadID) {
			found = l
		}
	}
	return found
}

func (p *program) credit(d *deal, r credit, lead *Lead, name string, at time.Time) {
	c := p.c
	e := event{id: fmt.Sprintf("%s %s %s", d.DealID, r.DealPartnerID, name), at: at, partner: c.people.survivor(or(r.PartnerID, nobody)), product: d.ProductLine, region: d.Region, out: d.out}
	p.filter(&e)
	m := milestoneCredit{id: e.id, order: name + " " + r.DealPartnerID, deal: d, version: e.version, partner: e.partner, at: at, out: e.out}
	share := p.shareOf(e.version, name)
	if share == nil && m.out == "" {
		return // this version pays nothing for the milestone
	}
	if m.out == "" && d.Amount == nil {
		m.out = "no_amount"
	}
	if m.out == "" && !d.weighable() {
		m.out = "pct_over_100"
	}
	if m.out == "" {
		day := c.clock.date(at)
		first := c.fx.rate(or(d.Currency, c.data.Param.DefaultCurrency), p.currency(), day)
		last := c.fx.rate(p.currency(), c.data.Param.FunctionalCurrency, day)
		if first == nil || last == nil {
			p.failed = true
			return
		}
		full := times(times(times(d.Amount, times(first, last)), over(pct(r), whole(100))), times(e.version.Rate, share))
		m.weigh(full, p.gate(e.version, d, r, lead, at))
	}
	p.credits = append(p.credits, m)
}

func (p *program) shareOf(v *IncentiveVersion, name string) *big.Rat {
	for _, m := range p.c.data.Milestones {
		if v != nil && m.ProgramID == v.ProgramID && m.Version == v.Version && m.Milestone == name {
			return m.Share
		}
	}
	return nil
}

// weigh spreads a full credit by its gate. A deal without a lead has missed no SLA.
func (m *milestoneCredit) weigh(full *big.Rat, g gate) {
	for i := range m.exact {
		m.exact[i] = new(big.Rat)
	}
	worth := func(sla, others bool) *big.Rat {
		if sla && others {
			return full
		}
		return times(full, m.version.SLAMissFactor)
	}
	if m.pending = g.sla == pending; m.pending {
		m.exact[asEstimated] = worth(true, g.others)
		return
	}
	m.exact[asEarned], m.exact[asComplete] = worth(g.sla == met, g.others), full
	m.exact[asInTime] = m.exact[asEarned]
	if g.sla == missed {
		m.exact[asInTime] = worth(true, g.others)
	}
}

// gate evaluates the conditions of a version for a deal and the partner that is credited.
func (p *program) gate(v *IncentiveVersion, d *deal, r credit, lead *Lead, at time.Time) gate {
	g := gate{sla: met, others: true}
	if v.SLAGate {
		if g.sla = p.c.handled(r.PartnerID, lead); g.sla == "no_lead" && v.NoLead == "pass" {
			g.sla = met
		}
	}
	var courses []string
	for _, rule := range p.c.data.Gates {
		if rule.ProgramID != v.ProgramID || rule.Version != v.Version {
			continue
		}
		if rule.Kind == "certification" {
			courses = append(courses, rule.Value)
		} else if !p.c.complete(rule.Value, d, r, at) {
			g.others = false
		}
	}
	if len(courses) > 0 && !p.c.certified(d, r, courses) {
		g.others = false
	}
	return g
}

// handled says how the credited partner dealt with the lead that the deal came from.
func (c *calc) handled(partner string, lead *Lead) string {
	if lead == nil {
		return "no_lead"
	}
	if lead.Direction == toVendor {
		return met
	}
	var last *unit
	for i := range c.units {
		u := &c.units[i]
		if u.lead == lead.LeadID && c.people.survivor(u.partner) == c.people.survivor(partner) && !common(u.out) && (last == nil || !u.start.Before(last.start)) {
			last = u
		}
	}
	switch {
	case last == nil:
		return "no_lead"
	case last.out != "":
		return missed
	case last.state == met || last.state == pending:
		return last.state
	}
	return missed
}

// complete says whether one of the seven fields is filled, as known at as_of.
func (c *calc) complete(field string, d *deal, r credit, at time.Time) bool {
	switch field {
	case "partner_motion":
		return d.motionAt(c.clock.asOf) != unknown
	case "partner_type":
		return c.people.dims(or(r.PartnerID, nobody), at)["partner_type"] != unknown
	case "partner_org":
		return d.PartnerID != ""
	case "attribution":
		return r.Pct != nil
	case "deal_registration":
		return len(d.regs) > 0
	case "partner_contacts":
		return slices.ContainsFunc(c.data.Contacts, func(x DealContact) bool { return x.DealID == d.DealID && !x.Deleted })
	case "stage_notes":
		return slices.ContainsFunc(c.data.Notes, func(x StageNote) bool { return x.DealID == d.DealID && !x.Deleted })
	}
	return false
}

// certified says whether the partner had a valid certificate when it first registered the deal.
func (c *calc) certified(d *deal, r credit, courses []string) bool {
	partner := c.people.survivor(r.PartnerID)
	for _, reg := range d.regs {
		if c.people.survivor(reg.PartnerID) != partner {
			continue
		}
		return slices.ContainsFunc(c.data.Certificates, func(x Certification) bool {
			return !x.Deleted && c.people.survivor(x.PartnerID) == partner && valid(x.IssuedAt, x.ExpiresAt, reg.SubmittedAt) &&
				(slices.Contains(courses, "*") || slices.Contains(courses, x.Course))
		})
	}
	return false
}

// settle rounds once per partner, version and period, and allocates the cents to the lines.
func (p *program) settle() {
	groups := map[string][]*milestoneCredit{}
	for i := range p.credits {
		m := &p.credits[i]
		if m.out == "" {
			key := fmt.Sprintf("%s|%d|%s", m.partner, m.version.Version, p.c.clock.start(m.version.Period, m.at))
			groups[key] = append(groups[key], m)
		}
	}
	for _, list := range groups {
		slices.SortFunc(list, func(a, b *milestoneCredit) int { return cmp.Compare(a.order, b.order) })
		for part := range 4 {
			sum, exact := new(big.Rat), make([]*big.Rat, len(list))
			for i, m := range list {
				exact[i] = m.exact[part]
				sum.Add(sum, exact[i])
			}
			for i, v := range allocate(cents(sum), exact) {
				list[i].worth[part] = v
			}
		}
	}
}
