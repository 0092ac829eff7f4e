package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tributary-data/tributary/pipelines/publish/postgres"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// FillDatabase copies a finished warehouse file into a schema that nobody looks into yet.
func FillDatabase(ctx context.Context, target *postgres.Target, path string, turn int64, n postgres.Night, progress postgres.Progress) (err error) {
	if err := target.Tidy(ctx, ""); err != nil {
		return err
	}
	file, err := warehouse.OpenReadOnly(ctx, path, warehouse.Settings{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	dir, err := os.MkdirTemp(filepath.Dir(path), "publish-")
	if err != nil {
		return fmt.Errorf("make room for what is copied: %w", err)
	}
	defer os.RemoveAll(dir)
	return target.Fill(ctx, file.DB, postgres.Marts(), target.NextSchema(turn), dir, n, progress)
}

// Sync makes readers of the database see the current warehouse: it finishes a publication that was filled and not swapped, and fills
// what is missing. done is false when they saw it already.
func Sync(ctx context.Context, target *postgres.Target, v Version, turn int64, progress postgres.Progress) (done bool, err error) {
	seen, ok, err := target.Published(ctx)
	if err != nil {
		return false, err
	}
	if ok && seen.Commit >= v.Commit {
		return false, nil
	}
	filled, err := target.Filled(ctx, v.RunID)
	if err != nil {
		return false, err
	}
	if filled == "" {
		n := postgres.Night{AsOf: v.AsOf, KnownAt: v.KnownAt, RunID: v.RunID, File: v.Warehouse}
		if err := FillDatabase(ctx, target, v.Path, turn, n, progress); err != nil {
			return false, err
		}
		filled = target.NextSchema(turn)
	}
	return true, target.Swap(ctx, filled, v.Warehouse, v.Commit)
}
