package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/program"
)

func (a *app) runCommand() *cobra.Command {
	opts := nightly.Options{Version: programVersion()}
	var steps []string
	var knownAt, from, to, prog string
	cmd := &cobra.Command{
		Use: "run", Short: "Extract, build, check and publish a night", Args: exactly(0, "no arguments"),
		Long: `Extracts what is new, builds the night's warehouse aside, checks it and publishes it. When a step fails,
readers keep what was published before. A run that finds nothing new, and its as_of published, exits 0 and says so, or exits with
--skip-code, also when --steps asks for build alone. A new as_of is a new night, also without new files: what was pending becomes a breach
by time alone.

Progress goes to stderr. Stdout ends with one line of JSON off a terminal or with --json.`,
		Example: `  tributary run
  tributary run --as-of 2026-09-30
  tributary run --as-of 2026-06-30 --known-at 2026-07-02T03:00:00Z   # what that night knew, with its program
  tributary run --to 2026-10-01 --skip-code 99              # for Airflow: a task that exits 99 is skipped
  tributary run --steps extract && tributary run --steps build,check,publish`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Dir, opts.Steps = a.dir, steps
			if prog != "current" && prog != "then" {
				return usagef("--program: %q is neither current nor then", prog)
			}
			opts.ProgramCurrent = prog == "current"
			var err error
			for _, at := range []struct {
				flag, text string
				into       *time.Time
			}{{"--known-at", knownAt, &opts.KnownAt}, {"--from", from, &opts.From}, {"--to", to, &opts.To}} {
				if *at.into, err = a.instant(at.flag, at.text); err != nil {
					return err
				}
			}
			return a.night(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&steps, "steps", nil, "steps to do: extract,build,check,publish (default all)")
	f.StringVar(&opts.AsOf, "as-of", "", "day to compute as of, YYYY-MM-DD (default the last that has ended by --to)")
	f.StringVar(&knownAt, "known-at", "", "only loads committed by then count; RFC 3339, or a day: its midnight in the reporting zone")
	f.StringVar(&from, "from", "", "begin of the interval that a scheduler runs for, as --to; files are taken by what is new, whatever it is; lineage tells it")
	f.StringVar(&to, "to", "", "end of that interval, exclusive: RFC 3339, or a day, which is its midnight in the reporting zone; as_of is the last day that has ended by then")
	f.StringVar(&prog, "program", "then", "with --known-at: the program of that night (then) or today's (current)")
	f.IntVar(&opts.SkipCode, "skip-code", 0, skipCodeUsage)
	f.BoolVar(&opts.AllowOlder, "allow-older", false, "publish although a newer as_of is published")
	f.DurationVar(&opts.Lease, "lease", 0, "how long others wait for this run without a sign of life, when they cannot see whether it is dead (default 2m)")
	f.StringVar(&opts.RunID, "run-id", "", "id of the run in records (default a new one); steps in processes of their own that give the same id are one run there")
	return cmd
}

const skipCodeUsage = "exit code when nothing is new and this as_of is published already: 0, or 9 to 255 that a scheduler takes for skipped"

// instant reads RFC 3339, or a day, which is its midnight in the reporting zone.
func (a *app) instant(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	day, err := program.ParseDay(text)
	if err != nil {
		return day, usagef("%s: %q is no instant: write 2026-07-02T03:00:00Z", flag, text)
	}
	zone := time.UTC
	if p, err := project.Load(a.dir); err == nil { // else the command says what is wrong with it
		zone = p.Zone
	}
	return program.OnClock(day, 0, zone), nil
}

func (a *app) night(ctx context.Context, opts nightly.Options) error {
	p := &progress{w: a.err, live: isTerminal(a.err)}
	opts.Report, opts.Clock = p.event, a.now
	summary, err := nightly.Run(ctx, opts)
	p.clear()
	for _, n := range summary.Notices {
		fmt.Fprintln(a.err, "  note:", n)
	}
	if err == nil && summary.ExitCode != nightly.ExitOK {
		err = codedError{shownError{errors.New("nothing is new")}, summary.ExitCode}
	}
	if isTerminal(a.out) && !a.json {
		printSummary(a.out, summary)
		return err
	}
	if err != nil && summary.Error != "" {
		a.complain(err)
		err = shownError{err}
	}
	line, jsonErr := json.Marshal(summary)
	if jsonErr != nil {
		return jsonErr
	}
	if !a.json && len(summary.Headlines) > 0 {
		printSummary(a.out, summary)
	}
	fmt.Fprintln(a.out, string(line))
	return err
}

// progress shows steps as lines, and on a terminal the work within a step on one line that is rewritten.
type progress struct {
	w     io.Writer
	live  bool
	mu    sync.Mutex
	dirty bool
	last  time.Time
}

const refresh = 100 * time.Millisecond

func (p *progress) event(e nightly.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Done:
		p.wipe()
		fmt.Fprintf(p.w, "%-8s %s\n", e.Step, e.Text)
	case p.live && time.Since(p.last) > refresh:
		p.wipe()
		const width = 24
		done := int(e.Part * width)
		fmt.Fprintf(p.w, "%-8s [%s%s] %s", e.Step, strings.Repeat("=", done), strings.Repeat(" ", width-done), clip(e.Text, 70))
		p.dirty, p.last = true, time.Now()
	}
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
}

func (p *progress) wipe() {
	if p.dirty {
		fmt.Fprint(p.w, "\r\033[K")
		p.dirty = false
	}
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func printSummary(w io.Writer, s nightly.Summary) {
	asOf := "data as of " + s.AsOf
	if zone, err := program.Zone(s.Zone); err == nil { // else it failed before that was known
		asOf = dataAsOf(zone, s.AsOf, s.KnownAt)
	}
	fmt.Fprintf(w, "\n%s: %s, %s, %.1f s", s.Project, strings.ReplaceAll(s.Status, "_", " "), asOf, s.Seconds)
	if s.Quarantined > 0 {
		fmt.Fprintf(w, ", %d of %d rows quarantined", s.Quarantined, s.RowsStaged)
	}
	fmt.Fprintln(w)
	if len(s.Headlines) == 0 {
		return
	}
	t := tableOf{head: []string{"result", "metric", "", "quarter from", "value", "n"}}
	for _, h := range s.Headlines {
		value := catalogue.Show(h.Unit, h.Value)
		if !h.Value.Valid {
			value = strings.ReplaceAll(h.Status, "_", " ")
		} else if h.Status != "ok" {
			value += " (" + strings.ReplaceAll(h.Status, "_", " ") + ")"
		}
		t.rows = append(t.rows, []string{h.Result, h.Title, cutText(h.Dims), h.Period, value, fmt.Sprint(h.N)})
	}
	t.print(w)
}

func cutText(dims map[string]string) string {
	var parts []string
	for _, v := range dims {
		parts = append(parts, strings.ReplaceAll(v, "_", " "))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
