package catalogue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Check binds every metric against the warehouse's facts without computing it, and reports all that is wrong: a fact or column that
// is not there, SQL that does not parse, money that would pass through a double.
func (c *Catalogue) Check(ctx context.Context, conn *sql.Conn) error {
	var problems []error
	for _, byFact := range group(c.Metrics, func(m *Metric) string { return m.Fact }) {
		f, err := readFact(ctx, conn, byFact[0].Fact)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %s: %w", byFact[0].At, byFact[0].ID, err))
			continue
		}
		for _, m := range byFact {
			problems = append(problems, f.checkColumns(m), checkTypes(ctx, conn, f, m))
		}
	}
	return errors.Join(problems...)
}

// checkTypes binds one metric and looks at the types of its money.
func checkTypes(ctx context.Context, conn *sql.Conn, f fact, m *Metric) error {
	b := newBatch(f, []*Metric{m}, setsOf(m.Grains, m.storedCuts())[:1])
	if _, err := conn.ExecContext(ctx, "EXPLAIN "+b.generate().sql()); err != nil {
		return fmt.Errorf("%s: %s: %w", m.At, m.ID, err)
	}
	exprs := m.moneySQL()
	if len(exprs) == 0 {
		return nil
	}
	rows, err := conn.QueryContext(ctx, "DESCRIBE SELECT "+strings.Join(exprs, ", ")+" FROM "+m.Fact)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", m.At, m.ID, err)
	}
	defer rows.Close()
	for i := 0; rows.Next(); i++ {
		var name, kind string
		var rest [4]any
		if err := rows.Scan(&name, &kind, &rest[0], &rest[1], &rest[2], &rest[3]); err != nil {
			return fmt.Errorf("%s: %s: %w", m.At, m.ID, err)
		}
		if kind == "DOUBLE" || kind == "FLOAT" {
			return fmt.Errorf("%s: %s: %s is a %s, and money must stay exact (use money_mul, money_div and sums of DECIMAL)", m.At, m.ID, exprs[i], kind)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %s: %w", m.At, m.ID, err)
	}
	return nil
}

// moneySQL are the aggregates of a metric that are money.
func (m *Metric) moneySQL() []string {
	var out []string
	add := func(sql string) {
		if sql != "" {
			out = append(out, sql)
		}
	}
	switch {
	case m.Unit == Money && m.Kind == SumDistinct:
		add("max(" + m.Of + ")")
	case m.Unit == Money:
		add(m.Value)
		add(m.Numerator)
		add(m.Denominator)
	case m.Kind == Ratio && m.Of == string(Money):
		add(m.Numerator)
		add(m.Denominator)
	}
	add(m.ProjectedBase)
	return out
}
