// Package report writes the HTML report: a CFO page and a channel page in one file that needs no network. It shows what the catalogue
// computed and formats it; it computes no figure of its own beyond the difference of two.
package report

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// Options are what the report says about the night besides its figures.
type Options struct {
	Project string
	// Notices are said loudly at the top: failed accruals, revenue without attribution.
	Notices []string
}

//go:embed page.html
var page string

// Write reads the warehouse on conn and writes the whole page to w.
func Write(ctx context.Context, w io.Writer, conn *sql.Conn, cat *catalogue.Catalogue, opts Options) error {
	d := &reader{ctx: ctx, conn: conn, cat: cat}
	view, err := d.view(opts)
	if err != nil {
		return fmt.Errorf("read the figures of the report: %w", err)
	}
	tmpl, err := template.New("report").Parse(page)
	if err != nil {
		return fmt.Errorf("parse the report's template: %w", err)
	}
	if err := tmpl.Execute(w, view); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// view is everything that the page shows.
type view struct {
	Project, AsOf, Currency string
	Quarter, Previous, Year string // the headline quarter and the two that it is held against
	Notices                 []string
	CFO                     cfo
	Channel                 channel
	Definitions             []definition
}

type definition struct{ ID, Title, Description string }

// period is a fiscal quarter, start to end (exclusive).
type period struct{ Start, End time.Time }

func (p period) key() string { return p.Start.Format(time.DateOnly) }

// reader answers the page's questions from one warehouse.
type reader struct {
	ctx      context.Context //nolint:containedctx // lives for one Write
	conn     *sql.Conn
	cat      *catalogue.Catalogue
	asOf     time.Time
	currency string
	quarters []period // ended or running quarters, oldest first
	head     int      // the headline quarter: the last that has ended
	used     map[string]bool
}

func (d *reader) view(opts Options) (*view, error) {
	if err := d.calendar(); err != nil {
		return nil, err
	}
	d.used = map[string]bool{}
	c, err := d.cfo()
	if err != nil {
		return nil, err
	}
	ch, err := d.channel()
	if err != nil {
		return nil, err
	}
	v := &view{
		Project: opts.Project, AsOf: d.asOf.Format("2 January 2006"), Currency: d.currency, Notices: opts.Notices,
		Quarter: d.name(d.head), Previous: d.name(d.head - 1), Year: d.name(d.head - 4), CFO: c, Channel: ch,
	}
	for _, m := range d.cat.Metrics {
		if d.used[m.ID] {
			v.Definitions = append(v.Definitions, definition{m.ID, m.Title, m.Description})
		}
	}
	return v, nil
}

// calendar reads as_of, the currency and the last nine quarters. The headline is the last quarter that has ended by as_of: a running
// quarter beside a whole one misleads.
func (d *reader) calendar() error {
	err := d.conn.QueryRowContext(d.ctx, "SELECT as_of, functional_currency FROM program.param").Scan(&d.asOf, &d.currency)
	if err != nil {
		return fmt.Errorf("read program.param: %w", err)
	}
	rows, err := d.conn.QueryContext(d.ctx, `SELECT period_start, period_end FROM program.fiscal_period CROSS JOIN program.param
		WHERE grain = 'quarter' AND period_start <= as_of ORDER BY period_start DESC LIMIT 9`)
	if err != nil {
		return fmt.Errorf("read the fiscal quarters: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p period
		if err := rows.Scan(&p.Start, &p.End); err != nil {
			return fmt.Errorf("read the fiscal quarters: %w", err)
		}
		d.quarters = append([]period{p}, d.quarters...)
	}
	d.head = len(d.quarters) - 1
	if d.head > 0 && d.quarters[d.head].End.After(d.asOf.AddDate(0, 0, 1)) {
		d.head--
	}
	return rows.Err()
}

// name is how a quarter is written: by its months, which hold for every fiscal calendar.
func (d *reader) name(i int) string {
	if i < 0 || i >= len(d.quarters) {
		return ""
	}
	p := d.quarters[i]
	text := p.Start.Format("Jan") + "–" + p.End.AddDate(0, 0, -1).Format("Jan 2006")
	if p.End.After(d.asOf.AddDate(0, 0, 1)) {
		text += " to date"
	}
	return text
}

// table is a metric's rows by period start, under a key made of the cut.
type table map[string]map[string]catalogue.Row

func (t table) at(key, period string) catalogue.Row { return t[key][period] }

// read asks for metrics at one grain and cut; each row is keyed by its id and the cut's values.
func (d *reader) read(grain string, by []string, ids ...string) (table, error) {
	out := table{}
	for _, id := range ids {
		d.used[id] = true
	}
	rows, err := d.cat.Query(d.ctx, d.conn, catalogue.QuerySpec{IDs: ids, By: by, Grains: []string{grain}})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		key, start := r.MetricID, ""
		for _, name := range catalogue.Dims() {
			if value, ok := r.Dims[name]; ok {
				key += "|" + value
			}
		}
		if r.PeriodStart != nil {
			start = *r.PeriodStart
		}
		if out[key] == nil {
			out[key] = map[string]catalogue.Row{}
		}
		out[key][start] = r
	}
	return out, nil
}

// triple is a figure of the headline quarter beside the previous one and the same quarter last year.
type triple struct {
	Title, Value, Previous, Year, Note string
	PreviousName, YearName             string // the quarters
	PreviousChange, YearChange         change
}

// change is a difference and whether it is good news.
type change struct{ Text, Class string }

func (d *reader) triple(title string, better string, t table, key string) triple {
	at := func(i int) catalogue.Row {
		if i < 0 || i >= len(d.quarters) {
			return catalogue.Row{}
		}
		return t.at(key, d.quarters[i].key())
	}
	now, before, year := at(d.head), at(d.head-1), at(d.head-4)
	if len(t[key]) == 0 {
		now = noRow(t, key)
	}
	return triple{
		Title: title, Value: figure(now), Previous: figure(before), Year: figure(year), Note: note(now), PreviousName: d.name(d.head - 1), YearName: d.name(d.head - 4),
		PreviousChange: difference(now, before, better), YearChange: difference(now, year, better),
	}
}

// noRow finds the one row that a metric without inputs has, so that the tile can say no_source.
func noRow(t table, key string) catalogue.Row {
	for _, r := range t[metricOf(key)] {
		return r
	}
	return catalogue.Row{}
}
