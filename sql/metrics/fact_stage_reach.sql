/* tributary
description: >-
  CNV-1, CNV-2 and CNV-5: one row per deal, motion and stage that has a next stage, anchored where the deal first reached
  the stage. `resolved_excluded` says why CNV-2 leaves the row out.
grain: [deal_id, motion, stage]
*/
WITH step AS (
  SELECT
    k.*, n.reached_at IS NOT NULL AS is_advanced, n.visited_at IS NOT NULL AS is_next_visited
  FROM core.stage_reach AS k
  JOIN program.stage AS p ON p.motion = k.motion AND p.rank = k.rank + 1
  LEFT JOIN core.stage_reach AS n ON n.deal_id = k.deal_id AND n.motion = k.motion AND n.rank = k.rank + 1
)
SELECT
  CAST('deal' AS VARCHAR) AS entity,
  CAST(s.deal_id AS VARCHAR) AS entity_key,
  CAST(s.deal_id AS VARCHAR) AS deal_id,
  s.reached_at AS anchor_at,
  CAST(s.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(s.route AS VARCHAR) AS route,
  CAST(s.motion AS VARCHAR) AS motion,
  CAST(s.stage AS VARCHAR) AS stage,
  CAST(s.excluded AS VARCHAR) AS excluded,
  CAST(CASE
    WHEN s.is_advanced THEN NULL
    WHEN s.is_switched THEN 'motion_switched'
    WHEN s.is_closing AND s.outcome = 'lost' THEN NULL
    WHEN s.is_closing AND s.outcome = 'won' THEN 'won_at_stage'
    WHEN s.is_closing AND s.outcome = 'void' THEN 'void'
    ELSE 'open'
  END AS VARCHAR) AS resolved_excluded,
  CAST(s.is_advanced AS BOOLEAN) AS is_advanced,
  CAST(s.is_advanced AND NOT s.is_next_visited AS BOOLEAN) AS is_skipped,
  CAST(w.window_seconds AS BIGINT) AS window_seconds
FROM step AS s
JOIN core.partner_period AS t ON t.partner = s.partner AND t.valid_from <= s.reached_at AND s.reached_at < t.valid_to
LEFT JOIN core.stage_window AS w ON w.motion = s.motion AND w.stage = s.stage
