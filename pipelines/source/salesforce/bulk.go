package salesforce

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// Waits between two looks at a job.
const (
	firstLook   = time.Second
	longestLook = 30 * time.Second
	farewell    = 10 * time.Second // for taking leave of a job after the reading has ended
)

// jobState is what a job says of itself.
type jobState struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Processed int64  `json:"numberRecordsProcessed"`
	Message   string `json:"errorMessage"`
}

// bulkPages is a bulk query job and its results.
type bulkPages struct {
	pages
	object  string
	job     jobState
	done    bool   // the job is complete
	locator string // of the next page
	last    bool
}

// openBulk makes a job.
func (c *connector) openBulk(p pages, d described, q query) (source.Pages, error) {
	operation := "query"
	if q.all {
		operation = "queryAll"
	}
	b := &bulkPages{pages: p, object: d.Name}
	body := map[string]string{"operation": operation, "query": q.text, "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}
	if _, err := c.send(p.ctx, http.MethodPost, "jobs/query", nil, nil, body, &b.job); err != nil {
		return nil, fmt.Errorf("making a bulk job for %s: %w", d.Name, err)
	}
	if b.job.ID == "" {
		return nil, errNoPage
	}
	return b, nil
}

// wait looks at the job until it is complete.
func (p *bulkPages) wait() error {
	for pause := firstLook; ; pause = min(2*pause, longestLook) {
		if _, err := p.get(p.ctx, "jobs/query/"+p.job.ID, nil, &p.job); err != nil {
			return err
		}
		switch p.job.State {
		case "JobComplete":
			p.done = true
			return nil
		case "Failed":
			return fmt.Errorf("%w: the bulk job %s for %s failed: %s", source.ErrTransient, p.job.ID, p.object, p.job.Message)
		case "Aborted":
			return fmt.Errorf("%w: somebody aborted the bulk job %s for %s", source.ErrTransient, p.job.ID, p.object)
		}
		if err := p.opts.Patience.Pause(p.ctx, pause); err != nil {
			return err
		}
	}
}

// Next asks for a page of results. It is read whole before any of it is handed over, so that one that breaks off can be asked for again.
func (p *bulkPages) Next(b *source.Batch) error {
	b.Begin(p.request.Names())
	if p.last {
		return io.EOF
	}
	if !p.done {
		if err := p.wait(); err != nil {
			return err
		}
	}
	query := url.Values{"maxRecords": {strconv.Itoa(p.opts.Page)}}
	if p.locator != "" {
		query.Set("locator", p.locator)
	}
	address, err := p.address(p.ctx, "jobs/query/"+p.job.ID+"/results")
	if err != nil {
		return err
	}
	var rows [][]string
	err = p.org.Do(p.ctx, web.Request{URL: address + "?" + query.Encode(), Header: http.Header{"Accept": {"text/csv"}}}, func(h http.Header, body io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(body, web.MaxBody+1))
		if err != nil {
			return err
		}
		if len(text) > web.MaxBody {
			return fmt.Errorf("a page of results is longer than %d MiB: set page lower", web.MaxBody>>20)
		}
		if rows, err = p.parse(text, h); err != nil {
			return err
		}
		p.locator = h.Get("Sforce-Locator")
		return nil
	})
	if err != nil {
		return fmt.Errorf("after %d rows of the bulk job %s: %w", p.line, p.job.ID, err)
	}
	p.last = p.locator == "" || p.locator == "null"
	p.addAll(b, rows)
	if len(rows) == 0 && p.last {
		return io.EOF
	}
	return nil
}

// parse reads the CSV of a page. One that has fewer rows than its header says has broken off.
func (p *bulkPages) parse(text []byte, h http.Header) ([][]string, error) {
	// encoding/csv makes \r\n within quotes \n: returns are kept from it as NULs, which Salesforce's texts never have. Lines end with \n alone.
	rows, err := csv.NewReader(bytes.NewReader(bytes.ReplaceAll(text, []byte("\r"), []byte{0}))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w: a page of results is no CSV: %w", source.ErrTransient, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	if want, err := strconv.Atoi(h.Get("Sforce-Numberofrecords")); err == nil && want > len(rows)-1 {
		return nil, fmt.Errorf("%w: a page of results has %d rows where %d are announced", source.ErrTransient, len(rows)-1, want)
	}
	if !slices.EqualFunc(rows[0], p.names, strings.EqualFold) {
		return nil, fmt.Errorf("the results have the columns %q where %q were asked for", rows[0], p.names)
	}
	return rows[1:], nil
}

func (p *bulkPages) addAll(b *source.Batch, rows [][]string) {
	if len(rows) > 0 {
		for _, name := range p.names {
			p.returned[name] = true // the header has them all
		}
	}
	values := make([][]byte, len(p.names))
	for _, row := range rows {
		for i, text := range row {
			values[i] = nil
			if text != "" {
				values[i] = []byte(strings.ReplaceAll(text, "\x00", "\r"))
			}
		}
		p.put(b, values)
	}
}

// Told is how many records the job has found.
func (p *bulkPages) Told() source.Told {
	return source.Told{Known: p.done, Rows: p.job.Processed, Exact: true, Marks: p.marks, Absent: p.absent()}
}

// Close takes leave of the job: one that is complete is deleted, one that is not is aborted. It would go by itself after a week.
func (p *bulkPages) Close() error {
	if p.job.ID == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), farewell)
	defer cancel()
	method, path, body := http.MethodDelete, "jobs/query/"+p.job.ID, any(nil)
	if !p.done {
		method, body = http.MethodPatch, map[string]string{"state": "Aborted"}
	}
	p.job.ID = ""
	_, _ = p.send(ctx, method, path, nil, nil, body, nil) // what has been read is read
	return nil
}
