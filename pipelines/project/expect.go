package project

import (
	"regexp"
	"time"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/program"
)

// Expect is by when a night is to be published.
type Expect struct {
	At diag.Pos
	By diag.Text `yaml:"by"`
}

// clockText is fixed in width, so that times of a day compare as texts.
var clockText = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)

func (e Expect) check(problems *diag.List) {
	if e.By.Value != "" && !clockText.MatchString(e.By.Value) {
		problems.Add(e.By.Pos, "hours and minutes of the reporting zone, such as 06:00", "expect.by: %q is no time of a day", e.By)
	}
}

// Day is the newest day that is to be published by now; false when nothing is expected.
func (e Expect) Day(now time.Time, zone *time.Location) (time.Time, bool) {
	if e.By.Value == "" {
		return time.Time{}, false
	}
	day := program.LastDayEnded(now, zone)
	if now.In(zone).Format("15:04") < e.By.Value {
		day = day.AddDate(0, 0, -1)
	}
	return day, true
}
