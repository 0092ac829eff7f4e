package standin

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// What a search may ask: the rest is split by its caller.
const (
	searchCeiling   = 10_000
	searchPage      = 200
	searchBody      = 3000 // characters
	mostGroups      = 5
	mostPerGroup    = 6
	mostFilters     = 18
	sortsOfASearch  = 1
	ascendingOrder  = "ASCENDING"
	descendingOrder = "DESCENDING"
)

// query is the body of a search.
type query struct {
	FilterGroups []struct {
		Filters []filter `json:"filters"`
	} `json:"filterGroups"`
	Query      string   `json:"query"`
	Sorts      []sorted `json:"sorts"`
	Properties []string `json:"properties"`
	Limit      *int     `json:"limit"`
	After      cursor   `json:"after"`
}

// cursor is the offset of a search's page: clients send text or a number.
type cursor int

// UnmarshalJSON takes either.
func (c *cursor) UnmarshalJSON(text []byte) error {
	bare := strings.Trim(string(text), `"`)
	if bare == "" || bare == "null" {
		return nil
	}
	n, err := strconv.Atoi(bare)
	*c = cursor(n)
	return err
}

// sorted is an order: {propertyName, direction}, or text with a minus before what falls.
type sorted struct {
	PropertyName string `json:"propertyName"`
	Direction    string `json:"direction"`
}

// UnmarshalJSON takes all that HubSpot takes, the object as text among them.
func (s *sorted) UnmarshalJSON(text []byte) error {
	var plain string
	if json.Unmarshal(text, &plain) == nil {
		if !strings.HasPrefix(plain, "{") {
			s.PropertyName, s.Direction = strings.TrimPrefix(plain, "-"), ascendingOrder
			if strings.HasPrefix(plain, "-") {
				s.Direction = descendingOrder
			}
			return nil
		}
		text = []byte(plain)
	}
	type bare sorted
	return json.Unmarshal(text, (*bare)(s))
}

// search answers POST /crm/v3/objects/{type}/search: of live records, as far as the index knows them.
func (c *call) search() (any, error) {
	k, err := c.asked("type")
	if err != nil {
		return nil, err
	}
	if c.r.ContentLength > searchBody {
		return nil, problem("%d characters are more than the %d of a search", c.r.ContentLength, searchBody)
	}
	var q query
	if err := c.body(&q); err != nil {
		return nil, err
	}
	limit, err := c.check(k, &q)
	if err != nil {
		return nil, err
	}
	var found []*record
	for _, id := range k.records.ids {
		if r := k.records.byID[id]; !r.archived() && r.value("hs_object_id", c.now) != "" && c.matches(k, r, &q) {
			found = append(found, r)
		}
	}
	c.sort(k, found, q.Sorts)
	told := []object{}
	page := found[min(int(q.After), len(found)):min(int(q.After)+limit, len(found))]
	for _, r := range page {
		o, err := c.object(k, r, view{properties: q.Properties, seen: c.now})
		if err != nil {
			return nil, err
		}
		told = append(told, o)
	}
	var more *paging
	if end := int(q.After) + len(page); end < len(found) {
		more = &paging{Next: next{After: strconv.Itoa(end)}}
	}
	return struct {
		Total   int      `json:"total"`
		Results []object `json:"results"`
		Paging  *paging  `json:"paging,omitempty"`
	}{len(found), told, more}, nil
}

// check says what of a search HubSpot refuses, and how many a page holds.
func (c *call) check(k *kind, q *query) (int, error) {
	limit := 10
	if q.Limit != nil {
		limit = *q.Limit
	}
	if limit < 1 || limit > searchPage {
		return 0, invalid("limit %d is not between 1 and %d", limit, searchPage)
	}
	if q.After < 0 || int(q.After)+limit > searchCeiling {
		return 0, problem("after %d and %d results are beyond the %d that a search tells", q.After, limit, searchCeiling)
	}
	if len(q.FilterGroups) > mostGroups {
		return 0, problem("%d filter groups are more than %d", len(q.FilterGroups), mostGroups)
	}
	all := 0
	for _, group := range q.FilterGroups {
		all += len(group.Filters)
		if len(group.Filters) > mostPerGroup {
			return 0, problem("%d filters in a group are more than %d", len(group.Filters), mostPerGroup)
		}
		for _, f := range group.Filters {
			if err := f.check(c.readable(k, f.PropertyName)); err != nil {
				return 0, err
			}
		}
	}
	if all > mostFilters {
		return 0, problem("%d filters are more than %d", all, mostFilters)
	}
	if len(q.Sorts) > sortsOfASearch {
		return 0, problem("%d sorts are more than %d", len(q.Sorts), sortsOfASearch)
	}
	for _, s := range q.Sorts {
		if c.readable(k, s.PropertyName) == nil {
			return 0, problem("sorts: Property %q does not exist", s.PropertyName)
		}
	}
	return limit, nil
}

// matches is true of one group whose filters all hold; no groups let everything through.
func (c *call) matches(k *kind, r *record, q *query) bool {
	if !c.mentions(k, r, q.Query) {
		return false
	}
	for _, group := range q.FilterGroups {
		misses := func(f filter) bool {
			return !f.holds(k.property(f.PropertyName).kind(), r.value(f.PropertyName, c.now))
		}
		if !slices.ContainsFunc(group.Filters, misses) {
			return true
		}
	}
	return len(q.FilterGroups) == 0
}

// mentions is true when every word of the query begins a word of the record's default properties.
func (c *call) mentions(k *kind, r *record, words string) bool {
	var text []string
	for _, name := range k.defaults {
		text = append(text, tokens(r.value(name, c.now))...)
	}
	for _, word := range tokens(words) {
		if !slices.ContainsFunc(text, func(token string) bool { return strings.HasPrefix(token, word) }) {
			return false
		}
	}
	return true
}

// sort orders what was found: as asked, without a value last; else by creation, the oldest first.
func (c *call) sort(k *kind, found []*record, sorts []sorted) {
	by := sorted{PropertyName: k.created}
	if len(sorts) > 0 {
		by = sorts[0]
	}
	typ := k.property(by.PropertyName).kind()
	weights := make(map[*record]weight, len(found))
	for _, r := range found {
		weights[r] = weigh(typ, r.value(by.PropertyName, c.now))
	}
	slices.SortFunc(found, func(a, b *record) int {
		left, right := weights[a], weights[b]
		order := left.compare(right)
		switch {
		case order == 0:
			return cmp.Compare(a.id, b.id)
		case left.text == "":
			return 1
		case right.text == "":
			return -1
		case by.Direction == descendingOrder:
			return -order
		default:
			return order
		}
	})
}
