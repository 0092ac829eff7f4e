package airflow

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	State string `json:"state"` // ok, warn or bad
	What  string `json:"what"`
	Text  string `json:"finding"`
	Hint  string `json:"hint,omitempty"`
}

// States of a finding.
const (
	Good = "ok"
	Warn = "warn"
	Bad  = "bad"
)

// oldestMajor and oldestMinor are the first version that the DAG runs on.
const oldestMajor, oldestMinor = 2, 11

// Doctor looks at all that a night needs of Airflow, and goes on as far as it can.
func (a *Airflow) Doctor(ctx context.Context, dag, pool string, now time.Time) []Finding {
	var out []Finding
	add := func(state, what, text, hint string) { out = append(out, Finding{state, what, text, hint}) }
	var major, minor int
	if _, err := fmt.Sscanf(a.Version, "%d.%d", &major, &minor); err == nil && (major < oldestMajor || major == oldestMajor && minor < oldestMinor) {
		add(Bad, "version", "Airflow "+a.Version, "the DAG runs on 2.11 and on 3.x")
	} else {
		add(Good, "version", "Airflow "+a.Version, "")
	}
	a.healthFindings(ctx, add)
	slots, err := a.Pool(ctx, pool)
	switch {
	case errors.Is(err, ErrNotFound):
		add(Bad, "pool", pool+" does not exist: tasks wait for ever", "tributary airflow doctor --make-pool, or airflow pools set "+pool+` 1 "Tributary"`)
	case err != nil:
		add(Bad, "pool", err.Error(), "")
	case slots != 1:
		add(Warn, "pool", fmt.Sprintf("%s has %d slots", pool, slots), "one is enough: a project has one writer at a time, and others end with exit code 6")
	default:
		add(Good, "pool", pool+" has one slot", "")
	}
	if !a.importFindings(ctx, dag, add) {
		return out
	}
	a.dagFindings(ctx, dag, now, add)
	return out
}

type adder func(state, what, text, hint string)

func (a *Airflow) healthFindings(ctx context.Context, add adder) {
	parts, err := a.Health(ctx)
	if err != nil {
		add(Bad, "health", err.Error(), "")
	}
	for _, p := range parts {
		if p.Status == "healthy" {
			add(Good, p.Name, p.Status, "")
		} else if p.Name != "triggerer" { // no task of ours defers
			add(Bad, p.Name, p.Status, "start it: airflow "+strings.ReplaceAll(p.Name, "_", "-"))
		}
	}
}

// importFindings tells of files that Airflow cannot read; false when there is a DAG to look at no longer.
func (a *Airflow) importFindings(ctx context.Context, dag string, add adder) bool {
	broken, err := a.ImportErrors(ctx)
	if err != nil {
		add(Warn, "import errors", err.Error(), "")
	}
	for _, e := range broken {
		lines := strings.Split(strings.TrimSpace(e.Trace), "\n")
		state := Warn
		if strings.Contains(path.Base(e.File), dag) {
			state = Bad
		}
		add(state, "import errors", e.File+": "+lines[len(lines)-1], "")
	}
	_, err = a.DAG(ctx, dag)
	if errors.Is(err, ErrNotFound) {
		add(Bad, "dag", dag+" is not there", "tributary airflow dag --out DAGS_FOLDER/"+dag+".py; Airflow reads a new file within minutes")
		return false
	}
	if err != nil {
		add(Bad, "dag", err.Error(), "")
	}
	return err == nil
}

func (a *Airflow) dagFindings(ctx context.Context, dag string, now time.Time, add adder) {
	d, err := a.DAG(ctx, dag)
	if err != nil {
		add(Bad, "dag", err.Error(), "")
		return
	}
	switch {
	case d.Gone():
		add(Bad, "dag", dag+" is known, its file is gone", "put it back: tributary airflow dag --out …, last seen as "+d.File)
	case d.Paused:
		add(Warn, "dag", dag+" is paused: no night runs", "tributary airflow unpause")
	default:
		next := ""
		if !d.NextTo.IsZero() {
			next = ", next at " + d.NextTo.UTC().Format(time.RFC3339)
			if d.NextTo.Before(now.Add(-time.Hour)) {
				add(Warn, "schedule", "the run of "+d.NextTo.UTC().Format(time.RFC3339)+" has not begun", "is the scheduler running, and has the pool a free slot?")
			}
		}
		add(Good, "dag", fmt.Sprintf("%s: %s%s", dag, d.Timetable, next), "")
	}
	if d.MaxActiveRuns != 1 {
		add(Warn, "dag", fmt.Sprintf("%d runs at a time", d.MaxActiveRuns), "write the DAG anew: tributary airflow dag")
	}
	runs, err := a.Runs(ctx, dag, 1)
	switch {
	case err != nil:
		add(Bad, "last run", err.Error(), "")
	case len(runs) == 0:
		add(Warn, "last run", "none yet", "tributary airflow trigger --wait")
	case runs[0].State == Failed:
		add(Bad, "last run", runs[0].ID+" failed", "tributary airflow logs")
	default:
		add(Good, "last run", runs[0].ID+": "+runs[0].State, "")
	}
}
