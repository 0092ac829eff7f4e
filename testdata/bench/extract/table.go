package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// columns of the table.
const columns = 11

// asOf is the day of every run.
const asOf = "2026-09-30"

// table is sales.deals. Its rows are the same each time: they come from their numbers.
type table struct {
	*pgx.Conn
}

func newTable(ctx context.Context, url string, rows int64) (*table, error) {
	say("writing %d rows …", rows)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		`CREATE SCHEMA sales`,
		`CREATE UNLOGGED TABLE sales.deals (id bigint NOT NULL, name text NOT NULL, partner_id text, stage text NOT NULL, amount numeric(14,2), currency char(3) NOT NULL,
	owner text NOT NULL, next_step text, created_at timestamptz NOT NULL, closed_at timestamptz, updated_at timestamptz NOT NULL)`,
		fmt.Sprintf(`INSERT INTO sales.deals SELECT n, 'Company ' || a %% 200000 || ' – ' || (ARRAY['renewal', 'pilot', 'expansion', 'rollout'])[1 + a %% 4],
	CASE WHEN a %% 10 < 7 THEN 'P' || lpad((a %% 5000)::text, 5, '0') END, (ARRAY['qualified', 'proposal', 'negotiation', 'won', 'lost'])[1 + b %% 5],
	CASE WHEN b %% 20 > 0 THEN (b %% 100000000) / 100.0 END, (ARRAY['EUR', 'USD', 'GBP'])[1 + a %% 3], 'owner' || b %% 300 || '@example.com',
	CASE WHEN a %% 3 = 0 THEN 'call back about ' || md5(n::text) END, begun, CASE WHEN b %% 5 > 2 THEN begun + (b %% 9000000) * interval '1 second' END, begun + (b %% 9000001) * interval '1 second'
FROM (SELECT n, a, b, timestamptz '2024-01-01 00:00Z' + (a %% 63072000) * interval '1 second' + (b %% 1000000) * interval '1 microsecond' AS begun
	FROM (SELECT n, abs(hashint8(n)::bigint) AS a, abs(hashint8(-n)::bigint) AS b FROM generate_series(1, %d) AS n) AS mixed) AS dated`, rows),
		`ALTER TABLE sales.deals ADD PRIMARY KEY (id)`, `CREATE INDEX ON sales.deals (updated_at)`, `ANALYZE sales.deals`,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, statement)
		}
	}
	return &table{conn}, nil
}

// change changes 1 row in 100 and deletes 1 in 1,000.
func (t *table) change(ctx context.Context) error {
	for _, statement := range []string{
		"UPDATE sales.deals SET amount = amount + 1, updated_at = clock_timestamp() WHERE id % 100 = 7",
		"DELETE FROM sales.deals WHERE id % 1000 = 500",
	} {
		if _, err := t.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) figures(ctx context.Context) (f figures, err error) {
	err = t.QueryRow(ctx, "SELECT count(*), coalesce(sum(amount), 0)::numeric(38,2)::text FROM sales.deals").Scan(&f.rows, &f.sum)
	return f, err
}
