package staging

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// Check finds what is wrong in streams and maps as far as that can be said without data.
func Check(ctx context.Context, cfg Config) (diag.List, error) {
	set, err := schemas.Load()
	if err != nil {
		return nil, err
	}
	parser, err := syntax.NewParser()
	if err != nil {
		return nil, err
	}
	defer parser.Close()
	return check(ctx, parser, set, cfg), nil
}

// Missing names the entities that every project needs and that no map fills.
func Missing(cfg Config) ([]string, error) {
	set, err := schemas.Load()
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, e := range set.Entities {
		if e.Required && !slices.ContainsFunc(cfg.Maps, func(m Map) bool { return m.Entity.Value == e.Name }) {
			missing = append(missing, e.Name)
		}
	}
	return missing, nil
}

type checker struct {
	parser   *syntax.Parser
	set      *schemas.Set
	cfg      Config
	problems diag.List
}

func check(ctx context.Context, parser *syntax.Parser, set *schemas.Set, cfg Config) diag.List {
	c := &checker{parser: parser, set: set, cfg: cfg}
	c.streams()
	c.identities()
	for _, m := range cfg.Maps {
		c.oneMap(ctx, m)
	}
	return c.problems.Sorted()
}

func (c *checker) add(at diag.Pos, hint, format string, args ...any) {
	c.problems.Add(at, hint, format, args...)
}

func (c *checker) streamNames() []string {
	var names []string
	for name := range c.cfg.Streams {
		names = append(names, name)
	}
	return sorted(names)
}

func (c *checker) streams() {
	tables := map[string]string{}
	for _, name := range c.streamNames() {
		s := c.cfg.Streams[name]
		table := strings.ToLower(rawName(name))
		if other, taken := tables[table]; taken {
			c.add(s.Key.At, "rename one of them", "streams %s and %s would both be raw.%s", other, name, table)
		}
		tables[table] = name
		modes := []string{ModeAppend, ModeUpsert, ModeSnapshot}
		if !slices.Contains(modes, s.mode()) {
			c.add(s.Mode.Pos, diag.DidYouMean(s.Mode.Value, modes), "stream %s: unknown mode %q", name, s.Mode.Value)
		}
		if s.mode() == ModeUpsert && s.Key.WholeRow() {
			c.add(s.Mode.Pos, "add key: [column]", "stream %s: upsert needs a key that says which rows are versions of one record", name)
		}
		if s.Version != nil {
			c.version(name, *s.Version)
		}
	}
}

func (c *checker) version(stream string, v Field) {
	if v.Constant != nil || v.Values != nil || v.Decimal != nil || v.Boolean != nil || v.MinorUnits != nil || v.Pad != nil || v.Epoch.Value != "" || v.Zone != nil && v.Zone.Column.Value != "" {
		c.add(v.At, "a version takes column or expr, date and zone", "stream %s: version has options that it does not use", stream)
	}
	c.zone(v.Zone)
}

func (c *checker) knownStream(name diag.Text, what string) bool {
	if _, ok := c.cfg.Streams[name.Value]; ok {
		return true
	}
	c.add(name.Pos, diag.DidYouMean(name.Value, c.streamNames()), "%s: unknown stream %q", what, name.Value)
	return false
}

func (c *checker) identities() {
	for name, id := range c.cfg.Identity {
		if _, ok := c.set.Entity(name); !ok {
			c.add(id.At, diag.DidYouMean(name, c.set.Names()), "identity: unknown entity %q", name)
		}
		for _, s := range id.SourceOrder {
			c.knownSource(s, "source_order of "+name)
		}
		for _, x := range id.Crosswalk {
			c.knownStream(x.From, "crosswalk of "+name)
			c.knownSource(x.Source, "crosswalk of "+name)
		}
	}
}

func (c *checker) knownSource(name diag.Text, what string) {
	var sources []string
	for _, s := range c.streamNames() {
		sources = append(sources, sourceOf(s))
	}
	if !slices.Contains(sources, name.Value) {
		c.add(name.Pos, diag.DidYouMean(name.Value, slices.Compact(sources)), "%s: unknown source %q", what, name.Value)
	}
}

func (c *checker) oneMap(ctx context.Context, m Map) {
	entity, ok := c.set.Entity(m.Entity.Value)
	if !ok {
		if m.Entity.Value != "" {
			c.add(m.Entity.Pos, diag.DidYouMean(m.Entity.Value, c.set.Names()), "unknown entity %q", m.Entity.Value)
		}
		return
	}
	switch {
	case (m.From.Value == "") == (m.Select.Value == ""):
		c.add(m.At, "from: names one stream, select: is a whole query", "a map needs either from or select")
	case m.Select.Value != "":
		selectStreams(ctx, c.parser, c.cfg, m, &c.problems)
	default:
		c.knownStream(m.From, "map of "+entity.Name)
		if m.Source.Value != "" {
			c.add(m.Source.Pos, "leave it out", "source: is only for a select")
		}
	}
	if m.Zone.Value != "" {
		c.zone(&Zone{Name: m.Zone})
	}
	c.expression(ctx, m.Where)
	c.beside(ctx, m)
	c.fields(ctx, m, entity)
}

func (c *checker) beside(ctx context.Context, m Map) {
	names := []string{fieldName, rowName}
	if m.Unnest != nil {
		names = append(names, m.Unnest.alias())
	}
	for _, l := range m.Lookup {
		if slices.Contains(names, l.Name) {
			c.add(l.At, "choose another name", "lookup %s: the name is taken", l.Name)
		}
		names = append(names, l.Name)
		c.knownStream(l.From, "lookup "+l.Name)
		if (l.On.Text.Value == "") == (len(l.On.Pairs) == 0) {
			c.add(l.At, "on: {id: OwnerId}", "lookup %s needs on:", l.Name)
		}
		c.expression(ctx, l.On.Text)
		for _, p := range l.On.Pairs {
			c.expression(ctx, p.Expr)
		}
		c.expression(ctx, l.Where)
	}
}

func (c *checker) expression(ctx context.Context, t diag.Text) {
	if t.Value != "" {
		parseExpression(ctx, c.parser, t, &c.problems)
	}
}

func (c *checker) zone(z *Zone) {
	if z == nil || z.Name.Value == "" {
		return
	}
	if _, err := loadZone(z.Name.Value); err != nil {
		c.add(z.Name.Pos, "an IANA name such as Europe/Berlin", "%s", err)
	}
}

func (c *checker) fields(ctx context.Context, m Map, entity *schemas.Entity) {
	given := map[string]bool{}
	for _, f := range m.Fields {
		given[f.Name] = true
		field, ok := entity.Field(f.Name)
		if !ok {
			c.add(f.At, diag.DidYouMean(f.Name, entity.FieldNames()), "%s has no field %q", entity.Name, f.Name)
			continue
		}
		c.field(ctx, entity.Name+"."+f.Name, f, field)
	}
	if m.Select.Value != "" && len(m.Fields) == 0 {
		return
	}
	var missing []string
	for _, f := range entity.Fields {
		if f.Required && f.NullAs == nil && !given[f.Name] {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) > 0 {
		c.add(m.At, "each row needs it, or it is quarantined; constant: gives all rows the same", "map of %s does not fill %s", entity.Name, strings.Join(missing, ", "))
	}
}

// field checks that the options fit the field's type and each other.
func (c *checker) field(ctx context.Context, name string, f Field, field schemas.Field) {
	c.expression(ctx, f.Expr)
	if f.MinorUnits != nil {
		c.expression(ctx, f.MinorUnits.Expr)
	}
	c.zone(f.Zone)
	time := []schemas.Kind{schemas.Date, schemas.Instant}
	number := []schemas.Kind{schemas.Decimal, schemas.Int}
	for _, o := range []struct {
		option string
		given  bool
		kinds  []schemas.Kind
	}{
		{"date", len(f.Date) > 0, time},
		{"zone", f.Zone != nil, time},
		{"inclusive_end", f.InclusiveEnd, time},
		{"epoch", f.Epoch.Value != "", time},
		{"decimal", f.Decimal != nil, number},
		{"round", f.Round, []schemas.Kind{schemas.Decimal}},
		{"minor_units", f.MinorUnits != nil, []schemas.Kind{schemas.Decimal}},
		{"percent", f.Percent.Value != "", []schemas.Kind{schemas.Decimal}},
		{"boolean", f.Boolean != nil, []schemas.Kind{schemas.Bool}},
		{"pad", f.Pad != nil, []schemas.Kind{schemas.Text}},
		{"strip_zeros", f.StripZeros, []schemas.Kind{schemas.Text}},
	} {
		if o.given && !slices.Contains(o.kinds, field.Kind) {
			c.add(f.At, "leave it out", "%s is a %s: %s: does not apply", name, field.Type, o.option)
		}
	}
	c.oneOf(name, "epoch", f.Epoch, "s", "ms", "us")
	c.oneOf(name, "percent", f.Percent, "text", "fraction")
	if f.Decimal != nil {
		c.oneOf(name, "negative", f.Decimal.Negative, "sign", "trailing", "parentheses")
		if f.Decimal.Thousands != "" && f.Decimal.Thousands == f.Decimal.Point || f.Decimal.Thousands == "." && f.Decimal.Point == "" {
			c.add(f.Decimal.At, "decimal: \",\"", "%s: thousands and decimal are the same sign", name)
		}
	}
	if f.Epoch.Value != "" && (len(f.Date) > 0 || f.InclusiveEnd) {
		c.add(f.At, "", "%s: epoch goes with neither date nor inclusive_end", name)
	}
	if f.MinorUnits != nil && f.Percent.Value != "" {
		c.add(f.At, "", "%s: minor_units and percent exclude each other", name)
	}
	if f.Else != nil && f.Values == nil {
		c.add(f.At, "add values:", "%s: else: without values:", name)
	}
	if f.Optional && f.Column.Value == "" {
		c.add(f.At, "", "%s: optional: is for a column", name)
	}
	c.accepted(name, f, field)
}

func (c *checker) oneOf(name, option string, t diag.Text, accepted ...string) {
	if t.Value != "" && !slices.Contains(accepted, t.Value) {
		c.add(t.Pos, "one of "+strings.Join(accepted, ", "), "%s: %s: %q", name, option, t.Value)
	}
}

// accepted finds constants and mapped values that the contract does not accept, which would quarantine every such row.
func (c *checker) accepted(name string, f Field, field schemas.Field) {
	if len(field.Accepted) == 0 {
		return
	}
	var values []string
	if f.Constant != nil && f.Values == nil {
		values = append(values, f.Constant.Value)
	}
	if f.Values != nil {
		for _, p := range f.Values.Pairs {
			if p.To != nil {
				values = append(values, *p.To)
			}
		}
	}
	if f.Else != nil && f.Else.Do == elseValue {
		values = append(values, f.Else.Value)
	}
	for _, v := range values {
		if !slices.Contains(field.Accepted, v) {
			c.add(f.At, fmt.Sprintf("accepted: %s", strings.Join(field.Accepted, ", ")), "%s: %q is not an accepted value", name, v)
		}
	}
}
