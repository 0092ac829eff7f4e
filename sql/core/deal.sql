/* tributary
description: >-
  Deals with class, credited partner and amounts in the functional currency at the rate of the closing day, frozen.
  Class is exclusive: sourced, else influenced, else unattributed when there is evidence of a partner, else direct.
  Whose deal: sourced partner, else primary influencer, else lookup, else earliest registration, else `unknown` when
  only a late or unlocked attribution row speaks for a partner, else `none` (metrics.md 3.4 and 3.11).
grain: [deal_id]
*/
WITH credit AS (
  SELECT
    deal_id,
    max(CASE WHEN rank_sourced = 1 THEN partner END) AS sourced_partner,
    max(CASE WHEN rank_influenced = 1 THEN partner END) AS influenced_partner
  FROM core.deal_credit
  GROUP BY deal_id
),
judged AS (
  SELECT
    s.*,
    CASE
      WHEN c.sourced_partner IS NOT NULL THEN 'sourced'
      WHEN c.influenced_partner IS NOT NULL THEN 'influenced'
      WHEN s.lookup_partner IS NOT NULL OR g.deal_id IS NOT NULL OR c.deal_id IS NOT NULL OR s.route_to_market IN ('channel', 'hybrid') THEN 'unattributed'
      ELSE 'direct'
    END AS class,
    coalesce(c.sourced_partner, c.influenced_partner, s.lookup_partner, nullif(g.partner, 'none'),
      CASE WHEN c.deal_id IS NOT NULL THEN 'unknown' ELSE 'none' END) AS partner,
    g.registration_id, g.submitted_at, g.decided_at, g.decision,
    CASE WHEN s.currency = m.functional_currency THEN CAST(1 AS DECIMAL(18,9)) ELSE f.rate END AS close_rate
  FROM core.deal_state AS s
  CROSS JOIN program.param AS m
  LEFT JOIN credit AS c ON c.deal_id = s.deal_id
  LEFT JOIN core.deal_registration_first AS g ON g.deal_id = s.deal_id
  LEFT JOIN core.fx AS f
    ON f.from_currency = s.currency AND f.to_currency = m.functional_currency
    AND f.day_from <= report_date(s.closed_at) AND report_date(s.closed_at) < f.day_to
)
SELECT
  CAST(deal_id AS VARCHAR) AS deal_id,
  CAST(name AS VARCHAR) AS name,
  CAST(partner AS VARCHAR) AS partner,
  CAST(class AS VARCHAR) AS class,
  CAST(CASE WHEN class = 'direct' THEN 'direct' ELSE 'partner' END AS VARCHAR) AS route,
  CAST(lead_id AS VARCHAR) AS lead_id,
  CAST(recorded_motion AS VARCHAR) AS recorded_motion,
  CAST(order_type AS VARCHAR) AS order_type,
  CAST(product_line AS VARCHAR) AS product_line,
  CAST(region AS VARCHAR) AS region,
  CAST(outcome AS VARCHAR) AS outcome,
  CAST(is_void_loss AS BOOLEAN) AS is_void_loss,
  created_at,
  closed_at,
  CAST(registration_id AS VARCHAR) AS registration_id,
  submitted_at,
  decided_at,
  CAST(decision AS VARCHAR) AS decision,
  CAST(amount AS DECIMAL(18,4)) AS amount,
  CAST(arr AS DECIMAL(18,4)) AS arr,
  CAST(currency AS VARCHAR) AS currency,
  CAST(close_rate AS DECIMAL(18,9)) AS close_rate,
  money_mul(amount, close_rate) AS amount_functional,
  money_mul(arr, close_rate) AS arr_functional,
  CAST(CASE
    WHEN excluded IS NOT NULL THEN excluded
    WHEN outcome <> 'open' AND closed_at IS NULL THEN 'no_closed_at'
  END AS VARCHAR) AS excluded
FROM judged
