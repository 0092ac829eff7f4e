package hubspot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

const linkBatch = 1000

// linkInput is a record whose associations are asked for, from a page on.
type linkInput struct {
	ID    string `json:"id"`
	After string `json:"after,omitempty"`
}

// linksOf are the associations of one record.
type linksOf struct {
	From struct {
		ID string `json:"id"`
	} `json:"from"`
	To []struct {
		ID    json.Number `json:"toObjectId"`
		Types []struct {
			Category json.RawMessage `json:"category"`
			TypeID   json.RawMessage `json:"typeId"`
			Label    json.RawMessage `json:"label"`
		} `json:"associationTypes"`
	} `json:"to"`
	Paging paging `json:"paging"`
}

// associations reads the links of all live records of an object with those of another, a row per link and type.
func (c *connector) associations(o object) step {
	list := c.listed(o, listPage, url.Values{"properties": {recordID}})
	path := "/crm/v4/associations/" + url.PathEscape(o.name) + "/" + url.PathEscape(o.to) + "/batch/read"
	var waiting []linkInput
	ended := false
	return func(ctx context.Context) ([]web.Record, error) {
		for most := c.pageOf(linkBatch); len(waiting) < most && !ended; {
			page, err := list.next(ctx)
			if ended = errors.Is(err, io.EOF); err != nil && !ended {
				return nil, err
			}
			for _, id := range ids(page) {
				waiting = append(waiting, linkInput{ID: id})
			}
		}
		if len(waiting) == 0 {
			return nil, io.EOF
		}
		asked := waiting[:min(len(waiting), linkBatch)]
		var told batched[linksOf]
		if err := c.api.post(ctx, path, map[string]any{"inputs": asked}, &told); err != nil {
			return nil, err
		}
		waiting = slices.Clone(waiting[len(asked):])
		var out []web.Record
		for _, from := range told.Results {
			out = append(out, from.records()...)
			next := linkInput{from.From.ID, from.Paging.Next.After}
			if next.After == "" {
				continue
			}
			if slices.Contains(asked, next) {
				return nil, fmt.Errorf("%w: the associations of %s go on after %q for ever", source.ErrRepeats, next.ID, next.After)
			}
			waiting = append(waiting, next)
		}
		return out, told.problem()
	}
}

func (l linksOf) records() []web.Record {
	var out []web.Record
	for _, to := range l.To {
		for _, t := range to.Types {
			out = append(out, web.Record{
				"from_id": quote(l.From.ID), "to_id": quote(to.ID.String()), "category": t.Category, "type_id": t.TypeID, "label": t.Label,
			})
		}
	}
	return out
}
