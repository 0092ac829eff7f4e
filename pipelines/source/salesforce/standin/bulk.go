package standin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// job is a Bulk API 2.0 query job, as its answers show it.
type job struct {
	ID              string  `json:"id"`
	Operation       string  `json:"operation"`
	Object          string  `json:"object"`
	Query           string  `json:"query,omitempty"`
	State           string  `json:"state"`
	ContentType     string  `json:"contentType"`
	APIVersion      float64 `json:"apiVersion"`
	LineEnding      string  `json:"lineEnding"`
	ColumnDelimiter string  `json:"columnDelimiter"`
	CreatedByID     string  `json:"createdById"`
	CreatedDate     string  `json:"createdDate"`
	SystemModstamp  string  `json:"systemModstamp"`
	ConcurrencyMode string  `json:"concurrencyMode"`
	Processed       int     `json:"numberRecordsProcessed"`
	ErrorMessage    string  `json:"errorMessage,omitempty"`
	looks           int
	fails           bool
	result          *result
}

var (
	delimiters = map[string]string{"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
	endings    = map[string]string{"LF": "\n", "CRLF": "\r\n"}
)

func (s *Server) bulk(w http.ResponseWriter, r *http.Request, version string, parts []string) {
	if len(parts) == 0 && r.Method == http.MethodPost {
		s.createJob(w, r, version)
		return
	}
	if len(parts) == 0 {
		answer(w, http.StatusOK, map[string]any{"done": true, "records": append([]*job{}, s.jobs...), "nextRecordsUrl": nil})
		return
	}
	i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.ID == LongID(parts[0]) })
	if i < 0 {
		notFound(w)
		return
	}
	j := s.jobs[i]
	finished := j.State == "JobComplete" || j.State == "Failed" || j.State == "Aborted"
	switch {
	case len(parts) == 2 && parts[1] == "results" && r.Method == http.MethodGet:
		s.results(w, r, j)
	case len(parts) > 1:
		notFound(w)
	case r.Method == http.MethodGet:
		s.look(j)
		answer(w, http.StatusOK, j)
	case r.Method == http.MethodPatch && !finished:
		j.State = "Aborted"
		answer(w, http.StatusOK, j)
	case r.Method == http.MethodDelete && finished:
		s.jobs = slices.Delete(s.jobs, i, i+1)
		w.WriteHeader(http.StatusNoContent)
	default:
		fail(w, &apiError{status: http.StatusBadRequest, Code: "INVALIDJOBSTATE", Message: "Operation not allowed in state " + j.State})
	}
}

func (s *Server) createJob(w http.ResponseWriter, r *http.Request, version string) {
	now := s.options.Now().UTC().Format(instant)
	j := &job{CreatedByID: userID, CreatedDate: now, SystemModstamp: now, ConcurrencyMode: "Parallel"}
	err := json.NewDecoder(r.Body).Decode(j)
	j.ContentType, j.ColumnDelimiter, j.LineEnding = cmp.Or(j.ContentType, "CSV"), cmp.Or(j.ColumnDelimiter, "COMMA"), cmp.Or(j.LineEnding, "LF")
	if err != nil || j.Operation != "query" && j.Operation != "queryAll" || j.ContentType != "CSV" || delimiters[j.ColumnDelimiter] == "" || endings[j.LineEnding] == "" {
		fail(w, &apiError{status: http.StatusBadRequest, Code: "INVALIDJOB", Message: "InvalidJob : the operation, contentType, columnDelimiter or lineEnding is not supported"})
		return
	}
	res, failure := s.run(j.Query, j.Operation == "queryAll")
	if failure == nil && res.count {
		failure = &apiError{status: http.StatusBadRequest, Code: "API_ERROR", Message: "Aggregate Relationship not supported in Bulk Query"}
	}
	if failure != nil {
		fail(w, failure)
		return
	}
	s.sequence++
	j.ID, j.State, j.Object, j.looks, j.result = makeID("750", s.sequence), "UploadComplete", res.table.name, 0, res
	j.APIVersion, _ = strconv.ParseFloat(strings.TrimPrefix(version, "v"), 64)
	s.jobs = append(s.jobs, j)
	answer(w, http.StatusOK, j)
}

// look moves a job on: looks are its clock.
func (s *Server) look(j *job) {
	if j.State != "UploadComplete" && j.State != "InProgress" {
		return
	}
	j.looks++
	switch j.State = "InProgress"; {
	case j.fails:
		j.State, j.ErrorMessage = "Failed", "InternalServerError : the query could not be completed"
	case j.looks >= s.options.JobLooks:
		j.State, j.Processed = "JobComplete", j.result.total
	}
}

func (s *Server) results(w http.ResponseWriter, r *http.Request, j *job) {
	start, size := 0, max(len(j.result.rows), 1)
	ok := j.State == "JobComplete"
	for name, into := range map[string]*int{"locator": &start, "maxRecords": &size} {
		if text := r.URL.Query().Get(name); text != "" {
			n, err := strconv.Atoi(text)
			*into, ok = n, ok && err == nil && n >= 0
		}
	}
	if !ok || start > len(j.result.rows) || size == 0 {
		fail(w, &apiError{status: http.StatusBadRequest, Code: "INVALIDJOBSTATE", Message: "The job has no results at this locator; its state is " + j.State})
		return
	}
	end := min(start+size, len(j.result.rows))
	locator := "null"
	if end < len(j.result.rows) {
		locator = strconv.Itoa(end)
	}
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Sforce-Locator", locator)
	w.Header().Set("Sforce-Numberofrecords", strconv.Itoa(end-start))
	var out strings.Builder
	line := func(text func(column) string) {
		var cells []string
		for _, c := range j.result.columns {
			cells = append(cells, text(c))
		}
		out.WriteString(strings.Join(cells, delimiters[j.ColumnDelimiter]) + endings[j.LineEnding])
	}
	line(func(c column) string { return quoted(c.name()) })
	for _, row := range j.result.rows[start:end] {
		line(func(c column) string { return quoted(s.value(row, c)) })
	}
	_, _ = w.Write([]byte(out.String())) // the client has gone
}

// quoted is a value in Salesforce's CSV: every value in quotes, null as an empty one.
func quoted(v any) string {
	text := ""
	if v != nil {
		text = fmt.Sprint(v)
	}
	if t, err := readInstant(text); err == nil {
		text = t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
