package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// searchesPerSecond is what HubSpot takes of an account; we leave one to others.
const searchesPerSecond = 4

// api asks HubSpot within its limits.
type api struct {
	base     string
	client   web.Client
	patience *source.Patience
	searches *source.Patience // the pace of search, which has a limit of its own
}

// paging is how a list goes on.
type paging struct {
	Next struct {
		After string `json:"after"`
	} `json:"next"`
}

func (a *api) get(ctx context.Context, path string, query url.Values, into any) (http.Header, error) {
	at := a.base + path
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	return a.client.JSON(ctx, web.Request{URL: at}, into)
}

func (a *api) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	_, err = a.client.JSON(ctx, web.Request{Method: http.MethodPost, URL: a.base + path, Header: header, Body: text}, into)
	return err
}

// search is a post with the limit of searches.
func (a *api) search(ctx context.Context, path string, body, into any) error {
	if err := a.searches.Pace(ctx); err != nil {
		return err
	}
	return a.post(ctx, path, body, into)
}

// seen rests when few of the requests that an interval has are left: as long as the interval has for one request, ten times over.
func (a *api) seen(h http.Header) error {
	number := func(name string) (int, bool) {
		n, err := strconv.Atoi(h.Get("X-HubSpot-RateLimit-" + name))
		return n, err == nil
	}
	most, hasMost := number("Max")
	left, hasLeft := number("Remaining")
	interval, hasInterval := number("Interval-Milliseconds")
	if hasMost && hasLeft && hasInterval && 10*left <= most {
		a.patience.Rest(time.Duration(interval) * time.Millisecond / 10)
	}
	return nil
}

// listing reads a list page by page.
type listing[T any] struct {
	api   *api
	path  string
	query url.Values
	again int // how often HubSpot has said that the page is followed by itself
	done  bool
}

// mostAgain is how often that may be. Nobody else sees it where the pages hold nothing that is asked for.
const mostAgain = 3

// next is the next page; io.EOF when there is none.
func (l *listing[T]) next(ctx context.Context) ([]T, error) {
	if l.done {
		return nil, io.EOF
	}
	var page struct {
		Results []T    `json:"results"`
		Paging  paging `json:"paging"`
	}
	if _, err := l.api.get(ctx, l.path, l.query, &page); err != nil {
		return nil, err
	}
	after := page.Paging.Next.After
	if l.done = after == ""; !l.done && after == l.query.Get("after") {
		l.again++
	}
	if l.again > mostAgain {
		return nil, fmt.Errorf("%w: %s goes on after %q for ever", source.ErrRepeats, l.path, after)
	}
	l.query.Set("after", after)
	return page.Results, nil
}
