package program

import (
	"cmp"
	"database/sql/driver"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/tributary-data/tributary/schemas/diag"
)

const week = 7 * daySeconds

func (p *Program) fillParam(w *writer) {
	m := p.Metrics
	w.table("param", func(row func(...driver.Value)) {
		row(timeOf(w.asOf), w.midnight(w.asOf+1), w.params.KnownAt.UTC(), w.params.Zone, w.params.Currency, int32(w.params.MinN), //nolint:gosec // small
			p.Attribution.SourcedSplits, cmp.Or(p.Attribution.LockWhenMissing.Value, "none"),
			cmp.Or(m.RestrictedMean.Seconds, week), int32(or(m.Maturity.MinDays, 30)), int32(or(m.Maturity.TrailingDays, 365)), //nolint:gosec // small
			int32(or(m.Activation.RevenueMonths, 12)), int32(or(m.Activation.Days, 90)), //nolint:gosec // small
			orNull(p.Calendars.VendorCalendar), orNull(p.Calendars.PartnerCalendar),
			p.FX.kind(), orNullInt(p.FX.MaxAgeDays), orNull(p.FX.DefaultCurrency))
	})
}

func (p *Program) fillLists(w *writer) {
	w.table("threshold", func(row func(...driver.Value)) {
		for _, t := range p.Metrics.Thresholds.List() {
			row(t.Name, orNullSeconds(Duration{Seconds: t.Seconds}), decimal(t.Number, 18, 6))
		}
	})
	w.table("record_url", func(row func(...driver.Value)) {
		for _, source := range slices.Sorted(maps.Keys(w.params.RecordURL)) {
			row(source, w.params.RecordURL[source])
		}
	})
	w.names("affiliate_type", p.Response.AffiliateTypes)
	w.names("new_logo_order_type", p.Attribution.NewLogoOrderTypes)
	w.names("void_loss_reason", p.Attribution.VoidLossReasons)
	w.names("partner_type", p.Taxonomy.PartnerTypes)
	w.table("program_tier", func(row func(...driver.Value)) {
		for i, t := range p.Taxonomy.ProgramTiers {
			row(t.Value, int32(i+1)) //nolint:gosec // small
		}
	})
	w.table("void_reason", func(row func(...driver.Value)) {
		for _, r := range p.Response.Void.Closed {
			row("closed", r.Value)
		}
		for _, r := range p.Response.Void.Unassigned {
			row("unassigned", r.Value)
		}
	})
}

// days is the first and last day of the calendars.
func (w *writer) days() (first, last int64) {
	return civil(firstYear, time.January, 1), dayOf(timeOf(w.asOf).AddDate(yearsAhead, 0, 0))
}

func (p *Program) fillFiscal(w *writer) {
	first, last := w.days()
	starts := map[string][]int64{}
	grains := []string{"day", "week", "month", "quarter", "year"}
	w.table("fiscal_day", func(row func(...driver.Value)) {
		start := w.midnight(first)
		for day := first; day <= last; day++ {
			at, end := p.Fiscal.at(day), w.midnight(day+1)
			row(timeOf(day), timeOf(at.week), timeOf(at.month), timeOf(at.quarter), timeOf(at.year), start, end)
			start = end
			for i, s := range []int64{day, at.week, at.month, at.quarter, at.year} {
				if list := starts[grains[i]]; len(list) == 0 || list[len(list)-1] != s {
					starts[grains[i]] = append(list, s)
				}
			}
		}
	})
	w.table("fiscal_period", func(row func(...driver.Value)) {
		for _, grain := range grains {
			for i, start := range starts[grain] {
				end := p.Fiscal.next(grain, start)
				if i+1 < len(starts[grain]) {
					end = starts[grain][i+1]
				}
				row(grain, timeOf(start), timeOf(end), w.midnight(start), w.midnight(end))
			}
		}
	})
}

func (p *Program) fillResponse(w *writer) {
	w.table("sla_policy", func(row func(...driver.Value)) {
		for _, s := range p.Response.Policies {
			row(s.ID.Value, s.Direction.Value, orNull(s.PartnerType), orNull(s.ProgramTier), w.from(s.ValidFrom), w.to(s.ValidTo),
				s.SLA.Seconds, orNullSeconds(s.Alert), p.Response.clockOf(s))
		}
	})
	w.table("ladder", func(row func(...driver.Value)) {
		for _, l := range p.Response.Ladder {
			for _, s := range l.Steps {
				row(orNull(l.PartnerType), orNull(l.ProgramTier), w.from(l.ValidFrom), w.to(l.ValidTo), int32(s.Misses), s.State.Value) //nolint:gosec // small
			}
		}
	})
}

func (p *Program) fillMotions(w *writer) {
	w.table("motion", func(row func(...driver.Value)) {
		for _, m := range p.Motions.Motions {
			row(m.Motion.Value, cmp.Or(m.Title, m.Motion.Value), m.Enabled == nil || *m.Enabled)
		}
	})
	w.table("stage", func(row func(...driver.Value)) {
		for _, m := range p.Motions.Motions {
			for _, s := range m.rows() {
				row(s.motion, s.stage, int32(s.rank), s.close, s.postClose) //nolint:gosec // small
			}
		}
	})
}

func (p *Program) fillCalendars(w *writer) {
	first, last := w.days()
	w.table("region_calendar", func(row func(...driver.Value)) {
		for _, region := range sortedKeys(p.Calendars.Regions) {
			row(region, p.Calendars.Regions[region].Value)
		}
	})
	w.table("calendar_interval", func(row func(...driver.Value)) {
		for _, cal := range p.Calendars.Calendars {
			zone := w.zone
			if cal.Zone.Value != "" {
				if zone, w.err = Zone(cal.Zone.Value); w.err != nil {
					return
				}
			}
			for _, i := range cal.intervals(first, last, zone) {
				row(cal.Calendar.Value, timeOf(i.day), time.Unix(i.from, 0).UTC(), time.Unix(i.to, 0).UTC(), i.open, i.before)
			}
		}
	})
}

func (p *Program) fillFX(w *writer) {
	w.table("fx_manual", func(row func(...driver.Value)) {
		for _, r := range p.FX.Rates {
			row(timeOf(r.Date.Day()), r.From.Value, r.To.Value, decimal(r.Rate, 18, 9), p.FX.kindOf(r))
		}
	})
}

// eachVersion appends rows for every version of every program.
func (p *Program) eachVersion(w *writer, table string, fill func(id string, version int32, v Version, row func(...driver.Value))) {
	w.table(table, func(row func(...driver.Value)) {
		for _, i := range p.Incentives.Programs {
			for _, v := range i.Versions {
				fill(i.Program.Value, int32(v.Version), v, row) //nolint:gosec // small
			}
		}
	})
}

func (p *Program) fillIncentives(w *writer) {
	titles := map[string]string{}
	for _, i := range p.Incentives.Programs {
		titles[i.Program.Value] = cmp.Or(i.Title, i.Program.Value)
	}
	p.eachVersion(w, "incentive_version", func(id string, version int32, v Version, row func(...driver.Value)) {
		factor := v.Gate.SLAMissFactor
		if !factor.Given() {
			factor.rat = new(big.Rat)
		}
		row(id, titles[id], version, w.from(v.EffectiveFrom), w.to(v.EffectiveTo), v.Method.Value, v.basis(), w.currency(v.Currency),
			v.period(), v.AccountingClass.Value, decimal(v.Rate, 18, 9), decimal(v.UnitAmount, 18, 4), v.AllowNegative, v.slaGate(),
			decimal(factor, 9, 6), cmp.Or(v.Gate.NoLead.Value, "fail"), cmp.Or(v.CreditedRole.Value, "sourced"))
	})
	p.eachVersion(w, "incentive_tier", func(id string, version int32, v Version, row func(...driver.Value)) {
		for k, t := range v.Tiers {
			var upper driver.Value
			if k+1 < len(v.Tiers) {
				upper = decimal(v.Tiers[k+1].From, 18, 2)
			}
			row(id, version, int32(k+1), decimal(t.From, 18, 2), upper, decimal(t.Rate, 18, 9)) //nolint:gosec // small
		}
	})
	p.eachVersion(w, "incentive_scope", func(id string, version int32, v Version, row func(...driver.Value)) {
		for _, d := range v.Scope.dimensions() {
			for _, value := range d.values {
				row(id, version, d.name, value.Value)
			}
		}
	})
	p.eachVersion(w, "incentive_milestone", func(id string, version int32, v Version, row func(...driver.Value)) {
		for _, m := range v.Milestones {
			row(id, version, m.Milestone.Value, decimal(m.Share, 9, 6))
		}
	})
	p.eachVersion(w, "incentive_gate", func(id string, version int32, v Version, row func(...driver.Value)) {
		for kind, list := range map[string][]diag.Text{"required_field": v.Gate.RequiredFields, "certification": v.Gate.Certifications} {
			for _, value := range list {
				row(id, version, kind, value.Value)
			}
		}
	})
	p.eachVersion(w, "projection_weight", func(id string, version int32, v Version, row func(...driver.Value)) {
		for k, weight := range v.QuarterWeights {
			row(id, version, int32(k+1), decimal(weight, 9, 6)) //nolint:gosec // small
		}
	})
}

func (p *Program) fillAdjustments(w *writer) {
	w.table("projection_override", func(row func(...driver.Value)) {
		for _, o := range p.Adjustments.Overrides {
			row(o.Program.Value, o.Partner.Value, timeOf(o.PeriodStart.Day()), decimal(o.ProjectedBase, 18, 2), timeOf(o.MadeOn.Day()),
				o.Approved, o.Reason.Value, orNull(o.ApprovedBy))
		}
	})
	w.table("adjustment", func(row func(...driver.Value)) {
		for _, a := range p.Adjustments.Adjustments {
			row(a.Program.Value, a.Partner.Value, timeOf(a.Date.Day()), decimal(a.Amount, 18, 2), w.currency(a.Currency),
				a.Reason.Value, a.Approved, orNull(a.ApprovedBy))
		}
	})
}
