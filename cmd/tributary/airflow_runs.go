package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/airflow"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/transforms/program"
)

// waiting is how a command waits for what it has asked for.
type waiting struct {
	wait  bool
	limit time.Duration
}

func (w *waiting) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.wait, "wait", false, "until it has ended, telling of every change of its tasks on stderr")
	cmd.Flags().DurationVar(&w.limit, "timeout", 6*time.Hour, "with --wait: for this long at most; the run itself goes on") //nolint:mnd // said in the help
}

func (a *app) tell(what string) { fmt.Fprintln(a.err, what) }

func (a *app) airflowTriggerCommand() *cobra.Command {
	var asOf string
	var w waiting
	cmd := &cobra.Command{
		Use: "trigger", Short: "Ask Airflow for a night now", Args: exactly(0, "no arguments"),
		Long: `Asks for a run of the day that --as-of names: its data interval is that day in the reporting zone, its logical date is now. The run
waits in the DAG's queue until the one before it has ended.`,
		Example: "  tributary airflow trigger --wait\n  tributary airflow trigger --as-of 2026-09-30",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.airflowTrigger(cmd.Context(), asOf, w)
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "day, YYYY-MM-DD (default the last that has ended)")
	w.flags(cmd)
	return cmd
}

func (a *app) airflowTrigger(ctx context.Context, asOf string, w waiting) error {
	var day time.Time
	var err error
	if asOf != "" {
		if day, err = program.ParseDay(asOf); err != nil {
			return usagef("--as-of: %w", err)
		}
	}
	s, err := a.scheduler(ctx)
	if err != nil {
		return err
	}
	now := a.now()
	if day.IsZero() {
		day = program.LastDayEnded(now, s.project.Zone)
	}
	if err := s.runs(ctx); err != nil {
		return err
	}
	id := fmt.Sprintf("tributary__%s__%s", day.Format(time.DateOnly), now.UTC().Format("2006-01-02T15:04:05.000000Z"))
	run, err := s.Trigger(ctx, s.dag, id, now, s.days(day, day.AddDate(0, 0, 1)))
	if err != nil {
		return fromAirflow(err)
	}
	if w.wait {
		if run, err = s.Wait(ctx, s.dag, run.ID, w.limit, a.tell); err != nil {
			return fromAirflow(err)
		}
	}
	if err := a.show(run, tableOf{text: run.ID + ": " + run.State}); err != nil {
		return err
	}
	return failedRuns(s, run)
}

// days is the interval from one midnight of the reporting zone to another.
func (s scheduler) days(from, to time.Time) airflow.Interval {
	return airflow.Interval{From: program.DayEnd(from.AddDate(0, 0, -1), s.project.Zone), To: program.DayEnd(to.AddDate(0, 0, -1), s.project.Zone)}
}

// runs refuses to ask a DAG for what it would never begin.
func (s scheduler) runs(ctx context.Context) error {
	d, err := s.DAG(ctx, s.dag)
	switch {
	case errors.Is(err, airflow.ErrNotFound):
		return usageError{fmt.Errorf("%w: write it with tributary airflow dag --out, or name it in airflow.dag of tributary.yaml", err)}
	case err != nil:
		return fromAirflow(err)
	case d.Paused:
		return usagef("%s is paused, the run would wait until it is not: tributary airflow unpause", s.dag)
	}
	return nil
}

// failedRuns is an error when a run has failed.
func failedRuns(s scheduler, runs ...airflow.Run) error {
	for _, r := range runs {
		if r.State == airflow.Failed {
			return codedError{fmt.Errorf("run %s of %s failed: tributary airflow logs %s says why", r.ID, s.dag, r.ID), exitRunFailed}
		}
	}
	return nil
}

func (a *app) airflowBackfillCommand() *cobra.Command {
	var from, to, reprocess string
	var w waiting
	cmd := &cobra.Command{
		Use: "backfill", Short: "Have Airflow make up for days, one after the other", Args: exactly(0, "no arguments"),
		Long: `Asks for a run of each day from --from to --to, exclusive. Airflow 3 makes a backfill of them, by the DAG's schedule; Airflow 2 has none in its
API and gets a run for each day. What is published never moves back in time: days before the published one are built and checked, not published.
Mostly tributary backfill is what is wanted: it extracts all days and publishes once.`,
		Example: "  tributary airflow backfill --from 2026-09-01 --to 2026-09-04 --wait",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.airflowBackfill(cmd.Context(), from, to, reprocess, w)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first day, YYYY-MM-DD")
	cmd.Flags().StringVar(&to, "to", "", "day after the last one, YYYY-MM-DD")
	cmd.Flags().StringVar(&reprocess, "reprocess", "none", "on Airflow 3, which runs that are there already are made again: none, failed or completed")
	w.flags(cmd)
	return cmd
}

func (a *app) airflowBackfill(ctx context.Context, from, to, reprocess string, w waiting) error {
	if !slices.Contains([]string{"none", "failed", "completed"}, reprocess) {
		return usagef("--reprocess: %q is neither none, failed nor completed", reprocess)
	}
	windows, err := nightly.Windows(from, to, "1d")
	if err != nil {
		return err
	}
	s, err := a.scheduler(ctx)
	if err != nil {
		return err
	}
	if err := s.runs(ctx); err != nil {
		return err
	}
	all := airflow.Backfill{Interval: s.days(windows[0].From, windows[len(windows)-1].To), Reprocess: reprocess}
	for _, day := range windows {
		all.Days = append(all.Days, airflow.Day{Name: day.From.Format(time.DateOnly), Interval: s.days(day.From, day.To)})
	}
	made, err := s.Backfill(ctx, s.dag, all)
	if err != nil {
		return fromAirflow(err)
	}
	for _, id := range made.Was {
		a.tell("run " + id + ": was there already")
	}
	runs := made.Runs
	if w.wait {
		if runs, err = s.WaitBackfill(ctx, s.dag, made, all.Interval, w.limit, a.tell); err != nil {
			return fromAirflow(err)
		}
	}
	t := a.runTable(runs)
	if made.ID != 0 && !w.wait {
		t = tableOf{text: fmt.Sprintf("backfill %d of %s has begun: tributary airflow runs", made.ID, s.dag)}
	}
	made.Runs = runs
	if err := a.show(made, t); err != nil {
		return err
	}
	return failedRuns(s, runs...)
}

func (a *app) runTable(runs []airflow.Run) tableOf {
	t := tableOf{head: []string{"run", "state", "interval from", "to", "began", "took"}}
	for _, r := range runs {
		t.rows = append(t.rows, []string{r.ID, r.State, moment(r.IntervalStart), moment(r.IntervalEnd), moment(r.StartedAt), took(r.StartedAt, r.EndedAt)})
	}
	return t
}

// moment is an instant for people, in UTC as Airflow shows it.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func took(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return to.Sub(from).Round(time.Second / 10).String() //nolint:mnd // tenths
}

func (a *app) airflowRunsCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "runs", Short: "The newest runs of the DAG", Args: exactly(0, "no arguments"), Example: "  tributary airflow runs --limit 30",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usagef("--limit: %d runs are none", limit)
			}
			s, err := a.scheduler(cmd.Context())
			if err != nil {
				return err
			}
			runs, err := s.Runs(cmd.Context(), s.dag, limit)
			if err != nil {
				return fromAirflow(err)
			}
			return a.show(runs, a.runTable(runs))
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 10, "how many") //nolint:mnd // said in the help
	return cmd
}

// standing is what `airflow status` says.
type standing struct {
	DAG     airflow.DAGState `json:"dag"`
	Version string           `json:"version"`
	Run     *airflow.Run     `json:"run"`
	Tasks   []airflow.Task   `json:"tasks"`
}

func (a *app) airflowStatusCommand() *cobra.Command {
	var w waiting
	cmd := &cobra.Command{
		Use: "status [RUN]", Short: "The DAG, and the tasks of a run (default the newest)", Args: cobra.MaximumNArgs(1),
		Example: "  tributary airflow status\n  tributary airflow status --wait --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.airflowStatus(cmd.Context(), args, w) },
	}
	w.flags(cmd)
	return cmd
}

func (a *app) airflowStatus(ctx context.Context, args []string, w waiting) error {
	s, err := a.scheduler(ctx)
	if err != nil {
		return err
	}
	says := standing{Version: s.Version, Tasks: []airflow.Task{}}
	if says.Run, says.Tasks, err = s.oneRun(ctx, args); err != nil && !errors.Is(err, errNoRun) {
		return fromAirflow(err)
	}
	if w.wait && says.Run != nil {
		if *says.Run, err = s.Wait(ctx, s.dag, says.Run.ID, w.limit, a.tell); err != nil {
			return fromAirflow(err)
		}
		if says.Tasks, err = s.Tasks(ctx, s.dag, says.Run.ID); err != nil {
			return fromAirflow(err)
		}
	}
	if says.DAG, err = s.DAG(ctx, s.dag); err != nil {
		return fromAirflow(err)
	}
	if err := a.show(says, says.table()); err != nil || !w.wait || says.Run == nil {
		return err
	}
	return failedRuns(s, *says.Run)
}

func (s standing) table() tableOf {
	d := s.DAG
	state := "scheduled, " + d.Timetable
	if d.Paused {
		state = "paused"
	}
	t := tableOf{text: fmt.Sprintf("%s on Airflow %s: %s", d.ID, s.Version, state)}
	if !d.NextTo.IsZero() && !d.Paused {
		t.text += ", next at " + moment(d.NextTo)
	}
	if s.Run == nil {
		t.text += "\nno run yet"
		return t
	}
	t.text += fmt.Sprintf("\n%s: %s, interval to %s", s.Run.ID, s.Run.State, moment(s.Run.IntervalEnd))
	t.head = []string{"task", "state", "try", "queued", "began", "took"}
	for _, task := range s.Tasks {
		t.rows = append(t.rows, []string{task.ID, cmp.Or(task.State, "waits"), fmt.Sprint(task.Try), moment(task.QueuedAt), moment(task.StartedAt), took(task.StartedAt, task.EndedAt)})
	}
	return t
}

// errNoRun says that the DAG has not run yet.
var errNoRun = errors.New("the DAG has no run yet: tributary airflow trigger")

// oneRun is the run that an argument names, or the newest, with its tasks.
func (s scheduler) oneRun(ctx context.Context, args []string) (*airflow.Run, []airflow.Task, error) {
	var run airflow.Run
	var err error
	if len(args) > 0 {
		run, err = s.Run(ctx, s.dag, args[0])
	} else {
		var runs []airflow.Run
		if runs, err = s.Runs(ctx, s.dag, 1); err == nil && len(runs) == 0 {
			return nil, []airflow.Task{}, errNoRun
		}
		if err == nil {
			run = runs[0]
		}
	}
	if err != nil {
		return nil, nil, err
	}
	tasks, err := s.Tasks(ctx, s.dag, run.ID)
	return &run, tasks, err
}

func (a *app) airflowLogsCommand() *cobra.Command {
	var task string
	var try int
	cmd := &cobra.Command{
		Use: "logs [RUN]", Short: "The log of a task: of the newest run, of the task that failed or began last", Args: cobra.MaximumNArgs(1),
		Example: "  tributary airflow logs\n  tributary airflow logs --task check --try 1",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.airflowLogs(cmd.Context(), args, task, try)
		},
	}
	cmd.Flags().StringVar(&task, "task", "", "extract, build, check or publish")
	cmd.Flags().IntVar(&try, "try", 0, "which try, from 1 (default the newest)")
	return cmd
}

func (a *app) airflowLogs(ctx context.Context, args []string, id string, try int) error {
	s, err := a.scheduler(ctx)
	if err != nil {
		return err
	}
	run, tasks, err := s.oneRun(ctx, args)
	if err != nil {
		return fromAirflow(err)
	}
	task, ok := chooseTask(tasks, id)
	if !ok {
		return usagef("run %s has no task %s that has begun", run.ID, cmp.Or(id, "yet"))
	}
	try = cmp.Or(try, max(task.Try, 1))
	text, err := s.Log(ctx, s.dag, run.ID, task.ID, try)
	if err != nil {
		return fromAirflow(err)
	}
	return a.show(map[string]any{"dag_run_id": run.ID, "task_id": task.ID, "state": task.State, "try_number": try, "log": text},
		tableOf{text: fmt.Sprintf("%s, task %s, try %d: %s\n%s", run.ID, task.ID, try, task.State, text)})
}

// chooseTask is the task of an id; without one that which failed, else the one that began last.
func chooseTask(tasks []airflow.Task, id string) (airflow.Task, bool) {
	var chosen airflow.Task
	for _, t := range tasks {
		switch {
		case id != "":
			if t.ID == id {
				return t, true
			}
		case t.State == airflow.Failed:
			return t, true
		case !t.StartedAt.IsZero():
			chosen = t
		}
	}
	return chosen, chosen.ID != ""
}
