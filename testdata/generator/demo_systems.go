package generator

import (
	"errors"
	"strconv"
	"time"
)

// portal is the partner portal and the marketing tool: JSON, with instants as milliseconds or ISO text.
func (d *vendor) portal(o *outputs) {
	o.registration = newProjects(d)
	lines := layout{json: true}
	kinds := map[string]string{
		"call": "PHONE", "email": "MAIL", "meeting": "MEETING", "message": "CHAT", "acknowledge": "ACK", "accept": "ACCEPT",
		"reject": "REJECT", "note": "NOTE", "task": "TASK", "other": "OTHER",
	}
	o.activity = newSheet(d.utf8("marketing/activities.jsonl.gz"), layout{json: true, echo: 400}, d.dirt, []column[activity]{
		str("id", func(a *activity) string { return a.ID }), millis("ts", func(a *activity) instant { return a.Occurred }),
		str("lead", func(a *activity) string { return a.Lead }), str("deal", func(a *activity) string { return a.Deal }),
		str("partner", func(a *activity) string { return a.Partner }), str("actor", func(a *activity) string { return a.Actor }),
		str("party", func(a *activity) string { return a.Party }), quoted(coded("kind", kinds, func(a *activity) string { return a.Type })),
		str("reason", func(a *activity) string { return a.Reason }), millis("end_ts", func(a *activity) instant { return a.Ended }),
		millis("next_ts", func(a *activity) instant { return a.NextStep }), truth("removed", "true", "", func(a *activity) bool { return a.Deleted }),
		millis("seen_ts", func(a *activity) instant { return a.Modified }),
	}, plant{5000, `{"id":"E999901","ts":1748862000000,"lead":"L000815","actor":"human","par`, "the line breaks off: no JSON"})
	o.content = newSheet(d.utf8("portal/content_events.jsonl.gz"), lines, d.dirt, []column[contentEvent]{
		str("event", func(e *contentEvent) string { return e.ID }), number("partner_no", func(e *contentEvent) int { return portalNumber(e.Partner) }),
		str("user", func(e *contentEvent) string { return e.Contact }), str("channel", func(e *contentEvent) string { return e.Channel }),
		str("asset", func(e *contentEvent) string { return e.Asset }), str("action", func(e *contentEvent) string { return e.Type }),
		millis("at", func(e *contentEvent) instant { return e.Occurred }),
	})
	o.enrollment = newSheet(d.utf8("marketing/nurture.csv"), comma(0), d.dirt, []column[enrollment]{
		text("id", func(e *enrollment) string { return e.ID }), text("lead", func(e *enrollment) string { return e.Lead }),
		text("partner", func(e *enrollment) string { return e.Partner }), millis("enrolled_ms", func(e *enrollment) instant { return e.Enrolled }),
		millis("ended_ms", func(e *enrollment) instant { return e.Ended }),
	})
	o.touch = newSheet(d.utf8("marketing/nurture_touches.csv"), comma(0), d.dirt, []column[touch]{
		text("id", func(t *touch) string { return t.ID }), text("lead", func(t *touch) string { return t.Lead }),
		text("enrollment", func(t *touch) string { return t.Enrollment }), millis("sent_ms", func(t *touch) instant { return t.Occurred }),
		text("channel", func(t *touch) string { return t.Channel }), text("template", func(t *touch) string { return t.Type }),
		truth("opened", "1", "0", func(t *touch) bool { return t.Engaged }),
	})
	o.mdfRequest = newSheet(d.utf8("portal/mdf_requests.jsonl"), lines, d.dirt, []column[mdfRequest]{
		str("id", func(q *mdfRequest) string { return q.ID }), number("partner_no", func(q *mdfRequest) int { return portalNumber(q.Partner) }),
		quoted(sf("requested", func(q *mdfRequest) instant { return q.Requested })), quoted(sf("decided", func(q *mdfRequest) instant { return q.Decided })),
		str("decision", func(q *mdfRequest) string { return q.Decision }), amount("amount", func(q *mdfRequest) (money, string) { return q.Amount, q.Currency }),
		amount("approved", func(q *mdfRequest) (money, string) { return q.Approved, q.Currency }), str("currency", func(q *mdfRequest) string { return q.Currency }),
		str("activity", func(q *mdfRequest) string { return q.Activity }),
	})
	o.mdfClaim = newSheet(d.utf8("portal/mdf_claims.jsonl"), lines, d.dirt, []column[mdfClaim]{
		str("id", func(c *mdfClaim) string { return c.ID }), str("request", func(c *mdfClaim) string { return c.Request }),
		number("partner_no", func(c *mdfClaim) int { return portalNumber(c.Partner) }), quoted(sf("submitted", func(c *mdfClaim) instant { return c.Submitted })),
		amount("amount", func(c *mdfClaim) (money, string) { return c.Amount, c.Currency }), str("currency", func(c *mdfClaim) string { return c.Currency }),
		quoted(sf("proof_verified", func(c *mdfClaim) instant { return c.Verified })), quoted(sf("paid", func(c *mdfClaim) instant { return c.Paid })),
		amount("paid_amount", func(c *mdfClaim) (money, string) { return c.PaidAmount, c.Currency }),
	})
}

// portalNumber is the bare number by which the portal knows a partner.
func portalNumber(partner string) int {
	if partner == "" {
		return 0
	}
	n, err := strconv.Atoi(partner[1:])
	if err != nil {
		return 0
	}
	return n
}

// learning is the training platform (American dates) and the survey tool (UTF-16).
func (d *vendor) learning(o *outputs) {
	courses := []column[certification]{
		text("CertificateID", func(c *certification) string { return c.ID }), text("Company", func(c *certification) string { return c.Partner }),
		text("Learner", func(c *certification) string { return c.Contact }), text("Course", func(c *certification) string { return c.Course }),
		at("Issued", american, d.home, func(c *certification) instant { return c.Issued }), at("Expires", american, d.home, func(c *certification) instant { return c.Expires }),
	}
	o.certification = newSheet(d.utf8("lms/certificates.csv"), comma(0), d.dirt, courses, plant{60, raw(",", courses, map[string]string{
		"CertificateID": "CE999901", "Company": "P0011", "Learner": "CT000020", "Course": "Certified technical partner", "Issued": "31/12/2025", "Expires": "12/31/2026",
	}), "Issued is no date of the declared form mm/dd/yyyy"})
	o.training = newSheet(d.utf8("lms/trainings.csv"), comma(0), d.dirt, []column[training]{
		text("EnrollmentID", func(t *training) string { return t.ID }), text("Company", func(t *training) string { return t.Partner }),
		text("Learner", func(t *training) string { return t.Contact }), text("Course", func(t *training) string { return t.Course }),
		text("Track", func(t *training) string { return t.Category }), at("Assigned", american, d.home, func(t *training) instant { return t.Assigned }),
		at("Completed", american, d.home, func(t *training) instant { return t.Completed }), at("Due", american, d.home, func(t *training) instant { return t.Due }),
	})
	o.survey = newSheet(d.utf16("survey/partner_nps.csv"), comma(0), d.dirt, []column[survey]{
		text("Response ID", func(s *survey) string { return s.ID }), text("Partner", func(s *survey) string { return s.Partner }),
		text("Respondent", func(s *survey) string { return s.Contact }), text("Survey", func(s *survey) string { return s.Kind }),
		number("Score", func(s *survey) int { return s.Score }), sf("Submitted (UTC)", func(s *survey) instant { return s.Answered }),
		text("Comment", func(s *survey) string { return s.Comment }),
	})
}

// byYear sends invoices to the sheet of their year.
type byYear struct {
	home   *time.Location
	sheets map[int]*sheet[invoice]
}

func (y byYear) put(v *invoice) {
	year := time.Unix(int64(v.Issued), 0).In(y.home).Year()
	y.sheets[min(max(year, 2024), 2026)].put(v)
}

func (y byYear) close() error {
	var errs []error
	for year := 2024; year <= 2026; year++ {
		errs = append(errs, y.sheets[year].close())
	}
	return errors.Join(errs...)
}

// erp is the German accounting system: semicolons, decimal commas, Windows-1252, credits with a minus sign.
func (d *vendor) erp(o *outputs) {
	groups := map[string]string{"Sensors": "SEN", "Analyzers": "ANA", "Cloud Monitoring": "CLD", "Calibration Services": "KAL"}
	columns := []column[invoice]{
		text("Belegnr", func(v *invoice) string { return v.ID }), text("Nummer", func(v *invoice) string { return v.Number }),
		coded("Belegart", map[string]string{"invoice": "Rechnung", "credit": "Gutschrift", "refund": "Rückzahlung"}, func(v *invoice) string { return v.Kind }),
		text("Kundennr", func(v *invoice) string { return customerNumber(v.Partner) }), text("Auftrag", func(v *invoice) string { return v.Deal }),
		text("Storno zu", func(v *invoice) string { return v.Corrects }), at("Belegdatum", german, d.home, func(v *invoice) instant { return v.Issued }),
		{"Betrag", func(b []byte, v *invoice) []byte {
			if v.Kind != "invoice" {
				b = append(b, '-')
			}
			return appendGrouped(b, v.Amount, decimals(v.Currency))
		}},
		text("Währung", func(v *invoice) string { return v.Currency }), coded("Warengruppe", groups, func(v *invoice) string { return v.Product }),
		text("Vertriebsgebiet", func(v *invoice) string { return v.Region }),
		{"Menge", func(b []byte, v *invoice) []byte { return appendGrouped(b, v.Quantity, 0) }},
		truth("Test", "ja", "nein", func(v *invoice) bool { return v.Test }), truth("Gelöscht", "ja", "nein", func(v *invoice) bool { return v.Deleted }),
		at("Geändert", german+" 15:04:05", d.home, func(v *invoice) instant { return v.Modified }),
	}
	mangled := plant{70, raw(";", columns, map[string]string{
		"Belegnr": "V999901", "Nummer": "RE2026-999901", "Belegart": "Rechnung", "Kundennr": "0000070042", "Belegdatum": "14.05.2026", "Betrag": "2,024,994",
		"Währung": "EUR", "Warengruppe": "SEN", "Menge": "10", "Test": "nein", "Gelöscht": "nein", "Geändert": "14.05.2026 10:00:00",
	}), "Betrag is written the American way in a German file"}
	years := byYear{home: d.home, sheets: map[int]*sheet[invoice]{}}
	for year := 2024; year <= 2026; year++ {
		var plants []plant
		if year == 2026 {
			plants = []plant{mangled}
		}
		years.sheets[year] = newSheet(d.windows("erp/belege_"+strconv.Itoa(year)+".csv"), layout{delimiter: ';', echo: 75}, d.dirt, columns, plants...)
	}
	o.invoice = years
}

// finance: subscriptions and payouts in minor units, plans and costs, exchange rates of weekdays.
func (d *vendor) finance(o *outputs) {
	o.subscription = newSheet(d.utf8("billing/subscriptions.csv"), comma(0), d.dirt, []column[subscription]{
		text("id", func(s *subscription) string { return s.ID }), text("customer", func(s *subscription) string { return s.AccountID }),
		text("partner", func(s *subscription) string { return s.Partner }), text("opportunity", func(s *subscription) string { return s.Deal }),
		{"arr_minor", func(b []byte, s *subscription) []byte { return appendMinor(b, s.ARR, s.Currency) }},
		text("currency", func(s *subscription) string { return s.Currency }), sf("started", func(s *subscription) instant { return s.Started }),
		sf("ends", func(s *subscription) instant { return s.Ends }), sf("renewed", func(s *subscription) instant { return s.Renewed }),
		sf("cancelled", func(s *subscription) instant { return s.Cancelled }), text("previous", func(s *subscription) string { return s.Previous }),
		sf("updated", func(s *subscription) instant { return s.Modified }),
	})
	o.payment = newSheet(d.utf8("billing/payouts.csv"), comma(0), d.dirt, []column[payment]{
		text("id", func(p *payment) string { return p.ID }), text("program", func(p *payment) string { return p.Program }),
		text("partner", func(p *payment) string { return p.Partner }), at("period", time.DateOnly, d.home, func(p *payment) instant { return p.Period }),
		sf("paid", func(p *payment) instant { return p.Paid }), {"amount_minor", func(b []byte, p *payment) []byte { return appendMinor(b, p.Amount, p.Currency) }},
		text("currency", func(p *payment) string { return p.Currency }),
	})
	o.adjustment = newSheet(d.utf8("finance/adjustments.csv"), comma(0), d.dirt, []column[adjustment]{
		text("id", func(a *adjustment) string { return a.ID }), text("program", func(a *adjustment) string { return a.Program }),
		text("partner", func(a *adjustment) string { return a.Partner }), at("on", time.DateOnly, d.home, func(a *adjustment) instant { return a.On }),
		amount("amount", func(a *adjustment) (money, string) { return a.Amount, a.Currency }), text("currency", func(a *adjustment) string { return a.Currency }),
		text("reason", func(a *adjustment) string { return a.Reason }), truth("approved", "yes", "no", func(a *adjustment) bool { return a.Approved }),
	})
	o.cost = newSheet(d.utf8("finance/program_costs.csv"), comma(0), d.dirt, []column[cost]{
		text("id", func(c *cost) string { return c.ID }), text("category", func(c *cost) string { return c.Category }),
		at("from", time.DateOnly, d.home, func(c *cost) instant { return c.From }), lastDay("to", time.DateOnly, d.home, func(c *cost) instant { return c.To }),
		amount("amount", func(c *cost) (money, string) { return c.Amount, c.Currency }), text("currency", func(c *cost) string { return c.Currency }),
	})
	o.target = newSheet(d.utf8("finance/targets.csv"), comma(0), d.dirt, []column[target]{
		text("id", func(t *target) string { return t.ID }), at("from", time.DateOnly, d.home, func(t *target) instant { return t.From }),
		lastDay("to", time.DateOnly, d.home, func(t *target) instant { return t.To }), text("region", func(t *target) string { return t.Region }),
		text("measure", func(t *target) string { return t.Measure }), amount("amount", func(t *target) (money, string) { return t.Amount, t.Currency }),
		text("currency", func(t *target) string { return t.Currency }),
	})
	o.fx = weekdays{newSheet(d.utf8("finance/rates.csv.gz"), comma(0), d.dirt, []column[fxRate]{
		at("date", time.DateOnly, time.UTC, func(f *fxRate) instant { return f.Day }), text("currency", func(f *fxRate) string { return f.From }),
		{"eur", func(b []byte, f *fxRate) []byte { return billionths(b, f.Rate) }}, text("kind", func(f *fxRate) string { return f.Kind }),
	})}
}

// weekdays leaves out the days on which no bank sets a rate.
type weekdays struct{ *sheet[fxRate] }

func (w weekdays) put(f *fxRate) {
	if d := f.Day.utc().Weekday(); d == time.Saturday || d == time.Sunday {
		return
	}
	w.sheet.put(f)
}
