package grafana

import (
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// beforeColumn is the first figure of a table for the quarter before.
const beforeColumn = "Quarter before"

// peersRow is the label of the scorecard's last row.
const peersRow = "Median of peers"

// scorecard has a column per figure: the chosen quarter, the one before, the same a year before, and for one partner the median of its peers.
func scorecard(s size, title string, figures ...figure) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find(figures)
		if len(found) == 0 {
			return nil
		}
		sql := "SELECT * FROM (\n" + b.perQuarter(found, "q.key IN (c.key, c.previous_key, c.year_key)", mindAll(found)+" AS "+name(mindColumn)) + "\nORDER BY q.quarter_start DESC\n) AS own"
		if b.chooses("partner") {
			sql += "\nUNION ALL\nSELECT " + strings.Join(append(b.peers(found), "CAST(NULL AS text)"), ",\n  ") +
				"\nFROM {t}.peer_value AS v JOIN {t}.quarter AS c ON v.period_start = c.quarter_start\nWHERE c.key = '$quarter' AND v.grain = 'quarter' AND v.partner = '$partner' AND v.metric_id IN (" +
				ids(found) + ")\nHAVING '$partner' <> '*'"
		}
		columns := []column{textColumn("Quarter", 160)}
		for _, f := range found {
			columns = append(columns, number(f.title, b.unitOf(f, false), 0))
		}
		columns = append(columns, column{name: mindColumn, width: 10 * float64(s.w), wrap: true})
		return b.tablePanel(s, title, b.describe("– stands for no cases, and for peers that are fewer than five.", found), sql, noValue(found), columns...)
	}
}

// mindColumn names the figures of a row that are to be taken with care.
const mindColumn = "Mind"

func mindAll(found []shown) string {
	var names []string
	for _, f := range found {
		if f.metric.Unit != catalogue.Money { // a sum of few is exact
			names = append(names, "WHEN "+f.filter("v")+" THEN "+quote(f.title))
		}
	}
	if len(names) == 0 {
		return "CAST(NULL AS text)"
	}
	return "string_agg(CASE " + strings.Join(names, " ") + " END || ': ' || " + mind("v") + ", ', ' ORDER BY v.metric_id)"
}

// peers are the medians of the figures' peers, where there are five or more. A figure that is a sum over programs has none.
func (b *builder) peers(found []shown) []string {
	out := []string{quote(peersRow)}
	for _, f := range found {
		if f.numerator || slices.Contains(f.metric.Always, "program") {
			out = append(out, "CAST(NULL AS double precision)")
			continue
		}
		out = append(out, "max(v.median) FILTER (WHERE "+f.filter("v")+")"+f.scale())
	}
	return out
}

// breakdown has a row per value of a dimension and a column per figure of the chosen quarter; the first figure also for the quarter before.
func breakdown(s size, title, dim, label string, limit int, figures ...figure) panel {
	return func(b *builder) *dashboard.Panel {
		found := slices.DeleteFunc(b.find(figures, dim), func(f shown) bool {
			return !slices.Contains(f.metric.Dims, dim) && !slices.Contains(f.metric.Always, dim)
		})
		if len(found) == 0 {
			return nil
		}
		columns := []string{b.label(dim) + " AS " + name(label)}
		shapes := []column{textColumn(label, 130)}
		if dim == "program" {
			shapes[0].width = 220
		}
		if dim == "partner" {
			columns = append(columns, "v.partner AS partner_id")
			shapes = []column{{name: label, link: qbrLink, text: "Open the QBR of ${__data.fields.partner_id}", width: 240}, {name: "partner_id", hidden: true}}
		}
		for i, f := range found {
			columns = append(columns, f.pick("v", "q.key = c.key")+" AS "+name(f.title))
			shapes = append(shapes, number(f.title, b.unitOf(f, false), 0))
			if i == 0 {
				columns = append(columns, f.pick("v", "q.key = c.previous_key")+" AS "+name(beforeColumn))
				shapes = append(shapes, number(beforeColumn, b.unitOf(f, false), 0))
			}
		}
		var some []string
		for _, f := range found {
			some = append(some, f.pick("v", ""))
		}
		sql := "SELECT " + strings.Join(columns, ",\n  ") + "\nFROM {t}.quarter AS c\nJOIN {t}.quarter AS q ON q.key IN (c.key, c.previous_key)\nJOIN " + b.values() +
			" AS v ON v.grain = 'quarter' AND v.period_start = q.quarter_start AND v.metric_id IN (" + ids(found) + ")\n  AND " + b.cut("v", found, dim) +
			" AND v." + dim + " IS NOT NULL\n" + names(dim) + "WHERE c.key = '$quarter'\nGROUP BY 1" + also(dim) + "\nHAVING coalesce(" + strings.Join(some, ", ") + ") IS NOT NULL" +
			"\nORDER BY " + name(found[0].title) + " DESC NULLS LAST, 1\nLIMIT " + strconv.Itoa(limit)
		return b.tablePanel(s, title, b.describe("", found), sql, noValue(found), shapes...)
	}
}

const qbrLink = "/d/tributary-qbr?var-partner=${__data.fields.partner_id}&${quarter:queryparam}&${datasource:queryparam}"

func also(dim string) string {
	if dim == "partner" {
		return ", 2"
	}
	return ""
}

// names joins what a dimension's values are called.
func names(dim string) string {
	switch dim {
	case "partner":
		return "LEFT JOIN {t}.partner AS p ON p.partner_id = v.partner\n"
	case "program":
		return "LEFT JOIN (SELECT program_id, max(title) AS title FROM {t}.program_incentive_version GROUP BY program_id) AS p ON p.program_id = v.program\n"
	}
	return ""
}

func (b *builder) label(dim string) string {
	switch dim {
	case "partner":
		return "coalesce(p.name, CASE v.partner WHEN 'none' THEN 'no partner' WHEN 'unknown' THEN 'partner unknown' ELSE v.partner END)"
	case "program":
		return "coalesce(p.title, v.program)"
	}
	return "CASE v." + dim + " WHEN 'none' THEN 'no partner' ELSE replace(v." + dim + ", '_', ' ') END"
}

// funnel is a row per motion and stage, in their order, with what happened there.
func funnel(s size, title string, figures ...figure) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find(figures, "motion", "stage")
		if len(found) == 0 {
			return nil
		}
		first := found[0]
		columns := []string{
			`coalesce(m.title, s.motion) AS "Motion"`, `s.rank || ' ' || s.stage AS "Stage"`,
			"sum(v.denominator) FILTER (WHERE " + first.filter("v") + " AND q.key = c.key) AS \"Entered\"",
		}
		shapes := []column{textColumn("Motion", 190), textColumn("Stage", 200), number("Entered", count(), 90)}
		for i, f := range found {
			columns = append(columns, f.pick("v", "q.key = c.key")+" AS "+name(f.title))
			shape := number(f.title, b.unitOf(f, false), 0)
			shape.gauge = i == 0
			shapes = append(shapes, shape)
			if i == 0 {
				columns = append(columns, f.pick("v", "q.key = c.previous_key")+" AS "+name(beforeColumn))
				shapes = append(shapes, number(beforeColumn, b.unitOf(f, false), 0))
			}
		}
		columns = append(columns, "max("+mind("v")+") FILTER (WHERE "+first.filter("v")+" AND q.key = c.key) AS "+name(mindColumn))
		shapes = append(shapes, textColumn(mindColumn, 110))
		sql := "SELECT " + strings.Join(columns, ",\n  ") + "\nFROM {t}.quarter AS c\nJOIN {t}.quarter AS q ON q.key IN (c.key, c.previous_key)\nJOIN " + b.values() +
			" AS v ON v.grain = 'quarter' AND v.period_start = q.quarter_start AND v.metric_id IN (" + ids(found) + ")\n  AND " + b.cut("v", found) +
			"\nJOIN {t}.program_stage AS s ON s.motion = v.motion AND s.stage = v.stage\nLEFT JOIN {t}.program_motion AS m ON m.motion = s.motion\n" +
			"WHERE c.key = '$quarter'\nGROUP BY m.title, s.motion, s.rank, s.stage\nORDER BY 1, s.rank"
		return b.tablePanel(s, title, b.describe("Deals by the quarter in which they reached the stage.", found), sql, noValue(found), shapes...)
	}
}
