package project_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/project"
)

// expecting is a project in Berlin with more of tributary.yaml, and files beside it.
func expecting(t *testing.T, more string, files map[string]string) (*project.Project, error) {
	t.Helper()
	all := map[string]string{project.File: "version: 1\nproject: acme\nreporting: {time_zone: Europe/Berlin, currency: EUR}\n" + more}
	for name, text := range files {
		all[name] = text
	}
	return load(t, all, nil)
}

// dues are what is expected between two instants, as "kind name day instant".
func dues(t *testing.T, p *project.Project, after, until string) []string {
	t.Helper()
	var out []string
	for _, d := range p.Due(instant(t, after), instant(t, until)) {
		out = append(out, d.Kind+" "+d.Name+" "+d.Day.Format(time.DateOnly)+" "+d.At.Format("2006-01-02T15:04Z"))
	}
	return out
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

const crmOn = "sources:\n  crm:\n    expect: {by: \"04:00\", days: "

// TestDueFollowsTheClock of Berlin through both of its changes.
func TestDueFollowsTheClock(t *testing.T) {
	t.Parallel()
	p, err := expecting(t, "expect: {by: \"02:30\", marts: {metrics: \"06:00\"}}\n", nil)
	require.NoError(t, err)
	require.Equal(t, []string{
		"night acme 2026-03-27 2026-03-28T01:30Z",
		"night acme 2026-03-28 2026-03-29T01:00Z", // there is no 02:30: when the clock jumps over it
		"night acme 2026-03-29 2026-03-30T00:30Z",
		"mart metrics 2026-03-27 2026-03-28T05:00Z",
		"mart metrics 2026-03-28 2026-03-29T04:00Z",
		"mart metrics 2026-03-29 2026-03-30T04:00Z",
	}, dues(t, p, "2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z"))
	require.Equal(t, []string{
		"night acme 2026-10-24 2026-10-25T00:30Z", // 02:30 comes twice: the first time
		"mart metrics 2026-10-24 2026-10-25T05:00Z",
	}, dues(t, p, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"))
	require.Equal(t, []string{"mart metrics 2026-10-24 2026-10-25T05:00Z"}, dues(t, p, "2026-10-25T00:30:00Z", "2026-10-25T05:00:00Z"), "after the one, until the other")
}

func TestDueOnBusinessDays(t *testing.T) {
	t.Parallel()
	streams := "}\n    streams: {deals: {files: [deals.csv]}}\n"
	everyDay, err := expecting(t, crmOn+"all"+streams, nil)
	require.NoError(t, err)
	require.Len(t, dues(t, everyDay, "2026-10-01T12:00:00Z", "2026-10-08T12:00:00Z"), 7)
	week, err := expecting(t, crmOn+"business"+streams, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"source crm 2026-10-02 2026-10-02T02:00Z", "source crm 2026-10-05 2026-10-05T02:00Z", "source crm 2026-10-06 2026-10-06T02:00Z"},
		dues(t, week, "2026-10-01T12:00:00Z", "2026-10-06T12:00:00Z"), "from Monday to Friday without a calendar")
	calendar := "vendor_calendar: gulf\ncalendars:\n  - calendar: gulf\n    hours: {sun-thu: \"09:00-17:00\"}\n    holidays: [10-05, {date: 2026-10-06, hours: \"09:00-12:00\"}]\n"
	vendor, err := expecting(t, crmOn+"business"+streams, map[string]string{"program/calendars.yaml": calendar})
	require.NoError(t, err)
	require.Equal(t, []string{"source crm 2026-10-04 2026-10-04T02:00Z", "source crm 2026-10-06 2026-10-06T02:00Z"},
		dues(t, vendor, "2026-10-01T12:00:00Z", "2026-10-06T12:00:00Z"), "by the vendor's week; half a day off is a day of work")
}

func TestNothingIsDueUnlessSaid(t *testing.T) {
	t.Parallel()
	p, err := expecting(t, "sources: {crm: {streams: {deals: {files: [deals.csv]}}}}\n", nil)
	require.NoError(t, err)
	require.Empty(t, dues(t, p, "2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z"))
}

func TestExpectIsATimeOfADay(t *testing.T) {
	t.Parallel()
	for by, right := range map[string]bool{"06:00": true, "23:59": true, "6:00": false, "24:00": false, "6am": false} {
		_, err := expecting(t, "expect: {by: "+by+"}\n", nil)
		if right {
			require.NoError(t, err, by)
		} else {
			require.ErrorContains(t, err, "tributary.yaml:4: \""+by+"\" is no time of a day (hours and minutes of the reporting zone, such as 06:00)")
		}
	}
}
