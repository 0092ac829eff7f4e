package grafana

import (
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// cfo answers for the whole company: what partners brought, what is owed to them, and what the channel costs.
func cfo() board {
	return board{
		uid: "tributary-cfo", title: "Channel: CFO",
		description: "Partner-sourced revenue and its share, what is owed to partners, and where the company depends on whom.",
		variables:   append([]dashboard.VariableModel{quarterVariable(), sinceVariable()}, rangeVariables()...),
		rows: []row{
			{"How much of the revenue did partners source?", []panel{
				headline(size{6, 4}, metric("REV-1").in(sourcedColor)),
				headline(size{6, 4}, metric("REV-5").in(sourcedColor)),
				headline(size{6, 4}, metric("REV-7").in(unattributedColor)),
				headline(size{6, 4}, metric("ACC-4").plus("ACC-7").as("Accrued to partners, all programs")),
			}},
			{"Is it growing, and who closed it?", []panel{
				trend(size{14, 10}, "Closed-won revenue by class", common.StackingModeNormal, revenueByClass()...),
				trend(size{10, 10}, "Sourced share of closed-won revenue", common.StackingModeNone, metric("REV-5").as("Sourced").in(sourcedColor)),
			}},
			{"Why is it another number than it was?", []panel{whatMoved(size{9, 9}), movedRecords(size{15, 9})}},
			{"Is the shift structural?", []panel{
				headline(size{8, 4}, metric("REV-10")),
				headline(size{8, 4}, metric("REV-17")),
				trend(size{8, 5}, "Pipeline by class", common.StackingModeNormal, metric("REV-11")),
			}},
			{"What do we owe partners, and why did it change?", []panel{
				breakdown(size{14, 7}, "Liability by program", "program", "Program", 50,
					metric("ACC-4").as("Accrued in the quarter"), eligibleBase(), metric("ACC-2").as("Earned to date"), metric("ACC-3").as("Accrued to date")),
				bridge(size{10, 7}),
				breakdown(size{14, 7}, "Commission by program", "program", "Program", 50,
					metric("ACC-7").as("Credited in the quarter"), metric("ACC-7.estimated").as("Estimated"), metric("ACC-8").as("Forgone: SLA missed"), metric("ACC-8.all_gates").as("Forgone: all gates")),
				trend(size{10, 7}, "Accrued and credited by quarter", common.StackingModeNormal, metric("ACC-4").as("Rebates").in(sourcedColor), metric("ACC-7").as("Commission").in(influencedColor)),
				headline(size{12, 4}, metric("ACC-13")),
			}},
			{"What does the channel cost?", []panel{
				headline(size{8, 4}, metric("ECO-1")),
				headline(size{8, 4}, metric("ECO-7")),
				headline(size{8, 4}, metric("DRG-8")),
			}},
			{"On whom does it depend?", []panel{
				headline(size{24, 4}, metric("REV-16")),
				breakdown(size{14, 11}, "Largest partners", "partner", "Partner", 8,
					metric("REV-1").as("Sourced revenue"), metric("REV-5.of_total").as("Share of company revenue"), metric("REV-3").as("Influenced revenue")),
				breakdown(size{10, 11}, "By region", "region", "Region", 20, metric("REV-1").as("Sourced revenue"), metric("REV-5").as("Sourced share")),
			}},
		},
	}
}

// revenueByClass are the four amounts that every closed deal is in one of.
func revenueByClass() []figure {
	return []figure{
		metric("REV-5").over().as("Sourced").in(sourcedColor), metric("REV-5.influenced").over().as("Influenced").in(influencedColor),
		metric("REV-7").over().as("Unattributed").in(unattributedColor), metric("REV-5.direct").over().as("Direct").in(directColor),
	}
}

// bridge is what the period accrual of the quarter is made of; its parts add up to it.
func bridge(s size) panel {
	parts := []figure{
		metric("ACC-5.volume").as("Volume"), metric("ACC-5.rate").as("Rate (true-up)"), metric("ACC-5.prior_period").as("Prior period"),
		metric("ACC-5.fx").as("Exchange rates"), metric("ACC-5.clawback").as("Clawback"), metric("ACC-5.manual").as("Manual"),
	}
	return func(b *builder) *dashboard.Panel {
		found := b.find(parts)
		if len(found) == 0 {
			return nil
		}
		sql := "SELECT part AS \"Part\", amount AS \"Amount\" FROM (\n"
		for i, f := range found {
			if i > 0 {
				sql += "\nUNION ALL\n"
			}
			sql += "SELECT " + strconv.Itoa(i) + " AS place, " + quote(f.title) + " AS part, sum(" + f.amount("v") + ") AS amount\nFROM " + b.values() + " AS v JOIN {t}.quarter AS c ON v.period_start = c.quarter_start\n" +
				"WHERE c.key = '$quarter' AND v.grain = 'quarter' AND " + f.filter("v") + " AND " + b.cut("v", found)
		}
		sql += "\n) AS bridge WHERE amount IS NOT NULL ORDER BY place"
		p := b.frame("barchart", s, "Why the accrual changed", b.describe("The parts add up to what the quarter accrued.", found), "table", sql)
		return b.bars(p, "Part", common.StackingModeNone, b.unitOf(found[0], true), noValue(found), false, []dashboard.DashboardFieldConfigSourceOverrides{byName("Amount", fixed(sourcedColor))})
	}
}
