package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// spans are the seconds of the bare side.
type spans struct {
	Land, Build, Check float64
	Slowest            []timed
}

// timed is one statement; processor seconds mean more than seconds on a machine that others use.
type timed struct {
	Head         string
	Seconds, CPU float64
}

func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// slowest is how many statements are named in the end.
const slowest = 12

// replay is the bare side: DuckDB, one connection, one statement after another.
func replay(ctx context.Context, path string) error {
	gob.Register(time.Time{})
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer f.Close()
	var t tape
	if err := gob.NewDecoder(f).Decode(&t); err != nil {
		return err
	}
	db, err := open(t.Database)
	if err != nil {
		return err
	}
	took, err := t.replay(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil { // closing writes the file, as it does for Tributary
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}

func (t tape) replay(ctx context.Context, db *sql.DB) (spans, error) {
	var took spans
	if err := t.limit(ctx, db); err != nil {
		return took, err
	}
	begun := time.Now()
	if err := t.land(ctx, db); err != nil {
		return took, err
	}
	took.Land = time.Since(begun).Seconds()
	begun = time.Now()
	if _, err := t.program(ctx, db); err != nil {
		return took, err
	}
	took.Build = time.Since(begun).Seconds()
	conn, err := db.Conn(ctx)
	if err != nil {
		return took, err
	}
	defer conn.Close()
	for _, s := range t.Statements {
		begun, busy := time.Now(), cpu()
		if err := s.do(ctx, conn); err != nil {
			return took, fmt.Errorf("%w\n%s", err, s.SQL)
		}
		one := timed{s.head(), time.Since(begun).Seconds(), cpu() - busy}
		if s.Check {
			took.Check += one.Seconds
		} else {
			took.Build += one.Seconds
		}
		took.Slowest = append(took.Slowest, one)
	}
	slices.SortFunc(took.Slowest, func(a, b timed) int { return int((b.CPU - a.CPU) * 1e6) })
	took.Slowest = took.Slowest[:min(slowest, len(took.Slowest))]
	return took, nil
}

// land copies the CSV files into Parquet as text.
func (t tape) land(ctx context.Context, db *sql.DB) error {
	files, err := filepath.Glob(filepath.Join(t.Project, "data", "*.csv"))
	if err != nil {
		return err
	}
	dir := filepath.Join(filepath.Dir(t.Database), "landed")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".csv")
		_, err := db.ExecContext(ctx, fmt.Sprintf(`COPY (SELECT *, 'load' AS _load_id, now() AS _extracted_at, '%[1]s' AS _source_file FROM read_csv('%[1]s', header = true, all_varchar = true))
TO '%[2]s' (FORMAT parquet, COMPRESSION zstd)`, file, filepath.Join(dir, name+".parquet")))
		if err != nil {
			return fmt.Errorf("land %s: %w", file, err)
		}
	}
	return nil
}

func (s statement) do(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, s.SQL, s.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { //nolint:revive // the answer is read and thrown away
	}
	return rows.Err()
}

// head is how a statement begins, in one line.
func (s statement) head() string {
	text := strings.Join(strings.Fields(s.SQL), " ")
	return text[:min(110, len(text))]
}

// session sets what the models rest on; the same as Tributary sets.
func session(conn driver.ExecerContext) error {
	for _, set := range []string{"SET TimeZone = 'UTC'", "SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'", "SET GLOBAL preserve_insertion_order = false"} {
		if _, err := conn.ExecContext(context.Background(), set, nil); err != nil {
			return err
		}
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
