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
)

// qbr is what the command line asks of the partner packs.
type qbr struct {
	partner, quarter, out string
	all, pdf              bool
	asOf                  string // of what is published
}

func (a *app) reportQBRCommand() *cobra.Command {
	var q qbr
	cmd := &cobra.Command{
		Use: "qbr", Short: "Write a partner's quarterly pack with its statement", Args: exactly(0, "no arguments"),
		Long: `Writes a partner's quarterly pack: scorecard, revenue, response against SLA, funnel, velocity, registrations and the statement
with the events behind each amount. It shows nothing of other partners but the median of at least five peers.
--all writes one file per partner and index.html, a list of them, into a folder; partners without data in the quarter are named.`,
		Example: `  tributary report qbr --partner P0044 --quarter 2026-Q3 --pdf
  tributary report qbr --all --quarter 2026-07-01 --out packs`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.all == (q.partner != "") {
				return usagef("name a partner with --partner, by id or name, or ask for --all")
			}
			return a.reportQBR(cmd.Context(), q)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.partner, "partner", "", "the partner, by id or name")
	f.BoolVar(&q.all, "all", false, "every partner with data in the quarter")
	f.StringVar(&q.quarter, "quarter", "", "2026-Q3, or a day in the fiscal quarter, YYYY-MM-DD (default: the last that has ended)")
	f.StringVarP(&q.out, "out", "o", "", "file to write, with --all the folder (default: named by partner and quarter)")
	f.BoolVar(&q.pdf, "pdf", false, pdfUsage)
	return cmd
}

func (a *app) reportQBR(ctx context.Context, q qbr) error {
	browser, err := browserFor(q.pdf)
	if err != nil {
		return err
	}
	r, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	packs, err := report.OpenPacks(ctx, r.conn, r.cat, q.quarter, report.Options{Project: r.project.Config.Project.Value})
	if err != nil {
		return reportAsked(err)
	}
	if q.asOf = r.version.AsOf; q.all {
		return a.everyPack(ctx, packs, q, browser)
	}
	of, err := packs.Find(q.partner)
	if err != nil {
		return reportAsked(err)
	}
	out := q.out
	if out == "" {
		out = packs.FileName(of)
	}
	files, err := writePack(ctx, packs, of, out, browser)
	if err != nil {
		return reportAsked(err)
	}
	files.Partner, files.Quarter, files.AsOf = of.ID, packs.QuarterName(), q.asOf
	return a.show(files, files.table())
}

func writePack(ctx context.Context, packs *report.Packs, of report.Partner, out, browser string) (reportFiles, error) {
	return writeReport(ctx, out, browser, func(w io.Writer) error { return packs.Write(w, of) })
}

// everyPack writes all packs and their index into a folder.
func (a *app) everyPack(ctx context.Context, packs *report.Packs, q qbr, browser string) error {
	dir := q.out
	if dir == "" {
		dir = "qbr-" + packs.Quarter().Format("2006-01-02")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // pages are for others to read
		return fmt.Errorf("write the packs: %w", err)
	}
	packed, skipped := []report.Written{}, []report.Skipped{}
	for i, of := range packs.Partners {
		name := packs.FileName(of)
		files, err := writePack(ctx, packs, of, filepath.Join(dir, name), browser)
		var without *report.SkippedError
		switch {
		case errors.As(err, &without):
			skipped = append(skipped, report.Skipped{Partner: of.ID, Name: of.Name, Reason: without.Reason})
			a.progress(i, len(packs.Partners), of, without.Reason)
			continue
		case err != nil:
			return fmt.Errorf("write the pack of %s: %w", of.ID, err)
		}
		pack := report.Written{Partner: of.ID, Name: of.Name, File: name}
		if files.PDF != "" {
			pack.PDF = filepath.Base(files.PDF)
		}
		packed = append(packed, pack)
		a.progress(i, len(packs.Partners), of, name)
	}
	index, err := writeWhole(filepath.Join(dir, "index.html"), func(w io.Writer) error { return packs.WriteIndex(w, packed, skipped) })
	if err != nil {
		return err
	}
	for i := range packed {
		packed[i].File = filepath.Join(filepath.Dir(index), packed[i].File)
		if packed[i].PDF != "" {
			packed[i].PDF = filepath.Join(filepath.Dir(index), packed[i].PDF)
		}
	}
	return a.show(map[string]any{"index": index, "quarter": packs.QuarterName(), "as_of": q.asOf, "reports": packed, "skipped": skipped},
		tableOf{text: fmt.Sprintf("%d packs for %s, %d partners without one; all are listed in\n%s", len(packed), packs.QuarterName(), len(skipped), index)})
}

// progress says where the writing stands: one line that renews itself on a terminal, lines elsewhere.
func (a *app) progress(done, all int, of report.Partner, what string) {
	if isTerminal(a.err) {
		fmt.Fprintf(a.err, "\r\x1b[K%d/%d  %s  %s", done+1, all, of.ID, what)
		if done+1 == all {
			fmt.Fprintln(a.err)
		}
		return
	}
	fmt.Fprintf(a.err, "%d/%d  %s  %s\n", done+1, all, of.ID, what)
}

// reportAsked marks what whoever asked can mend: a partner or quarter that is not there.
func reportAsked(err error) error {
	var question *report.AskedError
	var without *report.SkippedError
	if errors.As(err, &question) || errors.As(err, &without) {
		return usageError{err}
	}
	return err
}
