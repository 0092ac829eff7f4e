// Command tributary pulls partner, lead and deal data into a Parquet lake, computes the channel's metrics and accruals in DuckDB, and shows
// each number down to its source row. Commands hold flags and output; the work is done by the packages that they call.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/publish/localpg"
)

// version is set when a release is linked.
var version string //nolint:gochecknoglobals // set by the linker

// programVersion is the release's, else the commit that the program was built from: a night of another one is made anew.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// app is what every command shares.
type app struct {
	dir      string
	json     bool
	out, err io.Writer
	now      func() time.Time
}

func main() { mainAt(time.Now) }

// mainAt runs the program by a clock.
func mainAt(now func() time.Time) {
	localpg.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, &app{out: os.Stdout, err: os.Stderr, now: now}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes one command line and returns the exit code. Errors are printed here and nowhere else.
func run(ctx context.Context, a *app, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return nightly.ExitOK
	}
	var usage usageError
	var coded codedError
	code := nightly.ExitCode(err)
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command") || strings.HasPrefix(err.Error(), "unknown flag") {
		code = nightly.ExitConfig
	}
	if errors.As(err, &coded) {
		code = coded.code
	}
	var shown shownError
	if !errors.As(err, &shown) {
		a.complain(err)
	}
	if errors.Is(err, lake.ErrNotFound) && code == nightly.ExitUnexpected {
		code = nightly.ExitConfig
	}
	return code
}

// complain prints an error, a list of them on lines of their own.
func (a *app) complain(err error) {
	text := err.Error()
	if strings.Contains(text, "\n") {
		text = "\n" + text
	} else {
		text = " " + text
	}
	fmt.Fprintln(a.err, "tributary:"+text)
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

// asked marks what is wrong with a question as an error of the command line. The database and an interruption are no such thing.
func asked(err error) error {
	var database *duckdb.Error
	if err == nil || errors.As(err, &database) || errors.Is(err, context.Canceled) {
		return err
	}
	return usageError{err}
}

// shownError has been printed in full already.
type shownError struct{ error }

func (e shownError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tributary",
		Short: "Analytics for companies that sell through partners",
		Long: `Tributary pulls partner, lead and deal data into a Parquet lake, computes the channel's
metrics and what is owed to partners in DuckDB, and shows each number down to its source row.

Exit codes: 0 ok, also when nothing is new · 1 unexpected · 2 configuration or command line ·
3 bad data or failed checks · 4 published without accruals (a rate is missing) ·
5 retryable · 6 locked by another writer · 7 the answer is no: dashboards differ (dashboards diff),
something is late (freshness --fail-late) · 8 the run failed (airflow … --wait)`,
		Example: `  tributary init acme && cd acme
  tributary run
  tributary metrics query REV-5 --by partner_type --grain quarter
  tributary explain REV-1 --cut partner=P-0042 --grain quarter --period 2026-07-01`,
		SilenceUsage: true, SilenceErrors: true, Version: programVersion(),
	}
	root.PersistentFlags().StringVarP(&a.dir, "project", "p", ".", "project folder (with tributary.yaml)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON for machines")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(a.initCommand(), a.runCommand(), a.backfillCommand(), a.metricsCommand(), a.explainCommand(), a.sqlCommand(), a.reportCommand(), a.doctorCommand(), a.freshnessCommand(),
		a.lakeCommand(), a.warehouseCommand(), a.diffCommand(), a.publishCommand(), a.dashboardsCommand(), a.airflowCommand(), a.lintCommand(), a.testCommand(), a.mapCommand(), a.contractsCommand(), a.demoCommand())
	return root
}

// exactly is cobra's argument check with a usage exit code.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("this command takes %s", what)
		}
		return nil
	}
}
