package catalogue

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// sources says what the configuration maps.
type sources struct {
	mapped     map[string]bool // entity, and entity.field
	incentives bool
}

func readSources(ctx context.Context, conn *sql.Conn) (sources, error) {
	s := sources{mapped: map[string]bool{}}
	rows, err := conn.QueryContext(ctx, "SELECT DISTINCT entity, field FROM staging.mapped")
	if err != nil {
		return s, fmt.Errorf("read which fields are mapped: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var entity string
		var field sql.NullString
		if err := rows.Scan(&entity, &field); err != nil {
			return s, fmt.Errorf("read which fields are mapped: %w", err)
		}
		s.mapped[entity] = true
		s.mapped[entity+"."+field.String] = true
	}
	if err := rows.Err(); err != nil {
		return s, fmt.Errorf("read which fields are mapped: %w", err)
	}
	if err := conn.QueryRowContext(ctx, "SELECT count(*) > 0 FROM program.incentive_version").Scan(&s.incentives); err != nil {
		return s, fmt.Errorf("read whether there are incentive programs: %w", err)
	}
	return s, nil
}

// missing are the needs of a metric that nothing provides.
func (s sources) missing(m *Metric) []string {
	var out []string
	for _, need := range m.Needs {
		if need == "program:incentives" && !s.incentives || need != "program:incentives" && !s.mapped[need] {
			out = append(out, need)
		}
	}
	return out
}

// missingSources are the metrics that cannot be computed because their inputs are absent.
func (c *Catalogue) missingSources(ctx context.Context, conn *sql.Conn, metrics []*Metric) ([]*Metric, error) {
	s, err := readSources(ctx, conn)
	if err != nil {
		return nil, err
	}
	var out []*Metric
	for _, m := range metrics {
		if len(s.missing(m)) > 0 {
			out = append(out, m)
		}
	}
	return out, nil
}

// noSourceSQL is the one row of a metric without inputs.
func noSourceSQL(m *Metric) string {
	items := []string{quoteText(m.ID), fmt.Sprint(m.DefinitionVersion), "as_of", "'total'", "NULL"}
	for range Dims() {
		items = append(items, "NULL")
	}
	items = append(items, "'{}'", quoteText(string(m.Unit)), "NULL", "NULL", "NULL", "NULL", "NULL", "0", "0", "0", "'{}'", "NULL", "NULL", quoteText(StatusNoSource))
	for i, c := range valueColumns() {
		items[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", items[i], c[1], c[0])
	}
	return "SELECT " + strings.Join(items, ", ") + " FROM program.param"
}

func insertNoSource(ctx context.Context, conn *sql.Conn, metrics []*Metric) error {
	if len(metrics) == 0 {
		return nil
	}
	selects := make([]string, len(metrics))
	for i, m := range metrics {
		selects[i] = noSourceSQL(m)
	}
	return execute(ctx, conn, "store the metrics without a source", insert(strings.Join(selects, "\nUNION ALL\n")))
}
