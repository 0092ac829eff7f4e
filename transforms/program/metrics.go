package program

import (
	"github.com/tributary-data/tributary/schemas/diag"
)

// Metrics is metrics.yaml: the windows and limits inside the metrics' formulas.
type Metrics struct {
	RestrictedMean Duration   `yaml:"restricted_mean"`
	Maturity       Maturity   `yaml:"maturity"`
	Activation     Activation `yaml:"activation"`
}

// Maturity says when a cohort is old enough to be judged.
type Maturity struct {
	At           diag.Pos
	MinDays      *int `yaml:"min_days"`
	TrailingDays *int `yaml:"trailing_days"`
}

// Activation says when a partner counts as active.
type Activation struct {
	At            diag.Pos
	RevenueMonths *int `yaml:"revenue_months"`
	Days          *int `yaml:"days"`
}

func (p *Program) checkMetrics(c *checker) {
	m := &p.Metrics
	for _, limit := range []struct {
		name  string
		at    diag.Pos
		value *int
	}{
		{"maturity.min_days", m.Maturity.At, m.Maturity.MinDays}, {"maturity.trailing_days", m.Maturity.At, m.Maturity.TrailingDays},
		{"activation.revenue_months", m.Activation.At, m.Activation.RevenueMonths}, {"activation.days", m.Activation.At, m.Activation.Days},
	} {
		if limit.value != nil && *limit.value < 1 {
			c.add(limit.at, "a number from 1", "%s cannot be %d", limit.name, *limit.value)
		}
	}
}

func or(value *int, standard int) int {
	if value == nil {
		return standard
	}
	return *value
}
