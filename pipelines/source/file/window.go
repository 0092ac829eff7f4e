package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/tributary-data/tributary/pipelines/source"
)

// sizes are how much text is looked at at once.
type sizes struct {
	look      int // before the first record is read
	batch     int // per batch, unless a record is longer
	jsonFirst int // in the first batch of a JSON file
}

func usualSizes() sizes { return sizes{look: 64 << 10, batch: 1 << 20, jsonFirst: 8 << 20} }

// window shows the text of a file piece by piece: each piece begins where the reader stopped in the one before, and stands in
// the arena of a batch, so that values are not copied.
type window struct {
	src     io.Reader
	name    string // of the file
	maxLine int
	sizes   sizes
	rest    []byte // text that was read but not consumed
	done    bool   // nothing follows the rest
	line    int64  // physical line on which the rest begins
}

func newWindow(src io.Reader, name string, maxLine int, sz sizes) *window {
	return &window{src: src, name: name, maxLine: maxLine, sizes: sz, line: 1}
}

// more reads on until the rest has a size or the file ends.
func (w *window) more(size int) error {
	var err error
	w.rest, err = w.readInto(w.rest, size)
	return err
}

// show fills an arena with the rest and what follows it: about size bytes, more when the rest shows that a record is longer.
func (w *window) show(arena []byte, size int) ([]byte, error) {
	size = max(size, 2*len(w.rest))
	arena = append(arena[:0], w.rest...)
	w.rest = w.rest[:0]
	return w.readInto(arena, size)
}

// keep puts back what was shown but not consumed.
func (w *window) keep(unread []byte) { w.rest = append(w.rest[:0], unread...) }

func (w *window) readInto(buf []byte, size int) ([]byte, error) {
	if cap(buf) < size {
		bigger := make([]byte, len(buf), size)
		copy(bigger, buf)
		buf = bigger
	}
	for len(buf) < size && !w.done {
		n, err := w.src.Read(buf[len(buf):size])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			w.done = true
		} else if err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// cleanTo is how far the text is known to be valid and without NUL bytes, so that its records need not be looked at one by one.
func cleanTo(text []byte) int {
	end := bytes.LastIndexByte(text, '\n') + 1
	if bytes.IndexByte(text[:end], 0) >= 0 || !utf8.Valid(text[:end]) {
		return 0
	}
	return end
}

// decodable rejects a record that has NUL bytes or cannot be text; true when it has neither.
func decodable(b *source.Batch, line int64, record []byte) bool {
	if bytes.IndexByte(record, 0) >= 0 {
		b.Reject(source.NULByte, line, record, "the record holds a NUL byte")
		return false
	}
	if !utf8.Valid(record) {
		b.Reject(source.BadEncoding, line, record, "the record is not in the encoding of the file: see `encoding`")
		return false
	}
	return true
}

// tooLong rejects a record of which at least the beginning is shown.
func (w *window) tooLong(b *source.Batch, line int64, beginning []byte) {
	b.Reject(source.OversizedLine, line, beginning[:w.maxLine], fmt.Sprintf("the record has more than %d bytes: see `max_line_bytes`", w.maxLine))
}
