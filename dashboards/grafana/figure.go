package grafana

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// figure names a metric as a panel shows it.
type figure struct {
	id        string
	at        []string // dimension and value, for dimensions that the metric is always cut by
	name      string   // instead of the metric's title
	color     string
	numerator bool   // the numerator instead of the value, such as the amount behind a share
	only      string // a further condition on its rows, v being the value
	more      string // a second metric of the same unit that is added
}

func metric(id string, at ...string) figure { return figure{id: id, at: at} }

func (f figure) as(name string) figure { f.name = name; return f }

func (f figure) in(color string) figure { f.color = color; return f }

// over is the amount or number of cases that stands over the line of a share.
func (f figure) over() figure { f.numerator = true; return f }

// plus adds another metric of the same unit and dimensions.
func (f figure) plus(id string) figure { f.more = id; return f }

// where leaves out rows that the figure is not of.
func (f figure) where(condition string) figure { f.only = condition; return f }

// planned are ids of the metrics that the specification has and the catalogue will get: naming one of them keeps its place.
func planned(id string) bool {
	group, number, _ := strings.Cut(id, "-")
	return slices.Contains([]string{"RSP", "CNV", "VEL", "REV", "ACT", "DRG", "ECO", "ACC", "HYG"}, group) && number != ""
}

// shown is a figure whose metric exists.
type shown struct {
	figure
	metric *catalogue.Metric
	title  string
	uncut  []string // dimensions that other figures of the panel are always cut by, and this one is not
}

// find keeps the figures that exist; grouped are the dimensions that the panel has a row for. A name that can never exist is a mistake of
// the layout, and so is a figure that would have several values in one place.
func (b *builder) find(figures []figure, grouped ...string) []shown {
	var out []shown
	for _, f := range figures {
		m, ok := b.cat.Metric(f.id)
		if !ok {
			if !planned(f.id) {
				b.problems = append(b.problems, fmt.Errorf("dashboard %s: there is no metric %s", b.board.uid, f.id))
			}
			continue
		}
		s := shown{figure: f, metric: m, title: cmp.Or(f.name, m.Title)}
		if open := s.unsettled(grouped); len(open) > 0 {
			b.problems = append(b.problems, fmt.Errorf("dashboard %s: %s has a value for each %s: say which", b.board.uid, f.id, strings.Join(open, " and ")))
		}
		out = append(out, s)
	}
	for i := range out {
		for _, other := range out {
			for _, d := range other.metric.Always {
				if !slices.Contains(out[i].metric.Always, d) && !slices.Contains(grouped, d) && !slices.Contains(out[i].uncut, d) {
					out[i].uncut = append(out[i].uncut, d)
				}
			}
		}
	}
	return out
}

// unsettled are the dimensions of which a figure has several values that do not add up. Money adds up over programs.
func (s shown) unsettled(grouped []string) []string {
	var out []string
	for _, d := range s.metric.Always {
		sums := d == "program" && s.metric.Unit == catalogue.Money
		if !sums && !slices.Contains(s.fixed(), d) && !slices.Contains(grouped, d) {
			out = append(out, d)
		}
	}
	return out
}

// amount is a row's value as one number column, whatever its unit.
func (s shown) amount(v string) string {
	if s.numerator {
		return v + ".numerator"
	}
	return "coalesce(" + v + ".value_money, " + v + ".value_number)" + s.scale()
}

// scale is what a value is divided by: months of selling are read in days.
func (s shown) scale() string {
	if s.inDays() {
		return " / 86400.0"
	}
	return ""
}

func (s shown) inDays() bool {
	return s.metric.Unit == catalogue.Seconds && s.metric.Result == "velocity"
}

// filter picks a figure's rows among those of several metrics.
func (s shown) filter(v string) string {
	out := v + ".metric_id = " + quote(s.id)
	if s.more != "" {
		out = v + ".metric_id IN (" + quote(s.id) + ", " + quote(s.more) + ")"
	}
	for i := 0; i+1 < len(s.at); i += 2 {
		out += " AND " + v + "." + s.at[i] + " = " + quote(s.at[i+1])
	}
	for _, d := range s.uncut {
		out += " AND " + v + "." + d + " IS NULL"
	}
	if s.only != "" {
		out += " AND " + s.only
	}
	return out
}

// fixed are the dimensions that the figure itself gives a value.
func (s shown) fixed() []string {
	var out []string
	for i := 0; i < len(s.at); i += 2 {
		out = append(out, s.at[i])
	}
	return out
}

// cut is the condition on a value's dimensions: those of the board's variables as chosen, those that all figures are always cut by left
// open (they are fixed by the figure, grouped by, or summed where they add up), the others uncut.
func (b *builder) cut(v string, figures []shown, open ...string) string {
	for _, f := range figures {
		open = append(open, f.metric.Always...)
	}
	var out []string
	for _, d := range catalogue.Dims() {
		switch {
		case d == "program" && slices.Contains(open, d) && b.chooses("program"):
			out = append(out, "('$program' = '*' OR "+v+".program = '$program')")
		case slices.Contains(open, d):
		case d == "partner" && b.chooses("partner"):
			out = append(out, "coalesce("+v+".partner, '*') = '$partner'")
		case d == "partner_type" && b.chooses("type"):
			out = append(out, "coalesce("+v+".partner_type, '*') = "+group("type"))
		case d == "program_tier" && b.chooses("tier"):
			out = append(out, "coalesce("+v+".program_tier, '*') = "+group("tier"))
		default:
			out = append(out, v+"."+d+" IS NULL")
		}
	}
	return strings.Join(out, " AND ")
}

// chooses says whether the board's readers limit figures by a variable.
func (b *builder) chooses(variable string) bool { return slices.Contains(b.board.chosen, variable) }

// group is the chosen type or tier, which a chosen partner makes needless: it says more.
func group(variable string) string {
	return "CASE WHEN '$partner' = '*' THEN '$" + variable + "' ELSE '*' END"
}

// values is where figures are read: a type and a tier together stand in a table of their own.
func (b *builder) values() string {
	if b.chooses("tier") {
		return "(SELECT * FROM {t}.metric_value UNION ALL SELECT * FROM {t}.group_value)"
	}
	return "{t}.metric_value"
}

// pick is one figure as a column: the sum is over the one row that it has, or over its programs.
func (s shown) pick(v, condition string) string {
	if condition != "" {
		condition = " AND " + condition
	}
	return "sum(" + s.amount(v) + ") FILTER (WHERE " + s.filter(v) + condition + ")"
}

// perQuarter is a row per quarter with a column per figure, and those of more. which says which quarters, c being the chosen one.
func (b *builder) perQuarter(figures []shown, which string, more ...string) string {
	columns := []string{`q.label AS "Quarter"`}
	for _, f := range figures {
		columns = append(columns, f.pick("v", "")+" AS "+name(f.title))
	}
	columns = append(columns, more...)
	return "SELECT " + strings.Join(columns, ",\n  ") + "\nFROM {t}.quarter AS c\nJOIN {t}.quarter AS q ON " + which +
		"\nLEFT JOIN " + b.values() + " AS v ON v.grain = 'quarter' AND v.period_start = q.quarter_start AND v.metric_id IN (" + ids(figures) + ")\n  AND " +
		b.cut("v", figures) + "\nWHERE c.key = '$quarter'\nGROUP BY q.label, q.quarter_start"
}

func ids(figures []shown) string {
	var out []string
	for _, f := range figures {
		for _, id := range []string{f.id, f.more} {
			if id != "" && !slices.Contains(out, quote(id)) {
				out = append(out, quote(id))
			}
		}
	}
	return strings.Join(out, ", ")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func name(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
