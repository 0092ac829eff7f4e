/* tributary
description: >-
  Commission credit by milestone (ACC-7, ACC-8): one row per program version, deal, credited attribution row and milestone
  reached, with the gate as it stands. Milestone deal_created = a deal that came from a qualified lead, at created_at and
  that day's rate, kept when the deal is lost; closed_won = at closed_at and its rate. The SLA condition looks at the credited
  partner's last unit on the converting lead; a lead that the vendor owes an answer passes; no unit = the program's `no_lead`.
  Exact amounts, not yet rounded: `full_credit` at gate 1, `met_credit` as if the SLA condition were met
  (a deal without a lead misses no SLA), `credit` earned,
  `estimated` while the SLA is pending.
grain: [program_id, milestone, deal_partner_id]
*/
WITH link AS (
  SELECT d.deal_id, d.lead_id, 0 AS preference FROM core.deal AS d WHERE d.lead_id IS NOT NULL
  UNION ALL
  SELECT l.deal_id, l.lead_id, 1 AS preference FROM core.lead AS l WHERE l.deal_id IS NOT NULL
),
converting AS (
  SELECT k.deal_id, l.lead_id, l.direction, l.qualified_at
  FROM link AS k
  JOIN core.lead AS l ON l.lead_id = k.lead_id
  WHERE l.excluded IS NULL
  QUALIFY row_number() OVER (PARTITION BY k.deal_id ORDER BY k.preference, l.begun_at, l.lead_id) = 1
),
unit AS (
  SELECT lead_id, partner, CASE WHEN excluded IS NULL THEN coalesce(state, 'none') ELSE 'none' END AS state
  FROM metrics.fact_response
  WHERE direction <> 'partner_to_vendor' AND coalesce(excluded, '') NOT IN ('deleted', 'test', 'merged')
  QUALIFY row_number() OVER (PARTITION BY lead_id, partner ORDER BY anchor_at DESC, unit_id DESC) = 1
),
credited AS (
  SELECT c.deal_partner_id, c.deal_id, c.role, c.partner, c.pct, sum(coalesce(c.pct, 0)) OVER (PARTITION BY c.deal_id) AS pct_total
  FROM core.deal_credit AS c
  CROSS JOIN program.param AS m
  WHERE c.rank_influenced IS NOT NULL OR c.rank_sourced = 1 OR (m.sourced_splits AND c.rank_sourced IS NOT NULL)
),
reached AS (
  SELECT d.deal_id, 'deal_created' AS milestone, d.created_at AS event_at
  FROM core.deal AS d
  JOIN converting AS v ON v.deal_id = d.deal_id AND v.qualified_at <= d.created_at
  UNION ALL
  SELECT d.deal_id, 'closed_won' AS milestone, d.closed_at AS event_at
  FROM core.deal AS d
  WHERE d.outcome = 'won' AND d.closed_at IS NOT NULL
),
scope AS (
  SELECT DISTINCT s.program_id, s.version, s.dimension, CASE WHEN s.dimension = 'partner' THEN coalesce(r.partner, s.value) ELSE s.value END AS value
  FROM program.incentive_scope AS s
  LEFT JOIN core.partner_ref AS r ON r.partner_id = s.value
),
scoped AS (SELECT DISTINCT program_id, version, dimension FROM scope),
placed AS (
  SELECT
    v.program_id, v.version, v.period, v.rate, v.sla_gate, v.sla_miss_factor, v.no_lead, v.currency AS program_currency,
    r.milestone, s.share, r.event_at, c.deal_partner_id, c.deal_id, c.partner, c.pct,
    t.partner_type, t.program_tier, t.region, d.product_line, d.amount, d.currency, d.registration_id, d.recorded_motion, d.submitted_at,
    CASE
      WHEN d.excluded IN ('deleted', 'test', 'merged') THEN d.excluded
      WHEN sp.program_id IS NOT NULL AND p.value IS NULL THEN 'partner_filter'
      WHEN sk.program_id IS NOT NULL AND k.value IS NULL THEN 'partner_filter'
      WHEN st.program_id IS NOT NULL AND i.value IS NULL THEN 'partner_filter'
      WHEN sr.program_id IS NOT NULL AND g.value IS NULL THEN 'region_filter'
      WHEN sl.program_id IS NOT NULL AND l.value IS NULL THEN 'product_filter'
      WHEN d.amount IS NULL THEN 'no_amount'
      WHEN c.pct_total > 100 THEN 'pct_over_100'
    END AS excluded
  FROM program.incentive_version AS v
  JOIN program.incentive_milestone AS s ON s.program_id = v.program_id AND s.version = v.version
  JOIN reached AS r
    ON r.milestone = s.milestone AND r.event_at >= v.effective_from_at
    AND r.event_at < coalesce(v.effective_to_at, TIMESTAMP '9999-12-31 00:00:00')
  JOIN core.deal AS d ON d.deal_id = r.deal_id
  JOIN credited AS c ON c.deal_id = r.deal_id AND c.role = v.credited_role 
  JOIN core.partner_period AS t ON t.partner = c.partner AND t.valid_from <= r.event_at AND r.event_at < t.valid_to
  LEFT JOIN scoped AS sp ON sp.program_id = v.program_id AND sp.version = v.version AND sp.dimension = 'partner'
  LEFT JOIN scoped AS sk ON sk.program_id = v.program_id AND sk.version = v.version AND sk.dimension = 'partner_type'
  LEFT JOIN scoped AS st ON st.program_id = v.program_id AND st.version = v.version AND st.dimension = 'program_tier'
  LEFT JOIN scoped AS sr ON sr.program_id = v.program_id AND sr.version = v.version AND sr.dimension = 'region'
  LEFT JOIN scoped AS sl ON sl.program_id = v.program_id AND sl.version = v.version AND sl.dimension = 'product_line'
  LEFT JOIN scope AS p ON p.program_id = v.program_id AND p.version = v.version AND p.dimension = 'partner' AND p.value = c.partner
  LEFT JOIN scope AS k ON k.program_id = v.program_id AND k.version = v.version AND k.dimension = 'partner_type' AND k.value = t.partner_type
  LEFT JOIN scope AS i ON i.program_id = v.program_id AND i.version = v.version AND i.dimension = 'program_tier' AND i.value = t.program_tier
  LEFT JOIN scope AS g ON g.program_id = v.program_id AND g.version = v.version AND g.dimension = 'region' AND g.value = coalesce(d.region, t.region)
  LEFT JOIN scope AS l ON l.program_id = v.program_id AND l.version = v.version AND l.dimension = 'product_line' AND l.value = d.product_line
  WHERE v.method = 'milestone'
),
-- the conditions besides the SLA: required fields and a certificate valid at the partner's first registration of the deal
certified AS (
  SELECT DISTINCT p.program_id, p.version, p.deal_partner_id
  FROM placed AS p
  JOIN program.incentive_gate AS g ON g.program_id = p.program_id AND g.version = p.version AND g.kind = 'certification'
  JOIN (
    SELECT deal_id, partner, min(submitted_at) AS submitted_at
    FROM core.registration
    WHERE excluded IS NULL AND NOT is_duplicate AND deal_id IS NOT NULL
    GROUP BY deal_id, partner
  ) AS f ON f.deal_id = p.deal_id AND f.partner = p.partner
  JOIN staging.certification AS c ON (g.value = '*' OR c.course = g.value) AND NOT coalesce(c.deleted, false)
    AND c.issued_at <= f.submitted_at AND f.submitted_at < coalesce(c.expires_at, TIMESTAMP '9999-12-31 00:00:00')
  JOIN core.partner_ref AS r ON r.partner_id = c.partner_id AND r.partner = p.partner
),
lacking AS (
  SELECT DISTINCT p.program_id, p.version, p.deal_partner_id
  FROM placed AS p
  JOIN program.incentive_gate AS g ON g.program_id = p.program_id AND g.version = p.version AND g.kind = 'required_field'
  LEFT JOIN (SELECT DISTINCT deal_id FROM staging.deal_contact WHERE NOT coalesce(deleted, false)) AS k ON k.deal_id = p.deal_id
  LEFT JOIN (SELECT DISTINCT deal_id FROM staging.stage_note WHERE NOT coalesce(deleted, false)) AS n ON n.deal_id = p.deal_id
  WHERE CASE g.value
    WHEN 'partner_motion' THEN p.recorded_motion IS NULL
    WHEN 'partner_type' THEN p.partner_type = 'unknown'
    WHEN 'partner_org' THEN p.partner IN ('none', 'unknown')
    WHEN 'attribution' THEN p.pct IS NULL
    WHEN 'deal_registration' THEN p.registration_id IS NULL
    WHEN 'partner_contacts' THEN k.deal_id IS NULL
    WHEN 'stage_notes' THEN n.deal_id IS NULL
    ELSE false
  END
),
gated AS (
  SELECT
    p.*,
    v.lead_id,
    CASE
      WHEN NOT p.sla_gate THEN 'met'
      WHEN v.direction = 'partner_to_vendor' THEN 'met'
      WHEN u.lead_id IS NULL THEN CASE WHEN p.no_lead = 'pass' THEN 'met' ELSE 'no_lead' END
      ELSE u.state
    END AS sla_state,
    (NOT EXISTS (SELECT 1 FROM program.incentive_gate AS g WHERE g.program_id = p.program_id AND g.version = p.version AND g.kind = 'certification')
      OR e.deal_partner_id IS NOT NULL) AND k.deal_partner_id IS NULL AS others_met,
    CASE WHEN p.currency = m.functional_currency THEN CAST(1 AS DECIMAL(18,9)) ELSE f.rate END AS fx_rate
  FROM placed AS p
  CROSS JOIN program.param AS m
  LEFT JOIN converting AS v ON v.deal_id = p.deal_id
  LEFT JOIN unit AS u ON u.lead_id = v.lead_id AND u.partner = p.partner
  LEFT JOIN certified AS e ON e.program_id = p.program_id AND e.version = p.version AND e.deal_partner_id = p.deal_partner_id
  LEFT JOIN lacking AS k ON k.program_id = p.program_id AND k.version = p.version AND k.deal_partner_id = p.deal_partner_id
  LEFT JOIN core.fx AS f
    ON f.from_currency = p.currency AND f.to_currency = m.functional_currency
    AND f.day_from <= report_date(p.event_at) AND report_date(p.event_at) < f.day_to
),
valued AS (
  SELECT
    *,
    -- exact but for places beyond the eighteenth: it is rounded to cents once, per partner, version and period
    CAST(CAST(CAST(CAST(amount AS DECIMAL(28,4)) * fx_rate AS DECIMAL(38,13)) * CAST(coalesce(pct, 0) * CAST(0.01 AS DECIMAL(3,2)) AS DECIMAL(11,8)) AS DECIMAL(38,18))
      * CAST(rate * share AS DECIMAL(12,10)) AS DECIMAL(38,20)) AS full_credit
  FROM gated
)
SELECT
  CAST(program_id AS VARCHAR) AS program_id,
  CAST(version AS INTEGER) AS version,
  CAST(period AS VARCHAR) AS period,
  CAST(milestone AS VARCHAR) AS milestone,
  CAST(deal_partner_id AS VARCHAR) AS deal_partner_id,
  CAST(deal_id AS VARCHAR) AS deal_id,
  CAST(lead_id AS VARCHAR) AS lead_id,
  CAST(partner AS VARCHAR) AS partner,
  CAST(partner_type AS VARCHAR) AS partner_type,
  CAST(program_tier AS VARCHAR) AS program_tier,
  CAST(region AS VARCHAR) AS region,
  event_at,
  CAST(sla_state AS VARCHAR) AS sla_state,
  CAST(others_met AS BOOLEAN) AS others_met,
  money_mul(amount, fx_rate) AS base,
  CAST(full_credit AS DECIMAL(38,20)) AS full_credit,
  CAST(full_credit * CASE WHEN others_met AND sla_state <> 'no_lead' THEN CAST(1 AS DECIMAL(9,6)) ELSE sla_miss_factor END AS DECIMAL(38,20)) AS met_credit,
  CAST(CASE
    WHEN sla_state = 'pending' THEN 0
    ELSE full_credit * CASE WHEN others_met AND sla_state = 'met' THEN CAST(1 AS DECIMAL(9,6)) ELSE sla_miss_factor END
  END AS DECIMAL(38,20)) AS credit,
  CAST(CASE
    WHEN sla_state = 'pending' THEN full_credit * CASE WHEN others_met THEN CAST(1 AS DECIMAL(9,6)) ELSE sla_miss_factor END
    ELSE 0
  END AS DECIMAL(38,20)) AS estimated,
  CAST(excluded IS NULL AND fx_rate IS NULL AS BOOLEAN) AS missing_fx,
  CAST(excluded AS VARCHAR) AS excluded
FROM valued
