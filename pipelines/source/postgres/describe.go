package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tributary-data/tributary/pipelines/source"
)

// relation is a table as the catalogue has it.
type relation struct {
	oid          uint32
	schema, name string
	readable     bool // all of it
	usable       bool // its schema
	filtered     bool // row-level security hides rows from the login
	rows         float32
	columns      []column
	key          []string
}

// column is a column as the catalogue has it.
type column struct {
	name, typ string
	base      string // name of the type below domains
	category  string // pg_type.typcategory
	notNull   bool
	readable  bool
}

func (r relation) quoted() string { return pgx.Identifier{r.schema, r.name}.Sanitize() }

func (r relation) origin() string { return "postgres:" + r.schema + "." + r.name }

func (r relation) column(name string) (column, bool) {
	for _, c := range r.columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

// find looks a stream's object up; pg_catalog may be read by everybody, so that what is missing can be named.
func (c *connector) find(ctx context.Context, conn *pgx.Conn, s source.Stream) (r relation, err error) {
	schema, name, err := splitName(s.ObjectName())
	if err != nil {
		return r, fmt.Errorf("%w: %w", source.ErrConfig, err)
	}
	err = conn.QueryRow(ctx, `SELECT c.oid, n.nspname, c.relname, has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),
	CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN row_security_active(c.oid) ELSE false END, c.reltuples
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = $2 AND CASE WHEN $1 = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END`,
		schema, name).Scan(&r.oid, &r.schema, &r.name, &r.usable, &r.readable, &r.filtered, &r.rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, c.notThere(ctx, conn, s.ObjectName(), name)
	}
	if err != nil {
		return r, err
	}
	if r.columns, err = columnsOf(ctx, conn, r.oid); err != nil {
		return r, err
	}
	r.key, err = keyOf(ctx, conn, r.oid)
	return r, err
}

// notThere says that a table is missing, and which have a name like it.
func (c *connector) notThere(ctx context.Context, conn *pgx.Conn, object, name string) error {
	rows, err := conn.Query(ctx, `SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND lower(c.relname) = lower($1) ORDER BY 1`, name)
	if err != nil {
		return err
	}
	near, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	hint := "`tributary source describe` lists what there is"
	if len(near) > 0 {
		hint = "there is " + strings.Join(near, ", ")
	}
	return fmt.Errorf("%w: table %s (%s)", source.ErrConfig, object, hint)
}

func columnsOf(ctx context.Context, conn *pgx.Conn, table uint32) ([]column, error) {
	rows, err := conn.Query(ctx, `WITH RECURSIVE base AS (
	SELECT oid, oid AS below, typtype, typbasetype FROM pg_type
	UNION ALL SELECT base.oid, t.oid, t.typtype, t.typbasetype FROM base JOIN pg_type AS t ON t.oid = base.typbasetype WHERE base.typtype = 'd')
SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typname, t.typcategory::text, a.attnotnull, has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_attribute AS a JOIN base ON base.oid = a.atttypid AND base.typtype <> 'd' JOIN pg_type AS t ON t.oid = base.below
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c column, err error) {
		err = row.Scan(&c.name, &c.typ, &c.base, &c.category, &c.notNull, &c.readable)
		return c, err
	})
}

// keyOf is the primary key, else the first unique index over columns that cannot be null.
func keyOf(ctx context.Context, conn *pgx.Conn, table uint32) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT a.attname FROM (
	SELECT i.indrelid, i.indkey, i.indnkeyatts FROM pg_index AS i
	WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
		AND NOT EXISTS (SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) AND NOT a.attnotnull)
	ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1) AS i
CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum ORDER BY k.place`, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Describe is what the catalogue says. A column that says when a row was changed is not guessed: one that nobody keeps would hide changes.
func (c *connector) Describe(ctx context.Context, s source.Stream) (d source.Description, err error) {
	err = c.with(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		r, err := c.find(ctx, conn, s)
		if err == nil && s.Cursor != "" {
			err = r.checkCursor(s.Cursor)
		}
		if err != nil {
			return err
		}
		d = source.Description{Origin: r.origin(), Key: r.key, Deletes: source.DeletesByKeys}
		for _, col := range r.columns {
			f := source.Field{Name: col.name, Type: col.typ, Kind: col.kind()}
			if !r.usable {
				f.Denied = c.grantSchema(r)
			} else if !col.readable {
				f.Denied = c.grant(r, col.name)
			}
			d.Fields = append(d.Fields, f)
		}
		if r.rows > 0 {
			d.Rows = source.Told{Known: true, Rows: int64(r.rows)}
		}
		return nil
	})
	return d, err
}

func (r relation) checkCursor(name string) error {
	col, found := r.column(name)
	if found && col.cursor() == "" {
		return fmt.Errorf("%w: cursor %s of %s is %s, and says no instant: a timestamp or a date is needed; without one leave `cursor` out, then the table is read whole", source.ErrConfig, name, r.origin(), col.typ)
	}
	return nil // one that is not there is said with the other fields
}

func (c *connector) grant(r relation, columns ...string) string {
	quoted := make([]string, len(columns))
	for i, name := range columns {
		quoted[i] = quote(name)
	}
	return fmt.Sprintf("GRANT SELECT (%s) ON %s TO %s;", strings.Join(quoted, ", "), r.quoted(), quote(c.config.User))
}

func (c *connector) grantSchema(r relation) string {
	return fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s;", quote(r.schema), quote(c.config.User))
}

// kind is the family of a type.
func (c column) kind() source.Kind {
	switch {
	case c.category == "A":
		return source.JSON
	case c.category == "B":
		return source.Boolean
	case c.category == "N" && !strings.HasPrefix(c.base, "reg") && c.base != "oid":
		return source.Number
	case c.base == "timestamptz":
		return source.Instant
	case c.base == "timestamp":
		return source.Local
	case c.base == "date":
		return source.Date
	case c.base == "json", c.base == "jsonb", c.category == "C":
		return source.JSON
	case c.category == "S", c.category == "E", c.base == "uuid":
		return source.Text
	}
	return source.Other
}

// read is the expression that gives the column's value as text, exactly.
func (c column) read() string {
	name := quote(c.name)
	switch {
	case c.category == "A" || c.category == "C":
		return "to_json(" + name + ")::text"
	case c.category == "B":
		return name + "::boolean::text"
	case c.base == "money":
		return name + "::numeric::text"
	}
	return name + "::text"
}

// cursor is the type by which the column can be compared with instants; empty for none.
func (c column) cursor() string {
	switch c.base {
	case "timestamptz", "timestamp", "date":
		return c.base
	}
	return ""
}

// Objects lists tables and views that the login can see.
func (c *connector) Objects(ctx context.Context) (out []source.Object, err error) {
	err = c.with(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),
	CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END, c.reltuples
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_temp%'
	AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (source.Object, error) {
			var o source.Object
			var tuples float32
			err := row.Scan(&o.Name, &o.Kind, &tuples)
			if o.Rows = int64(tuples); o.Kind == "view" || tuples < 0 {
				o.Rows = -1
			}
			return o, err
		})
		return err
	})
	return out, err
}
