// Package warehouse keeps the DuckDB files of a project: a new one is built aside, finished and put beside the older ones under a name that
// says which night it is; the last few are kept. Which of them readers should use is not its business: the lake's commits say that.
package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// Settings of DuckDB for a file.
type Settings struct {
	// Threads that DuckDB uses; 0 = all.
	Threads int
	// Memory is DuckDB's limit, such as "1GB"; "" = DuckDB's default, 80 % of the machine. The process may reach 1.8 times as much.
	Memory string
	// TempDir is where DuckDB spills; "" = beside the file.
	TempDir string
}

// File is an open warehouse.
type File struct {
	DB       *sql.DB
	Path     string
	readOnly bool
}

// Memory opens a database that is kept nowhere, with the settings of a warehouse; for tests and for looking at models.
func Memory(ctx context.Context, s Settings) (*File, error) { return open(ctx, "", s, false) }

// OpenReadOnly opens a finished file for queries. Any number of processes may do so at the same time.
func OpenReadOnly(ctx context.Context, path string, s Settings) (*File, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open the warehouse: %w", err)
	}
	return open(ctx, path, s, true)
}

func open(ctx context.Context, path string, s Settings, readOnly bool) (*File, error) {
	if strings.Contains(path, "?") {
		return nil, fmt.Errorf("open the warehouse %s: a ? in the path is taken for an option by DuckDB: rename the folder", path)
	}
	dsn := path
	if readOnly {
		dsn += "?access_mode=READ_ONLY"
	}
	connector, err := duckdb.NewConnector(dsn, perConnection)
	if err != nil {
		return nil, fmt.Errorf("open the warehouse %s: %w", path, err)
	}
	f := &File{DB: sql.OpenDB(connector), Path: path, readOnly: readOnly}
	if err := f.apply(ctx, s); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// perConnection sets what DuckDB keeps per session.
func perConnection(conn driver.ExecerContext) error {
	_, err := conn.ExecContext(context.Background(), "SET TimeZone = 'UTC'", nil)
	return err
}

// apply sets what DuckDB keeps per database.
func (f *File) apply(ctx context.Context, s Settings) error {
	set := []string{
		"SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'",
		// Tables have no order of their own, and without one CREATE TABLE AS needs less memory and more cores.
		"SET GLOBAL preserve_insertion_order = false",
	}
	if s.Threads > 0 {
		set = append(set, "SET GLOBAL threads = "+strconv.Itoa(s.Threads))
	}
	if s.Memory != "" {
		set = append(set, "SET GLOBAL memory_limit = "+literal(s.Memory))
	}
	if s.TempDir != "" {
		set = append(set, "SET GLOBAL temp_directory = "+literal(s.TempDir))
	}
	for _, statement := range set {
		if _, err := f.DB.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s in %s: %w", statement, f.Path, err)
		}
	}
	return nil
}

// Finish writes everything into the one file and closes it: no write-ahead log stays beside it.
func (f *File) Finish(ctx context.Context) error {
	if _, err := f.DB.ExecContext(ctx, "FORCE CHECKPOINT"); err != nil {
		return errors.Join(fmt.Errorf("write the warehouse %s: %w", f.Path, err), f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := os.Stat(f.Path + ".wal"); err == nil {
		return fmt.Errorf("the warehouse %s still has a write-ahead log: another process has it open", f.Path)
	}
	return syncFile(f.Path)
}

// Close closes the file.
func (f *File) Close() error {
	if err := f.DB.Close(); err != nil {
		return fmt.Errorf("close the warehouse %s: %w", f.Path, err)
	}
	return nil
}

func syncFile(path string) error {
	file, err := os.OpenFile(filepath.Clean(path), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("write the warehouse to disk: %w", err)
	}
	return errors.Join(file.Sync(), file.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("write the folder of warehouses to disk: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
