// Package digest gives tables a fingerprint of their rows, in no order, so that two warehouses can be compared. It says that tables differ,
// never where.
package digest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/big"
	"strings"
)

// Querier is a *sql.DB, *sql.Conn or *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Table is the fingerprint of a table's columns and rows. Equal rows give equal digests whatever order they are stored in; a row that is
// there twice counts twice.
func Table(ctx context.Context, db Querier, name string) (string, error) {
	columns, err := describe(ctx, db, name)
	if err != nil {
		return "", err
	}
	texts := make([]string, len(columns))
	var head strings.Builder
	for i, c := range columns {
		// The length keeps ('a', 'bc') apart from ('ab', 'c'), and null from every text.
		text := "CAST(" + quote(c.name) + " AS VARCHAR)"
		texts[i] = "coalesce(length(" + text + ") || ':' || " + text + ", '-')"
		head.WriteString(c.name + " " + c.typ + "\n")
	}
	// The rows' MD5s are added up as four numbers of 32 bits: sums know no order.
	var rows int64
	sums := make([]*big.Int, 4)
	query := "SELECT count(*), sum(hi >> 32), sum(hi & 4294967295), sum(lo >> 32), sum(lo & 4294967295) FROM (SELECT md5_number_upper(line) AS hi, md5_number_lower(line) AS lo FROM (SELECT " +
		strings.Join(texts, " || ") + " AS line FROM " + name + "))"
	into := []any{&rows}
	for i := range sums {
		into = append(into, &sums[i])
	}
	if err := db.QueryRowContext(ctx, query).Scan(into...); err != nil {
		return "", fmt.Errorf("digest of %s: %w", name, err)
	}
	fmt.Fprintf(&head, "%d %v", rows, sums)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(head.String()))), nil
}

// Database is the fingerprint of every table and view outside the schemas left out, by schema.table.
func Database(ctx context.Context, db Querier, without ...string) (map[string]string, error) {
	names, err := tables(ctx, db, without)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range names {
		if out[name], err = Table(ctx, db, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func tables(ctx context.Context, db Querier, without []string) ([]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = current_database() ORDER BY ALL`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	skip := map[string]bool{}
	for _, schema := range without {
		skip[schema] = true
	}
	var names []string
	for rows.Next() {
		var schema, table string
		if err := rows.Scan(&schema, &table); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		if !skip[schema] {
			names = append(names, schema+"."+table)
		}
	}
	return names, rows.Err()
}

type column struct{ name, typ string }

func describe(ctx context.Context, db Querier, name string) ([]column, error) {
	rows, err := db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+name+")")
	if err != nil {
		return nil, fmt.Errorf("digest of %s: %w", name, err)
	}
	defer rows.Close()
	var out []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.typ); err != nil {
			return nil, fmt.Errorf("digest of %s: %w", name, err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
