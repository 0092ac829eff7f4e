package lineage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Client sends events in the background, in order. The first that cannot be sent ends it: a night tells of that once, and waits no more.
type Client struct {
	settings Settings
	cancel   context.CancelFunc
	done     chan struct{} // the sender has ended

	mu      sync.Mutex
	waiting []Event
	closed  bool
	wake    chan struct{}
	sent    int
	all     int
	err     error
}

// target is where events are sent.
type target interface {
	send(ctx context.Context, line []byte) error
}

// Open begins to send. Clock names the files of a transport that writes one per event.
func Open(s Settings, clock func() time.Time) *Client {
	ctx, cancel := context.WithCancel(context.Background()) // of its own: a run that is told to stop still says so
	c := &Client{settings: s, cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	var to target = &endpoint{url: s.URL, key: s.APIKey}
	if s.File != "" {
		to = &file{path: s.File, appended: s.Append, clock: clock}
	}
	go c.run(ctx, to)
	return c
}

// Emit takes an event to be sent. It never waits.
func (c *Client) Emit(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all++
	if c.closed || c.err != nil {
		return
	}
	c.waiting = append(c.waiting, e)
	c.signal()
}

func (c *Client) signal() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}

// Close waits for what is still to be sent, as long as the settings say, and tells what was not.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.signal()
	c.mu.Unlock()
	timer := time.NewTimer(c.settings.Flush)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
	}
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.sent < c.all {
		c.err = errors.New("it does not keep up")
	}
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("%w: %d of %d events were sent", c.err, c.sent, c.all)
}

// run sends until everything is sent, or something cannot be.
func (c *Client) run(ctx context.Context, to target) {
	defer close(c.done)
	for {
		e, more := c.next(ctx)
		if !more {
			return
		}
		err := c.one(ctx, to, e)
		c.mu.Lock()
		if err != nil {
			c.err, c.waiting = err, nil
			c.mu.Unlock()
			return
		}
		c.sent++
		c.mu.Unlock()
	}
}

// next waits for an event; none comes once the client is closed.
func (c *Client) next(ctx context.Context) (e Event, more bool) {
	for {
		c.mu.Lock()
		if len(c.waiting) > 0 {
			e, c.waiting = c.waiting[0], c.waiting[1:]
			c.mu.Unlock()
			return e, true
		}
		closed := c.closed
		c.mu.Unlock()
		if closed {
			return e, false
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			return e, false
		}
	}
}

func (c *Client) one(ctx context.Context, to target, e Event) error {
	line, err := e.line()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	return to.send(ctx, line)
}

// endpoint takes events by POST.
type endpoint struct{ url, key string }

func (t *endpoint) send(ctx context.Context, line []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(line))
	if err != nil {
		return errors.New("the endpoint has no address") // the cause would show it
	}
	req.Header.Set("Content-Type", "application/json")
	if t.key != "" {
		req.Header.Set("Authorization", "Bearer "+t.key)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req) //nolint:gosec // the address is the user's own
	if err != nil {
		return fmt.Errorf("%s: %w", req.URL.Host, withoutAddress(err))
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // so that the connection serves the next event
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s answered %s", req.URL.Host, res.Status)
	}
	return nil
}

// withoutAddress takes the address, which may hold a secret, out of an error.
func withoutAddress(err error) error {
	var of *url.Error
	for errors.As(err, &of) {
		err = of.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errors.New("no answer in time")
	}
	return err
}

// file takes events as lines of one file, which others may write to as well, or as files of their own.
type file struct {
	path     string
	appended bool
	clock    func() time.Time
	last     time.Time
}

func (t *file) send(_ context.Context, line []byte) error {
	path, flags := t.path, os.O_APPEND
	if !t.appended {
		now := t.clock().Truncate(time.Microsecond)
		if !now.After(t.last) { // names are told apart by microseconds
			now = t.last.Add(time.Microsecond)
		}
		t.last = now
		path, flags = fmt.Sprintf("%s-%s.json", t.path, now.Format("20060102-150405.000000")), os.O_TRUNC
	}
	out, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_WRONLY|flags, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n')) // one write: lines of several writers do not mix
	return errors.Join(err, out.Close())
}
