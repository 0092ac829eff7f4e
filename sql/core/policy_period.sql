/* tributary
description: >-
  The response policy that holds for a board, partner type and tier, as gapless intervals. The most specific row wins:
  type and tier, type, tier, neither (metrics.md 3.11 RSP). No row = no policy for that combination then.
grain: [direction, partner_type, program_tier, valid_from]
*/
WITH combination AS (
  SELECT b.direction, p.partner_type, p.program_tier
  FROM (SELECT DISTINCT partner_type, program_tier FROM core.partner_period) AS p
  CROSS JOIN (SELECT DISTINCT direction FROM core.lead) AS b
),
fitting AS (
  SELECT
    c.direction, c.partner_type, c.program_tier, s.policy_id, s.sla_seconds, s.clock,
    s.valid_from_at, coalesce(s.valid_to_at, TIMESTAMP '9999-12-31 00:00:00') AS valid_to_at,
    CASE WHEN s.partner_type IS NOT NULL THEN 2 ELSE 0 END + CASE WHEN s.program_tier IS NOT NULL THEN 1 ELSE 0 END AS fit
  FROM combination AS c
  JOIN program.sla_policy AS s
    ON s.direction = c.direction
    AND coalesce(s.partner_type, c.partner_type) = c.partner_type
    AND coalesce(s.program_tier, c.program_tier) = c.program_tier
),
point AS (
  SELECT direction, partner_type, program_tier, valid_from_at AS point_at FROM fitting
  UNION SELECT direction, partner_type, program_tier, valid_to_at AS point_at FROM fitting
),
period AS (
  SELECT *, lead(point_at, 1, TIMESTAMP '9999-12-31 00:00:00') OVER (PARTITION BY direction, partner_type, program_tier ORDER BY point_at) AS until
  FROM point
)
SELECT
  CAST(p.direction AS VARCHAR) AS direction,
  CAST(p.partner_type AS VARCHAR) AS partner_type,
  CAST(p.program_tier AS VARCHAR) AS program_tier,
  p.point_at AS valid_from,
  p.until AS valid_to,
  CAST(f.policy_id AS VARCHAR) AS policy_id,
  CAST(f.sla_seconds AS BIGINT) AS sla_seconds,
  CAST(f.clock AS VARCHAR) AS clock
FROM period AS p
JOIN fitting AS f
  ON f.direction = p.direction AND f.partner_type = p.partner_type AND f.program_tier = p.program_tier
  AND f.valid_from_at <= p.point_at AND p.point_at < f.valid_to_at
WHERE p.point_at < p.until
QUALIFY row_number() OVER (
  PARTITION BY p.direction, p.partner_type, p.program_tier, p.point_at ORDER BY f.fit DESC, f.valid_from_at DESC, f.policy_id) = 1
