// Package grafana makes the Grafana dashboards from the catalogue of metrics: classic JSON that Grafana 11 to 13 read. Titles, descriptions,
// units and thresholds are those of the definitions; the layouts name metrics and questions. A metric that the catalogue does not have is left
// out with its panel, so that a layout may keep the place of what is still to come. The package reads no data: panels ask the published
// schema in PostgreSQL.
package grafana

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// Options are what dashboards take from a project.
type Options struct {
	// Currency is the functional currency, an ISO code.
	Currency string
	// Schema has the published nights, Records the records of all runs.
	Schema, Records string
	// TimeZone is the reporting time zone by its IANA name; empty is the reader's own.
	TimeZone string
	// Thresholds are the limits of the program that definitions name, such as review_compliance.
	Thresholds map[string]float64
}

// Names puts the schemas into a query, which writes {t} for the published night and {ops} for the records of runs.
func (o Options) Names(sql string) string {
	return strings.NewReplacer("{t}", o.Schema, "{ops}", o.Records).Replace(sql)
}

// File is a dashboard as it is written.
type File struct {
	Name, UID, Title string
	JSON             []byte
}

// Tag marks our dashboards, Folder is where they are kept.
const (
	Tag         = "tributary"
	FolderUID   = "tributary"
	FolderTitle = "Tributary"
	// schemaVersion is what Grafana 11 writes; later ones migrate it.
	schemaVersion = 39
)

// Generate makes every dashboard.
func Generate(cat *catalogue.Catalogue, opts Options) ([]File, error) {
	var out []File
	var problems []error
	for _, board := range []board{cfo(), qbr(), operations(), incentives(), engineering()} {
		b := &builder{cat: cat, opts: opts, board: board}
		d := b.dashboard()
		text, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write dashboard %s: %w", board.uid, err)
		}
		problems = append(problems, b.problems...)
		out = append(out, File{Name: strings.TrimPrefix(board.uid, Tag+"-") + ".json", UID: board.uid, Title: board.title, JSON: append(text, '\n')})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("lay out the dashboards: %w", err)
	}
	return out, nil
}

// board is a dashboard before it is drawn: each row answers the question over it.
type board struct {
	uid, title, description string
	variables               []dashboard.VariableModel
	// chosen are the variables that limit figures: partner, type, tier, program.
	chosen []string
	rows   []row
}

type row struct {
	question string
	panels   []panel
}

// panel draws itself, or gives nil when what it shows does not exist yet.
type panel func(b *builder) *dashboard.Panel

// builder draws one board.
type builder struct {
	cat      *catalogue.Catalogue
	opts     Options
	board    board
	problems []error
}

func (b *builder) dashboard() dashboard.Dashboard {
	d := *dashboard.NewDashboard()
	d.Uid, d.Title, d.Description = new(b.board.uid), new(b.board.title), new(b.board.description)
	d.Tags, d.SchemaVersion = []string{Tag}, schemaVersion
	d.Editable, d.GraphTooltip = new(false), new(dashboard.DashboardCursorSyncCrosshair)
	d.Timezone = new(b.opts.TimeZone)
	if b.opts.TimeZone == "" {
		d.Timezone = new("browser")
	}
	d.Time = &dashboard.DashboardDashboardTime{From: "now-2y", To: "now"}
	d.Templating.List = append([]dashboard.VariableModel{datasourceVariable()}, b.board.variables...)
	for i, v := range d.Templating.List {
		if v.Query != nil && v.Query.String != nil {
			d.Templating.List[i].Query = text(b.opts.Names(*v.Query.String))
		}
	}
	d.Annotations.List = b.annotations()
	d.Links = links(b.board.uid)
	d.Panels = b.place()
	return d
}

// columns is the width of Grafana's grid.
const columns = 24

// place puts the panels of each row side by side under its question; a row without panels is left out.
func (b *builder) place() []dashboard.PanelOrRowPanel {
	var out []dashboard.PanelOrRowPanel
	var y, id uint32
	for _, r := range b.board.rows {
		var panels []*dashboard.Panel
		for _, draw := range r.panels {
			if p := draw(b); p != nil {
				panels = append(panels, p)
			}
		}
		if len(panels) == 0 {
			continue
		}
		id++
		head := *dashboard.NewRowPanel()
		head.Id, head.Title, head.GridPos = id, new(r.question), &dashboard.GridPos{H: 1, W: columns, X: 0, Y: y}
		out = append(out, dashboard.PanelOrRowPanel{RowPanel: &head})
		y++
		var x, tallest uint32
		for _, p := range panels {
			if x+p.GridPos.W > columns {
				x, y, tallest = 0, y+tallest, 0
			}
			id++
			p.Id, p.GridPos.X, p.GridPos.Y = new(id), x, y
			x, tallest = x+p.GridPos.W, max(tallest, p.GridPos.H)
			out = append(out, dashboard.PanelOrRowPanel{Panel: p})
		}
		y += tallest
	}
	return out
}

func text(s string) *dashboard.StringOrMap { return &dashboard.StringOrMap{String: &s} }
