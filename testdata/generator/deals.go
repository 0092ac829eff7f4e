package generator

import "time"

var (
	productLines = []string{"Sensors", "Analyzers", "Cloud Monitoring", "Calibration Services"}
	vendorPeople = []string{"Ines Hoffmann", "Paul Krüger", "Mara Jansen", "Deniz Aydın", "Oliver Stein", "Greta Lund"}
	customers    = []string{"Aurelis", "Bergmann", "Caldera", "Deltawerk", "Erlenbach", "Fjordkraft", "Glanville", "Hokuto", "Ivorra", "Jadran", "Kestrel", "Lumina", "Mistral", "Nadir", "Oderland", "Pallas", "Quarz", "Ravensburg", "Sirocco", "Tiber", "Ursa", "Valmont", "Weser", "Xylem", "Ysatis", "Zephyr"}
	industries   = []string{"Chemie", "Foods", "Pharma", "Energy", "Water", "Paper", "Steel", "Labs", "Logistics", "Brewing"}
)

// Roles and words that the program's rules know.
const (
	sourced, influenced = "sourced", "influenced"
	won, lost, open     = "won", "lost", "open"
)

// plan is what is known of a deal before it is simulated.
type plan struct {
	member     *member // nil is a direct deal
	lead       string
	created    instant
	role       string // the partner's part: sourced, influenced or none
	registered bool
	test       bool
}

func (w *world) leadDeal(r *random, l *lead, m *member) string {
	p := plan{member: m, lead: l.ID, created: l.Converted, role: influenced, registered: r.chance(.25)}
	if l.Direction != "vendor_to_partner" {
		p.role = sourced
	}
	if l.Direction == "partner_to_vendor" {
		p.registered = r.chance(.6)
	}
	return w.deal(r, p)
}

func (w *world) partnerDeal(r *random, at instant) {
	m := w.choose(r, at, func(m *member) bool { return !m.isDark(at) })
	p := plan{member: m, created: w.backlog(r, at), role: sourced, registered: r.chance(.88)}
	if r.chance(.28) {
		p.role = influenced
	} else if w.rare(r, .05) {
		p.role = ""
	}
	w.deal(r, p)
}

func (w *world) directDeal(r *random, at instant) {
	p := plan{created: w.backlog(r, at)}
	if w.rare(r, .07) { // a partner helped, though nobody sold through it
		p.member, p.role = w.choose(r, at, nil), influenced
	}
	w.deal(r, p)
}

// backlog moves some of the first quarter's deals before the period, so that it starts with a pipeline.
func (w *world) backlog(r *random, at instant) instant {
	if at < w.start+100*day && r.chance(.6) {
		return at - instant(r.between(20*86400, 110*86400))
	}
	return at
}

// deal makes one deal with everything that hangs on it, and returns its id.
func (w *world) deal(r *random, p plan) string {
	d := deal{ID: w.id("D"), Lead: p.lead, Created: p.created, Route: "direct", Outcome: open, Owner: pick(r, vendorPeople...)}
	w.describe(r, &d, p)
	course := w.course(r, &d, p)
	w.rows(r, &d, course)
	if p.member != nil {
		w.credits(r, &d, p)
		if p.registered {
			w.register(r, &d, p)
		}
		w.contacts(r, &d, p)
		w.notes(r, &d, course)
	}
	w.lines(r, &d)
	w.bill(r, &d, p)
	d.mark = w.modified(r, d.Created, d.Closed, course.entered(len(course.stops)-1))
	if n := w.count["D"]; n > 40 && w.rare(r, .006) {
		d.MergedInto = padded("D", n-r.between(1, 40), 6)
	}
	d.Deleted = w.rare(r, .005)
	d.Test = p.test || w.rare(r, .003)
	if w.rare(r, .004) && d.Partner != "" {
		d.Partner = padded("P", 9500+r.intn(400), 4)
	}
	w.out.deal.put(&d)
	return d.ID
}

// describe fills in what the deal is about and with whom.
func (w *world) describe(r *random, d *deal, p plan) {
	c := r.intn(len(customers) * len(industries))
	d.Account = customers[c%len(customers)] + " " + industries[c/len(customers)]
	d.AccountID = padded("ACC", c+1, 4)
	d.Product = productLines[r.weighted(.38, .25, .25, .12)]
	d.Name = d.Account + " – " + d.Product
	d.Competitive = [...]flag{yes, no, unset}[r.weighted(.35, .55, .10)]
	d.OrderType = [...]string{"new_logo", "expansion", "renewal", ""}[r.weighted(.52, .3, .15, .03)]
	d.Currency = currencyOf(r, p.member)
	d.Region = pick(r, "DACH", "DACH", "UKI", "North America", "Nordics", "APJ")
	size := r.logNormal(21_000, .75)
	if p.member != nil {
		d.Region = p.member.Region
		if !(p.role == influenced && p.lead == "" && r.chance(.2)) {
			d.Partner = p.member.ID
			d.Route = "channel"
		}
		if r.chance(.15) {
			d.Route = "hybrid"
		}
		d.Motion = motionFor(r, p.member.Type)
		d.Engagement = [...]string{"resell", "co_sell", "referral"}[r.weighted(.5, .35, .15)]
		if p.member.rank < len(w.members)/12 {
			size *= 1.7
		}
		if d.Motion == marketplace {
			d.Marketplace = pick(r, "AWS Marketplace", "Azure Marketplace", "Google Cloud Marketplace")
		}
	}
	day := w.date(d.Created)
	d.Amount = w.fx.inCurrency(size, d.Currency, day)
	d.ARR, d.ACV = absent, absent
	if d.Product == "Cloud Monitoring" || d.Product == "Calibration Services" {
		d.ARR = d.Amount / 2 / step(d.Currency) * step(d.Currency)
		d.ACV = d.ARR
	}
	if w.rare(r, .006) {
		d.Amount = absent
	}
}

func currencyOf(r *random, m *member) string {
	if m != nil && !r.chance(.12) {
		return m.Currency
	}
	return [...]string{"EUR", "USD", "GBP", "JPY", "KWD"}[r.weighted(.62, .18, .10, .06, .04)]
}

func motionFor(r *random, partnerType string) string {
	if r.chance(.10) {
		return marketplace
	}
	switch partnerType {
	case "referral", "affiliate":
		return referral
	case "msp":
		return services
	case "si":
		if r.chance(.3) {
			return tech
		}
		return services
	case "var":
		if r.chance(.22) {
			return tech
		}
	}
	return reseller
}

// closing decides when and how the deal ends; it stays open when that lies after the export.
func (w *world) closing(r *random, d *deal, p plan) (instant, string) {
	median := 55 * day
	chance := .24
	switch d.Motion {
	case referral:
		median, chance = 38*day, .33
	case reseller:
		median, chance = 46*day, .34
	case marketplace:
		median, chance = 29*day, .38
	case services:
		median, chance = 74*day, .31
	case tech:
		median, chance = 88*day, .28
	}
	if p.registered {
		chance += .07
	}
	end := d.Created + r.seconds(float64(median), .75)
	if r.chance(.34) { // quarter-end
		q := w.quarterEnd(end)
		if near := w.localSecond(r, q.AddDate(0, 0, -1-r.intn(9))); near > d.Created+day {
			end = near
		}
	}
	end = working(r, end, w.home, [2]time.Weekday{time.Saturday, time.Sunday})
	if end < w.start {
		end = w.start + instant(r.intn(80*86400))
	}
	if r.chance(.05) {
		end = w.export + day // never decided
	}
	switch x := r.float(); {
	case x < chance:
		return end, won
	case x < .96:
		return end, lost
	}
	return end, "void"
}
