package extract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// Ask is how a stream of a source that can be asked is read.
type Ask struct {
	Connector source.Connector // shared by the streams of a source
	Stream    source.Stream
	Parallel  int             // streams of the source at a time; 2 when 0
	Overlap   time.Duration   // how far behind the end of the last interval the next one begins
	Sweep     time.Duration   // how often deletions are looked for; 0 = each time, negative = never
	Interval  source.Interval // of a backfill, which moves nothing on unless it touches what has landed; zero = since the last time
	Again     bool            // not the first interval of a backfill: what cannot be asked for by interval is not read again
	Accept    []string        // fields whose absence or change of type is accepted
	Uses      func(field string) []string
	OfRuns    bool // about nights and who ran them: no figure is made of it
}

// Current makes the current rows of a stream a relation of a database, merged as the night will do it. done ends it.
type Current func(ctx context.Context, parts lake.StreamParts) (db *sql.Conn, relation string, done func(), err error)

// attempts are how often a stream is read from its beginning when its source breaks off. Each request has been made again before.
const attempts = 3

// sweepEarly lets a sweep that is due once a day happen in a night that begins a little earlier than the last one.
const sweepEarly = time.Hour

// ask reads the streams that are asked for, sources side by side, and commits each when it is complete.
func (r *run) ask(ctx context.Context) {
	var order []source.Connector
	of := map[source.Connector][]*plan{}
	for _, p := range r.plans {
		if p.Ask == nil || p.result.Err != nil {
			continue
		}
		if of[p.Ask.Connector] == nil {
			order = append(order, p.Ask.Connector)
		}
		of[p.Ask.Connector] = append(of[p.Ask.Connector], p)
	}
	var sources errgroup.Group
	for _, c := range order {
		sources.Go(func() error {
			r.askSource(ctx, c, of[c])
			return nil
		})
	}
	_ = sources.Wait() // errors are in the results
}

func (r *run) askSource(ctx context.Context, c source.Connector, plans []*plan) {
	moment, err := c.Begin(ctx)
	if err != nil {
		for _, p := range plans {
			p.result.Err = err
		}
		return
	}
	var streams errgroup.Group
	streams.SetLimit(max(1, plans[0].parallel()))
	for _, p := range plans {
		streams.Go(func() error {
			p.result.Err = (&asking{run: r, plan: p, moment: source.Moment{Now: moment.Now.UTC(), Settled: moment.Settled.UTC()}}).all(ctx)
			r.takeBack(p)
			return nil
		})
	}
	_ = streams.Wait()
}

func (p *plan) parallel() int {
	if p.Ask.Parallel == 0 {
		return 2
	}
	return p.Ask.Parallel
}

// asking is what is done for one stream of a source that is asked.
type asking struct {
	*run
	*plan
	moment      source.Moment
	before      lake.StreamParts
	description source.Description
	request     source.Request
	asked       lake.Asked
}

// all asks for rows, and for deletions when that is due.
func (a *asking) all(ctx context.Context) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	if a.asked.What == "" {
		return nil
	}
	if err := a.again(ctx, a.rows); err != nil {
		return err
	}
	if !a.sweepDue() {
		return nil
	}
	a.loadID = newLoadID(a.started)
	return a.again(ctx, a.sweep)
}

// again repeats what the source broke off.
func (a *asking) again(ctx context.Context, do func(context.Context) error) error {
	for n := 1; ; n++ {
		err := do(ctx)
		if err == nil {
			return nil
		}
		a.writer.DiscardLoad(a.name(), a.loadID)
		if n == attempts || !errors.Is(err, source.ErrTransient) || ctx.Err() != nil {
			return err
		}
		a.notice("read again from its beginning: %v", err)
	}
}

// prepare finds out what to ask for.
func (a *asking) prepare(ctx context.Context) error {
	err := a.check()
	if err == nil {
		a.before, err = a.writer.Lake().Parts(ctx, a.Source, a.Name, time.Time{})
	}
	if err == nil {
		a.description, err = a.Ask.Connector.Describe(ctx, a.Ask.Stream)
	}
	if err != nil {
		return err
	}
	a.request = source.Request{Stream: a.Ask.Stream, Key: a.Ask.Stream.Key, Cursor: a.Ask.Stream.Cursor}
	if len(a.request.Key) == 0 {
		a.request.Key = a.description.Key
	}
	if a.request.Cursor == "" {
		a.request.Cursor = a.description.Cursor
	}
	if err := a.chooseFields(); err != nil {
		return err
	}
	if err := a.chooseMode(); err != nil {
		return err
	}
	a.asked = lake.Asked{Object: a.Ask.Stream.ObjectName(), Key: a.request.Key, Cursor: a.request.Cursor, Settings: a.settings()}
	for _, f := range a.request.Fields {
		a.asked.Fields = append(a.asked.Fields, lake.Field{Name: f.Name, Type: f.Type, Kind: string(f.Kind)})
	}
	if err := a.compareFields(); err != nil {
		return err
	}
	a.chooseInterval()
	return nil
}

// settings is a fingerprint of what decides which rows are asked for. Fields are compared one by one.
func (a *asking) settings() string {
	s := a.Ask.Stream
	var columns []lake.Column
	for _, part := range [][]string{{"object", s.ObjectName()}, {"filter", s.Filter}, {"cursor", a.request.Cursor}, {"mode", a.Mode}, {"key", strings.Join(a.request.Key, "\x00")}} {
		columns = append(columns, lake.Column{Name: part[0], Type: part[1]})
	}
	return fingerprint(columns)[:16]
}

func (a *asking) chooseMode() error {
	key := a.request.Key
	byInterval := a.request.Cursor != "" || a.description.ByInterval
	if a.Mode == "" {
		a.Mode = ModeSnapshot
		if len(key) > 0 && byInterval {
			a.Mode = ModeUpsert
		}
	}
	switch {
	case a.Mode == ModeUpsert && len(key) == 0:
		return fmt.Errorf("%w: mode upsert needs a key, and %s does not say one: set `key`, or mode: snapshot", source.ErrConfig, a.description.Origin)
	case a.Mode != ModeSnapshot && !byInterval:
		return fmt.Errorf("%w: mode %s needs a field that says when a row was changed, and %s does not say one: set `cursor`, or mode: snapshot", source.ErrConfig, a.Mode, a.description.Origin)
	case a.Mode == ModeSnapshot:
		a.request.Cursor = "" // it is always read whole
	}
	return nil
}

// chooseInterval decides between everything and what has changed since. Everything is asked for the first time, when what is asked for
// has changed, and when there are new fields, whose values in old rows nobody has seen.
func (a *asking) chooseInterval() {
	standing := a.before.Standing
	a.asked.What, a.asked.To, a.asked.Settled = lake.AskedFull, a.moment.Now, a.moment.Settled
	window := a.Ask.Interval
	byInterval := a.Mode != ModeSnapshot
	switch {
	case window == source.Interval{}:
		if byInterval && standing.Settings == a.asked.Settings && !standing.Until.IsZero() && !a.newFields() {
			a.asked.What, a.asked.From = lake.AskedInterval, standing.Until.Add(-a.Ask.Overlap)
		}
	case !byInterval:
		if a.Ask.Again {
			a.asked.What = ""
		}
	default:
		a.asked.What, a.asked.From = lake.AskedInterval, window.From.UTC()
		if window.To.Before(a.moment.Now) {
			a.asked.To = window.To.UTC()
		}
		if a.asked.To.Before(a.asked.Settled) {
			a.asked.Settled = a.asked.To
		}
		if !a.asked.From.Before(a.asked.To) {
			a.notice("nothing can have happened from %s on: its source says that it is %s", a.asked.From.Format(time.RFC3339), a.moment.Now.Format(time.RFC3339))
			a.asked.What = ""
		}
	}
	if a.asked.What == lake.AskedInterval {
		a.request.Interval = source.Interval{From: a.asked.From, To: a.asked.To}
	}
}

// rows reads what was decided on and commits it.
func (a *asking) rows(ctx context.Context) error {
	rows, told, err := a.read(ctx, a.request, rowsInput)
	if err != nil {
		return err
	}
	c, err := a.compare(ctx)
	if err != nil {
		return err
	}
	defer c.done()
	if err := a.reconcile(ctx, c, rows, told); err != nil {
		return err
	}
	full := a.asked.What == lake.AskedFull
	if full && rows.file.Rows > 0 && len(told.Absent) > 0 {
		a.notice("described, and in no row: %s; a permission that hides fields is likely, or a schema that says more than there is", strings.Join(told.Absent, ", "))
	}
	if len(told.Beyond) > 0 {
		a.notice("in rows, and not described, so that they did not land: %s; name them in the stream's schema", strings.Join(told.Beyond, ", "))
	}
	var gone landed
	if full && a.Mode == ModeUpsert && a.description.Deletes != source.DeletesUnknown {
		if gone, err = a.gone(ctx, c, rows.parts, false); err != nil {
			return err
		}
	}
	if gone.file.Rows == 0 {
		known, err := a.known(ctx, c, rows)
		if err != nil {
			return err
		}
		if known { // only how far the source has told is new
			a.writer.DiscardLoad(a.name(), a.loadID)
			rows.parts, rows.columns, rows.file.Rows = nil, nil, 0
		}
	}
	return a.commitAsked(ctx, rows, gone)
}

// sweepDue tells whether it is time to look for deletions. What was read whole has told of them.
func (a *asking) sweepDue() bool {
	swept := a.before.Standing.Swept
	if a.before.Standing.Settings != a.asked.Settings {
		swept = time.Time{}
	}
	return a.asked.What == lake.AskedInterval && a.Mode == ModeUpsert && a.Ask.Sweep >= 0 && a.Ask.Interval == source.Interval{} &&
		a.description.Deletes != source.DeletesUnknown && !a.moment.Now.Add(sweepEarly).Before(swept.Add(a.Ask.Sweep))
}

// sweep looks for deletions and lands a row for each, with its key.
func (a *asking) sweep(ctx context.Context) error {
	a.asked.Told, a.asked.Exact, a.asked.Repeated = nil, false, 0
	request := a.request
	request.What, request.Interval, request.Cursor = source.Keys, source.Interval{}, ""
	if a.description.Deletes == source.DeletesListed {
		request.What, request.Interval.To = source.Deleted, a.moment.Now
		if swept := a.before.Standing.Swept; !swept.IsZero() {
			request.Interval.From = swept.Add(-a.Ask.Overlap)
		}
	}
	request.Fields = nil
	for _, name := range a.request.Key {
		f, _ := source.FieldNamed(a.request.Fields, name)
		request.Fields = append(request.Fields, f)
	}
	keys, told, err := a.read(ctx, request, keysInput)
	if err != nil {
		return err
	}
	if a.before, err = a.writer.Lake().Parts(ctx, a.Source, a.Name, time.Time{}); err != nil { // with the rows of this run
		return err
	}
	c, err := a.compare(ctx)
	if err != nil {
		return err
	}
	defer c.done()
	if keys.file.Quarantined > 0 {
		return fmt.Errorf("%d keys of %s cannot be decoded: what was deleted is not known", keys.file.Quarantined, a.description.Origin)
	}
	a.asked.What, a.asked.From, a.asked.To, a.asked.Settled = lake.AskedSweep, request.Interval.From, a.moment.Now, a.moment.Settled
	if err := a.reconcile(ctx, c, keys, told); err != nil {
		return err
	}
	gone, err := a.gone(ctx, c, keys.parts, request.What == source.Deleted)
	if err != nil {
		return err
	}
	for _, part := range keys.parts {
		if err := a.writer.Remove(part.Path); err != nil {
			return err
		}
	}
	return a.commitAsked(ctx, landed{}, gone)
}
