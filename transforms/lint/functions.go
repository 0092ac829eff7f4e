package lint

import "strings"

// advice is the rule that a function breaks, and what to write instead.
type advice struct{ rule, instead string }

const (
	useParam    = "program.param has as_of and as_of_at"
	useDays     = "days_between(a, b) or micros_between(a, b)"
	useMoneyDiv = "money_div(sum(x), count(x)) for money, CAST(sum(x) AS DOUBLE) / count(x) for a plain number"
	useJoin     = "a column of its own, or rows"
)

// functions by the name in DuckDB's syntax tree.
func functions() map[string]advice {
	out := map[string]advice{}
	group := func(rule, instead string, names ...string) {
		for _, name := range names {
			out[name] = advice{rule, instead}
		}
	}
	group("clock", useParam, "now", "today", "get_current_timestamp", "get_current_time", "current_localtimestamp", "current_localtime", "transaction_timestamp")
	group("random", "an order by a unique key", "random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "setseed", "nextval", "reservoir_quantile")
	group("literal", useJoin, "list_value", "list_pack", "array_value", "struct_pack", "row", "map", "map_from_entries")
	group("time_zone", "report_date(ts), local_date(ts, tz) or local_sec(ts, tz)", "timezone")
	group("date_diff", useDays, "date_diff", "datediff", "date_sub", "datesub", "age", "epoch", "epoch_ms", "epoch_us", "epoch_ns", "julian")
	group("weekday", "iso_dow(d)", "isodow", "dayofweek", "weekday", "dayname")
	group("average", useMoneyDiv, "avg", "mean", "favg")
	group("double_sum", "sums of decimals or whole numbers, dividing last", "fsum", "sumkahan", "kahan_sum", "product", "geomean", "geometric_mean", "stddev", "stddev_pop", "stddev_samp",
		"variance", "var_pop", "var_samp", "corr", "covar_pop", "covar_samp", "skewness", "kurtosis", "entropy")
	group("approximate", "the exact aggregate", "approx_count_distinct", "approx_quantile", "approx_top_k")
	group("string_agg", "list_join(array_agg(x), ',')", "string_agg", "listagg", "group_concat", "array_to_string", "list_aggregate", "list_string_agg")
	group("first_row", "max_by(x, key) or min_by(x, key)", "first", "last", "arbitrary", "mode")
	group("regex", "rx_like(s, p)", "regexp_matches", "regexp_full_match", "regexp_extract_all", "regexp_split_to_array", "regexp_split_to_table")
	group("format", "ym(d), or CAST(x AS VARCHAR)", "strftime", "strptime", "try_strptime", "printf", "format")
	group("only_duckdb", "portable functions; or `engine: duckdb` in the header", "hash", "make_date", "make_timestamp", "make_timestamptz", "to_days", "to_hours", "to_minutes", "to_seconds", "to_milliseconds",
		"to_microseconds", "time_bucket", "generate_subscripts", "struct_extract", "list_extract", "array_extract", "columns", "to_json", "json_extract", "json_extract_string", "gcd", "lcm", "fmod")
	return out
}

// clockWords are written without parentheses and parse as column names.
var clockWords = map[string]bool{"current_date": true, "current_timestamp": true, "current_time": true, "localtimestamp": true, "localtime": true}

// listFunction says whether a function works on lists.
func listFunction(name string) bool {
	return strings.HasPrefix(name, "list_") && name != "list_join" || strings.HasPrefix(name, "array_") && name != "array_agg"
}

// unordered windows need an ORDER BY to mean anything.
var orderedWindows = map[string]bool{
	"row_number": true, "rank": true, "dense_rank": true, "ntile": true, "lag": true, "lead": true, "first_value": true, "last_value": true, "nth_value": true, "percent_rank": true, "cume_dist": true,
}

// widths are functions whose result type differs between the engines; as an output they need a cast.
var widths = map[string]string{
	"sum": "CAST(sum(x) AS DECIMAL(18,2)) or CAST(… AS BIGINT)", "row_number": "CAST(… AS BIGINT)", "rank": "CAST(… AS BIGINT)", "dense_rank": "CAST(… AS BIGINT)", "ntile": "CAST(… AS BIGINT)",
	"date_part": "CAST(… AS BIGINT)", "year": "CAST(… AS BIGINT)", "month": "CAST(… AS BIGINT)", "day": "CAST(… AS BIGINT)", "hour": "CAST(… AS BIGINT)", "quarter": "CAST(… AS BIGINT)",
	"length": "CAST(… AS BIGINT)", "floor": "CAST(… AS BIGINT)", "ceil": "CAST(… AS BIGINT)", "sign": "CAST(… AS BIGINT)",
}
