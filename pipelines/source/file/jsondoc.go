package file

import (
	"bytes"
	"io"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
)

// jsonDocument reads JSON values, mostly one: an array of objects, an object, or an object that holds the records somewhere
// inside. It never holds more of the file than what it is shown.
type jsonDocument struct {
	jsonRecords
	path  []string
	level int // objects of the path that are open
	state docState
	skip  skipper // while state is skipping
	after docState
	found bool // the records of the path
}

// docState is what is expected next.
type docState int

const (
	atTop       docState = iota // a value, or the end of the file
	atValue                     // the value of a name in the path, or what the path leads to
	atKey                       // a key of an object in the path
	atNext                      // a comma or the end of an object in the path
	atElement                   // a record of the array, or its end
	atNextEntry                 // a comma or the end of the array
	skipping                    // inside a value that is not wanted
)

func newJSON(s Spec, w *window) (*jsonDocument, error) {
	r := &jsonDocument{jsonRecords: newJSONRecords(s, w)}
	if s.Records != "" {
		r.path = strings.Split(s.Records, ".")
	}
	start := skipSpace(w.rest, 0)
	if start < len(w.rest) && w.rest[start] != '{' && w.rest[start] != '[' {
		return nil, inputError(w.name, 1, "export it again, or mend `format`", "the file is no JSON, it begins with %q", source.Readable(w.rest[start:min(start+15, len(w.rest))]))
	}
	return r, nil
}

// Next reads the next records.
func (r *jsonDocument) Next(b *source.Batch) error {
	b.Reset(r.names)
	for {
		text, err := r.w.show(b.Arena, r.size())
		if err != nil {
			return err
		}
		b.Arena = text
		pos := 0
		for more := true; more && err == nil; {
			pos, more, err = r.step(b, text, pos)
		}
		if err != nil {
			return err
		}
		r.w.keep(text[pos:])
		if b.Rows() > 0 || len(b.Rejects) > 0 {
			return nil
		}
		if r.w.done {
			return r.end()
		}
	}
}

// end is reached when nothing more can be taken from the text and the file has no more.
func (r *jsonDocument) end() error {
	if r.state != atTop || skipSpace(r.w.rest, 0) < len(r.w.rest) {
		return inputError(r.w.name, r.w.line, "it was cut off: copy or export it again", "the file ends in the middle of its JSON")
	}
	if len(r.path) > 0 && !r.found {
		return inputError(r.w.name, 0, "mend `records` of the stream", "nothing stands at %q", strings.Join(r.path, "."))
	}
	return io.EOF
}

// step takes what is expected next; it returns false when that is not complete in the text.
func (r *jsonDocument) step(b *source.Batch, text []byte, pos int) (int, bool, error) {
	if r.state == skipping {
		n, done := r.skip.skip(text[pos:])
		r.count(text[pos : pos+n])
		if done || (r.w.done && r.skip.scalar) {
			r.state = r.after
			return pos + n, true, nil
		}
		return pos + n, false, nil
	}
	next := skipSpace(text, pos)
	r.count(text[pos:next])
	pos = next
	if pos == len(text) {
		return pos, false, nil
	}
	switch r.state {
	case atTop:
		r.state = atValue
	case atValue:
		return r.open(b, text, pos)
	case atKey:
		return r.readKey(text, pos)
	case atNext:
		return r.closeOrGoOn(text, pos)
	case atElement:
		if text[pos] == ']' {
			r.state = r.leave()
			return pos + 1, true, nil
		}
		return r.take(b, text, pos, atNextEntry)
	case atNextEntry:
		switch text[pos] {
		case ',':
			r.state = atElement
		case ']':
			r.state = r.leave()
		default:
			return pos, false, r.unexpected(text, pos, "a comma or ]")
		}
		return pos + 1, true, nil
	}
	return pos, true, nil
}

// leave is the state behind the value that the path led to, or behind an object of the path.
func (r *jsonDocument) leave() docState {
	if r.level == 0 {
		return atTop
	}
	return atNext
}

// open begins the value at pos: an object of the path, the array of records, or a record by itself.
func (r *jsonDocument) open(b *source.Batch, text []byte, pos int) (int, bool, error) {
	if r.level < len(r.path) {
		if text[pos] != '{' {
			return pos, false, r.unexpected(text, pos, "an object that holds "+r.path[r.level])
		}
		r.level++
		r.state = atKey
		return pos + 1, true, nil
	}
	r.found = true
	if text[pos] == '[' {
		r.state = atElement
		return pos + 1, true, nil
	}
	return r.take(b, text, pos, r.leave())
}

// readKey reads a key of an object in the path: the wanted one is followed, the value of any other passed over.
func (r *jsonDocument) readKey(text []byte, pos int) (int, bool, error) {
	if text[pos] == '}' {
		return r.closeOrGoOn(text, pos)
	}
	if text[pos] != '"' {
		return pos, false, r.unexpected(text, pos, "a key")
	}
	end, escaped, bad := scanString(text, pos)
	colon := skipSpace(text, end)
	if bad != (fault{}) || colon == len(text) {
		if len(text)-pos > r.w.maxLine || (r.w.done && bad != (fault{})) {
			return pos, false, r.unexpected(text, pos, "a key")
		}
		return pos, false, nil
	}
	if text[colon] != ':' {
		return pos, false, r.unexpected(text, colon, "a colon")
	}
	key := bytes.Clone(text[pos+1 : end-1])
	if escaped {
		key = key[:unescape(key, 0, len(key))]
	}
	r.count(text[pos:colon])
	if string(key) == r.path[r.level-1] {
		r.state = atValue
		return colon + 1, true, nil
	}
	r.state, r.after, r.skip = skipping, atNext, skipper{}
	return colon + 1, true, nil
}

func (r *jsonDocument) closeOrGoOn(text []byte, pos int) (int, bool, error) {
	switch text[pos] {
	case ',':
		r.state = atKey
	case '}':
		r.level--
		r.state = r.leave()
	default:
		return pos, false, r.unexpected(text, pos, "a comma or }")
	}
	return pos + 1, true, nil
}

// take makes a row of the value at pos.
func (r *jsonDocument) take(b *source.Batch, text []byte, pos int, then docState) (int, bool, error) {
	end, complete := valueEnd(text, pos)
	if !complete && r.w.done && end == len(text) && text[pos] != '{' && text[pos] != '[' && text[pos] != '"' {
		complete = true // a scalar at the end of the file
	}
	if !complete {
		if len(text)-pos <= r.w.maxLine {
			return pos, false, nil
		}
		if err := r.add(b, text, pos, len(text), r.w.line); err != nil {
			return pos, false, err
		}
		r.state, r.after, r.skip = skipping, then, skipper{}
		return pos, true, nil
	}
	line := r.w.line
	r.count(text[pos:end])
	r.state = then
	return end, true, r.add(b, text, pos, end, line)
}

// count keeps the number of the line up to date.
func (r *jsonDocument) count(passed []byte) { r.w.line += int64(bytes.Count(passed, []byte{'\n'})) }

func (r *jsonDocument) unexpected(text []byte, pos int, want string) error {
	return inputError(r.w.name, r.w.line, "export it again, or mend `records` of the stream", "%s was expected, not %q", want, text[pos])
}
