package standin

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

var (
	delimiters = map[string]string{"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
	endings    = map[string]string{"LF": "\n", "CRLF": "\r\n"}
)

// defaultRecords is how many rows a page of results has where the client names no number.
const defaultRecords = 50_000

// results answers a page of a job's rows as CSV with a header line. The locator of the next page is a text that only this server reads; the last page says null.
func (s *Server) results(w http.ResponseWriter, r *http.Request, j *job) {
	if j.State != "JobComplete" {
		fail(w, jobError("INVALIDJOBSTATE", "InvalidJobState : a job in state %s has no results", j.State))
		return
	}
	start, size, ok := 0, defaultRecords, true
	if text := r.URL.Query().Get("maxRecords"); text != "" {
		n, err := strconv.Atoi(text)
		size, ok = n, err == nil && n > 0
	}
	if text := r.URL.Query().Get("locator"); text != "" && ok {
		start, ok = readLocator(text)
	}
	if !ok || start > len(j.result.rows) {
		fail(w, jobError("INVALID_QUERY_LOCATOR", "maxRecords is a whole number from 1 on, locator is what the page before gave"))
		return
	}
	rows, next := s.slice(j.result, start, size)
	locator := "null"
	if next >= 0 {
		locator = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(next)))
	}
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Sforce-Locator", locator)
	w.Header().Set("Sforce-Numberofrecords", strconv.Itoa(len(rows)))
	_, _ = w.Write([]byte(s.csv(j, rows))) // the client has gone
}

func readLocator(text string) (int, bool) {
	digits, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(digits))
	return n, err == nil && n >= 0
}

func (s *Server) csv(j *job, rows []Row) string {
	var out strings.Builder
	line := func(text func(column) string) {
		for i, c := range j.result.columns {
			if i > 0 {
				out.WriteString(delimiters[j.ColumnDelimiter])
			}
			out.WriteString(`"` + strings.ReplaceAll(text(c), `"`, `""`) + `"`)
		}
		out.WriteString(endings[j.LineEnding])
	}
	line(column.name)
	for _, row := range rows {
		line(func(c column) string { return cell(c.field, s.value(row, c, j.result.view)) })
	}
	return out.String()
}

// cell is a value in Salesforce's CSV: null is empty, instants end in Z.
func cell(f *Field, value any) string {
	if value == nil {
		return ""
	}
	text := fmt.Sprint(value)
	if f.Type == "datetime" {
		if at, err := readInstant(text); err == nil {
			return at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
	}
	return text
}
