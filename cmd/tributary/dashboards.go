package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/dashboards/grafana"
	"github.com/tributary-data/tributary/dashboards/lint"
	"github.com/tributary-data/tributary/dashboards/provision"
	"github.com/tributary-data/tributary/dashboards/push"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

// exitNo is the exit code of a question whose answer is no: dashboards differ, something is late.
const exitNo = 7

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

func (a *app) dashboardsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "dashboards", Short: "Grafana dashboards: written for provisioning, checked, pushed, compared"}
	cmd.AddCommand(a.dashboardsGenerateCommand(), a.dashboardsLintCommand(), a.dashboardsPushCommand(), a.dashboardsDiffCommand())
	return cmd
}

func (a *app) dashboardsGenerateCommand() *cobra.Command {
	var out, mounted string
	cmd := &cobra.Command{
		Use: "generate", Short: "Write the folder that Grafana is provisioned from", Args: exactly(0, "no arguments"),
		Long: `Writes data source, provider, alert rules and dashboards for the project: its metrics, its currency, its limits. Grafana reads
the folder as its provisioning folder; addresses and passwords come from its environment (docs/grafana.md).

Files are replaced whole, dashboards of ours that are no longer made are removed, and what is not ours is left alone.`,
		Example: "  tributary dashboards generate\n  tributary dashboards generate --out /srv/grafana/provisioning",
		RunE:    func(_ *cobra.Command, _ []string) error { return a.generateDashboards(out, mounted) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "folder to write (default grafana in the project folder)")
	cmd.Flags().StringVar(&mounted, "mounted-at", provision.DefaultMount, "the folder as Grafana sees it")
	return cmd
}

// forDashboards is what dashboards are made of.
func (a *app) forDashboards() (*project.Project, *catalogue.Catalogue, grafana.Options, error) {
	p, err := project.Load(a.dir)
	if err != nil {
		return nil, nil, grafana.Options{}, configured(err)
	}
	cat, err := nightly.Catalogue(p.SQL())
	if err != nil {
		return nil, nil, grafana.Options{}, configured(err)
	}
	opts := grafana.Options{
		Currency: p.Config.Reporting.Currency.Value, TimeZone: p.Config.Reporting.TimeZone.Value, Schema: "tributary", Thresholds: map[string]float64{},
	}
	if pg := p.Config.Publish.Postgres; pg != nil {
		opts.Schema = pg.Schema.Value
	}
	opts.Records = opts.Schema + "_ops"
	for _, t := range p.Program.Metrics.Thresholds.List() {
		opts.Thresholds[t.Name] = float64(t.Seconds)
		if t.Number.Given() {
			opts.Thresholds[t.Name], _ = t.Number.Rat().Float64()
		}
	}
	return p, cat, opts, nil
}

func (a *app) generateDashboards(out, mounted string) error {
	p, cat, opts, err := a.forDashboards()
	if err != nil {
		return err
	}
	files, err := provision.Files(cat, provision.Options{Options: opts, MountedAt: mounted})
	if err != nil {
		return configured(err)
	}
	out = cmp.Or(out, filepath.Join(p.Dir, "grafana"))
	changes, err := provision.Write(out, files)
	if err != nil {
		return configured(err)
	}
	t := tableOf{head: []string{"file", ""}}
	for _, c := range changes {
		t.rows = append(t.rows, []string{filepath.Join(out, filepath.FromSlash(c.Path)), c.What})
	}
	return a.show(map[string]any{"folder": out, "files": changes}, t)
}

func (a *app) dashboardsLintCommand() *cobra.Command {
	return &cobra.Command{
		Use: "lint [FILE…]", Short: "Check the project's dashboards, or files of dashboards",
		Long: `Names panels without title, description, unit or query, panels that lie over one another or share an id, and those that ask another
data source than the one that the reader has chosen. Without files it looks at the dashboards that generate would write.

Grafana's own dashboard-linter looks at them from its side (make lint-dashboards; pinned: v0.1.1, with dashboards/dashboard-linter.yaml):
go run github.com/grafana/dashboard-linter@v0.1.1 lint --strict --config dashboards/dashboard-linter.yaml FILE`,
		Example: "  tributary dashboards lint\n  tributary dashboards lint grafana/json/*.json",
		RunE:    func(_ *cobra.Command, args []string) error { return a.lintDashboards(args) },
	}
}

func (a *app) lintDashboards(paths []string) error {
	var files []grafana.File
	if len(paths) == 0 {
		_, cat, opts, err := a.forDashboards()
		if err != nil {
			return err
		}
		if files, err = grafana.Generate(cat, opts); err != nil {
			return configured(err)
		}
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return configured(fmt.Errorf("read a dashboard: %w", err))
		}
		files = append(files, grafana.File{Name: path, JSON: text})
	}
	var problems []error
	for _, f := range files {
		problems = append(problems, lint.Dashboard(f.JSON))
	}
	if err := errors.Join(problems...); err != nil {
		return usageError{err}
	}
	return a.show(map[string]any{"dashboards": len(files), "problems": []string{}}, tableOf{text: fmt.Sprintf("%d dashboards, nothing to say", len(files))})
}

func (a *app) dashboardsPushCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "push", Short: "Save the dashboards into a running Grafana", Args: exactly(0, "no arguments"),
		Long: `Saves what is new or changed through Grafana's HTTP API, and makes the folder when it is missing. GRAFANA_URL (or grafana.url in
tributary.yaml) is the address that people open, GRAFANA_TOKEN the token of a service account with the role Editor.

Dashboards that are as they should be are not saved again. One with the same uid that is not ours is never overwritten; one of ours that was
edited by hand only with --force. Then nothing at all is saved, and exit code 2 says so. Code 5: Grafana does not answer, or somebody
saved at the same moment.`,
		Example: "  GRAFANA_URL=https://grafana.example.com GRAFANA_TOKEN=… tributary dashboards push\n  tributary dashboards push --force",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.pushDashboards(cmd.Context(), force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "also save over dashboards of ours that were edited by hand")
	return cmd
}

func (a *app) dashboardsDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff", Short: "Show what push would change, panel by panel", Args: exactly(0, "no arguments"),
		Long:    "Compares with the Grafana that push would save into, and changes nothing. Exit code 0: no difference, 7: push would change something or refuse to.",
		Example: "  tributary dashboards diff",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.diffDashboards(cmd.Context()) },
	}
}

// planned connects and compares.
func (a *app) planned(ctx context.Context, force bool) (*push.Grafana, push.Plan, error) {
	p, cat, opts, err := a.forDashboards()
	if err != nil {
		return nil, push.Plan{}, err
	}
	files, err := grafana.Generate(cat, opts)
	if err != nil {
		return nil, push.Plan{}, configured(err)
	}
	address, token := cmp.Or(os.Getenv("GRAFANA_URL"), p.Config.Grafana.URL.Value), os.Getenv("GRAFANA_TOKEN")
	switch {
	case address == "":
		return nil, push.Plan{}, usagef("which Grafana? Set GRAFANA_URL, or grafana.url in tributary.yaml")
	case token == "":
		return nil, push.Plan{}, usagef("GRAFANA_TOKEN is not set: it takes the token of a service account with the role Editor (in Grafana: Administration, Users and access, Service accounts)")
	}
	server, err := push.Connect(ctx, address, token)
	if err != nil {
		return nil, push.Plan{}, pushError(err)
	}
	plan, err := server.Plan(ctx, files, push.Options{Folder: p.Config.Grafana.Folder.Value, Force: force})
	return server, plan, pushError(err)
}

// pushError gives an error its exit code.
func pushError(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, push.ErrUnreachable), errors.Is(err, push.ErrChanged):
		return codedError{err, nightly.ExitRetryable}
	}
	return configured(err)
}

func (a *app) pushDashboards(ctx context.Context, force bool) error {
	server, plan, err := a.planned(ctx, force)
	if err != nil {
		return err
	}
	if err := plan.Refused(); err != nil {
		return configured(fmt.Errorf("nothing is saved:\n%w", err))
	}
	if err := server.Apply(ctx, plan); err != nil {
		return pushError(err)
	}
	did := map[string]string{push.Create: "made", push.Update: "saved", push.Same: "as it was"}
	t := tableOf{head: []string{"dashboard", "title", ""}}
	for _, s := range plan.Steps {
		t.rows = append(t.rows, []string{s.UID, s.Title, did[s.Action]})
	}
	a.left(plan)
	return a.show(plan, t)
}

func (a *app) diffDashboards(ctx context.Context) error {
	_, plan, err := a.planned(ctx, false)
	if err != nil {
		return err
	}
	var lines []string
	if plan.MakeFolder {
		lines = append(lines, "folder "+plan.Folder+": is missing")
	}
	for _, s := range plan.Steps {
		says := map[string]string{push.Create: "is missing", push.Update: "differs", push.Same: "is as it should be", push.Refuse: "is not touched: " + s.Reason}
		lines = append(lines, fmt.Sprintf("%s (%s): %s", s.UID, s.Title, says[s.Action]))
		for _, c := range s.Changes {
			lines = append(lines, "  "+c)
		}
	}
	a.left(plan)
	if err := a.show(plan, tableOf{text: strings.Join(lines, "\n")}); err != nil {
		return err
	}
	if plan.Differs() {
		return codedError{shownError{errors.New("the dashboards in Grafana differ")}, exitNo}
	}
	return nil
}

// left tells of dashboards that nobody deletes.
func (a *app) left(plan push.Plan) {
	for _, l := range plan.Left {
		fmt.Fprintln(a.err, "no longer made, delete it in Grafana when nobody needs it: "+l)
	}
}
