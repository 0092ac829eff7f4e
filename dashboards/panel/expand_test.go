package panel

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMacros has the texts that Grafana's macros.go makes.
func TestMacros(t *testing.T) {
	within := Range{From: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2025, 2, 1, 0, 0, 0, 500, time.UTC)}
	for sql, want := range map[string]string{
		`$__time(c)`:                            `c AS "time"`,
		`$__timeEpoch(c)`:                       `extract(epoch from c) as "time"`,
		`x AND $__timeFilter(a.c) AND y`:        `x AND a.c BETWEEN '2025-01-01T00:00:00Z' AND '2025-02-01T00:00:00.0000005Z' AND y`,
		`$__timeFrom()::date`:                   `'2025-01-01T00:00:00Z'::date`,
		`$__timeGroup(c,'1d'), v`:               `floor(extract(epoch from c)/86400)*86400 AS "time", v`,
		`ORDER BY $__timeGroup(c, 5m)`:          `ORDER BY floor(extract(epoch from c)/300)*300`,
		`$__timeGroupAlias(c,'30d')`:            `floor(extract(epoch from c)/2.592e+06)*2.592e+06 AS "time"`,
		`$__unixEpochFilter(c)`:                 `c >= 1735689600 AND c <= 1738368000`,
		`$__unixEpochGroup(c,'1h')`:             `floor((c)/3600)*3600`,
		`$__unixEpochFrom() + $__unixEpochTo()`: `1735689600 + 1738368000`,
		`interval '$__interval'`:                `interval '1h'`,
		`a.b = 'x$y'`:                           `a.b = 'x$y'`,
	} {
		got, err := expand(sql, within)
		require.NoError(t, err, sql)
		require.Equal(t, want, got)
	}
	for _, sql := range []string{`$__fiscal(c)`, `$__timeGroup(c)`, `$__timeGroup(c,'soon')`} {
		_, err := expand(sql, within)
		require.ErrorContains(t, err, "macro $__")
	}
}

func TestInterpolation(t *testing.T) {
	values := Values{
		"one":   {Name: "one", Texts: []string{"O'Neill"}, Values: []string{`O'N"`}},
		"offer": {Name: "offer", Texts: []string{"a"}, Values: []string{"a"}, offerAll: true},
		"list":  {Name: "list", Texts: []string{"A", "B"}, Values: []string{"a", "b'"}, List: true},
		"all":   {Name: "all", Texts: []string{"All"}, Values: []string{".*'"}, Raw: true, List: true},
	}
	within := Range{From: time.UnixMilli(1735689600000), To: time.UnixMilli(1738368000000)}
	for sql, want := range map[string]string{
		`'$one'`:                          `'O''N"'`,
		`[[one]] ${one:raw}`:              `O''N" O'N"`,
		`${one:sqlstring}`:                `'O''N\"'`,
		`${one:singlequote}`:              `'O\'N"'`,
		`${one:text}`:                     `O'Neill`,
		`$offer ${offer:sqlstring}`:       `a 'a'`,
		`IN ($list)`:                      `IN ('a','b''')`,
		`${list:csv} ${list:pipe}`:        `a,b' a|b'`,
		`${list:text} ${all:text}`:        `A + B All`,
		`$all ${all:sqlstring}`:           `.*' .*'`,
		`$none $__timeFilter(c) $1`:       `$none $__timeFilter(c) $1`,
		`$__from ${__to:date:YYYY-MM-DD}`: `1735689600000 2025-02-01`,
	} {
		got, err := Session{}.interpolate(sql, values, within)
		require.NoError(t, err, sql)
		require.Equal(t, want, got)
	}
	got, err := Session{Quoting: QuotedSingle}.interpolate(`$offer '$one'`, values, within)
	require.NoError(t, err)
	require.Equal(t, `'a' 'O''N"'`, got)
	_, err = Session{}.interpolate(`${one:lucene}`, values, within)
	require.ErrorContains(t, err, `${one:lucene}: format "lucene"`)
}

func TestCustomList(t *testing.T) {
	require.Equal(t, []Option{{"a", "a"}, {"Two words", "b,c"}, {"d", "d"}}, listed(`a, Two words : b\,c ,d`))
}

func TestLongSeriesBecomeWide(t *testing.T) {
	long := Frame{Fields: []Field{
		{Name: "time", Type: Time, Values: []any{int64(1), int64(1), int64(2), int64(3)}},
		{Name: "metric", Type: Text, Values: []any{"b", "a", "b", "a"}},
		{Name: "value", Type: Number, Values: []any{1.0, 2.0, 3.0, nil}},
	}}
	wide, err := seriesOf(long)
	require.NoError(t, err)
	require.Equal(t, []Field{
		{Name: "Time", Type: Time, Values: []any{int64(1), int64(2), int64(3)}},
		{Name: "a", Type: Number, Values: []any{2.0, nil, nil}},
		{Name: "b", Type: Number, Values: []any{1.0, 3.0, nil}},
	}, wide.Fields)

	for name, fields := range map[string][]Field{
		"there is no column time": {{Name: "day", Type: Time, Values: []any{int64(1)}}},
		"does not ascend":         {{Name: "time", Type: Time, Values: []any{int64(2), int64(1)}}, {Name: "v", Type: Number, Values: []any{1.0, 1.0}}},
		"has nulls":               {{Name: "time", Type: Time, Values: []any{nil}}, {Name: "v", Type: Number, Values: []any{1.0}}},
		"no column of numbers":    {{Name: "time", Type: Time, Values: []any{int64(1)}}, {Name: "v", Type: Text, Values: []any{"1"}}},
		"column on is no number":  {{Name: "time", Type: Time, Values: []any{int64(1)}}, {Name: "on", Type: Time, Values: []any{int64(1)}}},
	} {
		_, err := seriesOf(Frame{Fields: fields})
		require.ErrorContains(t, err, name)
	}
}
