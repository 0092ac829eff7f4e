package program

import (
	"regexp"

	"github.com/tributary-data/tributary/schemas/diag"
)

// FX is fx.yaml: which rates convert money, and rates by hand.
type FX struct {
	Kind            diag.Text  `yaml:"kind"`
	MaxAgeDays      *int       `yaml:"max_age_days"`
	DefaultCurrency diag.Text  `yaml:"default_currency"`
	Rates           []FXManual `yaml:"rates"`
}

// FXManual is a rate that is entered by hand.
type FXManual struct {
	At   diag.Pos
	Date Date      `yaml:"date,required"`
	From diag.Text `yaml:"from,required"`
	To   diag.Text `yaml:"to,required"`
	Rate Decimal   `yaml:"rate,required"`
	Kind diag.Text `yaml:"kind"`
}

const defaultFXKind = "closing"

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func (c *checker) currency(code diag.Text) {
	if code.Value != "" && !currencyCode.MatchString(code.Value) {
		c.add(code.Pos, "three capital letters, such as EUR", "%q is no currency", code)
	}
}

func (f FX) kindOf(rate FXManual) string {
	if rate.Kind.Value != "" {
		return rate.Kind.Value
	}
	return f.kind()
}

func (f FX) kind() string {
	if f.Kind.Value != "" {
		return f.Kind.Value
	}
	return defaultFXKind
}

func (p *Program) checkFX(c *checker) {
	f := &p.FX
	c.currency(f.DefaultCurrency)
	if f.MaxAgeDays != nil && *f.MaxAgeDays < 0 {
		c.add(diag.Pos{}, "a number of days, or leave it out", "max_age_days cannot be %d", *f.MaxAgeDays)
	}
	seen := map[string]int{}
	for _, r := range f.Rates {
		c.currency(r.From)
		c.currency(r.To)
		if r.Rate.Given() && r.Rate.Sign() <= 0 {
			c.add(r.Rate.Pos, "", "a rate must be above 0")
		}
		c.fits("the rate", r.Rate, 18, 9)
		if r.From.Value == r.To.Value && r.From.Value != "" {
			c.add(r.At, "", "a rate from %s to itself", r.From)
		}
		key := r.Date.String() + r.From.Value + r.To.Value + f.kindOf(r)
		if line, twice := seen[key]; twice {
			c.add(r.At, "keep one", "the rate from %s to %s on %s is given twice, first on line %d", r.From, r.To, r.Date, line)
		} else {
			seen[key] = r.At.Line
		}
	}
}
