// Package lint names what a dashboard of ours must not have: panels that do not say what they show, that lie over one another, that ask nothing,
// or that ask a data source which the reader cannot choose. It looks at the JSON alone; whether the queries run is what their tests find.
package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

type board struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Templating    struct {
		List []struct {
			Name       string `json:"name"`
			Type       string `json:"type"`
			Query      any    `json:"query"`
			Datasource source `json:"datasource"`
		} `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type source struct {
	UID string `json:"uid"`
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  source `json:"datasource"`
	GridPos     struct {
		X int `json:"x"`
		Y int `json:"y"`
		W int `json:"w"`
		H int `json:"h"`
	} `json:"gridPos"`
	Targets []struct {
		RefID      string `json:"refId"`
		RawSQL     string `json:"rawSql"`
		Datasource source `json:"datasource"`
	} `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
		Overrides []struct {
			Properties []struct {
				ID string `json:"id"`
			} `json:"properties"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
	Panels []panel `json:"panels"` // of a collapsed row
}

const (
	variable = "${datasource}"
	plugin   = "grafana-postgresql-datasource"
	columns  = 24
	newest   = 42 // of the classic format
)

// Dashboard finds what is wrong with one. The error lists all of it.
func Dashboard(text []byte) error {
	var d board
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("this is no dashboard: %w", err)
	}
	var problems []error
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{d.name()}, args...)...))
	}
	if !strings.HasPrefix(d.UID, "tributary-") {
		add("its uid does not begin with tributary-")
	}
	if d.Title == "" {
		add("it has no title")
	}
	if d.SchemaVersion > newest || len(d.Panels) == 0 {
		add("it is not in the classic format (schemaVersion up to %d, panels at the top)", newest)
	}
	d.variables(add)
	all := d.all()
	ids := map[int]string{}
	for _, p := range all {
		switch other, taken := ids[p.ID]; {
		case taken:
			add("panel %q has the id %d of %q", p.Title, p.ID, other)
		case p.ID == 0:
			add("panel %q has no id", p.Title)
		}
		ids[p.ID] = p.Title
		p.problems(add)
	}
	overlaps(d.Panels, add)
	return errors.Join(problems...)
}

func (d board) name() string {
	if d.UID == "" {
		return fmt.Sprintf("dashboard %q", d.Title)
	}
	return d.UID
}

func (d board) all() []panel {
	var out []panel
	for _, p := range d.Panels {
		out = append(append(out, p), p.Panels...)
	}
	return out
}

func (d board) variables(add func(string, ...any)) {
	there := false
	for _, v := range d.Templating.List {
		if v.Name == "datasource" && v.Type == "datasource" {
			there = true
			if v.Query != plugin {
				add("the variable datasource offers %v, not %s", v.Query, plugin)
			}
		}
		if v.Type == "query" && v.Datasource.UID != variable {
			add("variable %s asks the data source %q, not %s", v.Name, v.Datasource.UID, variable)
		}
	}
	if !there {
		add("there is no variable datasource, by which a reader chooses the warehouse")
	}
}

func (p panel) problems(add func(string, ...any)) {
	if strings.TrimSpace(p.Title) == "" {
		add("panel %d has no title", p.ID)
	}
	if p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > columns {
		add("panel %q does not fit into the grid of %d columns", p.Title, columns)
	}
	if p.Type == "row" {
		return
	}
	if strings.TrimSpace(p.Description) == "" {
		add("panel %q has no description", p.Title)
	}
	if p.Type == "text" {
		return
	}
	if p.Datasource.UID != variable {
		add("panel %q asks the data source %q, not %s", p.Title, p.Datasource.UID, variable)
	}
	if !p.hasUnit() {
		add("panel %q has no unit", p.Title)
	}
	if len(p.Targets) == 0 {
		add("panel %q has no query", p.Title)
	}
	for _, t := range p.Targets {
		if strings.TrimSpace(t.RawSQL) == "" {
			add("query %s of panel %q is empty", t.RefID, p.Title)
		}
		if t.Datasource.UID != variable {
			add("query %s of panel %q asks the data source %q, not %s", t.RefID, p.Title, t.Datasource.UID, variable)
		}
	}
}

// hasUnit tells whether numbers have one. A list's columns have theirs one by one, and may all be words.
func (p panel) hasUnit() bool {
	if p.FieldConfig.Defaults.Unit != "" || p.Type == "table" {
		return true
	}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID == "unit" {
				return true
			}
		}
	}
	return false
}

func overlaps(panels []panel, add func(string, ...any)) {
	for i, a := range panels {
		for _, b := range panels[i+1:] {
			p, q := a.GridPos, b.GridPos
			if p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H {
				add("panels %q and %q lie over one another", a.Title, b.Title)
			}
		}
	}
}
