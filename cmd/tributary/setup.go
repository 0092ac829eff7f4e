package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/schemas"
)

func (a *app) path(rel string) string { return filepath.Join(a.dir, filepath.FromSlash(rel)) }

func (a *app) initCommand() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "init DIR", Short: "Write a commented tributary.yaml and program/", Args: exactly(1, "the folder to write"),
		Long: `Writes a commented tributary.yaml and program/. With --from the configuration of a kind of source with its maps, ready for the secrets in the
environment; without, every key with its default or an example.`,
		Example: "  tributary init acme\n  tributary init acme --from salesforce",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := project.Init(args[0], from); err != nil {
				return usageError{err}
			}
			next := ": name your files in it (docs/config.md), map them (docs/maps.md), then tributary run -p " + args[0]
			if from != "" {
				next = ": its first lines say what to set, then tributary source check NAME -p " + args[0] + " (docs/sources.md)"
			}
			return a.show(map[string]string{"project": args[0]}, tableOf{text: "wrote " + filepath.Join(args[0], project.File) + next})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "begin with a source: "+strings.Join(project.Starts(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions(project.Starts(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

func (a *app) contractsCommand() *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use: "contracts", Short: "Print the data contracts as one ODCS document, or list the entities", Args: exactly(0, "no arguments"),
		Example: "  tributary contracts\n  tributary contracts --database warehouse/tributary-2026-09-30-12.duckdb > contracts.odcs.yaml",
		RunE: func(_ *cobra.Command, _ []string) error {
			if database != "" {
				text, err := schemas.Combined(database)
				if err != nil {
					return err
				}
				_, err = a.out.Write(text)
				return err
			}
			set, err := schemas.Load()
			if err != nil {
				return err
			}
			t := tableOf{head: []string{"entity", "fields"}}
			for _, e := range set.Entities {
				t.rows = append(t.rows, []string{e.Name, fmt.Sprint(len(e.Fields))})
			}
			return a.show(set.Names(), t)
		},
	}
	cmd.Flags().StringVar(&database, "database", "", "warehouse file that the document's server names")
	return cmd
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check a set-up: files, maps, rules, lake, what is published and what it lacks", Args: exactly(0, "no arguments"),
		Example: "  tributary doctor -p acme",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	return a.showFindings(nightly.Doctor(ctx, a.dir, a.now()), "the set-up is not sound")
}

// showFindings lists what a doctor found; what is bad is an error.
func (a *app) showFindings(findings []nightly.Finding, unsound string) error {
	if err := a.show(findings, tableOf{text: findingsText(findings)}); err != nil {
		return err
	}
	if slices.ContainsFunc(findings, func(f nightly.Finding) bool { return f.State == nightly.Bad }) {
		return usageError{errors.New(unsound)}
	}
	return nil
}

// findingsText has a finding per line, and what mends it below.
func findingsText(findings []nightly.Finding) string {
	wide := 13
	for _, f := range findings {
		wide = max(wide, len(f.What))
	}
	var lines []string
	for _, f := range findings {
		lines = append(lines, fmt.Sprintf("%-4s  %-*s  %s", f.State, wide, f.What, wrap(f.Text, 100, wide+8)))
		if f.Hint != "" {
			lines = append(lines, strings.Repeat(" ", wide+8)+"→ "+f.Hint)
		}
	}
	return strings.Join(lines, "\n")
}
