package generator

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// The small writers that column lists are made of. T is the row, the getter picks the value.

func text[T any](name string, get func(*T) string) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte { return append(b, get(row)...) }}
}

// coded writes a value as the source's code for it.
func coded[T any](name string, codes map[string]string, get func(*T) string) column[T] {
	return text(name, func(row *T) string {
		v := get(row)
		if c, ok := codes[v]; ok {
			return c
		}
		return v
	})
}

// at writes an instant with a layout of package time, in a zone.
func at[T any](name, layout string, zone *time.Location, get func(*T) instant) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte {
		t := get(row)
		if t == 0 {
			return b
		}
		return time.Unix(int64(t), 0).In(zone).AppendFormat(b, layout)
	}}
}

// millis writes an instant as milliseconds of the Unix epoch.
func millis[T any](name string, get func(*T) instant) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte {
		t := get(row)
		if t == 0 {
			return b
		}
		return strconv.AppendInt(b, int64(t)*1000, 10)
	}}
}

func truth[T any](name, yesWord, noWord string, get func(*T) bool) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte {
		if get(row) {
			return append(b, yesWord...)
		}
		return append(b, noWord...)
	}}
}

// maybe writes a boolean that may be open.
func maybe[T any](name, yesWord, noWord string, get func(*T) flag) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte {
		switch get(row) {
		case yes:
			return append(b, yesWord...)
		case no:
			return append(b, noWord...)
		}
		return b
	}}
}

// amount writes money with as many decimals as its currency has.
func amount[T any](name string, get func(*T) (money, string)) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte {
		m, currency := get(row)
		return appendMoney(b, m, decimals(currency), '.')
	}}
}

func number[T any](name string, get func(*T) int) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte { return strconv.AppendInt(b, int64(get(row)), 10) }}
}

// quantity writes thousandths without needless decimals.
func quantity[T any](name string, get func(*T) money) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte {
		m := get(row)
		if m == absent {
			return b
		}
		if m%1000 == 0 {
			return appendMoney(b, m, 0, '.')
		}
		return appendMoney(b, m, 3, '.')
	}}
}

func share[T any](name string, get func(*T) int) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte { return pctText(b, get(row)) }}
}

// billionths writes a rate.
func billionths(b []byte, n int64) []byte {
	b = strconv.AppendInt(b, n/1e9, 10)
	b = append(b, '.')
	digits := strconv.FormatInt(n%1e9+1e9, 10)[1:]
	for len(digits) > 4 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return append(b, digits...)
}

// str is text as a JSON string, left out when empty.
func str[T any](name string, get func(*T) string) column[T] {
	return column[T]{name, func(b []byte, row *T) []byte {
		if s := get(row); s != "" {
			return appendJSON(b, s)
		}
		return b
	}}
}

// quoted makes a JSON string of what another column writes.
func quoted[T any](c column[T]) column[T] {
	return column[T]{c.name, func(b []byte, row *T) []byte {
		from := len(b)
		b = c.write(append(b, '"'), row)
		if len(b) == from+1 {
			return b[:from]
		}
		return append(b, '"')
	}}
}

func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ':
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return append(b, '"')
}
