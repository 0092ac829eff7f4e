package nightly

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/tributary-data/tributary/pipelines/notify"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/secret"
)

// advice is what to do next after an exit code; docs/operations.md has more on each.
func advice(code int) string {
	switch code {
	case ExitConfig:
		return "mend what the error names, by file and line, and run again; tributary doctor looks at the whole set-up. Readers keep what was published before"
	case ExitData:
		return "look at the delivery and at the rows or checks that the error names, mend them and run again. Readers keep what was published before"
	case ExitNoAccruals:
		return "deliver the missing rate, or write it into program/fx.yaml, and run again. Everything but accruals is published"
	case ExitRetryable:
		return "run again, after making room if the disk is full. Readers keep what was published before"
	case ExitLocked:
		return "wait for the run that has the lake and run again; two schedules that overlap: remove one. Never delete files of the lake for it"
	}
	return "read the error; mend permissions or memory and run again; tributary lake verify names damaged files. Readers keep what was published before"
}

// reason is why somebody is to be told of a run that ended with this code.
func reason(code int) string {
	switch code {
	case ExitNoAccruals:
		return project.OnNoAccruals
	case ExitLocked:
		return project.OnLocked
	}
	return project.OnFailed
}

// tell sends the notice of a run that needs somebody, also of one that could not read its configuration, after the lake is free again.
// What cannot be sent is a note: it changes nothing about the run.
func (n *night) tell(ctx context.Context, err error) {
	if err == nil {
		return
	}
	who, name := project.ReadNotify(n.opts.Dir)
	s := n.summary
	if !who.Wants(reason(s.ExitCode)) {
		return
	}
	if name == "" {
		name = n.opts.Dir
	}
	target, problem := notifyTarget(who, n.opts.Dir)
	if problem != nil && n.project == nil { // else it is told already
		n.noticeMute(problem)
	}
	host, hostErr := os.Hostname()
	if hostErr != nil {
		host = "a host without a name"
	}
	ctx = context.WithoutCancel(ctx) // a run that was told to stop says so
	err = target.Send(ctx, notify.Notice{
		Project: name, Status: s.Status, ExitCode: s.ExitCode, AsOf: s.AsOf, Error: oneLine(err), RunID: s.RunID, ToDo: advice(s.ExitCode), Host: host,
	})
	if err != nil {
		n.notice("nobody may know of this run, its notice could not be sent: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}

// notifyTarget looks the secret up; with an error the target is what is left of it.
func notifyTarget(who project.Notify, dir string) (notify.Target, error) {
	target := notify.Target{Dir: dir}
	for _, word := range who.Command {
		target.Command = append(target.Command, word.Value)
	}
	if who.Webhook == nil {
		return target, nil
	}
	problems := who.Webhook.Resolve(secret.Finder{Dir: dir, Env: os.LookupEnv})
	if err := problems.Err(); err != nil {
		return target, fmt.Errorf("notify.webhook: %w", err)
	}
	target.Webhook = who.Webhook.Reveal()
	return target, nil
}

// checkNotify says on good nights that a bad one could not be told: then it would be too late.
func (n *night) checkNotify() {
	if _, err := notifyTarget(n.project.Config.Notify, n.project.Dir); err != nil {
		n.noticeMute(err)
	}
}

func (n *night) noticeMute(err error) {
	n.notice("a night that fails cannot be told to the webhook: %v", err)
}

// oneLine is the first line of an error, and how many more there are.
func oneLine(err error) string {
	line, rest, more := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if more {
		line = fmt.Sprintf("%s (and %d more lines)", line, strings.Count(rest, "\n")+1)
	}
	return line
}
