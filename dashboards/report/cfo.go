package report

import (
	"math"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// The classes keep their colours on every chart.
const (
	sourcedColor, influencedColor, unattributedColor, directColor = "#1e40af", "#3b82f6", "#d97706", "#8492a6" // each 3:1 on white
	largestPartners                                               = 10
)

type cfo struct {
	Tiles    []triple
	Revenue  chart
	Accruals []accrual
	Total    accrual
	Accrued  string // why there are none
	Partners []partner
}

// accrual is a program's row: what the quarter accrued and what is owed for the running program period.
type accrual struct {
	Program, Quarter, Previous, Year, Liability string
	Change, YearChange                          change
}

type partner struct {
	ID, Name, Revenue, Previous, Year, Share string
	Change                                   change
	Bar                                      float64
}

func (d *reader) cfo() (cfo, error) {
	revenue, err := d.read("quarter", nil, "REV-1", "REV-3", "REV-5", "REV-5.influenced", "REV-5.direct", "REV-7")
	if err != nil {
		return cfo{}, err
	}
	var out cfo
	out.Tiles = []triple{
		d.triple("Partner-sourced revenue", "up", revenue, "REV-1"),
		d.triple("Sourced share", "up", revenue, "REV-5"),
		d.triple("Unattributed share", "down", revenue, "REV-7"),
	}
	out.Revenue = d.revenueChart(revenue)
	if out.Accruals, out.Total, out.Accrued, err = d.accruals(); err != nil {
		return cfo{}, err
	}
	out.Tiles = append(out.Tiles, d.accruedTile(out.Total, out.Accrued))
	out.Partners, err = d.partners()
	return out, err
}

func (d *reader) revenueChart(t table) chart {
	parts := []series{
		{Name: "Sourced", Color: sourcedColor}, {Name: "Influenced", Color: influencedColor},
		{Name: "Unattributed", Color: unattributedColor}, {Name: "Direct", Color: directColor},
	}
	var cols []column
	for _, q := range d.quarters {
		share := t.at("REV-5", q.key())
		cols = append(cols, column{Label: q.Label, Over: over(share), Running: !q.Ended})
		for j, id := range []string{"REV-5", "REV-5.influenced", "REV-7", "REV-5.direct"} {
			amount, _ := t.at(id, q.key()).Numerator.Float()
			parts[j].Values = append(parts[j].Values, amount)
		}
	}
	out := stacked("revenue", "Closed-won revenue by class", 280, cols, parts, short)
	out.Head = append(out.Head, "Sourced share")
	for i, c := range cols {
		out.Rows[i] = append(out.Rows[i], c.Over)
	}
	return out
}

func over(share catalogue.Row) string {
	if !share.Value.Valid {
		return ""
	}
	return figure(share)
}

// accruals lists the programs by what the quarter accrued: rebates (ACC-4) and commission credit (ACC-7).
func (d *reader) accruals() ([]accrual, accrual, string, error) {
	quarter, err := d.read("quarter", nil, "ACC-4", "ACC-7", "ACC-3")
	if err != nil {
		return nil, accrual{}, "", err
	}
	total, err := d.read("total", nil, "ACC-3")
	if err != nil {
		return nil, accrual{}, "", err
	}
	if why := note(quarter.at("ACC-4", "")); why != "" {
		return nil, accrual{}, why, nil
	}
	sums := [3]catalogue.Row{}
	var out []accrual
	for _, key := range sortedKeys(quarter) {
		id, program, _ := strings.Cut(key, "|")
		if id == "ACC-3" || program == "" {
			continue
		}
		at := func(i int) catalogue.Row {
			if i < 0 {
				return catalogue.Row{}
			}
			return quarter.at(key, d.quarters[i].key())
		}
		rows := [3]catalogue.Row{at(d.head), at(d.head - 1), at(d.head - 4)}
		if why := note(rows[0]); why != "" && !rows[0].Value.Valid {
			return nil, accrual{}, why, nil
		}
		for i, r := range rows {
			sums[i] = addMoney(sums[i], r)
		}
		out = append(out, accrual{
			Program: program, Quarter: figure(rows[0]), Previous: figure(rows[1]), Year: figure(rows[2]),
			Liability: figure(total.at("ACC-3|"+program, "")), Change: difference(rows[0], rows[1], ""),
		})
		out[len(out)-1].Change.Class = "flat"
	}
	sum := accrual{Program: "All programs", Quarter: figure(sums[0]), Previous: figure(sums[1]), Year: figure(sums[2]), Change: difference(sums[0], sums[1], ""), YearChange: difference(sums[0], sums[2], "")}
	sum.Change.Class, sum.YearChange.Class = "flat", "flat" // more owed is neither good nor bad
	return out, sum, "", nil
}

// accruedTile is the sum of the programs beside the revenue that they reward.
func (d *reader) accruedTile(total accrual, missing string) triple {
	tile := triple{
		Title: "Accrued, all programs", Value: total.Quarter, Previous: total.Previous, Year: total.Year, Note: missing,
		PreviousName: d.name(d.head - 1), YearName: d.name(d.head - 4), PreviousChange: total.Change, YearChange: total.YearChange,
	}
	for _, text := range []*string{&tile.Value, &tile.Previous, &tile.Year} {
		if missing != "" || *text == "" {
			*text = none
		}
	}
	return tile
}

// partners are the largest by sourced revenue of the headline quarter.
func (d *reader) partners() ([]partner, error) {
	t, err := d.read("quarter", []string{"partner"}, "REV-1", "REV-5.of_total")
	if err != nil {
		return nil, err
	}
	now := d.now()
	var keys []string
	for key, rows := range t {
		if strings.HasPrefix(key, "REV-1|") && rows[now].Value.Valid {
			keys = append(keys, key)
		}
	}
	value := func(key string) float64 { v, _ := t.at(key, now).Value.Float(); return v }
	slices.SortFunc(keys, func(a, b string) int {
		if d := value(b) - value(a); d != 0 {
			return int(math.Copysign(1, d))
		}
		return strings.Compare(a, b)
	})
	var out []partner
	for _, key := range keys[:min(largestPartners, len(keys))] {
		_, id, _ := strings.Cut(key, "|")
		at := func(i int) catalogue.Row {
			if i < 0 {
				return catalogue.Row{}
			}
			return t.at(key, d.quarters[i].key())
		}
		row := at(d.head)
		name := row.PartnerName
		if name == "" {
			name = id
		}
		out = append(out, partner{
			ID: id, Name: name, Revenue: figure(row), Previous: figure(at(d.head - 1)), Year: figure(at(d.head - 4)),
			Share: figure(t.at("REV-5.of_total|"+id, now)), Change: difference(row, at(d.head-4), "up"),
			Bar: math.Max(0, 100*value(key)/math.Max(1, value(keys[0]))),
		})
	}
	return out, nil
}
