/* tributary
description: >-
  The fiscal quarters that pages and dashboards offer: from the first with a figure to the one of as_of, each with its
  label and the two that it is held against. The headline is the last that has ended by as_of: a running quarter beside
  a whole one misleads.
grain: [quarter_start]
columns:
  quarter_start: date
  quarter_end: {type: date, description: the day after its last}
  key: {type: text, description: quarter_start as text}
  label: {type: text, description: "its months, which hold for every fiscal calendar"}
  ago: {type: integer, description: "0 = the quarter of as_of"}
  is_ended: boolean
  is_headline: boolean
  previous_key: {type: text, description: the quarter before}
  year_key: {type: text, description: the same quarter a year before}
  start_at: {type: instant, description: in the reporting zone}
  end_at: {type: instant, description: "exclusive, of what as_of knows"}
checks:
  - not_null: [label, is_headline]
*/
WITH month (number, name) AS (
  VALUES ('01', 'Jan'), ('02', 'Feb'), ('03', 'Mar'), ('04', 'Apr'), ('05', 'May'), ('06', 'Jun'),
    ('07', 'Jul'), ('08', 'Aug'), ('09', 'Sep'), ('10', 'Oct'), ('11', 'Nov'), ('12', 'Dec')
),
calendar AS (
  SELECT
    f.period_start, f.period_end, f.start_at, f.end_at,
    lag(f.period_start) OVER (ORDER BY f.period_start) AS previous,
    lag(f.period_start, 4) OVER (ORDER BY f.period_start) AS year_before
  FROM program.fiscal_period AS f
  WHERE f.grain = 'quarter'
),
first_figure AS (
  SELECT min(period_start) AS period_start FROM metrics.metric_value WHERE grain = 'quarter' AND n > 0
),
offered AS (
  SELECT
    c.*, m.as_of_at, c.end_at <= m.as_of_at AS is_ended,
    row_number() OVER (ORDER BY c.period_start DESC) AS back,
    row_number() OVER (ORDER BY CASE WHEN c.end_at <= m.as_of_at THEN 0 ELSE 1 END, c.period_start DESC) AS rank
  FROM calendar AS c
  CROSS JOIN program.param AS m
  CROSS JOIN first_figure AS f
  WHERE c.start_at < m.as_of_at AND (c.period_start >= f.period_start OR m.as_of_at <= c.end_at)
)
SELECT
  CAST(o.period_start AS DATE) AS quarter_start,
  CAST(o.period_end AS DATE) AS quarter_end,
  CAST(o.period_start AS VARCHAR) AS key,
  CAST(concat(a.name, '–', b.name, ' ', substr(ym(o.period_end - 1), 1, 4), CASE WHEN o.is_ended THEN '' ELSE ' to date' END) AS VARCHAR) AS label,
  CAST(o.back - 1 AS BIGINT) AS ago,
  o.is_ended,
  o.rank = 1 AS is_headline,
  CAST(o.previous AS VARCHAR) AS previous_key,
  CAST(o.year_before AS VARCHAR) AS year_key,
  CAST(o.start_at AS TIMESTAMPTZ) AS start_at,
  CAST(CASE WHEN o.is_ended THEN o.end_at ELSE o.as_of_at END AS TIMESTAMPTZ) AS end_at
FROM offered AS o
JOIN month AS a ON a.number = substr(ym(o.period_start), 6, 2)
JOIN month AS b ON b.number = substr(ym(o.period_end - 1), 6, 2)
