package unittest

import (
	"context"
	"database/sql"
	"fmt"
	"sort"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/model"
)

// row is a row's values as DuckDB writes them; not valid = null.
type row []sql.NullString

func (r row) key() string {
	parts := make([]string, len(r))
	for i, v := range r {
		parts[i] = fmt.Sprint(v.Valid, len(v.String), v.String)
	}
	return strings.Join(parts, "|")
}

// compare holds the model's rows against those expected, in any order. The columns compared are those that the expected rows name.
func (r *runner) compare(ctx context.Context, tx *sql.Tx, target *model.Model, result *Result) error {
	columns, err := r.compared(result.Test, target.Name())
	if err != nil {
		return err
	}
	var expected []row
	for _, e := range result.Test.Expect {
		values, err := r.canonical(ctx, tx, columns, e)
		if err != nil {
			return err
		}
		expected = append(expected, values)
	}
	actual, err := r.actual(ctx, tx, columns, result.Test)
	if err != nil {
		return err
	}
	for _, c := range columns {
		result.columns = append(result.columns, c.Name)
	}
	result.actual = actual
	result.Diff = difference(result.columns, target.Grain, expected, actual)
	return nil
}

// compared are the columns that any expected row names, in the model's order; all of them when no row is expected.
func (r *runner) compared(test Test, name string) ([]model.Column, error) {
	named := map[string]bool{}
	var problems diag.List
	for _, e := range test.Expect {
		for _, cell := range e.Cells {
			column, err := r.column(name, cell)
			if err != nil {
				problems.Merge(err.(diag.List)) //nolint:errorlint,forcetypeassert // column gives nothing else
				continue
			}
			named[column.Name] = true
		}
	}
	var out []model.Column
	for _, c := range r.columns[name] {
		if len(named) == 0 || named[c.Name] {
			out = append(out, c)
		}
	}
	return out, problems.Err()
}

// shown writes a value for comparison. Doubles agree when they do in nine places: their last bits depend on the machine.
func shown(expr, duckdbType string) string {
	if duckdbType == "DOUBLE" || duckdbType == "FLOAT" {
		return "CAST(round(" + expr + ", 9) AS VARCHAR)"
	}
	return "CAST(" + expr + " AS VARCHAR)"
}

// canonical gives an expected row the spelling that DuckDB gives the actual ones.
func (r *runner) canonical(ctx context.Context, tx *sql.Tx, columns []model.Column, e Row) (row, error) {
	exprs, args := make([]string, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		exprs[i] = shown(typed(c.Type), c.Type)
		for _, cell := range e.Cells {
			if strings.EqualFold(cell.Column, c.Name) {
				args[i] = cell.arg()
			}
		}
	}
	values, into := scanRow(len(columns))
	if err := tx.QueryRowContext(ctx, "SELECT "+strings.Join(exprs, ", "), args...).Scan(into...); err != nil {
		return nil, problem(e.At, "", "expected row: %s", said(err))
	}
	return values, nil
}

func (r *runner) actual(ctx context.Context, tx *sql.Tx, columns []model.Column, test Test) ([]row, error) {
	exprs := make([]string, len(columns))
	for i, c := range columns {
		exprs[i] = shown(ident(c.Name), c.Type)
	}
	query := "SELECT " + strings.Join(exprs, ", ") + " FROM " + test.Model
	if test.Where != "" {
		query += " WHERE " + test.Where
	}
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, problem(test.At, "", "read %s: %s", test.Model, said(err))
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		values, into := scanRow(len(columns))
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read %s: %w", test.Model, err)
		}
		out = append(out, values)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key() < out[j].key() })
	return out, rows.Err()
}

func scanRow(n int) (row, []any) {
	values, into := make(row, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	return values, into
}

// difference shows what is missing (-), too much (+) and, where the key is compared, what another value (~).
func difference(columns, grain []string, expected, actual []row) string {
	missing, extra := subtract(expected, actual), subtract(actual, expected)
	if len(missing)+len(extra) == 0 {
		return ""
	}
	var lines []string
	key := positions(columns, grain)
	for _, m := range missing {
		i := sameKey(m, extra, key)
		if i < 0 {
			lines = append(lines, "- "+text(columns, m))
			continue
		}
		lines = append(lines, "~ "+changed(columns, key, m, extra[i]))
		extra = append(extra[:i:i], extra[i+1:]...)
	}
	for _, e := range extra {
		lines = append(lines, "+ "+text(columns, e))
	}
	return indent(fmt.Sprintf("rows: %d expected, %d found (- missing, + not expected, ~ different)\n", len(expected), len(actual)) + strings.Join(lines, "\n"))
}

// subtract gives the rows of a that are not in b, each counted as often as it occurs.
func subtract(a, b []row) []row {
	have := map[string]int{}
	for _, r := range b {
		have[r.key()]++
	}
	var out []row
	for _, r := range a {
		if have[r.key()] > 0 {
			have[r.key()]--
			continue
		}
		out = append(out, r)
	}
	return out
}

// positions of the key among the columns compared; nil when a part of the key is not compared.
func positions(columns, grain []string) []int {
	var out []int
	for _, name := range grain {
		for i, c := range columns {
			if strings.EqualFold(c, name) {
				out = append(out, i)
			}
		}
	}
	if len(out) < len(grain) {
		return nil
	}
	return out
}

func sameKey(m row, extra []row, key []int) int {
	if len(key) == 0 {
		return -1
	}
	for i, e := range extra {
		same := true
		for _, k := range key {
			same = same && m[k] == e[k]
		}
		if same {
			return i
		}
	}
	return -1
}

func changed(columns []string, key []int, expected, actual row) string {
	var keys, cells []string
	for _, k := range key {
		keys = append(keys, columns[k]+"="+value(expected[k]))
	}
	for i := range expected {
		if expected[i] != actual[i] {
			cells = append(cells, fmt.Sprintf("%s is %s, expected %s", columns[i], value(actual[i]), value(expected[i])))
		}
	}
	return strings.Join(keys, ", ") + ": " + strings.Join(cells, "; ")
}

func text(columns []string, r row) string {
	parts := make([]string, len(r))
	for i, v := range r {
		parts[i] = columns[i] + "=" + value(v)
	}
	return strings.Join(parts, ", ")
}

func value(v sql.NullString) string {
	if !v.Valid {
		return "null"
	}
	return v.String
}
