package nightly

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// Headline is one of the six results in a line: the last fiscal quarter that has ended, or everything so far where a metric has no quarters.
type Headline struct {
	Result   string            `json:"result"`
	MetricID string            `json:"metric_id"`
	Title    string            `json:"title"`
	Dims     map[string]string `json:"dims"`
	Period   string            `json:"period"` // first day; "" = everything so far
	Unit     catalogue.Unit    `json:"unit"`
	Value    catalogue.Figure  `json:"value"`
	Status   string            `json:"status"`
	N        int64             `json:"n"`
}

// headlines are the metrics that stand for each of the six results.
func headlineIDs() []string {
	return []string{"RSP-1", "RSP-6", "CNV-7", "CNV-10", "VEL-1.median", "REV-1", "REV-5", "REV-7", "ACT-1", "ACT-2", "ACC-4", "ACC-7"}
}

// Headlines reads the six results of the last fiscal quarter that has ended by as_of.
func Headlines(ctx context.Context, conn *sql.Conn, cat *catalogue.Catalogue) ([]Headline, error) {
	var quarter sql.NullString
	err := conn.QueryRowContext(ctx, `SELECT CAST(max(period_start) AS VARCHAR) FROM program.fiscal_period CROSS JOIN program.param
		WHERE grain = 'quarter' AND period_end <= as_of + 1`).Scan(&quarter)
	if err != nil {
		return nil, fmt.Errorf("read the fiscal quarters: %w", err)
	}
	out := []Headline{}
	for _, id := range headlineIDs() {
		m, ok := cat.Metric(id)
		if !ok {
			continue // a user's catalogue may leave it out
		}
		rows, err := cat.Query(ctx, conn, catalogue.QuerySpec{IDs: []string{id}, Grains: []string{"quarter"}})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.PeriodStart != nil && *r.PeriodStart != quarter.String {
				continue
			}
			h := Headline{Result: m.Result, MetricID: id, Title: m.Title, Dims: r.Dims, Unit: r.Unit, Value: r.Value, Status: r.Status, N: r.N}
			if r.PeriodStart != nil {
				h.Period = *r.PeriodStart
			}
			out = append(out, h)
		}
	}
	return out, nil
}

// Unlocked says how much won revenue is unattributed because its attribution rows carry no lock date; "" when none is.
func Unlocked(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (string, error) {
	var deals int64
	var amount, currency string
	var mapped bool
	err := db.QueryRowContext(ctx, `SELECT count(*), CAST(coalesce(sum(d.amount_functional), 0) AS VARCHAR), max(m.functional_currency),
			(SELECT count(*) > 0 FROM staging.mapped WHERE entity = 'deal_partner' AND field = 'locked_at')
		FROM core.deal AS d CROSS JOIN program.param AS m
		WHERE d.outcome = 'won' AND d.class = 'unattributed' AND d.excluded IS NULL
			AND EXISTS (SELECT 1 FROM core.deal_credit AS c WHERE c.deal_id = d.deal_id AND c.lock_at IS NULL)
		HAVING count(*) > 0`).Scan(&deals, &amount, &currency, &mapped)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read unattributed revenue: %w", err)
	}
	why, mend := "the source gives no lock dates", "map deal_partner.locked_at"
	if mapped {
		why, mend = "their attribution has no lock date", "fill deal_partner.locked_at in the source"
	}
	return fmt.Sprintf("%s %s of won revenue in %d deals is UNATTRIBUTED because %s: %s, or set lock_when_missing: created_at in program/attribution.yaml",
		amount, currency, deals, why, mend), nil
}

// missingRates names the events whose exchange rate is missing, oldest first: what to deliver, or to write into program/fx.yaml.
func missingRates(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (string, error) {
	var text string
	err := db.QueryRowContext(ctx, `WITH missing AS (
		SELECT DISTINCT e.entity, e.entity_key, c.currency, v.currency AS program_currency, report_date(c.rate_at) AS day
		FROM incentives.event AS e
		JOIN program.incentive_version AS v ON v.program_id = e.program_id AND v.version = e.version
		JOIN incentives.candidate AS c ON c.event_id = e.event_id AND c.basis = v.basis
		WHERE e.missing_fx
		UNION
		SELECT 'deal', c.deal_id, d.currency, v.currency, report_date(c.event_at)
		FROM incentives.credit AS c
		JOIN program.incentive_version AS v ON v.program_id = c.program_id AND v.version = c.version
		JOIN core.deal AS d ON d.deal_id = c.deal_id
		WHERE c.missing_fx
		UNION
		SELECT 'adjustment', a.adjustment_key, NULL, NULL, a.adjusted_on FROM incentives.adjustment AS a WHERE a.missing_fx
	), listed AS (
		SELECT concat(entity, ' ', entity_key, CASE WHEN currency IS NOT NULL THEN ' in ' || currency ELSE '' END,
			CASE WHEN program_currency IS DISTINCT FROM currency THEN coalesce(' for a program in ' || program_currency, '') ELSE '' END, ' on ', CAST(day AS VARCHAR)) AS line,
			row_number() OVER (ORDER BY day, entity, entity_key) AS place, count(*) OVER () AS n
		FROM missing
	)
	SELECT coalesce(string_agg(line, '; ' ORDER BY place), '') || CASE WHEN max(n) > 3 THEN ' and ' || (max(n) - 3) || ' more' ELSE '' END FROM listed WHERE place <= 3`).Scan(&text)
	if err != nil {
		return "", fmt.Errorf("read which exchange rates are missing: %w", err)
	}
	return text, nil
}
