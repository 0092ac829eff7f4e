package nightly

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/transforms/program"
)

// Window is a piece of a backfill: days of the reporting zone, To exclusive.
type Window struct{ From, To time.Time }

func (w Window) String() string {
	return w.From.Format(time.DateOnly) + " to " + w.To.Format(time.DateOnly)
}

var stepText = regexp.MustCompile(`^([1-9]\d{0,3})([dM])$`)

// maxWindows is more than ten years of days: beyond it somebody has mistyped a year.
const maxWindows = 4000

// Windows cuts the days from one to another, exclusive, into windows of so many days (7d) or months (1M); the last may be shorter.
// Months are counted from the first day: those from the 31st end where a month is shorter.
func Windows(from, to, step string) ([]Window, error) {
	first, err := program.ParseDay(from)
	if err != nil {
		return nil, configError{fmt.Errorf("--from: %w", err)}
	}
	end, err := program.ParseDay(to)
	if err != nil {
		return nil, configError{fmt.Errorf("--to: %w", err)}
	}
	if !first.Before(end) {
		return nil, configError{fmt.Errorf("--from %s is not before --to %s, which is exclusive", from, to)}
	}
	m := stepText.FindStringSubmatch(step)
	if m == nil {
		return nil, configError{fmt.Errorf("--window: %q is no number of days or months: write 1d, 7d or 1M", step)}
	}
	size, _ := strconv.Atoi(m[1]) // of four digits at most
	next := func(k int) time.Time { return first.AddDate(0, 0, k*size) }
	if m[2] == "M" {
		next = func(k int) time.Time { return addMonths(first, k*size) }
	}
	var out []Window
	for k := 0; next(k).Before(end); k++ {
		if k == maxWindows {
			return nil, configError{fmt.Errorf("--window: %s makes more than %d windows from %s to %s: take a longer one", step, maxWindows, from, to)}
		}
		w := Window{From: next(k), To: next(k + 1)}
		if w.To.After(end) {
			w.To = end
		}
		out = append(out, w)
	}
	return out, nil
}

// addMonths goes to the same day of a later month, or to its last one.
func addMonths(day time.Time, n int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1)
	return first.AddDate(0, 0, min(day.Day(), last.Day())-1)
}

// LastDay is the as_of of a backfill.
func LastDay(windows []Window) string {
	return windows[len(windows)-1].To.AddDate(0, 0, -1).Format(time.DateOnly)
}

// pass is one extraction.
type pass struct {
	label   string // which of how many windows; "" = all that is new
	streams []extract.Stream
}

// passes are the extractions of a run: one of all that is new, and in a backfill one per window of the streams that can be asked for an
// interval. What of them cannot is read whole in the first window.
func passes(whole, asked []extract.Stream, windows []Window, zone *time.Location) []pass {
	if len(windows) == 0 {
		return []pass{{streams: append(append([]extract.Stream{}, whole...), asked...)}}
	}
	var out []pass
	if len(whole) > 0 || len(asked) == 0 {
		out = append(out, pass{streams: whole})
	}
	for i, w := range windows {
		if len(asked) > 0 {
			out = append(out, pass{label: fmt.Sprintf("window %d of %d, %s", i+1, len(windows), w), streams: within(asked, w.interval(zone), i > 0)})
		}
	}
	return out
}

// interval is the window's days, from midnight to midnight in the reporting zone.
func (w Window) interval(zone *time.Location) source.Interval {
	return source.Interval{From: program.OnClock(w.From, 0, zone), To: program.OnClock(w.To, 0, zone)}
}

func within(streams []extract.Stream, interval source.Interval, again bool) []extract.Stream {
	out := make([]extract.Stream, len(streams))
	for i, s := range streams {
		ask := *s.Ask
		ask.Interval, ask.Again = interval, again
		s.Ask = &ask
		out[i] = s
	}
	return out
}

// checkBackfill refuses one that would publish a day that is not over: what followed could not be published any more.
func (n *night) checkBackfill() error {
	if len(n.opts.Windows) == 0 {
		return nil
	}
	if over := program.LastDayEnded(n.now(), n.project.Zone); n.asOf.After(over) {
		return configError{fmt.Errorf("--to %s: %s has not ended in %s; the latest --to is %s", n.asOf.AddDate(0, 0, 1).Format(time.DateOnly),
			n.summary.AsOf, n.project.Zone, over.AddDate(0, 0, 1).Format(time.DateOnly))}
	}
	var whole []string
	for _, s := range n.project.Config.Sources {
		if !s.ByInterval() {
			whole = append(whole, s.Name)
		}
	}
	if len(whole) > 0 {
		n.notice("%s: taken by what is new, whatever the windows, in one extraction", strings.Join(whole, ", "))
	}
	return nil
}

// overtaken says that a backfill ends before what is published: then there is nothing to build.
func (n *night) overtaken(ctx context.Context) (bool, error) {
	if len(n.opts.Windows) == 0 {
		return false, nil
	}
	newer, err := n.isOlder(ctx)
	if err != nil || newer == "" {
		return false, err
	}
	n.notice("not built: %s is published and newer than %s; what was extracted counts from the next run on (tributary run --as-of %s has it now)", newer, n.summary.AsOf, newer)
	return true, nil
}
