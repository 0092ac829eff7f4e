// Package staging turns raw source rows into the typed, keyed and deduplicated tables of the staging schema, one per contract, as the
// user's streams and maps say. What cannot be typed or keyed goes to staging.quarantine with its rule, value, file and line.
// It reads Parquet parts that it is handed and never decides which loads exist, moves no data between machines and knows no metric.
package staging

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// DB is the part of *sql.DB, *sql.Conn and *sql.Tx that staging needs.
type DB interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// lineageColumns are those that every staging table has after the contract's own.
func lineageColumns() []column {
	return []column{
		{"_source", "VARCHAR"}, {"_source_file", "VARCHAR"}, {"_source_line", "BIGINT"},
		{"_load_id", "VARCHAR"}, {"_commit", "BIGINT"}, {"_row", "BIGINT"},
	}
}

type column struct{ name, typ string }

const bookkeepingTables = `
CREATE TABLE IF NOT EXISTS staging.mapped (entity VARCHAR NOT NULL, field VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS staging.quarantine (entity VARCHAR, source VARCHAR, stream VARCHAR, rule VARCHAR, field VARCHAR, value VARCHAR,
  detail VARCHAR, source_file VARCHAR, source_line BIGINT, load_id VARCHAR);
CREATE TABLE IF NOT EXISTS staging.orphan (entity VARCHAR, field VARCHAR, rows BIGINT, sample VARCHAR);
CREATE TABLE IF NOT EXISTS staging.warning (entity VARCHAR, field VARCHAR, rule VARCHAR, rows BIGINT, sample VARCHAR);
`

// CreateEmpty makes the staging schema with an empty table for every contract, so that models run whatever is mapped.
func CreateEmpty(ctx context.Context, db DB) error {
	set, err := schemas.Load()
	if err != nil {
		return err
	}
	return createTables(ctx, db, set.Entities)
}

func createTables(ctx context.Context, db DB, entities []*schemas.Entity) error {
	var ddl strings.Builder
	ddl.WriteString("CREATE SCHEMA IF NOT EXISTS staging;\n")
	for _, e := range entities {
		ddl.WriteString(createTable(e))
	}
	ddl.WriteString(bookkeepingTables)
	if _, err := db.ExecContext(ctx, ddl.String()); err != nil {
		return fmt.Errorf("create staging tables: %w", err)
	}
	return nil
}

func createTable(e *schemas.Entity) string {
	columns := make([]string, 0, len(e.Fields)+len(lineageColumns()))
	for _, f := range e.Fields {
		columns = append(columns, ident(f.Name)+" "+f.Type)
	}
	for _, c := range lineageColumns() {
		columns = append(columns, ident(c.name)+" "+c.typ)
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS staging.%s (%s);\n", ident(e.Name), strings.Join(columns, ", "))
}

// ident quotes a name for SQL.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// text quotes a string for SQL.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
