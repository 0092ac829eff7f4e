package ops

import (
	"context"
	"fmt"
	"strings"
)

// What a scheduler remembers of the runs that it asked for: when one was due, how long it waited, how long it took. It is in the file of
// records alone, never in a night's.
const scheduleSchema = `
CREATE TABLE IF NOT EXISTS ops.scheduled (dag_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, run_type VARCHAR, state VARCHAR, logical_date TIMESTAMPTZ,
  interval_from TIMESTAMPTZ, interval_to TIMESTAMPTZ, queued_at TIMESTAMPTZ, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS ops.task_try (dag_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, task_id VARCHAR NOT NULL, try_number BIGINT NOT NULL, state VARCHAR,
  queued_at TIMESTAMPTZ, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, host VARCHAR);
`

// CreateSchedule makes the tables of what a scheduler remembers.
func CreateSchedule(ctx context.Context, db DB) error {
	if _, err := db.ExecContext(ctx, scheduleSchema); err != nil {
		return fmt.Errorf("create ops.scheduled and ops.task_try: %w", err)
	}
	return nil
}

// AddScheduled reads runs of a scheduler, each as it was when it was last told of, from raw parts of Airflow's stream dag_runs.
func AddScheduled(ctx context.Context, db DB, parts []string) error {
	return newestOf(ctx, db, parts, "ops.scheduled", "dag_id, dag_run_id",
		"dag_id, dag_run_id, run_type, state, "+instants("logical_date", "data_interval_start", "data_interval_end", "queued_at", "start_date", "end_date"))
}

// AddTries reads the tries of tasks likewise, from its stream task_runs.
func AddTries(ctx context.Context, db DB, parts []string) error {
	return newestOf(ctx, db, parts, "ops.task_try", "dag_id, dag_run_id, task_id, try_number",
		"dag_id, dag_run_id, task_id, CAST(try_number AS BIGINT), state, "+instants("queued_when", "start_date", "end_date")+", hostname")
}

func instants(columns ...string) string {
	casts := make([]string, len(columns))
	for i, c := range columns {
		casts[i] = "CAST(" + c + " AS TIMESTAMPTZ)"
	}
	return strings.Join(casts, ", ")
}

func newestOf(ctx context.Context, db DB, parts []string, table, key, columns string) error {
	quoted := make([]string, len(parts))
	for i, p := range parts {
		quoted[i] = "'" + strings.ReplaceAll(p, "'", "''") + "'"
	}
	_, err := db.ExecContext(ctx, fmt.Sprintf(`INSERT INTO %s SELECT %s FROM read_parquet([%s], union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY %s ORDER BY _extracted_at DESC, _source_line DESC) = 1`, table, columns, strings.Join(quoted, ", "), key))
	if err != nil {
		return fmt.Errorf("record into %s: %w", table, err)
	}
	return nil
}
