package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Schema is what the project says of a stream's fields: the path of a JSON Schema file, or fields with their types.
type Schema struct {
	file  diag.Text
	types []typed
}

type typed struct{ name, kind diag.Text }

// DecodeNode reads a path, or names and types.
func (s *Schema) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		d.Decode(n, &s.file)
		return
	}
	d.Pairs(n, func(key, val *yaml.Node) {
		one := typed{name: diag.Text{Value: key.Value, Pos: d.Pos(key)}}
		d.Decode(val, &one.kind)
		s.types = append(s.types, one)
	})
}

// kindOf are the kinds of the types of JSON Schema.
func kindOf(word string) source.Kind {
	switch word {
	case "string":
		return source.Text
	case "integer", "number":
		return source.Number
	case "boolean":
		return source.Boolean
	case "object", "array":
		return source.JSON
	}
	return source.Other
}

func (s Schema) check(problems *diag.List) {
	for _, t := range s.types {
		if kindOf(t.kind.Value) == source.Other {
			problems.Add(t.kind.Pos, "string, integer, number, boolean, object or array", "type %q of field %s", t.kind, t.name)
		}
	}
}

// fields are those of the schema, in its order. A file is relative to the project's folder.
func (s Schema) fields(dir string, problems *diag.List) []source.Field {
	var out []source.Field
	for _, t := range s.types {
		out = append(out, source.Field{Name: t.name.Value, Type: t.kind.Value, Kind: kindOf(t.kind.Value)})
	}
	if s.file.Value == "" {
		return out
	}
	path := s.file.Value
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, filepath.FromSlash(path))
	}
	text, err := os.ReadFile(path)
	if err == nil {
		out, err = properties(text)
	}
	if err != nil {
		problems.Add(s.file.Pos, "a JSON Schema with `properties`", "the schema cannot be read: %s", err)
	}
	return out
}

// properties are the fields of a JSON Schema.
func properties(text []byte) ([]source.Field, error) {
	var schema struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		return nil, err
	}
	names, err := keys(schema.Properties)
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("it has no properties")
	}
	var of map[string]struct {
		Type any `json:"type"`
	}
	if err := json.Unmarshal(schema.Properties, &of); err != nil {
		return nil, err
	}
	var out []source.Field
	for _, name := range names {
		f := source.Field{Name: name, Type: "any", Kind: source.Other}
		switch of := of[name].Type.(type) {
		case string:
			f.Type, f.Kind = of, kindOf(of)
		case []any:
			var words []string
			for _, one := range of {
				if word, is := one.(string); is && word != "null" {
					words = append(words, word)
				}
			}
			if len(words) > 0 {
				f.Type = strings.Join(words, " or ")
				f.Kind = kindOf(f.Type)
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// keys are the names of an object, in its order.
func keys(object json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("%.40s is no object", object)
	}
	var out []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprint(name))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// describe are the fields of the schema, those that the stream names, and those of some records, in this order. Those that a schema names and
// no record has are fields still: where a service leaves out what is empty, only a schema keeps them from coming and going.
func describe(schema []source.Field, named []string, records []json.RawMessage) []source.Field {
	out := slices.Clone(schema)
	at := map[string]int{}
	for i, f := range out {
		at[f.Name] = i
	}
	add := func(name, kind string) {
		i, known := at[name]
		switch {
		case !known:
			at[name] = len(out)
			out = append(out, source.Field{Name: name, Type: kind, Kind: sampled(kind)})
		case i < len(schema) || kind == unseen || kind == out[i].Type:
		case out[i].Type == unseen:
			out[i].Type, out[i].Kind = kind, sampled(kind)
		default:
			out[i].Type, out[i].Kind = "mixed", source.Other
		}
	}
	for _, name := range named {
		if name != "" {
			add(name, unseen)
		}
	}
	for _, raw := range records {
		names, err := keys(raw)
		if err != nil {
			continue // it will be set apart when it is read
		}
		var record web.Record
		if json.Unmarshal(raw, &record) != nil {
			continue
		}
		for _, name := range names {
			add(name, typeOf(record[name]))
		}
	}
	return out
}

// unseen is the type of a field that no record of a sample has a value of.
const unseen = "unknown"

func sampled(word string) source.Kind {
	if word == unseen {
		return source.Unknown
	}
	return kindOf(word)
}

// typeOf is the type of a value of JSON.
func typeOf(raw json.RawMessage) string {
	switch text := bytes.TrimSpace(raw); {
	case len(text) == 0 || text[0] == 'n':
		return unseen
	case text[0] == '"':
		return "string"
	case text[0] == 't' || text[0] == 'f':
		return "boolean"
	case text[0] == '{':
		return "object"
	case text[0] == '[':
		return "array"
	}
	return "number"
}
