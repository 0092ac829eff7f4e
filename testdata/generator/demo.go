package generator

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Generate writes the demo vendor's exports below dir/data, in the formats and with the flaws that such exports have, and
// beside them quarantine.csv: the broken rows with the file and line where each stands.
func Generate(dir string, opts Options) error {
	w, err := newWorld(opts)
	if err != nil {
		return err
	}
	d := &vendor{dir: filepath.Join(dir, "data"), home: w.home, dirt: &dirt{}}
	if err := w.run(opts.Leads, d.outputs()); err != nil {
		return fmt.Errorf("write demo data: %w", err)
	}
	return d.list(dir)
}

// vendor knows the vendor's systems and how each exports.
type vendor struct {
	dir  string
	home *time.Location
	dirt *dirt
}

const (
	salesforce = "2006-01-02T15:04:05.000Z" // always UTC
	wallClock  = "2006-01-02 15:04:05"      // local, without a zone
	german     = "02.01.2006"
	american   = "01/02/2006"
)

func (d *vendor) outputs() *outputs {
	o := &outputs{}
	d.crmPartners(o)
	d.crmLeads(o)
	d.crmDeals(o)
	d.portal(o)
	d.learning(o)
	d.erp(o)
	d.finance(o)
	return o
}

func (d *vendor) utf8(path string) *textFile    { return create(d.dir, path, nil) }
func (d *vendor) windows(path string) *textFile { return create(d.dir, path, charmap.Windows1252) }
func (d *vendor) utf16(path string) *textFile {
	return create(d.dir, path, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
}

// comma is the layout of a CSV whose every n-th row comes twice.
func comma(echo int) layout { return layout{delimiter: ',', echo: echo} }

// list writes where the broken rows stand.
func (d *vendor) list(dir string) error {
	slices.SortFunc(d.dirt.found, func(a, b Dirt) int { return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line) })
	f := create(dir, "quarantine.csv", nil)
	s := newSheet(f, comma(0), nil, []column[Dirt]{
		text("file", func(x *Dirt) string { return x.File }),
		number("line", func(x *Dirt) int { return x.Line }),
		text("why", func(x *Dirt) string { return x.Why }),
	})
	for i := range d.dirt.found {
		s.put(&d.dirt.found[i])
	}
	return s.close()
}

// raw is a line of a sheet with the given fields, for planting.
func raw[T any](delimiter string, columns []column[T], fields map[string]string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = fields[c.name]
	}
	return strings.Join(out, delimiter)
}

// stamped ends a Salesforce-like sheet: deletion mark and last edit.
func stamped[T any](columns []column[T], mark func(*T) mark) []column[T] {
	return append(columns,
		truth("IsDeleted", "true", "false", func(r *T) bool { return mark(r).Deleted }),
		at("SystemModstamp", salesforce, time.UTC, func(r *T) instant { return mark(r).Modified }))
}

func sf[T any](name string, get func(*T) instant) column[T] {
	return at(name, salesforce, time.UTC, get)
}

// lastDay writes a half-open end as the last day that still counts.
func lastDay[T any](name, layout string, home *time.Location, get func(*T) instant) column[T] {
	return at(name, layout, home, func(r *T) instant {
		if t := get(r); t != 0 {
			return t - 12*hour
		}
		return 0
	})
}

// stale is a sheet in which some rows also stand as they were before the last edit.
type stale[T any] struct {
	*sheet[T]
	every  int
	before func(T) T
}

func (s *stale[T]) put(row *T) {
	if s.rows%s.every == s.every-1 {
		old := s.before(*row)
		s.sheet.put(&old)
	}
	s.sheet.put(row)
}
