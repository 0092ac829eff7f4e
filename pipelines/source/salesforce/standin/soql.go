package standin

import (
	"slices"
	"strconv"
	"strings"
)

// query is one SELECT of SOQL as far as an extractor needs it: one object, parent fields, a condition, an order, a limit.
type query struct {
	fields        []token
	count         bool
	object        token
	where         *condition
	order         []sortKey
	limit, offset int // -1: none
}

type sortKey struct {
	field             token
	descending, nulls bool // nulls: nulls last
}

// condition is a comparison (op and field) or AND, OR, NOT over others.
type condition struct {
	op       string
	of       []*condition
	field    token
	literals []literal
}

type parser struct {
	rest []token
	end  int
}

func parse(text string) (*query, *apiError) {
	if len(text) > 100_000 {
		return nil, &apiError{status: 400, Code: "QUERY_TOO_COMPLICATED", Message: "SOQL statements cannot be longer than 100000 characters."}
	}
	words, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &parser{rest: words, end: len(text)}
	q := &query{limit: -1, offset: -1}
	for _, part := range []func(*query) *apiError{p.selected, p.from, p.tail} {
		if err := part(q); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (p *parser) peek() token {
	if len(p.rest) == 0 {
		return token{"<EOF>", p.end}
	}
	return p.rest[0]
}

func (p *parser) next() token {
	word := p.peek()
	if len(p.rest) > 0 {
		p.rest = p.rest[1:]
	}
	return word
}

func (p *parser) sees(words ...string) bool {
	if len(p.rest) < len(words) {
		return false
	}
	for i, word := range words {
		if !strings.EqualFold(p.rest[i].text, word) {
			return false
		}
	}
	return true
}

// accept takes the words if they come next.
func (p *parser) accept(words ...string) bool {
	if !p.sees(words...) {
		return false
	}
	p.rest = p.rest[len(words):]
	return true
}

func (p *parser) expect(word string) *apiError {
	if !p.accept(word) {
		return malformed(p.peek().at, "expecting '%s', found '%s'", word, p.peek().text)
	}
	return nil
}

func unexpected(word token) *apiError { return malformed(word.at, "unexpected token: '%s'", word.text) }

func (p *parser) name() (token, *apiError) {
	word := p.next()
	if c := word.text[0] | 0x20; c < 'a' || c > 'z' {
		return word, unexpected(word)
	}
	return word, nil
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
		field, err := p.selectedField()
		if err != nil {
			return err
		}
		q.fields = append(q.fields, field)
		if !p.accept(",") {
			return p.expect("FROM")
		}
	}
}

const childSubquery = "a subquery over child records"

func (p *parser) selectedField() (token, *apiError) {
	switch at := p.peek().at; {
	case p.sees("("):
		return token{}, unanswered(at, childSubquery)
	case p.sees("TYPEOF"):
		return token{}, unanswered(at, "TYPEOF")
	}
	field, err := p.name()
	if err != nil || !p.accept("(") {
		return field, err
	}
	if !strings.EqualFold(field.text, "FIELDS") {
		return field, unanswered(field.at, "the function "+strings.ToUpper(field.text)+"()")
	}
	group := strings.ToUpper(p.next().text)
	if !slices.Contains([]string{"ALL", "STANDARD", "CUSTOM"}, group) {
		return field, malformed(field.at, "Invalid FIELDS function parameter: %s", group)
	}
	field.text = "FIELDS(" + group + ")"
	return field, p.expect(")")
}

func (p *parser) from(q *query) (err *apiError) {
	if q.object, err = p.name(); err != nil || !p.accept("WHERE") {
		return err
	}
	q.where, err = p.condition()
	return err
}

// unansweredClauses begin what Salesforce takes after FROM and this server does not.
var unansweredClauses = []string{"GROUP", "HAVING", "WITH", "USING", "FOR", "UPDATE", "ALL"}

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
	if at := p.peek().at; p.accept("OFFSET") {
		if q.offset, err = p.whole(); err != nil {
			return err
		}
		if q.offset > 2000 {
			return queryError(at, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
		}
	}
	if len(p.rest) == 0 {
		return nil
	}
	if word := strings.ToUpper(p.peek().text); slices.Contains(unansweredClauses, word) {
		return unanswered(p.peek().at, word)
	}
	return unexpected(p.peek())
}

func (p *parser) whole() (int, *apiError) {
	n, err := strconv.Atoi(p.peek().text)
	if err != nil || n < 0 {
		return 0, unexpected(p.peek())
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
	for p.sees("AND") || p.sees("OR") {
		word := p.next()
		op := strings.ToUpper(word.text)
		if joined.op != "" && joined.op != op {
			return nil, unexpected(word)
		}
		term, err := p.term()
		if err != nil {
			return nil, err
		}
		joined.op, joined.of = op, append(joined.of, term)
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
	if p.sees("(") {
		return nil, unanswered(field.at, "the function "+strings.ToUpper(field.text)+"()")
	}
	c := &condition{field: field}
	if c.op, err = p.operator(); err != nil {
		return nil, err
	}
	if c.op != "IN" && c.op != "NOT IN" {
		value, err := p.literal()
		c.literals = []literal{value}
		return c, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if p.sees("SELECT") {
		return nil, unanswered(p.peek().at, "a subquery in WHERE")
	}
	for {
		value, err := p.literal()
		if err != nil {
			return nil, err
		}
		if c.literals = append(c.literals, value); !p.accept(",") {
			return c, p.expect(")")
		}
	}
}

func (p *parser) operator() (string, *apiError) {
	switch {
	case p.accept("NOT", "IN"):
		return "NOT IN", nil
	case p.accept("<>"):
		return "!=", nil
	case p.sees("INCLUDES"), p.sees("EXCLUDES"):
		return "", unanswered(p.peek().at, strings.ToUpper(p.peek().text))
	}
	word := p.next()
	op := strings.ToUpper(word.text)
	if !slices.Contains([]string{"=", "!=", "<", "<=", ">", ">=", "LIKE", "IN"}, op) {
		return "", unexpected(word)
	}
	return op, nil
}
