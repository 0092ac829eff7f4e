/* tributary
description: >-
  ACC-6: what a partner's base so far lacks to the next tier, and what reaching it is worth (the retroactive cliff), by
  quarter and for the running program period. Nothing above the top tier. In the functional currency.
grain: [grain, period_key, program, account, program_start]
*/
WITH look AS (
  SELECT l.program_id, l.period_start AS program_start, 'quarter' AS grain, q.period_start, max(l.look_day) AS look_day
  FROM incentives.look AS l
  JOIN program.fiscal_period AS q ON q.grain = 'quarter' AND q.period_start < l.look_day AND l.look_day <= q.period_end
  GROUP BY l.program_id, l.period_start, q.period_start
  UNION ALL
  SELECT l.program_id, l.period_start AS program_start, 'total' AS grain, CAST(NULL AS DATE) AS period_start, l.look_day
  FROM incentives.look AS l
  CROSS JOIN program.param AS m
  WHERE l.look_day = m.as_of + 1 AND l.period_start <= m.as_of AND m.as_of < l.period_end
),
next_tier AS (
  SELECT k.grain, k.period_start, b.program_id, b.period_start AS program_start, b.look_day, b.partner, b.account, b.version, b.method, b.base, b.base_functional, b.earned, b.events,
    min(t.lower) AS next_lower
  FROM look AS k
  JOIN incentives.balance AS b ON b.program_id = k.program_id AND b.period_start = k.program_start AND b.look_day = k.look_day
  LEFT JOIN program.incentive_tier AS t ON t.program_id = b.program_id AND t.version = b.version AND t.lower > greatest(b.base, 0)
  WHERE b.method IN ('marginal', 'retroactive')
  GROUP BY ALL
),
reward AS (
  SELECT n.grain, n.period_start, n.program_id, n.program_start, n.account,
    money_round(CAST(CASE WHEN n.method = 'marginal' THEN sum(CAST(CAST(t.rate AS DECIMAL(28,9)) * (least(n.next_lower, coalesce(t.upper, n.next_lower)) - t.lower) AS DECIMAL(38,11)))
      ELSE max(CASE WHEN t.lower = n.next_lower THEN CAST(CAST(t.rate AS DECIMAL(28,9)) * n.next_lower AS DECIMAL(38,11)) END) END AS DECIMAL(38,18))) AS next_earned
  FROM next_tier AS n
  JOIN program.incentive_tier AS t
    ON t.program_id = n.program_id AND t.version = n.version AND (t.lower < n.next_lower OR (n.method = 'retroactive' AND t.lower = n.next_lower))
  GROUP BY n.grain, n.period_start, n.program_id, n.program_start, n.account, n.method
),
point AS (
  SELECT n.*, r.next_earned, l.look_at
  FROM next_tier AS n
  JOIN incentives.look AS l ON l.program_id = n.program_id AND l.period_start = n.program_start AND l.look_day = n.look_day
  LEFT JOIN reward AS r
    ON r.grain = n.grain AND r.period_start IS NOT DISTINCT FROM n.period_start AND r.program_id = n.program_id
    AND r.program_start = n.program_start AND r.account = n.account
)
SELECT
  CAST('partner' AS VARCHAR) AS entity,
  CAST(p.partner AS VARCHAR) AS entity_key,
  CAST(p.grain AS VARCHAR) AS grain,
  p.period_start,
  CAST(coalesce(p.period_start, DATE '0001-01-01') AS DATE) AS period_key,
  p.program_start,
  CAST(p.program_id AS VARCHAR) AS program,
  CAST(p.partner AS VARCHAR) AS partner,
  CAST(p.account AS VARCHAR) AS account,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(p.events AS BIGINT) AS events,
  CAST(CASE WHEN p.base = p.base_functional OR p.base = 0 THEN p.next_lower - p.base
    ELSE money_share(p.next_lower - p.base, p.base_functional, p.base) END AS DECIMAL(18,2)) AS distance,
  CAST(CASE WHEN p.base = p.base_functional OR p.base = 0 THEN p.next_earned - p.earned
    ELSE money_share(p.next_earned - p.earned, p.base_functional, p.base) END AS DECIMAL(18,2)) AS cliff,
  CAST(NULL AS VARCHAR) AS excluded,
  CAST(x.status AS VARCHAR) AS run_status
FROM point AS p
CROSS JOIN incentives.fx_state AS x
JOIN core.partner_period AS t ON t.partner = p.partner AND t.valid_from < p.look_at AND p.look_at <= t.valid_to
