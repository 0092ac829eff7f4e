package diag

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// NodeDecoder is implemented by types that read themselves, for shapes that a struct tag cannot say. They are handed nulls too.
type NodeDecoder interface {
	DecodeNode(d *Decoder, n *yaml.Node)
}

// Text is a scalar that remembers where it stood.
type Text struct {
	Value string
	Pos   Pos
}

func (t Text) String() string { return t.Value }

// DecodeNode takes the literal text of any scalar, so that 1.10 stays 1.10.
func (t *Text) DecodeNode(d *Decoder, n *yaml.Node) {
	t.Pos = d.Pos(n)
	if n.Kind != yaml.ScalarNode {
		d.Problem(n, "", "expected a single value, found %s", kindName(n))
		return
	}
	t.Value = n.Value
}

// Decoder reads one file into Go values. What does not fit is added to the list and the rest is still read.
//
// Struct fields are named by their yaml tag; `yaml:"name,required"` makes a missing key a problem, `yaml:",inline"` merges an
// embedded struct, a field of type Pos receives the place. Strings take a scalar's literal text. Unknown and repeated keys are problems.
type Decoder struct {
	File     string
	Problems *List
}

// NewDecoder reads the named file's text into values and its problems into the list.
func NewDecoder(file string, problems *List) *Decoder {
	return &Decoder{File: file, Problems: problems}
}

// Pos is the place of a node in this file.
func (d *Decoder) Pos(n *yaml.Node) Pos {
	if n == nil {
		return Pos{File: d.File}
	}
	return Pos{File: d.File, Line: n.Line}
}

// Problem records what is wrong at a node.
func (d *Decoder) Problem(n *yaml.Node, hint, format string, args ...any) {
	d.Problems.Add(d.Pos(n), hint, format, args...)
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// Parse gives the root node of the text, or nil when it is empty or not YAML (which is then a problem).
func (d *Decoder) Parse(text []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			d.Problems.Add(Pos{File: d.File}, "", "the file is empty")
			return nil
		}
		d.syntax(err)
		return nil
	}
	var more yaml.Node
	if err := dec.Decode(&more); err == nil {
		d.Problem(&more, "keep one document per file", "a second YAML document begins here")
	} else if !errors.Is(err, io.EOF) {
		d.syntax(err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

func (d *Decoder) syntax(err error) {
	msg := err.Error()
	line := 0
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	d.Problems.Add(Pos{File: d.File, Line: line}, "YAML is indented with spaces; quote a value that holds ': ' or begins with a special character", "not valid YAML: %s", msg)
}

// Read parses and decodes in one step; it reports whether the text could be parsed at all.
func (d *Decoder) Read(text []byte, into any) bool {
	n := d.Parse(text)
	if n == nil {
		return false
	}
	d.Decode(n, into)
	return true
}

// Decode fills the value that into points at from a node.
func (d *Decoder) Decode(n *yaml.Node, into any) {
	d.value(n, reflect.ValueOf(into).Elem())
}

func (d *Decoder) value(n *yaml.Node, v reflect.Value) {
	n = Resolve(n)
	if v.Type() == reflect.TypeFor[yaml.Node]() {
		v.Set(reflect.ValueOf(*n))
		return
	}
	if v.CanAddr() {
		if self, ok := v.Addr().Interface().(NodeDecoder); ok {
			self.DecodeNode(d, n)
			return
		}
	}
	if v.Kind() == reflect.Pointer && (!isNull(n) || v.Type().Implements(reflect.TypeFor[NodeDecoder]())) {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem())
		return
	}
	if isNull(n) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Slice:
		d.slice(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Interface:
		d.any(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *Decoder) any(n *yaml.Node, v reflect.Value) {
	var x any
	if err := n.Decode(&x); err != nil {
		d.Problem(n, "", "%s", yamlLine.ReplaceAllString(err.Error(), ""))
		return
	}
	if x != nil {
		v.Set(reflect.ValueOf(x))
	}
}

func (d *Decoder) scalar(n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.Problem(n, "", "expected %s, found %s", wanted(v.Kind()), kindName(n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Bool:
		b, err := strconv.ParseBool(n.Value)
		if err != nil {
			d.Problem(n, "write true or false", "expected true or false, found %q", n.Value)
			return
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64, reflect.Int32:
		i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, v.Type().Bits())
		if err != nil {
			d.Problem(n, "", "expected a whole number, found %q", n.Value)
			return
		}
		v.SetInt(i)
	default:
		d.Problem(n, "", "a value of this kind cannot be read here")
	}
}

// slice also takes a single value for a list of one, because that is what people write.
func (d *Decoder) slice(n *yaml.Node, v reflect.Value) {
	items := n.Content
	if n.Kind != yaml.SequenceNode {
		if n.Kind == yaml.MappingNode && v.Type().Elem().Kind() != reflect.Struct {
			d.Problem(n, "", "expected a list, found %s", kindName(n))
			return
		}
		items = []*yaml.Node{n}
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if isNull(item) && out.Index(i).Kind() == reflect.String {
			out.Index(i).SetString(item.Value) // among texts NULL is the word, as it is written
			continue
		}
		d.value(item, out.Index(i))
	}
	v.Set(out)
}

func (d *Decoder) mapping(n *yaml.Node, v reflect.Value) {
	out := reflect.MakeMap(v.Type())
	d.Pairs(n, func(key, val *yaml.Node) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(val, item)
		out.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), item)
	})
	v.Set(out)
}

func (d *Decoder) structure(n *yaml.Node, v reflect.Value) {
	fields := fieldsOf(v)
	for _, f := range fields.pos {
		f.Set(reflect.ValueOf(d.Pos(n)))
	}
	seen := map[string]bool{}
	d.Pairs(n, func(key, val *yaml.Node) {
		f, ok := fields.byName[key.Value]
		if !ok {
			d.Problem(key, DidYouMean(key.Value, fields.names), "unknown key %q", key.Value)
			return
		}
		seen[key.Value] = true
		d.value(val, f)
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	for _, name := range fields.required {
		if !seen[name] {
			d.Problem(n, "", "key %q is missing", name)
		}
	}
}

// Pairs visits the keys and values of a mapping in order, merges (<<) included; anything else, and a repeated key, is a problem.
func (d *Decoder) Pairs(n *yaml.Node, visit func(key, val *yaml.Node)) {
	n = Resolve(n)
	if n.Kind != yaml.MappingNode {
		d.Problem(n, "", "expected keys and values, found %s", kindName(n))
		return
	}
	own := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Tag == "!!merge" {
			continue
		}
		if first, twice := own[key.Value]; twice {
			d.Problem(key, "", "key %q is given twice, first on line %d", key.Value, first)
			continue
		}
		own[key.Value] = key.Line
		visit(key, Resolve(n.Content[i+1]))
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		d.Pairs(n.Content[i+1], func(key, val *yaml.Node) {
			if _, mine := own[key.Value]; !mine {
				own[key.Value] = key.Line
				visit(key, val)
			}
		})
	}
}

// Resolve follows an alias to what it stands for.
func Resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

type structFields struct {
	byName   map[string]reflect.Value
	names    []string
	required []string
	pos      []reflect.Value
}

func fieldsOf(v reflect.Value) structFields {
	out := structFields{byName: map[string]reflect.Value{}}
	collectFields(v, &out)
	return out
}

func collectFields(v reflect.Value, out *structFields) {
	for i := range v.NumField() {
		field, f := v.Type().Field(i), v.Field(i)
		tag := field.Tag.Get("yaml")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case options == "inline":
			collectFields(f, out)
			continue
		case !field.IsExported() || tag == "-":
			continue
		case f.Type() == reflect.TypeFor[Pos]():
			out.pos = append(out.pos, f)
			continue
		case name == "":
			name = strings.ToLower(field.Name)
		}
		out.byName[name] = f
		out.names = append(out.names, name)
		if options == "required" {
			out.required = append(out.required, name)
		}
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if isNull(n) {
			return "nothing"
		}
		return strconv.Quote(n.Value)
	}
	return "something else"
}

func wanted(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	}
	return "a single value"
}
