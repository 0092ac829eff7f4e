package program

import (
	"github.com/tributary-data/tributary/schemas/diag"
)

// Adjustments is adjustments.yaml: what people decide about accruals by hand.
type Adjustments struct {
	Adjustments []Adjustment `yaml:"adjustments"`
	Overrides   []Override   `yaml:"overrides"`
}

// Adjustment is an amount that is added to what a partner is owed.
type Adjustment struct {
	At         diag.Pos
	Program    diag.Text `yaml:"program,required"`
	Partner    diag.Text `yaml:"partner,required"`
	Date       Date      `yaml:"date,required"`
	Amount     Decimal   `yaml:"amount,required"`
	Currency   diag.Text `yaml:"currency"`
	Reason     diag.Text `yaml:"reason,required"`
	Approved   bool      `yaml:"approved"`
	ApprovedBy diag.Text `yaml:"approved_by"`
}

// Override is a projected base of a full period that goes before the computed one.
type Override struct {
	At            diag.Pos
	Program       diag.Text `yaml:"program,required"`
	Partner       diag.Text `yaml:"partner,required"`
	PeriodStart   Date      `yaml:"period_start,required"`
	ProjectedBase Decimal   `yaml:"projected_base,required"`
	MadeOn        Date      `yaml:"made_on,required"`
	Reason        diag.Text `yaml:"reason,required"`
	Approved      bool      `yaml:"approved"`
	ApprovedBy    diag.Text `yaml:"approved_by"`
}

func (p *Program) checkAdjustments(c *checker) {
	periods := map[string]string{}
	var names []string
	for _, i := range p.Incentives.Programs {
		names = append(names, i.Program.Value)
		if len(i.Versions) > 0 {
			periods[i.Program.Value] = i.Versions[0].period()
		}
	}
	for _, a := range p.Adjustments.Adjustments {
		c.known("program", a.Program, names, "incentives.yaml")
		c.currency(a.Currency)
		c.fits("the amount", a.Amount, 18, 2)
		approval(c, a.At, a.Approved, a.ApprovedBy, a.Reason)
	}
	seen := map[string]int{}
	for _, o := range p.Adjustments.Overrides {
		c.known("program", o.Program, names, "incentives.yaml")
		c.fits("projected_base", o.ProjectedBase, 18, 2)
		approval(c, o.At, o.Approved, o.ApprovedBy, o.Reason)
		if start := p.Fiscal.starts(periods[o.Program.Value], o.PeriodStart.Day()); o.PeriodStart.Given() && start != o.PeriodStart.Day() {
			c.add(o.PeriodStart.Pos, "the period that holds this day begins "+timeOf(start).Format(dateLayout), "no period of %q begins on %s", o.Program, o.PeriodStart)
		}
		key := o.Program.Value + "\n" + o.Partner.Value + "\n" + o.PeriodStart.String() + "\n" + o.MadeOn.String()
		if line, twice := seen[key]; twice && o.Approved {
			c.add(o.At, "give the later one its own made_on", "two overrides of the same day, the first on line %d", line)
		} else if o.Approved {
			seen[key] = o.At.Line
		}
	}
}

func approval(c *checker, at diag.Pos, approved bool, by, reason diag.Text) {
	if approved && by.Value == "" {
		c.add(at, "approved_by: name", "approved, but not by whom")
	}
	if reason.Value == "" && reason.Pos.Line > 0 {
		c.add(reason.Pos, "", "the reason is empty")
	}
}
