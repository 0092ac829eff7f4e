// Package catalogue holds the metrics: it reads their YAML, generates the SQL that computes them from the fact tables, stores the result
// as metrics.metric_value, answers queries for cuts that are not stored, and explains a number down to its source rows.
// It computes nothing that a definition does not say and never reads the clock: as_of and every rule come from the tables of the warehouse.
package catalogue

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Kind is how a metric's value is made of its rows.
type Kind string

// The kinds of metric.
const (
	Aggregate      Kind = "aggregate"
	Ratio          Kind = "ratio"
	Quantile       Kind = "quantile"
	Mean           Kind = "mean"
	Survival       Kind = "survival"
	RatioOfMedians Kind = "ratio_of_medians"
	SumDistinct    Kind = "sum_distinct"
	Text           Kind = "text"
)

// Unit is what a value is measured in.
type Unit string

// The units of values. Seconds and ratios are doubles, money is exact.
const (
	Seconds  Unit = "seconds"
	RatioOf1 Unit = "ratio"
	Money    Unit = "money"
	Count    Unit = "count"
	TextUnit Unit = "text"
)

// The states of a row that the rules give; a definition's status may add its own.
const (
	StatusNoSource  = "no_source"
	statusMissingFX = "failed_missing_fx"
	statusTopTier   = "top_tier"
)

// Metric is one definition. The SQL fragments are written over the columns of the fact.
type Metric struct {
	At diag.Pos `json:"-"`

	ID                string   `yaml:"id,required" json:"id"`
	Title             string   `yaml:"title,required" json:"title"`
	Description       string   `yaml:"description,required" json:"description"`
	DefinitionVersion int      `yaml:"definition_version,required" json:"definition_version"`
	Result            string   `yaml:"result,required" json:"result"`
	Owner             string   `yaml:"owner" json:"owner,omitempty"`
	Better            string   `yaml:"better,required" json:"better"`
	Facts             []string `yaml:"facts" json:"facts,omitempty"`
	Needs             []string `yaml:"needs" json:"needs,omitempty"`
	// Threshold names the limit of program.threshold that a good value keeps to.
	Threshold string `yaml:"threshold" json:"threshold,omitempty"`

	Fact   string   `yaml:"fact,required" json:"fact"`
	Kind   Kind     `yaml:"kind,required" json:"kind"`
	Unit   Unit     `yaml:"unit,required" json:"unit"`
	Always []string `yaml:"always" json:"always,omitempty"`
	Dims   []string `yaml:"dims" json:"dims,omitempty"`
	Grains []string `yaml:"grains,required" json:"grains"`

	Where    string `yaml:"where" json:"where,omitempty"`
	Excluded string `yaml:"excluded" json:"excluded,omitempty"`
	Creates  string `yaml:"creates" json:"creates,omitempty"`

	Value            string `yaml:"value" json:"value,omitempty"`
	Numerator        string `yaml:"numerator" json:"numerator,omitempty"`
	Denominator      string `yaml:"denominator" json:"denominator,omitempty"`
	Of               string `yaml:"of" json:"of,omitempty"`
	P                string `yaml:"p" json:"p,omitempty"`
	Tau              string `yaml:"tau" json:"tau,omitempty"`
	Duration         string `yaml:"duration" json:"duration,omitempty"`
	Observed         string `yaml:"observed" json:"observed,omitempty"`
	Distinct         string `yaml:"distinct" json:"distinct,omitempty"`
	NumeratorWhere   string `yaml:"numerator_where" json:"numerator_where,omitempty"`
	DenominatorWhere string `yaml:"denominator_where" json:"denominator_where,omitempty"`

	DenominatorUncut   bool `yaml:"denominator_uncut" json:"denominator_uncut,omitempty"`
	DenominatorOfTotal bool `yaml:"denominator_of_total" json:"denominator_of_total,omitempty"`

	N             string `yaml:"n" json:"n,omitempty"`
	NCensored     string `yaml:"n_censored" json:"n_censored,omitempty"`
	LowerBound    string `yaml:"lower_bound" json:"lower_bound,omitempty"`
	ProjectedBase string `yaml:"projected_base" json:"projected_base,omitempty"`
	Status        string `yaml:"status" json:"status,omitempty"`

	MaturitySeconds string `yaml:"maturity_seconds" json:"maturity_seconds,omitempty"`
	LowN            *bool  `yaml:"low_n" json:"low_n,omitempty"`
	NullWhenLowN    bool   `yaml:"null_when_low_n" json:"null_when_low_n,omitempty"`
}

// Cuts are the dimensions a metric can be cut by beyond those that are always there.
func (m *Metric) Cuts() []string { return slices.Clone(m.Dims) }

// hasLowN says whether few rows are worth a warning: a sum of one deal is exact, a median of one is not.
func (m *Metric) hasLowN() bool {
	if m.LowN != nil {
		return *m.LowN
	}
	return m.Kind != Aggregate && m.Kind != SumDistinct && m.Kind != Text
}

// Catalogue is every metric, by id.
type Catalogue struct {
	Metrics   []*Metric
	byID      map[string]*Metric
	largeFact int64
}

// Metric finds a definition.
func (c *Catalogue) Metric(id string) (*Metric, bool) {
	m, ok := c.byID[id]
	return m, ok
}

// IDs are all ids in order: RSP-2 before RSP-10, a metric before its variants.
func (c *Catalogue) IDs() []string {
	out := make([]string, len(c.Metrics))
	for i, m := range c.Metrics {
		out[i] = m.ID
	}
	return out
}

func newCatalogue(metrics []*Metric) *Catalogue {
	c := &Catalogue{Metrics: slices.Clone(metrics), byID: map[string]*Metric{}, largeFact: largeFact}
	slices.SortFunc(c.Metrics, func(a, b *Metric) int { return compareIDs(a.ID, b.ID) })
	for _, m := range c.Metrics {
		c.byID[m.ID] = m
	}
	return c
}

// compareIDs orders by group, number and variant.
func compareIDs(a, b string) int {
	group := func(id string) (string, int, string) {
		name, variant, _ := strings.Cut(id, ".")
		letters, digits, _ := strings.Cut(name, "-")
		number, _ := strconv.Atoi(digits)
		return letters, number, variant
	}
	al, an, av := group(a)
	bl, bn, bv := group(b)
	switch {
	case al != bl:
		return strings.Compare(al, bl)
	case an != bn:
		return an - bn
	}
	return strings.Compare(av, bv)
}
