package panel

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Value is what a variable stands for.
type Value struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Texts    []string `json:"texts"`
	Values   []string `json:"values"`
	List     bool     `json:"list"`   // several values are possible: it is a list with one value too
	Hidden   bool     `json:"hidden"` // not in the dashboard's head
	Raw      bool     `json:"raw"`    // the text for All that somebody wrote: no format touches it
	offerAll bool
}

// Values are the variables of a dashboard by name.
type Values map[string]Value

// reference is how text refers to a variable: $name, [[name:format]], ${name.path:format}.
var reference = regexp.MustCompile(`\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}`)

// Quoting is how the data source writes a single value of a variable that offers All.
type Quoting bool

// Older releases quote a single value of a variable that offers All, later ones leave it bare; SQL that is right in both is what we want.
const (
	BareSingle   Quoting = false
	QuotedSingle Quoting = true
)

// interpolate puts variables into SQL. What is no variable stays, macros among it.
func (s Session) interpolate(sql string, values Values, within Range) (string, error) {
	var problem error
	out := reference.ReplaceAllStringFunc(sql, func(match string) string {
		part := reference.FindStringSubmatch(match)
		name, format := part[1]+part[2]+part[4], part[3]+part[6]
		value, known := values[name]
		if builtIn, ok := s.builtIn(name, within); ok {
			value, known = builtIn, true
		}
		if !known {
			return match
		}
		text, err := s.format(value, format)
		if err != nil && problem == nil {
			problem = fmt.Errorf("%s: %w", match, err)
		}
		return text
	})
	return out, problem
}

// builtIn are the variables that every dashboard has.
func (s Session) builtIn(name string, within Range) (Value, bool) {
	text := ""
	switch name {
	case "__from":
		text = strconv.FormatInt(within.From.UnixMilli(), 10)
	case "__to":
		text = strconv.FormatInt(within.To.UnixMilli(), 10)
	case "__interval":
		text = interval(within).name
	case "__interval_ms":
		text = strconv.FormatInt(interval(within).length.Milliseconds(), 10)
	case "__range_s":
		text = strconv.FormatInt(int64(within.To.Sub(within.From).Seconds()), 10)
	case "__timezone":
		text = "utc"
	default:
		return Value{}, false
	}
	return Value{Name: name, Values: []string{text}, Texts: []string{text}}, true
}

// format writes a value as the format says; without one, as the PostgreSQL data source writes it.
func (s Session) format(v Value, format string) (string, error) {
	name, argument, _ := strings.Cut(format, ":")
	switch {
	case name == "text":
		return strings.Join(v.Texts, " + "), nil
	case v.Raw:
		return strings.Join(v.Values, ","), nil
	}
	switch name {
	case "":
		if v.List || v.offerAll && s.Quoting == QuotedSingle {
			return quoted(v.Values, `''`, `"`), nil
		}
		return strings.ReplaceAll(v.Values[0], `'`, `''`), nil
	case "raw", "csv":
		return strings.Join(v.Values, ","), nil
	case "sqlstring":
		return quoted(v.Values, `''`, `\"`), nil
	case "singlequote": // with a backslash, which PostgreSQL does not take
		return quoted(v.Values, `\'`, `"`), nil
	case "pipe":
		return strings.Join(v.Values, "|"), nil
	case "json":
		if !v.List {
			return v.Values[0], nil
		}
		text, err := json.Marshal(v.Values)
		return string(text), err
	case "percentencode":
		return url.QueryEscape(strings.Join(v.Values, ",")), nil
	case "date":
		return date(v.Values[0], argument)
	}
	return "", fmt.Errorf("format %q is not known here", format)
}

func quoted(values []string, single, double string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = "'" + strings.NewReplacer(`'`, single, `"`, double).Replace(v) + "'"
	}
	return strings.Join(out, ",")
}

func date(millis, layout string) (string, error) {
	n, err := strconv.ParseInt(millis, 10, 64)
	if err != nil {
		return "", fmt.Errorf("no instant: %w", err)
	}
	switch layout {
	case "", "iso":
		return time.UnixMilli(n).UTC().Format("2006-01-02T15:04:05.000Z"), nil
	case "seconds":
		return strconv.FormatInt((n+500)/1000, 10), nil
	case "YYYY-MM-DD":
		return time.UnixMilli(n).UTC().Format(time.DateOnly), nil
	}
	return "", fmt.Errorf("date format %q is not known here", layout)
}
