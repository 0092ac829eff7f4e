// Package ops keeps the records of runs in the warehouse's schema ops: what ran, what each model and check gave, what was loaded and how
// fresh it is. It stores what it is told and judges nothing.
package ops

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// DB is a *sql.DB, *sql.Conn or *sql.Tx.
type DB interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const schema = `
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.run (run_id VARCHAR NOT NULL, project VARCHAR, as_of DATE, known_at TIMESTAMPTZ, reporting_tz VARCHAR, version VARCHAR,
  program_hash VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, status VARCHAR, message VARCHAR);
CREATE TABLE IF NOT EXISTS ops.step (run_id VARCHAR NOT NULL, step VARCHAR NOT NULL, started_at TIMESTAMPTZ, seconds DOUBLE, status VARCHAR, message VARCHAR);
CREATE TABLE IF NOT EXISTS ops.model (run_id VARCHAR NOT NULL, model VARCHAR NOT NULL, materialise VARCHAR, file VARCHAR, rows BIGINT, started_at TIMESTAMPTZ,
  seconds DOUBLE, status VARCHAR, message VARCHAR);
CREATE TABLE IF NOT EXISTS ops."check" (run_id VARCHAR NOT NULL, table_name VARCHAR NOT NULL, name VARCHAR NOT NULL, kind VARCHAR, severity VARCHAR, status VARCHAR,
  failed BIGINT, detail VARCHAR, samples VARCHAR, file VARCHAR, line BIGINT, seconds DOUBLE);
CREATE TABLE IF NOT EXISTS ops.load (run_id VARCHAR NOT NULL, source VARCHAR NOT NULL, stream VARCHAR NOT NULL, load_id VARCHAR, commit_number BIGINT,
  started_at TIMESTAMPTZ, files BIGINT, rows BIGINT, bytes BIGINT, quarantined BIGINT, asked VARCHAR, asked_from TIMESTAMPTZ, asked_to TIMESTAMPTZ, source_rows BIGINT,
  source_exact BOOLEAN, repeated_rows BIGINT, gone_rows BIGINT);
CREATE TABLE IF NOT EXISTS ops.quarantine (run_id VARCHAR NOT NULL, entity VARCHAR, source VARCHAR, stream VARCHAR, rule VARCHAR NOT NULL, rows BIGINT);
CREATE TABLE IF NOT EXISTS ops.freshness (run_id VARCHAR NOT NULL, entity VARCHAR NOT NULL, rows BIGINT, newest_at TIMESTAMPTZ, loaded_at TIMESTAMPTZ, quarantined BIGINT);
`

// Create makes the tables where they are missing.
func Create(ctx context.Context, db DB) error {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create schema ops: %w", err)
	}
	return nil
}

// Run is one run of the nightly job.
type Run struct {
	ID, Project                         string
	AsOf, KnownAt                       time.Time
	ReportingZone, Version, ProgramHash string
	StartedAt, FinishedAt               time.Time
	Status, Message                     string
}

// Step is one step of a run.
type Step struct {
	Run, Step       string
	StartedAt       time.Time
	Duration        time.Duration
	Status, Message string
}

// Model is what became of one model.
type Model struct {
	Run, Model, Materialise, File string
	Rows                          int64
	StartedAt                     time.Time
	Duration                      time.Duration
	Status, Message               string
}

// Check is what one check found.
type Check struct {
	Run, Table, Name, Kind, Severity, Status string
	Failed                                   int64
	Detail                                   string
	Samples                                  []string
	File                                     string
	Line                                     int
	Duration                                 time.Duration
}

// Load is one load that the warehouse was built from.
type Load struct {
	Run, Source, Stream, LoadID     string
	Commit                          int64
	StartedAt                       time.Time
	Files, Rows, Bytes, Quarantined int64
	Asked                           string    // full, interval or sweep; empty for files, and then all below is nothing
	From, To                        time.Time // by the source's clock
	Told                            *int64    // rows that the source says it has; nil when it does not say
	Exact                           bool      // Told is of the very rows that were read
	Repeated, Gone                  int64     // of Rows: sent more than once, and deletions found by comparing keys
}

// Freshness is how new an entity's rows are.
type Freshness struct {
	Run, Entity        string
	Rows               int64
	NewestAt, LoadedAt time.Time
	Quarantined        int64
}

// Quarantine counts rows that a run set apart for a reason.
type Quarantine struct {
	Run, Entity, Source, Stream, Rule string
	Rows                              int64
}

// AddRuns stores runs.
func AddRuns(ctx context.Context, db DB, runs ...Run) error {
	return insert(ctx, db, "run", runs, func(r Run) []any {
		return []any{r.ID, r.Project, day(r.AsOf), instant(r.KnownAt), r.ReportingZone, r.Version, r.ProgramHash, instant(r.StartedAt), instant(r.FinishedAt), r.Status, r.Message}
	})
}

// AddSteps stores steps.
func AddSteps(ctx context.Context, db DB, steps ...Step) error {
	return insert(ctx, db, "step", steps, func(s Step) []any {
		return []any{s.Run, s.Step, instant(s.StartedAt), s.Duration.Seconds(), s.Status, s.Message}
	})
}

// AddModels stores what became of models.
func AddModels(ctx context.Context, db DB, models ...Model) error {
	return insert(ctx, db, "model", models, func(m Model) []any {
		return []any{m.Run, m.Model, m.Materialise, m.File, m.Rows, instant(m.StartedAt), m.Duration.Seconds(), m.Status, m.Message}
	})
}

// AddChecks stores findings of checks.
func AddChecks(ctx context.Context, db DB, checks ...Check) error {
	return insert(ctx, db, `"check"`, checks, func(c Check) []any {
		return []any{c.Run, c.Table, c.Name, c.Kind, c.Severity, c.Status, c.Failed, c.Detail, list(c.Samples), c.File, c.Line, c.Duration.Seconds()}
	})
}

// AddLoads stores loads.
func AddLoads(ctx context.Context, db DB, loads ...Load) error {
	return insert(ctx, db, "load", loads, func(l Load) []any {
		return []any{l.Run, l.Source, l.Stream, l.LoadID, l.Commit, instant(l.StartedAt), l.Files, l.Rows, l.Bytes, l.Quarantined, text(l.Asked), instant(l.From), instant(l.To), l.Told, l.Exact, l.Repeated, l.Gone}
	})
}

// AddFreshness stores how fresh entities are.
func AddFreshness(ctx context.Context, db DB, rows ...Freshness) error {
	return insert(ctx, db, "freshness", rows, func(f Freshness) []any {
		return []any{f.Run, f.Entity, f.Rows, instant(f.NewestAt), instant(f.LoadedAt), f.Quarantined}
	})
}

// AddQuarantine stores counts of rows that were set apart.
func AddQuarantine(ctx context.Context, db DB, counts ...Quarantine) error {
	return insert(ctx, db, "quarantine", counts, func(q Quarantine) []any {
		return []any{q.Run, q.Entity, q.Source, q.Stream, q.Rule, q.Rows}
	})
}

// RowCounts gives the rows of each table as the warehouse's build recorded them, for comparing the next build with.
func RowCounts(ctx context.Context, db DB) (map[string]int64, error) {
	rows, err := db.QueryContext(ctx, "SELECT model, max(rows) FROM ops.model WHERE status = 'ok' AND materialise = 'table' GROUP BY model")
	if err != nil {
		return nil, fmt.Errorf("read the previous row counts: %w", err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, fmt.Errorf("read the previous row counts: %w", err)
		}
		out[name] = n
	}
	return out, rows.Err()
}

// batch keeps statements at a size that DuckDB parses quickly.
const batch = 200

func insert[T any](ctx context.Context, db DB, table string, records []T, row func(T) []any) error {
	for len(records) > 0 {
		n := min(batch, len(records))
		var values []string
		var args []any
		for _, record := range records[:n] {
			fields := row(record)
			values = append(values, "("+strings.TrimSuffix(strings.Repeat("?, ", len(fields)), ", ")+")")
			args = append(args, fields...)
		}
		if _, err := db.ExecContext(ctx, "INSERT INTO ops."+table+" VALUES "+strings.Join(values, ", "), args...); err != nil {
			return fmt.Errorf("record into ops.%s: %w", table, err)
		}
		records = records[n:]
	}
	return nil
}

// day is null for the zero time.
func day(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.DateOnly)
}

// text is null when it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// instant is null for the zero time.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// list is a list as JSON text: the portable tables have no nested columns.
func list(items []string) any {
	if len(items) == 0 {
		return nil
	}
	text, err := json.Marshal(items)
	if err != nil {
		return nil
	}
	return string(text)
}
