/* tributary
description: >-
  What a partner was when: half-open intervals without a gap from year 1 to 9999 for every partner, and for the two
  partners that are none: `unknown` and `none`. A hole in the tier history is tier `unknown` (metrics.md 3.0 no 6).
  Without any history of its own a partner keeps the static type and tier of its record.
grain: [partner, valid_from]
*/
WITH tier AS (
  SELECT partner_id, program_tier, valid_from, coalesce(valid_to, TIMESTAMP '9999-12-31 00:00:00') AS valid_to
  FROM staging.partner_tier
  WHERE NOT coalesce(deleted, false)
),
kind AS (
  SELECT partner_id, partner_type, valid_from, coalesce(valid_to, TIMESTAMP '9999-12-31 00:00:00') AS valid_to
  FROM staging.partner_type
  WHERE NOT coalesce(deleted, false)
),
point AS (
  SELECT partner_id, TIMESTAMP '0001-01-01 00:00:00' AS point_at FROM core.partner
  UNION SELECT partner_id, valid_from AS point_at FROM tier
  UNION SELECT partner_id, valid_to AS point_at FROM tier
  UNION SELECT partner_id, valid_from AS point_at FROM kind
  UNION SELECT partner_id, valid_to AS point_at FROM kind
),
period AS (
  SELECT
    partner_id,
    point_at AS valid_from,
    lead(point_at, 1, TIMESTAMP '9999-12-31 00:00:00') OVER (PARTITION BY partner_id ORDER BY point_at) AS valid_to
  FROM point
),
tier_at AS (
  SELECT p.partner_id, p.valid_from, max_by(t.program_tier, t.valid_from) AS program_tier
  FROM period AS p
  JOIN tier AS t ON t.partner_id = p.partner_id AND t.valid_from <= p.valid_from AND p.valid_from < t.valid_to
  GROUP BY p.partner_id, p.valid_from
),
kind_at AS (
  SELECT p.partner_id, p.valid_from, max_by(k.partner_type, k.valid_from) AS partner_type
  FROM period AS p
  JOIN kind AS k ON k.partner_id = p.partner_id AND k.valid_from <= p.valid_from AND p.valid_from < k.valid_to
  GROUP BY p.partner_id, p.valid_from
),
has_tier AS (SELECT DISTINCT partner_id FROM tier),
has_kind AS (SELECT DISTINCT partner_id FROM kind)
SELECT
  CAST(c.partner_id AS VARCHAR) AS partner,
  p.valid_from,
  p.valid_to,
  CAST(coalesce(ka.partner_type, CASE WHEN hk.partner_id IS NULL THEN c.partner_type END, 'unknown') AS VARCHAR) AS partner_type,
  CAST(coalesce(ta.program_tier, CASE WHEN ht.partner_id IS NULL THEN c.program_tier END, 'unknown') AS VARCHAR) AS program_tier,
  CAST(c.region AS VARCHAR) AS region
FROM period AS p
JOIN core.partner AS c ON c.partner_id = p.partner_id
LEFT JOIN tier_at AS ta ON ta.partner_id = p.partner_id AND ta.valid_from = p.valid_from
LEFT JOIN kind_at AS ka ON ka.partner_id = p.partner_id AND ka.valid_from = p.valid_from
LEFT JOIN has_tier AS ht ON ht.partner_id = p.partner_id
LEFT JOIN has_kind AS hk ON hk.partner_id = p.partner_id
WHERE p.valid_from < p.valid_to
UNION ALL
SELECT 'unknown', TIMESTAMP '0001-01-01 00:00:00', TIMESTAMP '9999-12-31 00:00:00', 'unknown', 'unknown', 'unknown'
UNION ALL
SELECT 'none', TIMESTAMP '0001-01-01 00:00:00', TIMESTAMP '9999-12-31 00:00:00', 'none', 'none', 'none'
