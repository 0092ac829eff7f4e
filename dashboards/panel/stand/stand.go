// Package stand is where dashboards are tried: a PostgreSQL server with the demo vendor's published nights in one database, an empty
// warehouse in another, and a login that can do what Grafana's can and no more. Tests and the preview start it; it holds nothing to keep.
package stand

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/publish/localpg"
	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/testdata/generator"
	"github.com/tributary-data/tributary/transforms/program"
)

// Stand is a running server.
type Stand struct {
	server *localpg.Server
	dir    string
}

// Login of Grafana's.
const (
	login    = "grafana"
	password = "grafana" //nolint:gosec // the server listens on loopback, for the time of a test
)

// Start runs the server. The program must have called localpg.Main first.
func Start(ctx context.Context) (*Stand, error) {
	dir, err := os.MkdirTemp("", "tributary-dashboards-")
	if err != nil {
		return nil, fmt.Errorf("a place for dashboards: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // below root the server is another user's
		return nil, fmt.Errorf("a place for dashboards: %w", err)
	}
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(dir, "server")})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Stand{server: server, dir: dir}, nil
}

// Stop ends the server and removes what it had.
func (s *Stand) Stop() error { return errors.Join(s.server.Stop(), os.RemoveAll(s.dir)) }

// Demo publishes these nights of the demo vendor and returns the address for Grafana's login.
func (s *Stand) Demo(ctx context.Context, nights ...string) (string, error) {
	address, err := s.publish(ctx, "demo", nights, demo.Write)
	if err != nil {
		return "", err
	}
	owner, err := s.address("demo")
	if err == nil {
		err = exec(ctx, owner, memory)
	}
	if err != nil {
		return "", fmt.Errorf("what a scheduler remembers of the demo: %w", err)
	}
	return address, nil
}

// memory is what Airflow would remember of the demo's nights: each was due a minute before it began, and its build was tried twice.
const memory = `INSERT INTO tributary_ops.scheduled (dag_id, run_id, run_type, state, logical_date, interval_from, interval_to, queued_at, started_at, finished_at)
SELECT 'tributary_auenfels', run_id, 'scheduled', 'success', started_at - interval '1 day', started_at - interval '1 day', started_at - interval '60 seconds',
  started_at - interval '50 seconds', started_at - interval '5 seconds', finished_at + interval '2 seconds' FROM tributary_ops.run;
INSERT INTO tributary_ops.task_try (dag_id, run_id, task_id, try_number, state, queued_at, started_at, finished_at, host)
SELECT 'tributary_auenfels', r.run_id, t.task, t.try, t.state, r.started_at - interval '5 seconds', r.started_at, r.finished_at, 'worker-1'
FROM tributary_ops.run AS r CROSS JOIN (VALUES ('extract', 1, 'success'), ('build', 1, 'failed'), ('build', 2, 'success')) AS t (task, try, state)`

// Large publishes a night of a generated vendor with so many leads, to time queries on.
func (s *Stand) Large(ctx context.Context, leads int) (string, error) {
	const seed = 20260930
	return s.publish(ctx, "large", []string{LastNight}, func(dir string) error { return generator.WriteBench(dir, seed, leads) })
}

// Empty publishes a night of a project whose files have headers and no rows.
func (s *Stand) Empty(ctx context.Context, night string) (string, error) {
	return s.publish(ctx, "empty", []string{night}, func(dir string) error { return errors.Join(demo.Write(dir), hollow(dir)) })
}

func (s *Stand) publish(ctx context.Context, name string, nights []string, write func(dir string) error) (string, error) {
	owner, err := s.database(ctx, name)
	if err != nil {
		return "", fmt.Errorf("database %s: %w", name, err)
	}
	dir := filepath.Join(s.dir, name)
	if err := write(dir); err != nil {
		return "", fmt.Errorf("project %s: %w", name, err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "tributary.yaml"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("project %s: %w", name, err)
	}
	_, err = file.WriteString("\npublish:\n  postgres:\n    url: {file: postgres}\n")
	if err := errors.Join(err, file.Close(), os.WriteFile(filepath.Join(dir, "postgres"), []byte(owner), 0o600)); err != nil {
		return "", fmt.Errorf("project %s: %w", name, err)
	}
	for _, night := range nights {
		now, err := after(night)
		if err != nil {
			return "", err
		}
		summary, err := nightly.Run(ctx, nightly.Options{Dir: dir, AsOf: night, Version: "test", Clock: now})
		if err != nil {
			return "", fmt.Errorf("night %s of %s: %w", night, name, err)
		}
		if summary.Status != nightly.StatusPublished {
			return "", fmt.Errorf("night %s of %s: it is %s", night, name, summary.Status)
		}
	}
	return s.login(ctx, owner)
}

// after is a clock on which it is a quarter past two in Berlin, in the night after a day of its summer, and time goes on.
func after(day string) (func() time.Time, error) {
	of, err := program.ParseDay(day)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	return func() time.Time { return program.DayEnd(of, time.UTC).Add(15*time.Minute + time.Since(begun)) }, nil
}

func (s *Stand) database(ctx context.Context, name string) (string, error) {
	if err := exec(ctx, s.server.URL(), "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	return s.address(name)
}

// address is that of a database, for its owner.
func (s *Stand) address(name string) (string, error) {
	address, err := url.Parse(s.server.URL())
	if err != nil {
		return "", err
	}
	address.Path = name
	return address.String(), nil
}

// login makes Grafana's login a member of the readers.
func (s *Stand) login(ctx context.Context, owner string) (string, error) {
	err := exec(ctx, owner, `DO $$ BEGIN
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '`+login+`') THEN CREATE ROLE `+login+` LOGIN PASSWORD '`+password+`' IN ROLE tributary_reader; END IF;
	END $$`)
	if err != nil {
		return "", fmt.Errorf("the login %s: %w", login, err)
	}
	address, err := url.Parse(owner)
	if err != nil {
		return "", fmt.Errorf("the login %s: %w", login, err)
	}
	address.User = url.UserPassword(login, password)
	return address.String(), nil
}

func exec(ctx context.Context, address, sql string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// LastNight is the last one that the demo vendor's data covers.
const LastNight = demo.AsOf

// Nights are two, so that there is something that moved.
func Nights() []string { return []string{"2026-09-29", LastNight} }
