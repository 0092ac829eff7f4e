package airflow

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrTimeout says that a run had not ended when the time was up. It goes on.
var ErrTimeout = errors.New("the run has not ended yet")

// poll is how often a run under way is looked at.
const poll = 2 * time.Second

// Wait looks at a run until it has ended, and tells of every change of the run and its tasks. A server that does not answer for a while
// does not end the wait.
func (a *Airflow) Wait(ctx context.Context, dag, id string, limit time.Duration, tell func(what string)) (Run, error) {
	seen := watcher{tell: tell, was: map[string]string{}}
	var run Run
	err := a.until(ctx, limit, func() (bool, error) {
		var err error
		if run, err = a.Run(ctx, dag, id); err != nil {
			return false, err
		}
		tasks, err := a.Tasks(ctx, dag, id)
		if err != nil {
			return false, err
		}
		seen.run(run)
		for _, t := range tasks {
			seen.task(t)
		}
		return run.Ended(), nil
	})
	return run, err
}

// WaitBackfill looks at the runs of a backfill until all have ended.
func (a *Airflow) WaitBackfill(ctx context.Context, dag string, made Made, of Interval, limit time.Duration, tell func(what string)) ([]Run, error) {
	seen := watcher{tell: tell, was: map[string]string{}}
	var runs []Run
	err := a.until(ctx, limit, func() (bool, error) {
		var complete bool
		var err error
		if runs, complete, err = a.BackfillRuns(ctx, dag, made, of); err != nil {
			return false, err
		}
		for _, r := range runs {
			seen.run(r)
			complete = complete && r.Ended()
		}
		return complete, nil
	})
	return runs, err
}

// until looks again and again, for as long as limit. A server that cannot be reached is asked again.
func (a *Airflow) until(ctx context.Context, limit time.Duration, look func() (bool, error)) error {
	var silent error
	for waited := time.Duration(0); ; waited += poll {
		done, err := look()
		if done || err != nil && !errors.Is(err, ErrUnreachable) {
			return err
		}
		silent = err
		if waited >= limit {
			return errors.Join(fmt.Errorf("%w after %s; it goes on in Airflow", ErrTimeout, limit), silent)
		}
		if err := a.wait(ctx, poll); err != nil {
			return err
		}
	}
}

// watcher tells of what has changed since it looked last.
type watcher struct {
	tell func(string)
	was  map[string]string
}

func (w watcher) run(r Run) { w.changed(r.ID, r.State, fmt.Sprintf("run %s: %s", r.ID, r.State)) }

func (w watcher) task(t Task) {
	text := fmt.Sprintf("  %s: %s", t.ID, t.State)
	if t.Try > 1 {
		text += fmt.Sprintf(", try %d", t.Try)
	}
	if t.Ended() && !t.EndedAt.IsZero() && !t.StartedAt.IsZero() {
		text += fmt.Sprintf(", %.1f s", t.EndedAt.Sub(t.StartedAt).Seconds())
	}
	if t.State != "" {
		w.changed(t.Run+"/"+t.ID, fmt.Sprint(t.State, t.Try), text)
	}
}

func (w watcher) changed(what, state, text string) {
	if w.was[what] != state {
		w.was[what] = state
		w.tell(text)
	}
}
