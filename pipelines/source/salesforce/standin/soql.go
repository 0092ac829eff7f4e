package standin

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// query is one SELECT of SOQL as far as an extractor needs it: one object, parent fields, a condition, an order, a limit.
type query struct {
	fields        []string
	count         bool
	object        string
	where         *condition
	order         []sortKey
	limit, offset int // -1: none
}

type sortKey struct {
	field             string
	descending, nulls bool // nulls: nulls last
}

// condition is a comparison (op and field) or AND, OR, NOT over others.
type condition struct {
	op       string
	of       []*condition
	field    string
	literals []literal
}

// literal is a value in a query; kind is string, number, boolean, null, date or datetime.
type literal struct{ kind, text string }

// apiError is one entry of the array that Salesforce answers errors with.
type apiError struct {
	status  int
	Message string `json:"message"`
	Code    string `json:"errorCode"`
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

func malformed(format string, args ...any) *apiError {
	return &apiError{status: 400, Code: "MALFORMED_QUERY", Message: fmt.Sprintf(format, args...)}
}

var (
	tokens   = regexp.MustCompile(`^(?:'(?:[^'\\]|\\.)*'|[A-Za-z_][\w.]*|[-+]?\d[\w:.+-]*|<=|>=|!=|<>|[=<>(),])`)
	number   = regexp.MustCompile(`^[-+]?\d+(\.\d+)?$`)
	day      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	dateTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:?\d{2})$`)
	unescape = strings.NewReplacer(`\'`, `'`, `\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`)
)

type parser struct{ rest []string }

func parse(text string) (*query, *apiError) {
	p := &parser{}
	for left := strings.TrimSpace(text); left != ""; left = strings.TrimSpace(left) {
		token := tokens.FindString(left)
		if token == "" {
			return nil, malformed("unexpected token: '%c'", []rune(left)[0])
		}
		p.rest, left = append(p.rest, token), left[len(token):]
	}
	q := &query{limit: -1, offset: -1}
	for _, part := range []func(*query) *apiError{p.selected, p.from, p.tail} {
		if err := part(q); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (p *parser) peek() string {
	if len(p.rest) == 0 {
		return "<EOF>"
	}
	return p.rest[0]
}

func (p *parser) next() string {
	token := p.peek()
	if len(p.rest) > 0 {
		p.rest = p.rest[1:]
	}
	return token
}

// accept takes the words if they come next.
func (p *parser) accept(words ...string) bool {
	if len(p.rest) < len(words) {
		return false
	}
	for i, word := range words {
		if !strings.EqualFold(p.rest[i], word) {
			return false
		}
	}
	p.rest = p.rest[len(words):]
	return true
}

func (p *parser) expect(word string) *apiError {
	if !p.accept(word) {
		return malformed("expecting '%s', found '%s'", word, p.peek())
	}
	return nil
}

func (p *parser) name() (string, *apiError) {
	token := p.next()
	if c := token[0] | 0x20; c < 'a' || c > 'z' {
		return "", malformed("unexpected token: '%s'", token)
	}
	return token, nil
}

func (p *parser) selected(q *query) *apiError {
	if err := p.expect("SELECT"); err != nil {
		return err
	}
	if p.accept("COUNT", "(", ")") {
		q.count = true
		return p.expect("FROM")
	}
	for {
		field, err := p.name()
		if err != nil {
			return err
		}
		if strings.EqualFold(field, "FIELDS") && p.accept("(") {
			field = "FIELDS(" + strings.ToUpper(p.next()) + ")"
			if err := p.expect(")"); err != nil {
				return err
			}
		}
		q.fields = append(q.fields, field)
		if !p.accept(",") {
			return p.expect("FROM")
		}
	}
}

func (p *parser) from(q *query) (err *apiError) {
	if q.object, err = p.name(); err != nil || !p.accept("WHERE") {
		return err
	}
	q.where, err = p.condition()
	return err
}

func (p *parser) tail(q *query) (err *apiError) {
	if p.accept("ORDER", "BY") {
		if q.order, err = p.orderBy(); err != nil {
			return err
		}
	}
	if p.accept("LIMIT") {
		if q.limit, err = p.whole(); err != nil {
			return err
		}
	}
	if p.accept("OFFSET") {
		if q.offset, err = p.whole(); err != nil {
			return err
		}
	}
	if len(p.rest) > 0 {
		return malformed("unexpected token: '%s'", p.peek())
	}
	return nil
}

func (p *parser) whole() (int, *apiError) {
	n, err := strconv.Atoi(p.peek())
	if err != nil || n < 0 {
		return 0, malformed("unexpected token: '%s'", p.peek())
	}
	p.next()
	return n, nil
}

func (p *parser) orderBy() ([]sortKey, *apiError) {
	var keys []sortKey
	for {
		field, err := p.name()
		if err != nil {
			return nil, err
		}
		key := sortKey{field: field}
		if !p.accept("ASC") {
			key.descending = p.accept("DESC")
		}
		if !p.accept("NULLS", "FIRST") {
			key.nulls = p.accept("NULLS", "LAST")
		}
		if keys = append(keys, key); !p.accept(",") {
			return keys, nil
		}
	}
}

// condition reads terms joined by AND or by OR: SOQL wants parentheses where both are used.
func (p *parser) condition() (*condition, *apiError) {
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	joined := &condition{of: []*condition{first}}
	for _, word := range []string{"AND", "OR"} {
		for joined.op != "AND" && word == "OR" && p.accept(word) || word == "AND" && p.accept(word) {
			term, err := p.term()
			if err != nil {
				return nil, err
			}
			joined.op, joined.of = word, append(joined.of, term)
		}
	}
	if joined.op == "" {
		return first, nil
	}
	return joined, nil
}

func (p *parser) term() (*condition, *apiError) {
	if p.accept("NOT") {
		inner, err := p.term()
		return &condition{op: "NOT", of: []*condition{inner}}, err
	}
	if p.accept("(") {
		inner, err := p.condition()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	return p.comparison()
}

func (p *parser) comparison() (*condition, *apiError) {
	field, err := p.name()
	if err != nil {
		return nil, err
	}
	c := &condition{field: field}
	switch {
	case p.accept("NOT", "IN"):
		c.op = "NOT IN"
	case p.accept("IN"):
		c.op = "IN"
	case p.accept("LIKE"):
		c.op = "LIKE"
	case p.accept("<>"):
		c.op = "!="
	default:
		c.op = p.next()
		if !slices.Contains([]string{"=", "!=", "<", "<=", ">", ">="}, c.op) {
			return nil, malformed("unexpected token: '%s'", c.op)
		}
	}
	list := c.op == "IN" || c.op == "NOT IN"
	if list {
		if err := p.expect("("); err != nil {
			return nil, err
		}
	}
	for {
		value, err := p.literal()
		if err != nil {
			return nil, err
		}
		c.literals = append(c.literals, value)
		if !list {
			return c, nil
		}
		if !p.accept(",") {
			return c, p.expect(")")
		}
	}
}

func (p *parser) literal() (literal, *apiError) {
	token := p.next()
	switch lower := strings.ToLower(token); {
	case token[0] == '\'':
		return literal{"string", unescape.Replace(token[1 : len(token)-1])}, nil
	case lower == "null":
		return literal{"null", ""}, nil
	case lower == "true" || lower == "false":
		return literal{"boolean", lower}, nil
	case number.MatchString(token):
		return literal{"number", token}, nil
	case day.MatchString(token):
		return literal{"date", token}, nil
	case dateTime.MatchString(token):
		return literal{"datetime", token}, nil
	}
	return literal{}, malformed("unexpected token: '%s'", token)
}
