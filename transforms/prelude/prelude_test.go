package prelude_test

import (
	"database/sql"
	"os"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/prelude"
)

func open(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestMacros(t *testing.T) {
	db := open(t, "")
	require.NoError(t, prelude.Create(t.Context(), db, "Europe/Berlin"))
	for expr, want := range map[string]string{
		"money_mul(DECIMAL '1.005', 1)": "1.01 DECIMAL(18,2)",
		"money_mul(-1.005, 1)":          "-1.01 DECIMAL(18,2)",
		"money_mul(1.004999999, 1)":     "1.00 DECIMAL(18,2)",
		"money_mul(NULL, 1)":            "null",
		"money_mul(CAST(123456789012.1234 AS DECIMAL(18,4)), CAST(1.123456789 AS DECIMAL(18,9)))": "138698367763.81 DECIMAL(18,2)",
		"money_mul(CAST(99999999999999.9999 AS DECIMAL(18,4)), CAST(1 AS DECIMAL(18,9)))":         "100000000000000.00 DECIMAL(18,2)",
		"money_mul(CAST(0.03 AS DECIMAL(18,2)), CAST(0.166666667 AS DECIMAL(18,9)))":              "0.01 DECIMAL(18,2)",
		"money_mul(CAST(7 AS BIGINT), CAST(0.125 AS DECIMAL(9,6)))":                               "0.88 DECIMAL(18,2)",
		"money_div(1, 3)":     "0.33 DECIMAL(18,2)",
		"money_div(2, 3)":     "0.67 DECIMAL(18,2)",
		"money_div(-2, 3)":    "-0.67 DECIMAL(18,2)",
		"money_div(-2, -3)":   "0.67 DECIMAL(18,2)",
		"money_div(0.01, 2)":  "0.01 DECIMAL(18,2)",
		"money_div(-0.01, 2)": "-0.01 DECIMAL(18,2)",
		"money_div(0.01, -2)": "-0.01 DECIMAL(18,2)",
		"money_div(0, -2)":    "0.00 DECIMAL(18,2)",
		"money_div(5, 0)":     "null",
		"money_div(NULL, 2)":  "null",
		"money_div(5, NULL)":  "null",
		"money_div(CAST(9999999999999999.99 AS DECIMAL(18,2)), CAST(1 AS BIGINT))":                 "9999999999999999.99 DECIMAL(18,2)",
		"money_div(CAST(9999999999999.9999 AS DECIMAL(18,4)), CAST(0.999999999 AS DECIMAL(18,9)))": "10000000010000.00 DECIMAL(18,2)",
		"money_div(sum(x), count(x)) FROM (VALUES (CAST(1.00 AS DECIMAL(18,2))), (1.01)) v(x)":     "1.01 DECIMAL(18,2)",
		"money_round(CAST(1.005 AS DECIMAL(18,4)))":                                                "1.01 DECIMAL(18,2)",
		"money_round(CAST(-1.005 AS DECIMAL(18,4)))":                                               "-1.01 DECIMAL(18,2)",
		"money_round(0.004999999999999999)":                                                        "0.00 DECIMAL(18,2)",
		"money_round(CAST(2.675 AS DECIMAL(18,9)) * CAST(1 AS DECIMAL(18,9)))":                     "2.68 DECIMAL(18,2)",
		"dbl_money(CAST(1.005 AS DOUBLE))":                                                         "1.01 DECIMAL(18,2)",
		"dbl_money(CAST(-2.675 AS DOUBLE))":                                                        "-2.68 DECIMAL(18,2)",
		"dbl_money(CAST(1e-7 AS DOUBLE))":                                                          "0.00 DECIMAL(18,2)",
		"dbl_money(CAST(123456789012345.675 AS DOUBLE))":                                           "123456789012345.67 DECIMAL(18,2)",
		"days_between(DATE '2026-03-28', DATE '2026-04-01')":                                       "4 BIGINT",
		"days_between(DATE '2026-04-01', DATE '2026-03-28')":                                       "-4 BIGINT",
		"micros_between(TIMESTAMPTZ '2026-01-01 00:00:00Z', TIMESTAMPTZ '2026-01-01 00:00:01.5Z')": "1500000 BIGINT",
		"micros_between(TIMESTAMP '2026-01-01 00:00:00', NULL)":                                    "null",
		"local_date(TIMESTAMPTZ '2026-03-28 23:30:00Z', 'Europe/Berlin')":                          "2026-03-29 DATE",
		"local_sec(TIMESTAMPTZ '2026-03-29 01:30:00Z', 'Europe/Berlin')":                           "12600 BIGINT",
		"local_sec(TIMESTAMPTZ '1969-12-31 22:59:59.9Z', 'Europe/Berlin')":                         "86399 BIGINT",
		"report_date(TIMESTAMPTZ '2026-01-31 23:00:00Z')":                                          "2026-02-01 DATE",
		"report_date(NULL)":                  "null",
		"iso_dow(DATE '2026-11-22')":         "7 INTEGER",
		"iso_dow(DATE '2026-11-23')":         "1 INTEGER",
		"rx_like('SMB-7', '^[A-Z]+-[0-9]$')": "true BOOLEAN",
		"rx_like('a', 'b')":                  "false BOOLEAN",
		"list_join(array_agg(x), ',') FROM (VALUES ('b'), (NULL), ('a')) v(x)": "a,b VARCHAR",
		"ym(DATE '2026-03-09')": "2026-03 VARCHAR",
		"list_join(array_agg(day), ' ') FROM date_spine(DATE '2026-02-27', DATE '2026-03-02')":                                                "2026-02-27 2026-02-28 2026-03-01 VARCHAR",
		"count(*) FROM date_spine(DATE '2026-03-02', DATE '2026-03-02')":                                                                      "0 BIGINT",
		"seconds_between(TIMESTAMPTZ '2026-01-01 00:00:00Z', TIMESTAMPTZ '2026-01-01 00:00:01.999999Z')":                                      "1 BIGINT",
		"seconds_between(TIMESTAMPTZ '2026-01-01 00:00:00.5Z', TIMESTAMPTZ '2026-01-01 00:00:00Z')":                                           "-1 BIGINT",
		"seconds_between(TIMESTAMPTZ '2026-01-01 00:00:01Z', TIMESTAMPTZ '2026-01-01 00:00:00Z')":                                             "-1 BIGINT",
		"seconds_between(TIMESTAMP '0001-01-01 00:00:00', TIMESTAMP '9999-12-31 23:59:59.999999')":                                            "315537897599 BIGINT",
		"add_seconds(TIMESTAMPTZ '2026-01-01 00:00:00Z', -1)":                                                                                 "2025-12-31 23:59:59+00 TIMESTAMP WITH TIME ZONE",
		"money_share(CAST(100.00 AS DECIMAL(18,2)), 1, 3)":                                                                                    "33.33 DECIMAL(18,2)",
		"money_share(CAST(0.01 AS DECIMAL(18,2)), 1, 2)":                                                                                      "0.01 DECIMAL(18,2)",
		"money_share(CAST(-0.01 AS DECIMAL(18,2)), 1, 2)":                                                                                     "-0.01 DECIMAL(18,2)",
		"money_share(CAST(-0.01 AS DECIMAL(18,2)), -1, 2)":                                                                                    "0.01 DECIMAL(18,2)",
		"money_share(CAST(-0.01 AS DECIMAL(18,2)), -1, -2)":                                                                                   "-0.01 DECIMAL(18,2)",
		"money_share(CAST(1 AS DECIMAL(18,2)), 1, 0)":                                                                                         "null",
		"money_share(CAST(1 AS DECIMAL(18,2)), NULL, 1)":                                                                                      "null",
		"money_share(CAST(900000000000.01 AS DECIMAL(18,2)), CAST(900000000000.01 AS DECIMAL(18,2)), CAST(900000000000.01 AS DECIMAL(18,2)))": "900000000000.01 DECIMAL(18,2)",
		"money_share(CAST(200000000 AS DECIMAL(18,2)), CAST(100 AS DECIMAL(9,6)), CAST(100 AS DECIMAL(9,6)))":                                 "200000000.00 DECIMAL(18,2)",
		"money_share(CAST(10.0050 AS DECIMAL(18,4)), 1, 1)":                                                                                   "10.01 DECIMAL(18,2)",
		"whole_div(7, 2)":  "3 DECIMAL(38,0)",
		"whole_div(-7, 2)": "-4 DECIMAL(38,0)",
		"whole_div(-8, 2)": "-4 DECIMAL(38,0)",
		"rate_div(CAST(2 AS DECIMAL(18,2)), CAST(3 AS DECIMAL(18,2)))": "0.666666666666666 DECIMAL(38,15)",
		"rate_div(CAST(2 AS DECIMAL(18,2)), CAST(0 AS DECIMAL(18,2)))": "null",
	} {
		t.Run(expr, func(t *testing.T) {
			text, typ := evaluate(t, db, expr)
			if text == nil {
				require.Equal(t, want, "null")
				return
			}
			require.Equal(t, want, *text+" "+typ)
		})
	}
}

func evaluate(t *testing.T, db *sql.DB, expr string) (text *string, typ string) {
	t.Helper()
	_, err := db.Exec("SET TimeZone = 'UTC'")
	require.NoError(t, err)
	require.NoError(t, db.QueryRow("SELECT CAST(x AS VARCHAR), typeof(x) FROM (SELECT "+expr+") AS q(x)").Scan(&text, &typ))
	return text, typ
}

func TestMoneyRefusesDoubles(t *testing.T) {
	db := open(t, "")
	require.NoError(t, prelude.Create(t.Context(), db, "UTC"))
	_, err := db.Exec("SELECT money_mul(1, CAST(1.005 AS DOUBLE))")
	require.ErrorContains(t, err, "money_mul of a INTEGER, b DOUBLE: cast to a DECIMAL where the value is still exact; places at most: a 9, b 9")
	for _, expr := range []string{
		"money_mul(CAST(1.005 AS DOUBLE), 1)", "money_mul(1, CAST(1.005 AS DOUBLE))", "money_div(CAST(1 AS DOUBLE), 2)",
		"money_round(CAST(1.005 AS DOUBLE))", "money_round(1.0 / 3)", "money_share(1, CAST(1 AS DOUBLE), 2)", "money_div(avg(x), 2) FROM (VALUES (1.5)) v(x)",
	} {
		_, err := db.Exec("SELECT " + expr)
		require.ErrorContains(t, err, "cast to a DECIMAL", expr)
	}
}

func TestMoneyRefusesWhatItWouldRound(t *testing.T) {
	db := open(t, "")
	require.NoError(t, prelude.Create(t.Context(), db, "UTC"))
	for expr, want := range map[string]string{
		"money_mul(CAST(1 AS DECIMAL(38,10)), 1)":      "places at most",
		"money_div(1, CAST(1 AS DECIMAL(38,18)))":      "places at most",
		"money_share(CAST(1 AS DECIMAL(18,5)), 1, 1)":  "places at most",
		"money_share(1, CAST(1 AS DECIMAL(18,10)), 1)": "places at most",
	} {
		_, err := db.Exec("SELECT " + expr)
		require.ErrorContains(t, err, want, expr)
	}
}

func TestOverflowIsAnErrorNotAWrongNumber(t *testing.T) {
	db := open(t, "")
	require.NoError(t, prelude.Create(t.Context(), db, "UTC"))
	for _, expr := range []string{
		"money_mul(99999999999999.9999, 12345678.123456789)", "money_mul(9999999999999999.99, 2)", "money_div(9999999999999999.99, 0.5)",
		"dbl_money(1e300)", "dbl_money('nan'::DOUBLE)",
	} {
		_, err := db.Exec("SELECT " + expr)
		require.Error(t, err, expr)
	}
}

func TestPreludeStaysInTheFile(t *testing.T) {
	path := t.TempDir() + "/a.duckdb"
	db := open(t, path)
	require.NoError(t, prelude.Create(t.Context(), db, "Europe/Berlin"))
	require.NoError(t, prelude.Create(t.Context(), db, "Europe/Berlin"))
	require.NoError(t, db.Close())
	db = open(t, path+"?access_mode=read_only")
	for _, m := range prelude.Macros("Europe/Berlin") {
		var n int
		require.NoError(t, db.QueryRow("SELECT count(*) FROM duckdb_functions() WHERE schema_name = 'main' AND function_name = ? AND NOT internal", m.Name).Scan(&n))
		require.Positive(t, n, m.Name)
	}
	text, _ := evaluate(t, db, "money_mul(1.005, 1)")
	require.Equal(t, "1.01", *text)
}

func TestTheDocumentationNamesEveryFunction(t *testing.T) {
	text, err := os.ReadFile("../../docs/models.md")
	require.NoError(t, err)
	for _, m := range prelude.Macros("UTC") {
		require.Contains(t, string(text), "| `"+m.Name+"(")
		require.NotEmpty(t, m.Description)
	}
	require.Contains(t, string(text), "| `"+prelude.DateSpine+"(")
}
