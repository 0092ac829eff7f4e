package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// qbr is the page of a quarterly business review: one partner, or all of a type and tier.
func qbr() board {
	toPartner := []string{"direction", "vendor_to_partner"}
	return board{
		uid: "tributary-qbr", title: "Channel: quarterly business review",
		description: "How a partner, or a group of partners, did in a quarter: beside the quarter before, the year before and its peers.",
		variables:   append([]dashboard.VariableModel{quarterVariable(), typeVariable(), tierVariable(), partnerVariable()}, rangeVariables()...),
		chosen:      []string{"partner", "type", "tier"},
		rows: []row{
			{"How was the quarter, and how were the peers'?", []panel{
				scorecard(size{24, 6}, "Scorecard",
					metric("REV-1").as("Sourced revenue"), metric("REV-3").as("Influenced revenue"), metric("RSP-6", toPartner...).as("Leads within SLA"),
					metric("RSP-1", toPartner...).as("Response, median"), metric("CNV-10").as("Win rate"), metric("CNV-7").as("Registered deals won"),
					metric("VEL-7.median", "route", "partner").as("Cycle time, median"), metric("ACC-4").as("Rebates accrued"), metric("ACC-7").as("Commission")),
			}},
			{"Are leads answered within the SLA?", []panel{
				breakdown(size{12, 6}, "Response by direction", "direction", "Direction", 5,
					metric("RSP-6").as("Within SLA"), metric("RSP-1").as("Median"), metric("RSP-2").as("90th percentile"), metric("RSP-3.unanswered").as("Unanswered")),
				monthly(size{12, 6}, "Within SLA by month", metric("RSP-6", toPartner...).as("Vendor to partner").in(sourcedColor),
					metric("RSP-6", "direction", "partner_to_vendor").as("Partner to vendor").in(influencedColor), metric("RSP-6", "direction", "affiliate").as("Affiliate").in(unattributedColor)),
				bySLA(size{14, 9}),
				strikes(size{10, 9}),
			}},
			{"Where do deals get stuck?", []panel{
				funnel(size{24, 11}, "Funnel by motion", metric("CNV-1").as("Went on"), metric("CNV-2").as("Of resolved"), metric("CNV-5").as("Skipped"), metric("VEL-5.median").as("Time in stage, median")),
			}},
			{"How fast do deals close?", []panel{
				scorecard(size{14, 6}, "Velocity", metric("VEL-1.median").as("Registration to close"), metric("VEL-2.median").as("Approval to close"), metric("VEL-3.median").as("All closed"),
					metric("VEL-7.median", "route", "partner").as("Cycle time, median"), metric("VEL-7.p90", "route", "partner").as("Cycle time, 90 %"), metric("VEL-8").as("Against direct")),
				trend(size{10, 6}, "Cycle time created to close, median", common.StackingModeNone, metric("VEL-7.median", "route", "partner").as("Median").in(sourcedColor)),
			}},
			{"Do registrations and leads become deals?", []panel{
				headline(size{6, 4}, metric("CNV-9")),
				headline(size{6, 4}, metric("CNV-8")),
				headline(size{6, 4}, metric("CNV-10")),
				headline(size{6, 4}, metric("DRG-2")),
				headline(size{6, 4}, metric("DRG-3")),
			}},
			{"Are partners active?", []panel{
				headline(size{6, 8}, metric("ACT-1")),
				headline(size{6, 8}, metric("ACT-2")),
				trend(size{12, 8}, "Activation", common.StackingModeNone, metric("ACT-1").as("With sourced revenue").in(sourcedColor), metric("ACT-2").as("With a registration").in(influencedColor)),
			}},
			{"What revenue came of it?", []panel{
				trend(size{24, 8}, "Revenue by quarter", common.StackingModeNormal, metric("REV-1").as("Sourced").in(sourcedColor), metric("REV-3").as("Influenced").in(influencedColor)),
				trend(size{24, 8}, "Open pipeline", common.StackingModeNormal, metric("REV-11")),
			}},
			{"Is the partnership healthy?", []panel{
				headline(size{8, 4}, metric("HYG-8")),
				headline(size{8, 4}, metric("HYG-5")),
				headline(size{8, 4}, metric("HYG-4")),
			}},
			{"What is on the statement?", []panel{
				breakdown(size{14, 8}, "By program", "program", "Program", 50, metric("ACC-4").as("Accrued in the quarter"), eligibleBase(),
					metric("ACC-2").as("Earned to date"), metric("ACC-3").as("Accrued to date"), metric("ACC-7").as("Commission")),
				statement(size{10, 8}),
			}},
		},
	}
}

// chosenPartners is a condition on a table of partners.
const chosenPartners = "('$partner' = '*' OR p.partner_id = '$partner') AND ('$type' = '*' OR p.partner_type = '$type') AND ('$tier' = '*' OR p.program_tier = '$tier')"

// bySLA is the response time of each type and tier beside what it was promised.
func bySLA(s size) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find([]figure{metric("RSP-1").as("Median"), metric("RSP-2").as("90th percentile"), metric("RSP-6").as("Within SLA"), metric("RSP-3.unanswered").as("Unanswered")}, "direction")
		if len(found) == 0 {
			return nil
		}
		sql := `SELECT replace(v.partner_type, '_', ' ') AS "Type", replace(v.program_tier, '_', ' ') AS "Tier", max(s.sla_seconds) AS "SLA"`
		shapes := []column{textColumn("Type", 110), textColumn("Tier", 100), number("SLA", duration(), 0)}
		for _, f := range found {
			sql += ",\n  " + f.pick("v", "") + " AS " + name(f.title)
			shapes = append(shapes, number(f.title, b.unitOf(f, false), 0))
		}
		sql += ",\n  max(v.n) FILTER (WHERE v.metric_id = 'RSP-1') AS \"Leads\"\n" + `FROM {t}.group_value AS v
JOIN {t}.quarter AS c ON v.period_start = c.quarter_start
LEFT JOIN {t}.policy_period AS s ON s.direction = v.direction AND s.partner_type = v.partner_type AND s.program_tier = v.program_tier
  AND s.valid_from < c.end_at AND c.end_at <= s.valid_to
WHERE c.key = '$quarter' AND v.grain = 'quarter' AND v.direction = 'vendor_to_partner' AND v.metric_id IN (` + ids(found) + `)
  AND ('$type' = '*' OR v.partner_type = '$type') AND ('$tier' = '*' OR v.program_tier = '$tier')
GROUP BY v.partner_type, v.program_tier
ORDER BY "Within SLA" NULLS LAST, 1, 2`
		shapes = append(shapes, number("Leads", count(), 80))
		return b.tablePanel(s, "Response by type and tier against the SLA", b.describe("Leads handed to partners, by what the partner was when the clock started; the SLA is that at the end of the quarter.", found), sql, noValue(found), shapes...)
	}
}

// strikes are the misses of the quarter and where they stand on the ladder.
func strikes(s size) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find([]figure{metric("RSP-7"), metric("RSP-8")}, "partner")
		if len(found) < 2 {
			return nil
		}
		sql := `SELECT coalesce(p.name, p.partner_id) AS "Partner", p.partner_id, p.partner_type AS "Type", p.program_tier AS "Tier",
  sum(v.value_number) FILTER (WHERE v.metric_id = 'RSP-7') AS "Misses", max(v.value_text) FILTER (WHERE v.metric_id = 'RSP-8') AS "State"
FROM {t}.metric_value AS v
JOIN {t}.quarter AS c ON v.period_start = c.quarter_start
JOIN {t}.partner AS p ON p.partner_id = v.partner
WHERE c.key = '$quarter' AND v.grain = 'quarter' AND v.metric_id IN ('RSP-7', 'RSP-8') AND ` + chosenPartners + `
GROUP BY p.name, p.partner_id, p.partner_type, p.program_tier
ORDER BY 5 DESC NULLS LAST, 1
LIMIT 50`
		return b.tablePanel(s, "Misses and consequences", b.describe("Misses count by the day of the deadline; the ladder of the type and tier says what they lead to.", found), sql, noValue(found),
			column{name: "Partner", link: qbrLink, text: "Open the QBR of ${__data.fields.partner_id}"}, column{name: "partner_id", hidden: true},
			textColumn("Type", 90), textColumn("Tier", 90), number("Misses", count(), 80),
			column{name: "State", width: 130, states: map[string]string{"flag": "orange", "formal review": "red", "ok": "green"}, empty: "none"})
	}
}

// chosenEvents is a condition on rows of a fact, by what the partner was at the event, as the figures above them are cut.
func chosenEvents(f string) string {
	return "('$partner' = '*' OR " + f + ".partner = '$partner') AND " + group("type") + " IN ('*', " + f + ".partner_type) AND " + group("tier") + " IN ('*', " + f + ".program_tier)"
}

// statement lists the events behind the quarter's accrual and commission, the largest first. A credit whose SLA is still running is none yet:
// ACC-7 leaves it out.
func statement(s size) panel {
	return listing(s, "Events behind it", "Each event's part of what the quarter accrued (rebates) or credited (commission), in the functional currency; the largest 200. The parts of all events add up to the programs' figures.",
		"Nothing accrued in this quarter", `SELECT f.program AS "Program", f.entity || ' ' || f.entity_key AS "Record", f.amount AS "Amount", f.base AS "Base", f.why AS "Note"
FROM (
  SELECT a.program, a.entity, a.entity_key, a.accrual AS amount, CASE WHEN `+inMoney("a.program")+` THEN a.base END AS base, NULL AS why
  FROM {t}.fact_accrual AS a JOIN {t}.quarter AS c ON a.period_start = c.quarter_start
  WHERE c.key = '$quarter' AND a.grain = 'quarter' AND a.accrual <> 0 AND `+chosenEvents("a")+`
  UNION ALL
  SELECT m.program, 'deal', m.deal_id, CASE WHEN m.sla_state = 'pending' THEN 0 ELSE m.credit END, m.base,
    CASE WHEN m.sla_state = 'pending' THEN 'estimated only: SLA still running' WHEN m.forgone > 0 THEN 'forgone: SLA missed' WHEN m.forgone_all > 0 THEN 'forgone: gates' END
  FROM {t}.fact_commission AS m JOIN {t}.quarter AS c ON m.anchor_at >= c.start_at AND m.anchor_at < c.end_at
  WHERE c.key = '$quarter' AND m.excluded IS NULL AND (m.credit <> 0 OR m.estimated <> 0 OR m.forgone_all <> 0) AND `+chosenEvents("m")+`
) AS f
ORDER BY abs(f.amount) DESC, 1, 2
LIMIT 200`, func(b *builder) []column {
			return []column{textColumn("Program", 150), textColumn("Record", 130), number("Amount", b.full(2), 110), number("Base", b.full(2), 120), textColumn("Note", 0)}
		})
}
