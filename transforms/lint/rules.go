package lint

import (
	"strings"

	"github.com/tributary-data/tributary/transforms/syntax"
)

// node applies the rules for one node of the syntax tree.
func (l *linter) node(p *place) {
	n := p.node
	switch n.Str("class") {
	case "FUNCTION":
		l.function(p)
	case "WINDOW":
		l.window(p)
	case "COLUMN_REF":
		l.columnRef(p)
	case "CAST":
		l.castType(p)
	case "STAR":
		l.star(p)
	case "LAMBDA":
		l.add(p, "literal", "a lambda works on lists", useJoin)
	}
	switch n.Str("type") {
	case "ARRAY_EXTRACT", "ARRAY_SLICE", "STRUCT_EXTRACT":
		l.add(p, "literal", "x[…] counts from 1 in DuckDB and from 0 in Spark", useJoin)
	case "SET_OPERATION_NODE":
		if strings.Contains(n.Str("setop_type"), "BY_NAME") {
			l.add(p, "by_name", "UNION BY NAME is DuckDB's alone", "UNION ALL with the columns in one order")
		}
	case "PIVOT":
		l.add(p, "pivot", "PIVOT and UNPIVOT are written differently on Spark", "max(CASE WHEN … END) per column, or UNION ALL")
	case "JOIN":
		l.join(p)
	case "TABLE_FUNCTION":
		l.tableFunction(p)
	case "SELECT_NODE":
		l.selectNode(p)
	}
	if n["sample"] != nil {
		l.add(p, "random", "a sample differs from run to run", "a WHERE on a key")
	}
}

func (l *linter) function(p *place) {
	n := p.node
	name := strings.ToLower(n.Str("function_name"))
	if a, ok := l.functions[name]; ok {
		l.add(p, a.rule, name+" "+because[a.rule], a.instead)
		return
	}
	switch {
	case name == "/" || name == "divide":
		l.division(p)
	case name == "//":
		l.add(p, "int_division", "// is DuckDB's alone", "CAST(floor(a / b) AS BIGINT)")
	case name == "unnest":
		if p.parent().Str("type") != "TABLE_FUNCTION" {
			l.add(p, "unnest", "UNNEST in SELECT is DuckDB's alone", "rows: a join or UNION ALL")
		}
	case name == "date_trunc":
		if p.parent().Str("class") != "CAST" {
			l.add(p, "date_trunc", "date_trunc gives a date in one engine and a timestamp in the other", "CAST(date_trunc('month', x) AS DATE)")
		}
	case name == "date_part":
		l.datePart(p)
	case name == "quantile_cont" || name == "quantile":
		l.quantile(p)
	case name == "array_agg" || name == "list":
		l.arrayAgg(p)
	case name == "sum":
		if anyCast(n, "DOUBLE", "FLOAT") {
			l.add(p, "double_sum", "a sum of doubles differs in its last bits from run to run", "sum decimals or whole numbers, and cast or divide last")
		}
	case name == "rx_like":
		l.pattern(p)
	case moneyFunction[name]:
		l.money(p, name)
	case listFunction(name):
		l.add(p, "literal", name+" works on lists", useJoin)
	}
}

// because completes "<function> …" for each rule of the function table.
var because = map[string]string{
	"clock":       "reads the clock: tonight's rows would not be next year's",
	"random":      "gives other rows on every run",
	"literal":     "makes a list or a struct, which the engines treat differently",
	"time_zone":   "(AT TIME ZONE) does not parse on Spark",
	"date_diff":   "counts boundaries in DuckDB and elapsed time on Spark, or is DuckDB's alone",
	"weekday":     "numbers the days differently",
	"average":     "is a double, for money too",
	"double_sum":  "adds doubles, whose last bits differ from run to run",
	"approximate": "is approximate",
	"string_agg":  "orders and separates differently",
	"first_row":   "takes whichever row comes first",
	"regex":       "is spelled differently on Spark",
	"format":      "formats differently",
	"only_duckdb": "is DuckDB's alone",
}

var moneyFunction = map[string]bool{"money_mul": true, "money_div": true, "money_round": true}

func (l *linter) money(p *place, name string) {
	if anyCast(p.node, "DOUBLE", "FLOAT") {
		l.add(p, "money", name+" of a double is not exact", "decimals all the way, or dbl_money(x) where a double is all there is")
	}
}

// division is a double unless it is meant to be one.
func (l *linter) division(p *place) {
	if anyCast(p.node, "DOUBLE") || strings.EqualFold(p.parent().Str("function_name"), "floor") {
		return
	}
	l.add(p, "division", "/ is a double in DuckDB, for decimals too", "money_div(a, b) for money, CAST(a AS DOUBLE) / nullif(b, 0) for a ratio, CAST(floor(a / b) AS BIGINT) for whole numbers")
}

func (l *linter) datePart(p *place) {
	args := p.node.Children("children")
	if len(args) == 0 {
		return
	}
	switch part := strings.ToLower(constant(args[0])); part {
	case "dow", "isodow", "weekday", "dayofweek":
		l.add(p, "weekday", "extract("+part+" …) numbers the days differently", "iso_dow(d)")
	case "epoch", "epoch_ms", "epoch_us", "milliseconds", "microseconds":
		l.add(p, "date_diff", "extract("+part+" …) differs between the engines", useDays)
	}
}

func (l *linter) quantile(p *place) {
	orders := p.node.Child("order_bys").Children("orders")
	if len(orders) == 0 {
		l.add(p, "quantile", p.node.Str("function_name")+" is DuckDB's spelling", "percentile_cont(p) WITHIN GROUP (ORDER BY CAST(x AS DOUBLE))")
		return
	}
	for _, o := range orders {
		if !anyCast(o, "DOUBLE") {
			l.add(p, "quantile", "percentile_cont of a decimal is rounded to the column's scale in DuckDB", "ORDER BY CAST(x AS DOUBLE)")
		}
	}
}

func (l *linter) arrayAgg(p *place) {
	if len(p.node.Child("order_bys").Children("orders")) > 0 {
		l.add(p, "ordered_agg", "an ordered array_agg does not parse on Spark", "list_join(array_agg(x), ','), which sorts")
		return
	}
	if !strings.EqualFold(p.parent().Str("function_name"), "list_join") {
		l.add(p, "ordered_agg", "the order of array_agg differs from run to run", "list_join(array_agg(x), ','), which sorts")
	}
}

func (l *linter) pattern(p *place) {
	for _, arg := range p.node.Children("children") {
		for _, class := range []string{`\d`, `\w`, `\s`} {
			if strings.Contains(constant(arg), class) {
				l.add(p, "regex", "the backslash of "+class+" is taken away on Spark", "[0-9], [A-Za-z0-9_] or [ ]")
			}
		}
	}
}

func (l *linter) window(p *place) {
	n := p.node
	name := strings.ToLower(n.Str("function_name"))
	if orderedWindows[name] && len(n.Children("orders")) == 0 {
		l.add(p, "window_order", name+" without ORDER BY differs from run to run", "ORDER BY with a unique key last")
	}
	if ignore, _ := n["ignore_nulls"].(bool); ignore {
		l.add(p, "window", "IGNORE NULLS differs between the engines", "max_by(x, key) FILTER (WHERE x IS NOT NULL) over the rows")
	}
	if clause := n.Str("exclude_clause"); clause != "" && clause != "NO_OTHER" {
		l.add(p, "window", "EXCLUDE in a frame is DuckDB's alone", "a frame that ends before the current row")
	}
	if a, ok := l.functions[name]; ok && a.rule == "average" {
		l.add(p, a.rule, name+" "+because[a.rule], a.instead)
	}
	if name == "sum" && anyCast(n, "DOUBLE", "FLOAT") {
		l.add(p, "double_sum", "a sum of doubles differs in its last bits from run to run", "sum decimals or whole numbers, and cast or divide last")
	}
}

func (l *linter) columnRef(p *place) {
	names, _ := p.node["column_names"].([]any)
	if len(names) != 1 {
		return
	}
	if name, _ := names[0].(string); clockWords[strings.ToLower(name)] {
		l.add(p, "clock", name+" "+because["clock"], useParam)
	}
}

var badTypes = map[string]bool{
	"UUID": true, "TIME": true, "TIME WITH TIME ZONE": true, "INTERVAL": true, "UTINYINT": true, "USMALLINT": true, "UINTEGER": true, "UBIGINT": true, "UHUGEINT": true, "HUGEINT": true,
	"TIMESTAMP_NS": true, "TIMESTAMP_S": true, "TIMESTAMP_MS": true, "LIST": true, "STRUCT": true, "MAP": true, "ARRAY": true, "UNION": true, "ENUM": true, "BIT": true, "FLOAT": true,
}

func (l *linter) castType(p *place) {
	id := p.node.Child("cast_type").Str("id")
	if badTypes[id] {
		l.add(p, "type", "type "+id+" is not kept alike by DuckDB, Spark and Parquet", "VARCHAR, BOOLEAN, BIGINT, DECIMAL(18,2), DOUBLE, DATE or TIMESTAMPTZ")
	}
}

func (l *linter) star(p *place) {
	for _, key := range []string{"exclude_list", "qualified_exclude_list", "replace_list", "rename_list"} {
		if list, _ := p.node[key].([]any); len(list) > 0 {
			l.add(p, "star", "* EXCLUDE, REPLACE and RENAME are DuckDB's alone", "the columns by name")
			return
		}
	}
	if columns, _ := p.node["columns"].(bool); columns {
		l.add(p, "star", "COLUMNS(…) is DuckDB's alone", "the columns by name")
	}
}

func (l *linter) join(p *place) {
	n := p.node
	switch n.Str("ref_type") {
	case "ASOF":
		l.add(p, "asof", "ASOF JOIN is DuckDB's alone", "lead(d, 1, DATE '9999-12-31') OVER (…) to make intervals, then a range join")
	case "POSITIONAL":
		l.add(p, "asof", "POSITIONAL JOIN joins rows that happen to stand side by side", "a join on a key")
	}
	if n.Str("join_type") == "LEFT" && n.Child("condition").Str("type") == "CONJUNCTION_OR" {
		l.add(p, "or_join", "a LEFT JOIN on … OR … compares every row with every row", "coalesce in the condition, as x < coalesce(hi, DATE '9999-12-31')")
	}
}

func (l *linter) tableFunction(p *place) {
	switch name := strings.ToLower(p.node.Child("function").Str("function_name")); name {
	case "range", "date_spine":
	case "generate_series":
		l.add(p, "series", "generate_series is DuckDB's alone", "date_spine(a, b), or range(a, b) for numbers")
	case "unnest":
		l.add(p, "unnest", "UNNEST is spelled differently on Spark", "rows: a join or UNION ALL")
	default:
		l.add(p, "table_function", name+" reads past the warehouse or is DuckDB's alone", "a table; files come in through streams and maps")
	}
}

func (l *linter) selectNode(p *place) {
	var ordered, limited bool
	for _, m := range p.node.Children("modifiers") {
		switch m.Str("type") {
		case "ORDER_MODIFIER":
			ordered = true
		case "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER":
			limited = true
		case "DISTINCT_MODIFIER":
			if len(m.Children("distinct_on_targets")) > 0 {
				l.add(p, "distinct_on", "DISTINCT ON is DuckDB's alone", "QUALIFY row_number() OVER (PARTITION BY … ORDER BY …) = 1")
			}
		}
	}
	if limited && !ordered {
		l.add(p, "limit_order", "LIMIT without ORDER BY differs from run to run", "ORDER BY with a unique key last")
	}
}

// output looks at the columns that the model gives.
func (l *linter) output(root syntax.Node) {
	switch root.Str("type") {
	case "SET_OPERATION_NODE":
		l.output(root.Child("left"))
		l.output(root.Child("right"))
		for _, child := range root.Children("children") {
			l.output(child)
		}
	case "SELECT_NODE":
		for _, column := range root.Children("select_list") {
			name := strings.ToLower(column.Str("function_name"))
			if instead, ok := widths[name]; ok {
				l.add(&place{node: column}, "output_cast", "the type of "+name+" differs between the engines", instead)
			}
		}
	}
}

// anyCast says whether a cast to one of the types stands anywhere below the node.
func anyCast(n syntax.Node, types ...string) bool {
	found := false
	q := syntax.Query{Root: n}
	q.Walk(func(n syntax.Node) {
		if n.Str("class") != "CAST" {
			return
		}
		for _, t := range types {
			found = found || n.Child("cast_type").Str("id") == t
		}
	})
	return found
}

// constant is the text of a literal, "" when the node is none.
func constant(n syntax.Node) string {
	return n.Child("value").Str("value")
}
