/* tributary
description: >-
  CNV-3: one exit per deal and stage, the first that is forward, lost or switched, anchored when it happened.
  The last stage of a motion has no next one, so none.
grain: [deal_id, motion, stage]
*/
SELECT
  CAST('deal' AS VARCHAR) AS entity,
  CAST(v.deal_id AS VARCHAR) AS entity_key,
  CAST(v.deal_id AS VARCHAR) AS deal_id,
  v.exit_at AS anchor_at,
  CAST(v.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(v.route AS VARCHAR) AS route,
  CAST(v.motion AS VARCHAR) AS motion,
  CAST(v.stage AS VARCHAR) AS stage,
  CAST(v.excluded AS VARCHAR) AS excluded,
  CAST(v.exit_kind AS VARCHAR) AS exit_kind
FROM core.stage_visit AS v
JOIN core.partner_period AS t ON t.partner = v.partner AND t.valid_from <= v.exit_at AND v.exit_at < t.valid_to
JOIN program.stage AS p ON p.motion = v.motion AND p.rank = v.rank + 1
WHERE v.exit_kind IN ('forward', 'lost', 'switched')
QUALIFY row_number() OVER (PARTITION BY v.deal_id, v.motion, v.stage ORDER BY v.exit_at, v.visit) = 1
