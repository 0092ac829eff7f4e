/* tributary
description: >-
  CNV-9: registrations with the outcome of their deal, one row per registration and cohort: `submitted` anchored at
  submission, `approved` (approved ones only) at the decision. Registrations without a deal stay in the denominator;
  those submitted after the close, and in the approved cohort those approved after it, are `late_registered`.
grain: [registration_id, cohort]
*/
WITH cohort AS (
  SELECT *, 'submitted' AS cohort, submitted_at AS anchor_at FROM core.registration
  UNION ALL
  SELECT *, 'approved' AS cohort, decided_at AS anchor_at FROM core.registration WHERE decision = 'approved' AND decided_at IS NOT NULL
)
SELECT
  CAST('deal_registration' AS VARCHAR) AS entity,
  CAST(g.registration_id AS VARCHAR) AS entity_key,
  CAST(g.registration_id AS VARCHAR) AS registration_id,
  CAST(g.cohort AS VARCHAR) AS cohort,
  g.anchor_at,
  CAST(g.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(coalesce(o.motion, d.recorded_motion, 'unknown') AS VARCHAR) AS motion,
  CAST(CASE
    WHEN g.excluded IS NOT NULL THEN g.excluded
    WHEN g.is_duplicate THEN 'duplicate'
    WHEN d.excluded IN ('deleted', 'test', 'merged') THEN d.excluded
    WHEN g.submitted_at > d.closed_at THEN 'late_registered'
    WHEN g.cohort = 'approved' AND g.decided_at > d.closed_at THEN 'late_registered'
  END AS VARCHAR) AS excluded,
  CAST(coalesce(d.outcome = 'won', false) AS BOOLEAN) AS is_won
FROM cohort AS g
JOIN core.partner_period AS t ON t.partner = g.partner AND t.valid_from <= g.anchor_at AND g.anchor_at < t.valid_to
LEFT JOIN core.deal AS d ON d.deal_id = g.deal_id
LEFT JOIN core.motion_period AS o
  ON o.deal_id = g.deal_id AND o.from_at <= g.anchor_at AND g.anchor_at < coalesce(o.to_at, TIMESTAMP '9999-12-31 00:00:00')
