/* tributary
description: >-
  CNV-8: leads and whether they became a deal, one row per lead and cohort: `qualified` anchored at qualified_at, `all` at
  the lead's beginning. Partner = of the assignment in force at the anchor, else of the lead, else of its first assignment.
  Directions are pooled.
grain: [lead_id, cohort]
*/
WITH cohort AS (
  SELECT lead_id, partner, deal_id, excluded, 'qualified' AS cohort, qualified_at AS anchor_at FROM core.lead WHERE qualified_at IS NOT NULL
  UNION ALL
  SELECT lead_id, partner, deal_id, excluded, 'all' AS cohort, begun_at AS anchor_at FROM core.lead WHERE begun_at IS NOT NULL
),
held AS (
  SELECT c.lead_id, c.cohort, max_by(coalesce(r.partner, 'unknown'), a.assigned_at) AS partner
  FROM cohort AS c
  JOIN staging.lead_assignment AS a
    ON a.lead_id = c.lead_id AND a.assigned_at <= c.anchor_at
    AND c.anchor_at < coalesce(a.unassigned_at, TIMESTAMP '9999-12-31 00:00:00')
  LEFT JOIN core.partner_ref AS r ON r.partner_id = a.partner_id
  WHERE NOT coalesce(a.deleted, false) AND a.partner_id IS NOT NULL
  GROUP BY c.lead_id, c.cohort
),
first AS (
  SELECT a.lead_id, min_by(coalesce(r.partner, 'unknown'), a.assigned_at) AS partner
  FROM staging.lead_assignment AS a
  LEFT JOIN core.partner_ref AS r ON r.partner_id = a.partner_id
  WHERE NOT coalesce(a.deleted, false) AND a.partner_id IS NOT NULL
  GROUP BY a.lead_id
),
placed AS (
  SELECT c.*, coalesce(h.partner, nullif(c.partner, 'none'), f.partner, 'none') AS holder
  FROM cohort AS c
  LEFT JOIN first AS f ON f.lead_id = c.lead_id
  LEFT JOIN held AS h ON h.lead_id = c.lead_id AND h.cohort = c.cohort
)
SELECT
  CAST('lead' AS VARCHAR) AS entity,
  CAST(c.lead_id AS VARCHAR) AS entity_key,
  CAST(c.lead_id AS VARCHAR) AS lead_id,
  CAST(c.cohort AS VARCHAR) AS cohort,
  c.anchor_at,
  CAST(c.holder AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(c.excluded AS VARCHAR) AS excluded,
  CAST(CASE
    WHEN c.deal_id IS NULL THEN false
    ELSE d.deal_id IS NOT NULL OR s.converted_at IS NOT NULL
  END AS BOOLEAN) AS is_converted
FROM placed AS c
JOIN core.partner_period AS t ON t.partner = c.holder AND t.valid_from <= c.anchor_at AND c.anchor_at < t.valid_to
JOIN staging.lead AS s ON s.lead_id = c.lead_id
LEFT JOIN core.deal AS d ON d.deal_id = c.deal_id
