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

// job is a Bulk API 2.0 query job, as the answer to its creation shows it.
type job struct {
	ID              string  `json:"id"`
	Operation       string  `json:"operation"`
	Object          string  `json:"object"`
	CreatedByID     string  `json:"createdById"`
	CreatedDate     string  `json:"createdDate"`
	SystemModstamp  string  `json:"systemModstamp"`
	State           string  `json:"state"`
	ConcurrencyMode string  `json:"concurrencyMode"`
	ContentType     string  `json:"contentType"`
	APIVersion      float64 `json:"apiVersion"`
	LineEnding      string  `json:"lineEnding"`
	ColumnDelimiter string  `json:"columnDelimiter"`
	processed       int
	message         string
	looks           int
	fails           bool
	result          *result
}

// jobInfo is a job as it is told later.
type jobInfo struct {
	*job

	JobType      string `json:"jobType"`
	Processed    int    `json:"numberRecordsProcessed"`
	Retries      int    `json:"retries"`
	Milliseconds int    `json:"totalProcessingTime"`
	ErrorMessage string `json:"errorMessage,omitempty"`
}

func (j *job) info() jobInfo {
	return jobInfo{job: j, JobType: "V2Query", Processed: j.processed, ErrorMessage: j.message}
}

func (j *job) finished() bool {
	return j.State == "JobComplete" || j.State == "Failed" || j.State == "Aborted"
}

func jobError(code, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

func (s *Server) bulk(w http.ResponseWriter, r *http.Request, version string, parts []string) {
	switch {
	case len(parts) == 0 && r.Method == http.MethodPost:
		s.createJob(w, r, version)
		return
	case len(parts) == 0:
		s.listJobs(w, r)
		return
	}
	i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.ID == LongID(parts[0]) })
	if i < 0 {
		notFound(w)
		return
	}
	j := s.jobs[i]
	switch {
	case len(parts) == 2 && parts[1] == "results" && r.Method == http.MethodGet:
		s.results(w, r, j)
	case len(parts) > 1:
		notFound(w)
	case r.Method == http.MethodGet:
		s.look(j)
		answer(w, http.StatusOK, j.info())
	case r.Method == http.MethodPatch:
		s.abort(w, r, j)
	case r.Method == http.MethodDelete && j.finished():
		s.jobs = slices.Delete(s.jobs, i, i+1)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		fail(w, jobError("INVALIDJOBSTATE", "InvalidJobState : a job in state %s cannot be deleted: abort it first", j.State))
	default:
		fail(w, &apiError{status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED", Message: "HTTP Method '" + r.Method + "' not allowed. Allowed are GET,PATCH,DELETE"})
	}
}

// jobsToday counts the jobs of the last 24 hours.
func (s *Server) jobsToday() int {
	since := s.options.Now().Add(-24 * time.Hour)
	s.started = slices.DeleteFunc(s.started, func(at time.Time) bool { return !at.After(since) })
	return len(s.started)
}

func (s *Server) listJobs(w http.ResponseWriter, r *http.Request) {
	records := []jobInfo{}
	if kind := r.URL.Query().Get("jobType"); kind == "" || kind == "V2Query" {
		for _, j := range s.jobs {
			records = append(records, j.info())
		}
	}
	answer(w, http.StatusOK, map[string]any{"done": true, "records": records, "nextRecordsUrl": nil})
}

// jobRequest is the body that creates a job.
type jobRequest struct{ Operation, Query, ContentType, ColumnDelimiter, LineEnding string }

// unsupported names what cannot be asked for; empty: nothing.
func (r jobRequest) unsupported() string {
	switch {
	case r.Operation != "query" && r.Operation != "queryAll":
		return "operation " + r.Operation
	case r.ContentType != "CSV":
		return "contentType " + r.ContentType
	case delimiters[r.ColumnDelimiter] == "":
		return "columnDelimiter " + r.ColumnDelimiter
	case endings[r.LineEnding] == "":
		return "lineEnding " + r.LineEnding
	}
	return ""
}

func (s *Server) createJob(w http.ResponseWriter, r *http.Request, version string) {
	asked := jobRequest{ContentType: "CSV", ColumnDelimiter: "COMMA", LineEnding: "LF"}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		fail(w, jobError("JSON_PARSER_ERROR", "the body is no JSON object of texts"))
		return
	}
	if wrong := asked.unsupported(); wrong != "" {
		fail(w, jobError("INVALIDJOB", "InvalidJob : %s is not supported", wrong))
		return
	}
	if n := s.jobsToday(); n >= s.options.DailyJobs {
		fail(w, jobError("LIMIT_EXCEEDED", "Max bulk v2 query jobs (%d) per 24 hrs has been reached (%d)", s.options.DailyJobs, n))
		return
	}
	res, failure := s.runBulk(asked.Query, asked.Operation == "queryAll")
	if failure != nil {
		fail(w, failure)
		return
	}
	s.sequence++
	now := s.stampNow()
	j := &job{
		ID: makeID("750", s.sequence), Operation: asked.Operation, Object: res.table.Name, CreatedByID: userID, CreatedDate: now, SystemModstamp: now,
		State: "UploadComplete", ConcurrencyMode: "Parallel", ContentType: "CSV", LineEnding: asked.LineEnding, ColumnDelimiter: asked.ColumnDelimiter, result: res,
	}
	j.APIVersion, _ = strconv.ParseFloat(strings.TrimPrefix(version, "v"), 64)
	s.jobs, s.started = append(s.jobs, j), append(s.started, s.options.Now())
	answer(w, http.StatusOK, j)
}

// notInBulk are what queries may hold and bulk jobs may not, besides COUNT(), OFFSET, compound fields and FIELDS() without a small LIMIT.
var notInBulk = []string{
	childSubquery, "TYPEOF", "GROUP", "HAVING", "the function COUNT()", "the function COUNT_DISTINCT()", "the function MIN()", "the function MAX()",
	"the function SUM()", "the function AVG()",
}

func (s *Server) runBulk(text string, all bool) (*result, *apiError) {
	unfit := func(what string) (*result, *apiError) {
		return nil, jobError("API_ERROR", "%s not supported in Bulk Query", what)
	}
	q, err := parse(text)
	switch {
	case err != nil && slices.Contains(notInBulk, err.feature):
		return unfit(err.feature)
	case err != nil:
		return nil, err.located(text)
	case q.count:
		return unfit("Aggregate Relationships")
	case q.offset >= 0:
		return unfit("OFFSET")
	case (q.limit < 0 || q.limit > 200) && slices.ContainsFunc(q.fields, func(f token) bool { return strings.HasPrefix(f.text, "FIELDS(") }):
		return unfit("FIELDS() without a LIMIT of at most 200")
	}
	res, err := s.run(text, all)
	if err == nil && res.table.NoBulk {
		return nil, jobError("INVALIDENTITY", "Entity '%s' is not supported by the Bulk API.", res.table.Name)
	}
	if err == nil && slices.ContainsFunc(res.columns, func(c column) bool { return c.field.Type == "address" }) {
		return unfit("Selecting compound data")
	}
	return res, err
}

// look moves a job on: looks are its clock.
func (s *Server) look(j *job) {
	if j.finished() {
		return
	}
	j.looks++
	switch j.State, j.SystemModstamp = "InProgress", s.stampNow(); {
	case j.fails:
		j.State, j.message = "Failed", "InternalServerError : the query could not be completed"
	case j.looks >= s.options.JobLooks:
		j.State, j.processed = "JobComplete", j.result.total
	}
}

func (s *Server) abort(w http.ResponseWriter, r *http.Request, j *job) {
	var asked struct{ State string }
	switch err := json.NewDecoder(r.Body).Decode(&asked); {
	case err != nil || asked.State != "Aborted":
		fail(w, jobError("INVALIDJOB", "InvalidJob : the state of a query job can be set to Aborted only"))
	case j.finished():
		fail(w, jobError("INVALIDJOBSTATE", "InvalidJobState : Aborting already Completed Job not allowed"))
	default:
		j.State, j.SystemModstamp = "Aborted", s.stampNow()
		answer(w, http.StatusOK, j)
	}
}
