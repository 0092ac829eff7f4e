package report

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// reader answers a page's questions from one warehouse: about everything, or about one partner when that is set.
type reader struct {
	ctx      context.Context //nolint:containedctx // lives for one page
	conn     *sql.Conn
	cat      *catalogue.Catalogue
	asOf     time.Time
	seen     night
	currency string
	quarters []period // those that are shown, oldest first; one at least
	head     int      // the headline quarter: the last that has ended, or the one that was asked for
	used     map[string]bool

	partner string          // its id
	peers   map[string]peer // by key and period, of the partner
}

// peer is what metrics.peer_value has beside a partner's figure. Without a median there are too few.
type peer struct {
	Peers  int64
	Median sql.NullFloat64
}

// night says of which day the figures are, whose days these are, and when the lake knew what they are made of.
type night struct{ AsOf, Zone, Known string }

// readNight reads which night it is, and the currency.
func (d *reader) readNight() error {
	d.used = map[string]bool{}
	var known time.Time
	err := d.conn.QueryRowContext(d.ctx, "SELECT as_of, reporting_tz, known_at, functional_currency FROM program.param").Scan(&d.asOf, &d.seen.Zone, &known, &d.currency)
	if err != nil {
		return fmt.Errorf("read program.param: %w", err)
	}
	zone, err := time.LoadLocation(d.seen.Zone)
	if err != nil {
		return fmt.Errorf("read program.param: %w", err)
	}
	d.seen.AsOf, d.seen.Known = d.asOf.Format(longDay), known.In(zone).Format(longDay+" 15:04")
	return nil
}

// now is the key of the headline quarter.
func (d *reader) now() string { return d.quarters[d.head].key() }

// ago is a row of the quarter that lies some quarters before the headline.
func (d *reader) ago(t table, key string, quarters int) catalogue.Row {
	i := d.head - quarters
	if i < 0 {
		return catalogue.Row{}
	}
	return t.at(key, d.quarters[i].key())
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
	spec := catalogue.QuerySpec{IDs: ids, By: by, Grains: []string{grain}}
	if d.partner != "" {
		spec.Where = map[string]string{"partner": d.partner}
		if grain != "total" {
			spec.From = d.quarters[0].key()
		}
	}
	rows, err := d.cat.Query(d.ctx, d.conn, spec)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		key, start := d.key(r.MetricID, r.Dims), ""
		if r.PeriodStart != nil {
			start = *r.PeriodStart
		}
		if r.Status == catalogue.StatusNoSource {
			delete(d.used, r.MetricID)
		}
		if out[key] == nil {
			out[key] = map[string]catalogue.Row{}
		}
		out[key][start] = r
	}
	return out, nil
}

// key is a metric's id and the values of its cut; on a partner's own pages the partner goes without saying.
func (d *reader) key(id string, dims map[string]string) string {
	for _, name := range catalogue.Dims() {
		value, ok := dims[name]
		if ok && (name != "partner" || d.partner == "") {
			id += "|" + value
		}
	}
	return id
}

// readPeers reads what stands beside the partner's figures.
func (d *reader) readPeers() error {
	rows, err := d.conn.QueryContext(d.ctx, `SELECT metric_id, grain, period_start, dims, peers, median FROM metrics.peer_value WHERE partner = ?`, d.partner)
	if err != nil {
		return fmt.Errorf("read the peers (a night built by an older version has none: run tributary run again): %w", err)
	}
	defer rows.Close()
	d.peers = map[string]peer{}
	for rows.Next() {
		var id, grain, dims string
		var start sql.NullTime
		var p peer
		if err := rows.Scan(&id, &grain, &start, &dims, &p.Peers, &p.Median); err != nil {
			return fmt.Errorf("read the peers: %w", err)
		}
		cut := map[string]string{}
		if err := json.Unmarshal([]byte(dims), &cut); err != nil {
			return fmt.Errorf("read the cut of a peer figure of %s: %w", id, err)
		}
		key := d.key(id, cut) + "@"
		if start.Valid {
			key += start.Time.Format(time.DateOnly)
		}
		d.peers[key] = p
	}
	return rows.Err()
}

// besides writes the peers' median of a figure, or why there is none.
func (d *reader) besides(row catalogue.Row) string {
	key := d.key(row.MetricID, row.Dims) + "@"
	if row.PeriodStart != nil {
		key += *row.PeriodStart
	}
	p, found := d.peers[key]
	switch {
	case !found:
		return none
	case !p.Median.Valid:
		return "fewer than five peers"
	}
	return figure(catalogue.Row{Unit: row.Unit, Value: catalogue.Figure{Text: strconv.FormatFloat(p.Median.Float64, 'f', -1, 64), Valid: true}})
}

// triple is a figure of the headline quarter beside the previous one, the same quarter last year and, on a partner's page, its peers.
type triple struct {
	Title, Value, Previous, Year, Note string
	PreviousName, YearName             string // the quarters
	PreviousChange, YearChange         change
	Peers                              string
	N                                  int64
	Weak                               bool // too few cases to say much
}

// change is a difference and whether it is good news.
type change struct{ Text, Class string }

func (d *reader) triple(title string, better string, t table, key string) triple {
	now := d.ago(t, key, 0)
	if len(t[key]) == 0 {
		now = noRow(t, key)
	}
	return d.compare(title, better, now, d.ago(t, key, 1), d.ago(t, key, 4))
}

// compare makes a triple of three rows.
func (d *reader) compare(title, better string, now, before, year catalogue.Row) triple {
	return triple{
		Title: title, Value: figure(now), Previous: figure(before), Year: figure(year), Note: note(now), N: now.N, Weak: now.Status == "low_n",
		PreviousName: d.name(d.head - 1), YearName: d.name(d.head - 4),
		PreviousChange: difference(now, before, better), YearChange: difference(now, year, better),
	}
}

// own is the partner's figure as the catalogue names it, with its peers.
func (d *reader) own(t table, key string) triple {
	m, ok := d.cat.Metric(metricOf(key))
	if !ok {
		return triple{}
	}
	out := d.triple(m.Title, m.Better, t, key)
	now := d.ago(t, key, 0)
	out.Peers = d.besides(now)
	if now.MetricID == "" && out.Note == "" {
		out.Note = "nothing to count in this quarter"
	}
	if now.Status == "low_n" {
		out.Peers = none
	}
	return out
}

// noRow finds the one row that a metric without inputs has, so that the tile can say no_source.
func noRow(t table, key string) catalogue.Row {
	for _, r := range t[metricOf(key)] {
		return r
	}
	return catalogue.Row{}
}

// unsourced says what a section lacks when none of its metrics has inputs.
func (d *reader) unsourced(t table, ids ...string) string {
	for _, id := range ids {
		if noRow(t, id).Status != catalogue.StatusNoSource {
			return ""
		}
	}
	m, ok := d.cat.Metric(ids[0])
	if !ok {
		return ""
	}
	return "Left out: no source is mapped to " + strings.Join(m.Needs, ", ") + "."
}
