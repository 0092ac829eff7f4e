package hubspot

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// mergedIDs is the property that names the records that were merged into one.
const mergedIDs = "hs_merged_object_ids"

// deleted are the keys of what was archived or merged into another record in the interval. Which key a merged record had is known of
// HubSpot's own number alone.
func (c *connector) deleted(o object, r source.Request) step {
	if len(r.Key) == 1 && r.Key[0] == recordID {
		return inTurn(c.archived(o, r), c.merged(o, r))
	}
	return c.archived(o, r)
}

// archived are the keys of what was archived. Where the key is not HubSpot's number, another record may have it by now.
func (c *connector) archived(o object, r source.Request) step {
	list := c.listed(o, listPage, url.Values{"archived": {"true"}, "properties": {strings.Join(r.Names(), ",")}})
	return func(ctx context.Context) ([]web.Record, error) {
		page, err := list.next(ctx)
		if err != nil {
			return nil, err
		}
		var gone []web.Record
		for _, f := range page {
			if at, ok := instant(f.ArchivedAt); ok && r.Interval.Has(at) {
				gone = append(gone, f.record())
			}
		}
		if len(r.Key) > 1 || r.Key[0] == recordID {
			return gone, nil
		}
		return c.stillGone(ctx, o, r.Key[0], gone)
	}
}

// merged are the numbers of what was merged into records that were changed in the interval.
func (c *connector) merged(o object, r source.Request) step {
	i := r.Interval
	if !i.From.IsZero() {
		i.From = i.From.Add(-c.lag)
	}
	s := c.searching(o, o.modified(), []string{mergedIDs}, i, &source.Told{})
	s.only = []filter{{Property: mergedIDs, Operator: "HAS_PROPERTY"}}
	known := false
	return func(ctx context.Context) ([]web.Record, error) {
		if !known {
			_, err := c.api.get(ctx, o.path("properties")+"/"+mergedIDs, nil, nil)
			if errors.Is(err, source.ErrConfig) { // records of this type cannot be merged
				return nil, io.EOF
			}
			if err != nil {
				return nil, err
			}
			known = true
		}
		page, err := s.next(ctx)
		if err != nil {
			return nil, err
		}
		var gone []web.Record
		for _, f := range page {
			value, err := web.Value(f.Properties[mergedIDs])
			if err != nil {
				return nil, err
			}
			for id := range strings.SplitSeq(string(value), ";") {
				if id = strings.TrimSpace(id); id != "" {
					gone = append(gone, web.Record{recordID: quote(id)})
				}
			}
		}
		return c.stillGone(ctx, o, recordID, gone)
	}
}

// stillGone leaves out keys that a live record has, and empty ones.
func (c *connector) stillGone(ctx context.Context, o object, key string, gone []web.Record) ([]web.Record, error) {
	byKey := map[string]web.Record{}
	ask := batchRead{Properties: []string{key}}
	if key != recordID {
		ask.IDProperty = key
	}
	for _, g := range gone {
		if value, err := web.Value(g[key]); err == nil && value != nil && byKey[string(value)] == nil {
			byKey[string(value)] = g
			ask.ids = append(ask.ids, string(value))
		}
	}
	live, err := c.batch(ctx, o, ask)
	if err != nil {
		return nil, err
	}
	for _, l := range live { // asked for by the number of a merged record, HubSpot gives the one that it was merged into
		value, _ := web.Value(l.record()[key]) // no text: none of the keys
		delete(byKey, string(value))
	}
	var out []web.Record
	for _, k := range ask.ids {
		if g := byKey[k]; g != nil {
			out = append(out, g)
		}
	}
	return out, nil
}
