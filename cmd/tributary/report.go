package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/dashboards/report"
	"github.com/tributary-data/tributary/pipelines/nightly"
)

func (a *app) reportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "report", Short: "Write the CFO and channel pages as one HTML file", Args: exactly(0, "no arguments, or the name of another report: cfo, qbr"),
		Example: "  tributary report --out q3.html",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), out) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "report.html", "file to write")
	cmd.AddCommand(a.reportCFOCommand(), a.reportQBRCommand())
	return cmd
}

func (a *app) reportCFOCommand() *cobra.Command {
	var out string
	var pdf bool
	cmd := &cobra.Command{
		Use: "cfo", Short: "Write the CFO page alone", Args: exactly(0, "no arguments"),
		Example: "  tributary report cfo --out q3-cfo.html --pdf",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.reportCFO(cmd.Context(), out, pdf) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "cfo.html", "file to write")
	cmd.Flags().BoolVar(&pdf, "pdf", false, pdfUsage)
	return cmd
}

const pdfUsage = "print a PDF beside it too, by the Chromium that CHROMIUM names or that is on PATH"

func (a *app) report(ctx context.Context, out string) error {
	r, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	opts, err := r.reportOptions(ctx)
	if err != nil {
		return err
	}
	path, err := writeWhole(out, func(w io.Writer) error { return report.Write(ctx, w, r.conn, r.cat, opts) })
	if err != nil {
		return err
	}
	return a.show(map[string]string{"report": path, "as_of": r.version.AsOf}, tableOf{text: path})
}

func (a *app) reportCFO(ctx context.Context, out string, pdf bool) error {
	browser, err := browserFor(pdf)
	if err != nil {
		return err
	}
	r, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	opts, err := r.reportOptions(ctx)
	if err != nil {
		return err
	}
	path, err := writeWhole(out, func(w io.Writer) error { return report.WriteCFO(ctx, w, r.conn, r.cat, opts) })
	if err != nil {
		return err
	}
	files, text := map[string]string{"report": path, "as_of": r.version.AsOf}, path
	if pdf {
		if files["pdf"], err = report.PDF(ctx, browser, path); err != nil {
			return err
		}
		text += "\n" + files["pdf"]
	}
	return a.show(files, tableOf{text: text})
}

// reportOptions are the project's name and what should not be overlooked.
func (r *reading) reportOptions(ctx context.Context) (report.Options, error) {
	text, err := nightly.Unlocked(ctx, r.conn)
	opts := report.Options{Project: r.project.Config.Project.Value}
	if text != "" {
		opts.Notices = append(opts.Notices, text)
	}
	return opts, err
}

// browserFor finds the browser before anything is written, when one is asked for.
func browserFor(pdf bool) (string, error) {
	if !pdf {
		return "", nil
	}
	browser, err := report.Browser()
	return browser, asked(err)
}

// writeWhole writes a file whole or not at all and returns its absolute path.
func writeWhole(out string, write func(io.Writer) error) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(out), ".report-*")
	if err != nil {
		return "", fmt.Errorf("write the report: %w", err)
	}
	err = write(file)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), out)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	path, err := filepath.Abs(out)
	if err != nil {
		return out, nil //nolint:nilerr // it is written, under this name
	}
	return path, nil
}
