/* tributary
description: >-
  What somebody owed an answer to: each assignment of a lead that the vendor gave to a partner, each lead that a partner
  submitted to the vendor, each affiliate lead (metrics.md 3.1). A unit ends when its lead is closed or, a partner's unit,
  when it is unassigned, expires or the lead goes to the next assignment; of several ends the first decides.
  What the lead itself says of its acknowledgement counts for an assignment only where assignments say nothing of theirs.
grain: [unit_id]
*/
WITH live AS (
  SELECT
    a.*,
    lead(a.assigned_at) OVER (PARTITION BY a.lead_id ORDER BY a.assigned_at, a.assignment_id) AS next_at,
    row_number() OVER (PARTITION BY a.lead_id ORDER BY a.assigned_at, a.assignment_id) AS turn
  FROM staging.lead_assignment AS a
  WHERE NOT coalesce(a.deleted, false)
),
assigned AS (
  SELECT
    a.assignment_id, a.lead_id, a.partner_id, a.assigned_at, a.acknowledged_at, a.accepted_at,
    CASE WHEN a.reject_reason IS NOT NULL THEN a.rejected_at END AS rejected_at,
    a.unassigned_at, coalesce(a.unassign_reason, 'unassigned') AS unassign_reason, a.expired_at,
    CASE WHEN a.next_at > a.assigned_at THEN a.next_at END AS next_at, a.turn, false AS is_deleted
  FROM live AS a
  UNION ALL
  SELECT
    a.assignment_id, a.lead_id, a.partner_id, a.assigned_at, a.acknowledged_at, a.accepted_at,
    CASE WHEN a.reject_reason IS NOT NULL THEN a.rejected_at END AS rejected_at,
    a.unassigned_at, coalesce(a.unassign_reason, 'unassigned') AS unassign_reason, a.expired_at,
    NULL AS next_at, 0 AS turn, true AS is_deleted
  FROM staging.lead_assignment AS a
  WHERE coalesce(a.deleted, false)
),
-- where assignments name partners, one without is inside the vendor: no partner's unit, but it ends the turn before it
names AS (
  SELECT count(*) > 0 AS partners FROM staging.lead_assignment WHERE partner_id IS NOT NULL
),
own AS (
  SELECT count(*) > 0 AS is_mapped
  FROM staging.mapped
  WHERE entity = 'lead_assignment' AND field IN ('acknowledged_at', 'accepted_at', 'rejected_at')
),
inside AS (
  SELECT
    lead_id, min(acknowledged_at) AS acknowledged_at, min(accepted_at) AS accepted_at,
    min(CASE WHEN reject_reason IS NOT NULL THEN rejected_at END) AS rejected_at
  FROM live
  WHERE partner_id IS NULL
  GROUP BY lead_id
),
unit AS (
  SELECT
    concat('assignment:', a.assignment_id) AS unit_id, 'lead_assignment' AS entity, a.assignment_id AS entity_key,
    l.lead_id, l.direction, 'partner' AS party,
    CASE WHEN a.partner_id IS NULL THEN l.partner ELSE coalesce(r.partner, 'unknown') END AS partner,
    a.assigned_at AS clock_start,
    a.acknowledged_at, a.accepted_at, a.rejected_at,
    CASE WHEN NOT w.is_mapped THEN l.acknowledged_at END AS lead_acknowledged_at,
    CASE WHEN NOT w.is_mapped THEN l.accepted_at END AS lead_accepted_at,
    CASE WHEN NOT w.is_mapped THEN l.rejected_at END AS lead_rejected_at,
    l.first_contact_at,
    a.turn <= 1 AS is_first,
    l.closed_at, l.closed_reason, a.unassigned_at, a.unassign_reason, a.next_at, a.expired_at,
    CASE WHEN a.is_deleted THEN 'deleted' WHEN l.excluded IS NOT NULL THEN l.excluded WHEN coalesce(r.is_test, false) THEN 'test' END AS excluded
  FROM assigned AS a
  JOIN core.lead AS l ON l.lead_id = a.lead_id
  CROSS JOIN names AS n
  CROSS JOIN own AS w
  LEFT JOIN core.partner_ref AS r ON r.partner_id = a.partner_id
  WHERE l.direction = 'vendor_to_partner' AND (a.partner_id IS NOT NULL OR NOT n.partners)
  UNION ALL
  SELECT
    concat('lead:', l.lead_id) AS unit_id, 'lead' AS entity, l.lead_id AS entity_key,
    l.lead_id, l.direction,
    CASE l.direction WHEN 'vendor_to_partner' THEN 'partner' WHEN 'partner_to_vendor' THEN 'vendor' ELSE 'either' END AS party,
    CASE WHEN l.direction = 'affiliate' THEN l.owing ELSE l.partner END AS partner,
    CASE l.direction WHEN 'vendor_to_partner' THEN l.assigned_at WHEN 'partner_to_vendor' THEN l.submitted_at ELSE l.received_at END AS clock_start,
    CASE WHEN l.direction = 'partner_to_vendor' THEN least(l.acknowledged_at, i.acknowledged_at) ELSE l.acknowledged_at END AS acknowledged_at,
    CASE WHEN l.direction = 'partner_to_vendor' THEN least(l.accepted_at, i.accepted_at) ELSE l.accepted_at END AS accepted_at,
    CASE WHEN l.direction = 'partner_to_vendor' THEN least(l.rejected_at, i.rejected_at) ELSE l.rejected_at END AS rejected_at,
    NULL AS lead_acknowledged_at, NULL AS lead_accepted_at, NULL AS lead_rejected_at,
    l.first_contact_at,
    true AS is_first,
    l.closed_at, l.closed_reason, NULL AS unassigned_at, NULL AS unassign_reason, NULL AS next_at, NULL AS expired_at,
    l.excluded
  FROM core.lead AS l
  LEFT JOIN (SELECT DISTINCT lead_id FROM staging.lead_assignment) AS a ON a.lead_id = l.lead_id
  LEFT JOIN inside AS i ON i.lead_id = l.lead_id
  WHERE l.direction IS NOT NULL AND (a.lead_id IS NULL OR l.direction <> 'vendor_to_partner')
)
SELECT
  CAST(u.unit_id AS VARCHAR) AS unit_id,
  CAST(u.entity AS VARCHAR) AS entity,
  CAST(u.entity_key AS VARCHAR) AS entity_key,
  CAST(u.lead_id AS VARCHAR) AS lead_id,
  CAST(u.direction AS VARCHAR) AS direction,
  CAST(u.party AS VARCHAR) AS party,
  CAST(u.partner AS VARCHAR) AS partner,
  u.clock_start,
  least(u.closed_at, u.unassigned_at, u.next_at, u.expired_at) AS end_at,
  CAST(CASE
    WHEN u.unassigned_at <= least(u.closed_at, u.unassigned_at, u.next_at, u.expired_at) THEN vu.reason IS NOT NULL
    WHEN u.expired_at <= least(u.closed_at, u.next_at, u.expired_at) THEN false
    WHEN u.closed_at <= least(u.closed_at, u.next_at) THEN vc.reason IS NOT NULL
    ELSE u.next_at IS NOT NULL
  END AS BOOLEAN) AS end_voids,
  least(u.acknowledged_at, u.accepted_at, u.rejected_at) AS own_ack_at,
  least(u.accepted_at, u.rejected_at) AS own_answer_at,
  u.lead_acknowledged_at, u.lead_accepted_at, u.lead_rejected_at, u.first_contact_at,
  CAST(coalesce(least(u.acknowledged_at, u.accepted_at, u.rejected_at) < u.clock_start, false)
    OR (u.is_first AND coalesce(least(u.lead_acknowledged_at, u.lead_accepted_at, u.lead_rejected_at) < u.clock_start, false))
    OR coalesce(least(u.closed_at, u.unassigned_at, u.next_at, u.expired_at) < u.clock_start, false) AS BOOLEAN) AS is_early,
  CAST(u.excluded AS VARCHAR) AS excluded
FROM unit AS u
LEFT JOIN program.void_reason AS vc ON vc.scope = 'closed' AND vc.reason = u.closed_reason
LEFT JOIN program.void_reason AS vu ON vu.scope = 'unassigned' AND vu.reason = u.unassign_reason
WHERE u.clock_start IS NOT NULL
