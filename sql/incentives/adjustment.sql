/* tributary
description: >-
  Approved manual adjustments of accruals, from program/ and from the source, in the functional currency at their day's
  rate; positive raises what is owed.
grain: [adjustment_key]
*/
WITH given AS (
  SELECT concat('program:', a.program_id, ':', a.partner_id, ':', CAST(a.adjusted_on AS VARCHAR), ':',
      CAST(row_number() OVER (PARTITION BY a.program_id, a.partner_id, a.adjusted_on ORDER BY a.amount, a.reason) AS VARCHAR)) AS adjustment_key,
    CAST(NULL AS VARCHAR) AS entity, CAST(NULL AS VARCHAR) AS entity_key,
    a.program_id, a.partner_id, a.adjusted_on, CAST(a.amount AS DECIMAL(18,4)) AS amount, a.currency
  FROM program.adjustment AS a
  CROSS JOIN program.param AS m
  WHERE coalesce(a.approved, false) AND a.adjusted_on <= m.as_of
  UNION ALL
  SELECT concat('source:', a.adjustment_id) AS adjustment_key, 'incentive_adjustment' AS entity, a.adjustment_id AS entity_key,
    a.program_id, a.partner_id, a.adjusted_on, CAST(a.amount AS DECIMAL(18,4)) AS amount, a.currency
  FROM staging.incentive_adjustment AS a
  WHERE coalesce(a.approved, true) AND NOT coalesce(a.deleted, false)
)
SELECT
  CAST(g.adjustment_key AS VARCHAR) AS adjustment_key,
  CAST(g.entity AS VARCHAR) AS entity,
  CAST(g.entity_key AS VARCHAR) AS entity_key,
  CAST(g.program_id AS VARCHAR) AS program_id,
  CAST(coalesce(r.partner, 'unknown') AS VARCHAR) AS partner,
  g.adjusted_on,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CASE WHEN coalesce(g.currency, m.functional_currency) = m.functional_currency THEN money_round(g.amount) ELSE money_mul(g.amount, f.rate) END AS amount,
  CAST(coalesce(g.currency, m.functional_currency) <> m.functional_currency AND f.rate IS NULL AS BOOLEAN) AS missing_fx
FROM given AS g
CROSS JOIN program.param AS m
JOIN program.fiscal_period AS y ON y.grain = 'day' AND y.period_start = g.adjusted_on
LEFT JOIN core.partner_ref AS r ON r.partner_id = g.partner_id
JOIN core.partner_period AS t
  ON t.partner = coalesce(r.partner, 'unknown') AND t.valid_from <= y.start_at AND y.start_at < t.valid_to
LEFT JOIN core.fx AS f
  ON f.from_currency = g.currency AND f.to_currency = m.functional_currency AND f.day_from <= g.adjusted_on AND g.adjusted_on < f.day_to
