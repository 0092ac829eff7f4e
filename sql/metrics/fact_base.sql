/* tributary
description: >-
  ACC-1: the events of each program with their base in the functional currency, anchored at the event; what the filters
  leave out is counted by reason.
grain: [program, event_id]
*/
SELECT
  CAST(entity AS VARCHAR) AS entity,
  CAST(entity_key AS VARCHAR) AS entity_key,
  CAST(event_id AS VARCHAR) AS event_id,
  event_at AS anchor_at,
  CAST(program_id AS VARCHAR) AS program,
  CAST(partner AS VARCHAR) AS partner,
  CAST(partner_type AS VARCHAR) AS partner_type,
  CAST(program_tier AS VARCHAR) AS program_tier,
  CAST(region AS VARCHAR) AS region,
  CAST(base_functional AS DECIMAL(18,2)) AS base,
  CAST(excluded AS VARCHAR) AS excluded
FROM incentives.event
