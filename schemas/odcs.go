package schemas

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// The shapes below list every key that ODCS v3.1 knows, so that a contract may use all of it; what Tributary does not need is a bare
// node, and a key that ODCS does not know is a problem.

type document struct {
	At                       diag.Pos
	APIVersion               diag.Text        `yaml:"apiVersion,required"`
	Kind                     diag.Text        `yaml:"kind,required"`
	ID                       string           `yaml:"id,required"`
	Version                  string           `yaml:"version,required"`
	Status                   string           `yaml:"status,required"`
	Name                     string           `yaml:"name"`
	Tenant                   yaml.Node        `yaml:"tenant"`
	Tags                     yaml.Node        `yaml:"tags"`
	Servers                  yaml.Node        `yaml:"servers"`
	DataProduct              yaml.Node        `yaml:"dataProduct"`
	Description              yaml.Node        `yaml:"description"`
	Domain                   yaml.Node        `yaml:"domain"`
	Schema                   []object         `yaml:"schema"`
	Support                  yaml.Node        `yaml:"support"`
	Price                    yaml.Node        `yaml:"price"`
	Team                     yaml.Node        `yaml:"team"`
	Roles                    yaml.Node        `yaml:"roles"`
	SLADefaultElement        yaml.Node        `yaml:"slaDefaultElement"`
	SLAProperties            yaml.Node        `yaml:"slaProperties"`
	AuthoritativeDefinitions yaml.Node        `yaml:"authoritativeDefinitions"`
	CustomProperties         []customProperty `yaml:"customProperties"`
	CreatedTs                yaml.Node        `yaml:"contractCreatedTs"`
}

// element is what ODCS says of objects and properties alike.
type element struct {
	At                       diag.Pos
	ID                       yaml.Node        `yaml:"id"`
	Name                     diag.Text        `yaml:"name,required"`
	PhysicalName             yaml.Node        `yaml:"physicalName"`
	PhysicalType             diag.Text        `yaml:"physicalType"`
	LogicalType              diag.Text        `yaml:"logicalType"`
	Description              string           `yaml:"description"`
	BusinessName             string           `yaml:"businessName"`
	AuthoritativeDefinitions yaml.Node        `yaml:"authoritativeDefinitions"`
	Tags                     yaml.Node        `yaml:"tags"`
	CustomProperties         []customProperty `yaml:"customProperties"`
	Quality                  []quality        `yaml:"quality"`
}

type object struct {
	element       `yaml:",inline"`
	Grain         string     `yaml:"dataGranularityDescription"`
	Properties    []property `yaml:"properties,required"`
	Relationships yaml.Node  `yaml:"relationships"`
}

type property struct {
	element                `yaml:",inline"`
	PrimaryKey             bool           `yaml:"primaryKey"`
	PrimaryKeyPosition     int            `yaml:"primaryKeyPosition"`
	LogicalTypeOptions     typeOptions    `yaml:"logicalTypeOptions"`
	Required               bool           `yaml:"required"`
	Unique                 bool           `yaml:"unique"`
	Partitioned            yaml.Node      `yaml:"partitioned"`
	PartitionKeyPosition   yaml.Node      `yaml:"partitionKeyPosition"`
	Classification         string         `yaml:"classification"`
	EncryptedName          yaml.Node      `yaml:"encryptedName"`
	TransformSourceObjects yaml.Node      `yaml:"transformSourceObjects"`
	TransformLogic         yaml.Node      `yaml:"transformLogic"`
	TransformDescription   yaml.Node      `yaml:"transformDescription"`
	Examples               yaml.Node      `yaml:"examples"`
	CriticalDataElement    yaml.Node      `yaml:"criticalDataElement"`
	Items                  yaml.Node      `yaml:"items"`
	Properties             yaml.Node      `yaml:"properties"`
	Relationships          []relationship `yaml:"relationships"`
}

type typeOptions struct {
	Minimum          string    `yaml:"minimum"`
	Maximum          string    `yaml:"maximum"`
	ExclusiveMinimum string    `yaml:"exclusiveMinimum"`
	ExclusiveMaximum string    `yaml:"exclusiveMaximum"`
	Pattern          yaml.Node `yaml:"pattern"`
	MinLength        yaml.Node `yaml:"minLength"`
	MaxLength        yaml.Node `yaml:"maxLength"`
	Format           yaml.Node `yaml:"format"`
	MultipleOf       yaml.Node `yaml:"multipleOf"`
	Timezone         yaml.Node `yaml:"timezone"`
	DefaultTimezone  yaml.Node `yaml:"defaultTimezone"`
	MinItems         yaml.Node `yaml:"minItems"`
	MaxItems         yaml.Node `yaml:"maxItems"`
	UniqueItems      yaml.Node `yaml:"uniqueItems"`
	MinProperties    yaml.Node `yaml:"minProperties"`
	MaxProperties    yaml.Node `yaml:"maxProperties"`
	Required         yaml.Node `yaml:"required"`
}

type customProperty struct {
	At          diag.Pos
	ID          yaml.Node `yaml:"id"`
	Property    string    `yaml:"property,required"`
	Value       yaml.Node `yaml:"value,required"`
	Description yaml.Node `yaml:"description"`
}

type relationship struct {
	At               diag.Pos
	Type             string    `yaml:"type"`
	From             yaml.Node `yaml:"from"`
	To               diag.Text `yaml:"to,required"`
	CustomProperties yaml.Node `yaml:"customProperties"`
}

type quality struct {
	ID                       yaml.Node    `yaml:"id"`
	AuthoritativeDefinitions yaml.Node    `yaml:"authoritativeDefinitions"`
	BusinessImpact           yaml.Node    `yaml:"businessImpact"`
	CustomProperties         yaml.Node    `yaml:"customProperties"`
	Description              yaml.Node    `yaml:"description"`
	Dimension                yaml.Node    `yaml:"dimension"`
	Method                   yaml.Node    `yaml:"method"`
	Name                     yaml.Node    `yaml:"name"`
	Schedule                 yaml.Node    `yaml:"schedule"`
	Scheduler                yaml.Node    `yaml:"scheduler"`
	Severity                 yaml.Node    `yaml:"severity"`
	Tags                     yaml.Node    `yaml:"tags"`
	Type                     yaml.Node    `yaml:"type"`
	Unit                     yaml.Node    `yaml:"unit"`
	Metric                   string       `yaml:"metric"`
	Rule                     yaml.Node    `yaml:"rule"`
	Arguments                qualityInput `yaml:"arguments"`
	Query                    yaml.Node    `yaml:"query"`
	Engine                   yaml.Node    `yaml:"engine"`
	Implementation           yaml.Node    `yaml:"implementation"`
	MustBe                   yaml.Node    `yaml:"mustBe"`
	MustNotBe                yaml.Node    `yaml:"mustNotBe"`
	MustBeGreaterThan        yaml.Node    `yaml:"mustBeGreaterThan"`
	MustBeGreaterOrEqualTo   yaml.Node    `yaml:"mustBeGreaterOrEqualTo"`
	MustBeLessThan           yaml.Node    `yaml:"mustBeLessThan"`
	MustBeLessOrEqualTo      yaml.Node    `yaml:"mustBeLessOrEqualTo"`
	MustBeBetween            yaml.Node    `yaml:"mustBeBetween"`
	MustNotBeBetween         yaml.Node    `yaml:"mustNotBeBetween"`
}

// qualityInput keeps the accepted values; a metric's other arguments are free by the standard.
type qualityInput struct {
	ValidValues []string
}

func (q *qualityInput) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		if key.Value == "validValues" {
			d.Decode(val, &q.ValidValues)
		}
	})
}

// parse reads one contract file; what is wrong goes to problems.
func parse(file string, text []byte, problems *diag.List) []*Entity {
	d := diag.NewDecoder(file, problems)
	var doc document
	if !d.Read(text, &doc) {
		return nil
	}
	if doc.Kind.Value != "" && doc.Kind.Value != "DataContract" {
		problems.Add(doc.Kind.Pos, "write kind: DataContract", "not an ODCS contract: kind is %q", doc.Kind.Value)
	}
	if v := doc.APIVersion.Value; v != "" && !strings.HasPrefix(v, "v3.") {
		problems.Add(doc.APIVersion.Pos, "write apiVersion: v3.1.0", "apiVersion %q is not supported, contracts are ODCS v3", v)
	}
	var out []*Entity
	for _, o := range doc.Schema {
		out = append(out, entityOf(d, o))
	}
	return out
}

func entityOf(d *diag.Decoder, o object) *Entity {
	e := &Entity{Pos: o.Name.Pos, Name: o.Name.Value, Title: o.BusinessName, Description: o.Description, Grain: o.Grain}
	for _, c := range o.CustomProperties {
		switch c.Property {
		case "requiredEntity":
			d.Decode(&c.Value, &e.Required)
		case "eventTime":
			e.EventTime = c.Value.Value
		case "facts":
			d.Decode(&c.Value, &e.Facts)
		case "metrics":
			d.Decode(&c.Value, &e.Metrics)
		}
	}
	for _, p := range o.Properties {
		e.Fields = append(e.Fields, fieldOf(d, p))
	}
	checkEntity(e, d.Problems)
	return e
}

func fieldOf(d *diag.Decoder, p property) Field {
	f := Field{Pos: p.Name.Pos, Name: p.Name.Value, Description: p.Description, Required: p.Required, Classification: p.Classification}
	if err := f.setType(p.PhysicalType.Value); err != "" {
		at := p.PhysicalType.Pos
		if at.Line == 0 {
			at = p.Name.Pos
		}
		d.Problems.Add(at, "VARCHAR, BOOLEAN, BIGINT, DECIMAL(p,s), DATE or TIMESTAMP WITH TIME ZONE", "field %s: %s", f.Name, err)
	}
	logical := map[Kind]string{Text: "string", Bool: "boolean", Int: "integer", Decimal: "number", Date: "date", Instant: "timestamp"}[f.Kind]
	if l := p.LogicalType; f.Type != "" && l.Value != "" && l.Value != logical {
		d.Problems.Add(l.Pos, "logicalType: "+logical, "field %s: logicalType %s does not go with physicalType %s", f.Name, l.Value, p.PhysicalType.Value)
	}
	if p.PrimaryKey {
		f.Key = max(p.PrimaryKeyPosition, 1)
	}
	if o := p.LogicalTypeOptions; o.Minimum+o.Maximum+o.ExclusiveMinimum+o.ExclusiveMaximum != "" {
		f.Limit = &Limit{Min: o.Minimum, Max: o.Maximum, MinExcl: o.ExclusiveMinimum, MaxExcl: o.ExclusiveMaximum}
	}
	for _, q := range p.Quality {
		if q.Metric == "invalidValues" {
			f.Accepted = append(f.Accepted, q.Arguments.ValidValues...)
		}
	}
	for _, r := range p.Relationships {
		entity, field, ok := strings.Cut(r.To.Value, ".")
		if !ok {
			d.Problems.Add(r.To.Pos, "write to: entity.field", "field %s: relationship %q names no field", f.Name, r.To.Value)
			continue
		}
		f.Ref = &Ref{Entity: entity, Field: field}
	}
	f.custom(d, p.CustomProperties)
	return f
}

func (f *Field) custom(d *diag.Decoder, properties []customProperty) {
	state := State{}
	for _, c := range properties {
		value := c.Value.Value
		switch c.Property {
		case "acceptedFrom":
			f.AcceptedFrom = value
		case "planned":
			d.Decode(&c.Value, &f.Planned)
		case "stateOf":
			state.Instant = value
		case "stateBefore":
			if c.Value.Tag != "!!null" {
				state.Before = &value
			}
		case "nullAs":
			f.NullAs = &value
		case "outOfRange":
			if value != "keep" && value != "quarantine" {
				d.Problems.Add(c.At, "keep or quarantine", "field %s: outOfRange %q", f.Name, value)
			}
			if f.Limit != nil {
				f.Limit.Keep = value == "keep"
			}
		case "facts":
			d.Decode(&c.Value, &f.Facts)
		case "metrics":
			d.Decode(&c.Value, &f.Metrics)
		}
	}
	if state.Instant != "" {
		f.State = &state
	}
}

var decimalType = regexp.MustCompile(`^DECIMAL\((\d+), ?(\d+)\)$`)

func (f *Field) setType(physical string) string {
	kinds := map[string]Kind{"VARCHAR": Text, "BOOLEAN": Bool, "BIGINT": Int, "DATE": Date, "TIMESTAMP WITH TIME ZONE": Instant, "TIMESTAMPTZ": Instant}
	if k, ok := kinds[physical]; ok {
		f.Kind, f.Type = k, physical
		if k == Instant {
			f.Type = "TIMESTAMPTZ"
		}
		return ""
	}
	m := decimalType.FindStringSubmatch(physical)
	if m == nil {
		return "physicalType " + strconv.Quote(physical) + " is not supported"
	}
	f.Kind = Decimal
	f.Precision, _ = strconv.Atoi(m[1])
	f.Scale, _ = strconv.Atoi(m[2])
	f.Type = "DECIMAL(" + m[1] + "," + m[2] + ")"
	if f.Precision > 38 || f.Scale > f.Precision {
		return f.Type + " is wider than DECIMAL(38,38)"
	}
	return ""
}

// checkEntity checks what the fields of one contract say of each other.
func checkEntity(e *Entity, problems *diag.List) {
	seen := map[string]bool{}
	for _, f := range e.Fields {
		if seen[f.Name] {
			problems.Add(f.Pos, "", "field %s is given twice", f.Name)
		}
		seen[f.Name] = true
		if f.State == nil {
			continue
		}
		if instant, ok := e.Field(f.State.Instant); !ok || instant.Kind != Instant {
			problems.Add(f.Pos, diag.DidYouMean(f.State.Instant, e.instants()), "field %s: stateOf names no instant of this entity: %q", f.Name, f.State.Instant)
		}
	}
	if len(e.Key()) == 0 {
		problems.Add(e.Pos, "mark the key with primaryKey: true", "entity %s has no key", e.Name)
	}
	if e.EventTime == "" {
		return
	}
	if f, ok := e.Field(e.EventTime); !ok || (f.Kind != Instant && f.Kind != Date) {
		problems.Add(e.Pos, diag.DidYouMean(e.EventTime, e.instants()), "entity %s: eventTime names no instant or date: %q", e.Name, e.EventTime)
	}
}
