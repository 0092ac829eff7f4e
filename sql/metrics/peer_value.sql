/* tributary
description: >-
  A partner's figure beside its peers: partners of the same type and tier at as_of, by quarter and in total. `peers` counts the
  others that have a figure; the median is over all of them and the partner itself, and is hidden (null) under five peers.
  Figures of too few cases (low_n) and partners that are none or unknown are no peers (metrics.md 3.0 no 4, HYG-9).
grain: [metric_id, grain, period_key, dims]
columns:
  metric_id: text
  grain: text
  period_start: date
  period_key: date
  dims: text
  partner: text
  partner_type: text
  program_tier: text
  motion: text
  program: text
  stage: text
  direction: text
  route: text
  value: {type: number, description: "the partner's own, money too: a benchmark is no ledger"}
  peers: integer
  median: {type: number, description: null under five peers}
checks:
  - expression: {sql: "median IS NULL OR peers >= 5", name: suppressed_under_five}
*/
WITH figure AS (
  SELECT
    v.metric_id, v.grain, v.period_start, v.dims, v.partner, p.partner_type, p.program_tier,
    coalesce(v.direction, '') AS direction, coalesce(v.motion, '') AS motion, coalesce(v.stage, '') AS stage,
    coalesce(v.route, '') AS route, coalesce(v.program, '') AS program,
    CASE WHEN v.value_number IS NULL THEN CAST(v.value_money AS DOUBLE) ELSE v.value_number END AS value
  FROM metrics.metric_value AS v
  CROSS JOIN program.param AS m
  JOIN core.partner_period AS p ON p.partner = v.partner AND p.valid_from < m.as_of_at AND m.as_of_at <= p.valid_to
  WHERE v.grain IN ('quarter', 'total') AND v.partner NOT IN ('none', 'unknown') AND v.status <> 'low_n'
    AND (v.value_number IS NOT NULL OR v.value_money IS NOT NULL)
),
pool AS (
  SELECT
    metric_id, grain, period_start, direction, motion, stage, route, program, partner_type, program_tier,
    CAST(count(*) AS BIGINT) AS members,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(value AS DOUBLE)) AS median
  FROM figure
  GROUP BY metric_id, grain, period_start, direction, motion, stage, route, program, partner_type, program_tier
)
SELECT
  CAST(f.metric_id AS VARCHAR) AS metric_id,
  CAST(f.grain AS VARCHAR) AS grain,
  f.period_start,
  CAST(coalesce(f.period_start, DATE '0001-01-01') AS DATE) AS period_key,
  CAST(f.dims AS VARCHAR) AS dims,
  CAST(f.partner AS VARCHAR) AS partner,
  CAST(f.partner_type AS VARCHAR) AS partner_type,
  CAST(f.program_tier AS VARCHAR) AS program_tier,
  CAST(nullif(f.motion, '') AS VARCHAR) AS motion,
  CAST(nullif(f.program, '') AS VARCHAR) AS program,
  CAST(nullif(f.stage, '') AS VARCHAR) AS stage,
  CAST(nullif(f.direction, '') AS VARCHAR) AS direction,
  CAST(nullif(f.route, '') AS VARCHAR) AS route,
  CAST(f.value AS DOUBLE) AS value,
  CAST(p.members - 1 AS BIGINT) AS peers,
  CAST(CASE WHEN p.members > 5 THEN p.median END AS DOUBLE) AS median
FROM figure AS f
JOIN pool AS p
  ON p.metric_id = f.metric_id AND p.grain = f.grain AND p.period_start IS NOT DISTINCT FROM f.period_start
  AND p.direction = f.direction AND p.motion = f.motion AND p.stage = f.stage AND p.route = f.route AND p.program = f.program
  AND p.partner_type = f.partner_type AND p.program_tier = f.program_tier
