/* tributary
description: >-
  Where each account (a partner, also one shown as unknown) stands in a program at each look: base so far, what it earned by
  it (ACC-2), the projected base of the full period, and what is accrued at the expected tier (ACC-3). Every R is rounded once here, per partner,
  version and period, in the program's currency (metrics.md 3.8 and 3.11).
grain: [program_id, period_start, look_day, account]
*/
WITH so_far AS (
  SELECT
    l.program_id, l.period_start, l.look_day, l.version, l.is_over, l.share_num, l.share_den, l.period_end, e.partner, e.account,
    CAST(sum(e.base) AS DECIMAL(18,2)) AS base,
    CAST(sum(e.base_functional) AS DECIMAL(18,2)) AS base_functional,
    CAST(count(*) AS BIGINT) AS events
  FROM incentives.look AS l
  JOIN incentives.event AS e
    ON e.program_id = l.program_id AND e.event_at >= l.start_at AND e.event_at < l.look_at AND e.excluded IS NULL
  GROUP BY ALL
),
override AS (
  SELECT s.program_id, s.period_start, s.look_day, s.account, max_by(o.projected_base, o.made_on) AS projected_base
  FROM so_far AS s
  JOIN program.projection_override AS o
    ON o.program_id = s.program_id AND o.period_start = s.period_start AND o.approved AND o.made_on < s.look_day
  LEFT JOIN core.partner_ref AS r ON r.partner_id = o.partner_id
  WHERE coalesce(r.survivor_id, o.partner_id) = s.account
  GROUP BY s.program_id, s.period_start, s.look_day, s.account
),
-- pace = B / B_hat as a fraction of whole numbers, so that no projected base is ever rounded
paced AS (
  SELECT
    s.*, v.method, v.rate, v.unit_amount, v.allow_negative,
    CASE
      WHEN s.is_over OR s.base <= 0 OR s.share_num >= s.share_den THEN CAST(1 AS DECIMAL(38,6))
      WHEN o.projected_base IS NOT NULL THEN CAST(s.base AS DECIMAL(38,6))
      ELSE s.share_num
    END AS pace_num,
    CASE
      WHEN s.is_over OR s.base <= 0 OR s.share_num >= s.share_den THEN CAST(1 AS DECIMAL(38,6))
      WHEN o.projected_base IS NOT NULL THEN CAST(greatest(o.projected_base, s.base) AS DECIMAL(38,6))
      ELSE s.share_den
    END AS pace_den
  FROM so_far AS s
  JOIN program.incentive_version AS v ON v.program_id = s.program_id AND v.version = s.version
  LEFT JOIN override AS o
    ON o.program_id = s.program_id AND o.period_start = s.period_start AND o.look_day = s.look_day AND o.account = s.account
),
tiered AS (
  SELECT
    p.program_id, p.period_start, p.look_day, p.account,
    CASE WHEN p.method = 'marginal' THEN sum(CAST(CAST(t.rate AS DECIMAL(28,9)) * greatest(CAST(0 AS DECIMAL(18,2)), least(p.base, coalesce(t.upper, p.base)) - t.lower) AS DECIMAL(38,11)))
      ELSE max(CASE WHEN p.base >= t.lower AND p.base < coalesce(t.upper, p.base + 1) THEN CAST(CAST(t.rate AS DECIMAL(28,9)) * p.base AS DECIMAL(38,11)) END) END AS earned,
    -- the tiers shrunk by the pace instead of the base grown by it: exact
    CASE WHEN p.method = 'marginal' THEN sum(t.rate * CAST(greatest(CAST(0 AS DECIMAL(38,8)),
        least(CAST(p.base * p.pace_den AS DECIMAL(38,8)), coalesce(CAST(t.upper * p.pace_num AS DECIMAL(38,8)), CAST(p.base * p.pace_den AS DECIMAL(38,8))))
        - CAST(t.lower * p.pace_num AS DECIMAL(38,8))) AS DECIMAL(29,8)))
      ELSE max(CASE WHEN CAST(p.base * p.pace_den AS DECIMAL(38,8)) >= CAST(t.lower * p.pace_num AS DECIMAL(38,8))
        AND (t.upper IS NULL OR CAST(p.base * p.pace_den AS DECIMAL(38,8)) < CAST(t.upper * p.pace_num AS DECIMAL(38,8)))
        THEN CAST(CAST(t.rate AS DECIMAL(28,9)) * p.base AS DECIMAL(38,11)) * CAST(p.pace_den AS DECIMAL(18,6)) END) END AS accrued_scaled
  FROM paced AS p
  JOIN program.incentive_tier AS t ON t.program_id = p.program_id AND t.version = p.version
  WHERE p.method IN ('marginal', 'retroactive') AND p.base > 0
  GROUP BY p.program_id, p.period_start, p.look_day, p.account, p.method
),
-- flat and per-unit programs earn by event, each version at its own rate, rounded per version, in the functional currency
flat AS (
  SELECT
    program_id, period_start, look_day, account,
    CAST(sum(CASE WHEN amount < 0 AND NOT allow_negative THEN 0 ELSE amount END) AS DECIMAL(18,2)) AS earned
  FROM (
    SELECT l.program_id, l.period_start, l.look_day, e.account, v.version, v.allow_negative,
      money_round(CAST(sum(CASE WHEN v.method = 'flat' THEN CAST(CAST(e.base_functional AS DECIMAL(28,2)) * v.rate AS DECIMAL(38,15))
        ELSE CAST(CAST(e.base * v.unit_amount AS DECIMAL(28,6)) * e.to_functional AS DECIMAL(38,15)) END) AS DECIMAL(38,15))) AS amount
    FROM incentives.look AS l
    JOIN incentives.event AS e
      ON e.program_id = l.program_id AND e.event_at >= l.start_at AND e.event_at < l.look_at AND e.excluded IS NULL
    JOIN program.incentive_version AS v ON v.program_id = e.program_id AND v.version = e.version AND v.method IN ('flat', 'per_unit')
    GROUP BY l.program_id, l.period_start, l.look_day, e.account, v.version, v.allow_negative
  ) AS per_version
  GROUP BY program_id, period_start, look_day, account
),
negative AS (
  SELECT p.program_id, p.period_start, p.look_day, p.account, money_mul(p.base, max_by(t.rate, -t.tier)) AS earned
  FROM paced AS p
  JOIN program.incentive_tier AS t ON t.program_id = p.program_id AND t.version = p.version
  WHERE p.method IN ('marginal', 'retroactive') AND p.base < 0 AND p.allow_negative
  GROUP BY p.program_id, p.period_start, p.look_day, p.account, p.base
)
SELECT
  CAST(p.program_id AS VARCHAR) AS program_id,
  p.period_start,
  p.look_day,
  CAST(p.partner AS VARCHAR) AS partner,
  CAST(p.account AS VARCHAR) AS account,
  CAST(p.version AS INTEGER) AS version,
  CAST(p.method AS VARCHAR) AS method,
  CAST(p.events AS BIGINT) AS events,
  CAST(p.base AS DECIMAL(18,2)) AS base,
  CAST(p.base_functional AS DECIMAL(18,2)) AS base_functional,
  CAST(CASE WHEN p.is_over OR p.base <= 0 THEN p.base ELSE money_div(CAST(p.base * p.pace_den AS DECIMAL(38,9)), p.pace_num) END AS DECIMAL(18,2)) AS projected_base,
  CAST(coalesce(money_round(t.earned), f.earned, n.earned, 0) AS DECIMAL(18,2)) AS earned,
  CAST(coalesce(money_div(CAST(t.accrued_scaled AS DECIMAL(38,9)), p.pace_den), f.earned, n.earned, 0) AS DECIMAL(18,2)) AS accrued,
  CAST(CASE
    WHEN p.base <= 0 THEN 0
    WHEN t.program_id IS NOT NULL THEN rate_div(CAST(t.accrued_scaled AS DECIMAL(38,9)), CAST(p.base * p.pace_den AS DECIMAL(38,9)))
    WHEN f.program_id IS NOT NULL THEN rate_div(f.earned, nullif(p.base_functional, 0))
    ELSE 0
  END AS DECIMAL(38,15)) AS accrual_rate
FROM paced AS p
LEFT JOIN tiered AS t ON t.program_id = p.program_id AND t.period_start = p.period_start AND t.look_day = p.look_day AND t.account = p.account
LEFT JOIN flat AS f ON f.program_id = p.program_id AND f.period_start = p.period_start AND f.look_day = p.look_day AND f.account = p.account
LEFT JOIN negative AS n ON n.program_id = p.program_id AND n.period_start = p.period_start AND n.look_day = p.look_day AND n.account = p.account
