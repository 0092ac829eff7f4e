// Package source is what every connector hands over: batches of rows whose values are the text that stands in the source, each
// with the place where it begins, and the rows that could not be decoded. It knows no connector and does not know where the
// rows go.
package source

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// Rules by which a row is set apart because it cannot be decoded.
const (
	RaggedRow     = "ragged_row"     // more or fewer values than columns
	OversizedLine = "oversized_line" // longer than the limit
	NULByte       = "nul_byte"
	BadEncoding   = "bad_encoding"
	BadQuote      = "bad_quote"
	BadJSON       = "bad_json"
)

// ErrChanged says that an input changed while it was read. Nothing of it was landed; a later run may go well.
var ErrChanged = errors.New("the input changed while it was read")

// Reader reads one input. The columns of a batch begin with those of the batch before.
type Reader interface {
	// Next replaces what is in the batch by the next rows; io.EOF when there are none.
	Next(b *Batch) error
}

// Pages are what a source that is asked has to tell, page by page.
type Pages interface {
	Reader
	// Until is the moment, by the source's own clock, from which to ask the next time. It is known once Next has said io.EOF.
	Until() time.Time
}

// Cell is where a value stands in the arena of its batch.
type Cell struct{ Start, End uint32 }

// Null is the cell of a value that is not there.
func Null() Cell { return Cell{Start: 1} }

// IsNull tells whether there is no value.
func (c Cell) IsNull() bool { return c.End < c.Start }

// Batch is a run of rows in columns. All values share one arena, so that a row costs no allocation. A batch is used again:
// nothing of it may be kept.
type Batch struct {
	Names   []string // of the columns
	Arena   []byte
	Cells   [][]Cell // by column
	Lines   []int64  // physical line, or ordinal, where each row begins; from 1
	Rejects []Reject
}

// Reject is a row that could not be decoded.
type Reject struct {
	Rule   string
	Detail string
	Raw    string // the text as it stands in the source, shortened, invalid bytes as \xNN
	Line   int64
}

// Rows is the number of rows.
func (b *Batch) Rows() int { return len(b.Lines) }

// Value is the value of a column in a row, which is only good until the batch is used again; nil when it is null.
func (b *Batch) Value(column, row int) []byte {
	c := b.Cells[column][row]
	if c.IsNull() {
		return nil
	}
	return b.Arena[c.Start:c.End:c.End]
}

// Reset empties the batch and gives it columns. The arena is kept.
func (b *Batch) Reset(names []string) {
	b.Names = append(b.Names[:0], names...)
	for len(b.Cells) < len(names) {
		b.Cells = append(b.Cells, nil)
	}
	b.Cells = b.Cells[:len(names)]
	for i := range b.Cells {
		b.Cells[i] = b.Cells[i][:0]
	}
	b.Lines, b.Rejects = b.Lines[:0], b.Rejects[:0]
}

// AddColumn adds a column that is null in the rows so far.
func (b *Batch) AddColumn(name string) {
	b.Names = append(b.Names, name)
	if len(b.Cells) < cap(b.Cells) {
		b.Cells = b.Cells[:len(b.Cells)+1]
	} else {
		b.Cells = append(b.Cells, nil)
	}
	last := len(b.Cells) - 1
	b.Cells[last] = b.Cells[last][:0]
	for range b.Lines {
		b.Cells[last] = append(b.Cells[last], Null())
	}
}

// Text adds a value to the arena and returns its cell.
func (b *Batch) Text(value string) Cell {
	start := uint32(len(b.Arena))
	b.Arena = append(b.Arena, value...)
	return Cell{start, uint32(len(b.Arena))}
}

// maxRaw is how many bytes of a rejected row are kept.
const maxRaw = 2000

// Reject sets a row apart.
func (b *Batch) Reject(rule string, line int64, raw []byte, detail string) {
	b.Rejects = append(b.Rejects, Reject{Rule: rule, Detail: detail, Raw: Readable(raw), Line: line})
}

// Readable is the beginning of raw bytes as valid text: invalid bytes and NUL are written as \xNN.
func Readable(raw []byte) string {
	cut := len(raw) > maxRaw
	if cut {
		raw = raw[:maxRaw]
		for i := 0; i < utf8.UTFMax && len(raw) > 0; i++ { // not in the middle of a character
			if r, size := utf8.DecodeLastRune(raw); r != utf8.RuneError || size != 1 {
				break
			}
			raw = raw[:len(raw)-1]
		}
	}
	var text strings.Builder
	text.Grow(len(raw))
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if (r == utf8.RuneError && size == 1) || r == 0 {
			const digits = "0123456789abcdef"
			text.WriteString(`\x`)
			text.WriteByte(digits[raw[0]>>4])
			text.WriteByte(digits[raw[0]&15])
		} else {
			text.Write(raw[:size])
		}
		raw = raw[size:]
	}
	if cut {
		text.WriteString("…")
	}
	return text.String()
}
