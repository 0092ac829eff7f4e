// Command extract measures how fast a table of PostgreSQL lands as raw Parquet, and in how much memory, beside two other things done to the
// same table in the same run:
//
//   - the Parquet writer alone: the very writer of the extraction, fed from memory, without source, reading goroutine, hash or commit. It is
//     how fast a row can become Parquet at all. Pages of the table are read beforehand and written again and again until there are as
//     many rows; only the writing is timed.
//   - what one would do without Tributary: COPY the table to a CSV file, then have DuckDB make Parquet of it (text, zstd, two threads).
//
// Tributary is the program itself, `run --steps extract`: everything once, again with nothing changed, and again after 1 in 100 rows have
// changed and 1 in 1,000 are deleted. Each time all keys are compared with the lake's (sweep: 0s).
//
// It fails when a run of Tributary takes more memory than the limit, and when rows or the sum of their amounts differ: between the lake and
// the other Parquet after the first run, between the lake's current rows and the table after the last.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/tributary-data/tributary/pipelines/publish/localpg"
	"github.com/tributary-data/tributary/testdata/bench/child"
)

func main() {
	localpg.Main()
	child.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// urlVar is where children find the database.
const urlVar = "BENCH_POSTGRES"

type options struct {
	binary, dir, side string
	rows, limit       int64
}

func run(ctx context.Context) (err error) {
	var o options
	flag.Int64Var(&o.rows, "rows", 5_000_000, "rows of the table")
	flag.Int64Var(&o.limit, "limit", 300, "MiB that a run of Tributary may take")
	flag.StringVar(&o.binary, "tributary", "", "the program to measure")
	flag.StringVar(&o.dir, "dir", "", "used by the bench itself: folder to work in")
	flag.StringVar(&o.side, "side", "", "used by the bench itself: be the child that does this")
	flag.Parse()
	url := os.Getenv(urlVar)
	switch o.side {
	case "writer":
		return writer(ctx, url, o)
	case "copy":
		return copyOut(ctx, url, o)
	}
	if o.binary == "" {
		return errors.New("which program? say -tributary FILE (make bench-extract does)")
	}
	if o.dir, err = os.MkdirTemp("", "tributary-bench-extract-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	if err := os.Chmod(o.dir, 0o755); err != nil { // below root the server is another user's
		return err
	}
	say("starting PostgreSQL …")
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(o.dir, "postgres")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := os.Setenv(urlVar, server.URL()); err != nil {
		return err
	}
	return compare(ctx, server.URL(), o)
}

func compare(ctx context.Context, url string, o options) error {
	t, err := newTable(ctx, url, o.rows)
	if err != nil {
		return err
	}
	defer t.Close(ctx)
	if err := o.project(); err != nil {
		return err
	}
	var results results
	for _, step := range []func() error{
		func() error { return results.tributary(ctx, o, first) },
		func() error { return results.tributary(ctx, o, second) },
		func() error { return results.side(ctx, o, "copy", &results.copied) },
		func() error { return results.side(ctx, o, "writer", &results.writer) },
		func() error { return sameFiles(ctx, o) },
		func() error { return t.change(ctx) },
		func() error { return results.tributary(ctx, o, third) },
		func() error { return sameCurrent(ctx, o, t) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	info, err := os.Stat(o.csv())
	if err != nil {
		return err
	}
	results.print(o, info.Size())
	return results.within(o.limit)
}

// Runs of Tributary, in order.
const (
	first = iota
	second
	third
	runs
)

// results are what was measured.
type results struct {
	ours           [runs]child.Usage
	landed         [runs]int64 // rows
	writer, copied child.Usage
}

func (r *results) tributary(ctx context.Context, o options, n int) error {
	say("tributary run --steps extract, %d of %d …", n+1, runs)
	usage, out, err := child.Run(exec.CommandContext(ctx, o.binary, "run", "--json", "--steps", "extract", "--project", o.projectDir(), "--as-of", asOf))
	if err != nil {
		return err
	}
	var night struct {
		RowsLanded int64 `json:"rows_landed"`
	}
	if err := json.Unmarshal(out, &night); err != nil {
		return fmt.Errorf("read the summary of the run: %w", err)
	}
	r.ours[n], r.landed[n] = usage, night.RowsLanded
	return nil
}

// side has this program do something in a process of its own.
func (r *results) side(ctx context.Context, o options, name string, usage *child.Usage) error {
	say("%s …", name)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	whole, out, err := child.Run(exec.CommandContext(ctx, self, "-side", name, "-dir", o.dir, "-rows", fmt.Sprint(o.rows)))
	if err != nil {
		return err
	}
	var timed timed
	if err := json.Unmarshal(out, &timed); err != nil {
		return fmt.Errorf("read the times of %s: %w", name, err)
	}
	*usage = child.Usage{Wall: timed.Wall, CPU: timed.CPU, Peak: whole.Peak}
	return nil
}

// timed is what a side says of the part of it that counts.
type timed struct{ Wall, CPU time.Duration }

// print prints the table. A core's rate is rows and bytes by seconds of processor time; the bytes are those of the CSV file.
func (r *results) print(o options, csv int64) {
	fmt.Printf("%s · %d rows of %d columns, %.0f MB as CSV\n\n", time.Now().Format(time.DateOnly), o.rows, columns, float64(csv)/1e6)
	fmt.Printf("%-44s %10s %9s %11s %10s %12s %12s\n", "", "rows", "seconds", "cpu seconds", "peak MiB", "rows/s/core", "MB/s/core")
	line := func(name string, rows int64, u child.Usage) {
		rate, text := "–", "–"
		if rows == o.rows {
			rate, text = fmt.Sprintf("%.0f", float64(rows)/u.CPU.Seconds()), fmt.Sprintf("%.1f", float64(csv)/1e6/u.CPU.Seconds())
		}
		fmt.Printf("%-44s %10d %9.1f %11.1f %10.1f %12s %12s\n", name, rows, u.Wall.Seconds(), u.CPU.Seconds(), u.MiB(), rate, text)
	}
	line("tributary, everything", r.landed[first], r.ours[first])
	line("tributary, nothing changed", r.landed[second], r.ours[second])
	line("tributary, 1 % changed and 0.1 % deleted", r.landed[third], r.ours[third])
	line("the Parquet writer alone", o.rows, r.writer)
	line("COPY to CSV, DuckDB to Parquet", o.rows, r.copied)
	fmt.Printf("\n%-44s %10s %9s %11s %10s %12s\n", "tributary, everything, by", "", "seconds", "cpu seconds", "peak MiB", "rows/s/core")
	ratio := func(name string, than child.Usage) {
		u := r.ours[first]
		busy := u.CPU.Seconds() / than.CPU.Seconds()
		fmt.Printf("%-44s %10s %7.2f × %9.2f × %8.2f × %10.2f ×\n", name, "", u.Wall.Seconds()/than.Wall.Seconds(), busy, u.MiB()/than.MiB(), 1/busy)
	}
	ratio("  the Parquet writer alone", r.writer)
	ratio("  COPY to CSV, DuckDB to Parquet", r.copied)
}

// within fails when a run took too much memory.
func (r *results) within(limit int64) error {
	for n, u := range r.ours {
		if u.Peak > limit<<20 {
			return fmt.Errorf("run %d of tributary took %.1f MiB: the limit is %d", n+1, u.MiB(), limit)
		}
	}
	fmt.Printf("\nWithin %d MiB; rows and sums of both sides are equal.\n", limit)
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
