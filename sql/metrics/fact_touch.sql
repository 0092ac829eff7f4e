/* tributary
description: >-
  REV-4: closed-won revenue lines per partner with any attribution row, locked or not. Not additive across partners: a
  group counts each line once.
grain: [line_id, partner]
*/
WITH line AS (
  SELECT line_id, entity, entity_key, deal_id, line_at, closed_at, route, motion,
    CAST(sum(amount) AS DECIMAL(18,2)) AS amount, max(excluded) AS excluded
  FROM core.revenue_line
  GROUP BY line_id, entity, entity_key, deal_id, line_at, closed_at, route, motion
),
-- grouped, so that partner and close stand on one relation when the partner's period is looked up
touched AS (
  SELECT l.line_id, l.entity, l.entity_key, l.deal_id, l.line_at, l.closed_at, l.route, l.motion, l.amount, l.excluded, c.partner
  FROM line AS l
  JOIN core.deal_credit AS c ON c.deal_id = l.deal_id
  GROUP BY l.line_id, l.entity, l.entity_key, l.deal_id, l.line_at, l.closed_at, l.route, l.motion, l.amount, l.excluded, c.partner
)
SELECT
  CAST(l.line_id AS VARCHAR) AS line_id,
  CAST(l.entity AS VARCHAR) AS entity,
  CAST(l.entity_key AS VARCHAR) AS entity_key,
  CAST(l.deal_id AS VARCHAR) AS deal_id,
  l.line_at AS anchor_at,
  CAST(l.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(l.route AS VARCHAR) AS route,
  CAST(l.motion AS VARCHAR) AS motion,
  CAST(l.amount AS DECIMAL(18,2)) AS amount,
  CAST(l.excluded AS VARCHAR) AS excluded
FROM touched AS l
JOIN core.partner_period AS t ON t.partner = l.partner AND t.valid_from <= l.closed_at AND l.closed_at < t.valid_to
