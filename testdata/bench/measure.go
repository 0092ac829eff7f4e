package main

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/tributary-data/tributary/testdata/bench/child"
	"github.com/tributary-data/tributary/transforms/digest"
)

// same proves that both sides made the same tables.
func same(ctx context.Context, ours, theirs string) (int, error) {
	var digests [2]map[string]string
	for i, path := range []string{ours, theirs} {
		db, err := open(path + "?access_mode=READ_ONLY")
		if err != nil {
			return 0, err
		}
		digests[i], err = digest.Database(ctx, db, "ops")
		if err != nil {
			return 0, err
		}
		if err := db.Close(); err != nil {
			return 0, err
		}
	}
	if len(digests[0]) != len(digests[1]) {
		return 0, fmt.Errorf("one side made %d tables, the other %d", len(digests[0]), len(digests[1]))
	}
	for name, sum := range digests[0] {
		if digests[1][name] != sum {
			return 0, fmt.Errorf("%s differs between %s and %s: they did not do the same work", name, ours, theirs)
		}
	}
	return len(digests[0]), nil
}

// open is DuckDB with the session settings that Tributary's SQL rests on, and nothing else.
func open(dsn string) (*sql.DB, error) {
	connector, err := newConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func print(o options, night summary, ours, bare child.Usage, took spans) {
	fmt.Printf("%s · %d leads, %d rows · %d cores · DuckDB %s · memory limit %s · seconds\n\n", time.Now().Format(time.DateOnly), o.leads, night.RowsLanded,
		runtime.NumCPU(), version(), or(o.memory, "none"))
	line := func(name string, a, b float64) {
		ratio := "–"
		if a > 0 && b > 0 {
			ratio = fmt.Sprintf("%.2f ×", a/b)
		}
		fmt.Printf("%-28s %11.1f %12.1f %10s\n", name, a, b, ratio)
	}
	fmt.Printf("%-28s %11s %12s %10s\n", "", "tributary", "bare DuckDB", "ratio")
	line("land the files", night.seconds("extract"), took.Land)
	line("staging, models, metrics", night.seconds("build"), took.Build)
	line("checks", night.seconds("check"), took.Check)
	line("publish", night.seconds("publish"), 0)
	line("all, start to end", ours.Wall.Seconds(), bare.Wall.Seconds())
	line("processor time", ours.CPU.Seconds(), bare.CPU.Seconds())
	line("peak memory, MiB", ours.MiB(), bare.MiB())
	fmt.Printf("\nHeaviest statements in bare DuckDB, seconds and processor seconds:\n")
	for _, s := range took.Slowest {
		fmt.Printf("%8.1f %8.1f  %s\n", s.Seconds, s.CPU, s.Head)
	}
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func version() string {
	db, err := open("")
	if err != nil {
		return "?"
	}
	defer db.Close()
	var v string
	if err := db.QueryRow("SELECT version()").Scan(&v); err != nil {
		return "?"
	}
	return v
}

func newConnector(dsn string) (*duckdb.Connector, error) {
	return duckdb.NewConnector(dsn, session)
}
