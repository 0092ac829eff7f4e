package report

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// statement is what the partner's programs owe it, with the events behind each amount.
type statement struct {
	Missing     string
	Programs    []programLine
	Commissions []commissionLine
	Tile        triple // everything that the quarter added
	Total       string // the same to the cent
	Forgone     string // commission lost to gates, "" when none
}

// program is an incentive program by its newest version.
type program struct{ id, title, method, basis, period, rate string }

// programLine is a program of tiers, rates or units.
type programLine struct {
	Title, Period, Note                    string
	Base, Earned, Accrued, Accrual         string // period to date, and the quarter's share of it
	QuarterBase, Tier, Distance, Cliff     string
	Lines                                  []eventLine
	BaseSum, EarnedSum, AccruedSum, AllSum string
}

// commissionLine is a program of milestones.
type commissionLine struct {
	Title, Note                               string
	Credit, Estimated, ForgoneSLA, ForgoneAll string
	Lines                                     []creditLine
}

func (d *reader) statement() (statement, error) {
	ids := []string{"ACC-1", "ACC-2", "ACC-3", "ACC-4", "ACC-6.distance", "ACC-6.cliff", "ACC-7", "ACC-7.estimated", "ACC-8", "ACC-8.all_gates"}
	t, err := d.read("quarter", nil, ids...)
	if err != nil {
		return statement{}, err
	}
	out := statement{Missing: d.unsourced(t, "ACC-4", "ACC-7")}
	if out.Missing != "" {
		return out, nil
	}
	programs, err := d.programs()
	if err != nil {
		return out, err
	}
	tiers, err := d.tiers()
	if err != nil {
		return out, err
	}
	var sums [5]catalogue.Row
	var forgone catalogue.Row
	failed := ""
	for _, p := range programs {
		for i := range sums {
			for _, id := range []string{"ACC-4|", "ACC-7|"} {
				sums[i] = addMoney(sums[i], d.ago(t, id+p.id, i))
			}
		}
		forgone = addMoney(forgone, d.ago(t, "ACC-8.all_gates|"+p.id, 0))
		if p.method == "milestone" {
			line, found, err := d.commission(t, p)
			if err != nil {
				return out, err
			}
			if found {
				out.Commissions = append(out.Commissions, line)
				failed = max(failed, line.Note)
			}
			continue
		}
		line, found, err := d.programLine(t, p, tiers[p.id])
		if err != nil {
			return out, err
		}
		if found {
			out.Programs = append(out.Programs, line)
			failed = max(failed, line.Note)
		}
	}
	out.Tile = d.compare("Accrued and credited, all programs", "", sums[0], sums[1], sums[4])
	out.Tile.Note = failed
	out.Tile.PreviousChange.Class, out.Tile.YearChange.Class = "flat", "flat" // more owed is good for one side of the table
	out.Total = cents(sums[0])
	if v, ok := forgone.Value.Float(); ok && v != 0 {
		out.Forgone = cents(forgone) + " " + d.currency
	}
	return out, nil
}

func (d *reader) programs() ([]program, error) {
	rows, err := d.conn.QueryContext(d.ctx, `SELECT program_id, coalesce(max_by(title, version), program_id), max_by(method, version), coalesce(max_by(basis, version), ''), coalesce(max_by(period, version), ''),
			coalesce(max_by(CASE method WHEN 'flat' THEN concat(CAST(CAST(rate * 100 AS DECIMAL(12,6)) AS VARCHAR), ' %')
				WHEN 'per_unit' THEN concat(CAST(unit_amount AS VARCHAR), ' ', currency, ' per unit') END, version), '')
		FROM program.incentive_version GROUP BY program_id ORDER BY program_id`)
	if err != nil {
		return nil, fmt.Errorf("read the incentive programs: %w", err)
	}
	defer rows.Close()
	var out []program
	for rows.Next() {
		var p program
		if err := rows.Scan(&p.id, &p.title, &p.method, &p.basis, &p.period, &p.rate); err != nil {
			return nil, fmt.Errorf("read the incentive programs: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// tiers are the tiers that the partner's base has reached at the end of the quarter or as_of, in words, by program.
func (d *reader) tiers() (map[string]string, error) {
	rows, err := d.conn.QueryContext(d.ctx, `SELECT b.program_id, t.tier, (SELECT count(*) FROM program.incentive_tier AS a WHERE a.program_id = t.program_id AND a.version = t.version),
			CAST(CAST(t.rate * 100 AS DECIMAL(12,6)) AS VARCHAR), CAST(t.lower AS VARCHAR), max_by(v.currency, v.version)
		FROM incentives.balance AS b
		JOIN program.fiscal_period AS q ON q.grain = 'quarter' AND q.period_start = CAST(? AS DATE) AND q.period_start < b.look_day AND b.look_day <= q.period_end
		JOIN program.incentive_version AS v ON v.program_id = b.program_id AND v.version = b.version
		JOIN program.incentive_tier AS t ON t.program_id = b.program_id AND t.version = b.version AND b.base >= t.lower AND (t.upper IS NULL OR b.base < t.upper)
		WHERE b.partner = ? AND b.method IN ('marginal', 'retroactive')
		GROUP BY b.program_id, b.account, b.look_day, t.program_id, t.version, t.tier, t.rate, t.lower
		ORDER BY b.program_id, b.look_day`, d.now(), d.partner)
	if err != nil {
		return nil, fmt.Errorf("read the tiers reached: %w", err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var id, rate, lower, currency string
		var tier, of int64
		if err := rows.Scan(&id, &tier, &of, &rate, &lower, &currency); err != nil {
			return nil, fmt.Errorf("read the tiers reached: %w", err)
		}
		out[id] = fmt.Sprintf("%s %%: tier %d of %d, from %s %s", trimmed(rate), tier, of, grouped(whole(lower)), currency)
	}
	return out, rows.Err()
}

func (d *reader) programLine(t table, p program, tier string) (programLine, bool, error) {
	at := func(id string) catalogue.Row { return d.ago(t, id+"|"+p.id, 0) }
	earned, accrued, accrual := at("ACC-2"), at("ACC-3"), at("ACC-4")
	if accrual.MetricID == "" && earned.MetricID == "" {
		return programLine{}, false, nil
	}
	out := programLine{
		Title: p.title, Period: "by " + p.period, Earned: cents(earned), Accrued: cents(accrued), Accrual: cents(accrual), Tier: tier,
		Base: d.base(p, earned.Denominator), QuarterBase: d.base(p, at("ACC-1").Value), Distance: none,
	}
	if number, unit, found := strings.Cut(p.rate, " "); out.Tier == "" && found {
		out.Tier = trimmed(number) + " " + unit
	}
	switch distance, cliff := at("ACC-6.distance"), at("ACC-6.cliff"); {
	case distance.Status == "top_tier":
		out.Distance = "top tier"
	case distance.Value.Valid:
		out.Distance = cents(distance) + " " + d.currency
		out.Cliff = cents(cliff) + " " + d.currency
	}
	if accrual.Status == "failed_missing_fx" || earned.Status == "failed_missing_fx" {
		out.Note = note(catalogue.Row{Status: "failed_missing_fx"})
		return out, true, nil
	}
	lines, sums, err := d.eventLines(p)
	if err != nil {
		return out, false, err
	}
	if err := d.foot(p, []total{{"ACC-2", sums.earned, earned}, {"ACC-3", sums.accrued, accrued}, {"ACC-4", sums.accrual, accrual}}); err != nil {
		return out, false, err
	}
	out.Lines = lines
	out.BaseSum, out.EarnedSum, out.AccruedSum, out.AllSum = d.base(p, sums.base.Value), cents(sums.earned), cents(sums.accrued), cents(sums.accrual)
	return out, true, nil
}

// base writes an amount of the program's basis: money, or units.
func (d *reader) base(p program, f catalogue.Figure) string {
	switch {
	case !f.Valid:
		return none
	case p.basis == "units":
		return grouped(trimmed(f.Text)) + " units"
	}
	return grouped(f.Text)
}

func (d *reader) commission(t table, p program) (commissionLine, bool, error) {
	at := func(id string) catalogue.Row { return d.ago(t, id+"|"+p.id, 0) }
	credit, estimated, sla, all := at("ACC-7"), at("ACC-7.estimated"), at("ACC-8"), at("ACC-8.all_gates")
	if credit.MetricID == "" && estimated.MetricID == "" {
		return commissionLine{}, false, nil
	}
	out := commissionLine{Title: p.title, Credit: cents(credit), Estimated: cents(estimated), ForgoneSLA: cents(sla), ForgoneAll: cents(all)}
	if credit.Status == "failed_missing_fx" || estimated.Status == "failed_missing_fx" {
		out.Note = note(catalogue.Row{Status: "failed_missing_fx"})
		return out, true, nil
	}
	lines, sums, err := d.creditLines(p)
	if err != nil {
		return out, false, err
	}
	out.Lines = lines
	err = d.foot(p, []total{{"ACC-7", sums.credit, credit}, {"ACC-7.estimated", sums.estimated, estimated}, {"ACC-8", sums.sla, sla}, {"ACC-8.all_gates", sums.all, all}})
	return out, true, err
}

// total is a sum of lines and the figure that it must be.
type total struct {
	id       string
	sum, row catalogue.Row
}

// foot refuses a statement whose lines do not make its totals: nobody could explain it.
func (d *reader) foot(p program, totals []total) error {
	for _, want := range totals {
		if want.row.Value.Valid && want.sum.Value.Text != want.row.Value.Text {
			return fmt.Errorf("the statement of %s does not foot: the lines of %s sum to %s, %s is %s: build the warehouse again with tributary run, and report it if that does not help",
				d.partner, p.id, want.sum.Value.Text, want.id, want.row.Value.Text)
		}
	}
	return nil
}

// plus is a sum so far with one more amount; nulls add nothing.
func plus(sum catalogue.Row, text sql.NullString) catalogue.Row {
	return addMoney(sum, moneyRow(text))
}

func moneyRow(text sql.NullString) catalogue.Row {
	return catalogue.Row{Unit: catalogue.Money, Value: catalogue.Figure{Text: text.String, Quoted: true, Valid: text.Valid}}
}
