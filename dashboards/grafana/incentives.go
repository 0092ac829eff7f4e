package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// incentives is what programs and partners earned, and what more they could.
func incentives() board {
	return board{
		uid: "tributary-incentives", title: "Channel: incentives",
		description: "By program and partner: what was earned and accrued, what was forgone and why, and how far the next tier is.",
		variables:   append([]dashboard.VariableModel{quarterVariable(), programVariable(), partnerVariableOfAll()}, rangeVariables()...),
		chosen:      []string{"partner", "program"},
		rows: []row{
			{"What did partners earn?", []panel{
				headline(size{6, 4}, metric("ACC-4").as("Rebates accrued in the quarter")),
				headline(size{6, 4}, metric("ACC-7").as("Commission credited")),
				headline(size{6, 4}, metric("ACC-2").as("Rebates earned to date")),
				headline(size{6, 4}, metric("ACC-8").as("Commission forgone to SLA misses").in(unattributedColor)),
				headline(size{12, 4}, metric("ACC-14")),
				headline(size{12, 4}, metric("ACC-9")),
			}},
			{"How did it come about?", []panel{
				trend(size{14, 8}, "Accrued and credited by quarter", common.StackingModeNormal, metric("ACC-4").as("Rebates").in(sourcedColor), metric("ACC-7").as("Commission").in(influencedColor)),
				bridge(size{10, 8}),
				breakdown(size{24, 7}, "By program", "program", "Program", 50, metric("ACC-4").as("Accrued in the quarter"), eligibleBase(), metric("ACC-2").as("Earned to date"),
					metric("ACC-3").as("Accrued to date"), metric("ACC-7").as("Commission credited"), metric("ACC-7.estimated").as("Commission estimated"), metric("ACC-8").as("Forgone: SLA missed"), metric("ACC-8.all_gates").as("Forgone: all gates")),
			}},
			{"Who could reach the next tier?", []panel{nextTier(size{24, 10})}},
			{"Which commission was held back, and why?", []panel{held(size{24, 10})}},
			{"Was what we accrued what we paid?", []panel{
				trend(size{24, 8}, "Accrual accuracy", common.StackingModeNone, metric("ACC-17")),
			}},
		},
	}
}

// partnerVariableOfAll offers every partner, where type and tier are not asked for.
func partnerVariableOfAll() dashboard.VariableModel {
	return query("partner", "Partner", "One partner, or all", everyOne("all partners", "SELECT coalesce(name || ' · ', '') || partner_id, partner_id FROM {t}.partner WHERE excluded IS NULL"))
}

const chosenLines = "('$partner' = '*' OR f.partner = '$partner') AND ('$program' = '*' OR f.program = '$program')"

// nextTier are the partners on a ladder with what is missing to its next step and what reaching it is worth, the closest first.
func nextTier(s size) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find([]figure{metric("ACC-6.distance"), metric("ACC-6.cliff")})
		if len(found) < 2 {
			return nil
		}
		sql := `SELECT coalesce(p.name, f.partner) AS "Partner", f.partner AS partner_id, coalesce(t.title, f.program) AS "Program", f.program_tier AS "Tier",
  k.base_functional AS "Base so far", f.distance AS "Missing to the next step", f.cliff AS "Worth of reaching it",
  CASE WHEN k.base_functional + f.distance > 0 THEN CAST(k.base_functional / (k.base_functional + f.distance) AS double precision) END AS "Reached"
FROM {t}.fact_tier_distance AS f
LEFT JOIN {t}.incentives_balance AS k ON k.program_id = f.program AND k.partner = f.partner AND k.account = f.account AND k.period_start = f.program_start
  AND k.look_day = (SELECT max(look_day) FROM {t}.incentives_look AS o WHERE o.program_id = f.program AND o.period_start = f.program_start)
LEFT JOIN {t}.partner AS p ON p.partner_id = f.partner
LEFT JOIN (SELECT program_id, max(title) AS title FROM {t}.program_incentive_version GROUP BY program_id) AS t ON t.program_id = f.program
WHERE f.grain = 'total' AND f.excluded IS NULL AND f.distance > 0 AND ` + chosenLines + `
ORDER BY 8 DESC NULLS LAST, 1, 3
LIMIT 100`
		return b.tablePanel(s, "Closest to the next step of their program", b.describe("In the running program period, as of the data's day, in the functional currency.", found), sql, "Nobody has a next step to reach in the running period",
			column{name: "Partner", link: qbrLink, text: "Open the QBR of ${__data.fields.partner_id}", width: 240}, column{name: "partner_id", hidden: true}, textColumn("Program", 240), textColumn("Tier", 110),
			number("Base so far", b.full(2), 0), number("Missing to the next step", b.full(2), 0), number("Worth of reaching it", b.full(2), 0), column{name: "Reached", unit: new(share()), gauge: true})
	}
}

// held are the credits of the quarter that a gate took away; while an SLA is still running nothing is taken away yet.
func held(s size) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find([]figure{metric("ACC-7"), metric("ACC-8"), metric("ACC-8.all_gates")})
		if len(found) < 3 {
			return nil
		}
		sql := `SELECT coalesce(p.name, f.partner) AS "Partner", f.partner AS partner_id, f.program AS "Program", f.deal_id AS "Deal", replace(f.milestone, '_', ' ') AS "Milestone", replace(f.sla_state, '_', ' ') AS "SLA of the lead",
  f.base AS "Base", f.credit AS "Credited", f.forgone AS "Forgone: SLA missed", f.forgone_all AS "Forgone: all gates"
FROM {t}.fact_commission AS f
JOIN {t}.quarter AS c ON f.anchor_at >= c.start_at AND f.anchor_at < c.end_at
LEFT JOIN {t}.partner AS p ON p.partner_id = f.partner
WHERE c.key = '$quarter' AND f.excluded IS NULL AND f.sla_state IS DISTINCT FROM 'pending' AND f.forgone_all <> 0 AND ` + chosenLines + `
ORDER BY f.forgone_all DESC, f.deal_id
LIMIT 200`
		return b.tablePanel(s, "Commission that gates held back", b.describe("", found), sql, "No gate held anything back in this quarter",
			column{name: "Partner", link: qbrLink, text: "Open the QBR of ${__data.fields.partner_id}", width: 220}, column{name: "partner_id", hidden: true}, textColumn("Program", 180), textColumn("Deal", 110), textColumn("Milestone", 130), textColumn("SLA of the lead", 130),
			number("Base", b.full(2), 0), number("Credited", b.full(2), 0), number("Forgone: SLA missed", b.full(2), 0), number("Forgone: all gates", b.full(2), 0))
	}
}

// eligibleBase leaves out programs that pay per unit: their base is no money.
func eligibleBase() figure {
	return metric("ACC-1").as("Eligible base").where(inMoney("v.program"))
}

func inMoney(program string) string {
	return program + " NOT IN (SELECT u.program_id FROM {t}.program_incentive_version AS u WHERE u.basis = 'units')"
}
