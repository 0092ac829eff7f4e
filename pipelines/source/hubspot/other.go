package hubspot

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// version is what a property was from an instant on.
type version struct {
	Value       *string     `json:"value"`
	Timestamp   string      `json:"timestamp"`
	SourceType  string      `json:"sourceType"`
	SourceID    string      `json:"sourceId"`
	SourceLabel string      `json:"sourceLabel"`
	User        json.Number `json:"updatedByUserId"`
}

// history reads what properties were: of all records, or of those that were changed in the interval.
func (c *connector) history(o object, r source.Request) step {
	if r.Interval == (source.Interval{}) {
		list := c.listed(o, historyPage, url.Values{"properties": {recordID}, "propertiesWithHistory": {strings.Join(o.properties, ",")}})
		return func(ctx context.Context) ([]web.Record, error) {
			page, err := list.next(ctx)
			return o.versions(page), err
		}
	}
	s := c.searching(o, o.modified(), nil, r.Interval, &source.Told{})
	return func(ctx context.Context) ([]web.Record, error) {
		page, err := s.next(ctx)
		if err != nil {
			return nil, err
		}
		page, err = c.batch(ctx, o, batchRead{History: o.properties, ids: ids(page)})
		return o.versions(page), err
	}
}

func (o object) versions(page []found) []web.Record {
	var out []web.Record
	for _, f := range page {
		for _, name := range o.properties {
			for _, v := range f.History[name] {
				out = append(out, v.record(f.ID, name))
			}
		}
	}
	return out
}

// record is a row. An emptied property has an empty value, which is part of the key.
func (v version) record(id, property string) web.Record {
	values := map[string]string{"object_id": id, "property": property, "value": "", "timestamp": v.Timestamp, "source_type": v.SourceType}
	if v.Value != nil {
		values["value"] = *v.Value
	}
	out := quoteAll(values)
	for name, value := range map[string]string{"source_id": v.SourceID, "source_label": v.SourceLabel, "updated_by_user_id": v.User.String()} {
		out[name] = json.RawMessage("null")
		if value != "" {
			out[name] = quote(value)
		}
	}
	return out
}

// owners reads those that are there and those that were.
func (c *connector) owners() step {
	list := func(archived string) step {
		query := url.Values{"archived": {archived}, "limit": {strconv.Itoa(c.pageOf(listPage))}}
		return (&listing[web.Record]{api: c.api, path: "/crm/v3/owners", query: query}).next
	}
	return inTurn(list("false"), list("true"))
}

// pipelines reads the stages of all pipelines of an object.
func (c *connector) pipelines(o object) step {
	list := &listing[pipeline]{api: c.api, path: o.path(pipelines), query: url.Values{}}
	return func(ctx context.Context) ([]web.Record, error) {
		page, err := list.next(ctx)
		var out []web.Record
		for _, p := range page {
			for _, s := range p.Stages {
				out = append(out, s.of(p))
			}
		}
		return out, err
	}
}

// pipeline is a way that records go.
type pipeline struct {
	ID, Label    json.RawMessage
	DisplayOrder json.RawMessage
	Stages       []stage
}

type stage struct {
	ID, Label            json.RawMessage
	DisplayOrder         json.RawMessage
	CreatedAt, UpdatedAt json.RawMessage
	Metadata             web.Record
}

func (s stage) of(p pipeline) web.Record {
	metadata, err := json.Marshal(s.Metadata)
	if err != nil {
		panic(err) // it was JSON
	}
	return web.Record{
		"pipeline_id": p.ID, "pipeline_label": p.Label, "pipeline_order": p.DisplayOrder, "stage_id": s.ID, "stage_label": s.Label, "stage_order": s.DisplayOrder,
		"probability": s.Metadata["probability"], "is_closed": s.Metadata["isClosed"], "metadata": metadata, "created_at": s.CreatedAt, "updated_at": s.UpdatedAt,
	}
}
