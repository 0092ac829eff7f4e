// Package panel runs the queries of Grafana dashboards without a Grafana: it reads classic dashboard JSON, gives the variables their values,
// expands variables and macros, asks PostgreSQL over the simple protocol and makes the data frames that Grafana's PostgreSQL data source
// would make. Tests ask it whether every panel has what it needs, and the preview draws what it returns. It knows no dashboard of ours.
package panel

import (
	"encoding/json"
	"fmt"
	"os"
)

// Dashboard is what matters here of a dashboard in the classic format.
type Dashboard struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	SchemaVersion int    `json:"schemaVersion"`
	Time          struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"time"`
	Templating struct {
		List []Variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []Annotation `json:"list"`
	} `json:"annotations"`
	Panels []Panel `json:"panels"`
}

// Panel is a panel or a row.
type Panel struct {
	ID              int      `json:"id"`
	Type            string   `json:"type"`
	Title           string   `json:"title"`
	Repeat          string   `json:"repeat"`
	Targets         []Target `json:"targets"`
	Panels          []Panel  `json:"panels"` // of a collapsed row
	Transformations []any    `json:"transformations"`
}

// Target is a query of a panel.
type Target struct {
	RefID  string `json:"refId"`
	Hide   bool   `json:"hide"`
	Format string `json:"format"`
	RawSQL string `json:"rawSql"`
}

// Formats of a query's result. Grafana takes everything that is not a table for series.
const (
	Table  = "table"
	Series = "time_series"
)

// Annotation is a query whose rows are drawn over the charts.
type Annotation struct {
	Name     string `json:"name"`
	BuiltIn  int    `json:"builtIn"`
	Enable   bool   `json:"enable"`
	RawQuery string `json:"rawQuery"` // where older dashboards have it
	Target   Target `json:"target"`
}

// Query is the annotation's query.
func (a Annotation) Query() Target {
	sql := a.Target.RawSQL
	if sql == "" {
		sql = a.RawQuery
	}
	return Target{RefID: "Anno", Format: Table, RawSQL: sql}
}

// Parse reads a dashboard.
func Parse(text []byte) (Dashboard, error) {
	var d Dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("this is no dashboard: %w", err)
	}
	if d.UID == "" || len(d.Panels) == 0 {
		return d, fmt.Errorf("dashboard %q has no uid or no panels: it must be in the classic format (schemaVersion up to 42)", d.Title)
	}
	for _, p := range d.All() {
		if p.Repeat != "" {
			return d, fmt.Errorf("dashboard %s: panel %q repeats over %s, which is not done here", d.UID, p.Title, p.Repeat)
		}
	}
	return d, nil
}

// Read reads the dashboard of a file.
func Read(path string) (Dashboard, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Dashboard{}, fmt.Errorf("read the dashboard: %w", err)
	}
	d, err := Parse(text)
	if err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// All lists the panels, those of collapsed rows too.
func (d Dashboard) All() []Panel {
	var out []Panel
	for _, p := range d.Panels {
		out = append(out, p)
		out = append(out, p.Panels...)
	}
	return out
}
