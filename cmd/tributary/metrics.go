package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

func (a *app) metricsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "metrics", Short: "List, define and query the metrics"}
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "List the metrics", Args: exactly(0, "no arguments"),
		Example: "  tributary metrics list",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.listMetrics() },
	}, &cobra.Command{
		Use: "show ID", Short: "Show a metric's definition", Args: exactly(1, "one metric id"),
		Example: "  tributary metrics show REV-5",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.showMetric(args[0]) },
	}, a.queryCommand())
	return cmd
}

func (a *app) listMetrics() error {
	cat, err := a.catalogue()
	if err != nil {
		return err
	}
	t := tableOf{head: []string{"id", "title", "result", "unit", "better", "cuts"}}
	for _, m := range cat.Metrics {
		t.rows = append(t.rows, []string{m.ID, m.Title, m.Result, string(m.Unit), m.Better, strings.Join(append(append([]string{}, m.Always...), m.Dims...), " ")})
	}
	return a.show(cat.Metrics, t)
}

func (a *app) showMetric(id string) error {
	cat, err := a.catalogue()
	if err != nil {
		return err
	}
	m, ok := cat.Metric(id)
	if !ok {
		return usagef("there is no metric %q: tributary metrics list shows them", id)
	}
	t := tableOf{text: fmt.Sprintf("%s  %s\n\n%s\n", m.ID, m.Title, m.Description), head: []string{"part", ""}}
	for _, part := range [][2]string{
		{"kind", string(m.Kind)}, {"unit", string(m.Unit)}, {"better", m.Better}, {"fact", m.Fact}, {"where", m.Where}, {"value", m.Value},
		{"numerator", m.Numerator}, {"denominator", m.Denominator}, {"of", m.Of}, {"p", m.P}, {"duration", m.Duration}, {"observed", m.Observed},
		{"n", m.N}, {"excluded", m.Excluded}, {"always by", strings.Join(m.Always, ", ")}, {"cuts", strings.Join(m.Dims, ", ")},
		{"grains", strings.Join(m.Grains, ", ")}, {"needs", strings.Join(m.Needs, ", ")}, {"facts", strings.Join(m.Facts, ", ")},
		{"definition version", fmt.Sprint(m.DefinitionVersion)},
	} {
		if part[1] != "" {
			t.rows = append(t.rows, []string{part[0], part[1]})
		}
	}
	return a.show(m, t)
}

func (a *app) queryCommand() *cobra.Command {
	var spec catalogue.QuerySpec
	var csv bool
	var where map[string]string
	cmd := &cobra.Command{
		Use: "query ID…", Short: "Print values of metrics by cut and grain",
		Long: `Prints values of metrics. --by names the dimensions of one cut; "all" = uncut and by each single dimension.
--grain is total, year, quarter, month, week, day, or "all". --all with --by all --grain all is everything that is stored;
other cuts are computed on demand. Periods are those that start from --from on and before --to.`,
		Example: `  tributary metrics query REV-5 --grain quarter
  tributary metrics query RSP-6 RSP-1 --by partner_type --grain month --from 2026-01-01 --csv
  tributary metrics query REV-1 --by partner,route --where partner=P-0042 --json
  tributary metrics query --all --by all --grain all --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.IDs, spec.Where = args, where
			if len(args) == 0 && !spec.All {
				return usagef("name a metric, or --all for all of them: tributary metrics list shows them")
			}
			return a.query(cmd.Context(), spec, csv)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&spec.By, "by", nil, "dimensions of the cut, or all")
	f.StringSliceVar(&spec.Grains, "grain", nil, "grains, or all (default total, or what the metric has)")
	f.StringVar(&spec.From, "from", "", "periods that start on this day or later, YYYY-MM-DD")
	f.StringVar(&spec.To, "to", "", "periods that start before this day, YYYY-MM-DD")
	f.StringToStringVar(&where, "where", nil, "only these values of the cut, such as partner=P-0042")
	f.BoolVar(&spec.All, "all", false, "every metric")
	f.BoolVar(&csv, "csv", false, "print CSV")
	return cmd
}

func (a *app) query(ctx context.Context, spec catalogue.QuerySpec, csv bool) error {
	r, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	rows := r.cat.Each(ctx, r.conn, spec)
	switch {
	case a.json:
		err = catalogue.WriteJSON(a.out, rows)
	case csv:
		err = catalogue.WriteCSV(a.out, rows)
	default:
		var all []catalogue.Row
		if all, err = r.cat.Query(ctx, r.conn, spec); err == nil {
			t := catalogue.TableOf(all)
			tableOf{head: t.Head, rows: t.Rows, text: versionAsOf(r.project, r.version)}.print(a.out)
		}
	}
	return asked(err)
}

func (a *app) explainCommand() *cobra.Command {
	var spec catalogue.ExplainSpec
	var csv bool
	cmd := &cobra.Command{
		Use: "explain ID", Short: "Walk a number down to its source rows, file and line", Args: exactly(1, "one metric id"),
		Example: `  tributary explain REV-5 --grain quarter --period 2026-07-01
  tributary explain RSP-6 --cut direction=vendor_to_partner,partner=P-0042 --grain month --period 2026-08
  tributary explain ACC-3 --cut program=annual-rebate,partner=P-0042 --csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.ID = args[0]
			return a.explain(cmd.Context(), spec, csv)
		},
	}
	f := cmd.Flags()
	f.StringToStringVar(&spec.Cut, "cut", nil, "the value's dimensions, such as partner=P-0042,route=partner")
	f.StringVar(&spec.Grain, "grain", "", "total, year, quarter, month, week or day")
	f.StringVar(&spec.Period, "period", "", "a day in the period, YYYY-MM-DD")
	f.IntVar(&spec.Limit, "limit", 0, "most rows to print (default all)")
	f.BoolVar(&csv, "csv", false, "print the rows as CSV")
	return cmd
}
