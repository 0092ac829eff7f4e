package report

import (
	"database/sql"
	"fmt"
)

// mostBreaches are listed; the newest are what a meeting talks about.
const mostBreaches = 40

// responses are who answered whom, how fast, and what follows from the misses.
type responses struct {
	Missing string
	Boards  []responseBoard
	Ladder  ladder
	Breach  []breach
	More    int // breaches that are not listed
}

// responseBoard is one direction of leads.
type responseBoard struct {
	Direction, Title string
	Rows             []triple
	ids              []string
}

func (b *responseBoard) pick(id string) triple {
	for i, have := range b.ids {
		if have == id {
			return b.Rows[i]
		}
	}
	return triple{Title: id, Value: none}
}

// own is the board of what the partner owed.
func (r *responses) own() *responseBoard {
	for i, b := range r.Boards {
		if b.Direction != "partner_to_vendor" {
			return &r.Boards[i]
		}
	}
	return nil
}

// ladder is the consequence state and the way to the next.
type ladder struct {
	State, Misses, Next string
	Steps               []ladderStep
	Rows                []triple
}

type ladderStep struct {
	State   string
	Misses  int64
	Reached bool
}

type breach struct{ Lead, Deadline, Limit, Late, State string }

func (d *reader) partnerResponse() (responses, error) {
	ids := []string{"RSP-1", "RSP-2", "RSP-3.unanswered", "RSP-6"}
	t, err := d.read("quarter", nil, append(ids, "RSP-7", "RSP-8")...)
	if err != nil {
		return responses{}, err
	}
	out := responses{Missing: d.unsourced(t, "RSP-1", "RSP-6")}
	if out.Missing != "" {
		return out, nil
	}
	for _, direction := range [][2]string{
		{"vendor_to_partner", "Leads handed to the partner: how fast it answered"}, {"affiliate", "Affiliate leads: how fast the partner answered"},
		{"partner_to_vendor", "Leads the partner brought: how fast we answered"},
	} {
		if d.ago(t, "RSP-1|"+direction[0], 0).MetricID == "" && d.ago(t, "RSP-6|"+direction[0], 0).MetricID == "" {
			continue
		}
		board := responseBoard{Direction: direction[0], Title: direction[1], ids: ids}
		for _, id := range ids {
			board.Rows = append(board.Rows, d.own(t, id+"|"+direction[0]))
		}
		out.Boards = append(out.Boards, board)
	}
	if out.Ladder, err = d.ladder(t); err != nil {
		return out, err
	}
	out.Breach, out.More, err = d.breaches()
	return out, err
}

// ladder reads the steps that hold for the partner in the quarter, as RSP-8 chooses them.
func (d *reader) ladder(t table) (ladder, error) {
	misses, state := d.ago(t, "RSP-7", 0), d.ago(t, "RSP-8", 0)
	if misses.MetricID == "" {
		return ladder{}, nil
	}
	out := ladder{State: figure(state), Misses: figure(misses), Rows: []triple{d.own(t, "RSP-7"), d.own(t, "RSP-8")}}
	if out.State == "none" {
		out.State = none
	}
	rows, err := d.conn.QueryContext(d.ctx, `WITH fitting AS (
			SELECT l.misses, l.state, CASE WHEN l.partner_type IS NOT NULL THEN 2 ELSE 0 END + CASE WHEN l.program_tier IS NOT NULL THEN 1 ELSE 0 END AS fit
			FROM program.param AS m
			JOIN program.fiscal_period AS q ON q.grain = 'quarter' AND q.period_start = CAST(? AS DATE)
			JOIN core.partner_period AS p ON p.partner = ? AND p.valid_from < least(q.end_at, m.as_of_at) AND least(q.end_at, m.as_of_at) <= p.valid_to
			JOIN program.ladder AS l
				ON coalesce(l.partner_type, p.partner_type) = p.partner_type AND coalesce(l.program_tier, p.program_tier) = p.program_tier
				AND l.valid_from_at < least(q.end_at, m.as_of_at) AND least(q.end_at, m.as_of_at) <= coalesce(l.valid_to_at, TIMESTAMP '9999-12-31 00:00:00'))
		SELECT misses, state FROM fitting WHERE fit = (SELECT max(fit) FROM fitting) ORDER BY misses`, d.now(), d.partner)
	if err != nil {
		return out, fmt.Errorf("read the consequence ladder: %w", err)
	}
	defer rows.Close()
	count, _ := misses.Value.Float()
	out.Next = "The top of the ladder, which starts anew each quarter."
	pending := false
	for rows.Next() {
		var step ladderStep
		if err := rows.Scan(&step.Misses, &step.State); err != nil {
			return out, fmt.Errorf("read the consequence ladder: %w", err)
		}
		step.State, step.Reached = words(step.State), float64(step.Misses) <= count
		if !step.Reached && !pending {
			pending = true
			out.Next = fmt.Sprintf("%s in the quarter; %d more lead to: %s.", counted(out.Misses, "miss", "misses"), step.Misses-int64(count), step.State)
		}
		out.Steps = append(out.Steps, step)
	}
	if len(out.Steps) == 0 {
		out.Next = ""
	}
	return out, rows.Err()
}

// breaches lists the units behind RSP-7, the newest first. What was answered late stands with how late it was on the policy's clock.
func (d *reader) breaches() ([]breach, int, error) {
	rows, err := d.conn.QueryContext(d.ctx, `SELECT c.lead_id, strftime(timezone(m.reporting_tz, f.anchor_at), '%-d %b %Y %H:%M'), c.sla_seconds, c.clock, f.state,
			coalesce(c.sla_ack_seconds, c.sla_as_of_seconds, c.sla_end_seconds) - c.sla_seconds AS late
		FROM metrics.fact_deadline AS f
		CROSS JOIN program.param AS m
		JOIN program.fiscal_day AS d ON d.date = report_date(f.anchor_at)
		JOIN core.response AS c ON c.unit_id = f.unit_id
		WHERE f.partner = ? AND d.quarter_start = CAST(? AS DATE) AND f.is_miss AND f.excluded IS NULL
		ORDER BY f.anchor_at DESC, f.unit_id`, d.partner, d.now())
	if err != nil {
		return nil, 0, fmt.Errorf("read the quarter's breaches: %w", err)
	}
	defer rows.Close()
	var out []breach
	more := 0
	for rows.Next() {
		var b breach
		var lead, clock sql.NullString
		var limit, late sql.NullFloat64
		if err := rows.Scan(&lead, &b.Deadline, &limit, &clock, &b.State, &late); err != nil {
			return nil, 0, fmt.Errorf("read the quarter's breaches: %w", err)
		}
		if len(out) == mostBreaches {
			more++
			continue
		}
		unit := ""
		if clock.String == "business" {
			unit = " of business time"
		}
		b.Lead, b.Limit, b.Late = lead.String, duration(limit.Float64)+unit, duration(late.Float64)+unit
		b.State = map[string]string{"breached": "answered late", "breached_open": "no answer"}[b.State]
		out = append(out, b)
	}
	return out, more, rows.Err()
}

func counted(n, one, many string) string {
	if n == "1" {
		return n + " " + one
	}
	return n + " " + many
}
