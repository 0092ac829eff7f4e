/* tributary
description: >-
  Pct-weighted credit, one row per revenue line and locked attribution row: amount x rate x pct, rounded once. Where splits
  are not allowed only the oldest sourced lock counts. A deal whose percentages sum to over 100 is `pct_over_100`: it is in
  no weighted figure (metrics.md 3.4).
grain: [line_id, deal_partner_id]
*/
WITH counted AS (
  SELECT c.*
  FROM core.deal_credit AS c
  CROSS JOIN program.param AS m
  WHERE c.rank_influenced IS NOT NULL OR c.rank_sourced = 1 OR (m.sourced_splits AND c.rank_sourced IS NOT NULL)
),
summed AS (
  SELECT *, sum(coalesce(pct, 0)) OVER (PARTITION BY deal_id) AS pct_total
  FROM counted
),
line AS (
  SELECT line_id, deal_id, line_at, closed_at, route, motion, max(amount_exact) AS amount_exact, max(rate) AS rate, max(excluded) AS excluded
  FROM core.revenue_line
  GROUP BY line_id, deal_id, line_at, closed_at, route, motion
)
SELECT
  CAST(l.line_id AS VARCHAR) AS line_id,
  CAST(c.deal_partner_id AS VARCHAR) AS deal_partner_id,
  CAST(l.deal_id AS VARCHAR) AS deal_id,
  l.line_at,
  l.closed_at,
  CAST(l.route AS VARCHAR) AS route,
  CAST(l.motion AS VARCHAR) AS motion,
  CAST(c.partner AS VARCHAR) AS partner,
  CAST(c.role AS VARCHAR) AS role,
  CAST(c.pct AS DECIMAL(9,6)) AS pct,
  money_round(CAST(l.amount_exact AS DECIMAL(30,4)) * l.rate * CAST(coalesce(c.pct, 0) AS DECIMAL(9,6)) * CAST(0.01 AS DECIMAL(3,2))) AS amount,
  CAST(CASE WHEN c.pct_total > 100 THEN 'pct_over_100' END AS VARCHAR) AS weight_excluded,
  CAST(l.excluded AS VARCHAR) AS excluded
FROM line AS l
JOIN summed AS c ON c.deal_id = l.deal_id
