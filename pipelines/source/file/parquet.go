package file

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/tributary-data/tributary/pipelines/source"
)

// Lineage is what the lake adds to every row besides its line.
type Lineage struct {
	LoadID      string
	ExtractedAt time.Time
	SourceFile  string
}

// Column is a column of a Parquet file as it is copied, with DuckDB's name of its type.
type Column struct{ Name, Type string }

// CopyParquet copies a Parquet file to a path in the lake's shape: types kept, lineage added, the row's ordinal as its line. Types
// that a lake must not hold become the nearest that it may: instants and times finer than microseconds are cut to them, unsigned
// integers widened, UUID, TIME, INTERVAL and ENUM written as text.
func CopyParquet(ctx context.Context, f Found, to string, l Lineage) ([]Column, Content, error) {
	disk, err := openDisk(ctx, f)
	if err != nil {
		return nil, Content{}, err
	}
	defer disk.close()
	if f.Size == 0 {
		return nil, Content{}, inputError(f.Name, 0, "an export that failed looks like this: export it again, or remove it", "the file is empty")
	}
	content, err := disk.finish()
	if err != nil {
		return nil, Content{}, err
	}
	columns, err := copyParquet(ctx, disk, to, l)
	if changed := disk.unchanged(); changed != nil {
		return nil, Content{}, changed
	}
	return columns, content, err
}

func copyParquet(ctx context.Context, disk *diskReader, to string, l Lineage) ([]Column, error) {
	db, err := openDuckDB()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	path := disk.found.Abs
	if strings.ContainsAny(path, `*?[`) {
		path = fmt.Sprintf("/dev/fd/%d", disk.file.Fd()) // DuckDB would take it for a pattern
	}
	from := fmt.Sprintf("read_parquet(%s, file_row_number = true, hive_partitioning = false)", literal(path))
	columns, exprs, err := parquetColumns(ctx, db, disk.found.Name, from)
	if err != nil {
		return nil, err
	}
	exprs = append(exprs,
		literal(l.LoadID)+"::VARCHAR AS _load_id",
		fmt.Sprintf("make_timestamptz(%d) AS _extracted_at", l.ExtractedAt.UnixMicro()),
		literal(l.SourceFile)+"::VARCHAR AS _source_file",
		"(file_row_number + 1)::BIGINT AS _source_line",
		"NULL::VARCHAR AS _op")
	copying := fmt.Sprintf("COPY (SELECT %s FROM %s) TO %s (FORMAT parquet, COMPRESSION zstd)", strings.Join(exprs, ", "), from, literal(to))
	if _, err := db.ExecContext(ctx, copying); err != nil {
		return nil, fmt.Errorf("copying %s: %w", disk.found.Name, err)
	}
	return columns, nil
}

func openDuckDB() (*sql.DB, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	for _, setting := range []string{"SET threads = 2", "SET memory_limit = '1GB'", "SET temp_directory = ''", "SET TimeZone = 'UTC'"} {
		if _, err := db.Exec(setting); err != nil {
			return nil, errors.Join(fmt.Errorf("starting DuckDB: %w", err), db.Close())
		}
	}
	return db, nil
}

// parquetColumns describes the file: its columns as they will land and the expressions that land them.
func parquetColumns(ctx context.Context, db *sql.DB, name, from string) ([]Column, []string, error) {
	rows, err := db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * EXCLUDE (file_row_number) FROM "+from+")")
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", name, ctx.Err())
		}
		reason, _, _ := strings.Cut(err.Error(), "\n")
		return nil, nil, inputError(name, 0, "copy or export it again, or mend `format`", "it cannot be read as Parquet (%s)", reason)
	}
	defer rows.Close()
	var columns []Column
	var names, exprs []string
	for rows.Next() {
		var c Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", name, err)
		}
		expr := ident(c.Name)
		if lakeType := lakeType(c.Type); lakeType != c.Type {
			c.Type = lakeType
			expr = fmt.Sprintf("CAST(%s AS %s) AS %s", expr, lakeType, expr)
		}
		names = append(names, c.Name)
		columns = append(columns, c)
		exprs = append(exprs, expr)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if problem := checkNames(names); problem != "" {
		return nil, nil, inputError(name, 0, "rename it in the export", "%s", problem)
	}
	return columns, exprs, nil
}

// lakeType is the type in which a column lands: its own, unless Spark or Iceberg could not read it.
func lakeType(t string) string {
	switch {
	case t == "TIMESTAMP_NS" || t == "TIMESTAMP_MS" || t == "TIMESTAMP_S":
		return "TIMESTAMP"
	case t == "UTINYINT":
		return "SMALLINT"
	case t == "USMALLINT":
		return "INTEGER"
	case t == "UINTEGER":
		return "BIGINT"
	case t == "UBIGINT":
		return "DECIMAL(20,0)"
	case t == "HUGEINT" || t == "UHUGEINT":
		return "DECIMAL(38,0)"
	case t == "UUID" || t == "INTERVAL" || strings.HasPrefix(t, "TIME") && !strings.HasPrefix(t, "TIMESTAMP") || strings.HasPrefix(t, "ENUM"):
		return "VARCHAR"
	}
	return t
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// Sample is the beginning of a file.
type Sample struct {
	Format  Format
	Columns []string
	Rows    [][]*string // nil is null
	Rejects []source.Reject
}

// Peek reads the first rows of a file, for those who want to see what is in it.
func Peek(ctx context.Context, s Spec, f Found, rows int) (Sample, error) {
	out := Sample{Format: s.formatOf(f.Name)}
	if out.Format == Parquet {
		return peekParquet(ctx, f, rows)
	}
	in, err := Open(ctx, s, f)
	if err != nil {
		return out, err
	}
	defer in.Close()
	var b source.Batch
	for len(out.Rows) < rows {
		if err := in.Next(&b); err != nil {
			if len(out.Rows) == 0 {
				out.Columns = append(out.Columns, b.Names...)
			}
			return out, endIsFine(err)
		}
		out.Columns = append(out.Columns[:0], b.Names...)
		out.Rejects = append(out.Rejects, b.Rejects...)
		out.Rows = append(out.Rows, b.Texts(rows-len(out.Rows))...)
	}
	return out, nil
}

func peekParquet(ctx context.Context, f Found, limit int) (Sample, error) {
	out := Sample{Format: Parquet}
	db, err := openDuckDB()
	if err != nil {
		return out, err
	}
	defer db.Close()
	from := fmt.Sprintf("read_parquet(%s, file_row_number = true, hive_partitioning = false)", literal(f.Abs))
	columns, _, err := parquetColumns(ctx, db, f.Name, from)
	if err != nil {
		return out, err
	}
	exprs := make([]string, len(columns))
	for i, c := range columns {
		out.Columns = append(out.Columns, c.Name)
		exprs[i] = ident(c.Name) + "::VARCHAR"
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s LIMIT %d", strings.Join(exprs, ", "), from, limit))
	if err != nil {
		return out, fmt.Errorf("reading %s: %w", f.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		values := make([]*string, len(columns))
		places := make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return out, fmt.Errorf("reading %s: %w", f.Name, err)
		}
		out.Rows = append(out.Rows, values)
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("reading %s: %w", f.Name, err)
	}
	return out, nil
}
