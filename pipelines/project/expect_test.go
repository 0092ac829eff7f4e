package project_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/schemas/diag"
)

func TestExpectedDay(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	expect := project.Expect{By: diag.Text{Value: "06:00"}}
	for now, want := range map[string]string{
		"2026-10-01T03:59:59Z": "2026-09-29", // 05:59 in Berlin: the night may still run
		"2026-10-01T04:00:00Z": "2026-09-30",
		"2026-10-01T21:59:59Z": "2026-09-30",
		"2026-10-01T22:00:00Z": "2026-09-30", // a new day, whose night is not due
		"2026-10-25T05:00:00Z": "2026-10-24", // the clock has gone back: 06:00 is an hour later
		"2026-10-25T04:30:00Z": "2026-10-23",
	} {
		at, err := time.Parse(time.RFC3339, now)
		require.NoError(t, err)
		day, ok := expect.Day(at, berlin)
		require.True(t, ok)
		require.Equal(t, want, day.Format(time.DateOnly), now)
	}
	_, ok := project.Expect{}.Day(time.Unix(0, 0), berlin)
	require.False(t, ok)
}

func TestExpectIsATimeOfADay(t *testing.T) {
	t.Parallel()
	for by, right := range map[string]bool{"06:00": true, "23:59": true, "6:00": false, "24:00": false, "6am": false} {
		_, err := load(t, map[string]string{project.File: "version: 1\nproject: a\nreporting: {time_zone: UTC, currency: EUR}\nexpect: {by: " + by + "}\n"}, nil)
		if right {
			require.NoError(t, err, by)
		} else {
			require.ErrorContains(t, err, "tributary.yaml:4: expect.by: \""+by+"\" is no time of a day (hours and minutes of the reporting zone, such as 06:00)")
		}
	}
}
