/* tributary
description: >-
  What could earn an incentive: the partner's sourced revenue lines (basis sourced_bookings: REV-1's lines, refunds
  included), invoice and credit lines (basis invoiced), and units (invoiced quantity). A credit converts at the corrected
  invoice's day (metrics.md 3.11 ACC). Amounts are positive for invoices, negative for credits and refunds, exact.
  `account` is who is owed: the surviving partner, also one that is deleted or that nobody lists, which `partner` shows as
  unknown; tiers are climbed and cents are rounded by account.
grain: [basis, event_id]
*/
WITH sourced AS (
  SELECT c.deal_id, c.partner, min(coalesce(r.survivor_id, a.partner_id, 'unknown')) AS account
  FROM core.deal_credit AS c
  JOIN staging.deal_partner AS a ON a.deal_partner_id = c.deal_partner_id
  LEFT JOIN core.partner_ref AS r ON r.partner_id = a.partner_id
  CROSS JOIN program.param AS m
  WHERE c.rank_sourced = 1 OR (m.sourced_splits AND c.rank_sourced IS NOT NULL)
  GROUP BY c.deal_id, c.partner
),
invoice AS (
  SELECT
    i.*,
    CASE WHEN i.kind = 'invoice' THEN abs(i.amount) ELSE -abs(i.amount) END AS signed_amount,
    CASE WHEN i.kind = 'invoice' THEN abs(i.quantity) ELSE -abs(i.quantity) END AS signed_quantity,
    coalesce(o.issued_at, i.issued_at) AS rate_at,
    coalesce(i.deal_id, o.deal_id) AS owner_deal_id,
    coalesce(i.partner_id, o.partner_id) AS owner_partner_id
  FROM staging.invoice AS i
  LEFT JOIN staging.invoice AS o ON o.invoice_id = i.corrects_invoice_id
),
owned AS (
  SELECT
    i.*,
    CASE WHEN i.owner_partner_id IS NOT NULL THEN coalesce(r.partner, 'unknown') ELSE coalesce(d.partner, 'none') END AS partner,
    CASE WHEN i.owner_partner_id IS NOT NULL THEN coalesce(r.survivor_id, i.owner_partner_id) ELSE coalesce(s.account, d.partner) END AS account,
    CASE
      WHEN coalesce(i.deleted, false) THEN 'deleted'
      WHEN coalesce(i.test, false) OR coalesce(r.is_test, dr.is_test, false) THEN 'test'
    END AS reason,
    d.product_line AS deal_product_line, d.region AS deal_region
  FROM invoice AS i
  LEFT JOIN core.partner_ref AS r ON r.partner_id = i.owner_partner_id
  LEFT JOIN core.deal AS d ON d.deal_id = i.owner_deal_id
  LEFT JOIN sourced AS s ON s.deal_id = d.deal_id AND s.partner = d.partner
  LEFT JOIN core.partner_ref AS dr ON dr.partner_id = d.partner AND i.owner_partner_id IS NULL
)
SELECT
  CAST('sourced_bookings' AS VARCHAR) AS basis,
  CAST(concat(l.line_id, '/', l.partner) AS VARCHAR) AS event_id,
  CAST(l.entity AS VARCHAR) AS entity,
  CAST(l.entity_key AS VARCHAR) AS entity_key,
  CAST(l.partner AS VARCHAR) AS partner,
  CAST(coalesce(s.account, l.partner) AS VARCHAR) AS account,
  l.line_at AS event_at,
  l.closed_at AS rate_at,
  CAST(l.product_line AS VARCHAR) AS product_line,
  CAST(d.region AS VARCHAR) AS event_region,
  CAST(d.currency AS VARCHAR) AS currency,
  CAST(l.amount_exact AS DECIMAL(18,4)) AS amount,
  CAST(l.amount AS DECIMAL(18,2)) AS amount_functional,
  CAST(CASE WHEN l.excluded IN ('deleted', 'test', 'merged') THEN l.excluded END AS VARCHAR) AS excluded
FROM core.revenue_line AS l
JOIN core.deal AS d ON d.deal_id = l.deal_id
LEFT JOIN sourced AS s ON s.deal_id = l.deal_id AND s.partner = l.partner
WHERE l.class = 'sourced' AND coalesce(l.excluded, '') <> 'no_amount'
UNION ALL
SELECT
  'invoiced', concat('invoice:', o.invoice_id), 'invoice', o.invoice_id, o.partner, o.account, o.issued_at, o.rate_at,
  coalesce(o.product_line, o.deal_product_line, 'unknown'), coalesce(o.region, o.deal_region), coalesce(o.currency, m.default_currency),
  CAST(o.signed_amount AS DECIMAL(18,4)), CAST(NULL AS DECIMAL(18,2)), o.reason
FROM owned AS o
CROSS JOIN program.param AS m
WHERE o.partner <> 'none'
UNION ALL
SELECT
  'units', concat('invoice:', o.invoice_id), 'invoice', o.invoice_id, o.partner, o.account, o.issued_at, o.rate_at,
  coalesce(o.product_line, o.deal_product_line, 'unknown'), coalesce(o.region, o.deal_region), NULL,
  CAST(o.signed_quantity AS DECIMAL(18,4)), CAST(o.signed_quantity AS DECIMAL(18,2)), o.reason
FROM owned AS o
WHERE o.quantity IS NOT NULL AND o.partner <> 'none'
