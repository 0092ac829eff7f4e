/* tributary
description: >-
  Deal registrations with the partner that they count for. Duplicates are marked, not dropped; a decision is what was
  known at as_of (metrics.md 3.11 ACT).
grain: [registration_id]
*/
SELECT
  CAST(g.registration_id AS VARCHAR) AS registration_id,
  CAST(CASE WHEN g.partner_id IS NULL THEN 'none' ELSE coalesce(r.partner, 'unknown') END AS VARCHAR) AS partner,
  CAST(g.deal_id AS VARCHAR) AS deal_id,
  g.submitted_at,
  g.decided_at,
  CAST(coalesce(g.decision, 'pending') AS VARCHAR) AS decision,
  CAST(g.duplicate_of IS NOT NULL AS BOOLEAN) AS is_duplicate,
  CAST(CASE
    WHEN coalesce(g.deleted, false) THEN 'deleted'
    WHEN coalesce(g.test, false) OR coalesce(r.is_test, false) THEN 'test'
    WHEN g.merged_into IS NOT NULL THEN 'merged'
  END AS VARCHAR) AS excluded
FROM staging.deal_registration AS g
LEFT JOIN core.partner_ref AS r ON r.partner_id = g.partner_id
