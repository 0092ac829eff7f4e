package report

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// Packs writes the quarterly packs of one quarter from one warehouse, one per partner.
type Packs struct {
	reader *reader
	opts   Options
	// Partners are all of the warehouse, those without a pack included.
	Partners []Partner
}

// SkippedError says why a partner has no pack.
type SkippedError struct {
	Partner Partner
	Reason  string
}

func (e *SkippedError) Error() string {
	return fmt.Sprintf("partner %s %s", label(e.Partner), e.Reason)
}

// OpenPacks chooses the quarter: empty for the last that has ended, 2026-Q3, or a day in it.
func OpenPacks(ctx context.Context, conn *sql.Conn, cat *catalogue.Catalogue, quarter string, opts Options) (*Packs, error) {
	p := &Packs{reader: &reader{ctx: ctx, conn: conn, cat: cat}, opts: opts}
	if err := p.reader.readNight(); err != nil {
		return nil, err
	}
	if err := p.reader.choose(quarter); err != nil {
		return nil, err
	}
	var err error
	p.Partners, err = partners(ctx, conn)
	return p, err
}

// Find looks a partner up by id or name.
func (p *Packs) Find(text string) (Partner, error) { return find(p.Partners, text) }

// Quarter is the quarter's first day.
func (p *Packs) Quarter() time.Time { return p.reader.quarters[p.reader.head].Start }

// QuarterName is the quarter in words.
func (p *Packs) QuarterName() string { return p.reader.name(p.reader.head) }

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// FileName is the name of a partner's file. Ids that are no file names get a hash, so that no two partners share one.
func (p *Packs) FileName(of Partner) string {
	id := unsafe.ReplaceAllString(of.ID, "_")
	if id != of.ID {
		id += fmt.Sprintf("-%x", sha256.Sum256([]byte(of.ID)))[:9]
	}
	return fmt.Sprintf("qbr-%s-%s.html", id, p.Quarter().Format(time.DateOnly))
}

// Write writes a partner's pack, or a SkippedError and nothing.
func (p *Packs) Write(w io.Writer, of Partner) error {
	if why := of.why(); why != "" {
		return &SkippedError{of, why}
	}
	d := p.of(p.reader.ctx, of)
	var skipped *SkippedError
	err := write(w, "report-qbr", func() (any, error) { return d.pack(of, p.opts) })
	if errors.As(err, &skipped) {
		return skipped
	}
	return err
}

// of is a reader of one partner's figures.
func (p *Packs) of(ctx context.Context, of Partner) *reader {
	d := *p.reader
	d.ctx, d.partner, d.used = ctx, of.ID, map[string]bool{}
	return &d
}

// pack is everything that a partner's page shows.
type pack struct {
	night
	Project, Currency       string
	Quarter, Previous, Year string
	Running                 bool
	Partner                 profile
	Tiles                   []triple
	Verdict                 verdict
	Revenue                 revenue
	Response                responses
	Funnel                  funnels
	Velocity                figures
	Registrations           registrations
	Statement               statement
	Definitions             []definition
}

// profile is who the partner is.
type profile struct {
	ID, Name, Type, Tier, Region string
	PeerType, PeerTier           string // as of the night: whom its figures are compared with
}

// figures is a table of the partner's figures, or why there are none.
type figures struct {
	Missing string
	Rows    []triple
}

func (d *reader) pack(of Partner, opts Options) (*pack, error) {
	if err := d.readPeers(); err != nil {
		return nil, err
	}
	v := &pack{
		night: d.seen, Project: opts.Project, Currency: d.currency, Running: !d.quarters[d.head].Ended,
		Quarter: d.name(d.head), Previous: d.name(d.head - 1), Year: d.name(d.head - 4),
	}
	found, err := d.hasData()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &SkippedError{of, "has no data in " + v.Quarter}
	}
	for _, part := range []func() error{
		func() (err error) { v.Partner, err = d.profile(of); return err },
		func() (err error) { v.Revenue, err = d.revenue(); return err },
		func() (err error) { v.Response, err = d.partnerResponse(); return err },
		func() (err error) { v.Funnel, err = d.partnerFunnels(); return err },
		func() (err error) { v.Velocity, err = d.partnerVelocity(); return err },
		func() (err error) { v.Registrations, err = d.registrations(); return err },
		func() (err error) { v.Statement, err = d.statement(); return err },
		func() (err error) { v.Tiles, err = d.scorecard(v); return err },
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	v.Verdict = judge(v)
	v.Definitions = d.definitions()
	return v, nil
}

// hasData tells whether the quarter counted anything of the partner beyond its being under contract.
func (d *reader) hasData() (bool, error) {
	var n int64
	err := d.conn.QueryRowContext(d.ctx, `SELECT count(*) FROM metrics.metric_value
		WHERE partner = ? AND grain = 'quarter' AND period_start = CAST(? AS DATE) AND n > 0 AND metric_id NOT LIKE 'ACT-%'`, d.partner, d.now()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read whether %s has data: %w", d.partner, err)
	}
	return n > 0, nil
}

func (d *reader) profile(of Partner) (profile, error) {
	out := profile{ID: of.ID, Name: of.Name}
	err := d.conn.QueryRowContext(d.ctx, `SELECT t.partner_type, t.program_tier, t.region, n.partner_type, n.program_tier
		FROM program.param AS m
		JOIN program.fiscal_period AS q ON q.grain = 'quarter' AND q.period_start = CAST(? AS DATE)
		JOIN core.partner_period AS t ON t.partner = ? AND t.valid_from < least(q.end_at, m.as_of_at) AND least(q.end_at, m.as_of_at) <= t.valid_to
		JOIN core.partner_period AS n ON n.partner = t.partner AND n.valid_from < m.as_of_at AND m.as_of_at <= n.valid_to`, d.now(), of.ID).
		Scan(&out.Type, &out.Tier, &out.Region, &out.PeerType, &out.PeerTier)
	if err != nil {
		return out, fmt.Errorf("read what partner %s was in the quarter: %w", of.ID, err)
	}
	out.Type, out.Tier, out.Region, out.PeerType, out.PeerTier = words(out.Type), words(out.Tier), words(out.Region), words(out.PeerType), words(out.PeerTier)
	return out, nil
}

// figuresTable is a table of figures with the names of its columns.
type figuresTable struct {
	Quarter, Previous, Year string
	Rows                    []triple
}

// Table gives a section's figures the quarters that head their columns. Figures that none of the three has are left out.
func (v *pack) Table(rows []triple) figuresTable {
	out := figuresTable{v.Quarter, v.Previous, v.Year, nil}
	for _, row := range rows {
		if row.Value != none || row.Previous != none || row.Year != none {
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}

// bill is a statement with what its page says around it.
type bill struct {
	statement
	Quarter, Currency string
}

// Bill gives the statement its quarter and currency.
func (v *pack) Bill(s statement) bill { return bill{s, v.Quarter, v.Currency} }
