package generator

import (
	"strconv"
	"time"
)

// lines splits the deal's amount into positions that add up to it.
func (w *world) lines(r *random, d *deal) {
	if d.Amount == absent {
		return
	}
	n := 1 + r.weighted(.5, .35, .15)
	left, s := d.Amount, step(d.Currency)
	for i := range n {
		l := line{ID: w.id("I"), Deal: d.ID, Product: d.Product, Type: "product", Currency: d.Currency, Amount: left}
		if i+1 < n {
			l.Amount = money(float64(left)*(.4+.3*r.float())) / s * s
		}
		left -= l.Amount
		if i > 0 && r.chance(.6) {
			l.Product, l.Type = "Calibration Services", "service"
		} else if i > 0 {
			l.Type = "integration"
		}
		l.Item = pick(r, "PT-100", "FLOW 220", "GasEye", "pH Line", "Cloud Seat", "On-site Calibration")
		l.Quantity = money(r.between(1, 40)) * 1000
		l.mark = mark{Modified: min(d.Created+hour, w.export)}
		w.out.line.put(&l)
	}
}

// bill writes quotes, and what follows from a won deal: subscription, invoices, and some of them taken back.
func (w *world) bill(r *random, d *deal, p plan) {
	if d.Partner != "" && r.chance(.55) {
		w.quote(r, d)
	}
	if d.Outcome != won || d.Amount == absent {
		return
	}
	if d.ARR != absent && r.chance(.9) {
		w.subscribe(r, d)
	}
	buyer := ""
	if p.member != nil && d.Motion == reseller && p.role != "" {
		buyer = p.member.ID
	}
	n := 1 + r.weighted(.68, .2, .12)
	left, s := d.Amount, step(d.Currency)
	at := d.Closed
	for i := range n {
		at += r.seconds(float64([...]instant{5 * day, 30 * day}[min(i, 1)]), .5)
		if at >= w.export {
			return
		}
		v := invoice{Deal: d.ID, Partner: buyer, Kind: "invoice", Issued: at, Amount: left, Currency: d.Currency, Product: d.Product, Region: d.Region}
		if i+1 < n {
			v.Amount = d.Amount / money(n) / s * s
		}
		left -= v.Amount
		v.Quantity = money(r.between(1, 60)) * 1000
		w.invoice(r, &v)
		w.takeBack(r, v)
	}
}

func (w *world) invoice(r *random, v *invoice) {
	v.ID = w.id("V")
	prefix := "RE"
	if v.Kind != "invoice" {
		prefix = "GS"
	}
	v.Number = prefix + strconv.Itoa(w.date(v.Issued).Year()) + "-" + v.ID[1:]
	v.mark = mark{Modified: v.Issued, Deleted: w.rare(r, .002)}
	v.Test = w.rare(r, .002)
	w.out.invoice.put(v)
}

// takeBack corrects an invoice, weeks later: a credit for a part or a refund of all.
func (w *world) takeBack(r *random, v invoice) {
	kind, share := "credit", .1+.4*r.float()
	switch r.weighted(.92, .055, .025) {
	case 0:
		return
	case 2:
		kind, share = "refund", 1
	}
	s := step(v.Currency)
	c := v
	c.Kind, c.Corrects = kind, v.ID
	c.Issued = v.Issued + r.seconds(float64(38*day), .7)
	c.Amount = max(s, money(float64(v.Amount)*share)/s*s)
	c.Quantity = money(float64(v.Quantity)*share) / 1000 * 1000
	if c.Issued < w.export {
		w.invoice(r, &c)
	}
}

// stockOrder is what distributors buy for their shelves: invoiced, without a deal.
func (w *world) stockOrder(r *random, at instant) {
	m := w.choose(r, at, func(m *member) bool { return m.Type == "distributor" })
	if m.Type != "distributor" {
		return
	}
	v := invoice{Partner: m.ID, Kind: "invoice", Issued: at, Currency: m.Currency, Product: pick(r, "Sensors", "Sensors", "Analyzers"), Region: m.Region}
	v.Amount = w.fx.inCurrency(r.logNormal(14_000, .6), v.Currency, w.date(at))
	v.Quantity = money(r.between(20, 400)) * 1000
	w.invoice(r, &v)
	w.takeBack(r, v)
}

func (w *world) quote(r *random, d *deal) {
	q := quote{ID: w.id("Q"), Deal: d.ID, Partner: d.Partner, Amount: d.Amount, Currency: d.Currency, HasError: r.chance(.09)}
	q.Requested = d.Created + r.seconds(float64(9*day), .7)
	if q.Requested >= w.export {
		return
	}
	q.Sent = w.past(q.Requested + r.seconds(float64(28*hour), 1))
	if q.Sent != 0 && d.Outcome == won && q.Sent < d.Closed {
		q.Accepted = d.Closed
	}
	q.mark = w.modified(r, q.Requested, q.Sent, q.Accepted)
	w.out.quote.put(&q)
}

// subscribe starts a year's subscription, which is renewed or not.
func (w *world) subscribe(r *random, d *deal) {
	s := subscription{ID: w.id("U"), AccountID: d.AccountID, Partner: d.Partner, Deal: d.ID, ARR: d.ARR, Currency: d.Currency}
	s.Started = w.midnight(d.Closed + 10*day)
	if s.Started >= w.export {
		return
	}
	s.Ends = moment(w.date(s.Started).AddDate(1, 0, 0))
	next := s
	switch {
	case w.rare(r, .12):
		s.Cancelled = w.past(s.Started + instant(r.between(60, 364))*day)
	case r.chance(.8):
		s.Renewed = w.past(s.Ends - instant(r.between(1, 40))*day)
	}
	s.mark = w.modified(r, s.Started, s.Renewed, s.Cancelled)
	w.out.subscription.put(&s)
	if s.Renewed == 0 || s.Ends >= w.export {
		return
	}
	next.ID, next.Previous, next.Started = w.id("U"), s.ID, s.Ends
	next.Ends = moment(w.date(s.Ends).AddDate(1, 0, 0))
	growth := [...]float64{1, 1.15, .8}[r.weighted(.6, .28, .12)]
	next.ARR = money(float64(s.ARR)*growth) / step(s.Currency) * step(s.Currency)
	next.mark = w.modified(r, next.Started)
	w.out.subscription.put(&next)
}

// exchange writes the daily and the monthly price of every currency.
func (w *world) exchange() {
	for d := w.fx.first; d.Before(time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)); d = d.AddDate(0, 0, 1) {
		for _, c := range currencies {
			row := fxRate{Day: moment(d), From: c.code, To: "EUR", Rate: w.fx.on(c.code, d), Kind: "closing", mark: mark{Modified: moment(d) + 15*hour}}
			w.out.fx.put(&row)
			if d.Day() == 1 {
				row.Kind = "month_average"
				row.Rate = w.fx.on(c.code, d.AddDate(0, 0, 14))
				w.out.fx.put(&row)
			}
		}
	}
}
