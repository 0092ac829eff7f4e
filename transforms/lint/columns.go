package lint

import (
	"regexp"
	"strings"

	"github.com/tributary-data/tributary/transforms/model"
)

// moneyName are columns that by their name hold money.
var moneyName = regexp.MustCompile(`(^|_)(amount|money|revenue|price|cost|payable|accrued|earned|paid|balance|base)$`)

// keptTypes are those that DuckDB, Spark and Parquet keep alike.
var keptTypes = regexp.MustCompile(`^(VARCHAR|BOOLEAN|SMALLINT|INTEGER|BIGINT|DOUBLE|DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|DECIMAL\(\d+,\d+\))$`)

// Columns looks at the types that a model gives, as DuckDB describes the table made from it.
func Columns(m *model.Model, columns []model.Column) Findings {
	var out Findings
	add := func(rule, msg, instead string) {
		out = append(out, Finding{Rule: rule, At: m.Pos(1), Msg: msg, Instead: instead})
	}
	for _, c := range columns {
		if moneyName.MatchString(strings.ToLower(c.Name)) && (c.Type == "DOUBLE" || c.Type == "FLOAT") {
			add("money", "column "+c.Name+" is a "+c.Type, "CAST(… AS DECIMAL(18,2)), from decimals all the way")
		}
		if m.IsPortable() && !keptTypes.MatchString(c.Type) {
			add("type", "column "+c.Name+" is "+c.Type+", which DuckDB, Spark and Parquet do not keep alike", "a CAST to VARCHAR, BOOLEAN, BIGINT, DECIMAL(18,2), DOUBLE, DATE or TIMESTAMPTZ")
		}
	}
	return out
}
