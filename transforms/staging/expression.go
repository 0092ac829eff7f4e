package staging

import (
	"context"
	"errors"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// reference is a column that an expression names: a column of the row, or name.column of something beside it.
type reference struct {
	start, end int // in the expression's text
	parts      []string
}

// expression is a user's SQL expression with the columns it names.
type expression struct {
	at   diag.Pos
	text string
	refs []reference
}

const selectPrefix = "SELECT ("

// parseExpression reads an SQL expression; what is wrong with it goes to problems.
func parseExpression(ctx context.Context, p *syntax.Parser, t diag.Text, problems *diag.List) (expression, bool) {
	e := expression{at: t.Pos, text: strings.TrimSpace(t.Value)}
	q, err := p.Parse(ctx, selectPrefix+e.text+"\n)")
	if err != nil {
		var refused *syntax.Error
		if errors.As(err, &refused) {
			problems.Add(t.Pos, "one SQL expression in DuckDB's words", "%q cannot be read: %s", e.text, refused.Msg)
		} else {
			problems.Add(t.Pos, "", "%q: %s", e.text, err)
		}
		return e, false
	}
	lambda := map[string]bool{}
	subquery := false
	q.Walk(func(n syntax.Node) {
		switch n.Str("class") {
		case "LAMBDA":
			for _, name := range columnNames(n.Child("lhs")) {
				lambda[name] = true
			}
		case "SUBQUERY":
			subquery = true
		}
	})
	if subquery {
		problems.Add(t.Pos, "join the other rows with lookup:, or write the map as a select:", "an expression cannot hold a SELECT: %q", e.text)
		return e, false
	}
	q.Walk(func(n syntax.Node) {
		at, ok := n["query_location"].(float64)
		if n.Str("class") != "COLUMN_REF" || !ok || at > math.MaxInt32 {
			return
		}
		ref := reference{start: int(at) - len(selectPrefix), parts: columnNames(n)}
		if len(ref.parts) == 1 && lambda[ref.parts[0]] {
			return
		}
		ref.end = endOfName(e.text, ref.start, len(ref.parts))
		e.refs = append(e.refs, ref)
	})
	sort.Slice(e.refs, func(i, j int) bool { return e.refs[i].start < e.refs[j].start })
	// CASE x WHEN a … WHEN b names x once, the parser's tree twice
	e.refs = slices.CompactFunc(e.refs, func(a, b reference) bool { return a.start == b.start })
	return e, true
}

// columnNames are the names of a column reference, or of the parameters of a lambda.
func columnNames(n syntax.Node) []string {
	var names []string
	list, _ := n["column_names"].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			names = append(names, s)
		}
	}
	for _, child := range n.Children("children") {
		names = append(names, columnNames(child)...)
	}
	return names
}

// endOfName is where a name of so many parts ends that begins at start.
func endOfName(s string, start, parts int) int {
	i := start
	for range parts {
		i = skipSpace(s, i)
		if i < len(s) && s[i] == '.' {
			i = skipSpace(s, i+1)
		}
		if i < len(s) && s[i] == '"' {
			for i++; i < len(s); i++ {
				if s[i] != '"' {
					continue
				}
				if i+1 < len(s) && s[i+1] == '"' {
					i++
					continue
				}
				break
			}
			i++
			continue
		}
		for i < len(s) && isNameByte(s[i]) {
			i++
		}
	}
	return i
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// rewrite puts other names in the place of those that the expression holds.
func (e expression) rewrite(name func(r reference) string) string {
	var b strings.Builder
	from := 0
	for _, r := range e.refs {
		b.WriteString(e.text[from:r.start])
		b.WriteString(name(r))
		from = r.end
	}
	b.WriteString(e.text[from:])
	return b.String()
}

// Names that mean something beside a row's columns in an expression.
const (
	fieldName = "field" // fields already read
	rowName   = "row"   // columns of the row, also those that another name hides
)

// scope is what the expressions of a map can name.
type scope struct {
	stream  string
	columns []string            // of the row
	beside  map[string][]string // lookups: their columns, nil for one whose stream has not delivered
	item    string              // alias of the unnested element, "" without one
	used    map[string][]string // columns of the row (under "row"), of lookups and keys of the element that were named
}

// column finds a column of the row as the source spells it; DuckDB's names do not differ by case.
func (s *scope) column(name string) (string, bool) { return findFold(s.columns, name) }

func findFold(list []string, name string) (string, bool) {
	for _, c := range list {
		if c == name {
			return c, true
		}
	}
	for _, c := range list {
		if strings.EqualFold(c, name) {
			return c, true
		}
	}
	return "", false
}

// resolve gives the SQL name of a reference and, when it names a field of this map, that field.
func (s *scope) resolve(at diag.Pos, parts []string, fields []string, problems *diag.List) (sql, field string) {
	head := parts[0]
	if len(parts) >= 2 {
		switch {
		case strings.EqualFold(head, fieldName):
			if f, ok := findFold(fields, parts[1]); ok {
				return fieldColumn(f), f
			}
			problems.Add(at, diag.DidYouMean(parts[1], fields), "field.%s: this map has no such field", parts[1])
			return "NULL", ""
		case strings.EqualFold(head, rowName):
			return s.own(at, parts[1], problems), ""
		case s.item != "" && strings.EqualFold(head, s.item):
			s.use(s.item, parts[1])
			return ident(s.item + "." + parts[1]), ""
		}
		if name, ok := findFold(s.lookups(), head); ok {
			column, ok := findFold(s.beside[name], parts[1])
			if s.beside[name] == nil { // has not delivered yet, so nobody knows its columns
				s.use(name, parts[1])
				return ident(name + "." + parts[1]), ""
			}
			if !ok {
				problems.Add(at, diag.DidYouMean(parts[1], s.beside[name]), "%s.%s: the lookup's stream has no such column", head, parts[1])
				return "NULL", ""
			}
			s.use(name, column)
			return ident(name + "." + column), ""
		}
	}
	if len(parts) == 1 {
		return s.own(at, head, problems), ""
	}
	// A column that is a struct, as Parquet can have.
	own := s.own(at, head, problems)
	for _, p := range parts[1:] {
		own += "." + ident(p)
	}
	return own, ""
}

func (s *scope) lookups() []string {
	var names []string
	for name := range s.beside {
		names = append(names, name)
	}
	return sorted(names)
}

func (s *scope) own(at diag.Pos, name string, problems *diag.List) string {
	c, ok := s.column(name)
	if !ok {
		problems.Add(at, diag.DidYouMean(name, s.columns), "stream %s has no column %q", s.stream, name)
		return "NULL"
	}
	s.use(rowName, c)
	return ident(c)
}

func (s *scope) use(of, column string) {
	if s.used == nil {
		s.used = map[string][]string{}
	}
	if !slices.Contains(s.used[of], column) {
		s.used[of] = append(s.used[of], column)
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// columnPath splits a column's name that may belong to something beside the row: owners.name. A column of the row itself whose name
// holds a point comes first.
func (s *scope) columnPath(name string) []string {
	if _, ok := s.column(name); ok {
		return []string{name}
	}
	head, rest, ok := strings.Cut(name, ".")
	if !ok {
		return []string{name}
	}
	if _, known := s.beside[head]; known || head == s.item && s.item != "" {
		return []string{head, rest}
	}
	return []string{name}
}
