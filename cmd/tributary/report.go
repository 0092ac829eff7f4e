package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/dashboards/report"
	"github.com/tributary-data/tributary/pipelines/nightly"
)

func (a *app) reportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "report", Short: "Write the CFO and channel pages as one HTML file", Args: exactly(0, "no arguments"),
		Example: "  tributary report --out q3.html",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), out) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "report.html", "file to write")
	return cmd
}

func (a *app) report(ctx context.Context, out string) error {
	r, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	var notices []string
	text, err := nightly.Unlocked(ctx, r.conn)
	if err != nil {
		return err
	}
	if text != "" {
		notices = append(notices, text)
	}
	file, err := os.CreateTemp(filepath.Dir(out), ".report-*")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	err = report.Write(ctx, file, r.conn, r.cat, report.Options{Project: r.project.Config.Project.Value, Notices: notices})
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	path, err := filepath.Abs(out)
	if err != nil {
		path = out
	}
	return a.show(map[string]string{"report": path}, tableOf{text: path})
}
