/* tributary
description: >-
  REV-1 to REV-3 and REV-5 to REV-7. Rows of part `line`: revenue by exclusive class under the deal's dimensions at the
  close; the four class amounts of a row sum to its total. Rows of part `weight`: pct-weighted credit under the credited
  partner's dimensions; part `remainder`: what the weights leave, under the deal's.
grain: [part, line_id, partner, deal_partner_id]
checks:
  - expression: {sql: "part <> 'line' OR total_amount IS NULL OR total_amount = sourced_amount + influenced_amount + direct_amount + unattributed_amount", name: classes_foot}
*/
WITH weighted AS (
  SELECT line_id, CAST(sum(amount) AS DECIMAL(18,2)) AS amount, max(weight_excluded) AS weight_excluded
  FROM core.revenue_weight
  GROUP BY line_id
),
whole AS (
  SELECT line_id, min(partner) AS partner, CAST(sum(amount) AS DECIMAL(18,2)) AS amount
  FROM core.revenue_line
  GROUP BY line_id
),
part AS (
  SELECT
    'line' AS part, l.line_id, '' AS deal_partner_id, l.entity, l.entity_key, l.deal_id, l.line_at, l.closed_at, l.partner, l.route, l.motion,
    l.class, l.is_new_logo, l.amount AS total_amount, l.arr AS total_arr,
    CAST(NULL AS DECIMAL(18,2)) AS weight_sourced, CAST(NULL AS DECIMAL(18,2)) AS weight_influenced, CAST(NULL AS DECIMAL(18,2)) AS weight_direct,
    CAST(NULL AS VARCHAR) AS weight_excluded, l.excluded
  FROM core.revenue_line AS l
  UNION ALL
  SELECT
    'weight' AS part, w.line_id, w.deal_partner_id, 'deal_partner' AS entity, w.deal_partner_id AS entity_key, w.deal_id, w.line_at, w.closed_at,
    w.partner, w.route, w.motion,
    CAST(NULL AS VARCHAR) AS class, CAST(NULL AS BOOLEAN) AS is_new_logo, CAST(NULL AS DECIMAL(18,2)) AS total_amount, CAST(NULL AS DECIMAL(18,2)) AS total_arr,
    CASE WHEN w.role = 'sourced' THEN coalesce(w.amount, 0) END AS weight_sourced,
    CASE WHEN w.role = 'influenced' THEN coalesce(w.amount, 0) END AS weight_influenced,
    CAST(NULL AS DECIMAL(18,2)) AS weight_direct,
    w.weight_excluded, w.excluded
  FROM core.revenue_weight AS w
  UNION ALL
  SELECT
    'remainder' AS part, l.line_id, '' AS deal_partner_id, l.entity, l.entity_key, l.deal_id, l.line_at, l.closed_at, l.partner, l.route, l.motion,
    l.class, CAST(NULL AS BOOLEAN) AS is_new_logo, CAST(NULL AS DECIMAL(18,2)) AS total_amount, CAST(NULL AS DECIMAL(18,2)) AS total_arr,
    CAST(NULL AS DECIMAL(18,2)) AS weight_sourced, CAST(NULL AS DECIMAL(18,2)) AS weight_influenced,
    CAST(h.amount - coalesce(w.amount, 0) AS DECIMAL(18,2)) AS weight_direct,
    w.weight_excluded, l.excluded
  FROM core.revenue_line AS l
  JOIN whole AS h ON h.line_id = l.line_id AND h.partner = l.partner
  LEFT JOIN weighted AS w ON w.line_id = l.line_id
)
SELECT
  CAST(p.part AS VARCHAR) AS part,
  CAST(p.line_id AS VARCHAR) AS line_id,
  CAST(p.deal_partner_id AS VARCHAR) AS deal_partner_id,
  CAST(p.entity AS VARCHAR) AS entity,
  CAST(p.entity_key AS VARCHAR) AS entity_key,
  CAST(p.deal_id AS VARCHAR) AS deal_id,
  p.line_at AS anchor_at,
  CAST(p.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(p.route AS VARCHAR) AS route,
  CAST(p.motion AS VARCHAR) AS motion,
  CAST(p.class AS VARCHAR) AS class,
  CAST(p.total_amount AS DECIMAL(18,2)) AS total_amount,
  CAST(CASE WHEN p.part = 'line' THEN CASE WHEN p.class = 'sourced' THEN p.total_amount ELSE 0 END END AS DECIMAL(18,2)) AS sourced_amount,
  CAST(CASE WHEN p.part = 'line' THEN CASE WHEN p.class = 'influenced' THEN p.total_amount ELSE 0 END END AS DECIMAL(18,2)) AS influenced_amount,
  CAST(CASE WHEN p.part = 'line' THEN CASE WHEN p.class = 'direct' THEN p.total_amount ELSE 0 END END AS DECIMAL(18,2)) AS direct_amount,
  CAST(CASE WHEN p.part = 'line' THEN CASE WHEN p.class = 'unattributed' THEN p.total_amount ELSE 0 END END AS DECIMAL(18,2)) AS unattributed_amount,
  CAST(p.total_arr AS DECIMAL(18,2)) AS total_arr,
  CAST(CASE WHEN p.class = 'sourced' THEN p.total_arr ELSE 0 END AS DECIMAL(18,2)) AS sourced_arr,
  CAST(coalesce(p.is_new_logo, false) AS BOOLEAN) AS is_new_logo,
  CAST(p.weight_sourced AS DECIMAL(18,2)) AS weight_sourced,
  CAST(p.weight_influenced AS DECIMAL(18,2)) AS weight_influenced,
  CAST(p.weight_direct AS DECIMAL(18,2)) AS weight_direct,
  CAST(p.weight_excluded AS VARCHAR) AS weight_excluded,
  CAST(p.excluded AS VARCHAR) AS excluded
FROM part AS p
JOIN core.partner_period AS t ON t.partner = p.partner AND t.valid_from <= p.closed_at AND p.closed_at < t.valid_to
