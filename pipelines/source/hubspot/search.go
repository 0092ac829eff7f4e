package hubspot

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// How many records a search gives, and how long the names of its properties may be: HubSpot takes 3,000 characters in all.
const (
	searchPage   = 200
	longestNames = 2200
)

// search reads what was changed in an interval, in the order of the changes. Each page is a search of its own that begins at the last
// millisecond of the page before: so it meets no ceiling, and no row is skipped when an earlier one is changed meanwhile and leaves the
// interval. Of a millisecond that fills a page it goes on by the number of the records.
type search struct {
	*connector
	object     object
	cursor     string
	properties []string
	only       []filter // besides

	from, to int64           // milliseconds, half-open
	seen     map[string]bool // records at from that have been told
	within   bool            // the records of the millisecond from, after the record last
	without  bool            // the records without a cursor, after the record last
	last     int64
	ended    bool // the interval, or those without a cursor
	counted  bool
	told     *source.Told
}

type filter struct {
	Property string `json:"propertyName"`
	Operator string `json:"operator"`
	Value    string `json:"value,omitempty"`
}

type order struct {
	Property  string `json:"propertyName"`
	Direction string `json:"direction"`
}

type group struct {
	Filters []filter `json:"filters"`
}

type query struct {
	Groups     []group  `json:"filterGroups"`
	Sorts      []order  `json:"sorts"`
	Properties []string `json:"properties"`
	Limit      int      `json:"limit"`
}

func (c *connector) searching(o object, cursor string, properties []string, i source.Interval, told *source.Told) *search {
	s := &search{connector: c, object: o, cursor: cursor, properties: append([]string{cursor}, properties...), from: math.MinInt64, to: math.MaxInt64, seen: map[string]bool{}, told: told}
	if !i.From.IsZero() {
		s.from = milliseconds(i.From)
	}
	if !i.To.IsZero() {
		s.to = milliseconds(i.To)
	}
	return s
}

// changed reads the rows of an interval, and those without a cursor. Where a search cannot name all properties it finds the records.
func (c *connector) changed(o object, r source.Request, told *source.Told) step {
	names := r.Names()
	if len(strings.Join(names, `","`)) > longestNames {
		s := c.searching(o, r.Cursor, nil, r.Interval, told)
		return func(ctx context.Context) ([]web.Record, error) {
			page, err := s.next(ctx)
			if err != nil {
				return nil, err
			}
			page, err = c.batch(ctx, o, batchRead{Properties: names, ids: ids(page)})
			return toRecords(page), err
		}
	}
	s := c.searching(o, r.Cursor, names, r.Interval, told)
	return func(ctx context.Context) ([]web.Record, error) {
		page, err := s.next(ctx)
		return toRecords(page), err
	}
}

// next are the records of the next page that have not been told.
func (s *search) next(ctx context.Context) ([]found, error) {
	if s.ended || s.from >= s.to && !s.without {
		if s.without || s.cursor == s.object.modified() { // which every record has
			return nil, io.EOF
		}
		s.without, s.ended, s.counted, s.last, s.seen = true, false, false, 0, nil
	}
	var page struct {
		Total   int64   `json:"total"`
		Results []found `json:"results"`
		Paging  paging  `json:"paging"`
	}
	if err := s.api.search(ctx, s.object.path("objects")+"/search", s.query(), &page); err != nil {
		return nil, err
	}
	if !s.counted {
		s.counted, s.told.Known = true, true
		s.told.Rows += page.Total
	}
	var fresh []found
	for _, f := range page.Results {
		if !s.seen[f.ID] {
			fresh = append(fresh, f)
		}
	}
	return fresh, s.advance(page.Results, page.Paging.Next.After != "" && len(page.Results) > 0)
}

func (s *search) query() query {
	q := query{Properties: s.properties, Limit: s.pageOf(searchPage), Sorts: []order{{s.cursor, "ASCENDING"}}}
	filters := slices.Clone(s.only)
	add := func(property, operator string, value int64) {
		filters = append(filters, filter{property, operator, strconv.FormatInt(value, 10)})
	}
	to := s.to
	if s.within || s.without {
		q.Sorts = []order{{recordID, "ASCENDING"}}
		add(recordID, "GT", s.last)
	}
	if s.without {
		q.Groups = []group{{append(filters, filter{Property: s.cursor, Operator: "NOT_HAS_PROPERTY"})}}
		return q
	}
	if s.within {
		to = s.from + 1
	}
	if s.from > math.MinInt64 {
		add(s.cursor, "GTE", s.from)
	}
	if to < math.MaxInt64 {
		add(s.cursor, "LT", to)
	}
	if len(filters) > 0 {
		q.Groups = []group{{filters}}
	}
	return q
}

// advance decides where the next page begins.
func (s *search) advance(page []found, more bool) error {
	switch {
	case s.within && !more:
		s.within, s.seen, s.from = false, map[string]bool{}, s.from+1
		return nil
	case !more:
		s.ended = true
		return nil
	case s.within || s.without:
		before := s.last
		for _, f := range page {
			id, err := strconv.ParseInt(f.ID, 10, 64)
			if err != nil {
				return fmt.Errorf("record %q: %w", f.ID, err)
			}
			s.last = max(s.last, id)
		}
		if s.last == before {
			return fmt.Errorf("%w: a search for records after %d finds none of them and goes on", source.ErrRepeats, before)
		}
		return nil
	}
	last, at := int64(math.MinInt64), make([]int64, len(page))
	for i, f := range page {
		value, err := web.Value(f.Properties[s.cursor])
		when, ok := instant(string(value))
		if err != nil || !ok {
			return fmt.Errorf("record %s: %s is %q, no instant", f.ID, s.cursor, value)
		}
		at[i] = when.UnixMilli()
		last = max(last, at[i])
	}
	if last <= s.from {
		s.within, s.last = true, 0
	} else {
		s.from, s.seen = last, map[string]bool{}
	}
	for i, f := range page {
		if at[i] == last {
			s.seen[f.ID] = true
		}
	}
	return nil
}
