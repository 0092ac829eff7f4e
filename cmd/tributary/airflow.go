package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/airflow"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
)

// exitRunFailed is the exit code of a wait for a run that failed in Airflow.
const exitRunFailed = 8

func (a *app) airflowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "airflow", Short: "The DAG that runs the nights on Airflow 2.11 or 3.x, and what drives it",
		Long: `Writes the DAG of a project, and drives it in a running Airflow. AIRFLOW_URL (or airflow.url in tributary.yaml) is the address of its
pages; AIRFLOW_USERNAME and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN (3.x), are the login. docs/airflow.md begins with nothing and ends with a night.

Exit codes besides those of every command: 5, Airflow does not answer, or the time of a wait is up; 8, the run that was waited for failed.`,
	}
	cmd.AddCommand(a.airflowDAGCommand(), a.airflowTriggerCommand(), a.airflowBackfillCommand(), a.airflowStatusCommand(), a.airflowRunsCommand(),
		a.airflowLogsCommand(), a.airflowPauseCommand(true), a.airflowPauseCommand(false), a.airflowDoctorCommand())
	return cmd
}

// scheduler is a project's Airflow.
type scheduler struct {
	*airflow.Airflow
	project *project.Project
	dag     string
}

func (a *app) scheduler(ctx context.Context) (scheduler, error) {
	p, err := project.Load(a.dir)
	if err != nil {
		return scheduler{}, configured(err)
	}
	s := scheduler{project: p, dag: nightly.DAGOf(p)}
	s.Airflow, err = nightly.ConnectAirflow(ctx, p)
	return s, fromAirflow(err)
}

// fromAirflow gives an error its exit code.
func fromAirflow(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, airflow.ErrUnreachable), errors.Is(err, airflow.ErrTimeout):
		return codedError{err, nightly.ExitRetryable}
	}
	return usageError{err}
}

func (a *app) airflowDAGCommand() *cobra.Command {
	s := airflow.Settings{Kubernetes: &airflow.Kubernetes{}}
	var out string
	cmd := &cobra.Command{
		Use: "dag", Short: "Write the project's DAG", Args: exactly(0, "no arguments"),
		Long: `Writes one Python file for Airflow's folder of DAGs: four tasks, extract, build, check and publish, that each run a step of tributary run. It
runs on Airflow 2.11 and 3.x as it is. Without --out it is printed.

With --image the steps run in pods of Kubernetes; else on the worker, which then needs tributary and the project folder.`,
		Example: `  tributary airflow dag --out /opt/airflow/dags/tributary_acme.py
  tributary airflow dag --schedule "15 2 * * *" --connection TRIBUTARY_PG_URL=tributary_pg -o dags/acme.py
  tributary airflow dag --image registry.example.com/tributary:1.4.0 --claim acme --secret acme --mounted-at /srv/acme -o dags/acme.py`,
		RunE: func(*cobra.Command, []string) error { return a.writeDAG(s, out) },
	}
	f := cmd.Flags()
	f.StringVarP(&out, "out", "o", "", "file to write (default stdout)")
	f.StringVar(&s.Schedule, "schedule", "15 2 * * *", "when, as cron: minute hour day month weekday")
	f.StringVar(&s.Zone, "time-zone", "", "of the schedule (default the reporting zone)")
	f.StringVar(&s.Start, "start", "2026-01-01", "first day that Airflow knows; what is before it is made by tributary backfill")
	f.StringVar(&s.Command, "command", "tributary", "the program, as the worker finds it")
	f.StringVar(&s.Project, "mounted-at", "", "the project folder, as the worker or the pod sees it (default where it is here)")
	f.IntVar(&s.Retries, "retries", 3, "tries after the first one, of what may go well later")                         //nolint:mnd // said in docs/airflow.md
	f.DurationVar(&s.RetryDelay, "retry-delay", 5*time.Minute, "before the second try; doubled for each one after it") //nolint:mnd // the same
	f.DurationVar(&s.Timeout, "timeout", 4*time.Hour, "of one step")                                                   //nolint:mnd // the same
	f.StringToStringVar(&s.Connections, "connection", nil, "VARIABLE=CONNECTION: fill a variable of the environment from a connection of Airflow; may be repeated")
	f.StringVar(&s.Kubernetes.Image, "image", "", "run steps in pods of this image; with a tag or a digest")
	f.StringVar(&s.Kubernetes.Namespace, "namespace", "default", "of the pods")
	f.StringVar(&s.Kubernetes.Claim, "claim", "", "persistent volume claim that holds the project folder, for pods")
	f.StringVar(&s.Kubernetes.Secret, "secret", "", "secret of Kubernetes whose keys become the environment of the pods")
	return cmd
}

// retryDelayMax bounds the doubling of delays, unless the first is longer.
const retryDelayMax = 30 * time.Minute

func (a *app) writeDAG(s airflow.Settings, out string) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	here, err := filepath.Abs(p.Dir)
	if err != nil {
		return fmt.Errorf("where the project is: %w", err)
	}
	name := p.Config.Project.Value
	s.DAG, s.Pool, s.Asset = nightly.DAGOf(p), p.Config.Airflow.Pool.Value, "tributary://"+airflow.DAGID(name)+"/warehouse"
	s.Zone, s.Project = cmp.Or(s.Zone, p.Config.Reporting.TimeZone.Value), cmp.Or(s.Project, here)
	s.RetryDelayMax = max(retryDelayMax, s.RetryDelay)
	if s.Kubernetes.Image == "" {
		if s.Kubernetes.Claim != "" || s.Kubernetes.Secret != "" {
			return usagef("--claim and --secret are for pods: --image is missing")
		}
		s.Kubernetes = nil
	}
	text, err := airflow.DAG(s)
	if err != nil {
		return usageError{err}
	}
	if out == "" {
		_, err := fmt.Fprint(a.out, text)
		return err //nolint:wrapcheck // nothing to add
	}
	if err := replaceFile(out, text); err != nil {
		return err
	}
	return a.show(map[string]string{"dag_id": s.DAG, "file": out, "pool": s.Pool}, tableOf{text: fmt.Sprintf("%s: DAG %s, in pool %s", out, s.DAG, s.Pool)})
}

// replaceFile writes a file whole or not at all: Airflow may read it at any moment.
func replaceFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // Airflow reads it as another user
		return fmt.Errorf("write the DAG: %w", err)
	}
	aside := path + ".tmp"
	if err := os.WriteFile(aside, []byte(text), 0o644); err != nil { //nolint:gosec // the same
		return fmt.Errorf("write the DAG: %w", err)
	}
	if err := os.Rename(aside, path); err != nil {
		return fmt.Errorf("write the DAG: %w", errors.Join(err, os.Remove(aside)))
	}
	return nil
}

func (a *app) airflowPauseCommand(pause bool) *cobra.Command {
	use, short, did := "pause", "Stop the schedule: no night begins by itself", "paused"
	if !pause {
		use, short, did = "unpause", "Let the schedule run; Airflow begins with the newest interval at once", "scheduled"
	}
	return &cobra.Command{
		Use: use, Short: short, Args: exactly(0, "no arguments"), Example: "  tributary airflow " + use,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.scheduler(cmd.Context())
			if err != nil {
				return err
			}
			if err := s.Pause(cmd.Context(), s.dag, pause); err != nil {
				return fromAirflow(err)
			}
			return a.show(map[string]any{"dag_id": s.dag, "is_paused": pause}, tableOf{text: s.dag + " is " + did})
		},
	}
}

func (a *app) airflowDoctorCommand() *cobra.Command {
	var pool bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look at all that a night needs of Airflow", Args: exactly(0, "no arguments"),
		Long:    "Version, processes, the pool, files that cannot be imported, the DAG, its next and its last run. Exit code 2 when something is bad.",
		Example: "  tributary airflow doctor\n  tributary airflow doctor --make-pool",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.airflowDoctor(cmd.Context(), pool) },
	}
	cmd.Flags().BoolVar(&pool, "make-pool", false, "make the pool, with one slot, when it is missing")
	return cmd
}

func (a *app) airflowDoctor(ctx context.Context, makePool bool) error {
	s, err := a.scheduler(ctx)
	if err != nil {
		return err
	}
	pool := s.project.Config.Airflow.Pool.Value
	if makePool {
		if err := s.MakePool(ctx, pool); err != nil && !errors.Is(err, airflow.ErrExists) {
			return fromAirflow(err)
		}
	}
	var findings []nightly.Finding
	for _, f := range s.Doctor(ctx, s.dag, pool, a.now()) {
		findings = append(findings, nightly.Finding(f))
	}
	return a.showFindings(findings, "Airflow is not ready for a night")
}
