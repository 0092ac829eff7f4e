package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Pagination is how pages follow each other: one of these, or the word none.
type Pagination struct {
	At     diag.Pos
	Cursor *CursorPaging `yaml:"cursor"`
	Page   *CountPaging  `yaml:"page"`
	Offset *CountPaging  `yaml:"offset"`
	Link   *Sized        `yaml:"link"`
	Next   *NextPaging   `yaml:"next"`

	none bool
}

// Sized is how one asks for the size of a page.
type Sized struct {
	SizeParam diag.Text `yaml:"size_param"`
	Size      int       `yaml:"size"`
}

// CursorPaging goes on from a mark: one that the answer has, or a field of its last record.
type CursorPaging struct {
	Sized `yaml:",inline"`
	Param diag.Text `yaml:"param,required"`
	From  diag.Text `yaml:"from"`
	Last  diag.Text `yaml:"last"`
	More  diag.Text `yaml:"more"`
}

// CountPaging counts pages or records.
type CountPaging struct {
	Sized `yaml:",inline"`
	Param diag.Text `yaml:"param,required"`
	Start *int      `yaml:"start"`
	More  diag.Text `yaml:"more"`
}

// NextPaging follows the address that the answer has.
type NextPaging struct {
	Sized `yaml:",inline"`
	Path  diag.Text `yaml:"path,required"`
}

const ways = "cursor, page, offset, link, next, or the word none"

// DecodeNode reads the word none, or one way.
func (p *Pagination) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		p.At, p.none = d.Pos(n), true
		if n.Value != "none" {
			d.Problem(n, ways, "pagination cannot be %q", n.Value)
		}
		return
	}
	type plain Pagination
	d.Decode(n, (*plain)(p))
}

func (p *Pagination) check(problems *diag.List) {
	if p == nil || p.none {
		return
	}
	var sizes []Sized
	if p.Cursor != nil {
		sizes = append(sizes, p.Cursor.Sized)
		if (p.Cursor.From.Value == "") == (p.Cursor.Last.Value == "") {
			problems.Add(p.At, "from: a path in the answer, or last: a field of the last record", "cursor needs one of from and last")
		}
	}
	for _, c := range []*CountPaging{p.Page, p.Offset} {
		if c != nil {
			sizes = append(sizes, c.Sized)
		}
	}
	if p.Link != nil {
		sizes = append(sizes, *p.Link)
	}
	if p.Next != nil {
		sizes = append(sizes, p.Next.Sized)
	}
	if len(sizes) != 1 {
		problems.Add(p.At, ways, "pagination must be one way, not %d", len(sizes))
	}
	for _, s := range sizes {
		if (s.SizeParam.Value == "") != (s.Size == 0) || s.Size < 0 {
			problems.Add(p.At, "for example size_param: limit, size: 100", "size_param and size go together")
		}
	}
}

// paging is the way in which the pages of a stream follow each other; the zero value has one page.
type paging struct {
	Sized
	step step
	// counted: by numbers that move when records vanish while we read, so that a record can be passed over.
	counted bool
	param   string
	start   int
}

// step finds the request after an answer; nil when that was the last page.
type step func(asked *url.URL, got answer) (*url.URL, error)

func (p *Pagination) paging() paging {
	switch {
	case p == nil || p.none:
		return paging{}
	case p.Cursor != nil && p.Cursor.Last.Value != "":
		return paging{Sized: p.Cursor.Sized, step: afterLast(p.Cursor.Param.Value, p.Cursor.Last.Value, p.Cursor.More.Value)}
	case p.Cursor != nil:
		return paging{Sized: p.Cursor.Sized, step: fromMark(p.Cursor.Param.Value, p.Cursor.From.Value, p.Cursor.More.Value)}
	case p.Page != nil:
		return counting(*p.Page, 1, func(int) int { return 1 })
	case p.Offset != nil:
		return counting(*p.Offset, 0, func(records int) int { return records })
	case p.Link != nil:
		return paging{Sized: *p.Link, step: byLink}
	case p.Next != nil:
		return paging{Sized: p.Next.Sized, step: byPath(p.Next.Path.Value)}
	}
	return paging{}
}

// first puts what the first page needs into a query.
func (p paging) first(q url.Values, size int) {
	if p.SizeParam.Value != "" {
		q.Set(p.SizeParam.Value, strconv.Itoa(size))
	}
	if p.counted {
		q.Set(p.param, strconv.Itoa(p.start))
	}
}

// next is the request after an answer; nil when that was the last page. Another server is never asked: the login goes along.
func (p paging) next(asked *url.URL, got answer) (*url.URL, error) {
	if p.step == nil {
		return nil, nil //nolint:nilnil // one page
	}
	next, err := p.step(asked, got)
	if err == nil && next != nil && !sameOrigin(asked, next) {
		return nil, fmt.Errorf("%w: the next page is said to be at %s://%s, another server than %s: it is not asked", source.ErrConfig, next.Scheme, next.Host, asked.Host)
	}
	return next, err
}

// with is an address with another value of a parameter.
func with(asked *url.URL, param, value string) *url.URL {
	next, q := *asked, asked.Query()
	q.Set(param, value)
	next.RawQuery = q.Encode()
	return &next
}

// ends tells whether the answer says that nothing follows. Without a place where it says so, it does not.
func ends(got answer, more string) (bool, error) {
	if more == "" {
		return false, nil
	}
	raw, err := got.at(more)
	if err != nil {
		return false, err
	}
	switch string(raw) {
	case "true":
		return false, nil
	case "false":
		return true, nil
	}
	return false, fmt.Errorf("%w: %s of the answer is %.40s, neither true nor false: mend `more`", source.ErrConfig, more, raw)
}

func afterLast(param, field, more string) step {
	return func(asked *url.URL, got answer) (*url.URL, error) {
		over, err := ends(got, more)
		if over || err != nil || len(got.records) == 0 && more == "" {
			return nil, err
		}
		if len(got.records) == 0 {
			return nil, fmt.Errorf("the answer says by %s that more follows, and has no record to go on from", more)
		}
		var last web.Record
		if err := json.Unmarshal(got.records[len(got.records)-1], &last); err != nil {
			return nil, fmt.Errorf("the last record of a page is no object: %w", err)
		}
		mark, err := web.Value(last[field])
		if err != nil || len(mark) == 0 {
			return nil, fmt.Errorf("%w: the last record of a page has no %s to go on from: mend `last`", source.ErrConfig, field)
		}
		return with(asked, param, string(mark)), nil
	}
}

func fromMark(param, path, more string) step {
	return func(asked *url.URL, got answer) (*url.URL, error) {
		over, err := ends(got, more)
		if over || err != nil {
			return nil, err
		}
		mark := got.text(path)
		if mark == "" && more != "" {
			return nil, fmt.Errorf("%w: the answer says by %s that more follows, and has no %s to go on from: mend `from`", source.ErrConfig, more, path)
		}
		if mark == "" {
			return nil, nil //nolint:nilnil // the last page
		}
		return with(asked, param, mark), nil
	}
}

// counting goes on until a page is empty: one that is short may be so because the service allows no longer ones.
func counting(c CountPaging, start int, by func(records int) int) paging {
	if c.Start != nil {
		start = *c.Start
	}
	param, more := c.Param.Value, c.More.Value
	return paging{Sized: c.Sized, counted: true, param: param, start: start, step: func(asked *url.URL, got answer) (*url.URL, error) {
		over, err := ends(got, more)
		if over || err != nil || len(got.records) == 0 {
			return nil, err
		}
		at, err := strconv.Atoi(asked.Query().Get(param))
		if err != nil {
			return nil, err
		}
		return with(asked, param, strconv.Itoa(at+by(len(got.records)))), nil
	}}
}

func byPath(path string) step {
	return func(asked *url.URL, got answer) (*url.URL, error) {
		return follow(asked, got.text(path))
	}
}

func byLink(asked *url.URL, got answer) (*url.URL, error) {
	return follow(asked, linked(got.header))
}

// follow is an address that may be relative to the one that was asked; nil for none.
func follow(asked *url.URL, to string) (*url.URL, error) {
	if to == "" {
		return nil, nil //nolint:nilnil // the last page
	}
	next, err := asked.Parse(to)
	if err != nil {
		return nil, fmt.Errorf("%w: the next page is said to be at something that is no address", source.ErrConfig) // it may hold a secret
	}
	return next, nil
}

// linked is the target of rel="next" among the Link headers (RFC 8288).
func linked(h http.Header) string {
	for _, header := range h.Values("Link") {
		for header != "" {
			_, rest, found := strings.Cut(header, "<")
			target, params, closed := strings.Cut(rest, ">")
			if !found || !closed {
				break
			}
			params, header, _ = strings.Cut(params, "<") // up to the next target
			for param := range strings.SplitSeq(params, ";") {
				name, value, _ := strings.Cut(strings.Trim(param, " ,\t"), "=")
				if strings.EqualFold(strings.TrimSpace(name), "rel") && containsWord(strings.Trim(strings.TrimSpace(value), `"`), "next") {
					return target
				}
			}
			if header != "" {
				header = "<" + header
			}
		}
	}
	return ""
}

func containsWord(text, word string) bool {
	for one := range strings.FieldsSeq(text) {
		if strings.EqualFold(one, word) {
			return true
		}
	}
	return false
}
