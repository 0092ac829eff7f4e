package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish"
)

func (a *app) freshnessCommand() *cobra.Command {
	var fail bool
	cmd := &cobra.Command{
		Use: "freshness", Short: "Say what is late, since when, and how new everything is", Args: exactly(0, "no arguments"),
		Long: `Says of the night, the marts and the sources that have a time under expect: in tributary.yaml whether they are late now, and of each entity
of the published night when its newest row happened and landed. It reads the lake's log, so it also tells of nights that nothing ran for.`,
		Example: "  tributary freshness\n  tributary freshness --fail-late --json    # for a monitor: exit code 7 when anything is late",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.freshness(cmd.Context(), fail) },
	}
	cmd.Flags().BoolVar(&fail, "fail-late", false, "end with exit code 7 when anything is late")
	return cmd
}

func (a *app) freshness(ctx context.Context, fail bool) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	l, err := a.lake(p)
	if err != nil {
		return err
	}
	fresh, err := nightly.ReadFreshness(ctx, p, l, a.now())
	if err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(fresh)
	} else {
		a.freshnessText(p, fresh)
	}
	if err == nil && fail && fresh.Late() {
		err = codedError{shownError{errors.New("something is late")}, exitNo}
	}
	return err
}

func (a *app) freshnessText(p *project.Project, fresh nightly.Freshness) {
	head := "nothing is published yet"
	if fresh.AsOf != "" {
		head = dataAsOf(p.Zone, fresh.AsOf, fresh.KnownAt)
	}
	if len(fresh.Expected) == 0 {
		head += "\nnothing is expected by a time: expect: in " + project.File + " says by when (docs/config.md)"
	}
	t := tableOf{text: head}
	if len(fresh.Expected) > 0 {
		t.head = []string{"kind", "name", "", "day", "due", "late by", "missing", "last met"}
	}
	for _, e := range fresh.Expected {
		state, by, missing := "on time", "", ""
		if e.Late {
			state, by, missing = "LATE", span(time.Duration(e.LateBy)*time.Second), fmt.Sprint(e.Missing)
		}
		met := "never"
		if e.MetDay != "" {
			met = e.MetDay + ", at " + wall(p.Zone, e.MetAt)
		}
		t.rows = append(t.rows, []string{e.Kind, e.Name, state, e.Day, wall(p.Zone, e.DueAt), by, missing, met})
	}
	t.print(a.out)
	if len(fresh.Entities) == 0 {
		return
	}
	t = tableOf{head: []string{"entity", "newest event", "newest load", "rows", "quarantined"}}
	for _, e := range fresh.Entities {
		t.rows = append(t.rows, []string{e.Entity, wall(p.Zone, e.NewestAt), wall(p.Zone, e.LoadedAt), fmt.Sprint(e.Rows), fmt.Sprint(e.Quarantined)})
	}
	fmt.Fprintln(a.out)
	t.print(a.out)
}

// wall is an instant by the clocks of a zone; empty when it is not known.
func wall(zone *time.Location, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format("2006-01-02 15:04")
}

// span is a length of time in its two largest units.
func span(d time.Duration) string {
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	if days > 0 {
		return fmt.Sprintf("%dd %dh", days, hours)
	}
	return fmt.Sprintf("%dh %dm", hours, minutes)
}

// dataAsOf says of which day figures are, and when the lake knew what they are made of.
func dataAsOf(zone *time.Location, asOf string, knownAt time.Time) string {
	return fmt.Sprintf("data as of %s (%s), known %s", asOf, zone, wall(zone, knownAt))
}

func versionAsOf(p *project.Project, v publish.Version) string {
	return dataAsOf(p.Zone, v.AsOf, v.KnownAt)
}
