package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// answer is one page.
type answer struct {
	header   http.Header
	document json.RawMessage
	records  []json.RawMessage
}

// read finds the records of a page under a path: a list, or a single object. null is an empty list.
func read(header http.Header, document json.RawMessage, path string) (answer, error) {
	out := answer{header: header, document: document}
	raw, err := out.at(path)
	if err != nil {
		return out, err
	}
	switch {
	case bytes.Equal(raw, []byte("null")):
	case bytes.HasPrefix(raw, []byte("{")):
		out.records = []json.RawMessage{raw}
	case bytes.HasPrefix(raw, []byte("[")):
		err = json.Unmarshal(raw, &out.records)
	default:
		err = fmt.Errorf("%w: %q of the answer is no list of records: mend `records`", source.ErrConfig, path)
	}
	return out, err
}

// at is the value under a path of names, such as data.items; the whole document for the empty one.
func (a answer) at(path string) (json.RawMessage, error) {
	raw := bytes.TrimSpace(a.document)
	if path == "" {
		return raw, nil
	}
	for name := range strings.SplitSeq(path, ".") {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, fmt.Errorf("%w: the answer has no %s: it is no object where %s should be", source.ErrConfig, path, name)
		}
		value, found := object[name]
		if !found {
			return nil, fmt.Errorf("%w: the answer has no %s; in place of %s it has: %s", source.ErrConfig, path, name, strings.Join(slices.Sorted(maps.Keys(object)), ", "))
		}
		raw = bytes.TrimSpace(value)
	}
	return raw, nil
}

// text is the value under a path; empty where there is none.
func (a answer) text(path string) string {
	raw, err := a.at(path)
	if err != nil {
		return ""
	}
	value, err := web.Value(raw)
	if err != nil {
		return ""
	}
	return string(value)
}
