package report

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// eventLine is a deal, invoice, credit or adjustment behind a program's amounts.
type eventLine struct{ Document, Date, Base, Earned, Accrued, Accrual string }

type eventSums struct{ base, earned, accrued, accrual catalogue.Row }

// eventLines reads the rows that ACC-2, ACC-3 and ACC-4 of the quarter sum: the events of the program period so far, with what each
// has earned and accrued, and the part of it that this quarter added.
func (d *reader) eventLines(p program) ([]eventLine, eventSums, error) {
	var sums eventSums
	rows, err := d.conn.QueryContext(d.ctx, `SELECT coalesce(a.entity, ''), coalesce(a.entity_key, ''),
			strftime(coalesce(report_date(e.event_at), j.adjusted_on), '%-d %b %Y'),
			CAST(a.base AS VARCHAR), CAST(a.earned AS VARCHAR), CAST(a.accrued AS VARCHAR), CAST(a.accrual AS VARCHAR)
		FROM metrics.fact_accrual AS a
		LEFT JOIN incentives.event AS e ON e.program_id = a.program AND e.event_id = a.event_id
		LEFT JOIN incentives.adjustment AS j ON a.part = 'adjustment' AND j.adjustment_key = a.row_key
		WHERE a.part IN ('period', 'adjustment') AND a.grain = 'quarter' AND a.period_start = CAST(? AS DATE) AND a.partner = ? AND a.program = ?
		ORDER BY coalesce(report_date(e.event_at), j.adjusted_on), a.entity, a.entity_key, a.row_key`, d.now(), d.partner, p.id)
	if err != nil {
		return nil, sums, fmt.Errorf("read the lines of program %s: %w", p.id, err)
	}
	defer rows.Close()
	var out []eventLine
	for rows.Next() {
		var entity, key, date string
		var base, earned, accrued, accrual sql.NullString
		if err := rows.Scan(&entity, &key, &date, &base, &earned, &accrued, &accrual); err != nil {
			return nil, sums, fmt.Errorf("read the lines of program %s: %w", p.id, err)
		}
		sums.base, sums.earned, sums.accrued, sums.accrual = plus(sums.base, base), plus(sums.earned, earned), plus(sums.accrued, accrued), plus(sums.accrual, accrual)
		out = append(out, eventLine{
			Document: document(entity, key), Date: date, Base: d.base(p, moneyRow(base).Value),
			Earned: cents(moneyRow(earned)), Accrued: cents(moneyRow(accrued)), Accrual: cents(moneyRow(accrual)),
		})
	}
	return out, sums, rows.Err()
}

// document names what an amount stands on. An adjustment that was written by hand has no number.
func document(entity, key string) string {
	switch entity {
	case "", "incentive_adjustment":
		return strings.TrimSpace("adjustment " + key)
	}
	return words(entity) + " " + key
}

// creditLine is a milestone that a deal reached.
type creditLine struct{ Deal, Milestone, Date, Base, Credit, Estimated, Forgone, Why string }

type creditSums struct{ credit, estimated, sla, all catalogue.Row }

// creditLines reads the rows that ACC-7 and ACC-8 of the quarter sum.
func (d *reader) creditLines(p program) ([]creditLine, creditSums, error) {
	var sums creditSums
	rows, err := d.conn.QueryContext(d.ctx, `SELECT f.deal_id, f.milestone, strftime(report_date(f.anchor_at), '%-d %b %Y'), coalesce(f.sla_state, ''), coalesce(k.others_met, false),
			CAST(f.base AS VARCHAR), CAST(f.credit AS VARCHAR), CAST(f.estimated AS VARCHAR), CAST(f.forgone AS VARCHAR), CAST(f.forgone_all AS VARCHAR)
		FROM metrics.fact_commission AS f
		JOIN incentives.credit AS k ON k.program_id = f.program AND k.milestone = f.milestone AND k.deal_partner_id = f.deal_partner_id
		JOIN program.fiscal_day AS d ON d.date = report_date(f.anchor_at)
		WHERE f.partner = ? AND d.quarter_start = CAST(? AS DATE) AND f.program = ? AND f.excluded IS NULL
		ORDER BY f.anchor_at, f.deal_id, f.milestone, f.deal_partner_id`, d.partner, d.now(), p.id)
	if err != nil {
		return nil, sums, fmt.Errorf("read the lines of program %s: %w", p.id, err)
	}
	defer rows.Close()
	var out []creditLine
	for rows.Next() {
		var deal, milestone, date, state string
		var complete bool
		var base, credit, estimated, sla, all sql.NullString
		if err := rows.Scan(&deal, &milestone, &date, &state, &complete, &base, &credit, &estimated, &sla, &all); err != nil {
			return nil, sums, fmt.Errorf("read the lines of program %s: %w", p.id, err)
		}
		line := creditLine{Deal: deal, Milestone: words(milestone), Date: date, Base: cents(moneyRow(base)), Credit: none, Estimated: none, Forgone: none}
		if state == "pending" {
			sums.estimated = plus(sums.estimated, estimated)
			line.Estimated = cents(moneyRow(estimated))
		} else {
			sums.credit, sums.sla, sums.all = plus(sums.credit, credit), plus(sums.sla, sla), plus(sums.all, all)
			line.Credit, line.Forgone = cents(moneyRow(credit)), cents(moneyRow(all))
		}
		line.Why = gate(state, complete, all.String)
		out = append(out, line)
	}
	return out, sums, rows.Err()
}

// gate says why a credit is not whole.
func gate(state string, complete bool, forgone string) string {
	var why []string
	switch state {
	case "pending":
		why = append(why, "estimated: the lead's SLA is still running")
	case "breached", "breached_open":
		why = append(why, "the lead was answered too late")
	case "no_lead":
		why = append(why, "no lead behind the deal")
	case "none":
		why = append(why, "the lead has no SLA")
	}
	if !complete {
		why = append(why, "required fields or a certificate are missing")
	}
	if forgone == "0.00" && state != "pending" {
		return ""
	}
	if len(why) == 0 {
		return "cents of rounding"
	}
	return strings.Join(why, "; ")
}
