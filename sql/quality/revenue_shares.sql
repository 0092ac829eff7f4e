/* tributary
description: >-
  Every stored revenue cut with its four classes: sourced + influenced + direct + unattributed must be the whole, to the
  cent, so that the shares sum to 1 (metrics.md REV-5, asserted every run).
grain: [grain, period_start, dims]
materialise: view
checks:
  - expression: {sql: "sourced + influenced + direct + unattributed = total", name: shares_sum_to_one}
*/
SELECT
  CAST(grain AS VARCHAR) AS grain,
  CAST(coalesce(period_start, DATE '0001-01-01') AS DATE) AS period_start,
  CAST(dims AS VARCHAR) AS dims,
  CAST(max(denominator) AS DECIMAL(18,2)) AS total,
  CAST(max(CASE WHEN metric_id = 'REV-5' THEN numerator END) AS DECIMAL(18,2)) AS sourced,
  CAST(max(CASE WHEN metric_id = 'REV-5.influenced' THEN numerator END) AS DECIMAL(18,2)) AS influenced,
  CAST(max(CASE WHEN metric_id = 'REV-5.direct' THEN numerator END) AS DECIMAL(18,2)) AS direct,
  CAST(max(CASE WHEN metric_id = 'REV-7' THEN numerator END) AS DECIMAL(18,2)) AS unattributed
FROM metrics.metric_value
WHERE metric_id IN ('REV-5', 'REV-5.influenced', 'REV-5.direct', 'REV-7') AND denominator IS NOT NULL
GROUP BY grain, period_start, dims
HAVING count(*) = 4
