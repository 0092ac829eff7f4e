package report

import (
	"database/sql"
	"fmt"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// funnels are the partner's stage conversion per motion, and what becomes of its leads and deals.
type funnels struct {
	Missing string
	Motions []motionFunnel
	Outcome figures
}

type motionFunnel struct {
	Motion string
	Stages []stageLine
}

// stageLine is a stage: what went on of everything so far beside the peers, and of what left it in the quarter.
type stageLine struct {
	Stage, Rate, N, Peers   string
	Width                   float64
	Quarter, Previous, Year string
}

func (d *reader) partnerFunnels() (funnels, error) {
	total, err := d.read("total", nil, "CNV-1")
	if err != nil {
		return funnels{}, err
	}
	flow, err := d.read("quarter", nil, "CNV-3")
	if err != nil {
		return funnels{}, err
	}
	deals, err := d.read("quarter", nil, "CNV-8", "CNV-8.all_leads", "CNV-10", "CNV-10.value")
	if err != nil {
		return funnels{}, err
	}
	out := funnels{Missing: d.unsourced(total, "CNV-1"), Outcome: figures{Missing: d.unsourced(deals, "CNV-8", "CNV-10")}}
	for _, id := range []string{"CNV-8", "CNV-8.all_leads", "CNV-10", "CNV-10.value"} {
		out.Outcome.Rows = append(out.Outcome.Rows, d.own(deals, id))
	}
	rows, err := d.conn.QueryContext(d.ctx, `SELECT s.motion, coalesce(m.title, s.motion), s.stage FROM program.stage AS s
		LEFT JOIN program.motion AS m ON m.motion = s.motion ORDER BY s.motion, s.rank`)
	if err != nil {
		return out, fmt.Errorf("read the stages: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var motion, title, stage string
		if err := rows.Scan(&motion, &title, &stage); err != nil {
			return out, fmt.Errorf("read the stages: %w", err)
		}
		row, ok := total["CNV-1|"+motion+"|"+stage][""]
		if !ok {
			continue
		}
		if len(out.Motions) == 0 || out.Motions[len(out.Motions)-1].Motion != title {
			out.Motions = append(out.Motions, motionFunnel{Motion: title})
		}
		share, _ := row.Value.Float()
		key := "CNV-3|" + motion + "|" + stage
		m := &out.Motions[len(out.Motions)-1]
		m.Stages = append(m.Stages, stageLine{
			Stage: words(stage), Rate: figure(row), N: fmt.Sprint(row.N), Peers: d.besides(row), Width: share * 100,
			Quarter: ofN(d.ago(flow, key, 0)), Previous: ofN(d.ago(flow, key, 1)), Year: ofN(d.ago(flow, key, 4)),
		})
	}
	return out, rows.Err()
}

// ofN writes a share with the number of cases behind it.
func ofN(r catalogue.Row) string {
	if r.MetricID == "" || !r.Value.Valid {
		return none
	}
	return fmt.Sprintf("%s of %d", figure(r), r.N)
}

// partnerVelocity is how long the partner's deals take, beside its peers and the direct deals that VEL-8 holds them against.
func (d *reader) partnerVelocity() (figures, error) {
	t, err := d.read("quarter", nil, "VEL-1.median", "VEL-1.p90", "VEL-3.median", "VEL-7.median", "VEL-8")
	if err != nil {
		return figures{}, err
	}
	out := figures{Missing: d.unsourced(t, "VEL-1.median", "VEL-7.median")}
	for _, key := range []string{"VEL-1.median", "VEL-1.p90", "VEL-3.median", "VEL-7.median|partner"} {
		out.Rows = append(out.Rows, d.own(t, key))
	}
	direct := d.compare("The same of direct deals, median", "", denominator(d.ago(t, "VEL-8", 0)), denominator(d.ago(t, "VEL-8", 1)), denominator(d.ago(t, "VEL-8", 4)))
	direct.Peers = none
	for _, c := range []*change{&direct.PreviousChange, &direct.YearChange} {
		c.Class = "flat"
	}
	ratio := d.own(t, "VEL-8")
	ratio.Note = "below 100 %: faster than direct"
	out.Rows = append(out.Rows, direct, ratio)
	return out, nil
}

// denominator is the duration that a ratio of medians divides by, as a row of its own.
func denominator(r catalogue.Row) catalogue.Row {
	r.Value, r.Unit, r.N, r.Status = r.Denominator, catalogue.Seconds, 0, ""
	return r
}

// registrations are those of the quarter by what became of them.
type registrations struct {
	Missing string
	Counts  []cell
	Pending int64
	Rows    []triple
}

func (d *reader) registrations() (registrations, error) {
	t, err := d.read("quarter", nil, "CNV-9.submitted", "CNV-9", "CNV-7")
	if err != nil {
		return registrations{}, err
	}
	out := registrations{Missing: d.unsourced(t, "CNV-9.submitted", "CNV-9")}
	if out.Missing != "" {
		return out, nil
	}
	for _, id := range []string{"CNV-9.submitted", "CNV-9", "CNV-7"} {
		out.Rows = append(out.Rows, d.own(t, id))
	}
	var submitted, approved, pending, rejected, expired, withdrawn, won sql.NullInt64
	err = d.conn.QueryRowContext(d.ctx, `SELECT count(*), count_if(g.decision = 'approved'), count_if(g.decision = 'pending'), count_if(g.decision = 'rejected'),
			count_if(g.decision = 'expired'), count_if(g.decision = 'withdrawn'), count_if(f.is_won)
		FROM metrics.fact_registration AS f
		JOIN core.registration AS g ON g.registration_id = f.registration_id
		JOIN program.fiscal_day AS d ON d.date = report_date(f.anchor_at)
		WHERE f.cohort = 'submitted' AND f.excluded IS NULL AND f.partner = ? AND d.quarter_start = CAST(? AS DATE)`, d.partner, d.now()).
		Scan(&submitted, &approved, &pending, &rejected, &expired, &withdrawn, &won)
	if err != nil {
		return out, fmt.Errorf("read the quarter's registrations: %w", err)
	}
	out.Pending = pending.Int64
	for _, c := range []struct {
		name string
		n    int64
	}{
		{"submitted", submitted.Int64}, {"approved", approved.Int64}, {"pending", pending.Int64}, {"rejected", rejected.Int64},
		{"expired", expired.Int64}, {"withdrawn", withdrawn.Int64}, {"won so far", won.Int64},
	} {
		out.Counts = append(out.Counts, cell{c.name, fmt.Sprint(c.n)})
	}
	return out, nil
}
