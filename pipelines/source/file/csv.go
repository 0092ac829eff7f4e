package file

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tributary-data/tributary/pipelines/source"
)

// csvReader splits delimited text. A value that begins with a quote ends with one, may hold delimiters and line ends, and holds
// quotes doubled; anywhere else a quote is a character like any other.
type csvReader struct {
	w         *window
	names     []string
	delimiter byte
	quote     byte // 0: none
	newline   byte // '\r' for files that have no '\n'
	nulls     nullSet

	inLong bool // the window begins inside a line that was too long
	cells  []source.Cell
	folded []int // indexes in cells of values with doubled quotes
}

const maxColumns = 16_000

func newCSV(s Spec, format Format, w *window) (*csvReader, error) {
	r := &csvReader{w: w, delimiter: s.delimiter(format), quote: s.quote(), newline: '\n', nulls: s.nulls()}
	if i := bytes.IndexByte(w.rest, '\r'); bytes.IndexByte(w.rest, '\n') < 0 && i >= 0 && (i+1 < len(w.rest) || w.done) {
		r.newline = '\r'
	}
	for range s.SkipRows {
		if err := r.skipLine(); err != nil {
			return nil, err
		}
	}
	return r, r.readHeader(s)
}

func (r *csvReader) skipLine() error {
	for {
		if i := bytes.IndexByte(r.w.rest, r.newline); i >= 0 {
			r.w.rest = r.w.rest[i+1:]
			r.w.line++
			return nil
		}
		if r.w.done {
			return inputError(r.w.name, r.w.line, "mend `skip_rows` of the stream", "the file ends within the lines to skip")
		}
		if err := r.w.more(len(r.w.rest) + r.w.sizes.look); err != nil {
			return err
		}
	}
}

// readHeader finds the names of the columns.
func (r *csvReader) readHeader(s Spec) error {
	if len(s.HeaderNames) > 0 {
		r.names = s.HeaderNames
		return nil
	}
	first, next, err := r.firstRecord()
	if err != nil {
		return err
	}
	if s.NoHeader {
		for i := range first {
			r.names = append(r.names, fmt.Sprintf("column%d", i+1))
		}
		return nil
	}
	for i := range first {
		first[i] = strings.TrimSpace(first[i])
	}
	if err := r.checkHeader(first); err != nil {
		return err
	}
	r.names = first
	r.w.line += int64(bytes.Count(r.w.rest[:next], []byte{r.newline}))
	r.w.rest = r.w.rest[next:]
	return nil
}

// firstRecord splits the first record, passing over empty lines, without consuming it.
func (r *csvReader) firstRecord() (values []string, next int, err error) {
	for {
		start := 0
		for start < len(r.w.rest) && (r.w.rest[start] == '\n' || r.w.rest[start] == '\r') {
			start++
		}
		next, state := r.split(r.w.rest, start, r.w.done)
		switch {
		case state == incomplete && len(r.w.rest) <= r.w.maxLine:
			if err := r.w.more(2*len(r.w.rest) + r.w.sizes.look); err != nil {
				return nil, 0, err
			}
			continue
		case state == incomplete:
			return nil, 0, inputError(r.w.name, r.w.line, "is it text at all? see `encoding`, `quote` and `max_line_bytes`", "the first line does not end within %d bytes", r.w.maxLine)
		case state == badQuote:
			return nil, 0, inputError(r.w.name, r.w.line, "see `quote`, or name the columns with `header` and pass over the line with `skip_rows: 1`", "the quotes of the first line do not match")
		}
		if start == len(r.w.rest) {
			return nil, 0, inputError(r.w.name, r.w.line, "export it again, or remove it", "the file has no lines but empty ones")
		}
		r.unfold(r.w.rest)
		for _, c := range r.cells {
			values = append(values, string(r.w.rest[c.Start:c.End]))
		}
		return values, next, nil
	}
}

func (r *csvReader) checkHeader(names []string) error {
	line := strings.Join(names, " ")
	byHand := fmt.Sprintf("name the columns by hand: `header: [a, b, …]` with `skip_rows: %d`", r.w.line)
	switch {
	case strings.IndexByte(line, 0) >= 0:
		return inputError(r.w.name, r.w.line, "UTF-16 looks like this: set `encoding: utf-16`", "the header line holds NUL bytes")
	case !utf8.ValidString(line):
		return inputError(r.w.name, r.w.line, "set `encoding`, perhaps windows-1252", "the header line is not in the encoding of the stream")
	case len(names) > maxColumns:
		return inputError(r.w.name, r.w.line, "", "the header line has %d columns, more than %d", len(names), maxColumns)
	}
	if len(names) == 1 {
		if i := strings.IndexAny(names[0], ";\t|,"); i >= 0 {
			return inputError(r.w.name, r.w.line, fmt.Sprintf("set `delimiter: %q`", names[0][i:i+1]), "the header line %q has no %q between its columns", names[0], r.delimiter)
		}
	}
	if problem := checkNames(names); problem != "" {
		return inputError(r.w.name, r.w.line, byHand, "%s", problem)
	}
	return nil
}

// Next reads the next records.
func (r *csvReader) Next(b *source.Batch) error {
	b.Reset(r.names)
	for {
		text, err := r.w.show(b.Arena, r.w.sizes.batch)
		if err != nil {
			return err
		}
		b.Arena = text
		r.w.keep(text[r.take(b, text):])
		if b.Rows() > 0 || len(b.Rejects) > 0 {
			return nil
		}
		if r.w.done && len(r.w.rest) == 0 {
			return io.EOF
		}
	}
}

// take takes the records that are complete in the text and returns where the next one begins.
func (r *csvReader) take(b *source.Batch, text []byte) int {
	pos, clean := 0, cleanTo(text)
	for pos < len(text) {
		if r.inLong {
			end := bytes.IndexByte(text[pos:], r.newline)
			if end < 0 {
				return len(text)
			}
			pos += end + 1
			r.w.line++
			r.inLong = false
			continue
		}
		next, complete := r.record(b, text, pos, clean)
		switch {
		case complete:
			pos = next
		case len(text)-pos > r.w.maxLine:
			pos = r.tooLong(b, text, pos)
		default:
			return pos
		}
	}
	return pos
}

// record takes the record at pos, or rejects it. It is not complete when it may go on behind the text.
func (r *csvReader) record(b *source.Batch, text []byte, pos, clean int) (next int, complete bool) {
	end := bytes.IndexByte(text[pos:], r.newline)
	if end < 0 {
		if !r.w.done {
			return pos, false
		}
		end = len(text) - pos
	}
	lineEnd, lineNext := pos+end, min(pos+end+1, len(text))
	if r.quote == 0 || bytes.IndexByte(text[pos:lineEnd], r.quote) < 0 {
		r.plainLine(b, text, pos, lineEnd, lineNext <= clean)
		r.w.line++
		return lineNext, true
	}
	next, state := r.split(text, pos, r.w.done)
	switch {
	case state == incomplete:
		return pos, false
	case next-pos > r.w.maxLine:
		return r.tooLong(b, text, pos), true
	case state == badQuote:
		// The line is set apart and the next one tried: whatever a lost quote swallowed is not lost with it.
		b.Reject(source.BadQuote, r.w.line, text[pos:lineEnd], "a quote is not closed, or text follows the closing one")
		r.w.line++
		return lineNext, true
	}
	r.quotedRecord(b, text, pos, next, next <= clean)
	r.w.line += int64(bytes.Count(text[pos:next], []byte{r.newline}))
	return next, true
}

// plainLine takes a line without quotes.
func (r *csvReader) plainLine(b *source.Batch, text []byte, pos, end int, clean bool) {
	if end > pos && text[end-1] == '\r' {
		end--
	}
	if end == pos {
		return // an empty line is no record
	}
	line := text[pos:end]
	if len(line) > r.w.maxLine {
		r.w.tooLong(b, r.w.line, line)
		return
	}
	if !clean && !decodable(b, r.w.line, line) {
		return
	}
	row, column, start := len(b.Lines), 0, 0
	for i, c := range line {
		if c != r.delimiter {
			continue
		}
		if column == len(b.Cells) {
			r.ragged(b, line, row, bytes.Count(line, []byte{r.delimiter})+1)
			return
		}
		b.Cells[column] = append(b.Cells[column], r.cell(text, pos+start, pos+i))
		column++
		start = i + 1
	}
	if column != len(b.Cells)-1 {
		r.ragged(b, line, row, column+1)
		return
	}
	b.Cells[column] = append(b.Cells[column], r.cell(text, pos+start, end))
	b.Lines = append(b.Lines, r.w.line)
}

// quotedRecord takes a record that split has split.
func (r *csvReader) quotedRecord(b *source.Batch, text []byte, pos, next int, clean bool) {
	record := bytes.TrimRight(text[pos:next], "\r\n")
	if !clean && !decodable(b, r.w.line, record) {
		return
	}
	if len(r.cells) != len(b.Cells) {
		r.ragged(b, record, len(b.Lines), len(r.cells))
		return
	}
	r.unfold(text)
	for i, c := range r.cells {
		b.Cells[i] = append(b.Cells[i], r.cell(text, int(c.Start), int(c.End)))
	}
	b.Lines = append(b.Lines, r.w.line)
}

func (r *csvReader) cell(text []byte, start, end int) source.Cell {
	if start == end {
		if r.nulls.empty {
			return source.Null()
		}
	} else if len(r.nulls.words) > 0 && r.nulls.has(text[start:end]) {
		return source.Null()
	}
	return source.Cell{Start: uint32(start), End: uint32(end)}
}

// ragged rejects a record and takes back the cells that it left.
func (r *csvReader) ragged(b *source.Batch, record []byte, row, values int) {
	for i := range b.Cells {
		b.Cells[i] = b.Cells[i][:row]
	}
	b.Reject(source.RaggedRow, r.w.line, record, fmt.Sprintf("%d values for %d columns", values, len(b.Cells)))
}

// tooLong rejects the beginning of a record that does not end within the limit, and returns where to read on.
func (r *csvReader) tooLong(b *source.Batch, text []byte, pos int) int {
	end := bytes.IndexByte(text[pos:], r.newline)
	if end >= 0 && end <= r.w.maxLine {
		// Its first line is short enough: it is the quote that never closes.
		b.Reject(source.BadQuote, r.w.line, text[pos:pos+end], fmt.Sprintf("a quote is not closed within %d bytes", r.w.maxLine))
		r.w.line++
		return pos + end + 1
	}
	r.w.tooLong(b, r.w.line, text[pos:])
	r.inLong = true
	return pos
}

// Outcomes of split.
type splitState int

const (
	whole splitState = iota
	incomplete
	badQuote
)

// split finds the values of the record at pos, which may span lines, and where the next one begins. Final says that nothing
// follows the text.
func (r *csvReader) split(text []byte, pos int, final bool) (next int, state splitState) {
	r.cells, r.folded = r.cells[:0], r.folded[:0]
	for {
		start, end := pos, 0
		if r.quote != 0 && pos < len(text) && text[pos] == r.quote {
			start++
			closing, doubled := closingQuote(text, start, r.quote)
			switch {
			case closing < 0 && final:
				return pos, badQuote
			case closing < 0 || (closing+1 == len(text) && !final):
				return pos, incomplete
			}
			if doubled {
				r.folded = append(r.folded, len(r.cells))
			}
			end, pos = closing, closing+1
			if pos < len(text) && text[pos] == '\r' && r.newline == '\n' {
				if pos+1 == len(text) && !final {
					return pos, incomplete
				}
				pos++
			}
			if pos < len(text) && text[pos] != r.delimiter && text[pos] != r.newline {
				return pos, badQuote
			}
		} else {
			for pos < len(text) && text[pos] != r.delimiter && text[pos] != r.newline {
				pos++
			}
			end = pos
			if pos == len(text) && !final {
				return pos, incomplete
			}
			if (pos == len(text) || text[pos] == r.newline) && end > start && text[end-1] == '\r' {
				end--
			}
		}
		r.cells = append(r.cells, source.Cell{Start: uint32(start), End: uint32(end)})
		if pos == len(text) {
			return pos, whole
		}
		pos++
		if text[pos-1] == r.newline {
			return pos, whole
		}
	}
}

// closingQuote finds the quote that ends a value, or -1, and tells whether the value holds doubled ones.
func closingQuote(text []byte, pos int, quote byte) (at int, doubled bool) {
	for {
		i := bytes.IndexByte(text[pos:], quote)
		if i < 0 {
			return -1, doubled
		}
		pos += i
		if pos+1 == len(text) || text[pos+1] != quote {
			return pos, doubled
		}
		doubled = true
		pos += 2
	}
}

// unfold writes the doubled quotes of the record that was split last as single ones, in place.
func (r *csvReader) unfold(text []byte) {
	for _, i := range r.folded {
		c := &r.cells[i]
		out := c.Start
		for in := c.Start; in < c.End; in++ {
			text[out] = text[in]
			out++
			if text[in] == r.quote {
				in++
			}
		}
		c.End = out
	}
	r.folded = r.folded[:0]
}
