package syntax_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/syntax"
)

func parser(t *testing.T) *syntax.Parser {
	t.Helper()
	p, err := syntax.NewParser()
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func TestTables(t *testing.T) {
	p := parser(t)
	for text, want := range map[string]string{
		"SELECT * FROM a.b": "a.b",
		"FROM A.B SELECT x": "a.b",
		"SELECT * FROM a.b JOIN c.d USING (x) NATURAL JOIN e.f":                                                "a.b c.d e.f",
		"SELECT * FROM a.b ASOF JOIN c.d ON b.t >= d.t":                                                        "a.b c.d",
		"WITH y AS (SELECT * FROM y) SELECT * FROM y":                                                          "y",
		"WITH y AS (SELECT 1), z AS (SELECT * FROM y) SELECT * FROM Z, y":                                      "",
		"WITH y AS (SELECT * FROM z), z AS (SELECT 1) SELECT * FROM y":                                         "z",
		"SELECT (WITH q AS (SELECT 1 AS i) SELECT i FROM q), * FROM q":                                         "q",
		"WITH q AS (SELECT 1 AS i) SELECT (SELECT max(i) FROM q) FROM a.b":                                     "a.b",
		"WITH RECURSIVE c AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM c JOIN a.b USING (i)) SELECT * FROM c": "a.b",
		"WITH c AS (SELECT * FROM a.c) SELECT * FROM c UNION ALL SELECT * FROM d.c ORDER BY (SELECT 1 FROM c)": "a.c d.c",
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM a.b) AND 2 IN (SELECT x FROM c.d)":                               "a.b c.d",
		"SELECT * FROM a.b, LATERAL (SELECT * FROM c.d WHERE d.x = b.x LIMIT 1)":                               "a.b c.d",
		"UNPIVOT a.b ON x, y INTO NAME n VALUE v":                                                              "a.b",
		"SELECT * FROM (PIVOT a.b ON x IN ('p', 'q') USING sum(y))":                                            "a.b",
		"SELECT * FROM a.b SEMI JOIN c.d USING (x) WHERE unknown_function(x)":                                  "a.b c.d",
		"SELECT * FROM a.b UNION BY NAME SELECT * FROM c.d":                                                    "a.b c.d",
		"VALUES (1)": "",
		"SELECT * FROM range(3) AS r(i), read_csv('x.csv')": "",
		"SELECT * FROM 'a.csv'":                             "a.csv",
	} {
		q, err := p.Parse(t.Context(), text)
		require.NoError(t, err, text)
		var got []string
		for _, ref := range q.Tables() {
			got = append(got, ref.Name())
		}
		require.Equal(t, want, strings.Join(got, " "), text)
	}
}

func TestTablesHaveLines(t *testing.T) {
	q, err := parser(t).Parse(t.Context(), "SELECT 'ä', *\nFROM a.b\nJOIN\n  c.d ON true")
	require.NoError(t, err)
	refs := q.Tables()
	require.Equal(t, 2, refs[0].Line)
	require.Equal(t, 4, refs[1].Line)
}

func TestBlank(t *testing.T) {
	require.Equal(t, "SELECT         \n , x      ,\n     , 1", syntax.Blank("SELECT 'a''::''\n', x \"::\" ,\n/*;*/, 1"))
	require.Equal(t, "x       \ny       ", syntax.Blank("x -- ' \"\ny '     "))
	require.Equal(t, "a     ", syntax.Blank("a /* x"))
}
