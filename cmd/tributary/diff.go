package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/movement"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

func (a *app) diffCommand() *cobra.Command {
	var spec movement.Spec
	var rows bool
	cmd := &cobra.Command{
		Use: "diff [NIGHT] [NIGHT]", Short: "Say what moved between two nights, down to the deals, leads and invoices",
		Long: `Compares two nights that are kept, figure by figure, and says which deals, leads and invoices changed each, with the cause: new, deleted,
redated, re-attributed, changed, rate changed, rule changed, balance, aged (docs/moved.md). The parts give the whole, to the cent.

A NIGHT is an as_of (YYYY-MM-DD, its newest file) or a file as tributary warehouse ls shows it. With none, the published night is compared
with the one before it; with one, that night with the published one.`,
		Example: `  tributary diff
  tributary diff 2026-09-28 --rows
  tributary diff 2026-09-28 2026-09-30 --metric REV-1,REV-5 --cut partner=P-0042 --grain month
  tributary diff --metric RSP-6 --period 2026-07-01 --rows --json`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !rows {
				spec.Limit = -1
			}
			return a.diff(cmd.Context(), args, spec, rows)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&spec.IDs, "metric", nil, "metrics to compare, or all (default "+strings.Join(movement.Headlines(), ",")+")")
	f.StringSliceVar(&spec.Grains, "grain", nil, "total, year, quarter, month, week or day (default quarter, where the metric has it)")
	f.StringVar(&spec.Period, "period", "", "only the period in which this day lies, YYYY-MM-DD")
	f.StringToStringVar(&spec.Cut, "cut", nil, "compare the figures of this cut, such as partner=P-0042")
	f.BoolVar(&rows, "rows", false, "list what moved each figure, the largest first")
	f.IntVar(&spec.Limit, "limit", 0, "with --rows: most rows of a figure (default all)")
	return cmd
}

func (a *app) diff(ctx context.Context, nights []string, spec movement.Spec, rows bool) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	from, to, err := a.twoNights(ctx, p, nights)
	if err != nil {
		return err
	}
	cat, err := nightly.Catalogue(p.SQL())
	if err != nil {
		return err
	}
	contracts, err := schemas.Load()
	if err != nil {
		return err
	}
	limits := p.Config.Limits
	pair, err := movement.Open(ctx, from.Path, to.Path, warehouse.Settings{Threads: limits.Threads, Memory: limits.Memory.Text()})
	if err != nil {
		return err
	}
	defer pair.Close()
	report, err := pair.Compare(ctx, cat, contracts, spec)
	if err != nil {
		return asked(err)
	}
	if a.json {
		return a.printJSON(report)
	}
	a.diffText(p, report, rows)
	return nil
}

// twoNights are the nights that the command line means.
func (a *app) twoNights(ctx context.Context, p *project.Project, names []string) (from, to publish.Version, err error) {
	to, err = a.current(ctx, p)
	if err != nil {
		return from, to, err
	}
	l, err := a.lake(p)
	if err != nil {
		return from, to, err
	}
	kept, err := publish.Kept(ctx, l, warehouse.Folder{Dir: p.WarehouseDir()})
	if err != nil {
		return from, to, err
	}
	if len(names) == 0 {
		before, ok := publish.Before(kept, to)
		if !ok {
			return from, to, usagef("%s is the only night that is kept: there is nothing to compare it with", filepath.Base(to.Path))
		}
		return before, to, nil
	}
	if len(names) == 2 {
		var second error
		to, second = publish.Find(kept, names[1])
		err = second
	}
	from, first := publish.Find(kept, names[0])
	if err = errors.Join(first, err); err != nil {
		return from, to, usageError{err}
	}
	if from.Path == to.Path {
		return from, to, usagef("%s is both nights: name another one (tributary warehouse ls shows those that are kept)", from.Warehouse)
	}
	return from, to, nil
}

func (a *app) diffText(p *project.Project, r *movement.Report, rows bool) {
	fmt.Fprintf(a.out, "from %s (%s) to %s (%s)\n", r.From.AsOf, r.From.File, r.To.AsOf, r.To.File)
	fmt.Fprintf(a.out, "days of %s; known %s and %s\n", r.To.Zone, wall(p.Zone, r.From.KnownAt), wall(p.Zone, r.To.KnownAt))
	if len(r.Changes) == 0 {
		fmt.Fprintln(a.out, "nothing moved")
		return
	}
	t := tableOf{head: []string{"metric", "cut", "period", "what", "units", "before", "after", "change", "numerator", "denominator", "n"}}
	for _, c := range r.Changes {
		t.rows = append(t.rows, figureCells(c))
		for _, s := range c.ByCause {
			t.rows = append(t.rows, append([]string{"", "", "", "  " + string(s.Cause), strconv.FormatInt(s.Moves, 10), "", ""}, deltaCells(c, s.Delta, "")...))
		}
	}
	t.print(a.out)
	if rows {
		a.diffRows(r)
	}
}

func figureCells(c movement.Change) []string {
	period := c.Grain
	if c.PeriodStart != nil {
		period += " " + *c.PeriodStart
	}
	return append([]string{c.MetricID, cutText(c.Dims), period, c.Title, strconv.FormatInt(c.MoveCount, 10), shown(c.Unit, c.Before), shown(c.Unit, c.After)},
		deltaCells(c, c.Sum, changed(c))...)
}

// shown is a figure as people read it.
func shown(unit catalogue.Unit, v *movement.Value) string {
	if v == nil || !v.Value.Valid {
		return "–"
	}
	return catalogue.Show(unit, v.Value)
}

// changed is the change of a figure; a share changes by percentage points.
func changed(c movement.Change) string {
	v, ok := c.Change.Float()
	switch {
	case !ok:
		return "–"
	case c.Unit == catalogue.RatioOf1:
		return fmt.Sprintf("%+.2f pp", v*100)
	}
	return signed(catalogue.Show(c.Unit, c.Change))
}

// deltaCells are the change of the value, its parts and its n. What does not add up has only the n.
func deltaCells(c movement.Change, d movement.Delta, value string) []string {
	numerator, denominator := signed(part(c, d.Numerator)), signed(part(c, d.Denominator))
	switch {
	case c.Unit == catalogue.RatioOf1 && c.Adds:
	case c.Adds:
		if value == "" {
			value = numerator
		}
		numerator, denominator = "", ""
	default:
		numerator, denominator = "", ""
	}
	return []string{value, numerator, denominator, signed(strconv.FormatInt(d.N, 10))}
}

// part is a numerator or denominator as people read it: money has its cents.
func part(c movement.Change, text string) string {
	if !c.Adds {
		return ""
	}
	if c.Parts == catalogue.Money {
		text = money(text)
	}
	return catalogue.Show(c.Parts, catalogue.Figure{Text: text, Valid: true})
}

func money(text string) string {
	if whole, fraction, _ := strings.Cut(text, "."); len(fraction) < 2 {
		return whole + "." + (fraction + "00")[:2]
	}
	return text
}

// inUnit is what a unit is in a distribution.
func inUnit(c movement.Change, text string) string {
	if text == "" {
		return "–"
	}
	return catalogue.Show(c.Unit, catalogue.Figure{Text: text, Valid: true})
}

func signed(text string) string {
	if text == "" || text == "0" || text == "0.00" || strings.HasPrefix(text, "-") {
		return text
	}
	return "+" + text
}

func (a *app) diffRows(r *movement.Report) {
	t := tableOf{head: []string{"metric", "cut", "period", "cause", "entity", "key", "partner", "before", "after", "change", "denominator", "why"}}
	for _, c := range r.Changes {
		period := ""
		if c.PeriodStart != nil {
			period = *c.PeriodStart
		}
		for _, m := range c.Moves {
			before, after, change, denominator := part(c, m.NumeratorBefore), part(c, m.NumeratorAfter), signed(part(c, m.Delta.Numerator)), ""
			if c.Unit == catalogue.RatioOf1 {
				denominator = signed(part(c, m.Delta.Denominator))
			}
			if !c.Adds {
				before, after, change = inUnit(c, m.ValueBefore), inUnit(c, m.ValueAfter), ""
			}
			t.rows = append(t.rows, []string{c.MetricID, cutText(c.Dims), period, string(m.Cause), m.Entity, m.Key, m.Partner, before, after, change, denominator, m.Detail})
		}
	}
	fmt.Fprintln(a.out)
	t.print(a.out)
}
