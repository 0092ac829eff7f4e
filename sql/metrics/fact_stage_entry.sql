/* tributary
description: >-
  CNV-4 and VEL-5: one row per deal, motion and stage that the deal was in, anchored at its first entry. `is_followed`: it
  entered the next stage later. Stays are summed over re-entries; a stay that lasts at as_of is censored.
grain: [deal_id, motion, stage]
*/
WITH visited AS (
  SELECT
    v.deal_id, v.motion, v.stage, v.rank, v.partner, v.route, v.excluded,
    min(v.entered_at) AS entered_at,
    min(v.visit) AS first_visit,
    CAST(sum(seconds_between(v.entered_at, coalesce(v.ended_at, m.as_of_at))) AS BIGINT) AS stay_seconds,
    bool_or(v.ended_at IS NULL) AS is_open
  FROM core.stage_visit AS v
  CROSS JOIN program.param AS m
  GROUP BY v.deal_id, v.motion, v.stage, v.rank, v.partner, v.route, v.excluded
),
last_visit AS (
  SELECT deal_id, motion, rank, max(visit) AS last_visit
  FROM core.stage_visit
  GROUP BY deal_id, motion, rank
)
SELECT
  CAST('deal' AS VARCHAR) AS entity,
  CAST(v.deal_id AS VARCHAR) AS entity_key,
  CAST(v.deal_id AS VARCHAR) AS deal_id,
  v.entered_at AS anchor_at,
  CAST(v.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(v.route AS VARCHAR) AS route,
  CAST(v.motion AS VARCHAR) AS motion,
  CAST(v.stage AS VARCHAR) AS stage,
  CAST(v.excluded AS VARCHAR) AS excluded,
  CAST(p.rank IS NOT NULL AS BOOLEAN) AS has_next,
  CAST(coalesce(n.last_visit > v.first_visit, false) AS BOOLEAN) AS is_followed,
  CAST(v.stay_seconds AS BIGINT) AS stay_seconds,
  CAST(NOT v.is_open AS BOOLEAN) AS is_ended
FROM visited AS v
JOIN core.partner_period AS t ON t.partner = v.partner AND t.valid_from <= v.entered_at AND v.entered_at < t.valid_to
LEFT JOIN program.stage AS p ON p.motion = v.motion AND p.rank = v.rank + 1
LEFT JOIN last_visit AS n ON n.deal_id = v.deal_id AND n.motion = v.motion AND n.rank = v.rank + 1
