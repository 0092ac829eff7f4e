package standin

import (
	"sync"
	"time"
)

// Clock is a time that stands still until it is set; its Now is what Options wants. It may be used by many at once.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that stands at an instant.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now is where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to an instant, earlier ones too.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

// Advance moves the clock on.
func (c *Clock) Advance(by time.Duration) { c.Set(c.Now().Add(by)) }
