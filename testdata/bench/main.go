// Command bench times `tributary run` against the same SQL in bare DuckDB, one after the other on the same data, and prints wall time, peak
// memory and their ratio.
//
// Tributary's side is the program itself as a child process on a fresh project: it reads 33 CSV files into raw Parquet (every row with its
// file and line), builds the warehouse, checks it and publishes it.
//
// The other side is a child process that only opens DuckDB. It lands the same CSV files with one COPY each (text, zstd, load columns, but
// no line of a row, no commit, no hash), and then executes, on one connection and in order, every statement of that very night that makes,
// fills, empties or drops something (staging, models, metrics) and every query of the checks, over the raw Parquet that Tributary landed.
// It has the tables of schema program from the same code, since they come from YAML and hold no data to speak of. What it does not do:
// configuration, parsing SQL for dependencies, counting rows for progress, records in schema ops, publishing. What it cannot do: run two
// models at a time. Both sides have the same DuckDB, the same session settings and the same limits of memory and threads.
//
// The statements are taken down beforehand, by doing that night once more through a connection that writes them down (record.go). That both
// sides did the same work is proved in the end: all tables but ops and the program's clock have equal digests.
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

	"github.com/tributary-data/tributary/testdata/bench/child"
	"github.com/tributary-data/tributary/testdata/generator"
)

func main() {
	child.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	dir, binary, asOf, memory, bare string
	leads, threads                  int
	seed                            uint64
}

func run(ctx context.Context) error {
	var o options
	flag.IntVar(&o.leads, "leads", 1_000_000, "leads to generate; deals are 3 in 10, stage events 2 for each lead")
	flag.Uint64Var(&o.seed, "seed", 20260930, "seed of the generator")
	flag.StringVar(&o.asOf, "as-of", "2026-09-30", "day to compute as of")
	flag.StringVar(&o.memory, "memory", "", "memory limit of DuckDB on both sides, such as 1GB (default DuckDB's own)")
	flag.IntVar(&o.threads, "threads", 0, "threads of DuckDB on both sides (default all)")
	flag.StringVar(&o.dir, "dir", "", "folder to work in, kept (default a temporary one, removed)")
	flag.StringVar(&o.binary, "tributary", "", "the program to measure")
	flag.StringVar(&o.bare, "bare", "", "used by the bench itself: be the child that runs this tape")
	flag.Parse()
	if o.bare != "" {
		return replay(ctx, o.bare)
	}
	if o.binary == "" {
		return errors.New("which program? say -tributary FILE (make bench does)")
	}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "tributary-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	return compare(ctx, o)
}

// summary is what `tributary run` says of itself.
type summary struct {
	RowsLanded int64     `json:"rows_landed"`
	KnownAt    time.Time `json:"known_at"`
	Warehouse  string    `json:"warehouse"`
	Steps      []struct {
		Name    string  `json:"name"`
		Seconds float64 `json:"seconds"`
	} `json:"steps"`
}

func (s summary) seconds(step string) float64 {
	for _, one := range s.Steps {
		if one.Name == step {
			return one.Seconds
		}
	}
	return 0
}

func compare(ctx context.Context, o options) error {
	project, err := o.project()
	if err != nil {
		return err
	}
	say("tributary run …")
	ours, out, err := child.Run(exec.CommandContext(ctx, o.binary, "run", "--json", "--project", project, "--as-of", o.asOf))
	if err != nil {
		return err
	}
	var night summary
	if err := json.Unmarshal(out, &night); err != nil {
		return fmt.Errorf("read the summary of the run: %w", err)
	}

	say("taking down its statements …")
	tape, err := record(ctx, o, project, night)
	if err != nil {
		return err
	}
	path := filepath.Join(o.dir, "tape.gob")
	if err := tape.write(path); err != nil {
		return err
	}
	say("the same in bare DuckDB: %d statements …", len(tape.Statements))
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, out, err := child.Run(exec.CommandContext(ctx, self, "-bare", path))
	if err != nil {
		return err
	}
	var took spans
	if err := json.Unmarshal(out, &took); err != nil {
		return fmt.Errorf("read the times of the other side: %w", err)
	}
	print(o, night, ours, bare, took)
	tables, err := same(ctx, night.Warehouse, tape.Database)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d tables, equal on both sides.\n", tables)
	return nil
}

// project writes the data and the configuration.
func (o options) project() (string, error) {
	project := filepath.Join(o.dir, "project")
	say("writing %d leads …", o.leads)
	if err := os.MkdirAll(project, 0o755); err != nil {
		return "", err
	}
	if err := generator.WriteBench(project, o.seed, o.leads); err != nil {
		return "", err
	}
	if o.memory == "" && o.threads == 0 {
		return project, nil
	}
	limits := "\nlimits: {"
	if o.memory != "" {
		limits += "memory: " + o.memory + ", "
	}
	if o.threads > 0 {
		limits += fmt.Sprintf("threads: %d, ", o.threads)
	}
	f, err := os.OpenFile(filepath.Join(project, "tributary.yaml"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(limits + "}\n")
	return project, errors.Join(err, f.Close())
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
