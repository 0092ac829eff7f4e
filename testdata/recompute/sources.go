package recompute

import (
	"slices"
	"strings"
)

// known are the metrics of the six results with their units, and what each cannot do without.
func known() []metric {
	m := func(unit string, needs string, ids ...string) []metric {
		var out []metric
		for _, id := range ids {
			out = append(out, metric{id: id, unit: unit, cuts: strings.Fields(needs)})
		}
		return out
	}
	return slices.Concat(
		m(inSeconds, "lead lead.direction", "RSP-1", "RSP-2", "RSP-3.median", "RSP-3.p90", "RSP-4.mean_answered", "RSP-4.restricted_mean",
			"RSP-5.1", "RSP-5.2", "RSP-5.3.median", "RSP-5.3.p90", "RSP-5.4.mean_answered", "RSP-5.4.restricted_mean"),
		m(inRatio, "lead lead.direction", "RSP-3.unanswered", "RSP-5.3.unanswered", "RSP-6"),
		m(inCount, "lead lead.direction", "RSP-7"), m(inText, "lead lead.direction", "RSP-8"),
		m(inRatio, "deal_stage", "CNV-1", "CNV-2", "CNV-3", "CNV-4", "CNV-5", "CNV-6"),
		m(inRatio, "deal_registration", "CNV-7", "CNV-9", "CNV-9.submitted"),
		m(inRatio, "lead lead.qualified_at", "CNV-8"), m(inRatio, "lead", "CNV-8.all_leads"),
		m(inRatio, "deal", "CNV-10"), m(inRatio, "deal deal.amount", "CNV-10.value"),
		m(inSeconds, "deal_registration", "VEL-1.median", "VEL-1.p90", "VEL-2.median", "VEL-2.p90", "VEL-3.median", "VEL-3.p90"),
		m(inSeconds, "deal_stage", "VEL-5.median", "VEL-5.p90"), m(inSeconds, "deal", "VEL-7.median", "VEL-7.p90"), m(inRatio, "deal", "VEL-8"),
		m(inMoney, "deal.amount deal_partner", "REV-1", "REV-3", "REV-4"),
		m(inMoney, "deal.amount deal_partner deal_partner.pct", "REV-2", "REV-2.influenced", "REV-2.direct"),
		m(inRatio, "deal.amount deal_partner", "REV-5", "REV-5.influenced", "REV-5.direct", "REV-5.of_total", "REV-7"),
		m(inRatio, "deal.arr deal_partner", "REV-5.arr"), m(inRatio, "deal.amount deal.order_type deal_partner", "REV-5.new_logo"),
		m(inRatio, "deal.amount deal_partner deal_partner.pct", "REV-6", "REV-6.of_total"),
		m(inRatio, "partner.signed_at deal.amount deal_partner", "ACT-1", "ACT-1.ever"),
		m(inRatio, "partner.enrolled_at deal_registration", "ACT-2", "ACT-2.submitted", "ACT-3"),
		m(inCount, "partner.signed_at deal.amount deal_partner deal_registration", "ACT-4.both", "ACT-4.revenue_only", "ACT-4.registration_only", "ACT-4.neither"),
		m(inMoney, "", "ACC-1", "ACC-2", "ACC-3", "ACC-4", "ACC-5.volume", "ACC-5.rate", "ACC-5.prior_period", "ACC-5.fx", "ACC-5.manual", "ACC-5.clawback",
			"ACC-6.distance", "ACC-6.cliff", "ACC-7", "ACC-7.estimated", "ACC-8", "ACC-8.all_gates"),
	)
}

// names are the ids of the known metrics that begin with a prefix.
func names(prefix string) []string {
	var out []string
	for _, m := range known() {
		if strings.HasPrefix(m.id, prefix) {
			out = append(out, m.id)
		}
	}
	return out
}

// blank gives every metric of a prefix its one row that only says why there is no value.
func (c *calc) blank(status, prefix string) {
	for _, m := range known() {
		if strings.HasPrefix(m.id, prefix) {
			c.out = append(c.out, Row{Metric: m.id, Grain: total, Dims: "{}", Unit: m.unit, Status: status})
		}
	}
}

// sources replaces what was made of inputs that are not there by a row that says so.
func (c *calc) sources() {
	if c.data.WithoutMappings {
		return
	}
	for _, m := range known() {
		missing := slices.ContainsFunc(m.cuts, func(need string) bool { return !c.mapped[need] })
		if !missing {
			continue
		}
		c.out = slices.DeleteFunc(c.out, func(r Row) bool { return r.Metric == m.id })
		c.out = append(c.out, Row{Metric: m.id, Grain: total, Dims: "{}", Unit: m.unit, Status: noSource})
	}
}
