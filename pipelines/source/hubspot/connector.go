package hubspot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// connector asks one account.
type connector struct {
	api  *api
	lag  time.Duration
	page int
}

// account is what HubSpot says of it, with its clock.
type account struct {
	ID   int64  `json:"portalId"`
	Type string `json:"accountType"`
	now  time.Time
}

func (c *connector) account(ctx context.Context) (out account, err error) {
	header, err := c.api.get(ctx, "/account-info/v3/details", nil, &out)
	if err == nil {
		out.now, err = web.Clock(header)
	}
	return out, err
}

// Begin takes HubSpot's clock. What search does not find yet is asked for by the next run.
func (c *connector) Begin(ctx context.Context) (source.Moment, error) {
	a, err := c.account(ctx)
	if err != nil {
		return source.Moment{}, err
	}
	return source.Moment{Now: a.now, Settled: a.now.Add(-c.lag)}, nil
}

// Close has nothing to give back.
func (c *connector) Close() error { return nil }

// Objects lists the standard objects, the custom ones that the token may see, and what there is besides.
func (c *connector) Objects(ctx context.Context) ([]source.Object, error) {
	var out []source.Object
	add := func(kind string, names ...string) {
		for _, name := range names {
			out = append(out, source.Object{Name: name, Kind: kind, Rows: -1})
		}
	}
	add("object", "contacts", "companies", "deals", "leads", "tickets", "meetings", "calls", "notes", "emails", "tasks", "line_items", "products", "quotes")
	custom, err := c.custom(ctx)
	if err != nil && !errors.Is(err, source.ErrPermission) {
		return nil, err
	}
	add("custom object", custom...)
	add("list", owners)
	add("stages", "pipelines/deals", "pipelines/leads", "pipelines/tickets")
	add("associations", "associations/deals/companies", "associations/deals/contacts", "associations/deals/line_items", "associations/leads/contacts")
	add("history", "history/deals", "history/leads", "history/contacts", "history/companies")
	return out, nil
}

// custom are the fully qualified names of custom objects.
func (c *connector) custom(ctx context.Context) ([]string, error) {
	var told struct {
		Results []struct {
			Name string `json:"fullyQualifiedName"`
		} `json:"results"`
	}
	_, err := c.api.get(ctx, "/crm/v3/schemas", nil, &told)
	out := make([]string, 0, len(told.Results))
	for _, s := range told.Results {
		out = append(out, s.Name)
	}
	return out, err
}

// Check finds out whether the token is accepted, and which scopes it lacks, by asking for a little of each stream.
func (c *connector) Check(ctx context.Context, streams []source.Stream) ([]source.Finding, error) {
	a, err := c.account(ctx)
	if errors.Is(err, source.ErrCredentials) {
		return []source.Finding{{Subject: "login", Detail: err.Error(), Mend: "put the access token of the private app into `token`"}}, nil
	}
	if err != nil {
		return nil, err
	}
	out := []source.Finding{{Subject: "login", OK: true, Detail: fmt.Sprintf("HubSpot account %d (%s)", a.ID, a.Type)}}
	for _, s := range streams {
		f, err := c.checkOne(ctx, s)
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (c *connector) checkOne(ctx context.Context, s source.Stream) (source.Finding, error) {
	f := source.Finding{Subject: s.Name}
	d, err := c.Describe(ctx, s)
	if err == nil {
		err = c.probe(ctx, s)
	}
	var scopes *missingScopes
	switch {
	case errors.As(err, &scopes):
		f.Detail, f.Mend = err.Error(), fmt.Sprintf("give the private app the scope %s (Settings > Integrations > Private Apps > Scopes)", scopes.oneOf())
		return f, nil
	case errors.Is(err, source.ErrPermission), errors.Is(err, source.ErrConfig):
		f.Detail, f.Mend = err.Error(), "mend what it says"
		return f, nil
	case err != nil:
		return f, err
	}
	for _, name := range append(append(append([]string{}, s.Fields...), s.Key...), s.Cursor) {
		if _, found := source.FieldNamed(d.Fields, name); name != "" && !found {
			f.Detail = fmt.Sprintf("%s has no property %s, or it is sensitive and the token may not read it", d.Origin, name)
			f.Mend = "mend `fields`, `key` or `cursor`, or give the private app the scope of sensitive properties of this object"
			return f, nil
		}
	}
	f.OK, f.Detail = true, fmt.Sprintf("%s: %d fields, key %v", d.Origin, len(d.Fields), d.Key)
	return f, nil
}

// probe asks for one record where describing does not need the right to read it.
func (c *connector) probe(ctx context.Context, s source.Stream) error {
	o, err := parse(s)
	if err != nil || o.kind == owners || o.kind == pipelines {
		return err
	}
	_, err = c.api.get(ctx, o.path("objects"), url.Values{"limit": {"1"}}, nil)
	return err
}

// Open begins to read. Nothing is asked before the first page.
func (c *connector) Open(ctx context.Context, r source.Request) (source.Pages, error) {
	o, err := parse(r.Stream)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", source.ErrConfig, err)
	}
	p := &pages{ctx: ctx, names: r.Names(), fields: r.Fields, stream: r.Stream.ObjectName(), returned: map[string]bool{}}
	p.step = c.steps(o, r, &p.told)
	return p, nil
}

// step gives the records of the next page; io.EOF when there is none.
type step func(ctx context.Context) ([]web.Record, error)

// steps are how a request is read.
func (c *connector) steps(o object, r source.Request, told *source.Told) step {
	switch {
	case o.kind == owners:
		return c.owners()
	case o.kind == pipelines:
		return c.pipelines(o)
	case o.kind == associations:
		return c.associations(o)
	case o.kind == history:
		return c.history(o, r)
	case r.What == source.Deleted:
		return c.deleted(o, r)
	case r.Interval == source.Interval{}:
		return c.all(o, r.Names())
	}
	return c.changed(o, r, told)
}

// pages is one reading.
type pages struct {
	ctx      context.Context
	stream   string
	names    []string
	fields   []source.Field
	step     step
	told     source.Told
	line     int64
	returned map[string]bool
}

// Next is the next page that has rows.
func (p *pages) Next(b *source.Batch) error {
	b.Begin(p.names)
	var found []web.Record
	for len(found) == 0 { // many of HubSpot's pages may hold nothing that is asked for
		var err error
		found, err = p.step(p.ctx)
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", p.stream, err)
		}
	}
	for _, r := range found {
		tidy(r, p.fields)
	}
	web.Fill(b, p.names, found, &p.line, p.returned)
	return nil
}

// Told is what HubSpot has said by now.
func (p *pages) Told() source.Told {
	out := p.told
	if p.line > 0 {
		out.Absent = web.Absent(p.names, p.returned)
	}
	return out
}

// Close has nothing to give back.
func (p *pages) Close() error { return nil }
