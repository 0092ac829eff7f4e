package model

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Kinds of checks.
const (
	NotNull      = "not_null"
	Unique       = "unique"
	Accepted     = "accepted"
	Relationship = "relationship"
	Expression   = "expression"
	Freshness    = "freshness"
	RowCount     = "row_count"
)

// Severities of checks.
const (
	Error = "error"
	Warn  = "warn"
)

// Check is one thing that must hold for a table. Which fields are filled depends on the kind.
type Check struct {
	Kind     string
	Name     string
	Severity string
	// Where limits the rows that are looked at.
	Where string
	// Columns: all of a unique key; one for the other kinds that look at a column.
	Columns []string
	// Values are those accepted.
	Values []string
	// RefTable and RefColumn are where a relationship's value must be found.
	RefTable, RefColumn string
	// SQL must be true or null on every row.
	SQL string
	// Within is how old the newest value may be at as_of.
	Within time.Duration
	Counts Counts
	At     diag.Pos
}

// Counts bounds a table's rows; MaxDrop and MaxGrowth are shares of the previous warehouse's count. Nil means unbounded.
type Counts struct {
	Min, Max           *int64
	MaxDrop, MaxGrowth *float64
}

type rawCheck struct {
	At           diag.Pos
	NotNull      []string      `yaml:"not_null"`
	Unique       []string      `yaml:"unique"`
	Accepted     yaml.Node     `yaml:"accepted"`
	Relationship yaml.Node     `yaml:"relationship"`
	Expression   expression    `yaml:"expression"`
	Freshness    *rawFreshness `yaml:"freshness"`
	RowCount     *rawRowCount  `yaml:"row_count"`
	Name         string        `yaml:"name"`
	Severity     diag.Text     `yaml:"severity"`
	Where        string        `yaml:"where"`
}

// expression is SQL, or keys with the SQL among them.
type expression struct {
	SQL      string
	Name     string
	Severity diag.Text
	Where    string
}

type rawExpression struct {
	SQL      string    `yaml:"sql,required"`
	Name     string    `yaml:"name"`
	Severity diag.Text `yaml:"severity"`
	Where    string    `yaml:"where"`
}

func (e *expression) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		e.SQL = n.Value
		return
	}
	raw := rawExpression{}
	d.Decode(n, &raw)
	*e = expression(raw)
}

type rawFreshness struct {
	Column string    `yaml:"column,required"`
	Within diag.Text `yaml:"within,required"`
}

type rawRowCount struct {
	Min       *int64    `yaml:"min"`
	Max       *int64    `yaml:"max"`
	MaxDrop   diag.Text `yaml:"max_drop"`
	MaxGrowth diag.Text `yaml:"max_growth"`
}

// expand gives the checks of one list entry: one per column where several are named.
func (r rawCheck) expand(d *diag.Decoder) []Check {
	var out []Check
	add := func(c Check) { out = append(out, c) }
	for _, column := range r.NotNull {
		add(Check{Kind: NotNull, Columns: []string{column}})
	}
	if len(r.Unique) > 0 {
		add(Check{Kind: Unique, Columns: r.Unique})
	}
	r.perColumn(d, &r.Accepted, func(column string, val *yaml.Node) {
		c := Check{Kind: Accepted, Columns: []string{column}}
		d.Decode(val, &c.Values)
		add(c)
	})
	r.perColumn(d, &r.Relationship, func(column string, val *yaml.Node) {
		add(relationship(d, column, val))
	})
	if r.Expression.SQL != "" {
		add(Check{Kind: Expression, SQL: r.Expression.SQL})
		r.Name, r.Where = r.Name+r.Expression.Name, r.Where+r.Expression.Where
		if r.Expression.Severity.Value != "" {
			r.Severity = r.Expression.Severity
		}
	}
	if r.Freshness != nil {
		add(Check{Kind: Freshness, Columns: []string{r.Freshness.Column}, Within: duration(d, r.Freshness.Within)})
	}
	if r.RowCount != nil {
		add(Check{Kind: RowCount, Counts: r.RowCount.counts(d)})
	}
	if len(out) == 0 {
		d.Problems.Add(r.At, "one of not_null, unique, accepted, relationship, expression, freshness, row_count", "a check that checks nothing")
	}
	oneOf(d, r.Severity, "severity", Error, Warn)
	return r.finish(out)
}

func (r rawCheck) finish(checks []Check) []Check {
	for i := range checks {
		c := &checks[i]
		c.At, c.Where, c.Severity, c.Name = r.At, r.Where, Error, r.Name
		if r.Severity.Value == Warn {
			c.Severity = Warn
		}
		if c.Name == "" {
			c.Name = c.defaultName()
		} else if len(checks) > 1 {
			c.Name += "_" + strings.Join(c.Columns, "_")
		}
	}
	return checks
}

func (c Check) defaultName() string {
	if c.Kind == Expression {
		return strings.Join(strings.Fields(c.SQL), " ")
	}
	if len(c.Columns) == 0 {
		return c.Kind
	}
	return c.Kind + "_" + strings.Join(c.Columns, "_")
}

func (r rawCheck) perColumn(d *diag.Decoder, n *yaml.Node, visit func(column string, val *yaml.Node)) {
	if n.Kind == 0 {
		return
	}
	d.Pairs(n, func(key, val *yaml.Node) { visit(key.Value, val) })
}

func relationship(d *diag.Decoder, column string, val *yaml.Node) Check {
	c := Check{Kind: Relationship, Columns: []string{column}}
	parts := strings.Split(val.Value, ".")
	if len(parts) != 3 {
		d.Problem(val, "write schema.table.column, as core.partner.partner_id", "relationship of %s: %q is no column of a table", column, val.Value)
		return c
	}
	c.RefTable, c.RefColumn = parts[0]+"."+parts[1], parts[2]
	return c
}

func (r rawRowCount) counts(d *diag.Decoder) Counts {
	return Counts{Min: r.Min, Max: r.Max, MaxDrop: share(d, r.MaxDrop), MaxGrowth: share(d, r.MaxGrowth)}
}
