package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/digest"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// reading is the published warehouse, open for a command.
type reading struct {
	project *project.Project
	version publish.Version
	file    *warehouse.File
	conn    *sql.Conn
	cat     *catalogue.Catalogue
}

// read opens what is published. Close it.
func (a *app) read(ctx context.Context) (*reading, error) {
	p, err := project.Load(a.dir)
	if err != nil {
		return nil, configured(err)
	}
	v, err := a.current(ctx, p)
	if err != nil {
		return nil, err
	}
	limits := p.Config.Limits
	file, err := warehouse.OpenReadOnly(ctx, v.Path, warehouse.Settings{Threads: limits.Threads, Memory: limits.Memory.Text()})
	if err != nil {
		return nil, err
	}
	r := &reading{project: p, version: v, file: file}
	if r.cat, err = nightly.Catalogue(p.SQL()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if r.conn, err = file.DB.Conn(ctx); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

func (r *reading) Close() error { return errors.Join(r.conn.Close(), r.file.Close()) }

// configured marks an error of the project's files as one of configuration.
func configured(err error) error { return usageError{err} }

func (a *app) warehouseCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "warehouse", Short: "The nights that are kept, and the way back to an older one"}
	cmd.AddCommand(&cobra.Command{
		Use: "ls", Short: "List the warehouse files; * is what readers see", Args: exactly(0, "no arguments"),
		Example: "  tributary warehouse ls",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.listWarehouses(cmd.Context()) },
	}, &cobra.Command{
		Use: "rollback [FILE]", Short: "Make the night before the current one, or a named one, current again",
		Example: "  tributary warehouse rollback\n  tributary warehouse rollback tributary-2026-09-29-41.duckdb",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = filepath.Base(args[0])
			}
			return a.rollback(cmd.Context(), name)
		},
	}, &cobra.Command{
		Use: "digest [FILE]", Short: "Print a hash of every table's rows, in no order: equal nights have equal hashes",
		Long: `Prints a hash of the rows of every table of the current or a named warehouse, in no order; schema ops, which records when
things ran, is left out. Two runs on the same lake, as-of and known-at give the same hashes.`,
		Example: "  tributary warehouse digest\n  tributary warehouse digest tributary-2026-09-29-41.duckdb",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.digest(cmd.Context(), args) },
	})
	return cmd
}

type listedWarehouse struct {
	File    string `json:"file"`
	AsOf    string `json:"as_of"`
	Commit  int64  `json:"commit"`
	Bytes   int64  `json:"bytes"`
	Current bool   `json:"current"`
}

func (a *app) listWarehouses(ctx context.Context) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	folder := warehouse.Folder{Dir: p.WarehouseDir()}
	versions, err := folder.Versions()
	if err != nil {
		return err
	}
	l, err := a.lake(p)
	if err != nil {
		return err
	}
	current, err := publish.Current(ctx, l, folder)
	if err != nil && !errors.Is(err, lake.ErrNotFound) {
		return err
	}
	out := []listedWarehouse{}
	t := tableOf{head: []string{"", "file", "as of", "commit", "MiB"}}
	for _, v := range versions {
		row := listedWarehouse{File: filepath.Base(v.Path), AsOf: v.AsOf.Format(time.DateOnly), Commit: v.Commit, Bytes: v.Bytes, Current: v.Path == current.Path}
		mark := ""
		if row.Current {
			mark = "*"
		}
		out = append(out, row)
		t.rows = append(t.rows, []string{mark, row.File, row.AsOf, fmt.Sprint(row.Commit), fmt.Sprintf("%.1f", float64(row.Bytes)/(1<<20))})
	}
	return a.show(out, t)
}

func (a *app) digest(ctx context.Context, args []string) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	var path string
	if len(args) == 1 {
		path = filepath.Join(p.WarehouseDir(), filepath.Base(args[0]))
		if _, err := os.Stat(path); err != nil {
			return usagef("there is no warehouse %s: tributary warehouse ls shows those that are there", path)
		}
	} else {
		v, err := a.current(ctx, p)
		if err != nil {
			return err
		}
		path = v.Path
	}
	file, err := warehouse.OpenReadOnly(ctx, path, warehouse.Settings{})
	if err != nil {
		return err
	}
	defer file.Close()
	hashes, err := digest.Database(ctx, file.DB, "ops")
	if err != nil {
		return err
	}
	t := tableOf{head: []string{"table", "sha256"}}
	for _, name := range slices.Sorted(maps.Keys(hashes)) {
		t.rows = append(t.rows, []string{name, hashes[name]})
	}
	return a.show(hashes, t)
}

// lake opens the lake of a project.
func (a *app) lake(p *project.Project) (*lake.Lake, error) {
	return p.OpenLake(a.now)
}

// current is what readers see.
func (a *app) current(ctx context.Context, p *project.Project) (publish.Version, error) {
	l, err := a.lake(p)
	if err != nil {
		return publish.Version{}, err
	}
	v, err := publish.Current(ctx, l, warehouse.Folder{Dir: p.WarehouseDir()})
	if errors.Is(err, lake.ErrNotFound) {
		return v, usagef("nothing is published yet in %s: tributary run makes the first night", p.WarehouseDir())
	}
	return v, err
}

func (a *app) rollback(ctx context.Context, name string) error {
	p, err := project.Load(a.dir)
	if err != nil {
		return configured(err)
	}
	cfg, database, err := nightly.Database(p)
	if err != nil {
		return err
	}
	v, err := a.goBack(ctx, p, name)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("readers see %s again, %s (commit %d)", filepath.Base(v.Path), versionAsOf(p, v), v.Commit)
	if database {
		if _, _, err := a.sync(ctx, p, cfg); err != nil {
			return fmt.Errorf("%s, but PostgreSQL has what it had (tributary publish tries again): %w", text, err)
		}
		text += ", in PostgreSQL too"
	}
	return a.show(v, tableOf{text: text})
}

func (a *app) goBack(ctx context.Context, p *project.Project, name string) (v publish.Version, err error) {
	l, err := a.lake(p)
	if err != nil {
		return v, err
	}
	w, err := l.Writer(ctx, lake.WriterOptions{})
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	v, err = publish.Rollback(ctx, w, warehouse.Folder{Dir: p.WarehouseDir()}, name)
	if err != nil {
		return v, usageError{err}
	}
	if renewed := nightly.RenewRecords(ctx, p, w, a.now); renewed != nil {
		fmt.Fprintln(a.err, "  note: the records of runs could not be renewed, the next run does it:", renewed)
	}
	return v, nil
}
