package hubspot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source/web"
)

// How many records HubSpot gives at a time, and how long a request's path with its properties may be before they are asked for in a body.
const (
	listPage    = 100
	historyPage = 50
	longestPath = 8000
)

// found is a record as the API tells it.
type found struct {
	ID         string               `json:"id"`
	Properties web.Record           `json:"properties"`
	History    map[string][]version `json:"propertiesWithHistory"`
	ArchivedAt string               `json:"archivedAt"`
}

// record is what lands of it. No value and an empty one are the same to HubSpot.
func (f found) record() web.Record {
	out := f.Properties
	if out == nil {
		out = web.Record{}
	}
	if out[recordID] == nil {
		out[recordID] = quote(f.ID)
	}
	for name, value := range out {
		if string(value) == `""` {
			out[name] = json.RawMessage("null")
		}
	}
	return out
}

func (c *connector) pageOf(most int) int {
	if c.page > 0 {
		return min(c.page, most)
	}
	return most
}

// listed is HubSpot's list of an object's records.
func (c *connector) listed(o object, page int, query url.Values) *listing[found] {
	query.Set("limit", strconv.Itoa(c.pageOf(page)))
	return &listing[found]{api: c.api, path: o.path("objects"), query: query}
}

// all reads every live record.
func (c *connector) all(o object, names []string) step {
	query := url.Values{"properties": {strings.Join(names, ",")}}
	if tooLong := len(query.Encode()) > longestPath; tooLong {
		query = url.Values{"properties": {recordID}}
		list := c.listed(o, listPage, query)
		return func(ctx context.Context) ([]web.Record, error) {
			page, err := list.next(ctx)
			if err != nil {
				return nil, err
			}
			page, err = c.batch(ctx, o, batchRead{Properties: names, ids: ids(page)})
			return toRecords(page), err
		}
	}
	list := c.listed(o, listPage, query)
	return func(ctx context.Context) ([]web.Record, error) {
		page, err := list.next(ctx)
		return toRecords(page), err
	}
}

// batchRead asks for records by what identifies them.
type batchRead struct {
	Properties []string            `json:"properties"`
	History    []string            `json:"propertiesWithHistory,omitempty"`
	IDProperty string              `json:"idProperty,omitempty"`
	Inputs     []map[string]string `json:"inputs"`
	ids        []string
}

// batch reads the live records among those that are asked for.
func (c *connector) batch(ctx context.Context, o object, b batchRead) (out []found, err error) {
	if b.Properties == nil {
		b.Properties = []string{recordID}
	}
	most := listPage
	if len(b.History) > 0 {
		most = historyPage
	}
	for some := range slices.Chunk(b.ids, most) {
		b.Inputs = nil
		for _, id := range some {
			b.Inputs = append(b.Inputs, map[string]string{"id": id})
		}
		var told batched[found]
		if err := c.api.post(ctx, o.path("objects")+"/batch/read", b, &told); err != nil {
			return nil, err
		}
		if err := told.problem(); err != nil {
			return nil, err
		}
		out = append(out, told.Results...)
	}
	return out, nil
}

// batched is the answer to a batch.
type batched[T any] struct {
	Results []T `json:"results"`
	Errors  []struct {
		Category string `json:"category"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// problem is what could not be told, other than what is not there.
func (b batched[T]) problem() error {
	for _, e := range b.Errors {
		if e.Category != "OBJECT_NOT_FOUND" {
			return fmt.Errorf("a part of the batch was refused: %s [%s]", e.Message, e.Category)
		}
	}
	return nil
}

func toRecords(page []found) []web.Record {
	out := make([]web.Record, len(page))
	for i, f := range page {
		out[i] = f.record()
	}
	return out
}

func ids(page []found) []string {
	out := make([]string, len(page))
	for i, f := range page {
		out[i] = f.ID
	}
	return out
}

// inTurn reads one after the other.
func inTurn(steps ...step) step {
	return func(ctx context.Context) ([]web.Record, error) {
		for len(steps) > 0 {
			page, err := steps[0](ctx)
			if !errors.Is(err, io.EOF) {
				return page, err
			}
			steps = steps[1:]
		}
		return nil, io.EOF
	}
}
