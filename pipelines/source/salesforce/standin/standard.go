package standin

import (
	_ "embed" // standard.txt
	"strconv"
	"strings"
)

//go:embed standard.txt
var standardText string

// standardObjects reads standard.txt.
func standardObjects() []Object {
	var objects []Object
	for paragraph := range strings.SplitSeq(strings.TrimSpace(standardText), "\n\n") {
		var o Object
		for line := range strings.Lines(paragraph) {
			words := strings.Fields(line)
			switch {
			case words[0] == "#":
			case o.Name == "":
				o = Object{Name: words[0], KeyPrefix: words[1], Unreplicated: len(words) > 2 && words[2] == "unreplicated"}
				if len(words) > 3 {
					o.Without = words[3:]
				}
			default:
				o.Fields = append(o.Fields, standardField(words[0], words[1]))
			}
		}
		objects = append(objects, o)
	}
	return objects
}

// standardField reads a field: string:40, double:18.2, ref:Account/Parent, with ! when it is never null and = when it is calculated.
func standardField(name, text string) Field {
	text, calculated := strings.CutSuffix(text, "=")
	text, required := strings.CutSuffix(text, "!")
	kind, size, _ := strings.Cut(text, ":")
	f := Field{Name: name, Type: kind, Required: required, Calculated: calculated}
	if kind == "ref" {
		objects, relationship, named := strings.Cut(size, "/")
		f.Type, f.Length, f.ReferenceTo = "reference", 18, strings.Split(objects, ",")
		switch {
		case !named:
			f.RelationshipName = strings.TrimSuffix(name, "Id")
		case relationship != "-":
			f.RelationshipName = relationship
		}
		return f
	}
	whole, scale, decimal := strings.Cut(size, ".")
	n, _ := strconv.Atoi(whole)
	switch {
	case decimal:
		f.Precision = n
		f.Scale, _ = strconv.Atoi(scale)
	default:
		f.Length = n
	}
	return f
}

// withStandard gives Salesforce's own objects, with the label, the fields (added or put in their place) and the rows that data has for them, and then the
// others of data.
func withStandard(data []Data) []Data {
	given := map[string]Data{}
	for _, d := range data {
		given[strings.ToLower(d.Name)] = d
	}
	var all []Data
	for _, o := range standardObjects() {
		key := strings.ToLower(o.Name)
		d := given[key]
		delete(given, key)
		o.Label, o.NoBulk = d.Label, d.NoBulk
		for _, f := range d.Fields {
			o.Fields = append(without(o.Fields, f.Name), f)
		}
		all = append(all, Data{Object: o, Rows: d.Rows})
	}
	for _, d := range data {
		if _, left := given[strings.ToLower(d.Name)]; left {
			all = append(all, d)
		}
	}
	return all
}

func without(fields []Field, name string) []Field {
	var kept []Field
	for _, f := range fields {
		if !strings.EqualFold(f.Name, name) {
			kept = append(kept, f)
		}
	}
	return kept
}
