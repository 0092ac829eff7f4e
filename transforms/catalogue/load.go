package catalogue

import (
	"fmt"
	"io/fs"
	"math/big"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Layer is a folder tree that may hold metrics/*.yaml. A later layer replaces the metrics of an earlier one by id.
type Layer struct {
	FS   fs.FS
	Root string // how file names are shown, e.g. "sql"
}

// file is one catalogue file; shared is a place for YAML anchors and is not read.
type file struct {
	Shared  yaml.Node `yaml:"shared"`
	Metrics []*Metric `yaml:"metrics,required"`
}

// Load reads every layer's metrics/*.yaml and reports all problems at once.
func Load(layers ...Layer) (*Catalogue, error) {
	var problems diag.List
	byID := map[string]*Metric{}
	for _, layer := range layers {
		metrics, err := readLayer(layer, &problems)
		if err != nil {
			return nil, err
		}
		for id, m := range metrics {
			byID[id] = m
		}
	}
	all := make([]*Metric, 0, len(byID))
	for _, m := range byID {
		all = append(all, m)
		m.check(&problems)
	}
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("metric catalogue: %w", err)
	}
	return newCatalogue(all), nil
}

func readLayer(layer Layer, problems *diag.List) (map[string]*Metric, error) {
	names, err := fs.Glob(layer.FS, "metrics/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the metric files of %s: %w", layer.Root, err)
	}
	slices.Sort(names)
	out := map[string]*Metric{}
	for _, name := range names {
		text, err := fs.ReadFile(layer.FS, name)
		if err != nil {
			return nil, fmt.Errorf("read metrics of %s: %w", path.Join(layer.Root, name), err)
		}
		var f file
		diag.NewDecoder(path.Join(layer.Root, name), problems).Read(text, &f)
		for _, m := range f.Metrics {
			if m == nil {
				continue
			}
			if first, twice := out[m.ID]; twice && m.ID != "" {
				problems.Add(m.At, "give the variant a name of its own, or delete one", "metric %s is declared twice, first at %s", m.ID, first.At)
				continue
			}
			out[m.ID] = m
		}
	}
	return out, nil
}

// check reports everything that is wrong with a definition and can be seen without a warehouse.
func (m *Metric) check(problems *diag.List) {
	c := checker{m: m, problems: problems}
	c.names()
	c.shape()
	c.parts()
}

type checker struct {
	m        *Metric
	problems *diag.List
}

func (c checker) add(hint, format string, args ...any) {
	c.problems.Add(c.m.At, hint, c.m.ID+": "+format, args...)
}

func (c checker) oneOf(key, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		c.add(diag.DidYouMean(value, known), "unknown %s %q", key, value)
	}
}

func (c checker) allOf(key string, values, known []string) {
	for i, v := range values {
		c.oneOf(key, v, known)
		if slices.Contains(values[:i], v) {
			c.add("", "%s names %q twice", key, v)
		}
	}
}

func (c checker) matches(key, value, pattern, hint string) {
	if value != "" && !regexp.MustCompile(pattern).MatchString(value) {
		c.add(hint, "%s %q is not well formed", key, value)
	}
}

func (c checker) names() {
	m := c.m
	c.matches("id", m.ID, `^[A-Z]+-[0-9]+(\.[a-z0-9_]+)*$`, "write GROUP-NUMBER, and .variant for a variant")
	c.matches("fact", m.Fact, `^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$`, "write schema.table, e.g. metrics.fact_deal")
	c.oneOf("result", m.Result, []string{"response", "conversion", "velocity", "revenue", "activation", "accruals", "other"})
	c.oneOf("better", m.Better, []string{"up", "down", "none"})
	c.oneOf("kind", string(m.Kind), kindNames())
	c.oneOf("unit", string(m.Unit), []string{string(Seconds), string(RatioOf1), string(Money), string(Count), string(TextUnit)})
	c.allOf("always", m.Always, Dims())
	c.allOf("dims", m.Dims, Dims())
	c.allOf("grains", m.Grains, Grains())
	for _, need := range m.Needs {
		c.matches("needs", need, `^([a-z_]+(\.[a-z0-9_]+)?|program:incentives)$`, "write an entity, entity.field or program:incentives")
	}
}

func (c checker) shape() {
	m := c.m
	if m.DefinitionVersion < 1 {
		c.add("the first is 1; raise it whenever the meaning changes", "definition_version must be at least 1")
	}
	if len(m.Grains) == 0 {
		c.add("known: "+strings.Join(Grains(), ", "), "grains is empty")
	}
	for _, d := range m.Dims {
		if slices.Contains(m.Always, d) {
			c.add("leave it under always", "dimension %q is both under always and under dims", d)
		}
	}
	if m.NullWhenLowN && !m.hasLowN() {
		c.add("", "null_when_low_n needs low_n: true")
	}
}

// kindRule says which of the keys that make a value a kind needs and which it may have.
type kindRule struct {
	needs, may []string
	units      []Unit
}

func kindRules() map[Kind]kindRule {
	all := []Unit{Seconds, RatioOf1, Money, Count}
	return map[Kind]kindRule{
		Aggregate:      {needs: []string{"value"}, may: []string{"numerator", "denominator", "of"}, units: all},
		Ratio:          {needs: []string{"numerator", "denominator"}, may: []string{"of", "denominator_of_total"}, units: []Unit{RatioOf1}},
		Quantile:       {needs: []string{"of", "p"}, units: []Unit{Seconds, Count, RatioOf1}},
		Mean:           {needs: []string{"of"}, units: []Unit{Seconds, Count, RatioOf1}},
		Survival:       {needs: []string{"duration", "observed"}, may: []string{"p", "tau"}, units: []Unit{Seconds}},
		RatioOfMedians: {needs: []string{"of", "numerator_where", "denominator_where"}, may: []string{"denominator_uncut"}, units: []Unit{RatioOf1}},
		SumDistinct:    {needs: []string{"of", "distinct"}, units: []Unit{Money, Count, Seconds}},
		Text:           {needs: []string{"value"}, units: []Unit{TextUnit}},
	}
}

func kindNames() []string {
	return []string{string(Aggregate), string(Ratio), string(Quantile), string(Mean), string(Survival), string(RatioOfMedians), string(SumDistinct), string(Text)}
}

func (c checker) parts() {
	m := c.m
	rule, known := kindRules()[m.Kind]
	if !known {
		return
	}
	given := map[string]bool{
		"value": m.Value != "", "numerator": m.Numerator != "", "denominator": m.Denominator != "", "of": m.Of != "", "p": m.P != "",
		"tau": m.Tau != "", "duration": m.Duration != "", "observed": m.Observed != "", "distinct": m.Distinct != "",
		"numerator_where": m.NumeratorWhere != "", "denominator_where": m.DenominatorWhere != "",
		"denominator_uncut": m.DenominatorUncut, "denominator_of_total": m.DenominatorOfTotal,
	}
	keys := make([]string, 0, len(given))
	for key := range given {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		switch needed := slices.Contains(rule.needs, key); {
		case needed && !given[key]:
			c.add("", "kind %s needs %s", m.Kind, key)
		case given[key] && !needed && !slices.Contains(rule.may, key):
			c.add("", "kind %s has no %s", m.Kind, key)
		}
	}
	if m.Unit != "" && !slices.Contains(rule.units, m.Unit) {
		c.add("", "kind %s cannot have unit %s", m.Kind, m.Unit)
	}
	c.numbers()
}

func (c checker) numbers() {
	m := c.m
	if m.P != "" {
		if p, ok := new(big.Rat).SetString(m.P); !ok || p.Sign() <= 0 || p.Cmp(big.NewRat(1, 1)) >= 0 {
			c.add("0.5 is the median, 0.9 the 90th percentile", "p must lie between 0 and 1, found %q", m.P)
		}
	}
	if m.Kind == Survival && (m.P == "") == (m.Tau == "") {
		c.add("p for a quantile, tau (seconds) for a restricted mean", "a survival metric needs either p or tau")
	}
	if m.Kind == Ratio && m.Of != "" {
		c.oneOf("of", m.Of, []string{string(Money), string(Count), string(Seconds)})
	}
	if m.Kind == Ratio && m.N == "" && m.Of != "" && m.Of != string(Count) {
		c.add("e.g. count(DISTINCT deal_id)", "a ratio of %s needs n", m.Of)
	}
}
