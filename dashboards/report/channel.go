package report

import (
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

type channel struct {
	Response   []board
	Funnels    []funnel
	Velocity   []velocity
	Activation []triple
	Cells      []cell
	Missing    []string // results without a source, said once each
}

// board is one direction of leads: the headline quarter by partner type and by tier.
type board struct {
	Name   string
	Groups []group
}

type group struct {
	By   string
	Rows []response
}

// response is a partner type or tier: how fast, how often in time.
type response struct {
	Value, Median, P90, Unanswered string
	Compliance, Before, Units      string
	Share                          float64 // compliance for the bar
	Class                          string
}

type funnel struct {
	Motion string
	Steps  []step
}

type step struct {
	Stage, Rate, Note string
	Width             float64
	N                 int64
}

type velocity struct{ Motion, Registered, RegisteredP90, Partner, Direct, Ratio string }

type cell struct{ Name, Value string }

func (d *reader) channel() (channel, error) {
	var out channel
	var err error
	if out.Response, err = d.responses(); err != nil {
		return out, err
	}
	if out.Funnels, err = d.funnels(); err != nil {
		return out, err
	}
	if out.Velocity, err = d.velocities(); err != nil {
		return out, err
	}
	if out.Activation, out.Cells, err = d.activation(); err != nil {
		return out, err
	}
	for _, part := range []struct {
		name  string
		empty bool
	}{{"Response time", len(out.Response) == 0}, {"Stage conversion", len(out.Funnels) == 0}} {
		if part.empty {
			out.Missing = append(out.Missing, part.name)
		}
	}
	return out, nil
}

func (d *reader) responses() ([]board, error) {
	found := map[string][]group{}
	for _, by := range []string{"partner_type", "program_tier"} {
		t, err := d.read("quarter", []string{by}, "RSP-1", "RSP-2", "RSP-3.unanswered", "RSP-6")
		if err != nil {
			return nil, err
		}
		now := d.now()
		rows := map[string][]response{}
		for _, key := range sortedKeys(t) {
			id, cut, _ := strings.Cut(key, "|")
			row := t.at(key, now)
			if id != "RSP-1" || cut == "" || row.MetricID == "" {
				continue
			}
			six := t.at("RSP-6|"+cut, now)
			share, _ := six.Value.Float()
			line := response{
				Value: words(row.Dims[by]), Median: figure(row), P90: figure(t.at("RSP-2|"+cut, now)), Unanswered: figure(t.at("RSP-3.unanswered|"+cut, now)),
				Compliance: figure(six), Before: none, Units: grouped(catalogueCount(row.N)), Share: share * 100, Class: grade(six, share),
			}
			if d.head > 0 {
				line.Before = figure(t.at("RSP-6|"+cut, d.quarters[d.head-1].key()))
			}
			rows[row.Dims["direction"]] = append(rows[row.Dims["direction"]], line)
		}
		for direction, lines := range rows {
			found[direction] = append(found[direction], group{By: words(by), Rows: lines})
		}
	}
	var out []board
	for _, direction := range sortedKeys(found) {
		out = append(out, board{Name: words(direction), Groups: found[direction]})
	}
	slices.Reverse(out) // the partners' own board comes first
	return out, nil
}

// grade colours compliance: 60 % and less asks for a review (facts SL-14).
func grade(r catalogue.Row, share float64) string {
	switch {
	case !r.Value.Valid:
		return "flat"
	case share <= 0.60:
		return "bad"
	case share < 0.85:
		return "fair"
	}
	return "good"
}

// funnels: cohort conversion of the trailing year's stages, one funnel per motion, stages in their order.
func (d *reader) funnels() ([]funnel, error) {
	t, err := d.read("total", nil, "CNV-1")
	if err != nil {
		return nil, err
	}
	rows, err := d.conn.QueryContext(d.ctx, "SELECT motion, stage FROM program.stage ORDER BY motion, rank")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []funnel
	for rows.Next() {
		var motion, stage string
		if err := rows.Scan(&motion, &stage); err != nil {
			return nil, err
		}
		row, ok := t["CNV-1|"+motion+"|"+stage][""]
		if !ok {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Motion != words(motion) {
			out = append(out, funnel{Motion: words(motion)})
		}
		share, _ := row.Value.Float()
		f := &out[len(out)-1]
		f.Steps = append(f.Steps, step{Stage: words(stage), Rate: figure(row), Width: share * 100, N: row.N, Note: note(row)})
	}
	return out, rows.Err()
}

func (d *reader) velocities() ([]velocity, error) {
	t, err := d.read("total", []string{"motion"}, "VEL-1.median", "VEL-1.p90", "VEL-7.median", "VEL-8")
	if err != nil {
		return nil, err
	}
	motions := map[string]bool{}
	for key, rows := range t {
		if r := rows[""]; r.Dims["motion"] != "" && strings.HasPrefix(key, "VEL-7") {
			motions[r.Dims["motion"]] = true
		}
	}
	var out []velocity
	for _, m := range sortedKeys(motions) {
		line := velocity{
			Motion: words(m), Registered: figure(t.at("VEL-1.median|"+m, "")), RegisteredP90: figure(t.at("VEL-1.p90|"+m, "")),
			Partner: none, Direct: none, Ratio: none,
		}
		for key, rows := range t {
			r := rows[""]
			if r.Dims["motion"] != m {
				continue
			}
			switch {
			case strings.HasPrefix(key, "VEL-7") && r.Dims["route"] == "partner":
				line.Partner = figure(r)
			case strings.HasPrefix(key, "VEL-7") && r.Dims["route"] == "direct":
				line.Direct = figure(r)
			case strings.HasPrefix(key, "VEL-8") && r.Value.Valid:
				line.Ratio = "× " + ratio(r)
			}
		}
		out = append(out, line)
	}
	return out, nil
}

func (d *reader) activation() ([]triple, []cell, error) {
	t, err := d.read("quarter", nil, "ACT-1", "ACT-2", "ACT-3", "ACT-4.both", "ACT-4.revenue_only", "ACT-4.registration_only", "ACT-4.neither")
	if err != nil {
		return nil, nil, err
	}
	tiles := []triple{
		d.triple("Revenue activation (12 months)", "up", t, "ACT-1"),
		d.triple("Active partner ratio (registrations)", "up", t, "ACT-2"),
		d.triple("Activated within 90 days", "up", t, "ACT-3"),
	}
	var cells []cell
	now := d.now()
	for _, c := range [][2]string{
		{"ACT-4.both", "revenue and registrations"}, {"ACT-4.revenue_only", "revenue only"},
		{"ACT-4.registration_only", "registrations only"}, {"ACT-4.neither", "neither"},
	} {
		if r := t.at(c[0], now); r.Value.Valid {
			cells = append(cells, cell{c[1], figure(r)})
		}
	}
	return tiles, cells, nil
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
