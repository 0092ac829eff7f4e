package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tributary-data/tributary/pipelines/source"
)

// settle finds out since when everything is visible, before the snapshot is taken: transactions that are running then, and those that
// begin later, write what it does not show. Where the login may not see when those of others began, only the clock is known. A standby
// shows what it has replayed.
const settle = `SELECT least(clock_timestamp(),
	(SELECT min(xact_start) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()),
	(SELECT min(prepared) FROM pg_prepared_xacts WHERE database = current_database()),
	CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() END)`

// Begin takes the snapshot that all streams of the run are read in, and keeps it until Close.
func (c *connector) Begin(ctx context.Context) (m source.Moment, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.opts.Patience.Do(ctx, func(ctx context.Context) error {
		m, err = c.begin(ctx)
		return c.classify(err)
	})
	return m, err
}

func (c *connector) begin(ctx context.Context) (m source.Moment, err error) {
	c.release()
	conn, err := pgx.ConnectConfig(ctx, c.config.Copy())
	if err != nil {
		return m, err
	}
	err = conn.QueryRow(ctx, settle).Scan(&m.Settled)
	if err == nil {
		err = readOnly(ctx, conn, 0)
	}
	if err == nil {
		err = conn.QueryRow(ctx, "SELECT pg_export_snapshot(), clock_timestamp()").Scan(&c.snapshot, &m.Now)
	}
	if err != nil {
		closeConn(conn)
		return m, err
	}
	c.holder = conn
	return m, nil
}

// readOnly begins a transaction that sees one state of the database, and in which text is the same wherever the server stands. A holder
// of a snapshot idles in it as long as the others read.
func readOnly(ctx context.Context, conn *pgx.Conn, statement time.Duration) error {
	_, err := conn.Exec(ctx, strings.Join([]string{
		"SET idle_in_transaction_session_timeout = 0", fmt.Sprintf("SET statement_timeout = %d", statement.Milliseconds()),
		"SET TimeZone = 'UTC'", "SET DateStyle = 'ISO'", "SET IntervalStyle = 'iso_8601'", "SET bytea_output = 'hex'", "SET extra_float_digits = 1", "SET cursor_tuple_fraction = 1",
		"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	}, "; "))
	return err
}

// Close gives the snapshot back.
func (c *connector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release()
	return nil
}

func (c *connector) release() {
	if c.holder != nil {
		closeConn(c.holder)
	}
	c.holder, c.snapshot = nil, ""
}

// invalidSnapshot are the codes by which PostgreSQL says that a snapshot is gone: its holder was cut off.
func invalidSnapshot(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "22023" || refused.Code == "42704" || refused.Code == "55000")
}

// session opens a transaction in the snapshot. When its holder was cut off, a new one is taken: what has changed meanwhile is read again
// by the next run, because the interval stays as it was.
func (c *connector) session(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c.config.Copy())
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	snapshot := c.snapshot
	c.mu.Unlock()
	if err = readOnly(ctx, conn, c.opts.Patience.Timeout); err == nil {
		_, err = conn.Exec(ctx, "SET TRANSACTION SNAPSHOT '"+snapshot+"'")
	}
	if err == nil {
		return conn, nil
	}
	closeConn(conn)
	if invalidSnapshot(err) {
		err = errors.Join(fmt.Errorf("%w: the session that kept the snapshot was cut off", source.ErrTransient), c.renew(ctx, snapshot))
	}
	return nil, err
}

// renew takes a new snapshot unless another stream has done so.
func (c *connector) renew(ctx context.Context, lost string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.snapshot != lost {
		return nil
	}
	_, err := c.begin(ctx)
	return err
}
