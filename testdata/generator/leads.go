package generator

// manners is how one side answers: how fast, how surely.
type manners struct {
	median  instant
	spread  float64
	answers float64
	party   string
	member  *member // whose working hours count; nil is the vendor
}

// partnerManners: response times are log-normal by type; the better the tier, the quicker.
func partnerManners(m *member, at instant) manners {
	out := manners{median: 2 * hour, spread: 1.05, answers: m.diligence, party: "partner", member: m}
	switch m.Type {
	case "reseller":
		out.median = hour
	case "var":
		out.median = 100 * minute
	case "msp":
		out.median = 130 * minute
	case "si":
		out.median, out.spread = 4*hour, 1.3
	case "distributor":
		out.median = 3 * hour
	}
	factor := m.pace
	switch m.tierAt(at) {
	case "platinum":
		factor *= .55
	case "gold":
		factor *= .8
	}
	out.median = instant(float64(out.median) * factor)
	if m.isDark(at) {
		out.answers = .03
	}
	return out
}

// answer is what the owing side did with a lead; zero where it did not.
type answer struct {
	click, accept, reject, contact instant
	reason                         string
}

func (a answer) first() instant {
	out := instant(0)
	for _, t := range []instant{a.click, a.accept, a.reject, a.contact} {
		if t != 0 && (out == 0 || t < out) {
			out = t
		}
	}
	return out
}

// respond draws an answer after start and before limit.
func (w *world) respond(r *random, who manners, start, limit instant) answer {
	var a answer
	if !r.chance(who.answers) {
		return a
	}
	zone, weekend := w.home, places()[0].weekend
	if who.member != nil {
		zone, weekend = who.member.zone, who.member.place.weekend
	}
	at := working(r, start+r.seconds(float64(who.median), who.spread), zone, weekend)
	switch r.weighted(.52, .10, .30, .08) {
	case 0: // the click in the portal, the call later
		a.click = at
		if r.chance(.9) {
			a.contact = working(r, at+r.seconds(float64(5*hour), 1.2), zone, weekend)
		}
	case 1:
		a.reject = at
		if r.chance(.85) {
			a.reason = pick(r, "no_capacity", "wrong_territory", "existing_conflict", "not_our_market")
		}
	case 2:
		a.contact = at
	case 3:
		a.accept = at
		a.contact = working(r, at+r.seconds(float64(9*hour), 1), zone, weekend)
	}
	if a.click != 0 && r.chance(.35) {
		a.accept = a.click + r.seconds(float64(20*minute), 1)
	}
	for _, t := range []*instant{&a.click, &a.accept, &a.reject, &a.contact} {
		if *t >= limit {
			*t = 0
		}
	}
	if a.reject == 0 {
		a.reason = ""
	}
	return a
}

// lead makes one lead and everything that hangs on it.
func (w *world) lead(r *random, at instant) {
	m := w.choose(r, at, nil)
	l := lead{ID: w.id("L"), Partner: m.ID, Region: m.Region, Received: at}
	l.Source = pick(r, "web_form", "trade_fair", "webinar", "partner_portal", "campaign", "inbound_call")
	l.Solution = pick(r, productLines...)
	l.Score = r.between(50, 980)
	l.MRR = absent
	if m.Type == "msp" {
		l.MRR = money(r.between(8, 400)) * 10_000
	}
	switch {
	case m.Type == "affiliate":
		l.Direction = "affiliate"
		w.affiliateLead(r, &l, m)
	case m.Type == "referral" || r.chance(.3):
		l.Direction = "partner_to_vendor"
		w.partnerLead(r, &l, m)
	default:
		l.Direction = "vendor_to_partner"
		w.vendorLead(r, &l, m)
	}
	w.finish(r, &l)
	w.out.lead.put(&l)
}

// vendorLead is handed to a partner, who owes an answer; sometimes it is taken back or handed on.
func (w *world) vendorLead(r *random, l *lead, m *member) {
	if w.rare(r, .03) { // nobody assigned it
		l.Partner = ""
		if r.chance(.5) {
			l.Closed, l.ClosedReason = w.past(l.Received+r.seconds(float64(6*day), 1)), "spam"
		}
		return
	}
	l.Assigned = w.past(l.Received + r.seconds(float64(12*minute), 1.3))
	if l.Assigned == 0 {
		return
	}
	w.autoAck(r, l, l.Assigned)
	limit := w.export
	if w.rare(r, .04) {
		l.Closed = w.past(l.Assigned + r.seconds(float64(7*hour), 1.4))
		l.ClosedReason = pick(r, "duplicate", "spam")
		if l.Closed != 0 {
			limit = l.Closed
		}
	}
	first := w.unit(r, l, m, l.Assigned, limit)
	second := false
	if first.Unassigned != 0 && first.UnassignReason != "recalled" || first.Unassigned != 0 && r.chance(.3) {
		if other := w.choose(r, first.Unassigned, func(o *member) bool {
			return o.ID != m.ID && o.Type != "affiliate" && o.Type != "referral"
		}); first.Unassigned < limit {
			l.Partner, second = other.ID, true
			m = other
			first = w.unit(r, l, other, first.Unassigned, limit)
		}
	}
	if second {
		l.Assigned = first.Assigned
	}
	l.Acknowledged, l.Accepted = first.Acknowledged, first.Accepted
	l.Rejected, l.RejectReason = first.Rejected, first.RejectReason
	w.qualify(r, l, m, .5, .23)
}

// unit is one assignment of a lead to a partner with the answers to it.
func (w *world) unit(r *random, l *lead, m *member, start, limit instant) assignment {
	a := assignment{ID: w.id("A"), Lead: l.ID, Partner: m.ID, Assignee: pick(r, m.place.people...), Assigned: start}
	end := limit
	if w.rare(r, .09) {
		a.Unassigned = start + r.seconds(float64(16*hour), 1.1)
		a.UnassignReason = [...]string{"reassigned", "recalled", "no_response"}[r.weighted(.55, .3, .15)]
		if a.Unassigned >= limit {
			a.Unassigned, a.UnassignReason = 0, ""
		} else {
			end = a.Unassigned
		}
	}
	got := w.respond(r, partnerManners(m, start), start, end)
	if got.first() != 0 && a.Unassigned != 0 && r.chance(.8) { // who answers mostly keeps it
		a.Unassigned, a.UnassignReason = 0, ""
	}
	switch serial := w.count["A"]; {
	case serial%w.every(211) == 0 && start+4*hour < end: // answered on the very second of the limit
		got = answer{click: start + 4*hour}
	case serial%w.every(503) == 0: // clocks that disagree: answered before it was asked
		got = answer{click: start - 10*minute}
	}
	a.Acknowledged, a.Accepted, a.Rejected, a.RejectReason = got.click, got.accept, got.reject, got.reason
	if got.first() == 0 && a.Unassigned == 0 && r.chance(.5) {
		if expired := start + 14*day; expired < limit {
			a.Expired = expired
		}
	}
	if got.contact != 0 && l.FirstContact == 0 {
		l.FirstContact = got.contact
	}
	a.mark = w.modified(r, a.Assigned, a.Acknowledged, a.Accepted, a.Rejected, a.Unassigned, a.Expired)
	a.Deleted = w.rare(r, .003)
	w.out.assignment.put(&a)
	w.answers(r, l, m.ID, "partner", got, end)
	w.escalate(r, l, m, &a, got.first(), end)
	if a.Unassigned != 0 && w.rare(r, .1) { // the old partner calls all the same: too late to count
		w.act(r, activity{Lead: l.ID, Partner: m.ID, Actor: "human", Party: "partner", Type: "call", Occurred: a.Unassigned + r.seconds(float64(day), 1)})
	}
	return a
}

// autoAck is the automatic mail to the prospect within minutes, which does not count as an answer.
func (w *world) autoAck(r *random, l *lead, start instant) {
	switch r.weighted(.90, .02, .05, .03) {
	case 0:
		l.AutoAck = w.past(start + instant(r.between(3, 290)))
	case 1:
		l.AutoAck = w.past(start + 300)
	case 2:
		l.AutoAck = w.past(start + r.seconds(float64(25*minute), .8))
	}
	if l.AutoAck != 0 {
		w.act(r, activity{Lead: l.ID, Partner: l.Partner, Actor: "system", Party: "vendor", Type: "email", Reason: "auto_ack", Occurred: l.AutoAck})
	}
}

// answers writes the activities that an answer consists of, and the work that follows.
func (w *world) answers(r *random, l *lead, partner, party string, got answer, end instant) {
	one := func(kind string, at instant, reason string) {
		if at != 0 {
			w.act(r, activity{Lead: l.ID, Partner: partner, Actor: "human", Party: party, Type: kind, Occurred: at, Reason: reason})
		}
	}
	one("acknowledge", got.click, "")
	one("accept", got.accept, "")
	one("reject", got.reject, got.reason)
	if got.contact == 0 {
		return
	}
	one(pick(r, "call", "call", "email", "message"), got.contact, "")
	at := got.contact
	for range r.weighted(.35, .3, .2, .1, .05) {
		at += r.seconds(float64(3*day), 1)
		if at >= end {
			return
		}
		w.followUp(r, activity{Lead: l.ID, Partner: partner, Party: party, Occurred: at})
	}
}

// followUp is ordinary work on a lead or a deal by anybody.
func (w *world) followUp(r *random, a activity) {
	a.Actor = "human"
	a.Type = [...]string{"call", "email", "meeting", "message", "note", "task", "other"}[r.weighted(.2, .3, .18, .1, .12, .08, .02)]
	if x := r.float(); x < .15 {
		a.Party = "prospect"
	} else if x < .3 {
		a.Party = "vendor"
	} else if x < .36 {
		a.Actor, a.Type = "system", "task"
	}
	if a.Type == "meeting" {
		a.Ended = a.Occurred + instant(r.between(1, 8))*15*minute
	}
	if a.Actor == "human" && r.chance(.6) {
		a.NextStep = a.Occurred + r.seconds(float64(4*day), .7)
	}
	w.act(r, a)
}

// act writes an activity unless it lies after the export.
func (w *world) act(r *random, a activity) {
	if a.Occurred >= w.export {
		return
	}
	a.Ended = w.past(a.Ended)
	a.ID = w.id("E")
	a.mark = mark{Modified: min(a.Occurred+instant(r.between(0, 90)), w.export), Deleted: r.chance(.002)}
	w.out.activity.put(&a)
}

// escalate fires what the rules ask for, though not every time.
func (w *world) escalate(r *random, l *lead, m *member, a *assignment, answered, end instant) {
	alert, sla := instant(0), 8*hour
	switch m.Type {
	case "reseller":
		alert, sla = 2*hour, 4*hour
	case "var":
		alert, sla = 4*hour, 6*hour
	}
	fire := func(at instant, level string, p float64) {
		late := answered == 0 || answered > at
		if at += instant(r.between(0, 600)); late && at < end && r.chance(p) {
			e := escalation{ID: w.id("X"), Lead: l.ID, Assignment: a.ID, Occurred: at, Level: level, Reason: "no_acknowledgement", mark: mark{Modified: at}}
			w.out.escalation.put(&e)
		}
	}
	if alert != 0 {
		fire(a.Assigned+alert, "alert", .8)
	}
	fire(a.Assigned+sla, "breach", .55)
}

// partnerLead is brought by a partner; the vendor owes the answer.
func (w *world) partnerLead(r *random, l *lead, m *member) {
	l.Submitted = l.Received
	l.Received += instant(r.between(0, 40))
	if m.isDark(l.Submitted) && r.chance(.9) {
		l.Source = "partner_portal"
	}
	a := assignment{ID: w.id("A"), Lead: l.ID, Partner: m.ID, Assignee: pick(r, vendorPeople...)}
	a.Assigned = w.past(l.Submitted + r.seconds(float64(8*minute), 1.2))
	if a.Assigned == 0 {
		return
	}
	l.Assigned = a.Assigned
	w.autoAck(r, l, l.Assigned)
	limit := w.export
	if w.rare(r, .03) {
		if closed := w.past(l.Submitted + r.seconds(float64(9*hour), 1.2)); closed != 0 {
			l.Closed, l.ClosedReason, limit = closed, pick(r, "duplicate", "spam"), closed
		}
	}
	got := w.respond(r, manners{median: 80 * minute, spread: 1, answers: .95, party: "vendor"}, a.Assigned, limit)
	a.Acknowledged, a.Accepted, a.Rejected, a.RejectReason = got.click, got.accept, got.reject, got.reason
	a.mark = w.modified(r, a.Assigned, a.Acknowledged, a.Accepted, a.Rejected)
	w.out.assignment.put(&a)
	l.Acknowledged, l.Accepted, l.Rejected, l.RejectReason, l.FirstContact = got.click, got.accept, got.reject, got.reason, got.contact
	l.Registered = flagOf(r.chance(.4))
	w.answers(r, l, m.ID, "vendor", got, limit)
	w.qualify(r, l, m, .6, .3)
}

// affiliateLead goes into nurture; nobody is assigned.
func (w *world) affiliateLead(r *random, l *lead, m *member) {
	w.autoAck(r, l, l.Received)
	l.Interest = flagOf(r.chance(.9))
	if r.chance(.88) {
		w.nurture(r, l, m)
	}
	if r.chance(.3) {
		at := l.Received + r.seconds(float64(20*hour), 1.1)
		party := pick(r, "vendor", "vendor", "partner")
		if at < w.export {
			l.FirstContact = at
		}
		w.answers(r, l, m.ID, party, answer{contact: w.past(at)}, w.export)
	}
	w.qualify(r, l, m, .35, .3)
}

func (w *world) nurture(r *random, l *lead, m *member) {
	e := enrollment{ID: w.id("N"), Lead: l.ID, Partner: m.ID, Enrolled: l.Received + r.seconds(float64(3*hour), 1.5)}
	if e.Enrolled >= w.export {
		return
	}
	e.Ended = w.past(e.Enrolled + r.seconds(float64(30*day), .5))
	e.mark = w.modified(r, e.Enrolled, e.Ended)
	w.out.enrollment.put(&e)
	for i := range 2 {
		t := touch{ID: w.id("T"), Lead: l.ID, Enrollment: e.ID, Occurred: e.Enrolled + day*instant(1+2*i) + instant(r.between(0, 900)), Channel: "email"}
		t.Type, t.Engaged = [...]string{"welcome", "case_study"}[i], r.chance(.22)
		t.Modified = t.Occurred
		if t.Occurred < w.export {
			w.out.touch.put(&t)
		}
	}
	if r.chance(.35) {
		w.act(r, activity{Lead: l.ID, Partner: m.ID, Actor: "human", Party: "partner", Type: "email", Occurred: e.Enrolled + r.seconds(float64(30*hour), 1)})
	}
}

// qualify decides what becomes of a lead that was not rejected or closed: qualified, converted, or quietly closed.
func (w *world) qualify(r *random, l *lead, m *member, qualified, converted float64) {
	if l.Rejected != 0 || l.Closed != 0 || l.FirstContact == 0 {
		if l.Rejected == 0 && l.Closed == 0 && r.chance(.3) {
			l.Closed = w.past(l.Received + r.seconds(float64(40*day), .6))
			l.ClosedReason = pick(r, "no_response", "not_now", "")
		}
		return
	}
	good := r.chance(qualified)
	switch m.Type {
	case "reseller", "distributor":
		l.Budget, l.Decider = flagOf(good || r.chance(.3)), flagOf(good || r.chance(.4))
	case "var", "si":
		l.Fit, l.Scope = flagOf(good || r.chance(.4)), flagOf(good || r.chance(.3))
	case "msp":
		l.Recurring, l.Vehicle = flagOf(good || r.chance(.3)), flagOf(good || r.chance(.3))
	}
	last := l.FirstContact
	if good {
		l.Qualified = w.past(last + r.seconds(float64(2*day), 1))
		last = l.Qualified
	}
	if last != 0 && (good && r.chance(converted) || !good && w.rare(r, .015)) {
		if at := w.past(last + r.seconds(float64(3*day), .9)); at != 0 {
			l.Converted = at
			l.Deal = w.leadDeal(r, l, m)
		}
		return
	}
	if r.chance(.6) {
		l.Closed = w.past(l.FirstContact + r.seconds(float64(25*day), .8))
		l.ClosedReason = pick(r, "no_budget", "lost_to_competitor", "no_response", "not_now")
		if l.Closed != 0 && l.Closed < l.Qualified {
			l.Qualified = 0
		}
	}
}

// finish adds what befalls any record: deletion, merging, tests; and its last edit.
func (w *world) finish(r *random, l *lead) {
	if l.Closed == 0 {
		l.ClosedReason = ""
	}
	l.mark = w.modified(r, l.Received, l.Assigned, l.Acknowledged, l.Accepted, l.Rejected, l.FirstContact, l.Qualified, l.Closed, l.Converted)
	if l.Deal == "" {
		l.Deleted = w.rare(r, .006)
		l.Test = w.rare(r, .004)
	}
	if n := w.count["L"]; n > 40 && w.rare(r, .008) {
		l.MergedInto = padded("L", n-r.between(1, 40), 6)
	}
	if w.rare(r, .004) { // an account that this program never had
		l.Partner = padded("P", 9000+r.intn(400), 4)
	}
}
