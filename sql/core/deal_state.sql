/* tributary
description: >-
  Deals with their state as at as_of. `void` = closed without being won or lost. `is_void_loss` = void, or lost as merged,
  duplicate or unqualified, which the win rate leaves out (metrics.md CNV-10). A closed deal without a closing instant cannot be dated: it is `no_closed_at` in what closes.
grain: [deal_id]
*/
SELECT
  CAST(d.deal_id AS VARCHAR) AS deal_id,
  CAST(coalesce(d.name, d.account_name, d.deal_id) AS VARCHAR) AS name,
  CAST(CASE WHEN d.partner_id IS NULL THEN NULL ELSE coalesce(r.partner, 'unknown') END AS VARCHAR) AS lookup_partner,
  CAST(d.lead_id AS VARCHAR) AS lead_id,
  CAST(d.route_to_market AS VARCHAR) AS route_to_market,
  CAST(d.motion AS VARCHAR) AS recorded_motion,
  CAST(d.order_type AS VARCHAR) AS order_type,
  CAST(coalesce(d.product_line, 'unknown') AS VARCHAR) AS product_line,
  CAST(d.region AS VARCHAR) AS region,
  CAST(d.amount AS DECIMAL(18,4)) AS amount,
  CAST(d.arr AS DECIMAL(18,4)) AS arr,
  CAST(coalesce(d.currency, m.default_currency) AS VARCHAR) AS currency,
  d.created_at,
  CASE WHEN d.outcome = 'open' THEN NULL ELSE d.closed_at END AS closed_at,
  CAST(d.outcome AS VARCHAR) AS outcome,
  CAST(d.outcome = 'void' OR (d.outcome = 'lost' AND v.reason IS NOT NULL) AS BOOLEAN) AS is_void_loss,
  CAST(CASE
    WHEN coalesce(d.deleted, false) THEN 'deleted'
    WHEN coalesce(d.test, false) OR coalesce(r.is_test, false) THEN 'test'
    WHEN d.merged_into IS NOT NULL THEN 'merged'
  END AS VARCHAR) AS excluded
FROM staging.deal AS d
CROSS JOIN program.param AS m
LEFT JOIN core.partner_ref AS r ON r.partner_id = d.partner_id
LEFT JOIN program.void_loss_reason AS v ON v.reason = d.loss_reason
