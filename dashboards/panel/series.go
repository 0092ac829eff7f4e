package panel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// seriesOf makes series of a table: one field per value column and combination of the text columns. Its errors are Grafana's.
func seriesOf(f Frame) (Frame, error) {
	if len(f.Fields) == 0 {
		return f, nil
	}
	at := slices.IndexFunc(f.Fields, func(x Field) bool { return x.Name == timeColumn })
	if at < 0 {
		return f, errors.New("there is no column time; a query without one must have the format table")
	}
	var factors, values []int
	for i, field := range f.Fields {
		switch {
		case i == at:
		case field.Type == Text:
			factors = append(factors, i)
		case field.Type == Number || field.Type == Boolean:
			values = append(values, i)
		default:
			return f, fmt.Errorf("column %s is no number", field.Name)
		}
	}
	if len(values) == 0 {
		return f, errors.New("there is no column of numbers")
	}
	if err := ascending(f.Fields[at]); err != nil {
		return f, err
	}
	f.Fields[at].Name = "Time"
	if len(factors) == 0 {
		return f, nil
	}
	return widen(f, at, factors, values), nil
}

func ascending(field Field) error {
	var last int64
	for i, value := range field.Values {
		t, ok := value.(int64)
		if !ok {
			return errors.New("the column time has nulls")
		}
		if i > 0 && t < last {
			return errors.New("the column time does not ascend: ORDER BY 1")
		}
		last = t
	}
	return nil
}

// widen takes a row per time and series to a row per time.
func widen(f Frame, at int, factors, values []int) Frame {
	out := Frame{RefID: f.RefID, Fields: []Field{{Name: "Time", Type: Time}}}
	series := map[string]int{} // the field of a value column and a combination of texts
	for row, t := range f.Fields[at].Values {
		times := &out.Fields[0]
		if n := len(times.Values); n == 0 || times.Values[n-1] != t {
			times.Values = append(times.Values, t)
			for i := 1; i < len(out.Fields); i++ {
				out.Fields[i].Values = append(out.Fields[i].Values, nil)
			}
		}
		labels := map[string]string{}
		key := ""
		for _, i := range factors {
			text, _ := f.Fields[i].Values[row].(string) // null is the empty label
			labels[f.Fields[i].Name] = text
			key += text + "\x00"
		}
		for _, i := range values {
			name := f.Fields[i].Name
			index, known := series[name+"\x00"+key]
			if !known {
				index = len(out.Fields)
				series[name+"\x00"+key] = index
				out.Fields = append(out.Fields, Field{Name: name, Type: Number, Labels: maps.Clone(labels), Values: make([]any, len(out.Fields[0].Values))})
			}
			out.Fields[index].Values[len(out.Fields[0].Values)-1] = f.Fields[i].Values[row]
		}
	}
	slices.SortStableFunc(out.Fields[1:], func(a, b Field) int { return strings.Compare(sortKey(a), sortKey(b)) })
	if len(f.Fields) == 3 { // a lone text column called metric names the series
		for i := range out.Fields[1:] {
			field := &out.Fields[i+1]
			if name, ok := field.Labels["metric"]; ok {
				field.Name, field.Labels = name, nil
			}
		}
	}
	return out
}

func sortKey(f Field) string {
	var out strings.Builder
	out.WriteString(f.Name)
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		out.WriteString("\x00" + f.Labels[name])
	}
	return out.String()
}
