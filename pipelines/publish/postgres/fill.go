package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Table is a table of the warehouse and what it is called for readers.
type Table struct {
	Schema, Name string // in the warehouse
	As           string // in PostgreSQL
	Public       bool   // holds nothing of anybody: every reader may read all of it
	Columns      []Column
}

// Column of a published table, with PostgreSQL's type.
type Column struct{ Name, Type string }

// owner is the column that says whose row it is; empty where rows are nobody's in particular.
func (t Table) owner() string {
	switch {
	case t.has("partner"):
		return "partner"
	case t.Schema == "core" && t.Name == "partner":
		return "partner_id"
	}
	return ""
}

func (t Table) has(column string) bool {
	for _, c := range t.Columns {
		if c.Name == column {
			return true
		}
	}
	return false
}

// Marts are the schemas of a warehouse that readers get: facts and values, dimensions, what is owed, rules and records of the night.
// Staging stays behind: it holds names and addresses.
func Marts() []string { return []string{"metrics", "core", "incentives", "program", "ops"} }

// Records are the schemas of the file that has the records of all runs.
func Records() []string { return []string{"ops"} }

// Tables lists what a warehouse has to publish.
func Tables(ctx context.Context, db *sql.DB, schemas []string) ([]Table, error) {
	rows, err := db.QueryContext(ctx, `SELECT c.table_schema, c.table_name, c.column_name, c.data_type
		FROM information_schema.columns AS c
		JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_catalog = current_database() AND list_contains(string_split(?, ','), c.table_schema)
		ORDER BY c.table_schema, c.table_name, c.ordinal_position`, strings.Join(schemas, ","))
	if err != nil {
		return nil, fmt.Errorf("list the tables of the warehouse: %w", err)
	}
	defer rows.Close()
	var out []Table
	for rows.Next() {
		var schema, name, column, kind string
		if err := rows.Scan(&schema, &name, &column, &kind); err != nil {
			return nil, fmt.Errorf("list the tables of the warehouse: %w", err)
		}
		if n := len(out); n == 0 || out[n-1].Schema != schema || out[n-1].Name != name {
			out = append(out, Table{Schema: schema, Name: name, As: publicName(schemas, schema, name), Public: public(schema, name)})
		}
		typed, err := pgType(kind)
		if err != nil {
			return nil, fmt.Errorf("%s.%s.%s: %w", schema, name, column, err)
		}
		last := &out[len(out)-1]
		last.Columns = append(last.Columns, Column{column, typed})
	}
	return out, wrap(rows.Err(), "list the tables of the warehouse")
}

// publicName keeps the names of metrics and core, and where there is one schema alone; of the others it says where they come from.
func publicName(all []string, schema, name string) string {
	if len(all) == 1 || schema == "metrics" || schema == "core" {
		return name
	}
	return schema + "_" + name
}

// public names the tables that say what words mean, and hold nothing of any partner.
func public(schema, name string) bool {
	switch schema + "." + name {
	case "metrics.definition", "metrics.quarter", "program.fiscal_period", "program.fiscal_day", "program.stage", "program.param":
		return true
	}
	return false
}

func pgType(duck string) (string, error) {
	switch base, _, _ := strings.Cut(duck, "("); base {
	case "VARCHAR", "UUID":
		return "text", nil
	case "BOOLEAN":
		return "boolean", nil
	case "INTEGER", "SMALLINT", "TINYINT":
		return "integer", nil
	case "BIGINT", "UINTEGER":
		return "bigint", nil
	case "HUGEINT", "UBIGINT":
		return "numeric", nil
	case "DOUBLE", "FLOAT":
		return "double precision", nil
	case "DECIMAL":
		return strings.Replace(strings.ToLower(duck), "decimal", "numeric", 1), nil
	case "DATE":
		return "date", nil
	case "TIME":
		return "time", nil
	case "TIMESTAMP":
		return "timestamp", nil
	case "TIMESTAMP WITH TIME ZONE":
		return "timestamptz", nil
	}
	return "", fmt.Errorf("no PostgreSQL type for %s: cast the column to a plain type in its model", duck) //nolint:err113 // said once
}

// Progress hears which table is being copied.
type Progress func(done, all int, table string)

// Fill copies the named schemas of a warehouse into a schema of its own that nobody looks into yet, with its indexes, statistics, rights and policies.
// Temporary files go to dir. A schema of that name from an attempt before is replaced; one that is half filled says of itself that it is no night.
func (t *Target) Fill(ctx context.Context, db *sql.DB, from []string, schema, dir string, n Night, progress Progress) error {
	tables, err := Tables(ctx, db, from)
	if err != nil {
		return err
	}
	if err := t.roles(ctx); err != nil {
		return err
	}
	if err := t.Drop(ctx, schema); err != nil {
		return err
	}
	if err := t.exec(ctx, "create schema "+schema, "CREATE SCHEMA "+ident(schema),
		"CREATE TABLE "+ident(schema, "publication")+" (commit bigint, as_of date NOT NULL, known_at timestamptz NOT NULL, run_id text NOT NULL, file text NOT NULL)"); err != nil {
		return err
	}
	if err := t.secure(ctx, schema); err != nil {
		return err
	}
	for i, table := range tables {
		if progress != nil {
			progress(i, len(tables), table.As)
		}
		if err := t.copyTable(ctx, db, schema, dir, table); err != nil {
			return fmt.Errorf("publish %s.%s: %w", table.Schema, table.Name, err)
		}
	}
	marked := slices.ContainsFunc(tables, func(table Table) bool { return table.As == "definition" && table.has("is_own") })
	for _, table := range tables {
		if err := t.exec(ctx, "secure "+table.As, t.policies(ident(schema, table.As), table, marked)...); err != nil {
			return err
		}
	}
	if err := t.open(ctx, schema); err != nil {
		return err
	}
	_, err = t.conn.Exec(ctx, "INSERT INTO "+ident(schema, "publication")+" (as_of, known_at, run_id, file) VALUES ($1::text::date, $2, $3, $4)",
		n.AsOf, n.KnownAt, n.RunID, n.File)
	return wrap(err, "finish schema "+schema)
}

func (t *Target) copyTable(ctx context.Context, db *sql.DB, schema, dir string, table Table) error {
	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, ident(c.Name)+" "+c.Type)
	}
	name := ident(schema, table.As)
	if err := t.exec(ctx, "create", "CREATE TABLE "+name+" ("+strings.Join(columns, ", ")+")"); err != nil {
		return err
	}
	if err := t.copyRows(ctx, db, dir, table, name); err != nil {
		return err
	}
	for _, on := range indexes(table) {
		if err := t.exec(ctx, "index", "CREATE INDEX ON "+name+" ("+on+")"); err != nil {
			return err
		}
	}
	return t.exec(ctx, "analyze", "ANALYZE "+name)
}

// copyRows sends the rows as CSV, which both databases write and read exactly: a decimal by its digits, null unquoted and empty.
func (t *Target) copyRows(ctx context.Context, db *sql.DB, dir string, table Table, name string) error {
	path := filepath.Join(dir, "publish-"+table.As+".csv")
	defer func() { _ = os.Remove(path) }() // its folder goes with the night
	text := strings.ReplaceAll(path, "'", "''")
	if _, err := db.ExecContext(ctx, "COPY "+ident(table.Schema, table.Name)+" TO '"+text+"' (FORMAT csv, HEADER false, FORCE_QUOTE *, QUOTE '\"', ESCAPE '\"')"); err != nil {
		return fmt.Errorf("read from the warehouse: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read from the warehouse: %w", err)
	}
	defer file.Close()
	return t.send(ctx, file, name)
}

func (t *Target) send(ctx context.Context, from io.Reader, name string) error {
	_, err := t.conn.PgConn().CopyFrom(ctx, from, "COPY "+name+" FROM STDIN (FORMAT csv)")
	return wrap(err, "copy into PostgreSQL")
}

// indexes are what panels look rows up by.
func indexes(table Table) []string {
	var out []string
	if table.has("metric_id") && table.has("grain") {
		out = append(out, "metric_id, grain, period_start")
	}
	if table.owner() != "" {
		out = append(out, table.owner())
	}
	if table.has("anchor_at") {
		out = append(out, "anchor_at")
	}
	if table.has("deal_id") {
		out = append(out, "deal_id")
	}
	if table.has("state") {
		out = append(out, "state")
		if table.has("deadline_at") {
			out = append(out, "deadline_at")
		}
	}
	if table.has("entity_key") && !table.has("anchor_at") {
		out = append(out, "entity, entity_key")
	}
	return out
}

// exec runs statements, one after the other.
func (t *Target) exec(ctx context.Context, what string, statements ...string) error {
	for _, s := range statements {
		if _, err := t.conn.Exec(ctx, s, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}
