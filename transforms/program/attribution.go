package program

import (
	"github.com/tributary-data/tributary/schemas/diag"
)

// Attribution is attribution.yaml: who is credited with a deal, and which deals count.
type Attribution struct {
	SourcedSplits     bool        `yaml:"sourced_splits"`
	LockWhenMissing   diag.Text   `yaml:"lock_when_missing"`
	NewLogoOrderTypes []diag.Text `yaml:"new_logo_order_types"`
	VoidLossReasons   []diag.Text `yaml:"void_loss_reasons"`
}

func (p *Program) checkAttribution(c *checker) {
	c.oneOf("lock_when_missing", p.Attribution.LockWhenMissing, "none", "created_at")
}
