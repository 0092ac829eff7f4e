package program

import (
	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Metrics is metrics.yaml: the windows and limits inside the metrics' formulas.
type Metrics struct {
	RestrictedMean Duration   `yaml:"restricted_mean"`
	Maturity       Maturity   `yaml:"maturity"`
	Activation     Activation `yaml:"activation"`
	Thresholds     Thresholds `yaml:"thresholds"`
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

// Threshold is a limit that models look up by name in program.threshold: a time or a number.
type Threshold struct {
	Name    string
	Seconds int64
	Number  Decimal
}

// Thresholds are limits by name; those that a file leaves out are as standard.
type Thresholds struct{ set map[string]Threshold }

// DecodeNode reads names with times or numbers.
func (t *Thresholds) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	t.set = map[string]Threshold{}
	kinds, names := map[string]Threshold{}, []string{}
	for _, s := range standardThresholds() {
		kinds[s.Name] = s
		names = append(names, s.Name)
	}
	d.Pairs(n, func(key, val *yaml.Node) {
		kind, known := kinds[key.Value]
		switch {
		case !known:
			d.Problem(key, diag.DidYouMean(key.Value, names), "unknown key %q", key.Value)
		case kind.Seconds > 0:
			var time Duration
			d.Decode(val, &time)
			t.set[key.Value] = Threshold{Name: key.Value, Seconds: time.Seconds}
		default:
			one := Threshold{Name: key.Value}
			d.Decode(val, &one.Number)
			t.set[key.Value] = one
		}
	})
}

// List is every threshold, by name.
func (t Thresholds) List() []Threshold {
	out := standardThresholds()
	for i, s := range out {
		if own, ok := t.set[s.Name]; ok {
			out[i] = own
		}
	}
	return out
}

// standardThresholds are the limits that metrics.md names beside those of the formulas above.
func standardThresholds() []Threshold {
	const hour, day = 3600, daySeconds
	return []Threshold{
		{Name: "auto_acknowledgement", Seconds: 300},
		{Name: "stalled_warn", Seconds: 72 * hour},
		{Name: "stalled_critical", Seconds: 96 * hour},
		{Name: "reengagement", Seconds: 7 * day},
		{Name: "referral_to_deal", Seconds: 24 * hour},
		{Name: "registration_decision", Seconds: 48 * hour},
		{Name: "meeting_follow_up", Seconds: 24 * hour},
		{Name: "stage_note", Seconds: 7 * day},
		{Name: "next_step", Seconds: 7 * day},
		{Name: "nurture_worked", Seconds: 3 * day},
		{Name: "slow_first_revenue", Seconds: 180 * day},
		{Name: "gone_dark", Seconds: 90 * day},
		{Name: "certificate_expiry", Seconds: 60 * day},
		{Name: "review_compliance", Number: NewDecimal(60, 100)},
		{Name: "review_conversion", Number: NewDecimal(15, 100)},
		{Name: "cam_load_warn", Number: NewDecimal(25, 1)},
		{Name: "cam_load_critical", Number: NewDecimal(80, 1)},
	}
}

func (p *Program) checkMetrics(c *checker) {
	m := &p.Metrics
	for _, t := range m.Thresholds.List() {
		c.fits(t.Name, t.Number, 18, 6)
	}
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
