package report

import (
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var quarterText = regexp.MustCompile(`^(\d{4})-?[qQ]([1-4])$`)

// choose makes a quarter the headline: the last that has ended when text is empty, else the fiscal quarter of a day (2026-07-01), or the
// one that most of a calendar quarter (2026-Q3) lies in.
func (d *reader) choose(text string) error {
	if text == "" {
		if err := d.calendar(d.asOf); err != nil {
			return err
		}
		return d.calendarTo(d.quarters[d.head])
	}
	day, err := dayOf(text)
	if err != nil {
		return err
	}
	var p period
	err = d.conn.QueryRowContext(d.ctx, `SELECT period_start, period_end FROM program.fiscal_period
		WHERE grain = 'quarter' AND period_start <= CAST(? AS DATE) AND CAST(? AS DATE) < period_end`, day, day).Scan(&p.Start, &p.End)
	if err != nil && err != sql.ErrNoRows { //nolint:errorlint // QueryRow returns it bare
		return fmt.Errorf("read the fiscal quarter of %s: %w", day, err)
	}
	var first, last sql.NullTime
	if err := d.conn.QueryRowContext(d.ctx, "SELECT min(period_start), max(period_start) FROM metrics.metric_value WHERE grain = 'quarter'").Scan(&first, &last); err != nil {
		return fmt.Errorf("read which quarters have data: %w", err)
	}
	if p.Start.IsZero() || !first.Valid || p.Start.Before(first.Time) || p.Start.After(last.Time) || p.Start.After(d.asOf) {
		return &AskedError{fmt.Sprintf("quarter %s is not in the data: it has the quarters that start from %s to %s, as of %s",
			text, first.Time.Format(time.DateOnly), earlier(last.Time, d.asOf).Format(time.DateOnly), d.asOf.Format(time.DateOnly))}
	}
	return d.calendarTo(p)
}

// calendarTo makes a quarter the last that is shown, and the headline.
func (d *reader) calendarTo(p period) error {
	if err := d.calendar(p.Start); err != nil {
		return err
	}
	d.head = len(d.quarters) - 1
	return nil
}

func dayOf(text string) (string, error) {
	if m := quarterText.FindStringSubmatch(text); m != nil {
		number, err := strconv.Atoi(m[2])
		if err != nil {
			return "", fmt.Errorf("read quarter %q: %w", text, err)
		}
		return fmt.Sprintf("%s-%02d-15", m[1], 3*number-1), nil
	}
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return text, nil
	}
	return "", &AskedError{fmt.Sprintf("quarter %q is none: write 2026-Q3, or a day in it such as 2026-07-01", text)}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// AskedError is a question that makes no sense for this data: whoever asked can mend it.
type AskedError struct{ text string }

func (e *AskedError) Error() string { return e.text }
