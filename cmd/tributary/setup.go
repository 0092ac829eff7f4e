package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/testdata/demo"
)

func (a *app) path(rel string) string { return filepath.Join(a.dir, filepath.FromSlash(rel)) }

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init DIR", Short: "Write a commented tributary.yaml and program/", Args: exactly(1, "the folder to write"),
		Example: "  tributary init acme",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := project.Init(args[0]); err != nil {
				return usageError{err}
			}
			return a.show(map[string]string{"project": args[0]}, tableOf{text: "wrote " + filepath.Join(args[0], project.File) +
				": name your files in it (docs/config.md), map them (docs/maps.md), then tributary run -p " + args[0]})
		},
	}
}

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo DIR", Short: "Write the demo vendor's project into a folder", Args: exactly(1, "the folder to write"),
		Example: "  tributary demo /tmp/demo && tributary run -p /tmp/demo --as-of " + demo.AsOf,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := demo.Write(args[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"project": args[0], "as_of": demo.AsOf}, tableOf{text: "wrote " + args[0] + ": tributary run -p " + args[0] + " --as-of " + demo.AsOf})
		},
	}
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
	var lines []string
	var bad error
	for _, f := range findings {
		lines = append(lines, fmt.Sprintf("%-4s  %-13s  %s", f.State, f.What, wrap(f.Text, 100, 21)))
		if f.Hint != "" {
			lines = append(lines, strings.Repeat(" ", 21)+"→ "+f.Hint)
		}
		if f.State == nightly.Bad {
			bad = errors.New(unsound)
		}
	}
	if err := a.show(findings, tableOf{text: strings.Join(lines, "\n")}); err != nil || bad == nil {
		return err
	}
	return usageError{bad}
}
