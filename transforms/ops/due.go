package ops

import (
	"context"
	"fmt"
	"time"
)

// CreateDue makes the table of what is expected by when. A night's file has no such table: what became of a night is known after it.
func CreateDue(ctx context.Context, db DB) error {
	_, err := db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS ops; CREATE TABLE IF NOT EXISTS ops.due (
  kind VARCHAR NOT NULL, name VARCHAR NOT NULL, day DATE NOT NULL, due_at TIMESTAMPTZ NOT NULL, met_at TIMESTAMPTZ)`)
	if err != nil {
		return fmt.Errorf("create ops.due: %w", err)
	}
	return nil
}

// Due is one thing that is expected by an instant: the night, a mart or new data of a source. One that is not met when it is due is late.
type Due struct {
	Kind, Name string    // night and the project, mart and its schema, source and its name
	Day        time.Time // that figures are as of; of a source the day of the delivery
	DueAt      time.Time
	MetAt      time.Time // zero = not met so far
}

// AddDue stores what is expected.
func AddDue(ctx context.Context, db DB, rows ...Due) error {
	return insert(ctx, db, "due", rows, func(d Due) []any { return []any{d.Kind, d.Name, day(d.Day), instant(d.DueAt), instant(d.MetAt)} })
}
