package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// timeouts of a transaction that locks what others read. The first is less than the second after which PostgreSQL looks for deadlocks: of
// a reader that holds one table and waits for another, and a swap or drop that does the same the other way round, it could end the reader.
// The other one frees readers, and whoever took over, from a process that was paused in the middle.
const timeouts = "SET LOCAL lock_timeout = '300ms'; SET LOCAL idle_in_transaction_session_timeout = '10s'"

// A swap that finds readers at work tries again; they wait for it no longer than its lock_timeout at a time.
const (
	swapTries = 100
	swapPause = 200 * time.Millisecond
)

// Swap puts the filled schema in the place of the one that readers see, unless that is of a newer publication; file is what the
// warehouse is called since it is published. Each statement of a reader
// sees one of the two: a statement looks its tables up one by one, so the swap waits until nobody is in the middle of that.
func (t *Target) Swap(ctx context.Context, filled, file string, commit int64) error {
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, t.conn, func(tx pgx.Tx) error { return t.swap(ctx, tx, filled, file, commit) })
		if !busy(err) || try == swapTries {
			return wrap(err, "swap schemas in PostgreSQL")
		}
		select {
		case <-ctx.Done():
			return wrap(context.Cause(ctx), "swap schemas in PostgreSQL")
		case <-time.After(swapPause):
		}
	}
}

func (t *Target) swap(ctx context.Context, tx pgx.Tx, filled, file string, commit int64) error {
	if _, err := tx.Exec(ctx, timeouts); err != nil {
		return fmt.Errorf("set timeouts: %w", err)
	}
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", t.cfg.Schema); err != nil {
		return fmt.Errorf("wait for another publication: %w", err)
	}
	now, there, err := t.Published(ctx)
	if err != nil {
		return err
	}
	if there && now.Commit >= commit {
		return fmt.Errorf("%w: commit %d (%s), this is %d", ErrNewer, now.Commit, now.AsOf, commit)
	}
	if _, err := tx.Exec(ctx, "UPDATE "+ident(filled, "publication")+" SET commit = $1, file = $2", commit, file); err != nil {
		return fmt.Errorf("number the publication: %w", err)
	}
	if err := t.setAside(ctx, tx, there, commit); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "ALTER SCHEMA "+ident(filled)+" RENAME TO "+ident(t.cfg.Schema))
	return wrap(err, "put the night in its place")
}

// setAside renames the schema that readers see, if there is one, when no statement is looking its tables up.
func (t *Target) setAside(ctx context.Context, tx pgx.Tx, ours bool, commit int64) error {
	rows, err := tx.Query(ctx, "SELECT n.nspname, coalesce(c.relname, '') FROM pg_namespace AS n LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind = 'r' WHERE n.nspname = $1 ORDER BY 2", t.cfg.Schema)
	if err != nil {
		return fmt.Errorf("look for schema %s: %w", t.cfg.Schema, err)
	}
	type found struct{ Schema, Table string }
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[found])
	if err != nil {
		return fmt.Errorf("look for schema %s: %w", t.cfg.Schema, err)
	}
	if len(tables) == 0 {
		return nil // the first publication
	}
	if !ours {
		return fmt.Errorf("%w: schema %s is there and not of Tributary's making: name another one in publish.postgres.schema", ErrSetup, t.cfg.Schema)
	}
	var names []string
	for _, table := range tables {
		names = append(names, ident(table.Schema, table.Table))
	}
	if _, err := tx.Exec(ctx, "LOCK TABLE "+strings.Join(names, ", ")+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return fmt.Errorf("wait for readers: %w", err)
	}
	_, err = tx.Exec(ctx, "ALTER SCHEMA "+ident(t.cfg.Schema)+" RENAME TO "+ident(t.cfg.Schema+oldSuffix+fmt.Sprint(commit)))
	return wrap(err, "set the night before aside")
}
