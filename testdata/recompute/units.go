package recompute

import (
	"cmp"
	"slices"
	"time"
)

// The three boards of response times.
const (
	toPartner = "vendor_to_partner"
	toVendor  = "partner_to_vendor"
	affiliate = "affiliate"
)

// The states of a unit under its SLA.
const (
	met          = "met"
	breached     = "breached"
	breachedOpen = "breached_open"
	pending      = "pending"
)

// unit is one answer that somebody owes: an assignment to a partner, a lead that the vendor was handed, an affiliate lead.
type unit struct {
	id, lead  string
	board     string
	partner   string
	start     time.Time
	end       time.Time // of the turn; zero while it runs
	voids     bool      // the end is one that takes an unanswered unit out
	ack, resp time.Time
	out       string
	calendar  string
	policy    *SLAPolicy
	state     string // "" without a policy or the calendar it needs
	why       string // why there is no state
	deadline  time.Time
	dims      dims
}

func byAssignment(a, b LeadAssignment) int {
	return cmp.Or(a.AssignedAt.Compare(b.AssignedAt), cmp.Compare(a.AssignmentID, b.AssignmentID))
}

// loadUnits makes the units of every board.
func (c *calc) loadUnits() {
	acts, enrolled := map[string][]Activity{}, map[string][]time.Time{}
	for _, a := range c.data.Activities {
		if !a.Deleted && a.ActorType == "human" && a.LeadID != "" {
			acts[a.LeadID] = append(acts[a.LeadID], a)
		}
	}
	for _, e := range c.data.Enrollments {
		if !e.Deleted {
			enrolled[e.LeadID] = append(enrolled[e.LeadID], e.EnrolledAt)
		}
	}
	for i := range c.data.Leads {
		l := &c.data.Leads[i]
		for _, u := range c.unitsOf(l) {
			if u.start.IsZero() {
				continue
			}
			c.answers(&u, l, acts[l.LeadID], enrolled[l.LeadID])
			u.dims = c.people.dims(u.partner, u.start).with("direction", u.board)
			c.calendarOf(&u)
			c.judge(&u)
			c.units = append(c.units, u)
		}
	}
}

// unitsOf are the units of a lead, without their answers yet.
func (c *calc) unitsOf(l *Lead) []unit {
	out := commonly(l.Deleted, l.Test || c.people.test(l.PartnerID), l.MergedInto)
	turns := slices.DeleteFunc(slices.Clone(c.byLead[l.LeadID]), func(a LeadAssignment) bool { return a.Deleted })
	closes, voids := l.ClosedAt, c.voidReason("closed", l.ClosedReason)
	lone := unit{id: l.LeadID, lead: l.LeadID, board: l.Direction, partner: l.PartnerID, end: closes, voids: voids, out: out}
	switch l.Direction {
	case toVendor:
		lone.start = l.SubmittedAt
		return []unit{lone}
	case affiliate:
		lone.start = l.ReceivedAt
		for _, a := range turns {
			if lone.partner == "" {
				lone.partner = a.PartnerID
			}
		}
		return []unit{lone}
	case toPartner:
	default:
		return nil
	}
	if len(c.byLead[l.LeadID]) == 0 {
		lone.start = l.AssignedAt
		return []unit{c.affiliated(lone, l)}
	}
	var units []unit
	for _, a := range c.byLead[l.LeadID] {
		if a.PartnerID == "" {
			continue // inside the vendor: no partner owes anything
		}
		u := unit{id: a.AssignmentID, lead: l.LeadID, board: toPartner, partner: a.PartnerID, start: a.AssignedAt}
		u.out = commonly(l.Deleted || a.Deleted, l.Test || c.people.test(l.PartnerID) || c.people.test(a.PartnerID), l.MergedInto)
		u.end, u.voids = c.turnEnd(a, turns, closes, voids)
		units = append(units, c.affiliated(u, l))
	}
	return units
}

// affiliated puts what is given to a partner of an affiliate type on the affiliates' board, where the clock starts when the lead comes in.
func (c *calc) affiliated(u unit, l *Lead) unit {
	kind := c.people.dims(u.partner, u.start)["partner_type"]
	if slices.ContainsFunc(c.data.AffiliateTypes, func(a AffiliateType) bool { return a.PartnerType == kind }) {
		u.board, u.start = affiliate, l.ReceivedAt
	}
	return u
}

// turnEnd is the first of a turn's ends, and whether that one voids. At one moment what is said about the turn itself decides.
func (c *calc) turnEnd(a LeadAssignment, turns []LeadAssignment, closes time.Time, voids bool) (time.Time, bool) {
	var next time.Time
	for i, t := range turns {
		if t.AssignmentID == a.AssignmentID && i+1 < len(turns) {
			next = turns[i+1].AssignedAt
		}
	}
	end := earliest(a.UnassignedAt, a.ExpiredAt, next, closes)
	switch {
	case end.IsZero():
		return end, false
	case end.Equal(a.UnassignedAt):
		return end, c.voidReason("unassigned", or(a.UnassignReason, "unassigned"))
	case end.Equal(a.ExpiredAt):
		return end, false
	case end.Equal(next):
		return end, true
	}
	return end, voids
}

func (c *calc) voidReason(scope, reason string) bool {
	return slices.ContainsFunc(c.data.VoidReasons, func(v VoidReason) bool { return v.Scope == scope && v.Reason == reason })
}

// answers finds the acknowledgement and the response of a unit.
func (c *calc) answers(u *unit, l *Lead, acts []Activity, enrolled []time.Time) {
	acked, accepted, rejected := l.AcknowledgedAt, l.AcceptedAt, rejection(l.RejectedAt, l.RejectReason)
	if u.id != l.LeadID {
		for _, a := range c.byLead[l.LeadID] {
			if a.AssignmentID == u.id {
				acked, accepted, rejected = a.AcknowledgedAt, a.AcceptedAt, rejection(a.RejectedAt, a.RejectReason)
			}
		}
	}
	for _, t := range []time.Time{acked, accepted, rejected} {
		if !t.IsZero() && t.Before(u.start) && u.out == "" {
			u.out = "negative_duration"
		}
	}
	if !u.end.IsZero() && u.end.Before(u.start) && u.out == "" {
		u.out = "negative_duration"
	}
	within := func(t time.Time) bool {
		return !t.IsZero() && !t.Before(u.start) && (u.end.IsZero() || !t.After(u.end))
	}
	answer := func(t time.Time, stopsResponse bool) {
		if !within(t) {
			return
		}
		u.ack = earliest(u.ack, t)
		if stopsResponse {
			u.resp = earliest(u.resp, t)
		}
	}
	answer(acked, false)
	answer(accepted, true)
	answer(rejected, true)
	if len(acts) == 0 {
		answer(l.FirstContactAt, true)
	}
	if u.board == toVendor {
		for _, a := range c.byLead[l.LeadID] {
			if !a.Deleted && a.PartnerID == "" {
				answer(a.AcknowledgedAt, false)
				answer(a.AcceptedAt, true)
				answer(rejection(a.RejectedAt, a.RejectReason), true)
			}
		}
	}
	for _, a := range acts {
		if c.owes(u, a) {
			if counts, stops := kindOfAnswer(a); counts {
				answer(a.OccurredAt, stops)
			}
		}
	}
	if u.board == affiliate {
		for _, t := range enrolled {
			answer(t, true)
		}
	}
}

// rejection is when a lead was rejected with a reason: without one it is no answer.
func rejection(at time.Time, reason string) time.Time {
	if reason == "" {
		return time.Time{}
	}
	return at
}

// owes says whether an activity is by the side that owes the answer; of an affiliate lead either side may give it.
func (c *calc) owes(u *unit, a Activity) bool {
	switch u.board {
	case toVendor:
		return a.Party == "vendor"
	case affiliate:
		return a.Party == "vendor" || a.Party == "partner"
	}
	return a.Party == "partner" && (a.PartnerID == "" || c.people.survivor(a.PartnerID) == c.people.survivor(u.partner))
}

// kindOfAnswer says whether an activity acknowledges, and whether it also is a response.
func kindOfAnswer(a Activity) (counts, stopsResponse bool) {
	switch a.Type {
	case "acknowledge":
		return true, false
	case "accept", "call", "email", "meeting", "message":
		return true, true
	case "reject":
		return a.Reason != "", a.Reason != ""
	}
	return false, false
}

// calendarOf finds the calendar that a unit's business time runs in.
func (c *calc) calendarOf(u *unit) {
	u.calendar = c.data.Param.VendorCalendar
	if u.board == toPartner {
		u.calendar = c.data.Param.PartnerCalendar
		if p := c.people.byID[c.people.survivor(u.partner)]; p != nil && !p.Deleted {
			for _, r := range c.data.RegionCalendars {
				if r.Region == p.Region {
					u.calendar = r.Calendar
				}
			}
			u.calendar = or(p.BusinessCalendar, u.calendar)
		}
	}
	if !c.business.known(u.calendar) {
		u.calendar = ""
	}
}

// judge finds a unit's policy, deadline and state.
func (c *calc) judge(u *unit) {
	u.policy = c.policy(u)
	if u.policy == nil {
		u.why = "no_policy"
		return
	}
	limit, measure := u.policy.SLASeconds, seconds
	u.deadline = u.start.Add(time.Duration(limit) * time.Second)
	if u.policy.Clock == "business" {
		if u.calendar == "" {
			u.why, u.deadline = noCalendar, time.Time{}
			return
		}
		measure = func(from, to time.Time) int64 { return c.business.open(u.calendar, from, to) }
		u.deadline = c.business.due(u.calendar, u.start, limit)
	}
	switch {
	case !u.ack.IsZero() && measure(u.start, u.ack) <= limit:
		u.state = met
	case !u.ack.IsZero():
		u.state = breached
	case !u.end.IsZero() && u.voids && u.end.Before(u.deadline):
		u.state = void
	case measure(u.start, c.clock.asOf) <= limit:
		u.state = pending
	default:
		u.state = breachedOpen
	}
}

// policy is the most specific one for a unit when its clock starts.
func (c *calc) policy(u *unit) *SLAPolicy {
	var best *SLAPolicy
	score := -1
	for i := range c.data.Policies {
		p := &c.data.Policies[i]
		s, fits := specific(p.PartnerType, p.ProgramTier, u.dims)
		if fits && s > score && p.Direction == u.board && valid(p.ValidFromAt, p.ValidToAt, u.start) {
			best, score = p, s
		}
	}
	return best
}

// specific ranks a rule for a type and a tier, either of which may be left open.
func specific(kind, tier string, d dims) (score int, fits bool) {
	if kind != "" {
		score += 2
	}
	if tier != "" {
		score++
	}
	return score, (kind == "" || kind == d["partner_type"]) && (tier == "" || tier == d["program_tier"])
}

func valid(from, to, t time.Time) bool { return !from.After(t) && (to.IsZero() || t.Before(to)) }

// wait is how long a unit waited for its response, in elapsed or business time, as at as_of.
func (c *calc) wait(u unit, measure func(from, to time.Time) int64) spellTime {
	if !u.resp.IsZero() {
		return spellTime{measure(u.start, u.resp), true}
	}
	return spellTime{measure(u.start, earliest(u.end, c.clock.asOf)), false}
}
