package grafana

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// unit is how numbers are written: Grafana's id and the places after the point.
type unit struct {
	id       string
	decimals float64
}

// full writes money out, short as 1.23M for stats and axes.
func (b *builder) full(decimals float64) unit {
	return unit{"currency:financial: " + b.opts.Currency + ":suffix", decimals}
}

// short has the currency's sign where Grafana has a unit of that name.
func (b *builder) short() unit {
	switch b.opts.Currency {
	case "EUR", "USD", "GBP", "JPY", "INR", "BRL", "KRW":
		return unit{"currency" + b.opts.Currency, 1}
	}
	return unit{"currency:" + b.opts.Currency + " ", 1}
}

func count() unit    { return unit{"locale", 0} }
func share() unit    { return unit{"percentunit", 1} }
func duration() unit { return unit{"s", 1} }
func moment() unit   { return unit{"time:YYYY-MM-DD HH:mm", 0} }

// unitOf is a figure's unit; brief is for stats and axes.
func (b *builder) unitOf(s shown, brief bool) unit {
	of := s.metric.Unit
	if s.numerator && of == catalogue.RatioOf1 {
		of = catalogue.Count
		if s.metric.Result == "revenue" {
			of = catalogue.Money
		}
	}
	switch of {
	case catalogue.Money:
		if brief {
			return b.short()
		}
		return b.full(0)
	case catalogue.RatioOf1:
		return share()
	case catalogue.Seconds:
		if s.inDays() {
			return unit{"suffix:days", 1}
		}
		return duration()
	}
	return count()
}

// describe is a panel's text behind the small i: what the figures mean, from the catalogue.
func (b *builder) describe(lead string, figures []shown) string {
	text := lead
	seen := map[string]bool{}
	for _, f := range figures {
		for _, id := range []string{f.id, f.more} {
			m, ok := b.cat.Metric(id)
			if !ok || seen[id] {
				continue
			}
			seen[id] = true
			if text != "" {
				text += "\n\n"
			}
			better := map[string]string{"up": " More is better.", "down": " Less is better."}[m.Better]
			text += fmt.Sprintf("**%s** (%s, version %d): %s%s", m.Title, m.ID, m.DefinitionVersion, m.Description, better)
		}
	}
	return text
}

// steps colours a figure by the limit of the program that its definition names; without one it has the colour given.
func (b *builder) steps(s shown, color string) *dashboard.ThresholdsConfig {
	plain := &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: color}}}
	limit, ok := b.opts.Thresholds[s.metric.Threshold]
	if !ok || s.metric.Threshold == "" || s.numerator {
		return plain
	}
	below, above := bad, good
	if s.metric.Better == "down" {
		below, above = good, bad
	}
	plain.Steps = []dashboard.Threshold{{Color: below}, {Value: &limit, Color: above}}
	return plain
}
