package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// series is one colour of a stacked chart, one value per column.
type series struct {
	Name, Color string
	Values      []float64
}

// column is the label under a column and a figure over it.
type column struct {
	Label, Over string
	Running     bool // a period that has not ended is drawn pale
}

const (
	chartWidth, chartHeight = 960.0, 280.0
	plotLeft, plotTop       = 56.0, 26.0
	plotBottom              = 236.0
)

// stacked draws columns of stacked series as plain SVG, each part with a tooltip.
func stacked(title string, cols []column, parts []series, unit func(float64) string) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(title))
	top := 0.0
	for i := range cols {
		sum := 0.0
		for _, s := range parts {
			sum += math.Max(0, s.Values[i])
		}
		top = math.Max(top, sum)
	}
	step := niceStep(top / 4)
	if top == 0 {
		step = 1
	}
	limit := step * math.Ceil(math.Max(top, step)/step)
	y := func(v float64) float64 { return plotBottom - (plotBottom-plotTop)*v/limit }
	for v := 0.0; v <= limit+step/2; v += step {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="axis" x="%.1f" y="%.1f" text-anchor="end">%s</text>`,
			plotLeft, chartWidth-8, y(v), y(v), plotLeft-8, y(v)+4, unit(v))
	}
	slot := (chartWidth - 8 - plotLeft) / float64(max(1, len(cols)))
	width := math.Min(64, slot*0.66)
	for i, c := range cols {
		x := plotLeft + slot*(float64(i)+0.5) - width/2
		base := 0.0
		for _, s := range parts {
			v := math.Max(0, s.Values[i])
			if v == 0 {
				continue
			}
			opacity := 1.0
			if c.Running {
				opacity = 0.5
			}
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" opacity="%.1f"><title>%s, %s: %s</title></rect>`,
				x, y(base+v), width, y(base)-y(base+v), s.Color, opacity, template.HTMLEscapeString(c.Label), template.HTMLEscapeString(s.Name), unit(s.Values[i]))
			base += v
		}
		if c.Over != "" {
			fmt.Fprintf(&b, `<text class="over" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x+width/2, y(base)-6, template.HTMLEscapeString(c.Over))
		}
		for j, line := range strings.SplitN(c.Label, " ", 2) {
			fmt.Fprintf(&b, `<text class="axis" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x+width/2, plotBottom+17+16*float64(j), template.HTMLEscapeString(line))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}

func niceStep(raw float64) float64 {
	if raw <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if raw <= m*power {
			return m * power
		}
	}
	return 10 * power
}
