package ops

import (
	"context"
	"fmt"
	"strings"
)

// movedColumns are those of ops.moved. A night's file has no such table: what moved depends on the night before, and nights do not.
const movedColumns = `run_id VARCHAR NOT NULL, from_as_of DATE NOT NULL, to_as_of DATE NOT NULL, from_file VARCHAR, to_file VARCHAR, to_number BIGINT,
  metric_id VARCHAR NOT NULL, grain VARCHAR NOT NULL, period_start DATE, dims VARCHAR, entity VARCHAR, entity_key VARCHAR, partner VARCHAR, cause VARCHAR NOT NULL,
  detail VARCHAR, units BIGINT, numerator_before DECIMAL(38, 6), numerator_after DECIMAL(38, 6), numerator_delta DECIMAL(38, 6),
  denominator_before DECIMAL(38, 6), denominator_after DECIMAL(38, 6), denominator_delta DECIMAL(38, 6), n_delta BIGINT`

// CreateMoved makes the table of what moved from night to night.
func CreateMoved(ctx context.Context, db DB) error {
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS ops; CREATE TABLE IF NOT EXISTS ops.moved ("+movedColumns+")"); err != nil {
		return fmt.Errorf("create ops.moved: %w", err)
	}
	return nil
}

// Moved is one unit that adds something else to a figure than on the night before, or several small ones of one cause together: then
// there is no entity, and before and after are not known.
type Moved struct {
	Run                                                   string
	FromAsOf, ToAsOf                                      string
	FromFile, ToFile                                      string
	ToNumber                                              int64 // of the file
	Metric, Grain                                         string
	Period                                                *string
	Dims                                                  string // JSON
	Entity, Key, Partner, Cause, Detail                   string
	Units                                                 int64
	NumeratorBefore, NumeratorAfter, NumeratorDelta       *string
	DenominatorBefore, DenominatorAfter, DenominatorDelta *string
	NDelta                                                int64
}

// AddMoved stores what moved.
func AddMoved(ctx context.Context, db DB, rows ...Moved) error {
	return insert(ctx, db, "moved", rows, func(m Moved) []any {
		return []any{
			m.Run, m.FromAsOf, m.ToAsOf, m.FromFile, m.ToFile, m.ToNumber, m.Metric, m.Grain, m.Period, m.Dims, nothing(m.Entity), nothing(m.Key), nothing(m.Partner),
			m.Cause, m.Detail, m.Units, m.NumeratorBefore, m.NumeratorAfter, m.NumeratorDelta, m.DenominatorBefore, m.DenominatorAfter, m.DenominatorDelta, m.NDelta,
		}
	})
}

// KeepMoved copies what an older file of records has of the runs that are still recorded, up to the warehouse file of a number: what was
// published after it and taken back leaves its moves with it.
func KeepMoved(ctx context.Context, db DB, path string, until int64) error {
	const older = "older_records"
	statement := func(text string, args ...any) error {
		if _, err := db.ExecContext(ctx, text, args...); err != nil {
			return fmt.Errorf("keep what moved on earlier nights, from %s: %w", path, err)
		}
		return nil
	}
	if err := statement("ATTACH '" + quoted(path) + "' AS " + older + " (READ_ONLY)"); err != nil {
		return err
	}
	var err error
	if there, found := has(ctx, db, older); found != nil {
		err = found
	} else if there {
		err = statement("INSERT INTO ops.moved BY NAME SELECT * FROM "+older+".ops.moved WHERE to_number <= ? AND run_id IN (SELECT run_id FROM ops.run)", until)
	}
	if detached := statement("DETACH " + older); err == nil {
		err = detached
	}
	return err
}

// has says whether a file of records knows what moved: those of older versions do not.
func has(ctx context.Context, db DB, database string) (there bool, err error) {
	rows, err := db.QueryContext(ctx, "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'ops' AND table_name = 'moved'", database)
	if err != nil {
		return false, fmt.Errorf("look for ops.moved in the older records: %w", err)
	}
	defer rows.Close()
	there = rows.Next()
	return there, rows.Err()
}

func quoted(path string) string { return strings.ReplaceAll(path, "'", "''") }

// nothing is null for the empty text.
func nothing(text string) any {
	if text == "" {
		return nil
	}
	return text
}
