/* tributary
description: >-
  CNV-6: deals that entered at least two distinct stages of a motion, anchored at their first entry into it. Regressed =
  any decrease of rank from one stay to the next.
grain: [deal_id, motion]
*/
WITH move AS (
  SELECT
    deal_id, motion, rank, entered_at, partner, route, excluded,
    lag(rank) OVER (PARTITION BY deal_id, motion ORDER BY visit) > rank AS is_back
  FROM core.stage_visit
),
entry AS (
  SELECT deal_id, motion, partner, route, excluded, min(entered_at) AS entered_at, bool_or(coalesce(is_back, false)) AS is_regressed
  FROM move
  GROUP BY deal_id, motion, partner, route, excluded
  HAVING count(DISTINCT rank) >= 2
)
SELECT
  CAST('deal' AS VARCHAR) AS entity,
  CAST(e.deal_id AS VARCHAR) AS entity_key,
  CAST(e.deal_id AS VARCHAR) AS deal_id,
  e.entered_at AS anchor_at,
  CAST(e.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(e.route AS VARCHAR) AS route,
  CAST(e.motion AS VARCHAR) AS motion,
  CAST(e.excluded AS VARCHAR) AS excluded,
  CAST(e.is_regressed AS BOOLEAN) AS is_regressed
FROM entry AS e
JOIN core.partner_period AS t ON t.partner = e.partner AND t.valid_from <= e.entered_at AND e.entered_at < t.valid_to
