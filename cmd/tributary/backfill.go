package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
)

func (a *app) backfillCommand() *cobra.Command {
	opts := nightly.Options{Version: programVersion()}
	var from, to, window string
	var dry bool
	cmd := &cobra.Command{
		Use: "backfill", Short: "Extract days that were missed window by window, and publish once", Args: exactly(0, "no arguments"),
		Long: `Extracts what happened from a day to another, exclusive, window by window where a source can be asked for an interval; files are taken
by what is new, in one extraction. Then builds, checks and publishes once, as of the last day before --to. What is published never moves
back in time: when it is newer than that day, nothing is built, a note says so, and the exit code is 0.

A backfill that was stopped is run again: what has landed stays landed. Days are those of the reporting zone. Exit codes are those of run.`,
		Example: `  tributary backfill --from 2026-09-01 --to 2026-10-01 --window 7d
  tributary backfill --from 2026-01-01 --to 2026-10-01 --window 1M --dry-run`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for name, value := range map[string]string{"--from": from, "--to": to} {
				if value == "" {
					return usagef("%s is missing: a day, such as 2026-09-01", name)
				}
			}
			var err error
			if opts.Windows, err = nightly.Windows(from, to, window); err != nil {
				return err
			}
			opts.Dir, opts.AsOf = a.dir, nightly.LastDay(opts.Windows)
			if dry {
				return a.windows(opts)
			}
			return a.night(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "first day, YYYY-MM-DD")
	f.StringVar(&to, "to", "", "day after the last one, YYYY-MM-DD")
	f.StringVar(&window, "window", "1d", "how much is asked for at a time: days (7d) or months (1M)")
	f.BoolVar(&dry, "dry-run", false, "list the windows and do nothing")
	f.IntVar(&opts.SkipCode, "skip-code", 0, skipCodeUsage)
	f.DurationVar(&opts.Lease, "lease", 0, "as that of run")
	f.StringVar(&opts.RunID, "run-id", "", "id of the run in records (default a new one)")
	return cmd
}

// plan is what a backfill would do.
type plan struct {
	AsOf    string          `json:"as_of"`
	Whole   []string        `json:"whole"` // sources that are extracted once, whatever the windows
	Windows []plannedWindow `json:"windows"`
}

type plannedWindow struct {
	From    string   `json:"from"`
	To      string   `json:"to"`
	Sources []string `json:"sources"`
}

func (a *app) windows(opts nightly.Options) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return usageError{err}
	}
	out := plan{AsOf: opts.AsOf, Whole: []string{}, Windows: []plannedWindow{}}
	cut := []string{}
	for _, s := range p.Config.Sources {
		if s.ByInterval() {
			cut = append(cut, s.Name)
		} else {
			out.Whole = append(out.Whole, s.Name)
		}
	}
	t := tableOf{head: []string{"from", "to", "sources"}}
	for _, w := range opts.Windows {
		from, to := w.From.Format(time.DateOnly), w.To.Format(time.DateOnly)
		out.Windows = append(out.Windows, plannedWindow{From: from, To: to, Sources: cut})
		t.rows = append(t.rows, []string{from, to, orNone(cut)})
	}
	t.text = fmt.Sprintf("once, whatever the windows: %s\nthen built and published once, as of %s\n", orNone(out.Whole), out.AsOf)
	return a.show(out, t)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
