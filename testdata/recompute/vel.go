package recompute

import (
	"math/big"
)

// velocity computes VEL-1, 2, 3, 5, 7 and 8.
func (c *calc) velocity() {
	var submitted, approved, allClosed, cycle []item
	for _, d := range c.dealOrder {
		if !d.closed() || d.Outcome != won && d.Outcome != lost {
			continue
		}
		base := item{at: d.ClosedAt, dims: c.dealDims(d, d.partner, d.ClosedAt), out: d.out, id: d.DealID}
		timed := func(i item, length int64) item {
			i.wait = spellTime{length, true}
			if i.out == "" && length < 0 {
				i.out = "negative_duration"
			}
			return i
		}
		if r := d.first(); r != nil {
			i := base
			if i.out == "" && r.SubmittedAt.After(d.ClosedAt) {
				i.out = "late_registered"
			}
			allClosed = append(allClosed, timed(i, seconds(r.SubmittedAt, d.ClosedAt)))
			if d.won() {
				submitted = append(submitted, timed(i, seconds(r.SubmittedAt, d.ClosedAt)))
				if r.Decision == "approved" && !r.DecidedAt.IsZero() {
					approved = append(approved, timed(i, seconds(r.DecidedAt, d.ClosedAt)))
				}
			}
		}
		if d.won() {
			cycle = append(cycle, timed(base, seconds(d.CreatedAt, d.ClosedAt)))
		}
	}
	c.medians("VEL-1", submitted, nil, dealCuts())
	c.medians("VEL-2", approved, nil, dealCuts())
	c.medians("VEL-3", allClosed, nil, dealCuts())
	c.medians("VEL-7", cycle, []string{"route"}, []string{"partner", "partner_type", "program_tier", "motion", "region"})
	c.againstDirect(cycle)
	c.dwell()
}

// medians computes the two variants of a metric of durations.
func (c *calc) medians(id string, items []item, always, cuts []string) {
	for _, v := range []struct {
		name string
		p    *big.Rat
	}{{".median", big.NewRat(1, 2)}, {".p90", big.NewRat(9, 10)}} {
		m := metric{id: id + v.name, unit: inSeconds, always: always, cuts: cuts, grains: allGrains(), few: true}
		c.rows(m, items, func(g *group, r *Row) {
			_, lengths := g.waits()
			r.Value = quantile(lengths, v.p)
		})
	}
}

// againstDirect computes VEL-8: the median of the partners' deals over that of all direct deals of the same period.
func (c *calc) againstDirect(cycle []item) {
	lengths := map[string][]int64{}
	var partners []item
	for _, i := range cycle {
		if i.dims["route"] != direct {
			partners = append(partners, i)
		} else if i.out == "" {
			for _, grain := range allGrains() {
				key := grain + c.clock.start(grain, i.at)
				lengths[key] = append(lengths[key], i.wait.seconds)
			}
		}
	}
	m := metric{id: "VEL-8", unit: inRatio, cuts: []string{"partner", "partner_type", "program_tier", "motion", "region"}, grains: allGrains(), few: true}
	c.rows(m, partners, func(g *group, r *Row) {
		_, own := g.waits()
		r.Numerator, r.Denominator = median(own), median(lengths[g.grain+g.start])
		r.Value = over(r.Numerator, r.Denominator)
		if r.Value != nil && r.N < c.data.Param.MinN {
			r.Value, r.Status = nil, lowN
		}
	})
}

// dwell computes VEL-5: Kaplan–Meier over the summed stays of a deal in a stage.
func (c *calc) dwell() {
	var items []item
	for _, d := range c.dealOrder {
		for _, e := range c.exposures(d) {
			for k := range e.stages {
				if e.visited(k) {
					items = append(items, c.stayItem(e, k))
				}
			}
		}
	}
	for _, v := range []struct {
		name string
		part int64
	}{{".median", 2}, {".p90", 10}} {
		m := metric{id: "VEL-5" + v.name, unit: inSeconds, always: []string{"motion", "stage"}, grains: allGrains(), few: true}
		m.cuts = []string{"partner", "partner_type", "program_tier", "region", "route"}
		c.rows(m, items, func(g *group, r *Row) {
			all, ended := g.waits()
			r.NCensored = int64(len(all) - len(ended))
			if len(all) == 0 {
				return
			}
			if r.Value, r.LowerBound = survivalQuantile(all, v.part); r.Value == nil {
				r.Status = notReached
			}
		})
	}
}

func (c *calc) stayItem(e *exposure, k int) item {
	i := c.stepItem(e, e.firstVisit(k), e.stages[k].Stage)
	i.wait.ended = true
	for _, v := range e.visits {
		if v.place != k {
			continue
		}
		end := v.end
		if end.IsZero() {
			end, i.wait.ended = c.clock.asOf, false
		}
		length := seconds(v.entered, end)
		if length < 0 && i.out == "" {
			i.out = "negative_duration"
		}
		i.wait.seconds += length
	}
	return i
}
