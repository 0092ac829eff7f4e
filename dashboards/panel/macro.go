package panel

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// macro is a call such as $__timeFilter(anchor_at): the arguments end at the first closing parenthesis and are split at every comma.
var macro = regexp.MustCompile(`\$([_a-zA-Z0-9]+)\(([^)]*)\)`)

// expand replaces the macros of the PostgreSQL data source. Anything that looks like a call and is none of them is an error.
func expand(sql string, within Range) (string, error) {
	sql = strings.NewReplacer(
		"$__interval_ms", strconv.FormatInt(interval(within).length.Milliseconds(), 10), "$__interval", interval(within).name,
		"$__unixEpochFrom()", strconv.FormatInt(within.From.Unix(), 10), "$__unixEpochTo()", strconv.FormatInt(within.To.Unix(), 10),
	).Replace(sql)
	var out strings.Builder
	rest := 0
	for _, at := range macro.FindAllStringSubmatchIndex(sql, -1) {
		name, arguments := sql[at[2]:at[3]], strings.Split(sql[at[4]:at[5]], ",")
		for i := range arguments {
			arguments[i] = strings.Trim(arguments[i], " ")
		}
		if name == "__timeGroup" && strings.HasPrefix(sql[at[1]:], ",") { // as it was written before there was an alias form
			name = "__timeGroupAlias"
		}
		text, err := call(name, arguments, within)
		if err != nil {
			return "", fmt.Errorf("macro $%s: %w", name, err)
		}
		out.WriteString(sql[rest:at[0]] + text)
		rest = at[1]
	}
	return out.String() + sql[rest:], nil
}

func call(name string, arguments []string, within Range) (string, error) {
	first := arguments[0]
	from, to := within.From.UTC(), within.To.UTC()
	switch name {
	case "__time":
		return first + ` AS "time"`, nil
	case "__timeEpoch":
		return fmt.Sprintf(`extract(epoch from %s) as "time"`, first), nil
	case "__timeFilter":
		return fmt.Sprintf("%s BETWEEN '%s' AND '%s'", first, from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano)), nil
	case "__timeFrom":
		return "'" + from.Format(time.RFC3339Nano) + "'", nil
	case "__timeTo":
		return "'" + to.Format(time.RFC3339Nano) + "'", nil
	case "__timeGroup", "__timeGroupAlias", "__unixEpochGroup", "__unixEpochGroupAlias":
		return group(name, arguments)
	case "__unixEpochFilter":
		return fmt.Sprintf("%s >= %d AND %s <= %d", first, from.Unix(), first, to.Unix()), nil
	case "__unixEpochNanoFilter":
		return fmt.Sprintf("%s >= %d AND %s <= %d", first, from.UnixNano(), first, to.UnixNano()), nil
	case "__unixEpochNanoFrom":
		return strconv.FormatInt(from.UnixNano(), 10), nil
	case "__unixEpochNanoTo":
		return strconv.FormatInt(to.UnixNano(), 10), nil
	}
	return "", errors.New("the PostgreSQL data source does not have it")
}

func group(name string, arguments []string) (string, error) {
	if len(arguments) != 2 { // a third one would fill gaps, which no query of ours asks for
		return "", errors.New("it takes a column and an interval")
	}
	length, err := parseInterval(strings.Trim(arguments[1], "'"))
	if err != nil {
		return "", err
	}
	seconds := length.Seconds()
	inner := "extract(epoch from " + arguments[0] + ")"
	if strings.HasPrefix(name, "__unixEpoch") {
		inner = "(" + arguments[0] + ")"
	}
	text := fmt.Sprintf("floor(%s/%v)*%v", inner, seconds, seconds)
	if strings.HasSuffix(name, "Alias") {
		text += ` AS "time"`
	}
	return text, nil
}

var length = regexp.MustCompile(`^(\d+)([dwMy])$`)

func parseInterval(text string) (time.Duration, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return d, nil
	}
	part := length.FindStringSubmatch(text)
	if part == nil {
		return 0, fmt.Errorf("%q is no interval", text)
	}
	n, err := strconv.Atoi(part[1])
	if err != nil {
		return 0, fmt.Errorf("%q is no interval: %w", text, err)
	}
	const day = 24 * time.Hour
	return time.Duration(n) * map[string]time.Duration{"d": day, "w": 7 * day, "M": 30 * day, "y": 365 * day}[part[2]], nil
}
