/* tributary
description: >-
  Candidates judged by each program: in force at the event (`dates`), then partner, region and product filters, in that
  order after the common exclusions (metrics.md 3.11 ACC). `base` is in the program's currency, `base_functional` in the
  functional one; `missing_fx` = an eligible event without a rate, which fails all accruals of the run.
grain: [program_id, event_id]
*/
WITH program AS (
  SELECT program_id, max(basis) AS basis, min(effective_from_at) AS from_at
  FROM program.incentive_version
  WHERE method <> 'milestone'
  GROUP BY program_id
),
dated AS (
  SELECT
    p.program_id, c.*, v.version, v.currency AS program_currency, v.method
  FROM program AS p
  JOIN incentives.candidate AS c ON c.basis = p.basis
  LEFT JOIN program.incentive_version AS v
    ON v.program_id = p.program_id AND v.effective_from_at <= c.event_at
    AND c.event_at < coalesce(v.effective_to_at, TIMESTAMP '9999-12-31 00:00:00')
),
scope AS (
  SELECT DISTINCT s.program_id, s.version, s.dimension, CASE WHEN s.dimension = 'partner' THEN coalesce(r.partner, s.value) ELSE s.value END AS value
  FROM program.incentive_scope AS s
  LEFT JOIN core.partner_ref AS r ON r.partner_id = s.value
),
scoped AS (SELECT DISTINCT program_id, version, dimension FROM scope),
judged AS (
  SELECT
    d.*, t.partner_type, t.program_tier, t.region,
    CASE
      WHEN d.excluded IS NOT NULL THEN d.excluded
      WHEN d.version IS NULL THEN 'dates'
      WHEN sp.program_id IS NOT NULL AND p.value IS NULL THEN 'partner_filter'
      WHEN sk.program_id IS NOT NULL AND k.value IS NULL THEN 'partner_filter'
      WHEN st.program_id IS NOT NULL AND i.value IS NULL THEN 'partner_filter'
      WHEN sr.program_id IS NOT NULL AND r.value IS NULL THEN 'region_filter'
      WHEN sl.program_id IS NOT NULL AND l.value IS NULL THEN 'product_filter'
    END AS reason
  FROM dated AS d
  JOIN core.partner_period AS t ON t.partner = d.partner AND t.valid_from <= d.event_at AND d.event_at < t.valid_to
  LEFT JOIN scoped AS sp ON sp.program_id = d.program_id AND sp.version = d.version AND sp.dimension = 'partner'
  LEFT JOIN scoped AS sk ON sk.program_id = d.program_id AND sk.version = d.version AND sk.dimension = 'partner_type'
  LEFT JOIN scoped AS st ON st.program_id = d.program_id AND st.version = d.version AND st.dimension = 'program_tier'
  LEFT JOIN scoped AS sr ON sr.program_id = d.program_id AND sr.version = d.version AND sr.dimension = 'region'
  LEFT JOIN scoped AS sl ON sl.program_id = d.program_id AND sl.version = d.version AND sl.dimension = 'product_line'
  LEFT JOIN scope AS p ON p.program_id = d.program_id AND p.version = d.version AND p.dimension = 'partner' AND p.value = d.partner
  LEFT JOIN scope AS k ON k.program_id = d.program_id AND k.version = d.version AND k.dimension = 'partner_type' AND k.value = t.partner_type
  LEFT JOIN scope AS i ON i.program_id = d.program_id AND i.version = d.version AND i.dimension = 'program_tier' AND i.value = t.program_tier
  LEFT JOIN scope AS r ON r.program_id = d.program_id AND r.version = d.version AND r.dimension = 'region' AND r.value = coalesce(d.event_region, t.region)
  LEFT JOIN scope AS l ON l.program_id = d.program_id AND l.version = d.version AND l.dimension = 'product_line' AND l.value = d.product_line
),
rated AS (
  SELECT
    j.*,
    j.basis = 'units' AS is_units,
    CASE WHEN j.currency = j.program_currency THEN CAST(1 AS DECIMAL(18,9)) ELSE x.rate END AS to_program,
    CASE WHEN j.program_currency = m.functional_currency THEN CAST(1 AS DECIMAL(18,9)) ELSE f.rate END AS to_functional,
    m.functional_currency
  FROM judged AS j
  CROSS JOIN program.param AS m
  LEFT JOIN core.fx AS x
    ON x.from_currency = j.currency AND x.to_currency = j.program_currency
    AND x.day_from <= report_date(j.rate_at) AND report_date(j.rate_at) < x.day_to
  LEFT JOIN core.fx AS f
    ON f.from_currency = j.program_currency AND f.to_currency = m.functional_currency
    AND f.day_from <= report_date(j.rate_at) AND report_date(j.rate_at) < f.day_to
),
converted AS (
  SELECT
    *,
    CASE
      WHEN is_units THEN CAST(amount AS DECIMAL(18,2))
      WHEN program_currency = functional_currency AND amount_functional IS NOT NULL THEN amount_functional
      ELSE money_mul(amount, to_program)
    END AS base
  FROM rated
)
SELECT
  CAST(program_id AS VARCHAR) AS program_id,
  CAST(event_id AS VARCHAR) AS event_id,
  CAST(version AS INTEGER) AS version,
  CAST(method AS VARCHAR) AS method,
  CAST(entity AS VARCHAR) AS entity,
  CAST(entity_key AS VARCHAR) AS entity_key,
  CAST(partner AS VARCHAR) AS partner,
  CAST(account AS VARCHAR) AS account,
  CAST(partner_type AS VARCHAR) AS partner_type,
  CAST(program_tier AS VARCHAR) AS program_tier,
  CAST(region AS VARCHAR) AS region,
  event_at,
  CAST(base AS DECIMAL(18,2)) AS base,
  CASE WHEN is_units THEN CAST(base AS DECIMAL(18,2)) ELSE money_mul(base, to_functional) END AS base_functional,
  CAST(CASE WHEN is_units THEN CASE WHEN program_currency = functional_currency THEN 1 ELSE to_functional END ELSE to_functional END AS DECIMAL(18,9)) AS to_functional,
  CAST(reason IS NULL AND (base IS NULL OR to_functional IS NULL) AS BOOLEAN) AS missing_fx,
  CAST(reason AS VARCHAR) AS excluded
FROM converted
