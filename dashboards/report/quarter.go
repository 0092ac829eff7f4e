package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// shownQuarters are the headline quarter and the eight before it: two years to compare with.
const shownQuarters = 9

// period is a fiscal quarter, start to end (exclusive), as metrics.quarter has it.
type period struct {
	Start, End      time.Time
	Label           string
	Ended, Headline bool
}

func (p period) key() string { return p.Start.Format(time.DateOnly) }

// offered are the quarters that have figures, to the one of as_of, oldest first. There is one at least.
func (d *reader) offered() ([]period, error) {
	rows, err := d.conn.QueryContext(d.ctx, "SELECT quarter_start, quarter_end, label, is_ended, is_headline FROM metrics.quarter ORDER BY quarter_start")
	if err != nil {
		return nil, fmt.Errorf("read the quarters (a night built by an older version has none: run tributary run again): %w", err)
	}
	defer rows.Close()
	var out []period
	for rows.Next() {
		var p period
		if err := rows.Scan(&p.Start, &p.End, &p.Label, &p.Ended, &p.Headline); err != nil {
			return nil, fmt.Errorf("read the quarters: %w", err)
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the quarters: %w", err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("metrics.quarter is empty: the fiscal calendar has no quarter that began by %s: run tributary run again", d.asOf.Format(time.DateOnly))
	}
	return out, nil
}

// calendar shows the last quarters, the running one too, beside the headline.
func (d *reader) calendar() error {
	all, err := d.offered()
	if err != nil {
		return err
	}
	d.quarters = all[max(0, len(all)-shownQuarters):]
	d.head = slices.IndexFunc(d.quarters, func(p period) bool { return p.Headline })
	return nil
}

// choose makes a quarter the headline and the last that is shown: the last that has ended when text is empty, else the fiscal quarter of a
// day (2026-07-01), or the one that most of a calendar quarter (2026-Q3) lies in.
func (d *reader) choose(text string) error {
	all, err := d.offered()
	if err != nil {
		return err
	}
	wanted := func(p period) bool { return p.Headline }
	if text != "" {
		day, err := dayOf(text)
		if err != nil {
			return err
		}
		wanted = func(p period) bool { return !day.Before(p.Start) && day.Before(p.End) }
	}
	at := slices.IndexFunc(all, wanted)
	if at < 0 {
		return &AskedError{fmt.Sprintf("quarter %s is not in the data: it has the quarters that start from %s to %s, as of %s",
			text, all[0].key(), all[len(all)-1].key(), d.asOf.Format(time.DateOnly))}
	}
	d.quarters = all[max(0, at+1-shownQuarters) : at+1]
	d.head = len(d.quarters) - 1
	return nil
}

// name is what a quarter is called; those before the data have no name of their own.
func (d *reader) name(i int) string {
	switch {
	case i >= 0:
		return d.quarters[i].Label
	case i == d.head-1:
		return "the quarter before"
	}
	return "the year before"
}

var quarterText = regexp.MustCompile(`^(\d{4})-?[qQ]([1-4])$`)

func dayOf(text string) (time.Time, error) {
	day := text
	if m := quarterText.FindStringSubmatch(text); m != nil {
		number, err := strconv.Atoi(m[2])
		if err != nil {
			return time.Time{}, fmt.Errorf("read quarter %q: %w", text, err)
		}
		day = fmt.Sprintf("%s-%02d-15", m[1], 3*number-1)
	}
	out, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return out, &AskedError{fmt.Sprintf("quarter %q is none: write 2026-Q3, or a day in it such as 2026-07-01", text)}
	}
	return out, nil
}

// AskedError is a question that makes no sense for this data: whoever asked can mend it.
type AskedError struct{ text string }

func (e *AskedError) Error() string { return e.text }
