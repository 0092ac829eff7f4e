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

type result struct {
	table   *table
	columns []column
	rows    []Row
	view    view
	count   bool
	total   int
}

// run answers a query as at the server's clock. all includes deleted records.
func (s *Server) run(text string, all bool) (*result, *apiError) {
	q, err := parse(text)
	if err != nil {
		return nil, err.located(text)
	}
	res, err := s.evaluate(q, view{s.options.Now(), all})
	if err != nil {
		return nil, err.located(text)
	}
	return res, nil
}

func (s *Server) evaluate(q *query, v view) (*result, *apiError) {
	t, err := s.table(q.object)
	if err != nil {
		return nil, err
	}
	res := &result{table: t, count: q.count, view: v}
	if res.columns, err = s.columns(t, q); err != nil {
		return nil, err
	}
	matches, err := s.filter(t, q.where, v)
	if err != nil {
		return nil, err
	}
	for _, r := range t.records {
		if v.sees(r) && matches(r.row) {
			res.rows = append(res.rows, r.row)
		}
	}
	if err := s.sort(res, q.order); err != nil {
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
		if group, ok := strings.CutPrefix(name.text, "FIELDS("); ok {
			if group != "STANDARD)" && (q.limit < 0 || q.limit > 200) {
				return nil, malformed(name.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
			}
			for _, f := range t.fields {
				if !f.denied && (group == "ALL)" || (group == "CUSTOM)") == isCustom(f.Name)) {
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
			return nil, queryError(name.at, "INVALID_FIELD", "duplicate field selected: %s", c.name())
		}
		columns = append(columns, c)
	}
	return columns, nil
}

func (s *Server) filter(t *table, c *condition, v view) (func(Row) bool, *apiError) {
	if c == nil {
		return func(Row) bool { return true }, nil
	}
	if c.of == nil {
		return s.comparison(t, c, v)
	}
	var parts []func(Row) bool
	for _, inner := range c.of {
		part, err := s.filter(t, inner, v)
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

// kindOf is how the values of a field are kept and compared: number, boolean, date, datetime, id (letter by letter) or string (in any case).
func kindOf(f *Field) string {
	switch f.Type {
	case "double", "currency", "percent", "int":
		return "number"
	case "boolean", "date", "datetime", "id":
		return f.Type
	case "reference":
		return "id"
	}
	return "string"
}

func (s *Server) comparison(t *table, c *condition, v view) (func(Row) bool, *apiError) {
	col, err := s.resolve(t, c.field)
	if err != nil {
		return nil, err
	}
	if !col.field.filterable() {
		return nil, queryError(c.field.at, "INVALID_FIELD", "field '%s' can not be filtered in a query call", col.field.Name)
	}
	kind := kindOf(col.field)
	if c.op == "LIKE" && kind != "string" {
		return nil, queryError(c.field.at, "INVALID_FIELD", "invalid operator on %s field", col.field.Type)
	}
	var wanted []operand
	for _, l := range c.literals {
		o, err := l.operand(col.field, kind, s.options.Now().In(s.options.Zone))
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, o)
	}
	if c.op == "LIKE" && wanted[0].from == nil {
		return nil, malformed(c.field.at, "LIKE wants a text")
	}
	return func(row Row) bool { return compare(c.op, key(kind, s.value(row, col, v)), wanted) }, nil
}

// operand is what a field is compared with: the values from one up to another; a single value is both.
type operand struct {
	from, to any
	pattern  *regexp.Regexp // of LIKE
}

var wildcards = strings.NewReplacer(`\\%`, "%", `\\_`, "_", "%", ".*", "_", ".")

func (l literal) operand(f *Field, kind string, now time.Time) (operand, *apiError) {
	switch {
	case l.kind == "null":
		return operand{}, nil
	case l.kind == "days" && kind == "date":
		from, to := l.bounds(now)
		return operand{from: from.Format(time.DateOnly), to: to.AddDate(0, 0, -1).Format(time.DateOnly)}, nil
	case l.kind == "days" && kind == "datetime":
		from, to := l.bounds(now)
		return operand{from: from, to: to.Add(-1)}, nil
	case l.kind != kind && (l.kind != "string" || kind != "id"):
		quotes := " and should not be enclosed in quotes"
		if kind == "string" || kind == "id" {
			quotes = " and should be enclosed in quotes"
		}
		_, soap, _ := strings.Cut(cmp.Or(soapTypes[f.Type], "xsd:string"), ":")
		if soap == "ID" {
			soap = "string"
		}
		return operand{}, queryError(l.at, "INVALID_FIELD", "value of filter criterion for field '%s' must be of type %s%s", f.Name, soap, quotes)
	case kind == "id" && l.text != "" && len(l.text) != 15 && len(l.text) != 18:
		return operand{}, queryError(l.at, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: %s", l.text)
	}
	value := key(kind, l.stored(kind))
	pattern := regexp.MustCompile("(?is)^" + wildcards.Replace(regexp.QuoteMeta(l.text)) + "$")
	return operand{from: value, to: value, pattern: pattern}, nil
}

// stored is the value of a literal as a record would have it.
func (l literal) stored(kind string) any {
	switch kind {
	case "boolean":
		return l.text == "true"
	case "number":
		return json.Number(l.text)
	case "id":
		return LongID(l.text)
	}
	return l.text
}

func compare(op string, got any, wanted []operand) bool {
	within := func(o operand) bool { return order(got, o.from) >= 0 && order(got, o.to) <= 0 }
	first := wanted[0]
	switch op {
	case "IN", "NOT IN":
		return (op == "IN") == slices.ContainsFunc(wanted, within)
	case "LIKE":
		text, ok := got.(string)
		return ok && first.pattern.MatchString(text)
	case "=":
		return within(first)
	case "!=":
		return !within(first)
	}
	if got == nil || first.from == nil {
		return false
	}
	switch op {
	case "<":
		return order(got, first.from) < 0
	case "<=":
		return order(got, first.to) <= 0
	case ">":
		return order(got, first.to) > 0
	}
	return order(got, first.from) >= 0
}

// key is a stored value in the form that order compares: nil, string, *big.Rat or time.Time.
func key(kind string, value any) any {
	if value == nil {
		return nil
	}
	text := fmt.Sprint(value)
	switch kind {
	case "number":
		if n, ok := new(big.Rat).SetString(text); ok {
			return n
		}
	case "datetime":
		if at, err := readInstant(text); err == nil {
			return at
		}
	case "boolean", "id", "date":
		return text
	}
	return strings.ToLower(text)
}

// order compares two keys of a kind: nulls first; what a retyped field kept from before is text.
func order(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(rank(a), rank(b))
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case *big.Rat:
		if y, ok := b.(*big.Rat); ok {
			return x.Cmp(y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func rank(v any) int {
	if v == nil {
		return 0
	}
	return 1
}

func (s *Server) sort(res *result, keys []sortKey) *apiError {
	columns := make([]column, len(keys))
	for i, key := range keys {
		c, err := s.resolve(res.table, key.field)
		if err != nil {
			return err
		}
		if !c.field.sortable() {
			return queryError(key.field.at, "INVALID_FIELD", "field '%s' can not be sorted in a query call", c.field.Name)
		}
		columns[i] = c
	}
	if len(keys) == 0 {
		return nil
	}
	type sorted struct {
		row    Row
		values []any
	}
	rows := make([]sorted, len(res.rows))
	for i, row := range res.rows {
		rows[i].row = row
		for _, c := range columns {
			rows[i].values = append(rows[i].values, key(kindOf(c.field), s.value(row, c, res.view)))
		}
	}
	slices.SortStableFunc(rows, func(a, b sorted) int {
		for i, key := range keys {
			if o := key.order(a.values[i], b.values[i]); o != 0 {
				return o
			}
		}
		return 0
	})
	for i := range rows {
		res.rows[i] = rows[i].row
	}
	return nil
}

// order compares by one key: nulls come first unless the key says last, whatever the direction.
func (k sortKey) order(a, b any) int {
	turned := k.descending
	if a == nil || b == nil {
		turned = k.nulls
	}
	if turned {
		return order(b, a)
	}
	return order(a, b)
}
