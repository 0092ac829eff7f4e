package catalogue

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// largeFact is the number of rows from which a fact is worked through in pieces, with its steps kept as temporary tables.
// Below it one statement per batch is faster, because planning then costs more than rows do.
const largeFact = 20_000

// Store computes every metric and replaces metrics.metric_value, metrics.group_value and metrics.definition. It is no transaction, because a transaction
// would hold every intermediate table to its end: readers must not look at a warehouse that is being built.
func (c *Catalogue) Store(ctx context.Context, conn *sql.Conn) error {
	if err := c.describe(ctx, conn); err != nil {
		return err
	}
	missing, err := c.missingSources(ctx, conn, c.Metrics)
	if err != nil {
		return err
	}
	if err := insertNoSource(ctx, conn, missing); err != nil {
		return err
	}
	present := slices.DeleteFunc(slices.Clone(c.Metrics), func(m *Metric) bool { return slices.Contains(missing, m) })
	for _, byFact := range group(present, func(m *Metric) string { return m.Fact }) {
		if err := c.storeFact(ctx, conn, byFact); err != nil {
			return err
		}
	}
	if err := assertKeys(ctx, conn); err != nil {
		return err
	}
	return execute(ctx, conn, "set the figures of partner groups apart",
		"INSERT INTO metrics.group_value SELECT * FROM metrics.metric_value WHERE "+isGroup, "DELETE FROM metrics.metric_value WHERE "+isGroup)
}

const isGroup = "partner_type IS NOT NULL AND program_tier IS NOT NULL"

// executer is a connection or a whole database.
type executer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// CreateEmpty makes the tables that Store fills, so that models can be bound before there are values.
func CreateEmpty(ctx context.Context, db executer) error {
	var columns []string
	for _, col := range valueColumns() {
		columns = append(columns, col[0]+" "+col[1])
	}
	return execute(ctx, db, "create metrics.metric_value",
		"CREATE SCHEMA IF NOT EXISTS metrics",
		"CREATE OR REPLACE TABLE metrics.metric_value ("+strings.Join(columns, ", ")+")",
		"CREATE OR REPLACE TABLE metrics.group_value ("+strings.Join(columns, ", ")+")",
		`CREATE OR REPLACE TABLE metrics.definition (metric_id VARCHAR, definition_version INTEGER, result VARCHAR, title VARCHAR,
			description VARCHAR, unit VARCHAR, better VARCHAR, kind VARCHAR, fact VARCHAR, always VARCHAR, dims VARCHAR, grains VARCHAR, is_own BOOLEAN)`)
}

// describe stores the definitions beside the values, for those who read the warehouse alone.
func (c *Catalogue) describe(ctx context.Context, conn *sql.Conn) error {
	if err := CreateEmpty(ctx, conn); err != nil {
		return err
	}
	for _, m := range c.Metrics {
		_, err := conn.ExecContext(ctx, "INSERT INTO metrics.definition VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			m.ID, m.DefinitionVersion, m.Result, m.Title, m.Description, string(m.Unit), m.Better, string(m.Kind), m.Fact,
			strings.Join(m.Always, ","), strings.Join(m.Dims, ","), strings.Join(m.Grains, ","), m.isOwn())
		if err != nil {
			return fmt.Errorf("store the definition of %s: %w", m.ID, err)
		}
	}
	return nil
}

// isOwn says whether a partner's value is made of its own rows alone: a share of the company's total tells what the total is.
func (m *Metric) isOwn() bool { return !m.DenominatorOfTotal && !m.DenominatorUncut }

// storeFact computes the metrics of one fact.
func (c *Catalogue) storeFact(ctx context.Context, conn *sql.Conn, metrics []*Metric) error {
	f, err := readFact(ctx, conn, metrics[0].Fact)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", metrics[0].At, metrics[0].ID, err)
	}
	for _, m := range metrics {
		if err := f.checkColumns(m); err != nil {
			return err
		}
	}
	if f.rows >= c.largeFact {
		return storeLarge(ctx, conn, f, metrics)
	}
	for _, b := range batches(f, metrics) {
		if err := execute(ctx, conn, b.what(), insert(b.generate().sql())); err != nil {
			return err
		}
	}
	return nil
}

// storeLarge keeps the base and every step as temporary tables, so that no step is worked out twice and none is held in memory whole.
func storeLarge(ctx context.Context, conn *sql.Conn, f fact, metrics []*Metric) error {
	var sets []set
	for _, m := range metrics {
		sets = append(append(sets, m.storedSets()...), m.groupSets()...)
	}
	base := step{"t_base", []string{f.baseSQL(metrics, sets)}}
	if err := materialise(ctx, conn, "prepare "+f.name, base); err != nil {
		return err
	}
	for _, b := range batches(f, metrics) {
		b.perPart = 1
		s := b.generate()
		if err := materialise(ctx, conn, b.what(), s.steps...); err != nil {
			return err
		}
		if err := execute(ctx, conn, b.what(), insert(strings.Join(s.rows, "\nUNION ALL\n"))); err != nil {
			return err
		}
		if err := drop(ctx, conn, s.steps...); err != nil {
			return err
		}
	}
	return drop(ctx, conn, base)
}

func materialise(ctx context.Context, conn *sql.Conn, what string, steps ...step) error {
	for _, s := range steps {
		for i, part := range s.parts {
			into := "INSERT INTO " + s.name + "\n"
			if i == 0 {
				into = "CREATE OR REPLACE TEMP TABLE " + s.name + " AS\n"
			}
			if err := execute(ctx, conn, what, into+part); err != nil {
				return err
			}
		}
	}
	return nil
}

func drop(ctx context.Context, conn *sql.Conn, steps ...step) error {
	for _, s := range steps {
		if err := execute(ctx, conn, "drop "+s.name, "DROP TABLE IF EXISTS temp."+s.name); err != nil {
			return err
		}
	}
	return nil
}

func insert(rows string) string { return "INSERT INTO metrics.metric_value\n" + rows }

func execute(ctx context.Context, conn executer, what string, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// batches groups the metrics of a fact that can be computed in one pass, over the sets that are stored.
func batches(f fact, metrics []*Metric) []*batch {
	var out []*batch
	for _, same := range group(metrics, (*Metric).passKey) {
		out = append(out, newBatch(f, same, append(same[0].storedSets(), same[0].groupSets()...)))
	}
	return out
}

func newBatch(f fact, metrics []*Metric, sets []set) *batch {
	return &batch{fact: f, metrics: metrics, sets: sets, dims: dimsOf(sets)}
}

// passKey is equal for metrics over the same rows and groups.
func (m *Metric) passKey() string {
	return strings.Join([]string{
		m.Fact, m.Where, m.excludedSQL(), m.creates(), m.Distinct,
		strings.Join(inOrder(m.Always), ","), strings.Join(inOrder(m.Dims), ","), strings.Join(grainsOf(setsOf(m.Grains, [][]string{nil})), ","),
	}, "\x00")
}

// what names a batch in errors.
func (b *batch) what() string {
	ids := make([]string, len(b.metrics))
	for i, m := range b.metrics {
		ids[i] = m.ID
	}
	return fmt.Sprintf("%s: compute %s from %s", b.metrics[0].At, strings.Join(ids, ", "), b.fact.name)
}

// group splits metrics by key, keeping their order.
func group(metrics []*Metric, key func(*Metric) string) [][]*Metric {
	var out [][]*Metric
	at := map[string]int{}
	for _, m := range metrics {
		k := key(m)
		i, seen := at[k]
		if !seen {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], m)
	}
	return out
}

// assertKeys makes sure that no key is there twice: a fact that is not at its declared grain would show here.
func assertKeys(ctx context.Context, conn *sql.Conn) error {
	var id, grain, dims string
	var times int64
	err := conn.QueryRowContext(ctx, `SELECT metric_id, grain, dims, count(*) FROM metrics.metric_value
		GROUP BY metric_id, grain, period_start, dims HAVING count(*) > 1 ORDER BY ALL LIMIT 1`).Scan(&id, &grain, &dims, &times)
	switch {
	case err == sql.ErrNoRows:
		return nil
	case err != nil:
		return fmt.Errorf("check the keys of metrics.metric_value: %w", err)
	}
	return fmt.Errorf("metrics.metric_value has %d rows for %s, grain %s, dims %s: the key must be unique", times, id, grain, dims)
}
