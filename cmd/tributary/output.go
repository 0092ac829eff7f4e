package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// show prints JSON for machines or a table for people.
func (a *app) show(value any, t tableOf) error {
	if a.json {
		return a.printJSON(value)
	}
	t.print(a.out)
	return nil
}

func (a *app) printJSON(value any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// tableOf is a table, or a line of text where there is nothing to tabulate.
type tableOf struct {
	head []string
	rows [][]string
	text string
	asIs bool // the head is names whose case matters
}

func (t tableOf) print(w io.Writer) {
	if t.text != "" {
		fmt.Fprintln(w, t.text)
	}
	if len(t.head) == 0 {
		return
	}
	out := table.NewWriter()
	out.SetOutputMirror(w)
	out.SetStyle(table.StyleLight)
	out.Style().Options.SeparateColumns = false
	out.Style().Options.DrawBorder = false
	if t.asIs {
		out.Style().Format.Header = text.FormatDefault
	}
	out.AppendHeader(line(t.head))
	for _, r := range t.rows {
		out.AppendRow(line(r))
	}
	out.Render()
}

// wrap breaks text between words into lines of a width; the lines after the first are indented.
func wrap(text string, width, indent int) string {
	var out strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteString("\n" + strings.Repeat(" ", indent))
		}
		used := 0
		for j, word := range strings.Fields(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case j == 0:
			case used+1+n > width:
				out.WriteString("\n" + strings.Repeat(" ", indent))
				used = 0
			default:
				out.WriteString(" ")
				used++
			}
			out.WriteString(word)
			used += n
		}
	}
	return out.String()
}

func line(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(c) // a record is one line
	}
	return row
}

// isTerminal says whether somebody is looking at a stream.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
