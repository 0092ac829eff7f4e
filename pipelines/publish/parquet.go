package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tributary-data/tributary/pipelines/publish/postgres"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// CurrentFile names the newest folder of exported Parquet files. It is replaced in one piece.
const CurrentFile = "CURRENT"

// ToParquet writes the tables that readers get as Parquet files, a folder per publication. A folder that is there is complete.
func ToParquet(ctx context.Context, v Version, dir string) (folder string, tables int, err error) {
	name := strings.TrimSuffix(v.Warehouse, filepath.Ext(v.Warehouse)) + fmt.Sprintf("-c%d", v.Commit)
	folder = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // for other tools to read
		return "", 0, fmt.Errorf("export to Parquet: %w", err)
	}
	file, err := warehouse.OpenReadOnly(ctx, v.Path, warehouse.Settings{})
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	list, err := postgres.Tables(ctx, file.DB, postgres.Marts())
	if err != nil {
		return "", 0, err
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		if err := export(ctx, file, list, dir, folder); err != nil {
			return "", 0, err
		}
	}
	aside := filepath.Join(dir, "."+CurrentFile)
	if err := errors.Join(os.WriteFile(aside, []byte(name+"\n"), 0o644), os.Rename(aside, filepath.Join(dir, CurrentFile))); err != nil { //nolint:gosec // as above
		return "", 0, fmt.Errorf("export to Parquet: %w", err)
	}
	return folder, len(list), nil
}

func export(ctx context.Context, file *warehouse.File, list []postgres.Table, dir, folder string) error {
	aside, err := os.MkdirTemp(dir, ".export-")
	if err != nil {
		return fmt.Errorf("export to Parquet: %w", err)
	}
	defer os.RemoveAll(aside)
	for _, t := range list {
		to := strings.ReplaceAll(filepath.Join(aside, t.As+".parquet"), "'", "''")
		if _, err := file.DB.ExecContext(ctx, fmt.Sprintf(`COPY "%s"."%s" TO '%s' (FORMAT parquet, COMPRESSION zstd)`, t.Schema, t.Name, to)); err != nil {
			return fmt.Errorf("export %s.%s to Parquet: %w", t.Schema, t.Name, err)
		}
	}
	if err := errors.Join(os.Chmod(aside, 0o755), os.Rename(aside, folder)); err != nil { //nolint:gosec // for other tools to read
		return fmt.Errorf("export to Parquet: %w", err)
	}
	return nil
}
