package standin

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// literal is a value in a query; kind is string, number, boolean, null, date, datetime or days (a date literal such as THIS_QUARTER, for its n days or months).
type literal struct {
	kind, text string
	n          int
	at         int
}

var (
	number   = regexp.MustCompile(`^[-+]?\d+(\.\d+)?$`)
	day      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	dateTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:?\d{2})$`)
	unescape = strings.NewReplacer(`\'`, `'`, `\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`)
)

func (p *parser) literal() (literal, *apiError) {
	word := p.next()
	l := literal{text: word.text, at: word.at}
	name, n, numbered := strings.Cut(strings.ToUpper(word.text), ":")
	span, known := spans[name]
	switch lower := strings.ToLower(word.text); {
	case word.text[0] == '\'':
		l.kind, l.text = "string", unescape.Replace(word.text[1:len(word.text)-1])
	case lower == "null":
		l.kind = "null"
	case lower == "true" || lower == "false":
		l.kind, l.text = "boolean", lower
	case number.MatchString(word.text):
		l.kind = "number"
	case day.MatchString(word.text) && isDay(word.text):
		l.kind = "date"
	case dateTime.MatchString(word.text) && isInstant(word.text):
		l.kind = "datetime"
	case known && numbered == span.numbered:
		l.kind, l.text = "days", name
		l.n, _ = strconv.Atoi(n)
	default:
		return l, unexpected(word)
	}
	return l, nil
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func isInstant(text string) bool {
	_, err := readInstant(text)
	return err == nil
}

// readInstant reads the instants of queries and of answers, with or without a colon in the offset.
func readInstant(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	return time.Parse("2006-01-02T15:04:05.999999999-0700", text)
}

// span is what a date literal covers: from units before or after the one of today, up to and without another.
type span struct {
	unit     string
	numbered bool
	bounds   func(n int) (from, to int)
}

func near(offset int) func(int) (int, int)  { return func(int) (int, int) { return offset, offset + 1 } }
func last(n int) (from, to int)             { return -n, 0 }
func next(n int) (from, to int)             { return 1, n + 1 }
func ago(n int) (from, to int)              { return -n, 1 - n }
func lastWithToday(n int) (from, to int)    { return -n, 1 }
func always(n int) func(int) (int, int)     { return func(int) (int, int) { return lastWithToday(n) } }
func alwaysNext(n int) func(int) (int, int) { return func(int) (int, int) { return next(n) } }

// spans are Salesforce's date literals. Its LAST_N_DAYS has today in it, its other LAST_N_ end before the current unit.
var spans = dateLiterals()

func dateLiterals() map[string]span {
	all := map[string]span{
		"YESTERDAY": {"day", false, near(-1)}, "TODAY": {"day", false, near(0)}, "TOMORROW": {"day", false, near(1)},
		"LAST_90_DAYS": {"day", false, always(90)}, "NEXT_90_DAYS": {"day", false, alwaysNext(90)},
	}
	for name, unit := range map[string]string{
		"DAY": "day", "WEEK": "week", "MONTH": "month", "QUARTER": "quarter", "YEAR": "year", "FISCAL_QUARTER": "quarter", "FISCAL_YEAR": "year",
	} {
		if unit != "day" {
			all["LAST_"+name], all["THIS_"+name], all["NEXT_"+name] = span{unit, false, near(-1)}, span{unit, false, near(0)}, span{unit, false, near(1)}
		}
		all["LAST_N_"+name+"S"], all["NEXT_N_"+name+"S"], all["N_"+name+"S_AGO"] = span{unit, true, last}, span{unit, true, next}, span{unit, true, ago}
	}
	all["LAST_N_DAYS"] = span{"day", true, lastWithToday}
	return all
}

// bounds are the midnights, in the zone of now, that a date literal begins at and ends before. Weeks begin on Sunday, fiscal years in January.
func (l literal) bounds(now time.Time) (from, to time.Time) {
	s := spans[l.text]
	a, b := s.bounds(l.n)
	return shift(now, s.unit, a), shift(now, s.unit, b)
}

func shift(now time.Time, unit string, by int) time.Time {
	year, month, date := now.Date()
	switch unit {
	case "week":
		date += 7*by - int(now.Weekday())
	case "month":
		month, date = month+time.Month(by), 1
	case "quarter":
		month, date = month-(month-1)%3+time.Month(3*by), 1
	case "year":
		year, month, date = year+by, 1, 1
	default:
		date += by
	}
	return time.Date(year, month, date, 0, 0, 0, 0, now.Location())
}
