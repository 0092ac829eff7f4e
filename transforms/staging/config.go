package staging

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Config is everything the user says about how raw rows become entities.
type Config struct {
	Streams  map[string]Stream   // by source.stream
	Maps     []Map               // in the file's order
	Identity map[string]Identity // by entity: what several sources that name the same key mean
	Zone     string              // reporting zone: where a time without a zone of its own is read
}

// Modes of a stream.
const (
	ModeAppend   = "append"
	ModeUpsert   = "upsert"
	ModeSnapshot = "snapshot"
)

// Stream says which of a stream's rows are current. The project embeds it into a stream's other settings.
type Stream struct {
	Key     Key       `yaml:"key"`
	Version *Field    `yaml:"version"`
	Mode    diag.Text `yaml:"mode"`
	// ByLoad: what a later load says of a record counts, whatever its version; versions decide within a load. So it is where a source is
	// asked for its present state: a transaction that began early and ended late leaves a record with an older time than it had.
	ByLoad bool `yaml:"-"`
}

func (s Stream) mode() string {
	if s.Mode.Value == "" {
		return ModeAppend
	}
	return s.Mode.Value
}

// Key says what makes two rows of a stream versions of one record: columns, an expression, or (zero value) the whole row.
type Key struct {
	At      diag.Pos
	Columns []string
	Expr    string
}

// WholeRow reports whether only equal rows are the same record.
func (k Key) WholeRow() bool { return len(k.Columns) == 0 && k.Expr == "" }

// DecodeNode takes a list of columns, the word row, or an expression.
func (k *Key) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	k.At = d.Pos(n)
	if n.Kind == yaml.SequenceNode {
		d.Decode(n, &k.Columns)
		return
	}
	var t diag.Text
	d.Decode(n, &t)
	if t.Value != "row" {
		k.Expr = t.Value
	}
}

// Identity says what it means when several sources name the same record of an entity.
type Identity struct {
	At          diag.Pos
	SourceOrder []diag.Text `yaml:"source_order"` // the first source that has the record wins it whole
	Crosswalk   []Crosswalk `yaml:"crosswalk"`
}

// Crosswalk is a stream that translates a source's own ids into the common ones.
type Crosswalk struct {
	At     diag.Pos
	From   diag.Text `yaml:"from,required"`
	Source diag.Text `yaml:"source,required"` // whose ids it translates
	Local  diag.Text `yaml:"local,required"`  // column with that source's id
	Key    diag.Text `yaml:"key,required"`    // column with the common id
}

// Map makes rows of one entity out of the rows of one stream, or out of a SELECT.
type Map struct {
	At     diag.Pos
	Entity diag.Text `yaml:"entity,required"`
	From   diag.Text `yaml:"from"`
	Select diag.Text `yaml:"select"`
	Source diag.Text `yaml:"source"` // of a select, when it reads several
	Where  diag.Text `yaml:"where"`
	Zone   diag.Text `yaml:"zone"`
	Unnest *Unnest   `yaml:"unnest"`
	Lookup Lookups   `yaml:"lookup"`
	Fields Fields    `yaml:"fields"`
}

// Unnest makes one row per element of a column that holds a list.
type Unnest struct {
	At     diag.Pos
	Column diag.Text `yaml:"column,required"`
	As     diag.Text `yaml:"as"`
	JSON   diag.Text `yaml:"json"`  // path of the list inside the column
	Split  diag.Text `yaml:"split"` // delimiter of a text list; without it the column is a JSON array
	Keep   bool      `yaml:"keep_empty"`
}

func (u Unnest) alias() string {
	if u.As.Value == "" {
		return "item"
	}
	return u.As.Value
}

// Lookup joins the current row of another stream, at most one per row.
type Lookup struct {
	At    diag.Pos
	Name  string
	From  diag.Text `yaml:"from,required"`
	On    On        `yaml:"on,required"`
	Where diag.Text `yaml:"where"`
}

// On is a lookup's condition: an SQL text, or its columns with the expressions of this row they must equal.
type On struct {
	Text  diag.Text
	Pairs []Pair
}

// Pair is a column of a lookup and the expression that it must equal.
type Pair struct {
	Column diag.Text
	Expr   diag.Text
}

// DecodeNode takes an SQL text or a mapping.
func (o *On) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		d.Decode(n, &o.Text)
		return
	}
	d.Pairs(n, func(key, val *yaml.Node) {
		p := Pair{Column: diag.Text{Value: key.Value, Pos: d.Pos(key)}}
		d.Decode(val, &p.Expr)
		o.Pairs = append(o.Pairs, p)
	})
}

// Lookups are a map's lookups in the file's order.
type Lookups []Lookup

// DecodeNode reads names and lookups.
func (l *Lookups) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		one := Lookup{}
		d.Decode(val, &one)
		one.Name = key.Value
		*l = append(*l, one)
	})
}

// Fields are a map's fields in the file's order.
type Fields []Field

// DecodeNode reads names and what fills them.
func (f *Fields) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		one := Field{}
		d.Decode(val, &one)
		one.At = d.Pos(key)
		one.Name = key.Value
		*f = append(*f, one)
	})
}

// Field says where one field's value comes from and how its text is read.
type Field struct {
	At   diag.Pos
	Name string
	fieldOptions
}

type fieldOptions struct {
	Column       diag.Text    `yaml:"column"`
	Expr         diag.Text    `yaml:"expr"`
	Constant     *diag.Text   `yaml:"constant"`
	Optional     bool         `yaml:"optional"`
	JSON         diag.Text    `yaml:"json"`
	Trim         *bool        `yaml:"trim"`
	Null         *NullTexts   `yaml:"null"`
	Default      *diag.Text   `yaml:"default"`
	Values       *Values      `yaml:"values"`
	Else         *Else        `yaml:"else"`
	IgnoreCase   bool         `yaml:"ignore_case"`
	Date         []diag.Text  `yaml:"date"`
	Zone         *Zone        `yaml:"zone"`
	InclusiveEnd bool         `yaml:"inclusive_end"`
	Epoch        diag.Text    `yaml:"epoch"`
	Decimal      *Decimal     `yaml:"decimal"`
	Round        bool         `yaml:"round"`
	MinorUnits   *MinorUnits  `yaml:"minor_units"`
	Percent      diag.Text    `yaml:"percent"`
	Boolean      *BooleanText `yaml:"boolean"`
	Pad          *Pad         `yaml:"pad"`
	StripZeros   bool         `yaml:"strip_zeros"`
}

// DecodeNode takes a column's name or the options.
func (f *Field) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	f.At = d.Pos(n)
	if n.Kind == yaml.ScalarNode {
		d.Decode(n, &f.Column)
		if f.Column.Value == "" {
			d.Problem(n, "name a column, or leave the field out", "a field without a column")
		}
		return
	}
	d.Decode(n, &f.fieldOptions)
	given := 0
	for _, is := range []bool{f.Column.Value != "", f.Expr.Value != "", f.Constant != nil} {
		if is {
			given++
		}
	}
	if given != 1 && n.Kind == yaml.MappingNode {
		d.Problem(n, "give one of column, expr, constant", "a field needs exactly one source, found %d", given)
	}
}

// NullTexts are spellings that mean null beside the empty one; an empty list means that not even that does.
type NullTexts struct{ List []string }

// DecodeNode reads a list or a single text, which may well be NULL.
func (t *NullTexts) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Decode(n, &t.List)
	if n.Tag != "!!null" {
		return
	}
	if n.Value == "" {
		d.Problem(n, "list them, such as [NULL, N/A], or leave the key out", "no texts that are null")
	}
	t.List = []string{n.Value}
}

// Values are what a text becomes, in the file's order.
type Values struct{ Pairs []ValuePair }

// ValuePair is a text of the source and the value that it stands for; To is nil for null.
type ValuePair struct {
	From string
	To   *string
}

// DecodeNode reads a mapping.
func (v *Values) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		p := ValuePair{From: key.Value}
		if key.Tag == "!!null" {
			d.Problem(key, `write "" for the empty value, or the word in quotes`, "is %s the word, or the empty value?", key.Value)
		}
		if val.Tag != "!!null" {
			var to string
			d.Decode(val, &to)
			p.To = &to
		}
		v.Pairs = append(v.Pairs, p)
	})
}

// What becomes of a text that a value map does not name.
const (
	elseQuarantine = "quarantine"
	elseDrop       = "drop"
	elseKeep       = "keep"
	elseNull       = "null"
	elseValue      = "value"
)

// Else says what becomes of a text that a value map does not name.
type Else struct {
	Do    string
	Value string
}

// DecodeNode takes null, drop, quarantine, keep, any other text as the value, or {value: …} for a value that is one of those words.
func (e *Else) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		var v struct {
			Value diag.Text `yaml:"value,required"`
		}
		d.Decode(n, &v)
		*e = Else{Do: elseValue, Value: v.Value.Value}
		return
	}
	var t diag.Text
	d.Decode(n, &t)
	switch {
	case n.Tag == "!!null":
		e.Do = elseNull
	case t.Value == elseQuarantine || t.Value == elseDrop || t.Value == elseKeep:
		e.Do = t.Value
	default:
		*e = Else{Do: elseValue, Value: t.Value}
	}
}

// Zone is a named time zone, or a column that names one per row.
type Zone struct {
	Name   diag.Text
	Column diag.Text
}

// DecodeNode takes a name or {column: …}.
func (z *Zone) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		d.Decode(n, &z.Name)
		return
	}
	var v struct {
		Column diag.Text `yaml:"column,required"`
	}
	d.Decode(n, &v)
	z.Column = v.Column
}

// Decimal says how a number is written.
type Decimal struct {
	At        diag.Pos
	Thousands string    `yaml:"thousands"`
	Point     string    `yaml:"decimal"`
	Strip     []string  `yaml:"strip"`    // texts around the number that are taken off: currency signs, units
	Negative  diag.Text `yaml:"negative"` // sign (default), trailing, parentheses
	Exponent  bool      `yaml:"exponent"` // 1e3 is a number
}

// MinorUnits says that an amount is in cents (or fils, or whole yen) of a currency.
type MinorUnits struct {
	Currency string    // constant
	Column   diag.Text // or a column
	Expr     diag.Text // or an expression
}

// DecodeNode takes a currency code, or {column: …}, or {expr: …}.
func (m *MinorUnits) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		d.Decode(n, &m.Currency)
		if _, ok := exponents()[m.Currency]; !ok {
			d.Problem(n, "an ISO 4217 code, or {column: …}", "minor_units: unknown currency %q", m.Currency)
		}
		return
	}
	var v struct {
		Column diag.Text `yaml:"column"`
		Expr   diag.Text `yaml:"expr"`
	}
	d.Decode(n, &v)
	m.Column, m.Expr = v.Column, v.Expr
	if (v.Column.Value == "") == (v.Expr.Value == "") {
		d.Problem(n, "", "minor_units needs a currency code, column or expr")
	}
}

// BooleanText is the accepted spellings, case aside.
type BooleanText struct {
	True  []string `yaml:"true,required"`
	False []string `yaml:"false,required"`
}

// Pad fills an id up to a width.
type Pad struct {
	Width int
	With  string
}

// DecodeNode takes a width, or {width: …, with: …}.
func (p *Pad) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	p.With = "0"
	if n.Kind != yaml.MappingNode {
		d.Decode(n, &p.Width)
		return
	}
	v := struct {
		Width int    `yaml:"width,required"`
		With  string `yaml:"with"`
	}{With: "0"}
	d.Decode(n, &v)
	p.Width, p.With = v.Width, v.With
	if len([]rune(p.With)) != 1 {
		d.Problem(n, "", "pad: with is one character")
	}
}

// sourceOf is the source of a stream's full name.
func sourceOf(stream string) string {
	source, _, _ := strings.Cut(stream, ".")
	return source
}

// rawName is the name of a stream's table in the raw schema.
func rawName(stream string) string { return strings.ReplaceAll(stream, ".", "_") }
