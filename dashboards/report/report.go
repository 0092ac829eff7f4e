// Package report writes pages of HTML that need no network: the CFO and channel pages, and a quarterly pack per partner. They show what
// the catalogue computed and format it; they compute no figure of their own beyond the difference or sum of those shown.
package report

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"html/template"
	"io"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// Options are what the pages say about the night besides its figures.
type Options struct {
	Project string
	// Notices are said loudly at the top: failed accruals, revenue without attribution.
	Notices []string
}

//go:embed pages/*.html
var pages embed.FS

// Write reads the warehouse on conn and writes the CFO and channel pages to w.
func Write(ctx context.Context, w io.Writer, conn *sql.Conn, cat *catalogue.Catalogue, opts Options) error {
	return write(w, "report", func() (any, error) {
		return newView(ctx, conn, cat, opts, func(d *reader, v *view) (err error) {
			if v.CFO, err = d.cfo(); err != nil {
				return err
			}
			page, err := d.channel()
			v.Channel = &page
			return err
		})
	})
}

// WriteCFO writes the CFO page alone.
func WriteCFO(ctx context.Context, w io.Writer, conn *sql.Conn, cat *catalogue.Catalogue, opts Options) error {
	return write(w, "report", func() (any, error) {
		return newView(ctx, conn, cat, opts, func(d *reader, v *view) (err error) {
			v.CFO, err = d.cfo()
			return err
		})
	})
}

// write fills a page with what read returns.
func write(w io.Writer, name string, read func() (any, error)) error {
	view, err := read()
	if err != nil {
		return fmt.Errorf("read the figures of the report: %w", err)
	}
	tmpl, err := template.ParseFS(pages, "pages/*.html")
	if err != nil {
		return fmt.Errorf("parse the report's templates: %w", err)
	}
	if err := tmpl.ExecuteTemplate(w, name, view); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// view is everything that the CFO and channel pages show.
type view struct {
	night
	Project, Currency       string
	Quarter, Previous, Year string // the headline quarter and the two that it is held against
	Notices                 []string
	CFO                     cfo
	Channel                 *channel // nil: not on the page
	Definitions             []definition
}

type definition struct{ ID, Title, Description string }

func newView(ctx context.Context, conn *sql.Conn, cat *catalogue.Catalogue, opts Options, fill func(*reader, *view) error) (*view, error) {
	d := &reader{ctx: ctx, conn: conn, cat: cat}
	if err := d.readNight(); err != nil {
		return nil, err
	}
	if err := d.calendar(); err != nil {
		return nil, err
	}
	v := &view{
		night: d.seen, Project: opts.Project, Currency: d.currency, Notices: opts.Notices,
		Quarter: d.name(d.head), Previous: d.name(d.head - 1), Year: d.name(d.head - 4),
	}
	if err := fill(d, v); err != nil {
		return nil, err
	}
	v.Definitions = d.definitions()
	return v, nil
}

// definitions are those of the metrics that the page has asked for.
func (d *reader) definitions() []definition {
	var out []definition
	for _, m := range d.cat.Metrics {
		if d.used[m.ID] {
			out = append(out, definition{m.ID, m.Title, m.Description})
		}
	}
	return out
}
