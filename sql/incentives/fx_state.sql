/* tributary
description: Whether every accrual can be computed. One eligible event without a rate fails all accruals of the run (metrics.md 3.0 no 7).
grain: [missing_events]
*/
SELECT
  CAST(coalesce(sum(missing), 0) AS BIGINT) AS missing_events,
  CAST(CASE WHEN sum(missing) > 0 THEN 'failed_missing_fx' END AS VARCHAR) AS status
FROM (
  SELECT count_if(missing_fx) AS missing FROM incentives.event
  UNION ALL
  SELECT count_if(missing_fx) AS missing FROM incentives.adjustment
  UNION ALL
  SELECT count_if(missing_fx) AS missing FROM incentives.credit
) AS parts
