package generator

import (
	"fmt"
	"path/filepath"
	"time"
)

const isoSeconds = "2006-01-02T15:04:05Z"

// WriteClean writes the data as plain CSV in the shape of the contracts (one file per entity, canonical names, instants in
// UTC) into dir/data, with a tributary.yaml of identity maps and a program/ beside it. Every key occurs once and every row
// can be typed; what is odd about real programs (tests, mergers, deletions, orphans, late locks …) is still in it.
func WriteClean(dir string, seed uint64, leads int) error {
	return writeClean(dir, Options{Seed: seed, Leads: leads, Detours: .12})
}

// WriteOdd is WriteClean in a world where the rare is common and events coincide: what two computations must agree on.
func WriteOdd(dir string, seed uint64, leads int) error {
	return writeClean(dir, Options{Seed: seed, Leads: leads, Detours: .5, Oddity: 8})
}

// WriteBench is WriteClean with deals that go back and forth so often that 300 k deals have 2 M stage rows.
func WriteBench(dir string, seed uint64, leads int) error {
	return writeClean(dir, Options{Seed: seed, Leads: leads, Detours: benchDetours})
}

func writeClean(dir string, opts Options) error {
	w, err := newWorld(opts)
	if err != nil {
		return err
	}
	c := &contracts{dir: filepath.Join(dir, "data"), home: w.home}
	if err := w.run(opts.Leads, c.outputs()); err != nil {
		return fmt.Errorf("write clean data: %w", err)
	}
	return c.writeProject(dir)
}

// contracts knows the files in contract shape: one per entity.
type contracts struct {
	dir      string
	home     *time.Location
	entities []entity
}

// entity is a contract with the fields that its file has.
type entity struct {
	name   string
	key    []string
	fields []string
}

// entityFile opens the sheet of one entity.
func entityFile[T any](c *contracts, name string, columns []column[T], mark func(*T) mark) sink[T] {
	columns = append(columns,
		truth("deleted", "true", "false", func(r *T) bool { return mark(r).Deleted }),
		iso("modified_at", func(r *T) instant { return mark(r).Modified }))
	e := entity{name: name, key: keyOf(name, columns[0].name)}
	for _, col := range columns {
		e.fields = append(e.fields, col.name)
	}
	c.entities = append(c.entities, e)
	return newSheet(create(c.dir, name+".csv", nil), layout{delimiter: ','}, nil, columns)
}

func iso[T any](name string, get func(*T) instant) column[T] {
	return at(name, isoSeconds, time.UTC, get)
}

func (c *contracts) outputs() *outputs {
	o := &outputs{}
	c.partners(o)
	c.leads(o)
	c.deals(o)
	c.money(o)
	o.cost = entityFile(c, "program_cost", []column[cost]{
		text("cost_id", func(x *cost) string { return x.ID }), text("category", func(x *cost) string { return x.Category }),
		text("partner_id", func(x *cost) string { return x.Partner }),
		at("period_start", time.DateOnly, c.home, func(x *cost) instant { return x.From }), at("period_end", time.DateOnly, c.home, func(x *cost) instant { return x.To }),
		amount("amount", func(x *cost) (money, string) { return x.Amount, x.Currency }), text("currency", func(x *cost) string { return x.Currency }),
	}, func(x *cost) mark { return x.mark })
	return o
}

func (c *contracts) partners(o *outputs) {
	o.partner = entityFile(c, "partner", []column[partner]{
		text("partner_id", func(p *partner) string { return p.ID }), text("name", func(p *partner) string { return p.Name }),
		text("partner_type", func(p *partner) string { return p.Type }), text("program_tier", func(p *partner) string { return p.Tier }),
		text("parent_distributor_id", func(p *partner) string { return p.Parent }), text("country", func(p *partner) string { return p.Country }),
		text("region", func(p *partner) string { return p.Region }), text("cam_id", func(p *partner) string { return p.CAM }),
		text("business_calendar", func(p *partner) string { return p.Calendar }), text("currency", func(p *partner) string { return p.Currency }),
		text("engagement_model", func(p *partner) string { return p.Engagement }),
		iso("signed_at", func(p *partner) instant { return p.Signed }), iso("enrolled_at", func(p *partner) instant { return p.Enrolled }),
		iso("onboarded_at", func(p *partner) instant { return p.Onboarded }), iso("terminated_at", func(p *partner) instant { return p.Terminated }),
		text("merged_into", func(p *partner) string { return p.MergedInto }), truth("test", "true", "false", func(p *partner) bool { return p.Test }),
	}, func(p *partner) mark { return p.mark })
	history := func(entity, value string) sink[span] {
		return entityFile(c, entity, []column[span]{
			text("partner_id", func(s *span) string { return s.Partner }), text(value, func(s *span) string { return s.Value }),
			iso("valid_from", func(s *span) instant { return s.From }), iso("valid_to", func(s *span) instant { return s.To }),
		}, func(s *span) mark { return s.mark })
	}
	o.partnerType = history("partner_type", "partner_type")
	o.partnerTier = history("partner_tier", "program_tier")
	o.partnerStatus = history("partner_status", "status")
	o.contact = entityFile(c, "partner_contact", []column[contact]{
		text("contact_id", func(c *contact) string { return c.ID }), text("partner_id", func(c *contact) string { return c.Partner }),
		text("name", func(c *contact) string { return c.Name }), text("email", func(c *contact) string { return c.Email }),
		text("role", func(c *contact) string { return c.Role }), iso("created_at", func(c *contact) instant { return c.Created }),
		truth("active", "true", "false", func(c *contact) bool { return c.Active }),
	}, func(c *contact) mark { return c.mark })
	o.certification = entityFile(c, "certification", []column[certification]{
		text("certification_id", func(c *certification) string { return c.ID }), text("partner_id", func(c *certification) string { return c.Partner }),
		text("contact_id", func(c *certification) string { return c.Contact }), text("course", func(c *certification) string { return c.Course }),
		iso("issued_at", func(c *certification) instant { return c.Issued }), iso("expires_at", func(c *certification) instant { return c.Expires }),
	}, func(c *certification) mark { return c.mark })
	o.training = entityFile(c, "training", []column[training]{
		text("training_id", func(t *training) string { return t.ID }), text("partner_id", func(t *training) string { return t.Partner }),
		text("contact_id", func(t *training) string { return t.Contact }), text("course", func(t *training) string { return t.Course }),
		text("category", func(t *training) string { return t.Category }), iso("assigned_at", func(t *training) instant { return t.Assigned }),
		iso("completed_at", func(t *training) instant { return t.Completed }), iso("due_at", func(t *training) instant { return t.Due }),
	}, func(t *training) mark { return t.mark })
	o.content = entityFile(c, "content_event", []column[contentEvent]{
		text("event_id", func(e *contentEvent) string { return e.ID }), text("partner_id", func(e *contentEvent) string { return e.Partner }),
		text("contact_id", func(e *contentEvent) string { return e.Contact }), text("channel", func(e *contentEvent) string { return e.Channel }),
		text("asset", func(e *contentEvent) string { return e.Asset }), text("type", func(e *contentEvent) string { return e.Type }),
		iso("occurred_at", func(e *contentEvent) instant { return e.Occurred }),
	}, func(e *contentEvent) mark { return e.mark })
	o.survey = entityFile(c, "survey", []column[survey]{
		text("survey_id", func(s *survey) string { return s.ID }), text("partner_id", func(s *survey) string { return s.Partner }),
		text("contact_id", func(s *survey) string { return s.Contact }), text("kind", func(s *survey) string { return s.Kind }),
		number("score", func(s *survey) int { return s.Score }), iso("answered_at", func(s *survey) instant { return s.Answered }),
		text("comment", func(s *survey) string { return s.Comment }),
	}, func(s *survey) mark { return s.mark })
}

func (c *contracts) leads(o *outputs) {
	state := func(name string, get func(*lead) flag) column[lead] { return maybe(name, "true", "false", get) }
	o.lead = entityFile(c, "lead", []column[lead]{
		text("lead_id", func(l *lead) string { return l.ID }), text("direction", func(l *lead) string { return l.Direction }),
		text("partner_id", func(l *lead) string { return l.Partner }), text("source", func(l *lead) string { return l.Source }),
		text("region", func(l *lead) string { return l.Region }), text("solution_area", func(l *lead) string { return l.Solution }),
		iso("received_at", func(l *lead) instant { return l.Received }), iso("submitted_at", func(l *lead) instant { return l.Submitted }),
		iso("assigned_at", func(l *lead) instant { return l.Assigned }), iso("auto_ack_at", func(l *lead) instant { return l.AutoAck }),
		iso("acknowledged_at", func(l *lead) instant { return l.Acknowledged }), iso("accepted_at", func(l *lead) instant { return l.Accepted }),
		iso("rejected_at", func(l *lead) instant { return l.Rejected }), text("reject_reason", func(l *lead) string { return l.RejectReason }),
		iso("first_contact_at", func(l *lead) instant { return l.FirstContact }), iso("qualified_at", func(l *lead) instant { return l.Qualified }),
		iso("closed_at", func(l *lead) instant { return l.Closed }), text("closed_reason", func(l *lead) string { return l.ClosedReason }),
		iso("converted_at", func(l *lead) instant { return l.Converted }), text("converted_deal_id", func(l *lead) string { return l.Deal }),
		tenths("score", func(l *lead) int { return l.Score }), amount("mrr_potential", func(l *lead) (money, string) { return l.MRR, "EUR" }),
		state("registered", func(l *lead) flag { return l.Registered }), state("budget_confirmed", func(l *lead) flag { return l.Budget }),
		state("decision_maker_identified", func(l *lead) flag { return l.Decider }), state("technical_fit", func(l *lead) flag { return l.Fit }),
		state("project_scope", func(l *lead) flag { return l.Scope }), state("recurring_need", func(l *lead) flag { return l.Recurring }),
		state("contract_vehicle", func(l *lead) flag { return l.Vehicle }), state("interest_signal", func(l *lead) flag { return l.Interest }),
		text("merged_into", func(l *lead) string { return l.MergedInto }), truth("test", "true", "false", func(l *lead) bool { return l.Test }),
	}, func(l *lead) mark { return l.mark })
	o.assignment = entityFile(c, "lead_assignment", []column[assignment]{
		text("assignment_id", func(a *assignment) string { return a.ID }), text("lead_id", func(a *assignment) string { return a.Lead }),
		text("partner_id", func(a *assignment) string { return a.Partner }), text("assignee", func(a *assignment) string { return a.Assignee }),
		iso("assigned_at", func(a *assignment) instant { return a.Assigned }), iso("acknowledged_at", func(a *assignment) instant { return a.Acknowledged }),
		iso("accepted_at", func(a *assignment) instant { return a.Accepted }), iso("rejected_at", func(a *assignment) instant { return a.Rejected }),
		text("reject_reason", func(a *assignment) string { return a.RejectReason }), iso("unassigned_at", func(a *assignment) instant { return a.Unassigned }),
		text("unassign_reason", func(a *assignment) string { return a.UnassignReason }), iso("expired_at", func(a *assignment) instant { return a.Expired }),
	}, func(a *assignment) mark { return a.mark })
	o.enrollment = entityFile(c, "nurture_enrollment", []column[enrollment]{
		text("enrollment_id", func(e *enrollment) string { return e.ID }), text("lead_id", func(e *enrollment) string { return e.Lead }),
		text("partner_id", func(e *enrollment) string { return e.Partner }), iso("enrolled_at", func(e *enrollment) instant { return e.Enrolled }),
		iso("ended_at", func(e *enrollment) instant { return e.Ended }),
	}, func(e *enrollment) mark { return e.mark })
	o.touch = entityFile(c, "nurture_touch", []column[touch]{
		text("touch_id", func(t *touch) string { return t.ID }), text("lead_id", func(t *touch) string { return t.Lead }),
		text("enrollment_id", func(t *touch) string { return t.Enrollment }), iso("occurred_at", func(t *touch) instant { return t.Occurred }),
		text("channel", func(t *touch) string { return t.Channel }), text("type", func(t *touch) string { return t.Type }),
		truth("engaged", "true", "false", func(t *touch) bool { return t.Engaged }),
	}, func(t *touch) mark { return t.mark })
	o.activity = entityFile(c, "activity", []column[activity]{
		text("activity_id", func(a *activity) string { return a.ID }), text("lead_id", func(a *activity) string { return a.Lead }),
		text("deal_id", func(a *activity) string { return a.Deal }), text("partner_id", func(a *activity) string { return a.Partner }),
		text("actor_type", func(a *activity) string { return a.Actor }), text("party", func(a *activity) string { return a.Party }),
		text("type", func(a *activity) string { return a.Type }), text("reason", func(a *activity) string { return a.Reason }),
		iso("occurred_at", func(a *activity) instant { return a.Occurred }), iso("ended_at", func(a *activity) instant { return a.Ended }),
		iso("next_step_at", func(a *activity) instant { return a.NextStep }),
	}, func(a *activity) mark { return a.mark })
	o.escalation = entityFile(c, "escalation", []column[escalation]{
		text("escalation_id", func(e *escalation) string { return e.ID }), text("lead_id", func(e *escalation) string { return e.Lead }),
		text("assignment_id", func(e *escalation) string { return e.Assignment }), iso("occurred_at", func(e *escalation) instant { return e.Occurred }),
		text("level", func(e *escalation) string { return e.Level }), text("reason", func(e *escalation) string { return e.Reason }),
	}, func(e *escalation) mark { return e.mark })
}

// tenths writes a score with one decimal.
func tenths[T any](name string, get func(*T) int) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte { return appendMoney(b, money(get(row))*100, 1, '.') }}
}

// keyOf names the key fields of a contract; most have one, which comes first.
func keyOf(entity, first string) []string {
	switch entity {
	case "partner_type", "partner_tier", "partner_status":
		return []string{"partner_id", "valid_from"}
	case "fx_rate":
		return []string{"rate_date", "from_currency", "to_currency", "kind"}
	}
	return []string{first}
}
