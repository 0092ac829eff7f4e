package unittest

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/model"
)

func (c Cell) arg() any {
	if c.Value == nil {
		return nil
	}
	return *c.Value
}

// typed is a placeholder whose text is cast to a column's type.
func typed(duckdbType string) string { return "CAST(CAST(? AS VARCHAR) AS " + duckdbType + ")" }

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func findColumn(columns []model.Column, table string, cell Cell) (model.Column, error) {
	names := make([]string, len(columns))
	for i, c := range columns {
		if strings.EqualFold(c.Name, cell.Column) {
			return c, nil
		}
		names[i] = c.Name
	}
	return model.Column{}, problem(cell.At, diag.DidYouMean(cell.Column, names), "%s has no column %s", table, cell.Column)
}

var (
	decimalScale = regexp.MustCompile(`^DECIMAL\(\d+,(\d+)\)$`)
	plainNumber  = regexp.MustCompile(`^[+-]?\d*\.?(\d*)$`)
)

// exact refuses decimals that would be rounded on their way into the column.
func exact(column model.Column, cell Cell) error {
	scale := decimalScale.FindStringSubmatch(column.Type)
	if scale == nil || cell.Value == nil {
		return nil
	}
	number := plainNumber.FindStringSubmatch(*cell.Value)
	if number == nil {
		return nil // DuckDB says what is wrong with it
	}
	places, err := strconv.Atoi(scale[1])
	if err == nil && len(strings.TrimRight(number[1], "0")) > places {
		return problem(cell.At, "", "%s has more decimal places than column %s keeps (%s)", *cell.Value, column.Name, column.Type)
	}
	return nil
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
