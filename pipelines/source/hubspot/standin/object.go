package standin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// serveObjects are the v3 objects.
func (s *Server) serveObjects() {
	s.handle("GET /crm/v3/objects/{type}", counted, (*call).list)
	s.handle("GET /crm/v3/objects/{type}/{id}", counted, (*call).one)
	s.handle("POST /crm/v3/objects/{type}/batch/read", counted, (*call).batch)
	s.handle("POST /crm/v3/objects/{type}/search", searched, (*call).search)
}

// object is a record as the API tells it.
type object struct {
	ID                    string                `json:"id"`
	Properties            map[string]*string    `json:"properties"`
	PropertiesWithHistory map[string][]past     `json:"propertiesWithHistory,omitempty"`
	CreatedAt             string                `json:"createdAt"`
	UpdatedAt             string                `json:"updatedAt"`
	Archived              bool                  `json:"archived"`
	ArchivedAt            string                `json:"archivedAt,omitempty"`
	Associations          map[string]associated `json:"associations,omitempty"`
}

type past struct {
	Value      string `json:"value"`
	Timestamp  string `json:"timestamp"`
	SourceType string `json:"sourceType"`
}

// paging says how a list goes on; nil: it ends here.
type paging struct {
	Next next `json:"next"`
}

type next struct {
	After string `json:"after"`
	Link  string `json:"link,omitempty"`
}

// view is what a request wants to see of a record.
type view struct {
	properties, history, associations []string
	archived                          bool
	seen                              time.Time // what search knew; zero: everything
}

func viewOf(query url.Values) view {
	return view{
		properties: words(query, "properties"), history: words(query, "propertiesWithHistory"), associations: words(query, "associations"),
		archived: query.Get("archived") == "true",
	}
}

// words are a list in a query: with commas, repeated, or both.
func words(query url.Values, name string) []string {
	var all []string
	for _, value := range query[name] {
		for word := range strings.SplitSeq(value, ",") {
			if word = strings.TrimSpace(word); word != "" {
				all = append(all, word)
			}
		}
	}
	return all
}

// object tells a record. What is not defined, or not for this token, is left out without a word.
func (c *call) object(k *kind, r *record, v view) (object, error) {
	names := k.defaults
	if len(v.properties) > 0 {
		names = append(k.always(), v.properties...)
	}
	told := object{
		ID: strconv.FormatInt(r.id, 10), Properties: make(map[string]*string, len(names)), CreatedAt: r.value(k.created, v.seen),
		UpdatedAt: r.value(k.modified, v.seen), Archived: r.archived(),
	}
	if r.archived() {
		told.ArchivedAt = instant(r.archivedAt)
	}
	for _, name := range names {
		if c.readable(k, name) == nil {
			continue
		}
		told.Properties[name] = nil
		if value := r.value(name, v.seen); value != "" {
			told.Properties[name] = &value
		}
	}
	for _, name := range v.history {
		if c.readable(k, name) != nil {
			told.history(name, r.history[name])
		}
	}
	var err error
	if len(v.associations) > 0 && !r.archived() {
		told.Associations, err = c.associationsOf(k, r.id, v.associations)
	}
	return told, err
}

// history adds what a property was, the latest first.
func (o *object) history(property string, versions []version) {
	if o.PropertiesWithHistory == nil {
		o.PropertiesWithHistory = map[string][]past{}
	}
	told := []past{}
	for _, v := range slices.Backward(versions) {
		told = append(told, past{Value: v.value, Timestamp: instant(v.at), SourceType: v.source})
	}
	o.PropertiesWithHistory[property] = told
}

// list answers GET /crm/v3/objects/{type}: by number, so that records which come and go meanwhile move nothing.
func (c *call) list() (any, error) {
	k, err := c.asked("type")
	if err != nil {
		return nil, err
	}
	v, most := viewOf(c.r.URL.Query()), 100
	if len(v.history) > 0 {
		most = 50
	}
	limit, err := c.limit(10, most)
	if err != nil {
		return nil, err
	}
	after, err := c.after()
	if err != nil {
		return nil, err
	}
	told, page := []object{}, (*paging)(nil)
	first, _ := slices.BinarySearch(k.records.ids, after)
	for _, id := range k.records.ids[first:] {
		r := k.records.byID[id]
		if r.archived() != v.archived {
			continue
		}
		if len(told) == limit {
			page = c.next(strconv.FormatInt(id, 10))
			break
		}
		o, err := c.object(k, r, v)
		if err != nil {
			return nil, err
		}
		told = append(told, o)
	}
	return paged(told, page), nil
}

// paged is HubSpot's envelope of a list.
func paged[T any](results []T, page *paging) any {
	return struct {
		Results []T     `json:"results"`
		Paging  *paging `json:"paging,omitempty"`
	}{results, page}
}

// limit is how many a page of a GET holds.
func (c *call) limit(usual, most int) (int, error) {
	text := c.r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > most {
		return 0, invalid("limit %q is not between 1 and %d", text, most)
	}
	return limit, nil
}

// after is where a page of a GET begins: the cursor that the page before told.
func (c *call) after() (int64, error) {
	text := c.r.URL.Query().Get("after")
	if text == "" {
		return 0, nil
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, invalid("after %q is no cursor of this list", text)
	}
	return after, nil
}

// next is the page after this one of a GET, from a cursor on.
func (c *call) next(after string) *paging {
	query := c.r.URL.Query()
	query.Set("after", after)
	return &paging{Next: next{After: after, Link: "http://" + c.r.Host + c.r.URL.Path + "?" + query.Encode()}}
}

// one answers GET /crm/v3/objects/{type}/{id}.
func (c *call) one() (any, error) {
	k, err := c.asked("type")
	if err != nil {
		return nil, err
	}
	v, id := viewOf(c.r.URL.Query()), c.r.PathValue("id")
	r, err := c.find(k, c.r.URL.Query().Get("idProperty"), id, v.archived)
	if err != nil {
		return nil, err
	}
	if r == nil || r.archived() != v.archived {
		return nil, missing(id)
	}
	return c.object(k, r, v)
}

// find is a record by its number or by a property that is unique; a value of an archived record is free for a live one.
func (c *call) find(k *kind, property, id string, archived bool) (*record, error) {
	if property == "" || property == "hs_object_id" {
		return k.records.get(id), nil
	}
	p := c.readable(k, property)
	if p == nil || !p.Unique && (k.name != "contacts" || property != "email") {
		return nil, invalid("%s is not a unique property of %s", property, k.name)
	}
	for _, number := range k.records.ids {
		if r := k.records.byID[number]; r.archived() == archived && strings.EqualFold(r.value(property, time.Time{}), id) {
			return r, nil
		}
	}
	return nil, nil
}

// batched is HubSpot's envelope of a batch: 200, or 207 with what could not be told.
type batched[T any] struct {
	Status      string    `json:"status"`
	Results     []T       `json:"results"`
	StartedAt   string    `json:"startedAt"`
	CompletedAt string    `json:"completedAt"`
	NumErrors   int       `json:"numErrors,omitempty"`
	Errors      []unknown `json:"errors,omitempty"`
}

type unknown struct {
	Status      string              `json:"status"`
	Category    string              `json:"category"`
	SubCategory string              `json:"subCategory,omitempty"`
	Message     string              `json:"message"`
	Context     map[string][]string `json:"context"`
}

func batchOf[T any](c *call, results []T, errors []unknown) any {
	if len(errors) > 0 {
		c.status = http.StatusMultiStatus
	}
	return batched[T]{Status: "COMPLETE", Results: results, StartedAt: instant(c.now), CompletedAt: instant(c.now), NumErrors: len(errors), Errors: errors}
}

// batch answers POST /crm/v3/objects/{type}/batch/read.
func (c *call) batch() (any, error) {
	k, err := c.asked("type")
	if err != nil {
		return nil, err
	}
	var asked struct {
		IDProperty            string   `json:"idProperty"`
		Properties            []string `json:"properties"`
		PropertiesWithHistory []string `json:"propertiesWithHistory"`
		Inputs                []struct {
			ID string `json:"id"`
		} `json:"inputs"`
	}
	if err := c.body(&asked); err != nil {
		return nil, err
	}
	most := 100
	if len(asked.PropertiesWithHistory) > 0 {
		most = 50
	}
	if len(asked.Inputs) > most {
		return nil, invalid("%d inputs are more than the %d that a batch may have", len(asked.Inputs), most)
	}
	v := view{properties: asked.Properties, history: asked.PropertiesWithHistory, archived: c.r.URL.Query().Get("archived") == "true"}
	told, gone := []object{}, []string(nil)
	for _, input := range asked.Inputs {
		r, err := c.find(k, asked.IDProperty, input.ID, v.archived)
		if err != nil {
			return nil, err
		}
		if r == nil || r.archived() != v.archived {
			gone = append(gone, input.ID)
			continue
		}
		o, err := c.object(k, r, v)
		if err != nil {
			return nil, err
		}
		told = append(told, o)
	}
	if len(gone) == 0 {
		return batchOf(c, told, nil), nil
	}
	sort.Strings(gone)
	return batchOf(c, told, []unknown{{
		Status: "error", Category: "OBJECT_NOT_FOUND", Context: map[string][]string{"ids": gone},
		Message: fmt.Sprintf("Could not get some %s objects, they may be deleted or not exist. Check that ids are valid.", strings.ToUpper(k.singular)),
	}}), nil
}
