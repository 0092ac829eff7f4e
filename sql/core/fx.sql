/* tributary
description: >-
  One rate per currency pair and day, as half-open day intervals: a rate is in force from its day until the next rate of
  the pair (or for fx.max_age_days, where set). Pairs are used as given: no inverse, no triangle.
grain: [from_currency, to_currency, day_from]
*/
WITH rate AS (
  SELECT f.rate_date, f.from_currency, f.to_currency, CAST(f.rate AS DECIMAL(18,9)) AS rate, 2 AS preference
  FROM staging.fx_rate AS f
  CROSS JOIN program.param AS m
  WHERE NOT coalesce(f.deleted, false) AND coalesce(nullif(f.kind, ''), m.fx_kind) = m.fx_kind
  UNION ALL
  SELECT f.rate_date, f.from_currency, f.to_currency, CAST(f.rate AS DECIMAL(18,9)) AS rate, 1 AS preference
  FROM program.fx_manual AS f
  CROSS JOIN program.param AS m
  WHERE coalesce(nullif(f.kind, ''), m.fx_kind) = m.fx_kind AND f.rate_date <= m.as_of
),
best AS (
  SELECT rate_date, from_currency, to_currency, rate
  FROM rate
  QUALIFY row_number() OVER (PARTITION BY from_currency, to_currency, rate_date ORDER BY preference, rate) = 1
),
spell AS (
  SELECT
    from_currency, to_currency, rate, rate_date AS day_from,
    lead(rate_date, 1, DATE '9999-12-31') OVER (PARTITION BY from_currency, to_currency ORDER BY rate_date) AS day_to
  FROM best
)
SELECT
  CAST(s.from_currency AS VARCHAR) AS from_currency,
  CAST(s.to_currency AS VARCHAR) AS to_currency,
  s.day_from,
  CAST(least(s.day_to, CASE WHEN m.fx_max_age_days IS NULL THEN s.day_to ELSE s.day_from + m.fx_max_age_days + 1 END) AS DATE) AS day_to,
  CAST(s.rate AS DECIMAL(18,9)) AS rate
FROM spell AS s
CROSS JOIN program.param AS m
