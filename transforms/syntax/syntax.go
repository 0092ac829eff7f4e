// Package syntax reads SQL with DuckDB's own parser: it says whether a text is one plain SELECT, which tables it reads, and gives
// the syntax tree to those who look for more. It never binds names or runs anything: that is DuckDB's business too.
package syntax

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the parser
)

// Parser turns SQL texts into queries. It holds an in-memory DuckDB; close it.
type Parser struct {
	db *sql.DB
}

// NewParser opens a parser.
func NewParser() (*Parser, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("open the SQL parser: %w", err)
	}
	db.SetMaxOpenConns(1)
	return &Parser{db: db}, nil
}

// Close frees the parser.
func (p *Parser) Close() error { return p.db.Close() }

// Error is a text that is not one plain SELECT. Line counts from 1 in that text; 0 when the place is unknown.
type Error struct {
	Line int
	Msg  string
	Hint string
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + " (" + e.Hint + ")"
}

// Query is one parsed SELECT.
type Query struct {
	Text string
	Root Node
}

// Node is an object of the syntax tree as DuckDB writes it.
type Node map[string]any

// Str is a text field of the node.
func (n Node) Str(key string) string {
	s, _ := n[key].(string)
	return s
}

// Child is an object below the node, nil when there is none.
func (n Node) Child(key string) Node {
	m, _ := n[key].(map[string]any)
	return m
}

// Children are the objects of a list below the node.
func (n Node) Children(key string) []Node {
	list, _ := n[key].([]any)
	out := make([]Node, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// TableRef is a table that a query reads, as written there.
type TableRef struct {
	Catalog, Schema, Table string
	Line                   int
}

// Name is schema.table in lower case, as DuckDB compares names.
func (r TableRef) Name() string {
	name := strings.ToLower(r.Table)
	if r.Schema != "" {
		name = strings.ToLower(r.Schema) + "." + name
	}
	return name
}

type answer struct {
	Error        bool   `json:"error"`
	ErrorMessage string `json:"error_message"`
	Position     string `json:"position"`
	Statements   []struct {
		Node map[string]any `json:"node"`
	} `json:"statements"`
}

// Parse reads a text. An *Error says what is wrong with it; any other error is DuckDB's own trouble.
func (p *Parser) Parse(ctx context.Context, text string) (*Query, error) {
	var raw string
	if err := p.db.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", text).Scan(&raw); err != nil {
		return nil, fmt.Errorf("ask DuckDB to parse: %w", err)
	}
	var a answer
	if err := json.Unmarshal([]byte(raw), &a); err != nil {
		return nil, fmt.Errorf("read DuckDB's syntax tree: %w", err)
	}
	if a.Error {
		return nil, refusal(text, a)
	}
	switch {
	case len(a.Statements) == 0:
		return nil, &Error{Line: 1, Msg: "there is no SELECT", Hint: "write one SELECT below the header"}
	case len(a.Statements) > 1:
		return nil, &Error{Line: 1, Msg: fmt.Sprintf("%d statements found", len(a.Statements)), Hint: "a model is one SELECT"}
	}
	q := &Query{Text: text, Root: a.Statements[0].Node}
	return q, q.refuseShow()
}

var (
	pivotWord = regexp.MustCompile(`(?i)\bPIVOT(_WIDER)?\b`)
	firstWord = regexp.MustCompile(`^[A-Za-z_]+`)
	nearText  = regexp.MustCompile(`^(?:Parser Error: )?(.*)`)
)

// refusal explains why DuckDB gave no tree.
func refusal(text string, a answer) *Error {
	code := Blank(text)
	if strings.Contains(a.ErrorMessage, "Only SELECT") {
		if at := pivotWord.FindStringIndex(code); at != nil {
			return &Error{Line: LineAt(text, at[0]), Msg: "a PIVOT whose columns depend on the data cannot be a model", Hint: "give PIVOT an IN list, or write max(CASE WHEN … END) per column"}
		}
		word := strings.ToUpper(firstWord.FindString(strings.TrimSpace(code)))
		return &Error{Line: LineAt(text, len(code)-len(strings.TrimLeft(code, " \t\r\n"))), Msg: word + " is not a SELECT", Hint: "a model is one SELECT; the runner makes the table"}
	}
	line := 0
	if at, err := strconv.Atoi(a.Position); err == nil {
		line = LineAt(text, at)
	}
	return &Error{Line: line, Msg: nearText.FindStringSubmatch(a.ErrorMessage)[1]}
}

func (q *Query) refuseShow() error {
	var found error
	q.Walk(func(n Node) {
		if n.Str("type") == "SHOW_REF" {
			found = &Error{Line: 1, Msg: "DESCRIBE, SHOW and SUMMARIZE cannot be a model", Hint: "a model is one SELECT"}
		}
	})
	return found
}

// Line is the line of a node in the text, 0 when DuckDB does not say.
func (q *Query) Line(n Node) int {
	at, ok := n["query_location"].(float64)
	if !ok || at < 0 || at > float64(len(q.Text)) {
		return 0
	}
	return LineAt(q.Text, int(at))
}

// Walk visits every object of the tree, parents first.
func (q *Query) Walk(visit func(n Node)) { walk(map[string]any(q.Root), visit) }

func walk(v any, visit func(n Node)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, key := range sortedKeys(v) {
			walk(v[key], visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// LineAt is the line, from 1, of a byte offset.
func LineAt(text string, offset int) int {
	return 1 + strings.Count(text[:min(max(offset, 0), len(text))], "\n")
}
