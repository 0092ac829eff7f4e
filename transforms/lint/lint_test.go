package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/lint"
	"github.com/tributary-data/tributary/transforms/model"
)

// found lists the rules and lines (of the SELECT, from 1) that a SELECT breaks.
func found(t *testing.T, header, text string) string {
	t.Helper()
	set, err := model.Load(t.Context(), fstest.MapFS{"core/a.sql": {Data: []byte("/* tributary\ngrain: [id]\n" + header + "*/\n" + text)}}, nil)
	require.NoError(t, err, text)
	first := 4 + strings.Count(header, "\n")
	var out []string
	for _, f := range lint.Run(set) {
		require.NotEmpty(t, f.Instead, f)
		require.Equal(t, "sql/core/a.sql", f.At.File)
		out = append(out, fmt.Sprintf("%d:%s", f.At.Line-first+1, f.Rule))
	}
	return strings.Join(out, " ")
}

func TestRules(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT now() AS a,\n current_date AS b,\n t.current_date AS c FROM t":                                              "1:clock 2:clock",
		"SELECT random() AS a FROM t TABLESAMPLE 10%":                                                                       "1:random 1:random",
		"SELECT [1, 2] AS a, {'x': 1} AS b, (1, 2) AS c, x[1] AS d, x[1:2] AS e FROM t":                                     "1:literal 1:literal 1:literal 1:literal",
		"SELECT list_transform(l, lambda x: x + 1) AS a FROM t":                                                             "1:literal 1:literal",
		"SELECT unnest(l) AS a FROM t":                                                                                      "1:unnest",
		"SELECT x FROM unnest(l) AS u(x)":                                                                                   "1:unnest",
		"SELECT a::INTEGER AS a, '::' AS b -- ::\nFROM t":                                                                   "1:cast",
		"SELECT * EXCLUDE (a) FROM t":                                                                                       "1:star",
		"SELECT * REPLACE (1 AS a) FROM t":                                                                                  "1:star",
		"SELECT COLUMNS('a.*') FROM t":                                                                                      "1:star",
		"SELECT *, count(*) AS n FROM t GROUP BY ALL":                                                                       "",
		"SELECT a FROM t UNION ALL BY NAME SELECT a FROM u":                                                                 "1:by_name",
		"SELECT a / b AS r FROM t":                                                                                          "1:division",
		"SELECT CAST(a / b AS DECIMAL(18,2)) AS r FROM t":                                                                   "1:division",
		"SELECT CAST(a AS DOUBLE) / nullif(b, 0) AS r, CAST(floor(a / b) AS BIGINT) AS s FROM t":                            "",
		"SELECT a // b AS r FROM t":                                                                                         "1:int_division",
		"SELECT CAST(avg(a) AS DECIMAL(18,2)) AS r FROM t":                                                                  "1:average",
		"SELECT avg(a) OVER (PARTITION BY b) AS r FROM t":                                                                   "1:average",
		"SELECT money_mul(CAST(a AS DOUBLE), b) AS r FROM t":                                                                "1:money",
		"SELECT money_div(sum(a), count(a)) AS r FROM t":                                                                    "",
		"SELECT CAST(sum(CAST(a AS DOUBLE)) AS DOUBLE) AS r FROM t":                                                         "1:double_sum",
		"SELECT CAST(sum(CAST(a AS DOUBLE)) OVER (ORDER BY b) AS DOUBLE) AS r FROM t":                                       "1:double_sum",
		"SELECT stddev(a) AS r FROM t":                                                                                      "1:double_sum",
		"SELECT string_agg(a, ',') AS r FROM t":                                                                             "1:string_agg",
		"SELECT list_join(array_agg(a), ',') AS r FROM t":                                                                   "",
		"SELECT list_join(array_agg(a ORDER BY b), ',') AS r FROM t":                                                        "1:ordered_agg",
		"SELECT array_agg(a) AS r FROM t":                                                                                   "1:ordered_agg",
		"SELECT first(a) AS r, any_value(b) AS s, max_by(a, b) AS u FROM t":                                                 "1:first_row",
		"SELECT a AT TIME ZONE 'UTC' AS r FROM t":                                                                           "1:time_zone",
		"SELECT date_diff('day', a, b) AS r FROM t":                                                                         "1:date_diff",
		"SELECT CAST(extract(epoch FROM a) AS BIGINT) AS r FROM t":                                                          "1:date_diff",
		"SELECT CAST(extract(dow FROM a) AS BIGINT) AS r, CAST(isodow(a) AS BIGINT) AS s FROM t":                            "1:weekday 1:weekday",
		"SELECT date_trunc('month', a) AS r FROM t":                                                                         "1:date_trunc",
		"SELECT CAST(date_trunc('month', a) AS DATE) AS r FROM t":                                                           "",
		"SELECT quantile_cont(a, 0.5) AS r FROM t":                                                                          "1:quantile",
		"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS r FROM t":                                                 "1:quantile",
		"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(a AS DOUBLE)) AS r FROM t":                                 "",
		"SELECT approx_count_distinct(a) AS r FROM t":                                                                       "1:approximate",
		"SELECT a FROM t WHERE a ~ 'x' OR regexp_matches(a, 'x')":                                                           "1:regex 1:regex",
		`SELECT a FROM t WHERE rx_like(a, '^\d+$')`:                                                                         "1:regex",
		"SELECT a FROM t WHERE rx_like(a, '^[0-9]+$') AND a ILIKE 'x%'":                                                     "",
		"SELECT strftime(a, '%Y') AS r FROM t":                                                                              "1:format",
		"SELECT a FROM t ASOF JOIN u ON t.x >= u.x":                                                                         "1:asof",
		"SELECT a FROM t LEFT JOIN u ON t.x = u.x AND t.y < u.y OR u.y IS NULL":                                             "1:or_join",
		"SELECT a FROM t LEFT JOIN u ON t.x = u.x AND (t.y < u.y OR u.y IS NULL)":                                           "",
		"SELECT a FROM generate_series(1, 2) AS g(a)":                                                                       "1:series",
		"SELECT a FROM range(1, 2) AS g(a), date_spine(DATE '2026-01-01', DATE '2026-02-01')":                               "",
		"SELECT a FROM read_csv('x.csv')":                                                                                   "1:table_function",
		"SELECT * FROM (PIVOT t ON x IN (1) USING sum(y))":                                                                  "1:pivot",
		"SELECT CAST(row_number() OVER (PARTITION BY a) AS BIGINT) AS r FROM t":                                             "1:window_order",
		"SELECT last_value(a IGNORE NULLS) OVER (ORDER BY b) AS r FROM t":                                                   "1:window",
		"SELECT CAST(sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS BIGINT) AS r FROM t": "1:window",
		"SELECT CAST(a AS HUGEINT) AS r, CAST(b AS TIME) AS s, CAST(c AS DECIMAL(18,2)) AS u FROM t":                        "1:type 1:type",
		"SELECT DISTINCT ON (a) a FROM t":                                                                                   "1:distinct_on",
		"SELECT a FROM t LIMIT 1":                                                                                           "1:limit_order",
		"SELECT a FROM t, LATERAL (SELECT b FROM u ORDER BY b LIMIT 1)":                                                     "",
		"SELECT sum(a) AS r, count(*) AS n, b FROM t GROUP BY b UNION ALL SELECT CAST(sum(a) AS BIGINT), 1, row_number() OVER (ORDER BY b) FROM t": "1:output_cast 1:output_cast",
		"WITH x AS (SELECT sum(a) AS s FROM t) SELECT CAST(s AS BIGINT) AS s FROM x":                                                               "",
		"WITH x AS (\n SELECT a / b AS s\n FROM t) SELECT s,\n (SELECT max(now()) FROM x) AS y FROM x":                                             "2:division 4:clock",
	} {
		t.Run(text, func(t *testing.T) { require.Equal(t, want, found(t, "", text)) })
	}
}

func TestDuckDBModelsNeedOnlyBeRepeatable(t *testing.T) {
	require.Equal(t, "1:clock 1:limit_order 1:random", found(t, "engine: duckdb\n", "SELECT [1] AS a, now()::DATE AS b, random() AS c, a / b AS d FROM t LIMIT 1"))
}

func TestFindingsSayWhatToWrite(t *testing.T) {
	set, err := model.Load(t.Context(), fstest.MapFS{"core/a.sql": {Data: []byte("/* tributary\ngrain: [id]\n*/\nSELECT a\n  / b AS r FROM t")}}, nil)
	require.NoError(t, err)
	require.EqualError(t, lint.Run(set).Err(), "sql/core/a.sql:5: division: / is a double in DuckDB, for decimals too (money_div(a, b) for money, CAST(a AS DOUBLE) / nullif(b, 0) for a ratio, CAST(floor(a / b) AS BIGINT) for whole numbers)")
}

func TestOurModelsArePortable(t *testing.T) {
	set, err := model.Load(t.Context(), embedded.FS, nil)
	require.NoError(t, err)
	require.NoError(t, lint.Run(set).Err())
}

func TestColumns(t *testing.T) {
	set, err := model.Load(t.Context(), fstest.MapFS{"core/a.sql": {Data: []byte("/* tributary\ngrain: [id]\n*/\nSELECT 1 AS id")}}, nil)
	require.NoError(t, err)
	m, _ := set.Get("core.a")
	require.Empty(t, lint.Columns(m, []model.Column{{Name: "amount", Type: "DECIMAL(18,2)"}, {Name: "ratio", Type: "DOUBLE"}, {Name: "at", Type: "TIMESTAMP WITH TIME ZONE"}}))
	var rules []string
	for _, f := range lint.Columns(m, []model.Column{{Name: "net_Amount", Type: "DOUBLE"}, {Name: "n", Type: "HUGEINT"}, {Name: "l", Type: "VARCHAR[]"}, {Name: "i", Type: "INTERVAL"}}) {
		rules = append(rules, f.Rule)
	}
	require.Equal(t, []string{"money", "type", "type", "type"}, rules)
}

func TestTheDocumentationNamesEveryRule(t *testing.T) {
	text, err := os.ReadFile("../../docs/models.md")
	require.NoError(t, err)
	source, err := filepath.Glob("*.go")
	require.NoError(t, err)
	named := regexp.MustCompile(`(?:add\(p, |group\(|add\(|Rule: )"([a-z_]+)"`)
	for _, file := range source {
		code, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, rule := range named.FindAllStringSubmatch(string(code), -1) {
			require.Contains(t, string(text), "| `"+rule[1]+"`", file)
		}
	}
}
