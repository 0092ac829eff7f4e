package standin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
)

// column is a field that a query names, with the references to follow to it.
type column struct {
	path  []*Field
	field *Field
}

func (c column) name() string {
	var parts []string
	for _, f := range c.path {
		parts = append(parts, f.RelationshipName)
	}
	return strings.Join(append(parts, c.field.Name), ".")
}

type result struct {
	table   *table
	columns []column
	rows    []Row
	count   bool
	total   int
}

func (s *Server) table(name string) (*table, *apiError) {
	if t := s.tables[strings.ToLower(name)]; t != nil && !t.denied {
		return t, nil
	}
	return nil, &apiError{status: 400, Code: "INVALID_TYPE", Message: fmt.Sprintf("sObject type '%s' is not supported. If you are attempting to use a custom object, "+
		"be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", name)}
}

func (s *Server) resolve(t *table, name string) (column, *apiError) {
	parts := strings.Split(name, ".")
	if len(parts) > 1 && strings.EqualFold(parts[0], t.name) && t.relationship(parts[0]) == nil {
		parts = parts[1:]
	}
	var c column
	for i, part := range parts {
		if i == len(parts)-1 {
			if c.field = t.field(part); c.field == nil {
				return c, &apiError{status: 400, Code: "INVALID_FIELD", Message: fmt.Sprintf("No such column '%s' on entity '%s'. If you are attempting to use a custom field, "+
					"be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", part, t.name)}
			}
			break
		}
		f := t.relationship(part)
		if f == nil || s.tables[strings.ToLower(f.ReferenceTo)] == nil || s.tables[strings.ToLower(f.ReferenceTo)].denied {
			return c, &apiError{status: 400, Code: "INVALID_FIELD", Message: fmt.Sprintf("Didn't understand relationship '%s' in field path. If you are attempting to use a "+
				"custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", part)}
		}
		c.path, t = append(c.path, f), s.tables[strings.ToLower(f.ReferenceTo)]
	}
	return c, nil
}

func (s *Server) value(row Row, c column) any {
	for _, f := range c.path {
		id, _ := row[f.Name].(string)
		r := s.tables[strings.ToLower(f.ReferenceTo)].find(id)
		if r == nil {
			return nil
		}
		row = r.row
	}
	return row[c.field.Name]
}

// run answers a query as at the server's clock. all includes deleted records.
func (s *Server) run(text string, all bool) (*result, *apiError) {
	q, err := parse(text)
	if err != nil {
		return nil, err
	}
	t, err := s.table(q.object)
	if err != nil {
		return nil, err
	}
	res := &result{table: t, count: q.count}
	if res.columns, err = s.columns(t, q); err != nil {
		return nil, err
	}
	matches, err := s.filter(t, q.where)
	if err != nil {
		return nil, err
	}
	now := s.options.Now()
	for _, r := range t.records {
		if (all || r.row["IsDeleted"] != true) && !r.visible.After(now) && matches(r.row) {
			res.rows = append(res.rows, r.row)
		}
	}
	if err := s.sort(t, q.order, res.rows); err != nil {
		return nil, err
	}
	res.rows = res.rows[min(max(q.offset, 0), len(res.rows)):]
	if q.limit >= 0 {
		res.rows = res.rows[:min(q.limit, len(res.rows))]
	}
	if res.total = len(res.rows); q.count {
		res.rows = nil
	}
	return res, nil
}

func (s *Server) columns(t *table, q *query) ([]column, *apiError) {
	var columns []column
	for _, name := range q.fields {
		if group, ok := strings.CutPrefix(name, "FIELDS("); ok {
			if group != "STANDARD)" && (q.limit < 0 || q.limit > 200) {
				return nil, malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
			}
			for i := range t.fields {
				f := &t.fields[i]
				if !f.hidden && (group == "ALL)" || (group == "CUSTOM)") == isCustom(f.Name)) {
					columns = append(columns, column{field: f})
				}
			}
			continue
		}
		c, err := s.resolve(t, name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(columns, func(other column) bool { return other.name() == c.name() }) {
			return nil, &apiError{status: 400, Code: "INVALID_FIELD", Message: "duplicate field selected: " + name}
		}
		columns = append(columns, c)
	}
	return columns, nil
}

func (s *Server) filter(t *table, c *condition) (func(Row) bool, *apiError) {
	if c == nil {
		return func(Row) bool { return true }, nil
	}
	if c.field != "" {
		return s.comparison(t, c)
	}
	var parts []func(Row) bool
	for _, inner := range c.of {
		part, err := s.filter(t, inner)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	switch c.op {
	case "NOT":
		return func(row Row) bool { return !parts[0](row) }, nil
	case "OR":
		return func(row Row) bool {
			return slices.ContainsFunc(parts, func(part func(Row) bool) bool { return part(row) })
		}, nil
	}
	return func(row Row) bool {
		return !slices.ContainsFunc(parts, func(part func(Row) bool) bool { return !part(row) })
	}, nil
}

// kinds of literal that a type of field is compared with; every other type takes strings.
var kinds = map[string]string{
	"boolean": "boolean", "date": "date", "datetime": "datetime", "double": "number", "currency": "number", "percent": "number", "int": "number",
}

func (s *Server) comparison(t *table, c *condition) (func(Row) bool, *apiError) {
	col, err := s.resolve(t, c.field)
	if err != nil {
		return nil, err
	}
	kind := cmp.Or(kinds[col.field.Type], "string")
	var wanted []any
	for _, l := range c.literals {
		if l.kind != "null" && l.kind != kind {
			quotes := " and should not be enclosed in quotes"
			if kind == "string" {
				quotes = " and should be enclosed in quotes"
			}
			return nil, &apiError{status: 400, Code: "INVALID_FIELD", Message: fmt.Sprintf("value of filter criterion for field '%s' must be of type %s%s", c.field, col.field.Type, quotes)}
		}
		wanted = append(wanted, l.value(col.field))
	}
	return func(row Row) bool { return compare(c.op, s.value(row, col), wanted) }, nil
}

func (l literal) value(f *Field) any {
	switch {
	case l.kind == "null":
		return nil
	case l.kind == "boolean":
		return l.text == "true"
	case l.kind == "number":
		return json.Number(l.text)
	case f.Type == "id" || f.Type == "reference":
		return LongID(l.text)
	}
	return l.text
}

func compare(op string, got any, wanted []any) bool {
	switch op {
	case "IN", "NOT IN":
		return (op == "IN") == slices.ContainsFunc(wanted, func(w any) bool { return order(got, w) == 0 })
	case "LIKE":
		text, _ := got.(string)
		pattern, _ := wanted[0].(string)
		expression := strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(pattern))
		return got != nil && regexp.MustCompile("(?is)^"+expression+"$").MatchString(text)
	case "=":
		return order(got, wanted[0]) == 0
	case "!=":
		return order(got, wanted[0]) != 0
	}
	if got == nil || wanted[0] == nil {
		return false
	}
	o := order(got, wanted[0])
	return op[0] == '<' && o < 0 || op[0] == '>' && o > 0 || len(op) == 2 && o == 0
}

// order compares two stored values: nulls first, numbers exactly, instants as instants, text without regard to case.
func order(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(rank(a), rank(b))
	}
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if _, ok := a.(json.Number); ok {
		m, okM := new(big.Rat).SetString(x)
		n, okN := new(big.Rat).SetString(y)
		if okM && okN {
			return m.Cmp(n)
		}
	}
	if m, err := readInstant(x); err == nil {
		if n, err := readInstant(y); err == nil {
			return m.Compare(n)
		}
	}
	return strings.Compare(strings.ToLower(x), strings.ToLower(y))
}

func rank(v any) int {
	if v == nil {
		return 0
	}
	return 1
}

func readInstant(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	return time.Parse(instant, text)
}

func (s *Server) sort(t *table, keys []sortKey, rows []Row) *apiError {
	columns := make([]column, len(keys))
	for i, key := range keys {
		c, err := s.resolve(t, key.field)
		if err != nil {
			return err
		}
		columns[i] = c
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		for i, key := range keys {
			x, y := s.value(a, columns[i]), s.value(b, columns[i])
			o := order(x, y)
			if x == nil || y == nil {
				if key.nulls {
					o = -o
				}
			} else if key.descending {
				o = -o
			}
			if o != 0 {
				return o
			}
		}
		return 0
	})
	return nil
}
