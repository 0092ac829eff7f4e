package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// longestQuery is how long a query may be that stands in an address.
const longestQuery = 12_000

// Page sizes that a REST query may have.
const (
	smallestBatch = 200
	largestBatch  = 2_000
)

// Open begins by REST, whose first page says how many rows there are, and goes over to a bulk job when they are many.
func (c *connector) Open(ctx context.Context, r source.Request) (source.Pages, error) {
	d, err := c.find(ctx, r.Stream.ObjectName())
	if err != nil {
		return nil, err
	}
	p := pages{connector: c, ctx: ctx, request: r, returned: map[string]bool{}}
	p.names, p.deleted = columns(d, r)
	p.types = make([]source.Kind, len(p.names))
	for i, name := range p.names {
		if f, found := source.FieldNamed(r.Fields, name); found {
			p.types[i] = f.Kind
		}
	}
	q := soql(d, r, p.names)
	if c.opts.API == Bulk || c.opts.API == Auto && len(q.text) > longestQuery {
		return c.openBulk(p, d, q)
	}
	rest := &restPages{pages: p, exact: q.all}
	path := "query"
	if q.all {
		path = "queryAll"
	}
	if err := rest.ask(path, url.Values{"q": {q.text}}); err != nil {
		return nil, fmt.Errorf("asking for %s: %w", d.Name, err)
	}
	if c.opts.API == Auto && rest.next != "" && rest.total >= c.opts.BulkFrom {
		bulk, err := c.openBulk(p, d, q)
		if !errors.Is(err, source.ErrConfig) { // some objects no job can read
			return bulk, err
		}
	}
	return rest, nil
}

// pages are what both ways of reading have.
type pages struct {
	*connector
	ctx      context.Context //nolint:containedctx // of one reading
	request  source.Request
	names    []string // that are selected: those of the request come first
	types    []source.Kind
	deleted  int // which of them tells of deletions; -1 = none
	line     int64
	marks    int64
	returned map[string]bool
}

// put adds a record, whose values are in the order of the names. One in the recycle bin is added as it was last (whom it was merged into is seen
// there), and once more as a deletion.
func (p *pages) put(b *source.Batch, values [][]byte) {
	p.add(b, values)
	if p.deleted >= 0 && string(values[p.deleted]) == "true" {
		p.add(b, values)
		b.MarkDeleted()
		p.marks++
	}
}

func (p *pages) add(b *source.Batch, values [][]byte) {
	p.line++
	for i := range p.request.Fields {
		if p.types[i] == source.Instant {
			values[i] = instant(values[i])
		}
		b.Put(i, values[i])
	}
	b.Lines = append(b.Lines, p.line)
}

// instant writes UTC in one way: REST says +0000, bulk jobs say Z.
func instant(v []byte) []byte {
	if text, found := strings.CutSuffix(string(v), "+0000"); found {
		return []byte(text + "Z")
	}
	return v
}

// Close does nothing.
func (p *pages) Close() error { return nil }

// absent are the requested fields that were in no record.
func (p *pages) absent() []string {
	if p.line == 0 {
		return nil
	}
	return web.Absent(p.request.Names(), p.returned)
}

// restPages is a query that is followed by its nextRecordsUrl.
type restPages struct {
	pages
	exact   bool
	asked   bool
	records []web.Record // of a page that has been asked for
	next    string
	total   int64
}

// ask asks for a page.
func (p *restPages) ask(path string, query url.Values) error {
	var says struct {
		Total   *int64       `json:"totalSize"`
		Done    *bool        `json:"done"`
		Next    string       `json:"nextRecordsUrl"`
		Records []web.Record `json:"records"`
	}
	batch := min(max(p.opts.Page, smallestBatch), largestBatch)
	header := http.Header{"Sforce-Query-Options": {"batchSize=" + strconv.Itoa(batch)}}
	if _, err := p.send(p.ctx, http.MethodGet, path, query, header, nil, &says); err != nil {
		return err
	}
	if says.Total == nil || says.Done == nil || !*says.Done && says.Next == "" {
		return errNoPage
	}
	p.records, p.next, p.total, p.asked = says.Records, says.Next, *says.Total, true
	if *says.Done {
		p.next = ""
	}
	return nil
}

// Next hands over the page that was asked for last, or asks for the next one.
func (p *restPages) Next(b *source.Batch) error {
	b.Begin(p.request.Names())
	if !p.asked {
		if p.next == "" {
			return io.EOF
		}
		if err := p.ask(p.next, nil); err != nil {
			return fmt.Errorf("after %d rows: %w", p.line, err)
		}
	}
	p.asked = false
	for _, record := range p.records {
		values, err := p.values(record)
		if err != nil {
			p.line++
			text, _ := json.Marshal(record) //nolint:errchkjson // as far as it goes
			b.Reject(source.BadJSON, p.line, text, err.Error())
			continue
		}
		p.put(b, values)
	}
	empty := len(p.records) == 0
	p.records = nil
	if empty && p.next == "" {
		return io.EOF
	}
	return nil
}

func (p *restPages) values(record web.Record) ([][]byte, error) {
	out := make([][]byte, len(p.names))
	for i, name := range p.names {
		raw, there := record[name]
		if !there && strings.Contains(name, ".") {
			raw, there = nested(record, name)
		}
		if !there {
			continue
		}
		p.returned[name] = true
		value, err := web.Value(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[i] = value
	}
	return out, nil
}

// nested follows Owner.Name into the record of Owner; null when there is no owner.
func nested(record web.Record, path string) (json.RawMessage, bool) {
	for {
		first, rest, deeper := strings.Cut(path, ".")
		raw, there := record[first]
		if !deeper || !there || string(raw) == "null" {
			return raw, there
		}
		record, path = nil, rest
		if json.Unmarshal(raw, &record) != nil {
			return nil, false
		}
	}
}

// Told is the size of the result, which a query keeps from its first page on. Of the living it may shrink meanwhile.
func (p *restPages) Told() source.Told {
	return source.Told{Known: true, Rows: p.total, Exact: p.exact, Marks: p.marks, Absent: p.absent()}
}
