package nightly

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/pipelines/publish/postgres"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// databaseError is a publication that may go well a little later; one that a person has to set up first is an error of configuration.
type databaseError struct{ error }

func (e databaseError) Unwrap() error { return e.error }

// DatabaseError marks an error of the database for its exit code.
func DatabaseError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, postgres.ErrSetup):
		return configError{err}
	}
	return databaseError{err}
}

// Database is where a project publishes; ok is false when it names no database.
func Database(p *project.Project) (cfg postgres.Config, ok bool, err error) {
	pg := p.Config.Publish.Postgres
	if pg == nil {
		return cfg, false, nil
	}
	problems := pg.URL.Resolve(project.Options{Dir: p.Dir, Env: os.LookupEnv})
	if err := problems.Err(); err != nil {
		return cfg, false, configError{err}
	}
	cfg = postgres.Config{URL: pg.URL.Reveal(), Schema: pg.Schema.Value, Reader: pg.Reader.Value, Partner: pg.Partner.Value, Partners: map[string]string{}}
	for login, partner := range pg.Partners {
		cfg.Partners[login] = partner.Value
	}
	return cfg, true, DatabaseError(cfg.Valid())
}

// inDatabase does something in the project's database, when it has one.
func (n *night) inDatabase(ctx context.Context, do func(*postgres.Target) error) error {
	if n.database == nil {
		return nil
	}
	target, err := postgres.Open(ctx, *n.database)
	if err != nil {
		n.databaseDown = true
		return DatabaseError(err)
	}
	defer func() { _ = target.Close(context.WithoutCancel(ctx)) }()
	return do(target)
}

// toDatabase fills a finished build into the database, where it waits for the swap.
func (n *night) toDatabase(ctx context.Context) error {
	return n.inDatabase(ctx, func(target *postgres.Target) error {
		turn := n.writer.Turn()
		night := postgres.Night{AsOf: n.summary.AsOf, KnownAt: n.knownAt, RunID: n.summary.RunID, File: n.built}
		err := DatabaseError(publish.FillDatabase(ctx, target, n.folder.BuildPath(n.built), turn, night, n.copying))
		if err == nil {
			err = n.writer.Renew() // what follows would not be committed
		}
		if err != nil { // nothing of it stays
			err = errors.Join(err, DatabaseError(target.Drop(context.WithoutCancel(ctx), target.NextSchema(turn))))
		}
		return err
	})
}

func (n *night) copying(done, all int, table string) {
	n.report(Event{Step: StepPublish, Text: "to PostgreSQL: " + table, Part: float64(done) / float64(all)})
}

// swap makes readers of the database see what is current, also when an earlier run got no further than publishing the file.
func (n *night) swap(ctx context.Context, v publish.Version) error {
	return n.inDatabase(ctx, func(target *postgres.Target) error {
		if err := n.writer.Renew(); err != nil {
			return err // who took over publishes
		}
		_, err := publish.Sync(ctx, target, v, n.writer.Turn(), n.copying)
		if err == nil || errors.Is(err, postgres.ErrNewer) {
			return err
		}
		return DatabaseError(fmt.Errorf("the warehouse is published, PostgreSQL still has what it had: run again, which finishes only that: %w", err))
	})
}

// catchUp finishes in the database what an earlier run left behind.
func (n *night) catchUp(ctx context.Context) error {
	if n.database == nil {
		return nil
	}
	current, err := publish.Current(ctx, n.lake, n.folder)
	if err != nil {
		return err
	}
	return n.swap(ctx, current)
}

// recordsTimeout bounds what publishing the records may cost at the end of a run.
const recordsTimeout = time.Minute

// recordsToDatabase publishes the records after a run.
func (n *night) recordsToDatabase(ctx context.Context) error {
	if n.database == nil || n.databaseDown {
		return nil
	}
	night := postgres.Night{AsOf: n.summary.AsOf, KnownAt: n.knownAt, RunID: n.summary.RunID}
	return PublishRecords(ctx, *n.database, n.writer, n.folder.Dir, night)
}

// PublishRecords puts the records of all runs, failed ones included, into a schema of their own beside the marts. Only readers see them.
// Where no run has left any there is nothing to do.
func PublishRecords(ctx context.Context, cfg postgres.Config, w *lake.Writer, folder string, night postgres.Night) error {
	path := filepath.Join(folder, recordsFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordsTimeout)
	defer cancel()
	cfg.Schema, cfg.Partner, cfg.Partners = cfg.Schema+"_ops", "", nil
	target, err := postgres.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = target.Close(context.WithoutCancel(ctx)) }()
	log, err := w.Lake().Manifests(ctx)
	if err != nil {
		return err
	}
	file, err := warehouse.OpenReadOnly(ctx, path, warehouse.Settings{Threads: 1})
	if err != nil {
		return err
	}
	defer file.Close()
	dir, err := os.MkdirTemp(folder, "publish-")
	if err != nil {
		return fmt.Errorf("make room for what is copied: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := target.Tidy(ctx, ""); err != nil {
		return err
	}
	schema := target.NextSchema(w.Turn())
	night.File = recordsFile
	if err := target.Fill(ctx, file.DB, postgres.Records(), schema, dir, night, nil); err != nil {
		return err
	}
	return target.Swap(ctx, schema, night.File, int64(len(log)))
}
