/* tributary
description: >-
  Every partner id that a source knows, and the partner that its facts count for: merged partners follow to the survivor
  (metrics.md 3.11 General); a deleted survivor's facts stay under `unknown`.
grain: [partner_id]
columns:
  partner_id: {type: text, description: id as the sources write it}
  partner: {type: text, description: value of the partner dimension}
  survivor_id: {type: text, description: end of the merge chain}
  is_test: {type: boolean, description: the survivor is a test partner and passes this on to its facts}
*/
WITH RECURSIVE chain AS (
  SELECT partner_id, partner_id AS survivor_id, merged_into, CAST(0 AS INTEGER) AS depth
  FROM staging.partner
  UNION ALL
  SELECT c.partner_id, p.partner_id AS survivor_id, p.merged_into, CAST(c.depth + 1 AS INTEGER) AS depth
  FROM chain AS c
  JOIN staging.partner AS p ON p.partner_id = c.merged_into
  WHERE c.depth < 16
),
ends AS (
  SELECT partner_id, max_by(survivor_id, depth) AS survivor_id
  FROM chain
  GROUP BY partner_id
)
SELECT
  CAST(e.partner_id AS VARCHAR) AS partner_id,
  CAST(CASE WHEN coalesce(s.deleted, false) THEN 'unknown' ELSE e.survivor_id END AS VARCHAR) AS partner,
  CAST(e.survivor_id AS VARCHAR) AS survivor_id,
  CAST(coalesce(s.test, false) AS BOOLEAN) AS is_test
FROM ends AS e
JOIN staging.partner AS s ON s.partner_id = e.survivor_id
