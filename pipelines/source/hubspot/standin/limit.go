package standin

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Limits are how many requests HubSpot takes.
type Limits struct {
	// TenSeconds is per token in any ten seconds; 0: 190, a private app of a Professional account.
	TenSeconds int
	// Daily is per account until midnight UTC; 0: 650,000.
	Daily int
	// SearchesPerSecond is per account; 0: 5.
	SearchesPerSecond int
}

func (l Limits) orDefaults() Limits {
	return Limits{
		TenSeconds: or(l.TenSeconds, 190), Daily: or(l.Daily, 650_000), SearchesPerSecond: or(l.SearchesPerSecond, 5),
	}
}

func or(n, instead int) int {
	if n == 0 {
		return instead
	}
	return n
}

// SetLimits changes them from the next request on; zero fields: HubSpot's own.
func (s *Server) SetLimits(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l.orDefaults()
}

// window counts what happened in the last while.
type window struct{ at []time.Time }

// take says whether one more fits, counts it if so, and tells how many more would.
func (w *window) take(now time.Time, span time.Duration, most int) (left int, fits bool) {
	for len(w.at) > 0 && now.Sub(w.at[0]) >= span {
		w.at = w.at[1:]
	}
	if len(w.at) >= most {
		return 0, false
	}
	w.at = append(w.at, now)
	return most - len(w.at), true
}

// quota counts what happened on a day.
type quota struct {
	day  string
	used int
}

func (q *quota) take(now time.Time, most int) (left int, fits bool) {
	if day := now.Format(time.DateOnly); day != q.day {
		*q = quota{day: day}
	}
	if q.used >= most {
		return 0, false
	}
	q.used++
	return most - q.used, true
}

// counted is the meter of every endpoint but search. Refused requests do not count.
func counted(c *call, header http.Header) error {
	left, fits := c.token.calls.take(c.now, 10*time.Second, c.limits.TenSeconds)
	header.Set("X-Hubspot-Ratelimit-Interval-Milliseconds", "10000")
	header.Set("X-Hubspot-Ratelimit-Max", strconv.Itoa(c.limits.TenSeconds))
	header.Set("X-Hubspot-Ratelimit-Remaining", strconv.Itoa(left))
	if !fits {
		return limited("TEN_SECONDLY_ROLLING")
	}
	left, fits = c.daily.take(c.now, c.limits.Daily)
	header.Set("X-Hubspot-Ratelimit-Daily", strconv.Itoa(c.limits.Daily))
	header.Set("X-Hubspot-Ratelimit-Daily-Remaining", strconv.Itoa(left))
	if !fits {
		return limited("DAILY")
	}
	return nil
}

// searched is the meter of search: its own limit, and no headers, as HubSpot documents.
func searched(c *call, _ http.Header) error {
	if _, fits := c.searches.take(c.now, time.Second, c.limits.SearchesPerSecond); !fits {
		return limited("SECONDLY")
	}
	if _, fits := c.daily.take(c.now, c.limits.Daily); !fits {
		return limited("DAILY")
	}
	return nil
}

// limited is HubSpot's 429. HubSpot sends no Retry-After with it; a Fault can.
func limited(policy string) *failure {
	words := map[string]string{"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "DAILY": "daily", "SECONDLY": "secondly"}[policy]
	return &failure{
		code: http.StatusTooManyRequests, Message: fmt.Sprintf("You have reached your %s limit.", words), ErrorType: "RATE_LIMIT",
		PolicyName: policy, Category: "RATE_LIMITS",
	}
}
