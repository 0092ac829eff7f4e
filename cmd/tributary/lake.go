package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
)

type opener func() (*lake.Lake, error)

func (a *app) lakeLs(open opener) *cobra.Command {
	var knownAt string
	cmd := &cobra.Command{
		Use: "ls", Short: "List what the streams have delivered", Args: exactly(0, "no arguments"),
		Example: `  tributary lake ls
  tributary lake ls --known-at 2026-07-02T03:00:00Z`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := open()
			if err != nil {
				return err
			}
			at, err := a.instant("--known-at", knownAt)
			if err != nil {
				return err
			}
			listing, err := l.Ls(cmd.Context(), at)
			if err != nil {
				return err
			}
			t := tableOf{head: []string{"stream", "mode", "loads", "files", "rows", "quarantined", "MiB", "last"}}
			for _, s := range listing.Streams {
				t.rows = append(t.rows, []string{
					s.String(), s.Mode, fmt.Sprint(s.Loads), fmt.Sprint(s.Files), fmt.Sprint(s.Rows), fmt.Sprint(s.Quarantined),
					fmt.Sprintf("%.1f", float64(s.Bytes)/(1<<20)), s.LastAt.Format("2006-01-02 15:04:05Z"),
				})
			}
			return a.show(listing, t)
		},
	}
	cmd.Flags().StringVar(&knownAt, "known-at", "", "as it was at this instant, RFC 3339")
	return cmd
}

func (a *app) lakeVerify(open opener) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Compare every part with its manifest: checksum, rows, size", Args: exactly(0, "no arguments"),
		Example: "  tributary lake verify",
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := open()
			if err != nil {
				return err
			}
			v, err := l.Verify(cmd.Context())
			if err != nil {
				return err
			}
			t := tableOf{text: fmt.Sprintf("%d parts verified", v.Parts)}
			for _, d := range v.Damage {
				t.text += "\n" + d.String()
			}
			if err := a.show(v, t); err != nil || len(v.Damage) == 0 {
				return err
			}
			return nightly.BadData(fmt.Errorf("%d parts are damaged: restore them from a backup, or land their files again", len(v.Damage)))
		},
	}
}

func (a *app) lakeGC(open opener) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "gc", Short: "Remove files that no manifest names", Args: exactly(0, "no arguments"),
		Example: `  tributary lake gc --dry-run
  tributary lake gc`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			l, err := open()
			if err != nil {
				return err
			}
			var gc lake.GC
			if dry {
				gc, err = l.Garbage(cmd.Context())
			} else {
				w, lockErr := l.Writer(cmd.Context(), lake.WriterOptions{})
				if lockErr != nil {
					return lockErr
				}
				gc, err = w.GC(cmd.Context())
				err = errors.Join(err, w.Close())
			}
			if err != nil {
				return err
			}
			t := tableOf{text: fmt.Sprintf("%d files, %.1f MiB", len(gc.Removed), float64(gc.Bytes)/(1<<20))}
			for _, f := range gc.Removed {
				t.text += "\n  " + f
			}
			return a.show(gc, t)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would go")
	return cmd
}
