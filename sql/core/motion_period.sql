/* tributary
description: >-
  The motion that a deal is in at each instant: that of its last stage row up to it, rows of a return included
  (metrics.md 3.11 CNV). Before the first row, and for a deal without rows, there is none: its recorded motion holds.
grain: [deal_id, from_at]
*/
WITH entry AS (
  SELECT s.deal_id, p.motion, s.entered_at, s.sequence, p.rank, s.deal_stage_id
  FROM staging.deal_stage AS s
  JOIN core.deal_state AS d ON d.deal_id = s.deal_id
  JOIN program.stage AS p ON p.motion = coalesce(s.motion, d.recorded_motion) AND p.stage = s.stage
  WHERE NOT coalesce(s.deleted, false)
),
spell AS (
  SELECT deal_id, motion, entered_at,
    lead(entered_at, 1, TIMESTAMP '9999-12-31 00:00:00') OVER (PARTITION BY deal_id ORDER BY entered_at, sequence, rank, deal_stage_id) AS until_at
  FROM entry
)
SELECT
  CAST(deal_id AS VARCHAR) AS deal_id,
  CAST(motion AS VARCHAR) AS motion,
  entered_at AS from_at,
  until_at AS to_at
FROM spell
WHERE entered_at < until_at
