package file

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

// decoder turns an encoding into UTF-8. What cannot be decoded comes out as bytes that are no UTF-8, so that the record in which it
// stands is found out, and only that one. A nil decoder passes everything on.
type decoder func(io.Reader) io.Reader

func decoderFor(name string) (decoder, error) {
	switch strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-") {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil, nil
	case "utf-16", "utf16", "utf-16le":
		return utf16Decoder(false), nil
	case "utf-16be":
		return utf16Decoder(true), nil
	case "latin1", "iso-8859-1", "iso8859-1": // the web takes these for windows-1252, files mean what they say
		return tableDecoder(charmap.ISO8859_1), nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil, fmt.Errorf("encoding %q: %w", name, err)
	}
	if table, ok := enc.(*charmap.Charmap); ok {
		return tableDecoder(table), nil
	}
	return textDecoder(enc), nil
}

// byteOrderMarks are looked for in this order.
func byteOrderMark(head []byte) (mark int, decode decoder, found bool) {
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return 3, nil, true
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return 2, utf16Decoder(false), true
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return 2, utf16Decoder(true), true
	}
	return 0, nil, false
}

var errUTF32 = errors.New("UTF-32 is not read")

// decoded is the text of a stream as UTF-8, without a byte order mark.
func decoded(r *bufio.Reader, encodingName string) (io.Reader, error) {
	head, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if slices.Equal(head, []byte{0xFF, 0xFE, 0, 0}) {
		return nil, errUTF32
	}
	mark, decode, found := byteOrderMark(head)
	if !found {
		if decode, err = decoderFor(encodingName); err != nil {
			return nil, err
		}
	}
	if _, err := r.Discard(mark); err != nil {
		return nil, err
	}
	if decode == nil {
		return r, nil
	}
	return decode(r), nil
}

// blockReader decodes blocks of bytes.
type blockReader struct {
	src    io.Reader
	in     []byte
	kept   int // bytes at the beginning of in that were read but not decoded
	out    []byte
	next   int
	err    error
	decode func(out, in []byte, final bool) (decoded []byte, used int)
}

func (b *blockReader) Read(p []byte) (int, error) {
	for b.next == len(b.out) {
		if b.err != nil {
			return 0, b.err
		}
		n, err := b.src.Read(b.in[b.kept:])
		b.err = err
		have := b.in[:b.kept+n]
		var used int
		b.out, used = b.decode(b.out[:0], have, err != nil)
		b.kept = copy(b.in, have[used:])
		b.next = 0
	}
	n := copy(p, b.out[b.next:])
	b.next += n
	return n, nil
}

const blockSize = 64 << 10

// tableDecoder decodes one byte at a time. A byte that the encoding does not have stays as it is, which is no UTF-8.
func tableDecoder(table *charmap.Charmap) decoder {
	var text [256][]byte
	for i := range text {
		if r := table.DecodeByte(byte(i)); r == utf8.RuneError {
			text[i] = []byte{byte(i)}
		} else {
			text[i] = utf8.AppendRune(nil, r)
		}
	}
	return func(src io.Reader) io.Reader {
		return &blockReader{src: src, in: make([]byte, blockSize), decode: func(out, in []byte, _ bool) ([]byte, int) {
			for _, c := range in {
				if c < utf8.RuneSelf {
					out = append(out, c)
				} else {
					out = append(out, text[c]...)
				}
			}
			return out, len(in)
		}}
	}
}

// utf16Decoder decodes UTF-16. Half of a pair comes out as the three bytes that it would have in UTF-8, which is no UTF-8.
func utf16Decoder(bigEndian bool) decoder {
	unit := func(b []byte) rune { return rune(b[0]) | rune(b[1])<<8 }
	if bigEndian {
		unit = func(b []byte) rune { return rune(b[1]) | rune(b[0])<<8 }
	}
	decode := func(out, in []byte, final bool) ([]byte, int) {
		i := 0
		for ; i+1 < len(in); i += 2 {
			r := unit(in[i:])
			if !utf16.IsSurrogate(r) {
				out = utf8.AppendRune(out, r)
				continue
			}
			if i+3 >= len(in) && !final {
				break // the other half may follow
			}
			if i+3 < len(in) {
				if pair := utf16.DecodeRune(r, unit(in[i+2:])); pair != utf8.RuneError {
					out = utf8.AppendRune(out, pair)
					i += 2
					continue
				}
			}
			out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
		}
		if final && i < len(in) {
			out = append(out, 0xFF) // half a character at the end
			i = len(in)
		}
		return out, i
	}
	return func(src io.Reader) io.Reader {
		return &blockReader{src: src, in: make([]byte, blockSize), decode: decode}
	}
}

// textDecoder decodes with a library that writes U+FFFD for what it cannot decode.
func textDecoder(enc encoding.Encoding) decoder {
	return func(src io.Reader) io.Reader {
		text := transform.NewReader(src, enc.NewDecoder())
		// A block may end within the mark of three bytes; up to two bytes then wait for the next one.
		return &blockReader{src: text, in: make([]byte, blockSize), decode: func(out, in []byte, final bool) ([]byte, int) {
			used := len(in)
			for cut := 1; cut <= 2 && !final; cut++ {
				if len(in) >= cut && in[len(in)-cut] == 0xEF {
					used = len(in) - cut
				}
			}
			return append(out, bytes.ReplaceAll(in[:used], []byte("\uFFFD"), []byte{0xFF})...), used
		}}
	}
}
