/* tributary
description: >-
  ACT-3: partners anchored at enrolment, with the seconds to their first registration that is no duplicate; one before
  enrolment is a negative duration.
grain: [partner]
*/
WITH first AS (
  SELECT partner, min(submitted_at) AS submitted_at
  FROM core.registration
  WHERE excluded IS NULL AND NOT is_duplicate
  GROUP BY partner
)
SELECT
  CAST('partner' AS VARCHAR) AS entity,
  CAST(c.partner_id AS VARCHAR) AS entity_key,
  c.enrolled_at AS anchor_at,
  CAST(c.partner_id AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(seconds_between(c.enrolled_at, f.submitted_at) AS BIGINT) AS first_seconds,
  CAST(coalesce(seconds_between(c.enrolled_at, f.submitted_at) <= 86400 * m.activation_days, false) AS BOOLEAN) AS is_activated,
  CAST(86400 * m.activation_days AS BIGINT) AS window_seconds,
  CAST(CASE WHEN c.excluded IS NOT NULL THEN c.excluded WHEN f.submitted_at < c.enrolled_at THEN 'negative_duration' END AS VARCHAR) AS excluded
FROM core.partner AS c
CROSS JOIN program.param AS m
JOIN core.partner_period AS t ON t.partner = c.partner_id AND t.valid_from <= c.enrolled_at AND c.enrolled_at < t.valid_to
LEFT JOIN first AS f ON f.partner = c.partner_id
WHERE c.enrolled_at IS NOT NULL
