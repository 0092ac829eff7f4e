package movement

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/transforms/warehouse"
)

// Pair is two warehouses, open for reading side by side on one connection.
type Pair struct {
	From, To Night
	file     *warehouse.File
	conn     *sql.Conn
	catalogs [2]string // names of the databases: before, after
	rules    []string  // tables of rules that differ; nil while the rules are the same
	columns  map[string][]string
}

// The sides of a pair.
const (
	before = 0
	after  = 1
)

// Open opens two warehouse files. Close the pair.
func Open(ctx context.Context, fromPath, toPath string, s warehouse.Settings) (*Pair, error) {
	file, err := warehouse.OpenReadOnly(ctx, toPath, s)
	if err != nil {
		return nil, err
	}
	p := &Pair{file: file}
	if p.conn, err = file.DB.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", toPath, err), file.Close())
	}
	if err := p.attach(ctx, fromPath, toPath); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close closes both files.
func (p *Pair) Close() error { return errors.Join(p.conn.Close(), p.file.Close()) }

// earlier is what the older file is called beside the newer one.
const earlier = "tributary_before"

func (p *Pair) attach(ctx context.Context, fromPath, toPath string) error {
	p.catalogs[before] = earlier
	if err := p.conn.QueryRowContext(ctx, "SELECT current_database()").Scan(&p.catalogs[after]); err != nil {
		return fmt.Errorf("open %s: %w", toPath, err)
	}
	if err := p.exec(ctx, "open "+fromPath, "ATTACH "+text(fromPath)+" AS "+earlier+" (READ_ONLY)"); err != nil {
		return err
	}
	for side, path := range []string{fromPath, toPath} {
		night, err := p.night(ctx, side)
		if err != nil {
			return fmt.Errorf("read which night %s is: %w", path, err)
		}
		night.File = filepath.Base(path)
		if side == before {
			p.From = night
		} else {
			p.To = night
		}
	}
	if err := p.readColumns(ctx); err != nil {
		return err
	}
	return p.readRules(ctx)
}

func (p *Pair) night(ctx context.Context, side int) (n Night, err error) {
	if err := p.use(ctx, side); err != nil {
		return n, err
	}
	err = p.conn.QueryRowContext(ctx, `SELECT CAST(m.as_of AS VARCHAR), m.reporting_tz, m.known_at, coalesce(max(r.run_id), ''), coalesce(max(r.program_hash), ''), coalesce(max(r.version), '')
		FROM program.param AS m LEFT JOIN ops.run AS r ON true GROUP BY ALL`).Scan(&n.AsOf, &n.Zone, &n.KnownAt, &n.RunID, &n.Program, &n.Version)
	return n, err
}

// use makes one of the files the one that names without a database mean.
func (p *Pair) use(ctx context.Context, side int) error {
	return p.exec(ctx, "read a warehouse", "USE "+ident(p.catalogs[side]))
}

func (p *Pair) exec(ctx context.Context, what string, statements ...string) error {
	for _, s := range statements {
		if _, err := p.conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// texts reads a column of text.
func (p *Pair) texts(ctx context.Context, what, query string) ([]string, error) {
	rows, err := p.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

// readColumns notes which columns every table has in both files: the older one may be of an older version of this program.
func (p *Pair) readColumns(ctx context.Context) error {
	rows, err := p.conn.QueryContext(ctx, fmt.Sprintf(`SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns()
		WHERE schema_name IN ('staging', 'program') AND database_name IN (%s, %s)
		GROUP BY schema_name, table_name, column_name HAVING count(DISTINCT database_name) = 2 ORDER BY ALL`, text(p.catalogs[before]), text(p.catalogs[after])))
	if err != nil {
		return fmt.Errorf("compare the columns of two nights: %w", err)
	}
	defer rows.Close()
	p.columns = map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return fmt.Errorf("compare the columns of two nights: %w", err)
		}
		p.columns[table] = append(p.columns[table], column)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("compare the columns of two nights: %w", err)
	}
	return nil
}

// shared are the columns that a table has in both files; none when one of them has no such table.
func (p *Pair) shared(schema, table string) []string {
	return slices.Clone(p.columns[schema+"."+table])
}

// in names a table of one side.
func (p *Pair) in(side int, schema, table string) string {
	return ident(p.catalogs[side]) + "." + ident(schema) + "." + ident(table)
}

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
