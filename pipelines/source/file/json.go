package file

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
)

// jsonRecords turns JSON objects into rows. Columns are added as their keys appear. Scalars keep the text that stands in the file,
// what is nested keeps its JSON.
type jsonRecords struct {
	w       *window
	nulls   nullSet
	names   []string
	columns map[string]int // by the key in lower case: SQL does not tell columns apart by case
	seen    []int64        // by column, the record that had it last
	record  int64
	pending []pendingCell
	key     []byte
}

// pendingCell is where a value stands in the record that is being read.
type pendingCell struct {
	column, start, end int
	escaped, null      bool
}

func newJSONRecords(s Spec, w *window) jsonRecords {
	return jsonRecords{w: w, nulls: s.nulls(), columns: map[string]int{}}
}

// add makes a row of the object that is the text from pos to end, or rejects it.
func (r *jsonRecords) add(b *source.Batch, text []byte, pos, end int, line int64) error {
	record := text[pos:end]
	if len(record) > r.w.maxLine {
		r.w.tooLong(b, line, record)
		return nil
	}
	if !decodable(b, line, record) {
		return nil
	}
	bad, err := r.parse(b, record)
	if err != nil {
		return inputError(r.w.name, line, "rename it in the export", "%v", err)
	}
	if bad != (fault{}) {
		b.Reject(bad.rule, line, record, bad.detail)
		return nil
	}
	for _, p := range r.pending {
		cell := source.Null()
		if !p.null {
			start, end := p.start, p.end
			if p.escaped {
				end = unescape(record, start, end)
			}
			if !r.nulls.has(record[start:end]) {
				cell = source.Cell{Start: uint32(pos + start), End: uint32(pos + end)}
			}
		}
		b.Cells[p.column] = append(b.Cells[p.column], cell)
	}
	for i := range b.Cells {
		if len(b.Cells[i]) == len(b.Lines) {
			b.Cells[i] = append(b.Cells[i], source.Null())
		}
	}
	b.Lines = append(b.Lines, line)
	return nil
}

// parse reads an object into r.pending without touching the text.
func (r *jsonRecords) parse(b *source.Batch, text []byte) (fault, error) {
	r.pending = r.pending[:0]
	r.record++
	pos := skipSpace(text, 0)
	if pos == len(text) || text[pos] != '{' {
		return badJSON(text, pos, "the record is no object"), nil
	}
	pos = skipSpace(text, pos+1)
	if pos < len(text) && text[pos] == '}' {
		return trailing(text, pos+1), nil
	}
	next := 0
	for {
		key, escaped, value, bad := scanKey(text, pos)
		if bad != (fault{}) {
			return bad, nil
		}
		column, err := r.column(b, key, escaped, next)
		if err != nil {
			return fault{}, err
		}
		if r.seen[column] == r.record {
			return badJSON(text, pos, "the key %q occurs twice", r.names[column]), nil
		}
		r.seen[column] = r.record
		next = column + 1
		if pos, bad = r.value(text, value, column); bad != (fault{}) {
			return bad, nil
		}
		var last bool
		if pos, last, bad = scanComma(text, pos, '}'); bad != (fault{}) {
			return bad, nil
		}
		if last {
			return trailing(text, pos), nil
		}
	}
}

func trailing(text []byte, pos int) fault {
	if pos = skipSpace(text, pos); pos < len(text) {
		return badJSON(text, pos, "something follows the object")
	}
	return fault{}
}

// value notes the value at pos for a column.
func (r *jsonRecords) value(text []byte, pos, column int) (int, fault) {
	if pos < len(text) && text[pos] == '"' {
		end, escaped, bad := scanString(text, pos)
		r.pending = append(r.pending, pendingCell{column: column, start: pos + 1, end: end - 1, escaped: escaped})
		return end, bad
	}
	end, bad := scanValue(text, pos, 0)
	null := end-pos == 4 && text[pos] == 'n'
	r.pending = append(r.pending, pendingCell{column: column, start: pos, end: end, null: null})
	return end, bad
}

// column finds the column of a key or adds it. Records mostly repeat their keys in order, so the next one is tried first.
func (r *jsonRecords) column(b *source.Batch, key []byte, escaped bool, next int) (int, error) {
	if escaped {
		r.key = append(r.key[:0], key...)
		key = r.key[:unescape(r.key, 0, len(r.key))]
	}
	if next < len(r.names) && string(key) == r.names[next] {
		return next, nil
	}
	if column, ok := r.columns[string(key)]; ok {
		return column, nil
	}
	name := string(key)
	lower := strings.ToLower(name)
	if column, ok := r.columns[lower]; ok {
		return column, nil
	}
	switch {
	case name == "":
		return 0, fmt.Errorf("a key has no name")
	case reserved(name):
		return 0, fmt.Errorf("the key %q has a name that the lake adds itself", name)
	case len(r.names) == maxColumns:
		return 0, fmt.Errorf("more than %d different keys: they look like data", maxColumns)
	}
	r.columns[lower] = len(r.names)
	r.columns[name] = len(r.names)
	r.names = append(r.names, name)
	r.seen = append(r.seen, 0)
	b.AddColumn(name)
	return len(r.names) - 1, nil
}

// jsonLines reads one object per line.
type jsonLines struct {
	jsonRecords
	inLong bool
}

func newJSONLines(s Spec, w *window) (*jsonLines, error) {
	if start := skipSpace(w.rest, 0); start < len(w.rest) && w.rest[start] == '[' {
		return nil, inputError(w.name, 1, "set `format: json`", "the file is one JSON array, not JSON lines")
	}
	return &jsonLines{jsonRecords: newJSONRecords(s, w)}, nil
}

// Next reads the next lines.
func (r *jsonLines) Next(b *source.Batch) error {
	b.Reset(r.names)
	for {
		text, err := r.w.show(b.Arena, r.size())
		if err != nil {
			return err
		}
		b.Arena = text
		used, err := r.take(b, text)
		if err != nil {
			return err
		}
		r.w.keep(text[used:])
		if b.Rows() > 0 || len(b.Rejects) > 0 {
			return nil
		}
		if r.w.done && len(r.w.rest) == 0 {
			return io.EOF
		}
	}
}

// size is how much text the next batch has: keys that appear in the first one cost nothing, later ones begin a new part.
func (r *jsonRecords) size() int {
	if r.record == 0 {
		return r.w.sizes.jsonFirst
	}
	return r.w.sizes.batch
}

func (r *jsonLines) take(b *source.Batch, text []byte) (int, error) {
	pos := 0
	for pos < len(text) {
		end := bytes.IndexByte(text[pos:], '\n')
		switch {
		case end < 0 && r.inLong:
			return len(text), nil
		case end < 0 && !r.w.done && len(text)-pos <= r.w.maxLine:
			return pos, nil
		case end < 0 && !r.w.done:
			r.inLong = true
			return len(text), r.add(b, text, pos, len(text), r.w.line)
		case end < 0:
			end = len(text) - pos
		}
		line := bytes.TrimRight(text[pos:pos+end], " \t\r")
		if !r.inLong && skipSpace(line, 0) < len(line) {
			if err := r.add(b, text, pos, pos+len(line), r.w.line); err != nil {
				return pos, err
			}
		}
		r.inLong = false
		r.w.line++
		pos = min(pos+end+1, len(text))
	}
	return pos, nil
}
