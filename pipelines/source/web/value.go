package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/tributary-data/tributary/pipelines/source"
)

// Value is a value of a JSON document as it stands in a batch: text without its quotes, numbers with all their digits as they were
// sent, objects and lists as compact JSON; nil for null and for what is not there.
func Value(raw json.RawMessage) ([]byte, error) {
	text := bytes.TrimSpace(raw)
	switch {
	case len(text) == 0 || bytes.Equal(text, []byte("null")):
		return nil, nil
	case text[0] == '"':
		var s string
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, err
		}
		return []byte(s), nil
	case text[0] == '{' || text[0] == '[':
		var out bytes.Buffer
		if err := json.Compact(&out, text); err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	}
	return text, nil
}

// Record is a JSON object by its fields.
type Record map[string]json.RawMessage

// Fill adds records to a batch that was begun with the request's names, a row each, their lines counted on from the last. It tells which
// fields have had a value, or null, in any of them. What is not JSON is set apart.
func Fill(b *source.Batch, names []string, records []Record, line *int64, returned map[string]bool) {
	for _, r := range records {
		*line++
		values, err := r.values(names, returned)
		if err != nil {
			b.Reject(source.BadJSON, *line, r.text(), err.Error())
			continue
		}
		for i, v := range values {
			b.Put(i, v)
		}
		b.Lines = append(b.Lines, *line)
	}
}

// text is the record as it came, but for the order of its fields.
func (r Record) text() []byte {
	var out bytes.Buffer
	for i, name := range slices.Sorted(maps.Keys(r)) {
		out.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + strconv.Quote(name) + ":")
		out.Write(r[name])
	}
	out.WriteByte('}')
	return out.Bytes()
}

func (r Record) values(names []string, returned map[string]bool) ([][]byte, error) {
	out := make([][]byte, len(names))
	for i, name := range names {
		raw, there := r[name]
		if there {
			returned[name] = true
		}
		value, err := Value(raw)
		if err != nil {
			return nil, err
		}
		out[i] = value
	}
	return out, nil
}

// Absent are the names that were in no record.
func Absent(names []string, returned map[string]bool) []string {
	var out []string
	for _, name := range names {
		if !returned[name] {
			out = append(out, name)
		}
	}
	return out
}
