package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/inspect"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source"
)

func (a *app) sourceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "source", Short: "Look at sources before they are extracted: permissions, fields, first rows"}
	cmd.AddCommand(a.sourceList(), a.sourceCheck(), a.sourceDescribe(), a.sourcePreview())
	return cmd
}

func (a *app) sourceList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the streams of all sources, and how far they have landed", Args: exactly(0, "no arguments"),
		Long:    "Lists the streams of all sources, and how far they have landed. Nothing is asked.",
		Example: "  tributary source list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := project.Load(a.dir)
			if err != nil {
				return configured(err)
			}
			l, err := a.lake(p)
			if err != nil {
				return err
			}
			streams, err := inspect.List(cmd.Context(), p, l)
			if err != nil {
				return err
			}
			t := tableOf{head: []string{"source", "type", "stream", "reads", "mode", "rows", "last load", "read until"}}
			for _, s := range streams {
				t.rows = append(t.rows, []string{s.Source, s.Type, s.Stream, s.Reads, s.Mode, fmt.Sprint(s.Rows), wall(p.Zone, s.Last), wall(p.Zone, s.Until)})
			}
			if len(streams) == 0 {
				t = tableOf{text: project.File + " has no source yet: docs/sources.md"}
			}
			return a.show(streams, t)
		},
	}
}

func (a *app) sourceCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check NAME", Short: "Say whether a source can be read, and which permission is missing", Args: exactly(1, "the source's name"),
		Long: `Logs in and looks at every stream of a source: whether its object is there and its fields may be read. What is missing is named with what
gives it: a GRANT, a scope, a permission. Exit code 2 when something is missing, 5 when the source does not answer.`,
		Example: "  tributary source check crm",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSource(cmd.Context(), args[0], func(ctx context.Context, s inspect.Source) error {
				findings, err := s.Check(ctx)
				if err != nil {
					return err
				}
				return a.showChecked(findings)
			})
		},
	}
}

func (a *app) showChecked(checked []source.Finding) error {
	var bad []string
	var findings []nightly.Finding
	for _, f := range checked {
		state := nightly.Good
		if !f.OK {
			state = nightly.Bad
			bad = append(bad, f.Subject)
		}
		findings = append(findings, nightly.Finding{State: state, What: f.Subject, Text: f.Detail, Hint: f.Mend})
	}
	if err := a.show(checked, tableOf{text: findingsText(findings)}); err != nil || len(bad) == 0 {
		return err
	}
	return usageError{errors.New("not everything can be read: " + strings.Join(bad, ", "))}
}

func (a *app) sourceDescribe() *cobra.Command {
	return &cobra.Command{
		Use: "describe NAME [STREAM]", Short: "List what a source has, or the fields of a stream", Args: oneOrTwo,
		Long: `Without STREAM: lists the tables, objects or files that the source has, with the streams that read them. With STREAM: its fields with the types that
the source gives them, its key, and the field that says when a row was changed. STREAM may also be an object that no stream reads yet.`,
		Example: "  tributary source describe crm\n  tributary source describe crm deals",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSource(cmd.Context(), args[0], func(ctx context.Context, s inspect.Source) error {
				if len(args) == 1 {
					return a.sourceObjects(ctx, s)
				}
				d, err := s.Describe(ctx, args[1])
				if err != nil {
					return err
				}
				cursor := []string{}
				if d.Cursor != "" {
					cursor = []string{d.Cursor}
				}
				t := tableOf{
					text: fmt.Sprintf("%s; key: %s; changed: %s", d.Origin, orNone(d.Key), orNone(cursor)),
					head: []string{"field", "type", "kind", ""},
				}
				for _, f := range d.Fields {
					t.rows = append(t.rows, []string{f.Name, f.Type, string(f.Kind), f.Denied})
				}
				return a.show(d, t)
			})
		},
	}
}

// oneOrTwo is an argument check with a usage exit code.
func oneOrTwo(_ *cobra.Command, args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return usagef("expected the source's name, and perhaps a stream, got %d arguments", len(args))
	}
	return nil
}

func (a *app) sourceObjects(ctx context.Context, s inspect.Source) error {
	objects, err := s.Objects(ctx)
	if err != nil {
		return err
	}
	t := tableOf{head: []string{"object", "kind", "rows, about", "streams"}}
	for _, o := range objects {
		rows := ""
		if o.Rows >= 0 {
			rows = fmt.Sprint(o.Rows)
		}
		t.rows = append(t.rows, []string{o.Name, o.Kind, rows, strings.Join(o.Streams, ", ")})
	}
	return a.show(objects, t)
}

func (a *app) sourcePreview() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "preview NAME STREAM", Short: "Print the first rows of a stream as they would land", Args: exactly(2, "the source's name and a stream"),
		Long: `Reads the first rows of a stream as they would land, and lands nothing. A null is shown as an empty place, in JSON as null. STREAM may also be an object
that no stream reads yet.`,
		Example: "  tributary source preview crm deals\n  tributary source preview crm deals --rows 100 --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return usagef("--rows: %d is no number of rows", limit)
			}
			return a.withSource(cmd.Context(), args[0], func(ctx context.Context, s inspect.Source) error {
				sample, err := s.Preview(ctx, args[1], limit)
				if err != nil {
					return err
				}
				t := tableOf{text: fmt.Sprintf("%s: the first %d rows", sample.Origin, len(sample.Rows)), head: sample.Columns, asIs: true}
				for _, r := range sample.Rows {
					t.rows = append(t.rows, short(r))
				}
				for _, r := range sample.Rejects {
					t.text += fmt.Sprintf("\nrow %d would be quarantined: %s: %s", r.Line, r.Rule, r.Detail)
				}
				return a.show(sample, t)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "rows", 10, "how many rows at most")
	return cmd
}

// short makes values fit into a table.
func short(values []*string) []string {
	const most = 40
	out := make([]string, len(values))
	for i, v := range values {
		if v == nil {
			continue
		}
		if r := []rune(strings.Join(strings.Fields(*v), " ")); len(r) > most {
			out[i] = string(r[:most-1]) + "…"
		} else {
			out[i] = string(r)
		}
	}
	return out
}

// withSource opens a source of the project.
func (a *app) withSource(ctx context.Context, name string, do func(context.Context, inspect.Source) error) (err error) {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	s, err := inspect.Open(ctx, p, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(ctx, s)
}
