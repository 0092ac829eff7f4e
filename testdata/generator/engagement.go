package generator

import (
	"strconv"
	"strings"
	"time"
)

// The incentive programs of testdata/demo/program: payments and adjustments name them.
const (
	annualRebate   = "annual-rebate"
	channelRebate  = "distribution-rebate"
	analyzerSpiff  = "analyzer-spiff"
	unitBonus      = "sensor-unit-bonus"
	handoffProgram = "handoff-commission"
)

// program writes everything that hangs on partners and not on leads.
func (w *world) program() {
	for _, i := range w.byID {
		m := &w.members[i]
		r := newRandom(w.seed, "life", i)
		w.record(r, m)
		w.statuses(r, m)
		w.people(r, m)
		w.learning(r, m)
		w.reading(r, m)
		w.opinions(r, m)
		w.marketing(r, m)
		w.settled(r, m)
	}
	w.costs()
	w.targets()
	w.exchange()
}

// record writes the partner with its type and tier histories.
func (w *world) record(r *random, m *member) {
	deleted := m.Deleted
	m.mark = w.modified(r, m.Signed, m.Enrolled, m.Onboarded, m.Terminated)
	m.Deleted = deleted
	if m.Signed == 0 {
		m.Signed = w.start - 100*day
	}
	from := w.midnight(m.Signed)
	types := []span{{Partner: m.ID, Value: m.Type, From: from}}
	if m.rank > 8 && (m.Type == "reseller" || m.Type == "msp") && r.chance(.18) {
		before := map[string]string{"reseller": "referral", "msp": "var"}[m.Type]
		change := moment(time.Date(2025, time.Month(1+r.intn(18)), 1, 0, 0, 0, 0, w.home))
		if change > from && change < w.end {
			types[0].Value, types[0].To = before, change
			types = append(types, span{Partner: m.ID, Value: m.Type, From: change})
		}
	}
	for i := range types {
		types[i].mark = w.modified(r, types[i].From)
		w.out.partnerType.put(&types[i])
	}
	for i := range m.tiers {
		m.tiers[i].mark = w.modified(r, m.tiers[i].From)
		w.out.partnerTier.put(&m.tiers[i])
	}
	w.out.partner.put(&m.partner)
}

func (w *world) statuses(r *random, m *member) {
	rows := []span{{Value: "signed", From: m.Signed}, {Value: "enrolled", From: m.Enrolled}, {Value: "onboarded", From: m.Onboarded}}
	if m.Onboarded != 0 {
		rows = append(rows, span{Value: "active", From: w.past(m.Onboarded + r.seconds(float64(30*day), .8))})
	}
	if m.dark != 0 && r.chance(.3) {
		rows = append(rows, span{Value: "suspended", From: w.past(m.dark + 120*day)})
	}
	rows = append(rows, span{Value: "terminated", From: m.Terminated})
	var kept []span
	for _, s := range rows {
		if s.From == 0 || s.From >= w.export || len(kept) > 0 && s.From <= kept[len(kept)-1].From {
			continue
		}
		if len(kept) > 0 {
			kept[len(kept)-1].To = s.From
		}
		kept = append(kept, s)
	}
	for i := range kept {
		kept[i].Partner = m.ID
		kept[i].mark = w.modified(r, kept[i].From)
		w.out.partnerStatus.put(&kept[i])
	}
}

func (w *world) people(r *random, m *member) {
	n := r.between(1, 3)
	if m.rank < len(w.members)/10 {
		n += 3
	}
	folder := strings.NewReplacer(" ", ".", "'", "", "ü", "ue", "ö", "oe", "ä", "ae", "ß", "ss", "Ö", "Oe", "Å", "Aa", "é", "e", "ı", "i")
	for i := range n {
		name := m.place.people[i%len(m.place.people)]
		if i >= len(m.place.people) {
			name += " " + strconv.Itoa(i)
		}
		c := contact{ID: w.id("CT"), Partner: m.ID, Name: name, Active: !r.chance(.1), Role: pick(r, "sales", "technical", "marketing", "executive")}
		c.Email = strings.ToLower(folder.Replace(name)) + "@" + strings.ToLower(m.ID) + ".example"
		c.Created = min(m.Signed+r.seconds(float64(20*day), 1), w.export-1)
		c.mark = w.modified(r, c.Created)
		m.contacts = append(m.contacts, c)
		w.out.contact.put(&c)
	}
}

func (w *world) learning(r *random, m *member) {
	if m.Enrolled == 0 {
		return
	}
	for i := range m.contacts {
		c := &m.contacts[i]
		for range r.between(0, 5) {
			t := training{ID: w.id("TR"), Partner: m.ID, Contact: c.ID, Assigned: m.Enrolled + instant(r.intn(900))*day}
			t.Category = pick(r, "sales", "technical", "marketing", "business")
			t.Course = t.Category + " " + pick(r, "foundations", "refresher", "advanced")
			if t.Assigned >= w.export || m.isDark(t.Assigned) {
				continue
			}
			t.Due = t.Assigned + 30*day
			if r.chance(.72) {
				t.Completed = w.past(t.Assigned + r.seconds(float64(16*day), .8))
			}
			t.mark = w.modified(r, t.Assigned, t.Completed)
			w.out.training.put(&t)
			if t.Completed == 0 || t.Category == "business" || !r.chance(.5) {
				continue
			}
			k := certification{ID: w.id("CE"), Partner: m.ID, Contact: c.ID, Course: "Certified " + t.Category + " partner", Issued: w.midnight(t.Completed)}
			k.Expires = moment(w.date(k.Issued).AddDate(1+r.intn(2), 0, 0))
			k.mark = w.modified(r, t.Completed)
			w.out.certification.put(&k)
		}
	}
}

// reading is what a partner opens in the portal: a lot when it is alive, nothing once it has gone dark.
func (w *world) reading(r *random, m *member) {
	if m.Enrolled == 0 || m.Terminated != 0 {
		return
	}
	n := r.between(4, 40)
	at := max(m.Enrolled, w.start)
	for i := range n {
		at += r.seconds(float64((w.end-at)/instant(n-i+1)), .5)
		if at >= w.export || m.isDark(at) {
			return
		}
		e := contentEvent{ID: w.id("O"), Partner: m.ID, Occurred: at, Channel: pick(r, "portal", "email", "slack"), Type: pick(r, "view", "view", "download", "share")}
		e.Contact = m.contacts[r.intn(len(m.contacts))].ID
		e.Asset = pick(r, "margin-matrix.pdf", "talk-track.pptx", "gaseye-battlecard.pdf", "sow-checklist.docx", "roadmap-q3.pdf")
		e.Modified = at
		w.out.content.put(&e)
	}
}

func (w *world) opinions(r *random, m *member) {
	for year := 2024; year <= 2026; year++ {
		at := moment(time.Date(year, time.November, 3+r.intn(20), 9, r.intn(60), 0, 0, m.zone))
		if m.Enrolled == 0 || at < m.Enrolled || at >= w.export || !r.chance(.6) {
			continue
		}
		s := survey{ID: w.id("SV"), Partner: m.ID, Contact: m.contacts[0].ID, Kind: "nps", Score: r.between(2, 10), Answered: at, mark: mark{Modified: at}}
		s.Comment = pick(r, "", "", "Schnelle Antworten, gute Schulung.", "Price list is \"final\"… until it is not, again", "N/A", "Leads kommen zu spät;\nbitte früher melden.")
		w.out.survey.put(&s)
	}
}

// marketing is development funds: asked for, granted, claimed and paid.
func (w *world) marketing(r *random, m *member) {
	if m.Enrolled == 0 || m.rank > len(w.members)/2 {
		return
	}
	for range r.between(0, 3) {
		q := mdfRequest{ID: w.id("MR"), Partner: m.ID, Requested: max(m.Enrolled, w.start) + instant(r.intn(650))*day + instant(r.intn(30000)), Decision: "pending", Approved: absent, Currency: m.Currency}
		if q.Requested >= w.export {
			continue
		}
		q.Activity = pick(r, "webinar", "trade_fair", "mailing", "customer_day")
		q.Amount = w.fx.inCurrency(float64(r.between(4, 60)*250), q.Currency, w.date(q.Requested))
		if q.Decided = w.past(q.Requested + r.seconds(float64(8*day), .6)); q.Decided != 0 {
			q.Decision = pick(r, "approved", "approved", "approved", "rejected")
		}
		if q.Decision == "approved" {
			q.Approved = q.Amount * 4 / 5 / step(q.Currency) * step(q.Currency)
		}
		q.mark = w.modified(r, q.Requested, q.Decided)
		w.out.mdfRequest.put(&q)
		if q.Decision != "approved" || !r.chance(.75) {
			continue
		}
		c := mdfClaim{ID: w.id("MC"), Request: q.ID, Partner: m.ID, Amount: q.Approved, Currency: q.Currency, PaidAmount: absent}
		if c.Submitted = w.past(q.Decided + r.seconds(float64(40*day), .5)); c.Submitted == 0 {
			continue
		}
		if r.chance(.85) {
			c.Verified = w.past(c.Submitted + r.seconds(float64(6*day), .6))
		}
		if c.Verified != 0 {
			c.Paid = w.past(c.Verified + 14*day)
		}
		if c.Paid != 0 {
			c.PaidAmount = c.Amount
		}
		c.mark = w.modified(r, c.Submitted, c.Verified, c.Paid)
		w.out.mdfClaim.put(&c)
	}
}

// settled is what finance paid to the partner so far, and what it corrected by hand.
func (w *world) settled(r *random, m *member) {
	if m.rank >= len(w.members)/5 || m.Test {
		return
	}
	for q := range 8 {
		period := time.Date(2024, time.Month(10+3*q), 1, 0, 0, 0, 0, w.home)
		paid := moment(period.AddDate(0, 4, 14)) + 10*hour
		if paid >= w.export || moment(period) < m.Enrolled {
			continue
		}
		p := payment{ID: w.id("PY"), Program: channelRebate, Partner: m.ID, Period: moment(period), Paid: paid, Currency: "EUR", mark: mark{Modified: paid}}
		p.Amount = money(r.logNormal(900, .8)*100) * 10
		if m.Type == "referral" || m.Type == "affiliate" {
			p.Program = handoffProgram
		}
		w.out.payment.put(&p)
	}
	if r.chance(.3) {
		a := adjustment{ID: w.id("AJ"), Program: annualRebate, Partner: m.ID, Currency: "EUR", Approved: r.chance(.8)}
		a.On = w.midnight(w.start + instant(100+r.intn(620))*day)
		a.Amount = money(r.between(-12, 20)) * 50_000
		a.Reason = pick(r, "goodwill after late delivery", "wrong partner on an invoice", "agreed in the QBR")
		a.mark = w.modified(r, a.On)
		w.out.adjustment.put(&a)
	}
}

func (w *world) costs() {
	for q := range 8 {
		from := time.Date(2024, time.Month(10+3*q), 1, 0, 0, 0, 0, w.home)
		for i, category := range []string{"discount", "mdf", "cam_salary", "infrastructure", "other"} {
			r := newRandom(w.seed, "cost", q*10+i)
			c := cost{ID: w.id("PC"), Category: category, From: moment(from), To: moment(from.AddDate(0, 3, 0)), Currency: "EUR"}
			c.Amount = money(float64([...]int{42, 18, 160, 35, 6}[i])*(1+.1*r.normal())*1000) * 1000
			c.mark = w.modified(r, min(c.To, w.end-day))
			w.out.cost.put(&c)
		}
	}
}

func (w *world) targets() {
	for q := range 9 {
		from := time.Date(2024, time.Month(10+3*q), 1, 0, 0, 0, 0, w.home)
		for i, region := range []string{"DACH", "UKI", "Nordics", "North America", "APJ", "Gulf"} {
			t := target{ID: w.id("TG"), From: moment(from), To: moment(from.AddDate(0, 3, 0)), Region: region, Measure: "channel_revenue", Currency: "EUR"}
			t.Amount = money([...]int{620, 240, 120, 380, 150, 90}[i]+q*20) * 1_000_000
			t.Modified = w.start - 20*day
			w.out.target.put(&t)
		}
	}
}
