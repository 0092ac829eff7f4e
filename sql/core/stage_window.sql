/* tributary
description: >-
  How long a cohort of a stage stays immature: twice the median single completed stay that ended in the last 365 days,
  30 days at least (metrics.md 3.2 and 3.11 CNV).
grain: [motion, stage]
*/
WITH stay AS (
  SELECT v.motion, v.stage, median(CAST(seconds_between(v.entered_at, v.ended_at) AS DOUBLE)) AS median_seconds
  FROM core.stage_visit AS v
  CROSS JOIN program.param AS m
  WHERE v.ended_at IS NOT NULL AND v.excluded IS NULL
    AND v.ended_at >= add_seconds(m.as_of_at, -86400 * m.trailing_days)
  GROUP BY v.motion, v.stage
)
SELECT
  CAST(p.motion AS VARCHAR) AS motion,
  CAST(p.stage AS VARCHAR) AS stage,
  CAST(greatest(coalesce(2 * s.median_seconds, 0), 86400 * m.maturity_min_days) AS BIGINT) AS window_seconds
FROM program.stage AS p
CROSS JOIN program.param AS m
LEFT JOIN stay AS s ON s.motion = p.motion AND s.stage = p.stage
