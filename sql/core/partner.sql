/* tributary
description: >-
  Partners, one row each, with the dates of the relationship and the reason why a partner is left out of counts.
  Where the partner row has no date, the first status row of that name gives it (facts AM-21).
grain: [partner_id]
checks:
  - expression: {sql: "excluded IS NULL OR excluded IN ('deleted', 'test', 'merged')", name: known_exclusion}
*/
WITH dated AS (
  SELECT
    partner_id,
    min(CASE WHEN status = 'signed' THEN valid_from END) AS signed_at,
    min(CASE WHEN status = 'enrolled' THEN valid_from END) AS enrolled_at,
    min(CASE WHEN status = 'onboarded' THEN valid_from END) AS onboarded_at,
    max(CASE WHEN status = 'terminated' THEN valid_from END) AS terminated_at
  FROM staging.partner_status
  WHERE NOT coalesce(deleted, false)
  GROUP BY partner_id
)
SELECT
  CAST(p.partner_id AS VARCHAR) AS partner_id,
  CAST(coalesce(p.name, p.partner_id) AS VARCHAR) AS name,
  CAST(coalesce(p.partner_type, 'unknown') AS VARCHAR) AS partner_type,
  CAST(p.program_tier AS VARCHAR) AS program_tier,
  CAST(coalesce(p.region, 'unknown') AS VARCHAR) AS region,
  CAST(p.country AS VARCHAR) AS country,
  CAST(p.cam_id AS VARCHAR) AS cam_id,
  CAST(coalesce(p.business_calendar, rc.calendar, m.partner_calendar) AS VARCHAR) AS calendar,
  coalesce(p.signed_at, d.signed_at) AS signed_at,
  coalesce(p.enrolled_at, d.enrolled_at) AS enrolled_at,
  coalesce(p.onboarded_at, d.onboarded_at) AS onboarded_at,
  coalesce(p.terminated_at, d.terminated_at) AS terminated_at,
  CAST(CASE
    WHEN p.merged_into IS NOT NULL THEN 'merged'
    WHEN coalesce(p.deleted, false) THEN 'deleted'
    WHEN coalesce(p.test, false) THEN 'test'
  END AS VARCHAR) AS excluded
FROM staging.partner AS p
CROSS JOIN program.param AS m
LEFT JOIN dated AS d ON d.partner_id = p.partner_id
LEFT JOIN program.region_calendar AS rc ON rc.region = p.region
