/* tributary
description: >-
  The balances brought down to the events that make them, so that every accrued cent leads to a source row: amounts are
  allocated by base with the largest remainder, ties by event, and sum to the account's balance to the cent. In the
  functional currency at the program's rate.
grain: [program_id, period_start, look_day, event_id]
checks:
  # without one of the rates all accruals of the run have failed, and the run says so
  - expression: {sql: "base IS NOT NULL OR (SELECT status FROM incentives.fx_state) = 'failed_missing_fx'", name: base_known}
*/
WITH part AS (
  SELECT
    b.program_id, b.period_start, b.look_day, b.partner, b.account, e.event_id, e.entity, e.entity_key, e.event_at,
    e.partner_type, e.program_tier, e.region, e.base_functional,
    CAST(e.base * 100 AS DECIMAL(38,0)) AS weight,
    CAST(b.base * 100 AS DECIMAL(38,0)) AS whole,
    -- the program's cents in the functional currency: at the average rate of the events that make the base
    CAST(CASE WHEN b.base = b.base_functional OR b.base = 0 OR b.method IN ('flat', 'per_unit') THEN b.earned
      ELSE money_share(b.earned, b.base_functional, b.base) END * 100 AS DECIMAL(38,0)) AS earned,
    CAST(CASE WHEN b.base = b.base_functional OR b.base = 0 OR b.method IN ('flat', 'per_unit') THEN b.accrued
      ELSE money_share(b.accrued, b.base_functional, b.base) END * 100 AS DECIMAL(38,0)) AS accrued,
    CAST(CASE WHEN b.base = b.base_functional OR b.base = 0 THEN b.projected_base
      ELSE money_share(b.projected_base, b.base_functional, b.base) END * 100 AS DECIMAL(38,0)) AS projected
  FROM incentives.balance AS b
  JOIN incentives.look AS l ON l.program_id = b.program_id AND l.period_start = b.period_start AND l.look_day = b.look_day
  JOIN incentives.event AS e
    ON e.program_id = b.program_id AND e.account = b.account AND e.event_at >= l.start_at AND e.event_at < l.look_at AND e.excluded IS NULL
),
floored AS (
  SELECT
    *,
    CASE WHEN whole > 0 THEN whole_div(earned * weight, whole) ELSE 0 END AS earned_floor,
    CASE WHEN whole > 0 THEN earned * weight - whole_div(earned * weight, whole) * whole ELSE 0 END AS earned_rest,
    CASE WHEN whole > 0 THEN whole_div(accrued * weight, whole) ELSE 0 END AS accrued_floor,
    CASE WHEN whole > 0 THEN accrued * weight - whole_div(accrued * weight, whole) * whole ELSE 0 END AS accrued_rest,
    CASE WHEN whole > 0 THEN whole_div(projected * weight, whole) ELSE 0 END AS projected_floor,
    CASE WHEN whole > 0 THEN projected * weight - whole_div(projected * weight, whole) * whole ELSE 0 END AS projected_rest
  FROM part
),
ranked AS (
  SELECT
    *,
    earned - sum(earned_floor) OVER balance AS earned_left,
    accrued - sum(accrued_floor) OVER balance AS accrued_left,
    projected - sum(projected_floor) OVER balance AS projected_left,
    row_number() OVER (PARTITION BY program_id, period_start, look_day, account ORDER BY earned_rest DESC, event_id) AS earned_rank,
    row_number() OVER (PARTITION BY program_id, period_start, look_day, account ORDER BY accrued_rest DESC, event_id) AS accrued_rank,
    row_number() OVER (PARTITION BY program_id, period_start, look_day, account ORDER BY projected_rest DESC, event_id) AS projected_rank,
    count(*) OVER balance AS lines
  FROM floored
  WINDOW balance AS (PARTITION BY program_id, period_start, look_day, account)
)
SELECT
  CAST(program_id AS VARCHAR) AS program_id,
  period_start,
  look_day,
  CAST(partner AS VARCHAR) AS partner,
  CAST(account AS VARCHAR) AS account,
  CAST(event_id AS VARCHAR) AS event_id,
  CAST(entity AS VARCHAR) AS entity,
  CAST(entity_key AS VARCHAR) AS entity_key,
  event_at,
  CAST(partner_type AS VARCHAR) AS partner_type,
  CAST(program_tier AS VARCHAR) AS program_tier,
  CAST(region AS VARCHAR) AS region,
  CAST(base_functional AS DECIMAL(18,2)) AS base,
  CAST((CASE
    WHEN whole > 0 THEN earned_floor + CASE WHEN earned_rank <= earned_left THEN 1 ELSE 0 END
    WHEN earned_rank = 1 THEN earned ELSE 0
  END) * CAST(0.01 AS DECIMAL(3,2)) AS DECIMAL(18,2)) AS earned,
  CAST((CASE
    WHEN whole > 0 THEN accrued_floor + CASE WHEN accrued_rank <= accrued_left THEN 1 ELSE 0 END
    WHEN accrued_rank = 1 THEN accrued ELSE 0
  END) * CAST(0.01 AS DECIMAL(3,2)) AS DECIMAL(18,2)) AS accrued,
  CAST((CASE
    WHEN whole > 0 THEN projected_floor + CASE WHEN projected_rank <= projected_left THEN 1 ELSE 0 END
    WHEN projected_rank = 1 THEN projected ELSE 0
  END) * CAST(0.01 AS DECIMAL(3,2)) AS DECIMAL(18,2)) AS projected_base
FROM ranked
