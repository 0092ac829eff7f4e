package program

import (
	"github.com/tributary-data/tributary/schemas/diag"
)

// Taxonomy is taxonomy.yaml: the words that data and rules may use.
type Taxonomy struct {
	PartnerTypes []diag.Text `yaml:"partner_types"`
	ProgramTiers []diag.Text `yaml:"program_tiers"` // lowest first
}

func (p *Program) checkTaxonomy(c *checker) {
	c.names("partner type", p.Taxonomy.PartnerTypes)
	c.names("program tier", p.Taxonomy.ProgramTiers)
}

// Accepted is the lists that contracts take their accepted values from, by name.
func (p *Program) Accepted() map[string][]string {
	motions, stages := []string{}, []string{}
	for _, m := range p.Motions.Motions {
		motions = append(motions, m.Motion.Value)
		for _, s := range m.Stages {
			if !contains(stages, s.Stage.Value) {
				stages = append(stages, s.Stage.Value)
			}
		}
	}
	return map[string][]string{
		"partner_types": texts(p.Taxonomy.PartnerTypes),
		"program_tiers": texts(p.Taxonomy.ProgramTiers),
		"motions":       motions,
		"stages":        stages,
	}
}
