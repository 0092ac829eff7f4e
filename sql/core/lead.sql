/* tributary
description: >-
  Leads with the board that they are on (vendor_to_partner, partner_to_vendor, affiliate: never pooled). A lead that the
  vendor gives to a partner of an affiliate type is on the affiliate board (facts AM-06). `deal_id` is the deal that it
  became, whether the lead or the deal says so. `owing` is whom the board looks at: the partner that the lead was given to first, else
  its own. A lead whose direction is not known is on no board.
grain: [lead_id]
*/
WITH from_deal AS (
  SELECT lead_id, min_by(deal_id, created_at) AS deal_id
  FROM core.deal
  WHERE lead_id IS NOT NULL AND coalesce(excluded, '') NOT IN ('deleted', 'test', 'merged')
  GROUP BY lead_id
),
-- whom the vendor gave the lead to first: where that is known it decides about the board, not the lead's own partner
given AS (
  SELECT a.lead_id, coalesce(min_by(coalesce(r.partner, 'unknown'), concat(CAST(a.assigned_at AS VARCHAR), a.assignment_id)), 'none') AS partner
  FROM staging.lead_assignment AS a
  LEFT JOIN core.partner_ref AS r ON r.partner_id = a.partner_id
  WHERE a.partner_id IS NOT NULL AND NOT coalesce(a.deleted, false)
  GROUP BY a.lead_id
),
known AS (
  SELECT
    l.*,
    CASE WHEN l.partner_id IS NULL THEN 'none' ELSE coalesce(r.partner, 'unknown') END AS partner,
    CASE
      WHEN l.direction = 'affiliate' AND l.partner_id IS NOT NULL THEN coalesce(r.partner, 'unknown')
      WHEN g.lead_id IS NOT NULL THEN g.partner
      WHEN l.partner_id IS NULL THEN 'none'
      ELSE coalesce(r.partner, 'unknown')
    END AS owing,
    coalesce(r.is_test, false) AS partner_is_test,
    coalesce(l.received_at, l.submitted_at, l.assigned_at) AS begun_at
  FROM staging.lead AS l
  LEFT JOIN core.partner_ref AS r ON r.partner_id = l.partner_id
  LEFT JOIN given AS g ON g.lead_id = l.lead_id
)
SELECT
  CAST(k.lead_id AS VARCHAR) AS lead_id,
  CAST(k.partner AS VARCHAR) AS partner,
  CAST(k.owing AS VARCHAR) AS owing,
  CAST(CASE
    WHEN k.direction IS NULL THEN NULL
    WHEN k.direction = 'affiliate' THEN 'affiliate'
    WHEN k.direction = 'partner_to_vendor' THEN 'partner_to_vendor'
    WHEN t.partner_type IS NOT NULL THEN 'affiliate'
    ELSE 'vendor_to_partner'
  END AS VARCHAR) AS direction,
  k.begun_at,
  k.received_at, k.submitted_at, k.assigned_at, k.acknowledged_at, k.accepted_at,
  CASE WHEN k.reject_reason IS NOT NULL THEN k.rejected_at END AS rejected_at,
  k.first_contact_at, k.qualified_at, k.closed_at,
  CAST(k.closed_reason AS VARCHAR) AS closed_reason,
  CAST(coalesce(k.converted_deal_id, f.deal_id) AS VARCHAR) AS deal_id,
  CAST(CASE
    WHEN coalesce(k.deleted, false) THEN 'deleted'
    WHEN coalesce(k.test, false) OR k.partner_is_test THEN 'test'
    WHEN k.merged_into IS NOT NULL THEN 'merged'
  END AS VARCHAR) AS excluded
FROM known AS k
LEFT JOIN core.partner_period AS p
  ON p.partner = k.owing AND p.valid_from <= k.begun_at AND k.begun_at < p.valid_to
LEFT JOIN program.affiliate_type AS t ON t.partner_type = p.partner_type
LEFT JOIN from_deal AS f ON f.lead_id = k.lead_id
