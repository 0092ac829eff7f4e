/* tributary
description: >-
  The moments at which a program period is looked at: each quarter end in it (or as_of), and its own end. `look_day` is the
  first day not included. `share_num / share_den` is the expected share of the period that has passed: whole quarters by
  weight, the running one by calendar days (metrics.md 3.11 ACC). The version is the one in force then, else the last before.
grain: [program_id, period_start, look_day]
*/
WITH bound AS (
  SELECT min(report_date(event_at)) AS first_day FROM incentives.candidate
),
version AS (
  SELECT program_id, version, period, effective_from_at, coalesce(effective_to_at, TIMESTAMP '9999-12-31 00:00:00') AS effective_to_at
  FROM program.incentive_version
  WHERE method <> 'milestone'
),
started AS (
  SELECT program_id, max_by(period, version) AS period, min(effective_from_at) AS from_at FROM version GROUP BY program_id
),
period AS (
  SELECT s.program_id, s.period, f.period_start, f.period_end, f.start_at, f.end_at
  FROM started AS s
  CROSS JOIN program.param AS m
  CROSS JOIN bound AS b
  JOIN program.fiscal_period AS f
    ON f.grain = s.period AND f.period_start <= m.as_of AND f.period_end > b.first_day AND f.end_at > s.from_at
),
look AS (
  SELECT p.*, least(q.end_at, p.end_at, m.as_of_at) AS look_at, CAST(least(q.period_end, p.period_end, m.as_of + 1) AS DATE) AS look_day
  FROM period AS p
  CROSS JOIN program.param AS m
  JOIN program.fiscal_period AS q
    ON q.grain = 'quarter' AND q.period_start <= m.as_of AND q.period_end > p.period_start AND q.period_start < p.period_end
),
single AS (
  SELECT DISTINCT program_id, period, period_start, period_end, start_at, end_at, look_at, look_day FROM look
),
weighted AS (
  SELECT
    l.*, v.version,
    row_number() OVER (PARTITION BY l.program_id, l.period_start, l.look_day ORDER BY v.effective_from_at DESC, v.version DESC) AS nearness
  FROM single AS l
  JOIN version AS v ON v.program_id = l.program_id AND v.effective_from_at < l.look_at
),
chosen AS (
  SELECT * FROM weighted WHERE nearness = 1
),
quarter AS (
  SELECT
    c.program_id, c.period_start, c.look_day, q.period_start AS quarter_start, q.period_end AS quarter_end,
    row_number() OVER (PARTITION BY c.program_id, c.period_start, c.look_day ORDER BY q.period_start) AS number,
    c.version
  FROM chosen AS c
  JOIN program.fiscal_period AS q
    ON q.grain = 'quarter' AND c.period = 'year' AND q.period_start >= c.period_start AND q.period_end <= c.period_end
),
passed AS (
  SELECT
    q.program_id, q.period_start, q.look_day,
    CAST(sum(coalesce(w.weight, 1)) AS DECIMAL(18,6)) AS weight_total,
    CAST(sum(CASE WHEN q.quarter_end <= q.look_day THEN coalesce(w.weight, 1) ELSE 0 END) AS DECIMAL(18,6)) AS weight_whole,
    CAST(max(CASE WHEN q.quarter_start < q.look_day AND q.look_day < q.quarter_end THEN coalesce(w.weight, 1) ELSE 0 END) AS DECIMAL(18,6)) AS weight_running,
    CAST(max(CASE WHEN q.quarter_start < q.look_day AND q.look_day < q.quarter_end THEN days_between(q.quarter_start, q.look_day) ELSE 0 END) AS BIGINT) AS days_running,
    CAST(max(CASE WHEN q.quarter_start < q.look_day AND q.look_day < q.quarter_end THEN days_between(q.quarter_start, q.quarter_end) ELSE 1 END) AS BIGINT) AS days_quarter
  FROM quarter AS q
  LEFT JOIN program.projection_weight AS w ON w.program_id = q.program_id AND w.version = q.version AND w.quarter = q.number
  GROUP BY q.program_id, q.period_start, q.look_day
)
SELECT
  CAST(c.program_id AS VARCHAR) AS program_id,
  CAST(c.period AS VARCHAR) AS period,
  c.period_start, c.period_end, c.start_at, c.end_at, c.look_at, c.look_day,
  CAST(c.version AS INTEGER) AS version,
  CAST(c.look_day >= c.period_end AS BOOLEAN) AS is_over,
  CAST(CASE
    WHEN c.period = 'year' THEN p.weight_whole * p.days_quarter + p.weight_running * p.days_running
    ELSE days_between(c.period_start, c.look_day)
  END AS DECIMAL(38,6)) AS share_num,
  CAST(CASE
    WHEN c.period = 'year' THEN p.weight_total * p.days_quarter
    ELSE days_between(c.period_start, c.period_end)
  END AS DECIMAL(38,6)) AS share_den
FROM chosen AS c
LEFT JOIN passed AS p ON p.program_id = c.program_id AND p.period_start = c.period_start AND p.look_day = c.look_day
