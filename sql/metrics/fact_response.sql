/* tributary
description: >-
  RSP-1 to RSP-6: one row per response unit, anchored at clock_start. Unanswered units are censored at the unit's end or
  as_of. `sla_excluded` says why a unit is in no compliance rate; pending and void are on neither side.
grain: [unit_id]
*/
WITH judged AS (
  SELECT
    r.*,
    CASE
      WHEN sla_seconds IS NULL OR (clock = 'business' AND NOT has_calendar) THEN NULL
      WHEN sla_ack_seconds <= sla_seconds THEN 'met'
      WHEN sla_ack_seconds IS NOT NULL THEN 'breached'
      WHEN end_voids AND sla_end_seconds < sla_seconds THEN 'void'
      WHEN sla_as_of_seconds > sla_seconds THEN 'breached_open'
      ELSE 'pending'
    END AS state
  FROM core.response AS r
)
SELECT
  CAST(unit_id AS VARCHAR) AS unit_id,
  CAST(entity AS VARCHAR) AS entity,
  CAST(entity_key AS VARCHAR) AS entity_key,
  CAST(lead_id AS VARCHAR) AS lead_id,
  clock_start AS anchor_at,
  CAST(partner AS VARCHAR) AS partner,
  CAST(partner_type AS VARCHAR) AS partner_type,
  CAST(program_tier AS VARCHAR) AS program_tier,
  CAST(region AS VARCHAR) AS region,
  CAST(direction AS VARCHAR) AS direction,
  CAST(excluded AS VARCHAR) AS excluded,
  CAST(CASE WHEN has_calendar THEN NULL ELSE 'no_calendar' END AS VARCHAR) AS business_excluded,
  CAST(CASE
    WHEN sla_seconds IS NULL THEN 'no_policy'
    WHEN state IS NULL THEN 'no_calendar'
    WHEN state IN ('pending', 'void') THEN state
  END AS VARCHAR) AS sla_excluded,
  CAST(state AS VARCHAR) AS state,
  CAST(policy_id AS VARCHAR) AS policy_id,
  CAST(sla_seconds AS BIGINT) AS sla_seconds,
  deadline_at,
  CAST(response_seconds IS NOT NULL AS BOOLEAN) AS is_answered,
  CAST(coalesce(response_seconds, censor_seconds) AS BIGINT) AS duration_seconds,
  CAST(coalesce(response_business_seconds, censor_business_seconds) AS BIGINT) AS duration_business_seconds
FROM judged
