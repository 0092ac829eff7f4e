package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// data answers below /services/data/vNN.0, where requests are counted.
func (s *Server) data(w http.ResponseWriter, r *http.Request) {
	if now := s.options.Now(); !now.Before(s.counted.Add(24 * time.Hour)) {
		s.used, s.counted = 0, now
	}
	if s.used >= s.options.DailyRequests {
		s.usage(w)
		fail(w, &apiError{status: http.StatusForbidden, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."})
		return
	}
	s.used++
	s.usage(w)
	rest, ok := strings.CutPrefix(r.URL.Path, "/services/data/")
	version, rest, _ := strings.Cut(rest, "/")
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	switch {
	case !ok || !knownVersion(version):
		notFound(w)
	case len(parts) > 1 && parts[0] == "jobs" && parts[1] == "query":
		s.bulk(w, r, version, parts[2:])
	case r.Method != http.MethodGet:
		fail(w, &apiError{status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED", Message: "HTTP Method '" + r.Method + "' not allowed. Allowed are GET"})
	case parts[0] == "":
		s.root(w, r, version)
	case parts[0] == "limits" && len(parts) == 1:
		s.limits(w)
	case (parts[0] == "query" || parts[0] == "queryAll") && len(parts) < 3:
		s.query(w, r, version, parts)
	case parts[0] == "sobjects":
		s.sobjects(w, r, version, parts[1:])
	default:
		notFound(w)
	}
}

func (s *Server) root(w http.ResponseWriter, r *http.Request, version string) {
	paths := map[string]string{"identity": base(r) + identityPath}
	for _, name := range []string{"sobjects", "query", "queryAll", "limits", "jobs"} {
		paths[name] = "/services/data/" + version + "/" + name
	}
	answer(w, http.StatusOK, paths)
}

func (s *Server) limits(w http.ResponseWriter) {
	limit := func(most, used int) map[string]int {
		return map[string]int{"Max": most, "Remaining": max(most-used, 0)}
	}
	answer(w, http.StatusOK, map[string]any{
		"DailyApiRequests": limit(s.options.DailyRequests, s.used), "DailyBulkV2QueryJobs": limit(s.options.DailyJobs, s.jobsToday()), "DailyBulkApiBatches": limit(15000, 0),
	})
}

func (s *Server) usage(w http.ResponseWriter) {
	w.Header().Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", s.used, s.options.DailyRequests))
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) //nolint:errchkjson // bodies are made here; what fails is the connection
}

func fail(w http.ResponseWriter, err *apiError) { answer(w, err.status, []*apiError{err}) }

func notFound(w http.ResponseWriter) {
	fail(w, &apiError{status: http.StatusNotFound, Code: "NOT_FOUND", Message: "The requested resource does not exist"})
}

const largestBatch = 2000

func (s *Server) query(w http.ResponseWriter, r *http.Request, version string, parts []string) {
	if len(parts) > 1 {
		s.page(w, r, version, parts[1])
		return
	}
	res, err := s.run(r.URL.Query().Get("q"), parts[0] == "queryAll")
	if err != nil {
		fail(w, err)
		return
	}
	s.sequence++
	id := makeID("01g", s.sequence)
	s.cursors[id] = res
	s.page(w, r, version, id+"-0")
}

// page answers the rows of a cursor from an offset on. A page may be asked for again: a client whose connection broke does.
func (s *Server) page(w http.ResponseWriter, r *http.Request, version, locator string) {
	id, from, _ := strings.Cut(locator, "-")
	res := s.cursors[id]
	start, err := strconv.Atoi(from)
	if res == nil || err != nil || start < 0 || start > len(res.rows) {
		fail(w, &apiError{status: http.StatusBadRequest, Code: "INVALID_QUERY_LOCATOR", Message: "invalid query locator"})
		return
	}
	size := largestBatch
	if _, asked, ok := strings.Cut(r.Header.Get("Sforce-Query-Options"), "batchSize="); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(asked)); err == nil {
			size = min(max(n, 200), largestBatch)
		}
	}
	rows, end := s.slice(res, start, size)
	records := []any{}
	for _, row := range rows {
		records = append(records, s.show(res.table, row, res.columns, res.view, version))
	}
	body := map[string]any{"totalSize": res.total, "done": end < 0, "records": records}
	if end >= 0 {
		body["nextRecordsUrl"] = fmt.Sprintf("/services/data/%s/query/%s-%d", version, id, end)
	}
	answer(w, http.StatusOK, body)
}

// slice is a page of a result and where the next one begins, as a fault bends them; -1: this is the last.
func (s *Server) slice(res *result, start, size int) (rows []Row, next int) {
	next = min(start+size, len(res.rows))
	rows = slices.Clone(res.rows[start:next])
	switch s.bend {
	case Duplicate:
		rows = append(rows, rows...)
	case Reorder:
		slices.Reverse(rows)
	}
	switch {
	case next == len(res.rows):
		return rows, -1
	case s.bend == SamePage:
		return rows, start
	}
	return rows, next
}

// show is a row as REST answers it: attributes first, parents nested, null where there is no parent.
func (s *Server) show(t *table, row Row, columns []column, v view, version string) map[string]any {
	out := map[string]any{"attributes": attributes(t.Name, t, row, version)}
	for _, c := range columns {
		into, current, at := out, row, (*table)(nil)
		for _, f := range c.path {
			parent, found := s.parent(current, f, v)
			if found == nil {
				into[f.RelationshipName] = nil
				into = nil
				break
			}
			nested, ok := into[f.RelationshipName].(map[string]any)
			if !ok {
				kind := parent.Name
				if len(f.ReferenceTo) > 1 {
					kind = s.names.Name
				}
				nested = map[string]any{"attributes": attributes(kind, parent, found.row, version)}
				into[f.RelationshipName] = nested
			}
			into, current, at = nested, found.row, parent
		}
		if into != nil {
			into[c.field.Name] = s.fieldOf(at, current, c.field)
		}
	}
	return out
}

func attributes(kind string, t *table, row Row, version string) map[string]string {
	return map[string]string{"type": kind, "url": fmt.Sprintf("/services/data/%s/sobjects/%s/%s", version, t.Name, row["Id"])}
}
