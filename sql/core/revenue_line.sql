/* tributary
description: >-
  Closed-won revenue, one row per won deal at its close and per credit or refund on its own day, in the functional
  currency, rounded once per line. A refund is negative, at the deal's closing rate and with the deal's dimensions
  (metrics.md 3.11 REV). Where the policy allows sourced splits, a line is split over the sourced partners by their pct.
grain: [line_id, partner]
*/
WITH correction AS (
  SELECT
    i.invoice_id, coalesce(i.deal_id, o.deal_id) AS deal_id, i.issued_at, i.amount, i.currency,
    CASE
      WHEN coalesce(i.deleted, false) THEN 'deleted'
      WHEN coalesce(i.test, false) OR coalesce(r.is_test, false) THEN 'test'
    END AS excluded
  FROM staging.invoice AS i
  LEFT JOIN staging.invoice AS o ON o.invoice_id = i.corrects_invoice_id
  LEFT JOIN core.partner_ref AS r ON r.partner_id = i.partner_id
  WHERE i.kind IN ('credit', 'refund')
),
line AS (
  SELECT
    concat('deal:', d.deal_id) AS line_id, 'deal' AS entity, d.deal_id AS entity_key, d.deal_id, d.closed_at AS line_at,
    d.amount_functional AS amount, d.arr_functional AS arr, d.amount AS amount_exact, d.close_rate AS rate,
    CASE WHEN d.excluded IS NOT NULL THEN d.excluded WHEN d.amount IS NULL THEN 'no_amount' WHEN d.close_rate IS NULL THEN 'missing_fx' END AS excluded
  FROM core.deal AS d
  WHERE d.outcome = 'won' AND d.closed_at IS NOT NULL
  UNION ALL
  SELECT
    concat('invoice:', c.invoice_id) AS line_id, 'invoice' AS entity, c.invoice_id AS entity_key, d.deal_id, c.issued_at AS line_at,
    money_mul(-abs(c.amount), CASE WHEN coalesce(c.currency, d.currency) = m.functional_currency THEN CAST(1 AS DECIMAL(18,9)) ELSE f.rate END) AS amount,
    CAST(NULL AS DECIMAL(18,2)) AS arr,
    CAST(-abs(c.amount) AS DECIMAL(18,4)) AS amount_exact,
    CASE WHEN coalesce(c.currency, d.currency) = m.functional_currency THEN CAST(1 AS DECIMAL(18,9)) ELSE f.rate END AS rate,
    CASE
      WHEN coalesce(d.excluded, c.excluded) IS NOT NULL THEN coalesce(d.excluded, c.excluded)
      WHEN coalesce(c.currency, d.currency) IS DISTINCT FROM m.functional_currency AND f.rate IS NULL THEN 'missing_fx'
      WHEN d.close_rate IS NULL THEN 'missing_fx'
    END AS excluded
  FROM correction AS c
  CROSS JOIN program.param AS m
  JOIN core.deal AS d ON d.deal_id = c.deal_id AND d.outcome = 'won' AND d.closed_at IS NOT NULL
  LEFT JOIN core.fx AS f
    ON f.from_currency = coalesce(c.currency, d.currency) AND f.to_currency = m.functional_currency
    AND f.day_from <= report_date(d.closed_at) AND report_date(d.closed_at) < f.day_to
),
split AS (
  SELECT
    deal_id, partner, rank_sourced,
    sum(coalesce(pct, 0)) OVER (PARTITION BY deal_id) AS pct_total,
    sum(coalesce(pct, 0)) OVER (PARTITION BY deal_id ORDER BY rank_sourced) AS pct_until,
    sum(coalesce(pct, 0)) OVER (PARTITION BY deal_id ORDER BY rank_sourced) - coalesce(pct, 0) AS pct_before
  FROM core.deal_credit
  CROSS JOIN program.param AS m
  WHERE m.sourced_splits AND rank_sourced IS NOT NULL
  QUALIFY count(*) OVER (PARTITION BY deal_id) > 1 AND pct_total > 0
),
shared AS (
  SELECT
    l.*, coalesce(s.partner, d.partner) AS partner,
    CASE WHEN s.deal_id IS NULL THEN l.amount
      ELSE money_share(l.amount, s.pct_until, s.pct_total) - money_share(l.amount, s.pct_before, s.pct_total) END AS share_amount,
    CASE WHEN s.deal_id IS NULL THEN l.arr
      ELSE money_share(l.arr, s.pct_until, s.pct_total) - money_share(l.arr, s.pct_before, s.pct_total) END AS share_arr
  FROM line AS l
  JOIN core.deal AS d ON d.deal_id = l.deal_id
  LEFT JOIN split AS s ON s.deal_id = l.deal_id
)
SELECT
  CAST(s.line_id AS VARCHAR) AS line_id,
  CAST(s.entity AS VARCHAR) AS entity,
  CAST(s.entity_key AS VARCHAR) AS entity_key,
  CAST(s.deal_id AS VARCHAR) AS deal_id,
  s.line_at,
  CAST(s.partner AS VARCHAR) AS partner,
  d.closed_at,
  CAST(d.class AS VARCHAR) AS class,
  CAST(d.route AS VARCHAR) AS route,
  CAST(coalesce(o.motion, d.recorded_motion, 'unknown') AS VARCHAR) AS motion,
  CAST(d.product_line AS VARCHAR) AS product_line,
  CAST(n.order_type IS NOT NULL AS BOOLEAN) AS is_new_logo,
  CAST(sum(s.share_amount) AS DECIMAL(18,2)) AS amount,
  CAST(sum(s.share_arr) AS DECIMAL(18,2)) AS arr,
  CAST(max(s.amount_exact) AS DECIMAL(18,4)) AS amount_exact,
  CAST(max(s.rate) AS DECIMAL(18,9)) AS rate,
  CAST(max(s.excluded) AS VARCHAR) AS excluded
FROM shared AS s
JOIN core.deal AS d ON d.deal_id = s.deal_id
LEFT JOIN program.new_logo_order_type AS n ON n.order_type = d.order_type
LEFT JOIN core.motion_period AS o
  ON o.deal_id = d.deal_id AND o.from_at <= d.closed_at AND d.closed_at < coalesce(o.to_at, TIMESTAMP '9999-12-31 00:00:00')
GROUP BY s.line_id, s.entity, s.entity_key, s.deal_id, s.line_at, s.partner, d.closed_at, d.class, d.route, o.motion,
  d.recorded_motion, d.product_line, n.order_type
