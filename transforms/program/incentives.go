package program

import (
	"fmt"
	"math/big"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Incentives is incentives.yaml: what partners earn.
type Incentives struct {
	Programs []Incentive `yaml:"programs"`
}

// Incentive is a program with its dated versions.
type Incentive struct {
	At       diag.Pos
	Program  diag.Text `yaml:"program,required"`
	Title    string    `yaml:"title"`
	Versions []Version `yaml:"versions,required"`
}

// Version is a program's terms while they are in force.
type Version struct {
	At              diag.Pos
	Version         int         `yaml:"version,required"`
	EffectiveFrom   Date        `yaml:"effective_from,required"`
	EffectiveTo     Date        `yaml:"effective_to"`
	Method          diag.Text   `yaml:"method,required"`
	Basis           diag.Text   `yaml:"basis"`
	Currency        diag.Text   `yaml:"currency"`
	Period          diag.Text   `yaml:"period"`
	AccountingClass diag.Text   `yaml:"accounting_class,required"`
	Rate            Decimal     `yaml:"rate"`
	UnitAmount      Decimal     `yaml:"unit_amount"`
	Tiers           []Tier      `yaml:"tiers"`
	Milestones      []Milestone `yaml:"milestones"`
	AllowNegative   bool        `yaml:"allow_negative"`
	CreditedRole    diag.Text   `yaml:"credited_role"`
	Gate            Gate        `yaml:"gate"`
	Scope           Scope       `yaml:"scope"`
	QuarterWeights  []Decimal   `yaml:"quarter_weights"`
}

// Tier is a rate from a base on, the limit included, up to the next tier.
type Tier struct {
	At   diag.Pos
	From Decimal `yaml:"from,required"`
	To   Decimal `yaml:"to"`
	Rate Decimal `yaml:"rate,required"`
}

// Milestone is the share of a commission that an event earns.
type Milestone struct {
	At        diag.Pos
	Milestone diag.Text `yaml:"milestone,required"`
	Share     Decimal   `yaml:"share,required"`
}

// Gate is what a commission depends on.
type Gate struct {
	At             diag.Pos
	SLA            *bool       `yaml:"sla"`
	SLAMissFactor  Decimal     `yaml:"sla_miss_factor"`
	NoLead         diag.Text   `yaml:"no_lead"`
	RequiredFields []diag.Text `yaml:"required_fields"`
	Certifications []diag.Text `yaml:"certifications"`
}

// Scope narrows a program to some partners, regions or products; an empty list is all.
type Scope struct {
	Partners     []diag.Text `yaml:"partners"`
	PartnerTypes []diag.Text `yaml:"partner_types"`
	ProgramTiers []diag.Text `yaml:"program_tiers"`
	Regions      []diag.Text `yaml:"regions"`
	ProductLines []diag.Text `yaml:"product_lines"`
}

const (
	flat        = "flat"
	perUnit     = "per_unit"
	marginal    = "marginal"
	retroactive = "retroactive"
	milestone   = "milestone"

	bookings = "sourced_bookings"
	invoiced = "invoiced"
	units    = "units"
)

// RequiredFields are the fields of a deal that a gate can ask for.
func RequiredFields() []string {
	return []string{"partner_motion", "partner_type", "partner_org", "attribution", "deal_registration", "partner_contacts", "stage_notes"}
}

func (v Version) basis() string {
	switch {
	case v.Basis.Value != "":
		return v.Basis.Value
	case v.Method.Value == perUnit:
		return units
	}
	return bookings
}

func (v Version) period() string {
	if v.Period.Value != "" {
		return v.Period.Value
	}
	return "quarter"
}

// family groups the methods between which versions of one program may change: each family accumulates in its own way.
func (v Version) family() string {
	switch v.Method.Value {
	case marginal, retroactive:
		return "tiers"
	case flat, perUnit:
		return "events"
	}
	return v.Method.Value
}

func (v Version) slaGate() bool {
	if v.Gate.SLA != nil {
		return *v.Gate.SLA
	}
	return v.Method.Value == milestone
}

func (p *Program) checkIncentives(c *checker) {
	var names []diag.Text
	for _, i := range p.Incentives.Programs {
		names = append(names, i.Program)
		p.checkIncentive(c, i)
	}
	c.names("program", names)
}

func (p *Program) checkIncentive(c *checker, i Incentive) {
	if len(i.Versions) == 0 {
		c.add(i.At, "", "program %q has no version", i.Program)
		return
	}
	var rows []spell
	seen, first := map[int]bool{}, i.Versions[0]
	for _, v := range i.Versions {
		rows = append(rows, spell{v.At, "", v.EffectiveFrom, v.EffectiveTo})
		if seen[v.Version] {
			c.add(v.At, "count them 1, 2, 3, …", "program %q has version %d twice", i.Program, v.Version)
		}
		seen[v.Version] = true
		for _, same := range []struct{ what, is, was string }{
			{"basis", v.basis(), first.basis()}, {"currency", v.Currency.Value, first.Currency.Value},
			{"period", v.period(), first.period()}, {"kind of method", v.family(), first.family()},
		} {
			if same.is != same.was {
				c.add(v.At, "begin a new program instead", "version %d of %q changes the %s from %q to %q", v.Version, i.Program, same.what, same.was, same.is)
			}
		}
		p.checkVersion(c, v)
	}
	c.spells("this version", rows)
}

func (p *Program) checkVersion(c *checker, v Version) {
	if v.Method.Value == "growth" {
		c.add(v.Method.Pos, "use flat, per_unit, marginal, retroactive or milestone; or keep growth bonuses as adjustments", "growth programs are not supported yet")
		return
	}
	c.oneOf("method", v.Method, flat, perUnit, marginal, retroactive, milestone)
	c.oneOf("basis", v.Basis, bookings, invoiced, units)
	c.oneOf("period", v.Period, "month", "quarter", "year")
	c.oneOf("accounting_class", v.AccountingClass, "contra_revenue", "cost_to_obtain", "opex")
	c.oneOf("credited_role", v.CreditedRole, "sourced", "influenced")
	c.currency(v.Currency)
	checkParts(c, v)
	checkTiers(c, v)
	checkMilestones(c, v)
	checkGate(c, v)
	p.checkScope(c, v.Scope)
	checkWeights(c, v)
}

// checkParts reports parts that a method needs and lacks, and parts that it would ignore.
func checkParts(c *checker, v Version) {
	method := v.Method.Value
	for _, part := range []struct {
		name  string
		given bool
		used  bool
	}{
		{"rate", v.Rate.Given(), method == flat || method == milestone},
		{"unit_amount", v.UnitAmount.Given(), method == perUnit},
		{"tiers", len(v.Tiers) > 0, method == marginal || method == retroactive},
		{"milestones", len(v.Milestones) > 0, method == milestone},
	} {
		if part.used && !part.given {
			c.add(v.At, "", "a %s version needs %s", method, part.name)
		}
		if part.given && !part.used {
			c.add(v.At, "remove it, or choose another method", "a %s version does not use %s", method, part.name)
		}
	}
	if method != milestone && v.Gate.At.Line > 0 {
		c.add(v.Gate.At, "only milestone versions have a gate", "a %s version does not use gate", method)
	}
	if method != milestone && v.CreditedRole.Value != "" {
		c.add(v.CreditedRole.Pos, "only milestone versions have it", "a %s version does not use credited_role", method)
	}
	if (method == perUnit) != (v.basis() == units) {
		c.add(v.At, "per_unit goes with basis units, and no other method does", "method %s does not go with basis %s", method, v.basis())
	}
	if method == milestone && v.Basis.Value != "" && v.Basis.Value != bookings {
		c.add(v.Basis.Pos, "leave basis out", "a milestone version pays on the deal's amount")
	}
	c.fits("rate", v.Rate, 18, 9)
	c.fits("unit_amount", v.UnitAmount, 18, 4)
	if v.Rate.Sign() < 0 || v.UnitAmount.Sign() < 0 {
		c.add(v.At, "", "a rate or amount cannot be negative")
	}
}

func checkTiers(c *checker, v Version) {
	for i, t := range v.Tiers {
		c.fits("the tier's limit", t.From, 18, 2)
		c.fits("the tier's rate", t.Rate, 18, 9)
		if t.Rate.Sign() < 0 {
			c.add(t.Rate.Pos, "", "a rate cannot be negative")
		}
		if i == 0 && t.From.Sign() != 0 {
			c.add(t.At, "begin with {from: 0, rate: 0%}", "gap: the first tier begins at %s, not at 0", money(t.From))
		}
		if i > 0 && t.From.Rat().Cmp(v.Tiers[i-1].From.Rat()) <= 0 {
			c.add(t.At, "sort the tiers by from", "tier %d begins at %s, not above tier %d", i+1, money(t.From), i)
		}
		if !t.To.Given() {
			continue
		}
		if i == len(v.Tiers)-1 {
			c.add(t.To.Pos, "leave out to: the top tier has no end", "gap: no tier holds a base of %s and more", money(t.To))
			continue
		}
		switch next := v.Tiers[i+1].From; t.To.Rat().Cmp(next.Rat()) {
		case -1:
			c.add(t.To.Pos, "a tier ends where the next one begins; to may be left out", "gap between %s and %s", money(t.To), money(next))
		case 1:
			c.add(t.To.Pos, "a tier ends where the next one begins; to may be left out", "overlap between %s and %s", money(next), money(t.To))
		}
	}
}

func money(d Decimal) string { return d.Rat().FloatString(2) }

func checkMilestones(c *checker, v Version) {
	seen, sum := map[string]bool{}, new(big.Rat)
	for _, m := range v.Milestones {
		c.oneOf("milestone", m.Milestone, "deal_created", "closed_won")
		c.fits("the share", m.Share, 9, 6)
		if seen[m.Milestone.Value] {
			c.add(m.At, "", "milestone %q is given twice", m.Milestone)
		}
		if m.Share.Given() && m.Share.Sign() <= 0 {
			c.add(m.Share.Pos, "", "a share must be above 0")
		}
		seen[m.Milestone.Value] = true
		sum.Add(sum, m.Share.Rat())
	}
	if len(v.Milestones) > 0 && sum.Cmp(big.NewRat(1, 1)) != 0 {
		c.add(v.Milestones[0].At, "", "the shares of the milestones sum to %s, not to 1", sum.FloatString(4))
	}
}

func checkGate(c *checker, v Version) {
	g := v.Gate
	c.oneOf("no_lead", g.NoLead, "pass", "fail")
	c.fits("sla_miss_factor", g.SLAMissFactor, 9, 6)
	if g.SLAMissFactor.Sign() < 0 || g.SLAMissFactor.Rat().Cmp(big.NewRat(1, 1)) > 0 {
		c.add(g.SLAMissFactor.Pos, "0 pays nothing, 1 pays in full", "sla_miss_factor lies between 0 and 1")
	}
	c.names("required field", g.RequiredFields)
	for _, f := range g.RequiredFields {
		c.known("required field", f, RequiredFields(), "")
	}
	c.names("certification", g.Certifications)
}

func (p *Program) checkScope(c *checker, s Scope) {
	for _, t := range s.PartnerTypes {
		c.known("partner type", t, texts(p.Taxonomy.PartnerTypes), "taxonomy.yaml")
	}
	for _, t := range s.ProgramTiers {
		c.known("program tier", t, texts(p.Taxonomy.ProgramTiers), "taxonomy.yaml")
	}
	for _, d := range s.dimensions() {
		c.names(d.name, d.values)
	}
}

type dimension struct {
	name   string
	values []diag.Text
}

func (s Scope) dimensions() []dimension {
	return []dimension{
		{"partner", s.Partners}, {"partner_type", s.PartnerTypes}, {"program_tier", s.ProgramTiers},
		{"region", s.Regions}, {"product_line", s.ProductLines},
	}
}

func checkWeights(c *checker, v Version) {
	if len(v.QuarterWeights) == 0 {
		return
	}
	at := v.QuarterWeights[0].Pos
	if v.period() != "year" {
		c.add(at, "remove them, or set period: year", "only a yearly program has quarter_weights")
	}
	if len(v.QuarterWeights) != 4 {
		c.add(at, "four numbers, one per fiscal quarter", "quarter_weights has %d numbers", len(v.QuarterWeights))
	}
	sum := new(big.Rat)
	for i, w := range v.QuarterWeights {
		c.fits(fmt.Sprintf("weight %d", i+1), w, 9, 6)
		if w.Sign() < 0 {
			c.add(w.Pos, "", "a weight cannot be negative")
		}
		sum.Add(sum, w.Rat())
	}
	if sum.Sign() == 0 {
		c.add(at, "", "the weights sum to 0")
	}
}
