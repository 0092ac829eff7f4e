package airflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	api "github.com/apache/airflow-client-go/airflow"
)

// States of a run or a task that are told apart here. There are others, and there will be more: what is none of these is under way.
const (
	Success        = "success"
	Failed         = "failed"
	Skipped        = "skipped"
	UpstreamFailed = "upstream_failed"
	Removed        = "removed"
	Queued         = "queued"
	Running        = "running"
)

// Run is one run of a DAG. Instants are UTC; zero when Airflow does not say.
type Run struct {
	DAG           string    `json:"dag_id"`
	ID            string    `json:"dag_run_id"`
	Type          string    `json:"run_type"`
	State         string    `json:"state"`
	LogicalDate   time.Time `json:"logical_date,omitzero"`
	IntervalStart time.Time `json:"data_interval_start,omitzero"`
	IntervalEnd   time.Time `json:"data_interval_end,omitzero"`
	QueuedAt      time.Time `json:"queued_at,omitzero"` // 3.x alone says it
	StartedAt     time.Time `json:"start_date,omitzero"`
	EndedAt       time.Time `json:"end_date,omitzero"`
}

// Ended tells whether nothing more happens in the run.
func (r Run) Ended() bool { return r.State == Success || r.State == Failed }

// Task is one task of a run, in its newest try.
type Task struct {
	DAG       string    `json:"dag_id"`
	Run       string    `json:"dag_run_id"`
	ID        string    `json:"task_id"`
	Try       int       `json:"try_number"`
	State     string    `json:"state"` // empty: not scheduled yet
	QueuedAt  time.Time `json:"queued_when,omitzero"`
	StartedAt time.Time `json:"start_date,omitzero"`
	EndedAt   time.Time `json:"end_date,omitzero"`
	Host      string    `json:"hostname"`
}

// Ended tells whether nothing more happens in the task, unless somebody clears it.
func (t Task) Ended() bool {
	return slices.Contains([]string{Success, Failed, Skipped, UpstreamFailed, Removed}, t.State)
}

// Interval is what a run stands for: from a moment to another, exclusive.
type Interval struct{ From, To time.Time }

// Trigger asks for a run of an interval. The logical date has to be another one for each run of a DAG; without it, or without the
// interval, Airflow 3 knows no interval at all, and Airflow 2 makes one up.
func (a *Airflow) Trigger(ctx context.Context, dag, id string, logical time.Time, of Interval) (Run, error) {
	logical = logical.UTC().Truncate(time.Microsecond)
	from, to := of.From.UTC(), of.To.UTC()
	body := api.DAGRun{}
	body.SetDagRunId(id)
	body.SetLogicalDate(logical)
	body.SetDataIntervalStart(from)
	body.SetDataIntervalEnd(to)
	_, resp, err := a.api.DAGRunApi.PostDagRun(a.signed(ctx), dag).DAGRun(body).Execute()
	var run Run
	return run, a.answer(resp, err, &run)
}

// Run looks at a run.
func (a *Airflow) Run(ctx context.Context, dag, id string) (Run, error) {
	_, resp, err := a.api.DAGRunApi.GetDagRun(a.signed(ctx), dag, id).Execute()
	var run Run
	return run, a.answer(resp, err, &run)
}

// page is the most that both versions give at a time.
const page = 100

// Runs are the newest runs of a DAG, newest first by when they were asked for.
func (a *Airflow) Runs(ctx context.Context, dag string, limit int) ([]Run, error) {
	order := map[int]string{2: "-start_date", 3: "-run_after"}[a.major]
	runs := []Run{}
	for len(runs) < limit {
		ask := a.api.DAGRunApi.GetDagRuns(a.signed(ctx), dag).OrderBy(order).Limit(int32(min(page, limit-len(runs)))).Offset(int32(len(runs))) //nolint:gosec // few
		_, resp, err := ask.Execute()
		var says struct {
			Runs []Run `json:"dag_runs"`
		}
		if err := a.answer(resp, err, &says); err != nil {
			return nil, err
		}
		runs = append(runs, says.Runs...)
		if len(says.Runs) == 0 {
			break
		}
	}
	return runs, nil
}

// Tasks are the tasks of a run, in the order in which they began; those that have not begun come last.
func (a *Airflow) Tasks(ctx context.Context, dag, run string) ([]Task, error) {
	_, resp, err := a.api.TaskInstanceApi.GetTaskInstances(a.signed(ctx), dag, run).Limit(page).Execute()
	var says struct {
		Tasks []Task `json:"task_instances"`
	}
	if err := a.answer(resp, err, &says); err != nil {
		return nil, err
	}
	slices.SortStableFunc(says.Tasks, func(x, y Task) int {
		if x.StartedAt.IsZero() != y.StartedAt.IsZero() {
			return map[bool]int{true: 1, false: -1}[x.StartedAt.IsZero()]
		}
		return x.StartedAt.Compare(y.StartedAt)
	})
	return says.Tasks, nil
}

// Tries are all tries of a task, the first first.
func (a *Airflow) Tries(ctx context.Context, dag, run, task string) ([]Task, error) {
	var says struct {
		Tasks []Task `json:"task_instances"`
	}
	err := a.get(ctx, fmt.Sprintf("/dags/%s/dagRuns/%s/taskInstances/%s/tries", url.PathEscape(dag), url.PathEscape(run), url.PathEscape(task)), nil, &says)
	return says.Tasks, err
}

// Pause stops a DAG from being scheduled, or lets it be again.
func (a *Airflow) Pause(ctx context.Context, dag string, paused bool) error {
	body := api.DAG{}
	body.SetIsPaused(paused)
	_, resp, err := a.api.DAGApi.PatchDag(a.signed(ctx), dag).DAG(body).UpdateMask([]string{"is_paused"}).Execute()
	return a.answer(resp, err, nil)
}

// DAGState is what Airflow says of a DAG.
type DAGState struct {
	ID            string    `json:"dag_id"`
	Paused        bool      `json:"is_paused"`
	Stale         bool      `json:"is_stale"`  // 3.x: its file is gone
	Active        *bool     `json:"is_active"` // 2.11: the same, the other way round
	ImportErrors  bool      `json:"has_import_errors"`
	MaxActiveRuns int       `json:"max_active_runs"`
	Timetable     string    `json:"timetable_description"`
	File          string    `json:"fileloc"`
	ParsedAt      time.Time `json:"last_parsed_time,omitzero"`
	Catchup       bool      `json:"catchup"`
	NextFrom      time.Time `json:"next_dagrun_data_interval_start,omitzero"`
	NextTo        time.Time `json:"next_dagrun_data_interval_end,omitzero"`
}

// Gone tells whether Airflow knows the DAG of old, and no longer finds its file.
func (d DAGState) Gone() bool { return d.Stale || d.Active != nil && !*d.Active }

// DAG asks for the state of a DAG.
func (a *Airflow) DAG(ctx context.Context, dag string) (DAGState, error) {
	_, resp, err := a.api.DAGApi.GetDagDetails(a.signed(ctx), dag).Execute()
	var details, short DAGState
	if err := a.answer(resp, err, &details); err != nil {
		return DAGState{}, err
	}
	_, resp, err = a.api.DAGApi.GetDag(a.signed(ctx), dag).Execute() // 2.11 says the next run here alone
	if err := a.answer(resp, err, &short); err != nil {
		return DAGState{}, err
	}
	if details.NextFrom.IsZero() {
		details.NextFrom, details.NextTo = short.NextFrom, short.NextTo
	}
	return details, nil
}

// Log is what a try of a task has written.
func (a *Airflow) Log(ctx context.Context, dag, run, task string, try int) (string, error) {
	path := fmt.Sprintf("/dags/%s/dagRuns/%s/taskInstances/%s/logs/%d", url.PathEscape(dag), url.PathEscape(run), url.PathEscape(task), try)
	var text []byte
	if err := a.get(ctx, path, url.Values{"full_content": {"true"}}, &text); err != nil {
		return "", err
	}
	if a.major == 2 { //nolint:mnd // text already
		return string(text), nil
	}
	return logText(text)
}

// Pool is how many slots a pool has; ErrNotFound when there is none of that name.
func (a *Airflow) Pool(ctx context.Context, name string) (slots int, err error) {
	_, resp, callErr := a.api.PoolApi.GetPool(a.signed(ctx), name).Execute()
	var says struct {
		Slots int `json:"slots"`
	}
	err = a.answer(resp, callErr, &says)
	return says.Slots, err
}

// MakePool makes a pool of one slot.
func (a *Airflow) MakePool(ctx context.Context, name string) error {
	body := api.Pool{}
	body.SetName(name)
	body.SetSlots(1)
	body.SetDescription("one writer at a time into Tributary's lake")
	_, resp, err := a.api.PoolApi.PostPool(a.signed(ctx)).Pool(body).Execute()
	return a.answer(resp, err, nil)
}

// ImportError is a file that Airflow could not read as a DAG.
type ImportError struct {
	File  string `json:"filename"`
	Trace string `json:"stack_trace"`
}

// ImportErrors are the files that Airflow cannot read.
func (a *Airflow) ImportErrors(ctx context.Context) ([]ImportError, error) {
	_, resp, err := a.api.ImportErrorApi.GetImportErrors(a.signed(ctx)).Limit(page).Execute()
	var says struct {
		Errors []ImportError `json:"import_errors"`
	}
	err = a.answer(resp, err, &says)
	return says.Errors, err
}

// Part is a process of Airflow.
type Part struct {
	Name, Status string
}

// Health asks for Airflow's processes; those that it does not run are left out.
func (a *Airflow) Health(ctx context.Context) ([]Part, error) {
	says := map[string]*struct {
		Status *string `json:"status"`
	}{}
	path := map[int]string{2: "/health", 3: "/monitor/health"}[a.major]
	if err := a.get(ctx, path, nil, &says); err != nil {
		return nil, err
	}
	var parts []Part
	for name, p := range says {
		if p != nil && p.Status != nil {
			parts = append(parts, Part{name, *p.Status})
		}
	}
	slices.SortFunc(parts, func(x, y Part) int { return compare(x.Name, y.Name) })
	return parts, nil
}

func compare(x, y string) int {
	if x < y {
		return -1
	}
	return map[bool]int{true: 1, false: 0}[x > y]
}

// Day is the interval of a day that has a name.
type Day struct {
	Name string // YYYY-MM-DD
	Interval
}

// Backfill asks for runs of the days of an interval, one after the other. Airflow 3 makes them of the DAG's schedule; Airflow 2 has no
// backfill in its API, and gets a run for each of the days.
type Backfill struct {
	Interval  Interval
	Days      []Day  // the same, day by day
	Reprocess string // none, failed or completed: which of the runs that there are already are made again; 3.x alone
}

// Made is what came of a backfill.
type Made struct {
	ID   int      `json:"backfill_id,omitempty"` // 3.x
	Runs []Run    `json:"runs"`                  // 2.x: those that were triggered
	Was  []string `json:"were_there,omitempty"`  // 2.x: ids of runs that were there already
}

// Backfill begins a backfill.
func (a *Airflow) Backfill(ctx context.Context, dag string, b Backfill) (Made, error) {
	if a.major == 2 { //nolint:mnd // the older way
		return a.triggerDays(ctx, dag, b.Days)
	}
	var says Made
	var made struct {
		ID int `json:"id"`
	}
	err := a.send(ctx, http.MethodPost, "/backfills", map[string]any{
		"dag_id": dag, "from_date": b.Interval.From.UTC(), "to_date": b.Interval.To.Add(-time.Second).UTC(), // the last one counts in
		"reprocess_behavior": b.Reprocess, "max_active_runs": 1, "run_backwards": false, "dag_run_conf": map[string]any{},
	}, &made)
	says.ID = made.ID
	return says, err
}

func (a *Airflow) triggerDays(ctx context.Context, dag string, days []Day) (Made, error) {
	var made Made
	for _, day := range days {
		id := "tributary__backfill__" + day.Name // Airflow keeps backfill__ for its own
		run, err := a.Trigger(ctx, dag, id, day.From, day.Interval)
		if errors.Is(err, ErrExists) {
			made.Was = append(made.Was, id)
			continue
		}
		if err != nil {
			return made, fmt.Errorf("the run of %s: %w", day.Name, err)
		}
		made.Runs = append(made.Runs, run)
	}
	return made, nil
}

// BackfillRuns are the runs of a backfill so far, oldest first, and whether it has made all of them.
func (a *Airflow) BackfillRuns(ctx context.Context, dag string, made Made, of Interval) (runs []Run, complete bool, err error) {
	if made.ID == 0 {
		for _, r := range made.Runs {
			if r, err = a.Run(ctx, dag, r.ID); err != nil {
				return nil, false, err
			}
			runs = append(runs, r)
		}
		return runs, true, nil
	}
	var says struct {
		CompletedAt *time.Time `json:"completed_at"`
	}
	if err := a.get(ctx, "/backfills/"+strconv.Itoa(made.ID), nil, &says); err != nil {
		return nil, false, err
	}
	var found struct {
		Runs []Run `json:"dag_runs"`
	}
	query := url.Values{ // the client of 2023 asks by execution_date, which 3.x overlooks
		"run_type": {"backfill"}, "order_by": {"logical_date"}, "limit": {strconv.Itoa(page)},
		"logical_date_gte": {of.From.UTC().Format(time.RFC3339)}, "logical_date_lte": {of.To.UTC().Format(time.RFC3339)},
	}
	err = a.get(ctx, "/dags/"+url.PathEscape(dag)+"/dagRuns", query, &found)
	return found.Runs, says.CompletedAt != nil, err
}
