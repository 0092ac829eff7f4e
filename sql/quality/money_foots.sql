/* tributary
description: >-
  Every additive money figure per dimension against its uncut total: partners, types, tiers, regions, motions and routes
  must foot to the total, period by period (metrics.md 3.0 no 7).
grain: [metric_id, grain, period_start, program, dimension]
materialise: view
checks:
  - expression: {sql: "parts = total", name: parts_foot_to_total}
*/
WITH part AS (
  SELECT
    metric_id, grain, period_start, program, value_money,
    CASE WHEN partner IS NOT NULL THEN 'partner' WHEN partner_type IS NOT NULL THEN 'partner_type' WHEN program_tier IS NOT NULL THEN 'program_tier'
      WHEN region IS NOT NULL THEN 'region' WHEN motion IS NOT NULL THEN 'motion' WHEN route IS NOT NULL THEN 'route' ELSE 'total' END AS dimension
  FROM metrics.metric_value
  WHERE unit = 'money' AND status = 'ok' AND metric_id NOT IN ('REV-4') AND metric_id NOT LIKE 'ACC-6%'
),
summed AS (
  SELECT metric_id, grain, period_start, program, dimension, CAST(sum(value_money) AS DECIMAL(18,2)) AS amount
  FROM part
  GROUP BY metric_id, grain, period_start, program, dimension
)
SELECT
  CAST(s.metric_id AS VARCHAR) AS metric_id,
  CAST(s.grain AS VARCHAR) AS grain,
  CAST(coalesce(s.period_start, DATE '0001-01-01') AS DATE) AS period_start,
  CAST(coalesce(s.program, '') AS VARCHAR) AS program,
  CAST(s.dimension AS VARCHAR) AS dimension,
  CAST(s.amount AS DECIMAL(18,2)) AS parts,
  CAST(t.amount AS DECIMAL(18,2)) AS total
FROM summed AS s
JOIN summed AS t
  ON t.metric_id = s.metric_id AND t.grain = s.grain AND t.period_start IS NOT DISTINCT FROM s.period_start
  AND t.program IS NOT DISTINCT FROM s.program AND t.dimension = 'total'
WHERE s.dimension <> 'total'
