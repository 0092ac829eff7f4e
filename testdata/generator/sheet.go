package generator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// textFile writes text lines to a file, counts them, and encodes and compresses on the way.
type textFile struct {
	path   string // relative to the data set
	layers []io.Closer
	out    *bufio.Writer
	line   int // of what is written next, from 1
	err    error
}

// create opens path below dir; a name that ends in .gz is compressed. enc nil is UTF-8.
func create(dir, path string, enc encoding.Encoding) *textFile {
	t := &textFile{path: path, line: 1}
	full := filepath.Join(dir, path)
	if t.err = os.MkdirAll(filepath.Dir(full), 0o755); t.err != nil {
		return t
	}
	f, err := os.Create(full)
	if err != nil {
		t.err = err
		return t
	}
	t.layers = append(t.layers, f)
	var w io.Writer = f
	if filepath.Ext(path) == ".gz" {
		z := gzip.NewWriter(w)
		t.layers = append(t.layers, z)
		w = z
	}
	if enc != nil {
		e := transform.NewWriter(w, encoding.ReplaceUnsupported(enc.NewEncoder()))
		t.layers = append(t.layers, e)
		w = e
	}
	t.out = bufio.NewWriterSize(w, 1<<16)
	return t
}

func (t *textFile) write(b []byte) {
	if t.err != nil {
		return
	}
	_, t.err = t.out.Write(b)
	t.line += bytes.Count(b, []byte{'\n'})
}

func (t *textFile) close() error {
	var errs []error
	if t.out != nil {
		errs = append(errs, t.err, t.out.Flush())
	} else {
		errs = append(errs, t.err)
	}
	for i := len(t.layers) - 1; i >= 0; i-- {
		errs = append(errs, t.layers[i].Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("write %s: %w", t.path, err)
	}
	return nil
}

// column is a named column and how a row's value is written.
type column[T any] struct {
	name  string
	write func(b []byte, row *T) []byte
}

// layout is how a sheet's rows become lines.
type layout struct {
	delimiter byte // of CSV
	json      bool // one object per line instead
	echo      int  // every n-th line comes again at the end, exactly
}

// sheet writes rows of one entity as lines of one file.
type sheet[T any] struct {
	*textFile
	layout
	columns []column[T]
	plants  []plant
	dirt    *dirt
	buf     []byte
	echoes  [][]byte
	rows    int
}

// plant is a raw line that somebody broke, written before the n-th row.
type plant struct {
	before int
	raw    string
	why    string
}

// dirt collects what must end in the quarantine, with the line at which it stands.
type dirt struct{ found []Dirt }

// Dirt is one broken row of the data set.
type Dirt struct {
	File string
	Line int
	Why  string
}

func newSheet[T any](file *textFile, l layout, d *dirt, columns []column[T], plants ...plant) *sheet[T] {
	s := &sheet[T]{textFile: file, layout: l, columns: columns, plants: plants, dirt: d}
	if l.json {
		return s
	}
	for i, c := range columns {
		if i > 0 {
			s.buf = append(s.buf, l.delimiter)
		}
		s.buf = append(s.buf, c.name...)
	}
	s.write(append(s.buf, '\n'))
	return s
}

func (s *sheet[T]) put(row *T) {
	s.plant(false)
	s.rows++
	s.buf = s.render(s.buf[:0], row)
	s.write(s.buf)
	if s.echo > 0 && s.rows%s.echo == 0 && len(s.echoes) < 5000 {
		s.echoes = append(s.echoes, bytes.Clone(s.buf))
	}
}

// plant writes the broken lines whose turn it is, or all that are left.
func (s *sheet[T]) plant(all bool) {
	for len(s.plants) > 0 && (all || s.rows >= s.plants[0].before) {
		s.dirt.found = append(s.dirt.found, Dirt{File: s.path, Line: s.line, Why: s.plants[0].why})
		s.write([]byte(s.plants[0].raw + "\n"))
		s.plants = s.plants[1:]
	}
}

func (s *sheet[T]) render(b []byte, row *T) []byte {
	if s.json {
		return s.object(b, row)
	}
	for i, c := range s.columns {
		if i > 0 {
			b = append(b, s.delimiter)
		}
		from := len(b)
		b = c.write(b, row)
		b = s.quote(b, from)
	}
	return append(b, '\n')
}

// object writes the fields that have a value.
func (s *sheet[T]) object(b []byte, row *T) []byte {
	b = append(b, '{')
	for _, c := range s.columns {
		mark := len(b)
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, c.name...)
		b = append(b, '"', ':')
		from := len(b)
		if b = c.write(b, row); len(b) == from {
			b = b[:mark]
		}
	}
	return append(b, '}', '\n')
}

// quote puts the field that starts at from into quotes where CSV asks for it.
func (s *sheet[T]) quote(b []byte, from int) []byte {
	field := b[from:]
	if bytes.IndexByte(field, s.delimiter) < 0 && !bytes.ContainsAny(field, "\"\r\n") {
		return b
	}
	quoted := append([]byte{'"'}, bytes.ReplaceAll(field, []byte{'"'}, []byte(`""`))...)
	return append(append(b[:from], quoted...), '"')
}

func (s *sheet[T]) close() error {
	s.plant(true)
	for _, e := range s.echoes {
		s.write(e)
	}
	return s.textFile.close()
}
