/* tributary
description: >-
  How long a cohort of registered deals stays immature (CNV-7): twice the median time from registration to a win of the
  last 365 days, 30 days at least (metrics.md 3.2 and 3.11 CNV).
grain: [window_seconds]
*/
SELECT
  CAST(greatest(coalesce(2 * median(CAST(seconds_between(d.submitted_at, d.closed_at) AS DOUBLE)), 0), 86400 * max(m.maturity_min_days)) AS BIGINT) AS window_seconds
FROM program.param AS m
LEFT JOIN core.deal AS d
  ON d.outcome = 'won' AND d.excluded IS NULL AND d.submitted_at <= d.closed_at
  AND d.closed_at >= add_seconds(m.as_of_at, -86400 * m.trailing_days)
