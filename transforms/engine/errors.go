package engine

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/model"
)

// DataError is a model that is right and fails on the data: a text that is no number, an amount too large for its type.
type DataError struct {
	Model string
	At    diag.Pos
	Err   error
}

func (e *DataError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.At, e.Model, said(e.Err))
}

func (e *DataError) Unwrap() error { return e.Err }

var (
	errorLine = regexp.MustCompile(`(?s)\s*LINE (\d+):.*`)
	spaces    = regexp.MustCompile(`\s+`)
)

// said is DuckDB's message without its picture of the statement.
func said(err error) string {
	return strings.TrimSpace(spaces.ReplaceAllString(errorLine.ReplaceAllString(err.Error(), ""), " "))
}

// locate tells three kinds of errors apart, and puts file and line to the first two: what the model's author did wrong (a diag.List), what the
// data did (a *DataError), and what the machine did. before is how many lines the statement has before the SELECT.
func locate(m *model.Model, err error, before int) error {
	var from *duckdb.Error
	if !errors.As(err, &from) {
		return fmt.Errorf("make %s: %w", m.Name(), err)
	}
	line := 0
	if found := errorLine.FindStringSubmatch(from.Msg); found != nil {
		line, _ = strconv.Atoi(found[1])
		line -= before
	}
	switch from.Type {
	case duckdb.ErrorTypeConversion, duckdb.ErrorTypeOutOfRange, duckdb.ErrorTypeDecimal, duckdb.ErrorTypeDivideByZero, duckdb.ErrorTypeConstraint, duckdb.ErrorTypeObjectSize:
		return &DataError{Model: m.Name(), At: m.Pos(line), Err: err}
	case duckdb.ErrorTypeBinder, duckdb.ErrorTypeCatalog, duckdb.ErrorTypeParser, duckdb.ErrorTypeSyntax, duckdb.ErrorTypeNotImplemented, duckdb.ErrorTypeMismatchType,
		duckdb.ErrorTypeInvalidType, duckdb.ErrorTypeExpression, duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypePlanner, duckdb.ErrorTypeParameterNotResolved:
		var problems diag.List
		problems.Add(m.Pos(line), "", "%s: %s", m.Name(), said(err))
		return problems
	}
	return fmt.Errorf("make %s: %w", m.Name(), err)
}
