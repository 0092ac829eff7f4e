package recompute

import (
	"cmp"
	"math/big"
	"slices"
	"time"
)

// The exclusive classes of a deal (3.4).
const (
	sourced      = "sourced"
	influenced   = "influenced"
	unattributed = "unattributed"
	direct       = "direct"
)

const (
	won  = "won"
	lost = "lost"
	void = "void"
)

// credit is an attribution row with the moment it was locked; the zero time when it was not, or too late.
type credit struct {
	*DealPartner
	locked time.Time
}

// registration is a deal registration with the reason why it does not count.
type registration struct {
	*DealRegistration
	out string
}

// deal is a deal with what hangs on it.
type deal struct {
	*Deal
	out     string          // deleted, test or merged
	regs    []*registration // that count, earliest first
	rows    []credit        // every attribution row that is not deleted
	locked  []credit        // those that give credit, oldest lock first
	class   string
	partner string // whose deal: an id, "" for none, "?" for one that nobody knows
	stages  []DealStage
}

// nobody stands for a partner of which only is known that there is one.
const nobody = "?"

func (d *deal) closed() bool { return !d.ClosedAt.IsZero() }

func (d *deal) won() bool { return d.Outcome == won && d.closed() }

// first is the earliest registration that is no duplicate; nil without one.
func (d *deal) first() *registration {
	if len(d.regs) == 0 {
		return nil
	}
	return d.regs[0]
}

// commonly is the first of the exclusions that all metrics share.
func commonly(deleted, test bool, mergedInto string) string {
	switch {
	case deleted:
		return "deleted"
	case test:
		return "test"
	case mergedInto != "":
		return "merged"
	}
	return ""
}

func (c *calc) loadDeals() {
	c.deals = map[string]*deal{}
	for i := range c.data.Deals {
		d := &c.data.Deals[i]
		c.deals[d.DealID] = &deal{Deal: d, out: commonly(d.Deleted, d.Test || c.people.test(d.PartnerID), d.MergedInto)}
		c.dealOrder = append(c.dealOrder, c.deals[d.DealID])
	}
	for i := range c.data.Registrations {
		r := &registration{DealRegistration: &c.data.Registrations[i]}
		r.out = commonly(r.Deleted, r.Test || c.people.test(r.PartnerID), r.MergedInto)
		if r.out == "" && r.DuplicateOf != "" {
			r.out = "duplicate"
		}
		c.regs = append(c.regs, r)
		if d := c.deals[r.DealID]; d != nil && r.out == "" {
			d.regs = append(d.regs, r)
		}
	}
	for i := range c.data.DealPartners {
		row := &c.data.DealPartners[i]
		if d := c.deals[row.DealID]; d != nil && !row.Deleted {
			d.rows = append(d.rows, credit{row, c.lock(d, row)})
		}
	}
	for _, s := range c.data.DealStages {
		if d := c.deals[s.DealID]; d != nil && !s.Deleted {
			s.Motion = or(s.Motion, d.Motion)
			d.stages = append(d.stages, s)
		}
	}
	for _, d := range c.dealOrder {
		c.finish(d)
	}
}

// lock is when a row was locked: the later of its creation and its lock, unless that came after the close.
func (c *calc) lock(d *deal, row *DealPartner) time.Time {
	at := row.LockedAt
	if at.IsZero() && c.data.Param.LockWhenMissing == "created_at" {
		at = row.CreatedAt
	}
	if at.IsZero() {
		return at
	}
	if row.CreatedAt.After(at) {
		at = row.CreatedAt
	}
	if d.closed() && at.After(d.ClosedAt) {
		return time.Time{}
	}
	return at
}

func (c *calc) finish(d *deal) {
	slices.SortFunc(d.regs, func(a, b *registration) int {
		return cmp.Or(a.SubmittedAt.Compare(b.SubmittedAt), cmp.Compare(a.RegistrationID, b.RegistrationID))
	})
	slices.SortFunc(d.stages, func(a, b DealStage) int {
		return cmp.Or(a.EnteredAt.Compare(b.EnteredAt), cmp.Compare(sequence(a), sequence(b)), cmp.Compare(a.DealStageID, b.DealStageID))
	})
	for _, r := range d.rows {
		if !r.locked.IsZero() {
			d.locked = append(d.locked, r)
		}
	}
	slices.SortFunc(d.locked, func(a, b credit) int {
		return cmp.Or(a.locked.Compare(b.locked), cmp.Compare(a.DealPartnerID, b.DealPartnerID))
	})
	if !c.data.Param.SourcedSplits {
		d.locked = oneSourced(d.locked)
	}
	d.class, d.partner = classOf(d), whose(d)
}

func sequence(s DealStage) int64 {
	if s.Sequence == nil {
		return 0
	}
	return *s.Sequence
}

// oneSourced keeps the oldest lock of the sourced rows: "the oldest lock has it all".
func oneSourced(locked []credit) []credit {
	seen := false
	return slices.DeleteFunc(slices.Clone(locked), func(r credit) bool {
		drop := r.Role == sourced && seen
		seen = seen || r.Role == sourced
		return drop
	})
}

func (d *deal) withRole(role string) []credit {
	return slices.DeleteFunc(slices.Clone(d.locked), func(r credit) bool { return r.Role != role })
}

func classOf(d *deal) string {
	switch {
	case len(d.withRole(sourced)) > 0:
		return sourced
	case len(d.withRole(influenced)) > 0:
		return influenced
	case d.PartnerID != "" || len(d.regs) > 0 || len(d.rows) > 0 || d.RouteToMarket == "channel" || d.RouteToMarket == "hybrid":
		return unattributed
	}
	return direct
}

// whose is the one partner that a deal is shown under.
func whose(d *deal) string {
	for _, role := range []string{sourced, influenced} {
		if rows := d.withRole(role); len(rows) > 0 {
			return or(primary(rows).PartnerID, nobody)
		}
	}
	switch {
	case d.PartnerID != "":
		return d.PartnerID
	case len(d.regs) > 0:
		return or(d.regs[0].PartnerID, nobody)
	case len(d.rows) > 0:
		return nobody
	}
	return ""
}

// primary is the row with the largest share, then the oldest lock, then the row id. Rows come oldest lock first.
func primary(rows []credit) credit {
	best := rows[0]
	for _, r := range rows[1:] {
		if less(pct(best), pct(r)) {
			best = r
		}
	}
	return best
}

// pct is a share in percent; none stated is no weight.
func pct(r credit) *big.Rat {
	if r.Pct == nil {
		return new(big.Rat)
	}
	return r.Pct
}

// weighable says whether a deal's shares can be used as weights: none outside 0..100 and no more than 100 together.
func (d *deal) weighable() bool {
	sum := new(big.Rat)
	for _, r := range d.locked {
		if pct(r).Sign() < 0 || less(whole(100), pct(r)) {
			return false
		}
		sum.Add(sum, pct(r))
	}
	return !less(whole(100), sum)
}

func (d *deal) route() string {
	if d.class == direct {
		return direct
	}
	return "partner"
}

// motionAt is the motion of the last stage row up to an instant; before any it is the deal's own.
func (d *deal) motionAt(t time.Time) string {
	motion := d.Motion
	for _, s := range d.stages {
		if s.EnteredAt.After(t) {
			break
		}
		motion = s.Motion
	}
	return or(motion, unknown)
}

// dealDims are the dims of a deal, under a partner, at an instant.
func (c *calc) dealDims(d *deal, partner string, t time.Time) dims {
	return c.people.dims(partner, t).with("motion", d.motionAt(t), "route", d.route())
}

// voided says whether there was no deal to win.
func (c *calc) voided(d *deal) bool {
	return d.Outcome == void || d.Outcome == lost && slices.Contains(c.voidLoss, d.LossReason)
}
