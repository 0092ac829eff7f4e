package program

import (
	"github.com/tributary-data/tributary/schemas/diag"
)

// Response is response.yaml: who owes an answer how fast, and what follows from misses.
type Response struct {
	Clock          diag.Text   `yaml:"clock"`
	Policies       []Policy    `yaml:"policies"`
	Void           Void        `yaml:"void"`
	AffiliateTypes []diag.Text `yaml:"affiliate_types"`
	Ladder         []Ladder    `yaml:"ladder"`
}

// Policy is a response SLA of a board, for all partners or those of a type or tier, while it is valid.
type Policy struct {
	At          diag.Pos
	ID          diag.Text `yaml:"policy,required"`
	Direction   diag.Text `yaml:"direction,required"`
	PartnerType diag.Text `yaml:"partner_type"`
	ProgramTier diag.Text `yaml:"program_tier"`
	ValidFrom   Date      `yaml:"valid_from"`
	ValidTo     Date      `yaml:"valid_to"`
	SLA         Duration  `yaml:"sla,required"`
	Alert       Duration  `yaml:"alert"`
	Clock       diag.Text `yaml:"clock"`
}

// Void lists the reasons that take an unanswered unit out of the SLA when they end it before its deadline.
type Void struct {
	Closed     []diag.Text `yaml:"closed"`
	Unassigned []diag.Text `yaml:"unassigned"`
}

// Ladder is what misses in a fiscal quarter lead to.
type Ladder struct {
	At          diag.Pos
	PartnerType diag.Text `yaml:"partner_type"`
	ProgramTier diag.Text `yaml:"program_tier"`
	ValidFrom   Date      `yaml:"valid_from"`
	ValidTo     Date      `yaml:"valid_to"`
	Steps       []Step    `yaml:"steps,required"`
}

// Step is a state reached at a number of misses.
type Step struct {
	At     diag.Pos
	Misses int       `yaml:"misses,required"`
	State  diag.Text `yaml:"state,required"`
}

const (
	elapsed  = "elapsed"
	business = "business"
)

// Directions are the three boards of response times.
func Directions() []string { return []string{"vendor_to_partner", "partner_to_vendor", "affiliate"} }

func (p *Program) checkResponse(c *checker) {
	r := &p.Response
	c.oneOf("clock", r.Clock, elapsed, business)
	var rows []spell
	for _, s := range r.Policies {
		c.oneOf("direction", s.Direction, Directions()...)
		c.oneOf("clock", s.Clock, elapsed, business)
		p.checkPartnerKind(c, s.PartnerType, s.ProgramTier)
		if s.SLA.Seconds > 0 && s.Alert.Seconds > s.SLA.Seconds {
			c.add(s.Alert.Pos, "an alert comes before the limit", "the alert of %q comes after its SLA", s.ID)
		}
		rows = append(rows, spell{s.At, s.Direction.Value + "\n" + s.PartnerType.Value + "\n" + s.ProgramTier.Value, s.ValidFrom, s.ValidTo})
	}
	c.spells("this policy", rows)
	rows = nil
	for _, l := range r.Ladder {
		p.checkPartnerKind(c, l.PartnerType, l.ProgramTier)
		checkSteps(c, l)
		rows = append(rows, spell{l.At, l.PartnerType.Value + "\n" + l.ProgramTier.Value, l.ValidFrom, l.ValidTo})
	}
	c.spells("this ladder", rows)
	for _, t := range r.AffiliateTypes {
		c.known("partner type", t, texts(p.Taxonomy.PartnerTypes), "taxonomy.yaml")
	}
}

func (p *Program) checkPartnerKind(c *checker, kind, tier diag.Text) {
	c.known("partner type", kind, texts(p.Taxonomy.PartnerTypes), "taxonomy.yaml")
	c.known("program tier", tier, texts(p.Taxonomy.ProgramTiers), "taxonomy.yaml")
}

func checkSteps(c *checker, l Ladder) {
	last := 0
	for _, s := range l.Steps {
		if s.Misses <= last {
			c.add(s.At, "begin at 1 and go up", "a step at %d misses does not come after one at %d", s.Misses, last)
		}
		last = s.Misses
		if s.State.Value == "none" || s.State.Value == "unconfigured" || s.State.Value == "" {
			c.add(s.At, "these words say that there is no state", "a step cannot be called %q", s.State)
		}
	}
	if len(l.Steps) == 0 {
		c.add(l.At, "steps: [{misses: 1, state: flag}]", "the ladder has no steps")
	}
}

func (r Response) clockOf(s Policy) string {
	for _, word := range []string{s.Clock.Value, r.Clock.Value} {
		if word != "" {
			return word
		}
	}
	return elapsed
}
