package file

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tributary-data/tributary/pipelines/source"
)

// This file is the grammar of JSON: strict, without allocation, and without ever making a number of a number.

const maxDepth = 512

// fault is why a record is rejected; the zero value means that nothing is wrong.
type fault struct{ rule, detail string }

func badJSON(text []byte, pos int, format string, args ...any) fault {
	at := "at the end"
	if pos < len(text) {
		at = fmt.Sprintf("at byte %d, %q", pos+1, text[pos:min(pos+10, len(text))])
	}
	return fault{source.BadJSON, fmt.Sprintf(format, args...) + " " + at}
}

func skipSpace(text []byte, pos int) int {
	for pos < len(text) && (text[pos] == ' ' || text[pos] == '\n' || text[pos] == '\r' || text[pos] == '\t') {
		pos++
	}
	return pos
}

// scanValue returns the end of the value at pos.
func scanValue(text []byte, pos, depth int) (int, fault) {
	if pos == len(text) {
		return pos, badJSON(text, pos, "a value is missing")
	}
	if depth > maxDepth {
		return pos, badJSON(text, pos, "more than %d levels", maxDepth)
	}
	switch c := text[pos]; {
	case c == '"':
		end, _, bad := scanString(text, pos)
		return end, bad
	case c == '{':
		return scanObject(text, pos, depth)
	case c == '[':
		return scanArray(text, pos, depth)
	case c == '-' || (c >= '0' && c <= '9'):
		return scanNumber(text, pos)
	}
	for _, word := range []string{"true", "false", "null"} {
		if end := pos + len(word); end <= len(text) && string(text[pos:end]) == word {
			return end, fault{}
		}
	}
	return pos, badJSON(text, pos, "no JSON value")
}

func scanObject(text []byte, pos, depth int) (int, fault) {
	pos = skipSpace(text, pos+1)
	if pos < len(text) && text[pos] == '}' {
		return pos + 1, fault{}
	}
	for {
		_, _, value, bad := scanKey(text, pos)
		if bad != (fault{}) {
			return pos, bad
		}
		if pos, bad = scanValue(text, value, depth+1); bad != (fault{}) {
			return pos, bad
		}
		var last bool
		if pos, last, bad = scanComma(text, pos, '}'); last || bad != (fault{}) {
			return pos, bad
		}
	}
}

func scanArray(text []byte, pos, depth int) (int, fault) {
	pos = skipSpace(text, pos+1)
	if pos < len(text) && text[pos] == ']' {
		return pos + 1, fault{}
	}
	for {
		var bad fault
		if pos, bad = scanValue(text, pos, depth+1); bad != (fault{}) {
			return pos, bad
		}
		var last bool
		if pos, last, bad = scanComma(text, pos, ']'); last || bad != (fault{}) {
			return pos, bad
		}
	}
}

// scanKey reads `"key":` and returns the key without its quotes, whether it has escapes, and where the value begins.
func scanKey(text []byte, pos int) (key []byte, escaped bool, value int, bad fault) {
	if pos == len(text) || text[pos] != '"' {
		return nil, false, pos, badJSON(text, pos, "a key is missing")
	}
	end, escaped, bad := scanString(text, pos)
	if bad != (fault{}) {
		return nil, false, pos, bad
	}
	key = text[pos+1 : end-1]
	colon := skipSpace(text, end)
	if colon == len(text) || text[colon] != ':' {
		return nil, false, pos, badJSON(text, colon, "a colon is missing")
	}
	return key, escaped, skipSpace(text, colon+1), fault{}
}

// scanComma goes on to the next element, or behind the closing bracket.
func scanComma(text []byte, pos int, closing byte) (next int, last bool, bad fault) {
	pos = skipSpace(text, pos)
	switch {
	case pos < len(text) && text[pos] == ',':
		return skipSpace(text, pos+1), false, fault{}
	case pos < len(text) && text[pos] == closing:
		return pos + 1, true, fault{}
	}
	return pos, false, badJSON(text, pos, "a comma or %q is missing", closing)
}

// scanString returns the end of the string at pos, behind its closing quote, and whether it has escapes.
func scanString(text []byte, pos int) (end int, escaped bool, bad fault) {
	for i := pos + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, escaped, fault{}
		case c == '\\':
			escaped = true
			n, bad := scanEscape(text, i)
			if bad != (fault{}) {
				return i, escaped, bad
			}
			i += n - 1
		case c < ' ':
			return i, escaped, badJSON(text, i, "a control character in a string")
		}
	}
	return len(text), escaped, badJSON(text, len(text), "a string is not closed")
}

// scanEscape returns the length of the escape at pos.
func scanEscape(text []byte, pos int) (int, fault) {
	if pos+1 == len(text) {
		return 0, badJSON(text, pos, "a string is not closed")
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), text[pos+1]) >= 0 {
		return 2, fault{}
	}
	r, ok := hexUnit(text, pos)
	switch {
	case !ok:
		return 0, badJSON(text, pos, "an unknown escape")
	case r == 0:
		return 0, fault{source.NULByte, "the record holds an escaped NUL character"}
	case !utf16.IsSurrogate(r):
		return 6, fault{}
	}
	if low, ok := hexUnit(text, pos+6); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
		return 12, fault{}
	}
	return 0, fault{source.BadEncoding, "the record holds half of a character pair"}
}

// hexUnit reads a \uXXXX.
func hexUnit(text []byte, pos int) (rune, bool) {
	if pos+6 > len(text) || text[pos] != '\\' || text[pos+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[pos+2:pos+6]), 16, 16)
	return rune(n), err == nil && text[pos+2] != '+' && text[pos+2] != '-'
}

func scanNumber(text []byte, pos int) (int, fault) {
	start := pos
	digits := func() bool {
		from := pos
		for pos < len(text) && text[pos] >= '0' && text[pos] <= '9' {
			pos++
		}
		return pos > from
	}
	is := func(chars string) bool {
		if pos < len(text) && bytes.IndexByte([]byte(chars), text[pos]) >= 0 {
			pos++
			return true
		}
		return false
	}
	is("-")
	ok := is("0") || digits()
	if ok && is(".") {
		ok = digits()
	}
	if ok && is("eE") {
		is("+-")
		ok = digits()
	}
	if !ok {
		return start, badJSON(text, start, "no JSON number")
	}
	return pos, fault{}
}

// unescape writes a string that scanString accepted without its escapes, in place, and returns its new end.
func unescape(text []byte, start, end int) int {
	out := start
	for i := start; i < end; i++ {
		if text[i] != '\\' {
			text[out] = text[i]
			out++
			continue
		}
		i++
		if text[i] != 'u' {
			text[out] = unescaped(text[i])
			out++
			continue
		}
		r, _ := hexUnit(text, i-1)
		i += 4
		if utf16.IsSurrogate(r) {
			low, _ := hexUnit(text, i+1)
			r = utf16.DecodeRune(r, low)
			i += 6
		}
		out += utf8.EncodeRune(text[out:], r)
	}
	return out
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// valueEnd finds the end of a value by its brackets and quotes alone, whatever is wrong inside; false when the text ends first.
func valueEnd(text []byte, pos int) (int, bool) {
	var s skipper
	n, done := s.skip(text[pos:])
	return pos + n, done
}

// skipper passes over a value that may be longer than any text that is shown at once.
type skipper struct {
	depth           int
	inString        bool
	escaped, scalar bool
}

// skip returns how much of the text belongs to the value and whether it ends there.
func (s *skipper) skip(text []byte) (int, bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case s.escaped:
			s.escaped = false
		case s.inString:
			if c == '\\' {
				s.escaped = true
			} else if c == '"' {
				s.inString = false
				if s.depth == 0 {
					return i + 1, true
				}
			}
		case s.scalar && (c == ',' || c == ']' || c == '}' || c <= ' '):
			return i, true
		case s.scalar:
		case c == '"':
			s.inString = true
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			if s.depth--; s.depth <= 0 {
				return i + 1, true
			}
		case s.depth == 0 && c > ' ':
			s.scalar = true
		}
	}
	return len(text), false
}
