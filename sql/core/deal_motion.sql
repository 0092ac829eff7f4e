/* tributary
description: >-
  The motions that a deal went through. Exposure in a motion runs from its first stage row until the deal's first row of
  a motion that it was never in before; returning to an earlier motion is ignored (metrics.md 3.11 CNV). A won deal
  without any stage row stands in its recorded motion from the close on, so that its stages can be imputed.
grain: [deal_id, motion]
checks:
  - expression: {sql: "motion IN (SELECT m.motion FROM program.motion AS m WHERE m.enabled)", name: motion_is_run}
    severity: warn
*/
WITH entry AS (
  SELECT s.deal_id, coalesce(s.motion, d.recorded_motion) AS motion, min(s.entered_at) AS from_at
  FROM staging.deal_stage AS s
  JOIN core.deal AS d ON d.deal_id = s.deal_id
  JOIN program.stage AS p ON p.motion = coalesce(s.motion, d.recorded_motion) AND p.stage = s.stage
  WHERE NOT coalesce(s.deleted, false)
  GROUP BY s.deal_id, coalesce(s.motion, d.recorded_motion)
),
spell AS (
  SELECT
    deal_id, motion, from_at,
    lead(from_at) OVER (PARTITION BY deal_id ORDER BY from_at, motion) AS to_at
  FROM entry
  UNION ALL
  SELECT d.deal_id, d.recorded_motion AS motion, d.closed_at AS from_at, NULL AS to_at
  FROM core.deal AS d
  SEMI JOIN program.motion AS m ON m.motion = d.recorded_motion
  ANTI JOIN entry AS e ON e.deal_id = d.deal_id
  WHERE d.outcome = 'won' AND d.closed_at IS NOT NULL
)
SELECT
  CAST(s.deal_id AS VARCHAR) AS deal_id,
  CAST(s.motion AS VARCHAR) AS motion,
  s.from_at,
  s.to_at,
  CAST(d.closed_at IS NOT NULL AND s.from_at <= d.closed_at AND (s.to_at IS NULL OR d.closed_at < s.to_at) AS BOOLEAN) AS is_closing
FROM spell AS s
JOIN core.deal AS d ON d.deal_id = s.deal_id
