package grafana

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/barchart"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// size is a panel's width in the grid of 24 columns and its height in rows of 30 pixels.
type size struct{ w, h uint32 }

// Classes of revenue have one colour each, on every page; good and bad are for what has a limit.
const (
	sourcedColor, influencedColor, unattributedColor, directColor = "#3274D9", "#8AB8FF", "#FF9830", "#9FA7B3"
	plainColor, dimColor, good, bad                               = "#3274D9", "#8E8E8E", "green", "red"
)

// frame is what all kinds of panels have.
func (b *builder) frame(kind string, s size, title, description, format, sql string) *dashboard.Panel {
	p := dashboard.NewPanel()
	p.Type, p.Title, p.Description, p.Datasource = kind, &title, &description, datasource()
	p.GridPos = &dashboard.GridPos{W: s.w, H: s.h}
	p.Targets = []variants.Dataquery{target{RefID: "A", Datasource: datasource(), Format: format, RawQuery: true, EditorMode: "code", RawSQL: b.opts.Names(sql)}}
	p.FieldConfig = &dashboard.FieldConfigSource{Overrides: []dashboard.DashboardFieldConfigSourceOverrides{}}
	return p
}

// noValue is what a panel says when there is nothing: why, as far as the definition knows.
func noValue(figures []shown) string {
	var needs []string
	for _, f := range figures {
		for _, n := range f.metric.Needs {
			if !strings.Contains(strings.Join(needs, " ")+" ", n+" ") {
				needs = append(needs, n)
			}
		}
	}
	if len(needs) == 0 {
		return "Nothing in this quarter"
	}
	return "Nothing in this quarter, or no source is mapped for " + strings.Join(needs, ", ")
}

func (u unit) into(c *dashboard.FieldConfig) { c.Unit, c.Decimals = new(u.id), new(u.decimals) }

func (u unit) properties() []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "unit", Value: u.id}, {Id: "decimals", Value: u.decimals}}
}

func byName(column string, properties ...dashboard.DynamicConfigValue) dashboard.DashboardFieldConfigSourceOverrides {
	return dashboard.DashboardFieldConfigSourceOverrides{Matcher: dashboard.MatcherConfig{Id: "byName", Options: column}, Properties: properties}
}

func fixed(color string) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: "color", Value: dashboard.FieldColor{Mode: dashboard.FieldColorModeIdFixed, FixedColor: &color}}
}

const thisQuarter, quarterBefore, yearBefore = "this quarter", "quarter before", "a year before"

// headline is one figure of the chosen quarter beside the quarter before and the same quarter a year before, each under a name that says when
// there is more to come or little to go by.
func headline(s size, f figure) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find([]figure{f})
		if len(found) == 0 {
			return nil
		}
		one := found[0]
		sql := "SELECT CASE q.key WHEN c.key THEN " + quote(thisQuarter) + " WHEN c.previous_key THEN " + quote(quarterBefore) + " ELSE " + quote(yearBefore) +
			" END || coalesce(', ' || max(" + mind("v") + ") FILTER (WHERE " + one.filter("v") + "), '') AS name,\n  " + one.pick("v", "") + " AS value" +
			"\nFROM {t}.quarter AS c\nJOIN {t}.quarter AS q ON q.key IN (c.key, c.previous_key, c.year_key)\nLEFT JOIN " + b.values() +
			" AS v ON v.grain = 'quarter' AND v.period_start = q.quarter_start AND v.metric_id IN (" + ids(found) + ")\n  AND " + b.cut("v", found) +
			"\nWHERE c.key = '$quarter'\nGROUP BY q.key, q.quarter_start, c.key, c.previous_key\nORDER BY q.quarter_start DESC"
		p := b.statPanel(s, one.title, b.describe("", found), sql, b.unitOf(one, true), b.steps(one, colorOf(one)),
			statShape{rows: true, fields: "/^value$/", text: common.BigValueTextModeValueAndName})
		for _, name := range []string{quarterBefore, yearBefore} {
			for _, note := range []string{"", ", " + stillOpen, ", " + fewCases} {
				p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, byName(name+note, fixed(dimColor)))
			}
		}
		return p
	}
}

// What a reader has to mind with a figure: its cases are not all decided yet, or they are fewer than min_n.
const stillOpen, fewCases = "still open", "few cases"

// mind is what is to be minded with a value; null is nothing.
func mind(v string) string {
	return "CASE " + v + ".status WHEN 'immature' THEN " + quote(stillOpen) + " WHEN 'low_n' THEN " + quote(fewCases) + " END"
}

func colorOf(s shown) string {
	if s.color != "" {
		return s.color
	}
	return plainColor
}

// statShape is what a stat shows of its query's result.
type statShape struct {
	rows   bool   // a number for each row, else for each column of the only row
	fields string // the columns, a regular expression; empty for all numbers
	text   common.BigValueTextMode
}

// statPanel shows a few numbers side by side.
func (b *builder) statPanel(s size, title, description, sql string, u unit, steps *dashboard.ThresholdsConfig, shape statShape) *dashboard.Panel {
	p := b.frame("stat", s, title, description, "table", sql)
	o := stat.NewOptions()
	o.GraphMode, o.ColorMode, o.TextMode = common.BigValueGraphModeNone, common.BigValueColorModeValue, shape.text
	o.JustifyMode, o.WideLayout, o.Orientation = common.BigValueJustifyModeAuto, false, common.VizOrientationVertical
	o.ReduceOptions.Calcs = []string{"lastNotNull"}
	o.Text = &common.VizTextDisplayOptions{TitleSize: new(12.0), ValueSize: new(28.0)}
	o.ReduceOptions.Fields = &shape.fields
	if shape.rows {
		o.ReduceOptions.Values = new(true)
	}
	p.Options = o
	d := &p.FieldConfig.Defaults
	u.into(d)
	d.Thresholds, d.NoValue = steps, new("–")
	d.Color = &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdThresholds}
	return p
}

// trendQuarters is how many quarters a trend shows: two years and the one before, for the comparison.
const trendQuarters = "9"

// trend shows figures of one unit as bars, by quarter up to the chosen one.
func trend(s size, title string, stacking common.StackingMode, figures ...figure) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find(figures)
		if len(found) == 0 {
			return nil
		}
		sql := b.perQuarter(found, "q.quarter_start <= c.quarter_start AND q.ago < c.ago + "+trendQuarters) + "\nORDER BY q.quarter_start"
		p := b.frame("barchart", s, title, b.describe("", found), "table", sql)
		return b.bars(p, "Quarter", stacking, b.unitOf(found[0], true), noValue(found), len(found) > 1, colors(found))
	}
}

// colors gives the series of figures that have one their colour.
func colors(found []shown) []dashboard.DashboardFieldConfigSourceOverrides {
	out := []dashboard.DashboardFieldConfigSourceOverrides{}
	for _, f := range found {
		if f.color != "" {
			out = append(out, byName(f.title, fixed(f.color)))
		}
	}
	return out
}

func (b *builder) bars(p *dashboard.Panel, x string, stacking common.StackingMode, u unit, empty string, legend bool, overrides []dashboard.DashboardFieldConfigSourceOverrides) *dashboard.Panel {
	o := barchart.NewOptions()
	o.XField, o.Stacking, o.ShowValue, o.XTickLabelSpacing, o.BarWidth = &x, stacking, common.VisibilityModeNever, new(int32(100)), 0.85
	o.Orientation = common.VizOrientationVertical
	o.Legend = common.VizLegendOptions{DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom, ShowLegend: legend, Calcs: []string{}}
	o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderNone}
	p.Options = o
	d := &p.FieldConfig.Defaults
	u.into(d)
	if u == b.short() { // an axis reads better as €500K than as €500.0K
		d.Decimals = nil
	}
	d.NoValue, d.Custom = &empty, barchart.NewFieldConfig()
	d.Color = &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdPaletteClassic}
	d.Thresholds = &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: plainColor}}}
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, overrides...)
	return p
}

// monthly is a line per figure over the dashboard's time range, by month, with the rule changes marked on it.
func monthly(s size, title string, figures ...figure) panel {
	return func(b *builder) *dashboard.Panel {
		found := b.find(figures)
		if len(found) == 0 {
			return nil
		}
		columns := []string{`v.period_start AS "time"`}
		for _, f := range found {
			columns = append(columns, f.pick("v", "")+" AS "+name(f.title))
		}
		sql := "SELECT " + strings.Join(columns, ",\n  ") + "\nFROM {t}.metric_value AS v\nWHERE v.grain = 'month' AND v.metric_id IN (" + ids(found) +
			") AND $__timeFilter(v.period_start)\n  AND " + b.cut("v", found) + "\nGROUP BY v.period_start\nORDER BY 1"
		p := b.frame("timeseries", s, title, b.describe("By month, over the time range above; the link *Range of the quarter* sets it to what the data has. Purple marks are changes of rules.", found), "time_series", sql)
		o := timeseries.NewOptions()
		o.Legend = common.VizLegendOptions{DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom, ShowLegend: true, Calcs: []string{}}
		o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderNone}
		p.Options = o
		d := &p.FieldConfig.Defaults
		b.unitOf(found[0], true).into(d)
		custom := timeseries.NewFieldConfig()
		custom.DrawStyle, custom.LineWidth, custom.ShowPoints, custom.PointSize = new(common.GraphDrawStyleLine), new(2.0), new(common.VisibilityModeAlways), new(6.0)
		custom.SpanNulls = &common.BoolOrFloat64{Bool: new(true)}
		d.Custom, d.NoValue = custom, new("Nothing in this time range: choose Range of the quarter above")
		d.Color = &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdPaletteClassic}
		d.Thresholds = b.steps(found[0], plainColor)
		p.FieldConfig.Overrides = colors(found)
		return p
	}
}

// column is how a table shows one of its query's columns; those without an entry are text.
type column struct {
	name   string
	unit   *unit
	width  float64
	hidden bool
	wrap   bool   // over several lines
	gauge  bool   // a bar behind the number, 0 to 1 for shares
	link   string // where a click leads
	text   string // what the link says
	empty  string // for null; – when not said
	states map[string]string
}

func textColumn(name string, width float64) column { return column{name: name, width: width} }

func number(name string, u unit, width float64) column {
	return column{name: name, unit: &u, width: width}
}

// tablePanel draws a table of a query.
func (b *builder) tablePanel(s size, title, description, sql, empty string, columns ...column) *dashboard.Panel {
	p := b.frame("table", s, title, description, "table", sql)
	o := table.NewOptions()
	o.CellHeight, o.Footer = new(common.TableCellHeightSm), nil
	p.Options = o
	d := &p.FieldConfig.Defaults
	d.NoValue = &empty
	d.Custom = map[string]any{"align": "auto", "cellOptions": map[string]any{"type": "auto"}, "filterable": false, "inspect": false, "minWidth": 70, "wrapHeaderText": true}
	d.Thresholds = &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: plainColor}}}
	nulls := dashboard.DashboardFieldConfigSourceOverrides{
		Matcher: dashboard.MatcherConfig{Id: "byRegexp", Options: ".*"}, Properties: []dashboard.DynamicConfigValue{{Id: "noValue", Value: "–"}},
	}
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, nulls)
	for _, c := range columns {
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, byName(c.name, c.properties()...))
	}
	return p
}

func (c column) properties() []dashboard.DynamicConfigValue {
	var out []dashboard.DynamicConfigValue
	add := func(id string, value any) { out = append(out, dashboard.DynamicConfigValue{Id: id, Value: value}) }
	if c.unit != nil {
		out = append(out, c.unit.properties()...)
		add("custom.align", "right")
	} else {
		add("unit", "string")
	}
	if c.width > 0 {
		add("custom.width", c.width)
	}
	if c.hidden {
		add("custom.hidden", true)
	}
	if c.empty != "" {
		add("noValue", c.empty)
	}
	if c.wrap {
		add("custom.cellOptions", map[string]any{"type": "auto", "wrapText": true})
	}
	if c.gauge {
		add("custom.cellOptions", map[string]any{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"})
		add("min", 0)
		add("max", 1)
		add("color", dashboard.FieldColor{Mode: dashboard.FieldColorModeIdFixed, FixedColor: new(plainColor)})
	}
	if c.link != "" {
		add("links", []map[string]any{{"title": c.text, "url": c.link, "targetBlank": strings.HasPrefix(c.link, "${")}})
	}
	if len(c.states) > 0 {
		add("custom.cellOptions", map[string]any{"type": "color-text"})
		options := map[string]any{}
		for value, color := range c.states {
			options[value] = map[string]any{"color": color, "text": strings.ReplaceAll(value, "_", " ")}
		}
		add("mappings", []map[string]any{{"type": "value", "options": options}})
	}
	return out
}

// listing is a table of a query of its own, over tables that every night has.
func listing(s size, title, description, empty, sql string, columns func(b *builder) []column) panel {
	return func(b *builder) *dashboard.Panel {
		return b.tablePanel(s, title, description, sql, empty, columns(b)...)
	}
}
