package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tributary-data/tributary/pipelines/current"
	"github.com/tributary-data/tributary/pipelines/lake"
)

func (o options) projectDir() string { return filepath.Join(o.dir, "project") }

// project writes the configuration.
func (o options) project() error {
	if err := os.MkdirAll(o.projectDir(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.projectDir(), "tributary.yaml"), []byte(`version: 1
project: bench
reporting: {time_zone: UTC, currency: EUR}
sources:
  crm:
    type: postgres
    url: ${`+urlVar+`}
    sweep: 0s
    streams:
      deals: {object: sales.deals, cursor: updated_at}
`), 0o600)
}

// figures are by which two sides are compared.
type figures struct {
	rows int64
	sum  string
}

// figuresSQL has an exact sum: amounts are text.
const figuresSQL = "SELECT count(*), CAST(coalesce(sum(CAST(amount AS DECIMAL(14,2))), 0) AS DECIMAL(38,2))::VARCHAR FROM "

// sameFiles compares what has landed first with the other Parquet.
func sameFiles(ctx context.Context, o options) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	var both [2]figures
	for i, files := range []string{filepath.Join(o.projectDir(), "lake/raw/crm/deals/*/*.parquet"), o.parquet()} {
		if err := db.QueryRowContext(ctx, figuresSQL+"'"+files+"'").Scan(&both[i].rows, &both[i].sum); err != nil {
			return fmt.Errorf("%s: %w", files, err)
		}
	}
	return same("landed", both[0], "copied", both[1])
}

// sameCurrent compares the lake's current rows with the table.
func sameCurrent(ctx context.Context, o options, t *table) error {
	l, err := lake.Open(filepath.Join(o.projectDir(), "lake"), lake.Options{})
	if err != nil {
		return err
	}
	parts, err := l.Parts(ctx, "crm", "deals", time.Time{})
	if err != nil {
		return err
	}
	conn, relation, done, err := current.Of(l)(ctx, parts)
	if err != nil {
		return err
	}
	defer done()
	var ours figures
	if err := conn.QueryRowContext(ctx, figuresSQL+relation).Scan(&ours.rows, &ours.sum); err != nil {
		return err
	}
	theirs, err := t.figures(ctx)
	if err != nil {
		return err
	}
	return same("in the lake", ours, "in the table", theirs)
}

func same(name string, a figures, other string, b figures) error {
	if a != b {
		return fmt.Errorf("%d rows with amounts of %s are %s, %d with %s %s: they differ", a.rows, a.sum, name, b.rows, b.sum, other)
	}
	return nil
}
