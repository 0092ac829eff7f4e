package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/dashboards/report"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

func (a *app) reportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "report", Short: "Write the CFO and channel pages as one HTML file", Args: exactly(0, "no arguments, or the name of another report: cfo, qbr"),
		Example: "  tributary report --out q3.html",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), out, false, report.Write) },
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
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), out, pdf, report.WriteCFO) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "cfo.html", "file to write")
	cmd.Flags().BoolVar(&pdf, "pdf", false, pdfUsage)
	return cmd
}

const pdfUsage = "print a PDF beside it too, by the Chromium that CHROMIUM names or that is on PATH"

// pages writes pages of a night to w.
type pages func(ctx context.Context, w io.Writer, conn *sql.Conn, cat *catalogue.Catalogue, opts report.Options) error

func (a *app) report(ctx context.Context, out string, pdf bool, write pages) error {
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
	files, err := writeReport(ctx, out, browser, func(w io.Writer) error { return write(ctx, w, r.conn, r.cat, opts) })
	if err != nil {
		return err
	}
	files.AsOf = r.version.AsOf
	return a.show(files, files.table())
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

// reportFiles is a report as it was written: absolute paths, and whose it is.
type reportFiles struct {
	Report  string `json:"report"`
	PDF     string `json:"pdf,omitempty"`
	Partner string `json:"partner,omitempty"`
	Quarter string `json:"quarter,omitempty"`
	AsOf    string `json:"as_of"`
}

func (f reportFiles) table() tableOf {
	return tableOf{text: strings.TrimSpace(f.Report + "\n" + f.PDF)}
}

// writeReport writes a page, and prints it when there is a browser to.
func writeReport(ctx context.Context, out, browser string, write func(io.Writer) error) (f reportFiles, err error) {
	f.Report, err = writeWhole(out, write)
	if err == nil && browser != "" {
		f.PDF, err = report.PDF(ctx, browser, f.Report)
	}
	return f, err
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
