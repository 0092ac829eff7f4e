package generator

import (
	"time"
)

// claimRows spreads the registrations of a project over the rows of one sheet.
type claimRows struct{ to sink[registration] }

func (c claimRows) put(all *claims) {
	for i := range all.Rows {
		c.to.put(&all.Rows[i])
	}
}

func (c claimRows) close() error { return c.to.close() }

func (c *contracts) deals(o *outputs) {
	o.registration = claimRows{entityFile(c, "deal_registration", []column[registration]{
		text("registration_id", func(g *registration) string { return g.ID }), text("partner_id", func(g *registration) string { return g.Partner }),
		text("deal_id", func(g *registration) string { return g.Deal }), text("account", func(g *registration) string { return g.Account }),
		iso("submitted_at", func(g *registration) instant { return g.Submitted }), iso("decided_at", func(g *registration) instant { return g.Decided }),
		text("decision", func(g *registration) string { return g.Decision }), text("decision_reason", func(g *registration) string { return g.Reason }),
		iso("expires_at", func(g *registration) instant { return g.Expires }), iso("price_protection_until", func(g *registration) instant { return g.Protected }),
		text("duplicate_of", func(g *registration) string { return g.DuplicateOf }),
		amount("amount", func(g *registration) (money, string) { return g.Amount, g.Currency }), text("currency", func(g *registration) string { return g.Currency }),
		text("merged_into", func(*registration) string { return "" }), truth("test", "true", "false", func(g *registration) bool { return g.Test }),
	}, func(g *registration) mark { return g.mark })}
	cash := func(name string, get func(*deal) money) column[deal] {
		return amount(name, func(d *deal) (money, string) { return get(d), d.Currency })
	}
	o.deal = entityFile(c, "deal", []column[deal]{
		text("deal_id", func(d *deal) string { return d.ID }), text("name", func(d *deal) string { return d.Name }),
		text("account_id", func(d *deal) string { return d.AccountID }), text("account_name", func(d *deal) string { return d.Account }),
		text("partner_id", func(d *deal) string { return d.Partner }), text("lead_id", func(d *deal) string { return d.Lead }),
		text("route_to_market", func(d *deal) string { return d.Route }), text("motion", func(d *deal) string { return d.Motion }),
		text("engagement_mode", func(d *deal) string { return d.Engagement }), maybe("is_competitive", "true", "false", func(d *deal) flag { return d.Competitive }),
		cash("amount", func(d *deal) money { return d.Amount }), cash("arr", func(d *deal) money { return d.ARR }), cash("acv", func(d *deal) money { return d.ACV }),
		text("currency", func(d *deal) string { return d.Currency }), iso("created_at", func(d *deal) instant { return d.Created }),
		at("close_date", time.DateOnly, c.home, func(d *deal) instant { return d.CloseDate }), iso("closed_at", func(d *deal) instant { return d.Closed }),
		text("outcome", func(d *deal) string { return d.Outcome }), text("loss_reason", func(d *deal) string { return d.LossReason }),
		text("order_type", func(d *deal) string { return d.OrderType }), text("product_line", func(d *deal) string { return d.Product }),
		text("region", func(d *deal) string { return d.Region }), text("owner_id", func(d *deal) string { return d.Owner }),
		text("marketplace_name", func(d *deal) string { return d.Marketplace }), text("merged_into", func(d *deal) string { return d.MergedInto }),
		truth("test", "true", "false", func(d *deal) bool { return d.Test }),
	}, func(d *deal) mark { return d.mark })
	o.credit = entityFile(c, "deal_partner", []column[credit]{
		text("deal_partner_id", func(c *credit) string { return c.ID }), text("deal_id", func(c *credit) string { return c.Deal }),
		text("partner_id", func(c *credit) string { return c.Partner }), text("role", func(c *credit) string { return c.Role }),
		share("pct", func(c *credit) int { return c.Pct }), share("current_pct", func(c *credit) int { return c.Current }),
		text("contribution_type", func(c *credit) string { return c.Contribution }), iso("created_at", func(c *credit) instant { return c.Created }),
		iso("locked_at", func(c *credit) instant { return c.Locked }),
	}, func(c *credit) mark { return c.mark })
	o.stage = entityFile(c, "deal_stage", []column[stageRow]{
		text("deal_stage_id", func(s *stageRow) string { return s.ID }), text("deal_id", func(s *stageRow) string { return s.Deal }),
		text("motion", func(s *stageRow) string { return s.Motion }), text("stage", func(s *stageRow) string { return s.Stage }),
		iso("entered_at", func(s *stageRow) instant { return s.Entered }), iso("exited_at", func(s *stageRow) instant { return s.Exited }),
		number("sequence", func(s *stageRow) int { return s.Sequence }),
	}, func(s *stageRow) mark { return s.mark })
	o.note = entityFile(c, "stage_note", []column[note]{
		text("note_id", func(n *note) string { return n.ID }), text("deal_id", func(n *note) string { return n.Deal }),
		text("stage", func(n *note) string { return n.Stage }), iso("occurred_at", func(n *note) instant { return n.Occurred }),
		text("author", func(n *note) string { return n.Author }),
	}, func(n *note) mark { return n.mark })
	o.dealContact = entityFile(c, "deal_contact", []column[dealContact]{
		text("deal_contact_id", func(c *dealContact) string { return c.ID }), text("deal_id", func(c *dealContact) string { return c.Deal }),
		text("partner_id", func(c *dealContact) string { return c.Partner }), text("contact_id", func(c *dealContact) string { return c.Contact }),
		text("role", func(c *dealContact) string { return c.Role }), iso("created_at", func(c *dealContact) instant { return c.Created }),
	}, func(c *dealContact) mark { return c.mark })
	o.line = entityFile(c, "deal_line", []column[line]{
		text("deal_line_id", func(l *line) string { return l.ID }), text("deal_id", func(l *line) string { return l.Deal }),
		text("product_line", func(l *line) string { return l.Product }), text("product", func(l *line) string { return l.Item }),
		text("line_type", func(l *line) string { return l.Type }), quantity("quantity", func(l *line) money { return l.Quantity }),
		amount("amount", func(l *line) (money, string) { return l.Amount, l.Currency }), text("currency", func(l *line) string { return l.Currency }),
	}, func(l *line) mark { return l.mark })
	o.quote = entityFile(c, "quote", []column[quote]{
		text("quote_id", func(q *quote) string { return q.ID }), text("deal_id", func(q *quote) string { return q.Deal }),
		text("partner_id", func(q *quote) string { return q.Partner }), iso("requested_at", func(q *quote) instant { return q.Requested }),
		iso("sent_at", func(q *quote) instant { return q.Sent }), iso("accepted_at", func(q *quote) instant { return q.Accepted }),
		truth("has_error", "true", "false", func(q *quote) bool { return q.HasError }),
		amount("amount", func(q *quote) (money, string) { return q.Amount, q.Currency }), text("currency", func(q *quote) string { return q.Currency }),
	}, func(q *quote) mark { return q.mark })
	o.conflict = entityFile(c, "conflict", []column[conflict]{
		text("conflict_id", func(c *conflict) string { return c.ID }), text("deal_id", func(c *conflict) string { return c.Deal }),
		text("registration_id", func(c *conflict) string { return c.Registration }), text("type", func(c *conflict) string { return c.Type }),
		text("partner_id", func(c *conflict) string { return c.Partner }), text("other_partner_id", func(c *conflict) string { return c.Other }),
		iso("raised_at", func(c *conflict) instant { return c.Raised }), iso("resolved_at", func(c *conflict) instant { return c.Resolved }),
		text("resolution", func(c *conflict) string { return c.Resolution }), text("resolution_reason", func(c *conflict) string { return c.Reason }),
	}, func(c *conflict) mark { return c.mark })
}

func (c *contracts) money(o *outputs) {
	o.subscription = entityFile(c, "subscription", []column[subscription]{
		text("subscription_id", func(s *subscription) string { return s.ID }), text("account_id", func(s *subscription) string { return s.AccountID }),
		text("partner_id", func(s *subscription) string { return s.Partner }), text("deal_id", func(s *subscription) string { return s.Deal }),
		amount("arr", func(s *subscription) (money, string) { return s.ARR, s.Currency }), text("currency", func(s *subscription) string { return s.Currency }),
		iso("started_at", func(s *subscription) instant { return s.Started }), iso("ends_at", func(s *subscription) instant { return s.Ends }),
		iso("renewed_at", func(s *subscription) instant { return s.Renewed }), iso("cancelled_at", func(s *subscription) instant { return s.Cancelled }),
		text("previous_subscription_id", func(s *subscription) string { return s.Previous }),
	}, func(s *subscription) mark { return s.mark })
	o.invoice = entityFile(c, "invoice", []column[invoice]{
		text("invoice_id", func(v *invoice) string { return v.ID }), text("number", func(v *invoice) string { return v.Number }),
		text("partner_id", func(v *invoice) string { return v.Partner }), text("deal_id", func(v *invoice) string { return v.Deal }),
		text("kind", func(v *invoice) string { return v.Kind }), text("corrects_invoice_id", func(v *invoice) string { return v.Corrects }),
		iso("issued_at", func(v *invoice) instant { return v.Issued }), amount("amount", func(v *invoice) (money, string) { return v.Amount, v.Currency }),
		text("currency", func(v *invoice) string { return v.Currency }), text("product_line", func(v *invoice) string { return v.Product }),
		text("region", func(v *invoice) string { return v.Region }), quantity("quantity", func(v *invoice) money { return v.Quantity }),
		truth("test", "true", "false", func(v *invoice) bool { return v.Test }),
	}, func(v *invoice) mark { return v.mark })
	o.payment = entityFile(c, "incentive_payment", []column[payment]{
		text("payment_id", func(p *payment) string { return p.ID }), text("program_id", func(p *payment) string { return p.Program }),
		text("partner_id", func(p *payment) string { return p.Partner }), at("period_start", time.DateOnly, c.home, func(p *payment) instant { return p.Period }),
		iso("paid_at", func(p *payment) instant { return p.Paid }), amount("amount", func(p *payment) (money, string) { return p.Amount, p.Currency }),
		text("currency", func(p *payment) string { return p.Currency }),
	}, func(p *payment) mark { return p.mark })
	o.adjustment = entityFile(c, "incentive_adjustment", []column[adjustment]{
		text("adjustment_id", func(a *adjustment) string { return a.ID }), text("program_id", func(a *adjustment) string { return a.Program }),
		text("partner_id", func(a *adjustment) string { return a.Partner }), at("adjusted_on", time.DateOnly, c.home, func(a *adjustment) instant { return a.On }),
		amount("amount", func(a *adjustment) (money, string) { return a.Amount, a.Currency }), text("currency", func(a *adjustment) string { return a.Currency }),
		text("reason", func(a *adjustment) string { return a.Reason }), truth("approved", "true", "false", func(a *adjustment) bool { return a.Approved }),
	}, func(a *adjustment) mark { return a.mark })
	o.mdfRequest = entityFile(c, "mdf_request", []column[mdfRequest]{
		text("request_id", func(q *mdfRequest) string { return q.ID }), text("partner_id", func(q *mdfRequest) string { return q.Partner }),
		iso("requested_at", func(q *mdfRequest) instant { return q.Requested }), iso("decided_at", func(q *mdfRequest) instant { return q.Decided }),
		text("decision", func(q *mdfRequest) string { return q.Decision }), amount("amount", func(q *mdfRequest) (money, string) { return q.Amount, q.Currency }),
		amount("approved_amount", func(q *mdfRequest) (money, string) { return q.Approved, q.Currency }), text("currency", func(q *mdfRequest) string { return q.Currency }),
		text("activity", func(q *mdfRequest) string { return q.Activity }),
	}, func(q *mdfRequest) mark { return q.mark })
	o.mdfClaim = entityFile(c, "mdf_claim", []column[mdfClaim]{
		text("claim_id", func(c *mdfClaim) string { return c.ID }), text("request_id", func(c *mdfClaim) string { return c.Request }),
		text("partner_id", func(c *mdfClaim) string { return c.Partner }), iso("submitted_at", func(c *mdfClaim) instant { return c.Submitted }),
		amount("amount", func(c *mdfClaim) (money, string) { return c.Amount, c.Currency }), text("currency", func(c *mdfClaim) string { return c.Currency }),
		iso("proof_verified_at", func(c *mdfClaim) instant { return c.Verified }), iso("paid_at", func(c *mdfClaim) instant { return c.Paid }),
		amount("paid_amount", func(c *mdfClaim) (money, string) { return c.PaidAmount, c.Currency }),
	}, func(c *mdfClaim) mark { return c.mark })
	o.target = entityFile(c, "target", []column[target]{
		text("target_id", func(t *target) string { return t.ID }), at("period_start", time.DateOnly, c.home, func(t *target) instant { return t.From }),
		at("period_end", time.DateOnly, c.home, func(t *target) instant { return t.To }), text("partner_id", func(t *target) string { return t.Partner }),
		text("partner_type", func(t *target) string { return t.Type }), text("region", func(t *target) string { return t.Region }),
		text("measure", func(t *target) string { return t.Measure }), amount("amount", func(t *target) (money, string) { return t.Amount, t.Currency }),
		text("currency", func(t *target) string { return t.Currency }),
	}, func(t *target) mark { return t.mark })
	o.fx = entityFile(c, "fx_rate", []column[fxRate]{
		at("rate_date", time.DateOnly, time.UTC, func(f *fxRate) instant { return f.Day }), text("from_currency", func(f *fxRate) string { return f.From }),
		text("to_currency", func(f *fxRate) string { return f.To }), {"rate", func(b []byte, f *fxRate) []byte { return billionths(b, f.Rate) }},
		text("kind", func(f *fxRate) string { return f.Kind }),
	}, func(f *fxRate) mark { return f.mark })
}
