package source

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Patience is how a source is asked: not more often than it may be, each request with a deadline, and again when the source says
// that it may answer later. The zero value has sensible limits. It may be used by several goroutines and is not copied after its
// first use.
type Patience struct {
	RPS      float64       // requests per second; 0 = no limit
	Timeout  time.Duration // of a request; 1 minute when 0
	Attempts int           // of a request; 5 when 0
	Longest  time.Duration // that one wait may last, whatever the server asks for; 5 minutes when 0
	Tools    Tools

	mu   sync.Mutex
	free time.Time // when the next request may begin
}

// Tools are what waiting is made of; tests give their own. The zero value is the real ones. None of it is ever a value in the lake.
type Tools struct {
	Now    func() time.Time
	Wait   func(ctx context.Context, d time.Duration) error
	Random func() float64 // 0 ≤ x < 1
}

// Later is an error of a source that says by itself when to come back.
type Later struct {
	After time.Duration // from now; 0 = it did not say
	Err   error
}

func (l *Later) Error() string   { return l.Err.Error() }
func (l *Later) Unwrap() []error { return []error{l.Err, ErrTransient} }

const firstWait = 500 * time.Millisecond

// Do makes a request, and makes it again after a wait when its error is ErrTransient or its deadline has passed: at least what the
// source asks for (Later), else twice as long each time, with jitter, so that many who failed together do not come back together.
func (p *Patience) Do(ctx context.Context, request func(ctx context.Context) error) error {
	attempts := p.Attempts
	if attempts == 0 {
		attempts = 5
	}
	for n := 1; ; n++ {
		if err := p.Pace(ctx); err != nil {
			return err
		}
		err := p.once(ctx, request)
		if err == nil || !errors.Is(err, ErrTransient) {
			return err
		}
		if n == attempts {
			return fmt.Errorf("%w (asked %d times)", err, n)
		}
		wait, tooLong := p.wait(n, err)
		if tooLong {
			return err
		}
		if stopped := p.Pause(ctx, wait); stopped != nil {
			return errors.Join(stopped, err)
		}
	}
}

// once makes one attempt within its deadline. A deadline of the caller's own is not the source's fault.
func (p *Patience) once(ctx context.Context, request func(context.Context) error) error {
	within, cancel := p.Deadline(ctx)
	defer cancel()
	return p.Late(ctx, within, request(within))
}

// Deadline bounds one request.
func (p *Patience) Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, p.timeout())
}

func (p *Patience) timeout() time.Duration {
	if p.Timeout == 0 {
		return time.Minute
	}
	return p.Timeout
}

// Late says of the error of a request that was bounded by Deadline whether its deadline is the cause, or that of the caller.
func (p *Patience) Late(ctx, within context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case within.Err() != nil:
		return fmt.Errorf("no answer within %s: %w: %w", p.timeout(), ErrTransient, err)
	}
	return err
}

// wait is how long to wait after the nth attempt. A source that asks for more than the longest wait is not asked again in this run.
func (p *Patience) wait(n int, err error) (d time.Duration, tooLong bool) {
	longest := p.Longest
	if longest == 0 {
		longest = 5 * time.Minute
	}
	random := p.Tools.Random
	if random == nil {
		random = rand.Float64
	}
	d = min(firstWait<<(n-1), longest/2)
	d += time.Duration(random() * float64(d))
	var later *Later
	if errors.As(err, &later) && later.After > 0 {
		if later.After > longest {
			return 0, true
		}
		d = later.After + time.Duration(random()*float64(firstWait))
	}
	return d, false
}

// Pace waits until a request may be made. Do paces by itself.
func (p *Patience) Pace(ctx context.Context) error {
	now := p.now()
	p.mu.Lock()
	at := p.free
	if at.Before(now) {
		at = now
	}
	if p.RPS > 0 {
		p.free = at.Add(time.Duration(float64(time.Second) / p.RPS))
	}
	p.mu.Unlock()
	return p.Pause(ctx, at.Sub(now))
}

// Rest lets no request begin for a while: a source has said that few more are allowed.
func (p *Patience) Rest(d time.Duration) {
	until := p.now().Add(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free.Before(until) {
		p.free = until
	}
}

func (p *Patience) now() time.Time {
	if p.Tools.Now != nil {
		return p.Tools.Now()
	}
	return time.Now()
}

// Pause waits for a while, such as for a job of the source to get on.
func (p *Patience) Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	if p.Tools.Wait != nil {
		return p.Tools.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
