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
	Running     bool // a period that has not ended is drawn pale, with an outline
}

// chart is a drawing for wide screens and paper, one for phones, and the figures as a table for whoever cannot see either.
type chart struct {
	Wide, Narrow template.HTML
	Legend       []legend
	Head         []string
	Rows         [][]string
}

type legend struct{ Name, Color string }

// frame is the space that a drawing has.
type frame struct {
	width, height, left, top, bottom float64
	columns                          int // the most; the newest are kept
}

// stacked draws columns of stacked series as plain SVG, each part with a tooltip. The id is unique on the page; height is that of the
// wide drawing, which is 960 wide.
func stacked(id, title string, height float64, cols []column, parts []series, unit func(float64) string) chart {
	out := chart{
		Wide:   draw(id+"-wide", title, cols, parts, unit, frame{width: 960, height: height, left: 56, top: 26, bottom: height - 44, columns: len(cols)}),
		Narrow: draw(id+"-narrow", title, cols, parts, unit, frame{width: 350, height: 250, left: 44, top: 24, bottom: 208, columns: 5}),
		Head:   []string{"Quarter"},
	}
	for _, p := range parts {
		out.Legend = append(out.Legend, legend{p.Name, p.Color})
		out.Head = append(out.Head, p.Name)
	}
	for i, c := range cols {
		row := []string{c.Label}
		for _, p := range parts {
			row = append(row, grouped(fmt.Sprintf("%.0f", p.Values[i])))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func draw(id, title string, cols []column, parts []series, unit func(float64) string, f frame) template.HTML {
	var b strings.Builder
	first := max(0, len(cols)-f.columns)
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="%s-title %s-desc"><title id="%s-title">%s</title><desc id="%s-desc">%s</desc>`,
		f.width, f.height, id, id, id, template.HTMLEscapeString(title), id, template.HTMLEscapeString(describe(cols[first:], parts)))
	step, limit := scale(highest(parts, first))
	y := func(v float64) float64 { return f.bottom - (f.bottom-f.top)*v/limit }
	for v := 0.0; v <= limit+step/2; v += step {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="axis" x="%.1f" y="%.1f" text-anchor="end">%s</text>`,
			f.left, f.width-8, y(v), y(v), f.left-8, y(v)+4, unit(v))
	}
	slot := (f.width - 8 - f.left) / float64(max(1, len(cols)-first))
	width := math.Min(64, slot*0.66)
	for i := first; i < len(cols); i++ {
		c := cols[i]
		x := f.left + slot*(float64(i-first)+0.5) - width/2
		base := 0.0
		for _, s := range parts {
			v := math.Max(0, s.Values[i])
			if v == 0 {
				continue
			}
			look := fmt.Sprintf(`fill="%s"`, s.Color)
			if c.Running {
				look += fmt.Sprintf(` fill-opacity="0.4" stroke="%s"`, s.Color)
			}
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" %s><title>%s, %s: %s</title></rect>`,
				x, y(base+v), width, y(base)-y(base+v), look, template.HTMLEscapeString(c.Label), template.HTMLEscapeString(s.Name), unit(s.Values[i]))
			base += v
		}
		if c.Over != "" {
			fmt.Fprintf(&b, `<text class="over" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x+width/2, y(base)-6, template.HTMLEscapeString(c.Over))
		}
		for j, line := range strings.SplitN(c.Label, " ", 2) {
			fmt.Fprintf(&b, `<text class="axis" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x+width/2, f.bottom+18+17*float64(j), template.HTMLEscapeString(line))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}

// describe says in a sentence what a drawing shows.
func describe(cols []column, parts []series) string {
	if len(cols) == 0 {
		return "No period to show."
	}
	var names []string
	for _, p := range parts {
		names = append(names, strings.ToLower(p.Name))
	}
	return fmt.Sprintf("%d columns, %s to %s, each stacked of %s. The table with the chart has the figures.",
		len(cols), cols[0].Label, cols[len(cols)-1].Label, strings.Join(names, ", "))
}

// highest is the tallest stack from a column on.
func highest(parts []series, first int) float64 {
	top := 0.0
	for i := first; len(parts) > 0 && i < len(parts[0].Values); i++ {
		sum := 0.0
		for _, s := range parts {
			sum += math.Max(0, s.Values[i])
		}
		top = math.Max(top, sum)
	}
	return top
}

// scale is the distance of grid lines and the end of the axis.
func scale(top float64) (step, limit float64) {
	step = niceStep(top / 4)
	return step, step * math.Ceil(math.Max(top, step)/step)
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
