/* tributary
description: >-
  Attribution rows of deals. Locked = the later of created and lock time is known at as_of and not after the close
  (metrics.md 3.11 REV). A later or unlocked row gives no class and no weight, but is evidence of a partner.
  `rank_sourced` 1 = the oldest sourced lock; `rank_influenced` 1 = the primary influencer (largest pct, oldest lock, row id).
grain: [deal_partner_id]
*/
WITH credit AS (
  SELECT
    a.deal_partner_id, a.deal_id, a.role,
    CASE WHEN a.partner_id IS NULL THEN 'unknown' ELSE coalesce(r.partner, 'unknown') END AS partner,
    a.pct, a.created_at,
    CASE
      WHEN a.locked_at IS NOT NULL THEN greatest(coalesce(a.created_at, a.locked_at), a.locked_at)
      WHEN m.lock_when_missing = 'created_at' THEN coalesce(a.created_at, d.created_at)
    END AS lock_at,
    d.closed_at
  FROM staging.deal_partner AS a
  CROSS JOIN program.param AS m
  JOIN core.deal_state AS d ON d.deal_id = a.deal_id
  LEFT JOIN core.partner_ref AS r ON r.partner_id = a.partner_id
  WHERE NOT coalesce(a.deleted, false)
),
locked AS (
  SELECT *, lock_at IS NOT NULL AND (closed_at IS NULL OR lock_at <= closed_at) AS is_locked
  FROM credit
)
SELECT
  CAST(deal_partner_id AS VARCHAR) AS deal_partner_id,
  CAST(deal_id AS VARCHAR) AS deal_id,
  CAST(role AS VARCHAR) AS role,
  CAST(partner AS VARCHAR) AS partner,
  CAST(pct AS DECIMAL(9,6)) AS pct,
  created_at,
  lock_at,
  CAST(is_locked AS BOOLEAN) AS is_locked,
  CAST(CASE WHEN is_locked AND role = 'sourced' THEN
    row_number() OVER (PARTITION BY deal_id, role, is_locked ORDER BY lock_at, deal_partner_id) END AS BIGINT) AS rank_sourced,
  CAST(CASE WHEN is_locked AND role = 'influenced' THEN
    row_number() OVER (PARTITION BY deal_id, role, is_locked ORDER BY coalesce(pct, 0) DESC, lock_at, deal_partner_id) END AS BIGINT) AS rank_influenced
FROM locked
