package standin

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// token is a word of a query; at is its offset in bytes.
type token struct {
	text string
	at   int
}

var tokens = regexp.MustCompile(`^(?:'(?:[^'\\]|\\.)*'|[A-Za-z_][\w.]*(?::\d+)?|[-+]?\d[\w:.+-]*|<=|>=|!=|<>|[=<>(),])`)

func tokenize(text string) ([]token, *apiError) {
	var found []token
	for at := 0; at < len(text); {
		if strings.ContainsRune(" \t\r\n", rune(text[at])) {
			at++
			continue
		}
		word := tokens.FindString(text[at:])
		if word == "" {
			r, _ := utf8.DecodeRuneInString(text[at:])
			return nil, malformed(at, "unexpected token: '%c'", r)
		}
		found = append(found, token{word, at})
		at += len(word)
	}
	return found, nil
}

// apiError is one entry of the array that Salesforce answers errors with.
type apiError struct {
	status  int
	Message string `json:"message"`
	Code    string `json:"errorCode"`
	// feature names SOQL that Salesforce answers and this server does not; empty: the query is wrong.
	feature string
	// place is the offset in the query, counted from 1; 0: none.
	place int
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

func queryError(at int, code, format string, args ...any) *apiError {
	return &apiError{status: 400, Code: code, Message: fmt.Sprintf(format, args...), place: at + 1}
}

func malformed(at int, format string, args ...any) *apiError {
	return queryError(at, "MALFORMED_QUERY", format, args...)
}

func unanswered(at int, feature string) *apiError {
	err := malformed(at, "%s is SOQL, but this local server does not answer it", feature)
	err.feature = feature
	return err
}

// located puts the place in front of an error's message, as Salesforce does: the text around it, a caret, row and column.
func (e *apiError) located(query string) *apiError {
	if e.place == 0 {
		return e
	}
	const around = 40
	at := min(e.place-1, len(query))
	row, line := 1+strings.Count(query[:at], "\n"), strings.LastIndexByte(query[:at], '\n')+1
	start, end := max(line, at-around), min(len(query), at+around)
	if stop := strings.IndexByte(query[at:end], '\n'); stop >= 0 {
		end = at + stop
	}
	placed := *e
	placed.Message = fmt.Sprintf("\n%s\n%s^\nERROR at Row:%d:Column:%d\n%s", query[start:end], strings.Repeat(" ", at-start), row, at-line+1, e.Message)
	return &placed
}
