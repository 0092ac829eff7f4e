package panel

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Range is the dashboard's time range.
type Range struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// relative is a time such as now-2y/M.
var (
	relative = regexp.MustCompile(`^now((?:[+-]\d+[smhdwMy])*)(?:/([dwMy]))?$`)
	step     = regexp.MustCompile(`([+-]\d+)([smhdwMy])`)
)

// rangeOf reads the range that a dashboard opens with.
func rangeOf(from, to string, now time.Time) (r Range, err error) {
	if from == "" {
		from, to = "now-6h", "now"
	}
	if r.From, err = instant(from, now, false); err != nil {
		return r, err
	}
	if r.To, err = instant(to, now, true); err != nil {
		return r, err
	}
	if !r.From.Before(r.To) {
		return r, fmt.Errorf("the time range %s to %s is empty", from, to)
	}
	return r, nil
}

func instant(text string, now time.Time, end bool) (time.Time, error) {
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil { // as an address has it
		return time.UnixMilli(millis).UTC(), nil
	}
	part := relative.FindStringSubmatch(text)
	if part == nil {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", time.DateOnly} {
			if t, err := time.Parse(layout, text); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, fmt.Errorf("%q is no time of a dashboard's range", text)
	}
	t := now.UTC()
	for _, s := range step.FindAllStringSubmatch(part[1], -1) {
		n, err := strconv.Atoi(s[1])
		if err != nil {
			return t, fmt.Errorf("the range's time %q: %w", text, err)
		}
		t = shift(t, n, s[2])
	}
	if part[2] == "" {
		return t, nil
	}
	t = floor(t, part[2])
	if end { // an end is rounded up
		t = shift(t, 1, part[2]).Add(-time.Millisecond)
	}
	return t, nil
}

func shift(t time.Time, n int, unit string) time.Time {
	switch unit {
	case "s":
		return t.Add(time.Duration(n) * time.Second)
	case "m":
		return t.Add(time.Duration(n) * time.Minute)
	case "h":
		return t.Add(time.Duration(n) * time.Hour)
	case "d":
		return t.AddDate(0, 0, n)
	case "w":
		return t.AddDate(0, 0, 7*n)
	case "M":
		return t.AddDate(0, n, 0)
	}
	return t.AddDate(n, 0, 0)
}

func floor(t time.Time, unit string) time.Time {
	year, month, day := t.Date()
	switch unit {
	case "w": // ISO weeks
		day -= (int(t.Weekday()) + 6) % 7
	case "M":
		day = 1
	case "y":
		month, day = time.January, 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// spacing is the distance between points that Grafana suggests to a query.
type spacing struct {
	name   string
	length time.Duration
}

// points is how many points of a series a panel asks for.
const points = 1000

func interval(r Range) spacing {
	wanted := r.To.Sub(r.From) / points
	out := spacing{"1m", time.Minute}
	for _, s := range []spacing{
		{"5m", 5 * time.Minute}, {"10m", 10 * time.Minute}, {"30m", 30 * time.Minute}, {"1h", time.Hour}, {"3h", 3 * time.Hour},
		{"6h", 6 * time.Hour}, {"12h", 12 * time.Hour}, {"1d", 24 * time.Hour}, {"1w", 7 * 24 * time.Hour}, {"30d", 30 * 24 * time.Hour},
	} {
		if out.length >= wanted {
			break
		}
		out = s
	}
	return out
}
