/* tributary
description: >-
  ACT-1, ACT-2 and ACT-4, already by period: one row per period from the first signature or enrolment on and partner under
  contract or enrolled at its end (or as_of). Revenue active = net sourced revenue over 0 in the trailing 12 calendar
  months; registered = a registration submitted in the period, no duplicate and not rejected as known at as_of. A partner
  terminated on day T is gone from T 00:00 (metrics.md 3.11 ACT).
grain: [grain, period_key, partner]
*/
WITH first AS (
  SELECT min(least(signed_at, enrolled_at)) AS first_at FROM core.partner
),
period AS (
  SELECT f.grain, f.period_start, f.period_start AS from_day, CAST(least(f.period_end, m.as_of + 1) AS DATE) AS until_day, least(f.end_at, m.as_of_at) AS look_at
  FROM program.fiscal_period AS f
  CROSS JOIN program.param AS m
  CROSS JOIN first AS b
  WHERE f.grain IN ('month', 'quarter', 'year') AND f.period_start <= m.as_of AND f.end_at > b.first_at
  UNION ALL
  SELECT 'total' AS grain, CAST(NULL AS DATE) AS period_start, DATE '0001-01-01' AS from_day, CAST(m.as_of + 1 AS DATE) AS until_day, m.as_of_at AS look_at
  FROM program.param AS m
),
window_start AS (
  SELECT p.*, CAST(p.until_day - INTERVAL '1' MONTH * m.revenue_active_months AS DATE) AS active_from_day
  FROM period AS p
  CROSS JOIN program.param AS m
),
member AS (
  SELECT
    p.grain, p.period_start, p.from_day, p.until_day, p.active_from_day, p.look_at, c.partner_id AS partner, c.excluded,
    coalesce(c.signed_at < p.look_at, false) AS is_signed,
    coalesce(c.enrolled_at < p.look_at, false) AS is_enrolled
  FROM window_start AS p
  JOIN core.partner AS c ON c.terminated_at IS NULL OR c.terminated_at >= p.look_at
  WHERE c.signed_at < p.look_at OR c.enrolled_at < p.look_at
),
revenue AS (
  SELECT partner, report_date(line_at) AS day, CAST(sum(amount) AS DECIMAL(18,2)) AS amount
  FROM core.revenue_line
  WHERE class = 'sourced' AND excluded IS NULL
  GROUP BY partner, report_date(line_at)
),
-- running sums, so that a trailing window is the difference of two of them
running AS (
  SELECT partner, day, CAST(sum(amount) OVER (PARTITION BY partner ORDER BY day) AS DECIMAL(18,2)) AS until_amount,
    lead(day, 1, DATE '9999-12-31') OVER (PARTITION BY partner ORDER BY day) AS next_day
  FROM revenue
),
registration AS (
  SELECT g.partner, f.grain, f.period_start,
    bool_or(g.decision <> 'rejected') AS is_registered
  FROM core.registration AS g
  JOIN (
    SELECT date, 'month' AS grain, month_start AS period_start FROM program.fiscal_day
    UNION ALL SELECT date, 'quarter' AS grain, quarter_start AS period_start FROM program.fiscal_day
    UNION ALL SELECT date, 'year' AS grain, year_start AS period_start FROM program.fiscal_day
    UNION ALL SELECT date, 'total' AS grain, DATE '0001-01-01' AS period_start FROM program.fiscal_day
  ) AS f ON f.date = report_date(g.submitted_at)
  WHERE g.excluded IS NULL AND NOT g.is_duplicate
  GROUP BY g.partner, f.grain, f.period_start
)
SELECT
  CAST('partner' AS VARCHAR) AS entity,
  CAST(b.partner AS VARCHAR) AS entity_key,
  CAST(b.grain AS VARCHAR) AS grain,
  b.period_start,
  CAST(coalesce(b.period_start, DATE '0001-01-01') AS DATE) AS period_key,
  CAST(b.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(b.is_signed AS BOOLEAN) AS is_signed,
  CAST(b.is_enrolled AS BOOLEAN) AS is_enrolled,
  CAST(coalesce(e.until_amount, 0) - coalesce(s.until_amount, 0) > 0 AS BOOLEAN) AS is_revenue_active,
  CAST(coalesce(e.until_amount, 0) > 0 AS BOOLEAN) AS is_revenue_ever,
  CAST(coalesce(g.is_registered, false) AS BOOLEAN) AS is_registered,
  CAST(g.partner IS NOT NULL AS BOOLEAN) AS is_submitted,
  CAST(coalesce(e.until_amount, 0) - coalesce(s.until_amount, 0) AS DECIMAL(18,2)) AS trailing_amount,
  CAST(b.excluded AS VARCHAR) AS excluded
FROM member AS b
JOIN core.partner_period AS t ON t.partner = b.partner AND t.valid_from < b.look_at AND b.look_at <= t.valid_to
LEFT JOIN running AS e ON e.partner = b.partner AND e.day < b.until_day AND b.until_day <= e.next_day
LEFT JOIN running AS s ON s.partner = b.partner AND s.day < b.active_from_day AND b.active_from_day <= s.next_day
LEFT JOIN registration AS g
  ON g.partner = b.partner AND g.grain = b.grain AND g.period_start = coalesce(b.period_start, DATE '0001-01-01')
