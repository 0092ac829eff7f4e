package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/lint"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/unittest"
)

func (a *app) sqlCommand() *cobra.Command {
	return &cobra.Command{
		Use: "sql NAME", Short: "Show a model as it is run, or the SQL that a map makes", Args: exactly(1, "one model, such as core.deal or staging.lead"),
		Example: "  tributary sql core.deal\n  tributary sql staging.lead",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.sql(cmd.Context(), args[0]) },
	}
}

func (a *app) sql(ctx context.Context, name string) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	text, err := nightly.SQL(ctx, p, name)
	if err != nil {
		return usageError{err}
	}
	fmt.Fprintln(a.out, text)
	return nil
}

func (a *app) lintCommand() *cobra.Command {
	return &cobra.Command{
		Use: "lint", Short: "Name what breaks the SQL that DuckDB and Spark answer alike", Args: exactly(0, "no arguments"),
		Example: "  tributary lint",
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := a.models(cmd.Context())
			if err != nil {
				return err
			}
			findings := lint.Run(set)
			if err := findings.Err(); err != nil {
				return usageError{err}
			}
			// metrics are bound over the facts of what is published, where something is
			if r, err := a.read(cmd.Context()); err == nil {
				defer r.Close()
				if err := r.cat.Check(cmd.Context(), r.conn); err != nil {
					return usageError{err}
				}
			}
			return a.show(findings, tableOf{text: fmt.Sprintf("%d models, nothing found", len(set.Names()))})
		},
	}
}

// models are ours with the project's over them.
func (a *app) models(ctx context.Context) (*model.Set, error) {
	p, err := project.Load(a.dir)
	if err != nil {
		return nil, configured(err)
	}
	return model.Load(ctx, embedded.FS, p.SQL())
}

func (a *app) testCommand() *cobra.Command {
	var update bool
	cmd := &cobra.Command{
		Use: "test", Short: "Run the unit tests of models: given rows, expected rows", Args: exactly(0, "no arguments"),
		Example: `  tributary test
  tributary test --update && git diff sql/tests`,
		Long: "Runs the tests in sql/tests/*.yaml of the project, and ours. --update writes what the project's models gave into its tests.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.test(cmd.Context(), update) },
	}
	cmd.Flags().BoolVarP(&update, "update", "u", false, "write what the models gave as the expected rows")
	return cmd
}

func (a *app) test(ctx context.Context, update bool) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	set, err := model.Load(ctx, embedded.FS, p.SQL())
	if err != nil {
		return err
	}
	ours, err := unittest.Load(embedded.FS, "sql")
	if err != nil {
		return err
	}
	tests, err := unittest.Load(p.SQL(), p.Config.SQL.Value)
	if err != nil {
		return err
	}
	rules, err := program.Builtin()
	if err != nil {
		return err
	}
	day := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	results, err := unittest.Run(ctx, set, tests, unittest.Options{Setup: unittest.Setup(p.Program, p.Params(day, program.DayEnd(day, p.Zone)))})
	if err != nil {
		return err
	}
	if update {
		written, err := unittest.Update(results, func(file string) string { return a.path(file) })
		if err != nil {
			return err
		}
		return a.show(written, tableOf{text: fmt.Sprintf("%d files updated", len(written))})
	}
	// ours are written for the built-in program in UTC; a user's model over ours may well break them, which is worth knowing
	builtin, err := unittest.Run(ctx, set, ours, unittest.Options{Setup: unittest.Setup(rules, program.Params{
		AsOf: day, KnownAt: program.DayEnd(day, time.UTC), Zone: "UTC", Currency: "EUR", MinN: 5,
	})})
	if err != nil {
		return err
	}
	results = append(results, builtin...)
	if err := results.Err(); err != nil {
		return usageError{err}
	}
	return a.show(map[string]int{"passed": len(results)}, tableOf{text: fmt.Sprintf("%d tests passed", len(results))})
}

func (a *app) lakeCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "lake", Short: "Look at, verify and clean the Parquet lake"}
	open := func() (*lake.Lake, error) {
		p, err := project.Load(a.dir)
		if err != nil {
			return nil, configured(err)
		}
		return a.lake(p)
	}
	cmd.AddCommand(a.lakeLs(open), a.lakeVerify(open), a.lakeGC(open))
	return cmd
}
