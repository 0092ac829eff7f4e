package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// stream is how the lists of one stream are asked for.
type stream struct {
	params      url.Values
	records     string
	paging      paging
	incremental *Incremental
	schema      []source.Field
}

// connector asks one service.
type connector struct {
	base     *url.URL
	client   *web.Client
	veil     *strings.Replacer // of the login's secrets
	headers  http.Header
	names    []string // what is listed as objects
	streams  map[string]stream
	fallback stream // of a stream that is not configured
}

func (c *connector) stream(s source.Stream) stream {
	if of, configured := c.streams[s.Name]; configured {
		return of
	}
	return c.fallback
}

// address is where a stream is, without what is asked of it.
func (c *connector) address(s source.Stream) *url.URL {
	return c.base.JoinPath(s.ObjectName())
}

// origin is the address as a text.
func (c *connector) origin(s source.Stream) string { return c.address(s).String() }

// first is the request for the first page of a stream.
func (c *connector) first(s source.Stream, size int, interval source.Interval) *url.URL {
	of, u, q := c.stream(s), c.address(s), url.Values{}
	for name, values := range of.params {
		q[name] = slices.Clone(values)
	}
	of.paging.first(q, size)
	if i := of.incremental; i != nil && !interval.From.IsZero() {
		q.Set(i.From.Param.Value, i.From.bound(interval.From, -1))
	}
	if i := of.incremental; i != nil && i.To != nil && !interval.To.IsZero() {
		q.Set(i.To.Param.Value, i.To.bound(interval.To, 1))
	}
	u.RawQuery = q.Encode()
	return u
}

// json asks for a document. An error tells no secret.
func (c *connector) json(ctx context.Context, client *web.Client, u *url.URL, into any) (http.Header, error) {
	header, err := client.JSON(ctx, web.Request{URL: u.String(), Header: c.headers}, into)
	if err != nil {
		err = veiled{err, c.veil.Replace(err.Error())}
	}
	return header, err
}

// ask asks for a page.
func (c *connector) ask(ctx context.Context, s source.Stream, u *url.URL) (answer, error) {
	var document json.RawMessage
	header, err := c.json(ctx, c.client, u, &document)
	if err == nil {
		var got answer
		if got, err = read(header, document, c.stream(s).records); err == nil {
			return got, nil
		}
	}
	return answer{}, fmt.Errorf("stream %s: %w", s.Name, err)
}

// Objects are those of the configuration: a service of this kind lists none.
func (c *connector) Objects(context.Context) ([]source.Object, error) {
	var out []source.Object
	for _, name := range c.names {
		if !slices.ContainsFunc(out, func(o source.Object) bool { return o.Name == name }) {
			out = append(out, source.Object{Name: name, Kind: "list", Rows: -1})
		}
	}
	return out, nil
}

// Describe has the fields of the stream's schema, those that it names, and those of the first page.
func (c *connector) Describe(ctx context.Context, s source.Stream) (source.Description, error) {
	of := c.stream(s)
	got, err := c.ask(ctx, s, c.first(s, of.paging.Size, source.Interval{}))
	if err != nil {
		return source.Description{}, err
	}
	named := append(slices.Concat(s.Key, s.Fields), s.Cursor)
	out := source.Description{Origin: c.origin(s), Fields: describe(of.schema, named, got.records), Key: s.Key, Cursor: s.Cursor}
	if !of.paging.counted {
		out.Deletes = source.DeletesByKeys
	} else if len(s.Key) > 0 {
		out.ByInterval = true // read whole, but a record that is passed over must not count as deleted, as in a snapshot it would
	}
	return out, nil
}

// Begin is the service's clock: the Date of an answer, whatever else it says.
func (c *connector) Begin(ctx context.Context) (source.Moment, error) {
	now, err := c.clock(ctx)
	return source.Moment{Now: now, Settled: now}, err
}

func (c *connector) clock(ctx context.Context) (time.Time, error) {
	var now time.Time
	asking := *c.client
	asking.Seen = func(h http.Header) (err error) {
		now, err = web.Clock(h)
		return err
	}
	u := c.base
	if len(c.names) > 0 {
		u = c.base.JoinPath(c.names[0])
	}
	_, err := c.json(ctx, &asking, u, nil)
	if !now.IsZero() && !errors.Is(err, source.ErrTransient) && !errors.Is(err, source.ErrCredentials) {
		return now, nil // what is wrong with one stream is for that stream to say
	}
	return now, err
}

// Close has nothing to give back.
func (c *connector) Close() error { return nil }

// Check asks for one record of every stream.
func (c *connector) Check(ctx context.Context, streams []source.Stream) ([]source.Finding, error) {
	now, err := c.clock(ctx)
	if errors.Is(err, source.ErrCredentials) {
		return []source.Finding{{Subject: "login", Detail: err.Error(), Mend: "mend auth, or the secrets that it names"}}, nil
	}
	if err != nil {
		return nil, err
	}
	login := source.Finding{Subject: "login", OK: true, Detail: fmt.Sprintf("%s answers; its clock says %s", c.base.Host, now.Format(time.RFC3339))}
	if c.base.Scheme != "https" {
		login.Detail += "; not encrypted"
	}
	out := []source.Finding{login}
	for _, s := range streams {
		f, err := c.checkStream(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (c *connector) checkStream(ctx context.Context, s source.Stream) (source.Finding, error) {
	of, f := c.stream(s), source.Finding{Subject: s.Name}
	asked := c.first(s, 1, source.Interval{})
	got, err := c.ask(ctx, s, asked)
	if err != nil {
		return c.refused(f, s, err)
	}
	next, err := of.paging.next(asked, got)
	if err != nil {
		f.Detail, f.Mend = err.Error(), "mend `pagination`"
		return f, nil //nolint:nilerr // it is what was found
	}
	if len(got.records) == 0 {
		f.OK, f.Detail = true, c.origin(s)+" has no record yet: key and cursor could not be looked at"
		return f, nil
	}
	return checkRecord(f, s, c.origin(s), got.records[0], next != nil), nil
}

// refused is what a check finds when a list cannot be had. What may pass is no finding.
func (c *connector) refused(f source.Finding, s source.Stream, err error) (source.Finding, error) {
	f.Detail, f.Mend = err.Error(), "mend `object` (the path behind url), `params` or `records`"
	switch {
	case errors.Is(err, source.ErrTransient):
		return f, err
	case errors.Is(err, source.ErrCredentials), errors.Is(err, source.ErrPermission):
		f.Mend = "give the login the right to read " + c.origin(s)
	}
	return f, nil
}

// checkRecord looks whether a record has what the configuration says.
func checkRecord(f source.Finding, s source.Stream, origin string, raw json.RawMessage, more bool) source.Finding {
	var record web.Record
	if json.Unmarshal(raw, &record) != nil {
		f.Detail, f.Mend = fmt.Sprintf("a record of %s is no object: %.60s", origin, raw), "mend `records`"
		return f
	}
	names, _ := keys(raw) // it is an object
	for _, name := range s.Key {
		if value, err := web.Value(record[name]); err != nil || value == nil {
			f.Detail, f.Mend = fmt.Sprintf("a record of %s has no %s; it has: %s", origin, name, strings.Join(names, ", ")), "mend `key`"
			return f
		}
	}
	text := fmt.Sprintf("%s: %d fields", origin, len(names))
	if len(s.Key) > 0 {
		text += ", key " + strings.Join(s.Key, ", ")
	}
	if s.Cursor != "" {
		value, err := web.Value(record[s.Cursor])
		at, is := instant(string(value))
		switch {
		case err != nil || value == nil:
			text += fmt.Sprintf("; the first record has no %s: records without one come each time", s.Cursor)
		case !is:
			f.Detail, f.Mend = fmt.Sprintf("%s of %s is no instant: %s", s.Cursor, origin, source.Readable(value)), "mend `cursor`"
			return f
		default:
			text += fmt.Sprintf(", changed by %s (%s)", s.Cursor, at.Format(time.RFC3339))
		}
	}
	f.OK, f.Detail = true, text+map[bool]string{true: "; more pages follow", false: "; no page follows the first"}[more]
	return f
}
