/* tributary
description: >-
  ACC-2 to ACC-5, already by period: one row per program, quarter (or the running program period, grain `total`), partner and
  event of the program period so far, with the balance's allocated cents at the end of the quarter (or as_of) and at its start.
  Part `lifetime` = ACC-4's total: every quarter's accrual. Part `adjustment` = manual amounts. Volume is the quarter's new
  events at the effective rate of the quarter's start; the first accrual of a period is all volume; rate takes the rest.
grain: [part, grain, period_key, program, row_key]
checks:
  - expression: {sql: "part <> 'period' OR accrual = volume + rate_change", name: bridge_foots}
*/
WITH quarter AS (
  SELECT l.program_id, l.period_start AS program_start, l.look_day, q.period_start AS quarter_start, q.end_at AS quarter_end_at, q.start_at AS quarter_start_at
  FROM incentives.look AS l
  JOIN program.fiscal_period AS q ON q.grain = 'quarter' AND q.period_start < l.look_day AND l.look_day <= q.period_end
),
-- a quarter's closing look of each program period in it is the last one (a monthly program has three periods in a quarter)
closing AS (
  SELECT program_id, program_start, quarter_start, quarter_start_at, max(look_day) AS look_day
  FROM quarter
  GROUP BY program_id, program_start, quarter_start, quarter_start_at
),
bridged AS (
  SELECT
    c.program_id, c.program_start, c.quarter_start, c.quarter_start_at, c.look_day,
    n.partner, n.account, n.event_id, n.entity, n.entity_key, n.event_at, n.partner_type, n.program_tier, n.region,
    n.base, n.earned, n.accrued, n.projected_base,
    coalesce(o.accrued, 0) AS opening,
    n.event_at >= c.quarter_start_at AS is_new
  FROM closing AS c
  JOIN incentives.line AS n ON n.program_id = c.program_id AND n.period_start = c.program_start AND n.look_day = c.look_day
  LEFT JOIN incentives.line AS o
    ON o.program_id = c.program_id AND o.period_start = c.program_start AND o.look_day = c.quarter_start AND o.event_id = n.event_id
),
partner_bridge AS (
  SELECT
    b.program_id, b.program_start, b.quarter_start, b.account,
    CAST(sum(b.accrued) AS DECIMAL(18,2)) AS accrued,
    CAST(sum(CASE WHEN b.is_new THEN b.base ELSE 0 END) AS DECIMAL(18,2)) AS new_base,
    max(p.base) AS opening_base,
    max(p.accrual_rate) AS opening_rate
  FROM bridged AS b
  LEFT JOIN incentives.balance AS p
    ON p.program_id = b.program_id AND p.period_start = b.program_start AND p.look_day = b.quarter_start AND p.account = b.account
  GROUP BY b.program_id, b.program_start, b.quarter_start, b.account
),
volume AS (
  SELECT
    program_id, program_start, quarter_start, account, new_base,
    CASE WHEN opening_base IS NULL OR opening_base = 0 THEN accrued ELSE money_round(CAST(new_base * opening_rate AS DECIMAL(38,18))) END AS volume
  FROM partner_bridge
),
-- the volume brought down to the quarter's new events (to all of them when the new base is nothing)
shared AS (
  SELECT
    b.*,
    v.volume,
    CASE WHEN b.is_new THEN b.base ELSE 0 END AS weight,
    v.new_base,
    row_number() OVER (PARTITION BY b.program_id, b.program_start, b.quarter_start, b.account ORDER BY b.is_new DESC, b.event_at, b.event_id) AS place,
    sum(CASE WHEN b.is_new THEN b.base ELSE 0 END) OVER (
      PARTITION BY b.program_id, b.program_start, b.quarter_start, b.account ORDER BY b.is_new DESC, b.event_at, b.event_id) AS weight_until
  FROM bridged AS b
  JOIN volume AS v
    ON v.program_id = b.program_id AND v.program_start = b.program_start AND v.quarter_start = b.quarter_start AND v.account = b.account
),
explained AS (
  SELECT
    *,
    CASE
      WHEN new_base = 0 THEN CASE WHEN place = 1 THEN volume ELSE CAST(0 AS DECIMAL(18,2)) END
      ELSE money_share(volume, weight_until, new_base) - money_share(volume, weight_until - weight, new_base)
    END AS line_volume
  FROM shared
),
period AS (
  SELECT
    'period' AS part, 'quarter' AS grain, e.quarter_start AS period_start, e.program_id, e.partner, e.event_id AS row_key,
    e.entity, e.entity_key, e.event_id, e.partner_type, e.program_tier, e.region,
    e.base, e.earned, e.accrued, e.accrued - e.opening AS accrual, e.line_volume AS volume, e.accrued - e.opening - e.line_volume AS rate_change,
    e.projected_base,
    CAST(NULL AS DECIMAL(18,2)) AS manual
  FROM explained AS e
),
running AS (
  SELECT
    'running' AS part, 'total' AS grain, CAST(NULL AS DATE) AS period_start, e.program_id, e.partner, e.event_id AS row_key,
    e.entity, e.entity_key, e.event_id, e.partner_type, e.program_tier, e.region,
    e.base, e.earned, e.accrued, CAST(NULL AS DECIMAL(18,2)) AS accrual, CAST(NULL AS DECIMAL(18,2)) AS volume, CAST(NULL AS DECIMAL(18,2)) AS rate_change,
    e.projected_base,
    CAST(NULL AS DECIMAL(18,2)) AS manual
  FROM explained AS e
  CROSS JOIN program.param AS m
  JOIN incentives.look AS l ON l.program_id = e.program_id AND l.period_start = e.program_start AND l.look_day = e.look_day
  WHERE l.look_day = m.as_of + 1 AND l.period_start <= m.as_of AND m.as_of < l.period_end
),
lifetime AS (
  SELECT
    'lifetime' AS part, 'total' AS grain, CAST(NULL AS DATE) AS period_start, program_id, partner,
    concat(CAST(period_start AS VARCHAR), '/', row_key) AS row_key,
    entity, entity_key, event_id, partner_type, program_tier, region,
    CAST(NULL AS DECIMAL(18,2)) AS base, CAST(NULL AS DECIMAL(18,2)) AS earned, CAST(NULL AS DECIMAL(18,2)) AS accrued,
    accrual, CAST(NULL AS DECIMAL(18,2)) AS volume, CAST(NULL AS DECIMAL(18,2)) AS rate_change,
    CAST(NULL AS DECIMAL(18,2)) AS projected_base, CAST(NULL AS DECIMAL(18,2)) AS manual
  FROM period
),
adjusted AS (
  SELECT
    'adjustment' AS part, 'quarter' AS grain, d.quarter_start AS period_start, a.program_id, a.partner, a.adjustment_key AS row_key,
    a.entity, a.entity_key, CAST(NULL AS VARCHAR) AS event_id, a.partner_type, a.program_tier, a.region,
    CAST(NULL AS DECIMAL(18,2)) AS base, CAST(NULL AS DECIMAL(18,2)) AS earned, CAST(NULL AS DECIMAL(18,2)) AS accrued,
    a.amount AS accrual, CAST(NULL AS DECIMAL(18,2)) AS volume, CAST(NULL AS DECIMAL(18,2)) AS rate_change,
    CAST(NULL AS DECIMAL(18,2)) AS projected_base, a.amount AS manual
  FROM incentives.adjustment AS a
  JOIN program.fiscal_day AS d ON d.date = a.adjusted_on
),
adjusted_total AS (
  SELECT
    'adjustment' AS part, 'total' AS grain, CAST(NULL AS DATE) AS period_start, program_id, partner, row_key, entity, entity_key, event_id,
    partner_type, program_tier, region, base, earned, accrued, accrual, volume, rate_change, projected_base, manual
  FROM adjusted
),
everything AS (
  SELECT * FROM period
  UNION ALL SELECT * FROM running
  UNION ALL SELECT * FROM lifetime
  UNION ALL SELECT * FROM adjusted
  UNION ALL SELECT * FROM adjusted_total
)
SELECT
  CAST(part AS VARCHAR) AS part,
  CAST(grain AS VARCHAR) AS grain,
  period_start,
  CAST(coalesce(period_start, DATE '0001-01-01') AS DATE) AS period_key,
  CAST(program_id AS VARCHAR) AS program,
  CAST(row_key AS VARCHAR) AS row_key,
  CAST(entity AS VARCHAR) AS entity,
  CAST(entity_key AS VARCHAR) AS entity_key,
  CAST(event_id AS VARCHAR) AS event_id,
  CAST(partner AS VARCHAR) AS partner,
  CAST(partner_type AS VARCHAR) AS partner_type,
  CAST(program_tier AS VARCHAR) AS program_tier,
  CAST(region AS VARCHAR) AS region,
  CAST(base AS DECIMAL(18,2)) AS base,
  CAST(earned AS DECIMAL(18,2)) AS earned,
  CAST(accrued AS DECIMAL(18,2)) AS accrued,
  CAST(accrual AS DECIMAL(18,2)) AS accrual,
  CAST(volume AS DECIMAL(18,2)) AS volume,
  CAST(rate_change AS DECIMAL(18,2)) AS rate_change,
  CAST(manual AS DECIMAL(18,2)) AS manual,
  CAST(projected_base AS DECIMAL(18,2)) AS projected_base,
  CAST(NULL AS VARCHAR) AS excluded,
  CAST(x.status AS VARCHAR) AS run_status
FROM everything
CROSS JOIN incentives.fx_state AS x
