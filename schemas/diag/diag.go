// Package diag holds what every reader of the user's files shares: problems that say file, line, what and what next,
// collected so that all of them are reported in one go, and a strict YAML decoder that produces them.
// It knows nothing of what the files mean and never stops at the first problem.
package diag

import (
	"fmt"
	"sort"
	"strings"
)

// Pos is a place in a file. A struct field of this type is filled by Decoder with the place the struct was read from.
type Pos struct {
	File string
	Line int
}

func (p Pos) String() string {
	switch {
	case p.File == "":
		return ""
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Problem is one thing that is wrong in a file the user wrote.
type Problem struct {
	File string
	Line int
	Msg  string
	Hint string
}

func (p Problem) String() string {
	var b strings.Builder
	if at := (Pos{p.File, p.Line}).String(); at != "" {
		b.WriteString(at)
		b.WriteString(": ")
	}
	b.WriteString(p.Msg)
	if p.Hint != "" {
		b.WriteString(" (")
		b.WriteString(p.Hint)
		b.WriteString(")")
	}
	return b.String()
}

// List collects problems. As an error it prints one per line, by file and line.
type List []Problem

// Add records a problem; the hint may be empty.
func (l *List) Add(at Pos, hint, format string, args ...any) {
	*l = append(*l, Problem{File: at.File, Line: at.Line, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// Merge takes over the problems of another list.
func (l *List) Merge(other List) { *l = append(*l, other...) }

// Err is nil when nothing is wrong, so that a caller can return it as it is.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l.Sorted()
}

// Sorted is a copy by file, line and message, without exact repeats.
func (l List) Sorted() List {
	out := append(List(nil), l...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Msg < b.Msg
	})
	kept := out[:0]
	for i, p := range out {
		if i == 0 || p != out[i-1] {
			kept = append(kept, p)
		}
	}
	return kept
}

func (l List) Error() string {
	lines := make([]string, 0, len(l))
	for _, p := range l.Sorted() {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}
