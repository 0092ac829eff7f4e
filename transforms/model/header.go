package model

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// How a model is kept.
const (
	Table = "table"
	View  = "view"
)

// Header is what a model's author says of it.
type Header struct {
	Description string
	// Grain is the key: unique and never null. An empty list means at most one row.
	Grain       []string
	Materialise string
	Columns     []Column
	Checks      []Check
	// Engine is "duckdb" for a model that need not run on Spark.
	Engine string
	At     diag.Pos
}

// Column documents an output column. Type is "" when only a description is given.
type Column struct {
	Name, Type, Description string
	At                      diag.Pos
}

type rawHeader struct {
	At          diag.Pos
	Description string     `yaml:"description"`
	Grain       *yaml.Node `yaml:"grain"`
	Materialise diag.Text  `yaml:"materialise"`
	Columns     yaml.Node  `yaml:"columns"`
	Checks      []rawCheck `yaml:"checks"`
	Engine      diag.Text  `yaml:"engine"`
}

type rawColumn struct {
	Type        diag.Text `yaml:"type"`
	Description string    `yaml:"description"`
}

func readHeader(file, text string, problems *diag.List) Header {
	d := diag.NewDecoder(file, problems)
	raw := rawHeader{}
	if strings.TrimSpace(text) == "" || !d.Read([]byte(text), &raw) {
		if strings.TrimSpace(text) == "" {
			problems.Add(diag.Pos{File: file, Line: 1}, "say which columns name a row: grain: [deal_id]", "key \"grain\" is missing")
		}
		return Header{At: diag.Pos{File: file, Line: 1}}
	}
	h := Header{
		Description: strings.TrimSpace(raw.Description), Materialise: raw.Materialise.Value, Engine: raw.Engine.Value,
		At: raw.At,
	}
	h.Grain = readGrain(d, raw)
	h.Columns = readColumns(d, raw.Columns)
	for _, c := range raw.Checks {
		h.Checks = append(h.Checks, c.expand(d)...)
	}
	if h.Materialise == "" {
		h.Materialise = Table
	}
	oneOf(d, raw.Materialise, "materialise", Table, View)
	oneOf(d, raw.Engine, "engine", "duckdb")
	return h
}

// oneOf reports a value that is none of the allowed; an absent one is fine.
func oneOf(d *diag.Decoder, t diag.Text, key string, allowed ...string) {
	if t.Value == "" {
		return
	}
	for _, a := range allowed {
		if t.Value == a {
			return
		}
	}
	d.Problems.Add(t.Pos, diag.DidYouMean(t.Value, allowed), "%s cannot be %q", key, t.Value)
}

func readGrain(d *diag.Decoder, raw rawHeader) []string {
	if raw.Grain == nil {
		d.Problems.Add(raw.At, "say which columns name a row: grain: [deal_id]; grain: [] for a table of one row", "key \"grain\" is missing")
		return nil
	}
	grain := []string{}
	d.Decode(raw.Grain, &grain)
	return grain
}

func readColumns(d *diag.Decoder, n yaml.Node) []Column {
	if n.Kind == 0 {
		return nil
	}
	var out []Column
	d.Pairs(&n, func(key, val *yaml.Node) {
		c := Column{Name: key.Value, At: d.Pos(key)}
		if val.Kind == yaml.ScalarNode {
			c.Type = val.Value
		} else {
			raw := rawColumn{}
			d.Decode(val, &raw)
			c.Type, c.Description = raw.Type.Value, raw.Description
		}
		if c.Type != "" {
			if _, ok := typeOf(c.Type); !ok {
				d.Problem(val, "types: "+strings.Join(typeNames, ", ")+" or DuckDB's own; a text goes into {type: …, description: …}", "column %s: %q is no type", c.Name, c.Type)
			}
		}
		out = append(out, c)
	})
	return out
}

var typeNames = []string{"text", "boolean", "integer", "money", "decimal", "decimal(p,s)", "number", "date", "instant"}

var (
	decimalType = regexp.MustCompile(`^(?i:decimal|numeric)\((\d+) *, *(\d+)\)$`)
	nativeType  = regexp.MustCompile(`^[A-Z][A-Z0-9 ]*(\[\])?$`)
)

// typeOf is the pattern that DuckDB's name of a column's type must match.
func typeOf(name string) (*regexp.Regexp, bool) {
	patterns := map[string]string{
		"text": `VARCHAR`, "boolean": `BOOLEAN`, "integer": `BIGINT|INTEGER|SMALLINT`, "money": `DECIMAL\(18,[24]\)`, "decimal": `DECIMAL\(.*\)`,
		"number": `DOUBLE`, "date": `DATE`, "instant": `TIMESTAMP WITH TIME ZONE`, "TIMESTAMPTZ": `TIMESTAMP WITH TIME ZONE`,
		"timestamp": `TIMESTAMP WITH TIME ZONE`, "TEXT": `VARCHAR`,
	}
	pattern, ok := patterns[name]
	if !ok {
		switch m := decimalType.FindStringSubmatch(name); {
		case m != nil:
			pattern = `DECIMAL\(` + m[1] + `,` + m[2] + `\)`
		case nativeType.MatchString(name):
			pattern = regexp.QuoteMeta(name)
		default:
			return nil, false
		}
	}
	return regexp.MustCompile(`^(?:` + pattern + `)$`), true
}

// Accepts says whether a DuckDB type is what the header calls for.
func (c Column) Accepts(duckdbType string) bool {
	if c.Type == "" {
		return true
	}
	pattern, ok := typeOf(c.Type)
	return ok && pattern.MatchString(duckdbType)
}
