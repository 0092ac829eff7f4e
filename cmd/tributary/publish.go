package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/pipelines/publish/localpg"
	"github.com/tributary-data/tributary/pipelines/publish/postgres"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

func (a *app) publishCommand() *cobra.Command {
	var local bool
	var port int
	var parquet string
	cmd := &cobra.Command{
		Use: "publish", Short: "Put what is published into PostgreSQL or Parquet files, for other tools", Args: exactly(0, "no arguments"),
		Long: `Copies the current warehouse into the PostgreSQL of publish.postgres in tributary.yaml; tributary run does that by itself.
Readers see the night before or this one, whole. Where the database has it already nothing is done.

--local starts a PostgreSQL of its own on this machine (fetched once, pinned), publishes into it and keeps it running until Ctrl-C.
--to-parquet writes the same tables as Parquet files into a new folder below DIR, and its name into DIR/CURRENT.`,
		Example: "  tributary publish\n  tributary publish --local\n  tributary publish --to-parquet exports",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case local && parquet != "":
				return usagef("--local and --to-parquet are two things: ask for one")
			case local:
				return a.publishLocal(cmd.Context(), port)
			case parquet != "":
				return a.publishParquet(cmd.Context(), parquet)
			}
			return a.publish(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&local, "local", false, "publish into a PostgreSQL that runs as long as this command")
	cmd.Flags().IntVar(&port, "port", 0, "port of the local PostgreSQL (default any free one)")
	cmd.Flags().StringVar(&parquet, "to-parquet", "", "write Parquet files below this folder")
	return cmd
}

func (a *app) publish(ctx context.Context) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	cfg, ok, err := nightly.Database(p)
	if err != nil {
		return err
	}
	if !ok {
		return usagef("tributary.yaml names no database: set publish.postgres.url, or see tributary publish --help for --local and --to-parquet")
	}
	done, v, err := a.sync(ctx, p, cfg)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("schema %s has %s, %s", cfg.Schema, filepath.Base(v.Path), versionAsOf(p, v))
	if !done {
		text += ": it had it already"
	}
	return a.show(map[string]any{"schema": cfg.Schema, "warehouse": v.Warehouse, "as_of": v.AsOf, "commit": v.Commit, "published": done}, tableOf{text: text})
}

// sync publishes what is current. It takes the writer's turn, so that no run publishes at the same time.
func (a *app) sync(ctx context.Context, p *project.Project, cfg postgres.Config) (done bool, v publish.Version, err error) {
	v, err = a.current(ctx, p)
	if err != nil {
		return false, v, err
	}
	l, err := a.lake(p)
	if err != nil {
		return false, v, err
	}
	w, err := l.Writer(ctx, lake.WriterOptions{})
	if err != nil {
		return false, v, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if v, err = publish.Current(ctx, l, warehouse.Folder{Dir: p.WarehouseDir()}); err != nil {
		return false, v, err
	}
	target, err := postgres.Open(ctx, cfg)
	if err != nil {
		return false, v, nightly.DatabaseError(err)
	}
	defer func() { err = errors.Join(err, target.Close(context.WithoutCancel(ctx))) }()
	progress := &progress{w: a.err, live: isTerminal(a.err)}
	done, err = publish.Sync(ctx, target, v, w.Turn(), func(n, all int, table string) {
		progress.event(nightly.Event{Step: nightly.StepPublish, Text: table, Part: float64(n) / float64(all)})
	})
	progress.clear()
	if err == nil {
		err = nightly.PublishRecords(ctx, cfg, w, p.WarehouseDir(), postgres.Night{AsOf: v.AsOf, KnownAt: v.KnownAt, RunID: v.RunID})
	}
	return done, v, nightly.DatabaseError(err)
}

func (a *app) publishLocal(ctx context.Context, port int) (err error) {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	fmt.Fprintln(a.err, "starting PostgreSQL "+string(localpg.Version)+" …")
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(p.Dir, ".postgres"), Port: port})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	cfg := postgres.Config{URL: server.URL(), Schema: "tributary", Reader: "tributary_reader", Partner: "tributary_partner"}
	_, v, err := a.sync(ctx, p, cfg)
	if err != nil {
		return err
	}
	err = a.show(map[string]any{"url": server.URL(), "schema": cfg.Schema, "as_of": v.AsOf}, tableOf{
		text: fmt.Sprintf("psql '%s'\nThe tables stand in schema %s, %s. Ctrl-C ends the server.", server.URL(), cfg.Schema, versionAsOf(p, v)),
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (a *app) publishParquet(ctx context.Context, dir string) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	v, err := a.current(ctx, p)
	if err != nil {
		return err
	}
	folder, tables, err := publish.ToParquet(ctx, v, dir)
	if err != nil {
		return err
	}
	return a.show(map[string]any{"folder": folder, "tables": tables, "as_of": v.AsOf}, tableOf{text: fmt.Sprintf("%s has %d tables, %s", folder, tables, versionAsOf(p, v))})
}
