package recompute

import (
	"slices"
)

// calc is one computation: the data, and what is looked up in it again and again.
type calc struct {
	data     *Data
	clock    *clock
	business business
	people   *people
	fx       *exchange
	ladder   *ranks
	voidLoss []string
	newLogo  []string
	mapped   map[string]bool

	deals     map[string]*deal
	dealOrder []*deal
	regs      []*registration
	leads     map[string]*Lead
	byLead    map[string][]LeadAssignment
	units     []unit
	lines     []line
	out       []Row
}

// Compute gives every row of the six results, in the order of their keys.
func Compute(d *Data) ([]Row, error) {
	c, err := newCalc(d)
	if err != nil {
		return nil, err
	}
	c.response()
	c.conversion()
	c.velocity()
	c.revenue()
	c.activation()
	c.accruals()
	c.sources()
	Sort(c.out)
	return c.out, nil
}

func newCalc(d *Data) (*calc, error) {
	clock, err := newClock(d)
	if err != nil {
		return nil, err
	}
	c := &calc{
		data: d, clock: clock, business: newBusiness(d.Openings), people: newPeople(d), fx: newExchange(d), ladder: newRanks(d.Stages),
		mapped: map[string]bool{}, leads: map[string]*Lead{}, byLead: map[string][]LeadAssignment{},
	}
	for _, r := range d.VoidLossReasons {
		c.voidLoss = append(c.voidLoss, r.Reason)
	}
	for _, t := range d.NewLogoTypes {
		c.newLogo = append(c.newLogo, t.OrderType)
	}
	for _, m := range d.Mapped {
		c.mapped[m.Entity] = true
		c.mapped[m.Entity+"."+m.Field] = true
	}
	for i := range d.Leads {
		c.leads[d.Leads[i].LeadID] = &d.Leads[i]
	}
	for _, a := range d.Assignments {
		c.byLead[a.LeadID] = append(c.byLead[a.LeadID], a)
	}
	for _, list := range c.byLead {
		slices.SortFunc(list, byAssignment)
	}
	c.loadDeals()
	c.loadLines()
	c.loadUnits()
	return c, nil
}
