/* tributary
description: >-
  RSP-8: the step of the consequence ladder that a partner reached in a fiscal quarter, by its misses in it, with type and
  tier as at the quarter's end or as_of. No ladder row for the partner's type and tier = `unconfigured`; below the first
  step = `none`. It resets each quarter. One row per unit of RSP-7, each with the state that its partner reached.
grain: [unit_id]
*/
WITH missed AS (
  SELECT
    f.partner, d.quarter_start AS period_start,
    CAST(count_if(f.is_miss) AS BIGINT) AS misses
  FROM metrics.fact_deadline AS f
  JOIN program.fiscal_day AS d ON d.date = report_date(f.anchor_at)
  WHERE f.excluded IS NULL
  GROUP BY f.partner, d.quarter_start
),
placed AS (
  SELECT s.partner, s.period_start, s.misses, p.partner_type, p.program_tier, least(q.end_at, m.as_of_at) AS point_at
  FROM missed AS s
  CROSS JOIN program.param AS m
  JOIN program.fiscal_period AS q ON q.grain = 'quarter' AND q.period_start = s.period_start
  JOIN core.partner_period AS p
    ON p.partner = s.partner AND p.valid_from < least(q.end_at, m.as_of_at) AND least(q.end_at, m.as_of_at) <= p.valid_to
),
fitting AS (
  SELECT
    p.partner, p.period_start, p.misses, l.misses AS step, l.state,
    CASE WHEN l.partner_type IS NOT NULL THEN 2 ELSE 0 END + CASE WHEN l.program_tier IS NOT NULL THEN 1 ELSE 0 END AS fit
  FROM placed AS p
  JOIN program.ladder AS l
    ON coalesce(l.partner_type, p.partner_type) = p.partner_type AND coalesce(l.program_tier, p.program_tier) = p.program_tier
    AND l.valid_from_at < p.point_at AND p.point_at <= coalesce(l.valid_to_at, TIMESTAMP '9999-12-31 00:00:00')
),
best AS (
  SELECT partner, period_start, max(fit) AS fit FROM fitting GROUP BY partner, period_start
),
reached AS (
  SELECT f.partner, f.period_start, coalesce(max_by(f.state, f.step) FILTER (WHERE f.step <= f.misses), 'none') AS state
  FROM fitting AS f
  JOIN best AS b ON b.partner = f.partner AND b.period_start = f.period_start AND b.fit = f.fit
  GROUP BY f.partner, f.period_start
)
SELECT
  CAST(f.unit_id AS VARCHAR) AS unit_id,
  CAST(f.entity AS VARCHAR) AS entity,
  CAST(f.entity_key AS VARCHAR) AS entity_key,
  f.anchor_at,
  CAST(f.partner AS VARCHAR) AS partner,
  CAST(f.excluded AS VARCHAR) AS excluded,
  CAST(f.is_miss AS BOOLEAN) AS is_miss,
  CAST(coalesce(r.state, 'unconfigured') AS VARCHAR) AS state
FROM metrics.fact_deadline AS f
JOIN program.fiscal_day AS d ON d.date = report_date(f.anchor_at)
LEFT JOIN reached AS r ON r.partner = f.partner AND r.period_start = d.quarter_start
