/* tributary
description: >-
  ACC-7 and ACC-8: commission credit per milestone reached, anchored at the milestone, in allocated cents. `forgone` is what
  the SLA condition alone cost, `forgone_all` what all gates cost; while the SLA is pending the credit is an estimate.
grain: [program, milestone, deal_partner_id]
*/
SELECT
  CAST('deal_partner' AS VARCHAR) AS entity,
  CAST(c.deal_partner_id AS VARCHAR) AS entity_key,
  CAST(c.deal_partner_id AS VARCHAR) AS deal_partner_id,
  CAST(c.deal_id AS VARCHAR) AS deal_id,
  CAST(c.milestone AS VARCHAR) AS milestone,
  c.event_at AS anchor_at,
  CAST(c.program_id AS VARCHAR) AS program,
  CAST(c.partner AS VARCHAR) AS partner,
  CAST(c.partner_type AS VARCHAR) AS partner_type,
  CAST(c.program_tier AS VARCHAR) AS program_tier,
  CAST(c.region AS VARCHAR) AS region,
  CAST(c.sla_state AS VARCHAR) AS sla_state,
  CAST(c.base AS DECIMAL(18,2)) AS base,
  CAST(l.credit AS DECIMAL(18,2)) AS credit,
  CAST(l.estimated AS DECIMAL(18,2)) AS estimated,
  CAST(l.met_credit - l.credit AS DECIMAL(18,2)) AS forgone,
  CAST(l.full_credit - l.credit AS DECIMAL(18,2)) AS forgone_all,
  CAST(c.excluded AS VARCHAR) AS excluded
FROM incentives.credit AS c
LEFT JOIN incentives.credit_line AS l
  ON l.program_id = c.program_id AND l.milestone = c.milestone AND l.deal_partner_id = c.deal_partner_id
