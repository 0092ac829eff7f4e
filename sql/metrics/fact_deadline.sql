/* tributary
description: >-
  RSP-7: units that a partner owed, anchored at their deadline in the policy's clock; pending and void ones are left out by
  that reason. Units that the vendor owed are not in it (metrics.md 3.11 RSP).
grain: [unit_id]
*/
SELECT
  CAST(unit_id AS VARCHAR) AS unit_id,
  CAST(entity AS VARCHAR) AS entity,
  CAST(entity_key AS VARCHAR) AS entity_key,
  deadline_at AS anchor_at,
  CAST(partner AS VARCHAR) AS partner,
  CAST(CASE WHEN excluded IS NOT NULL THEN excluded WHEN state IN ('pending', 'void') THEN state END AS VARCHAR) AS excluded,
  CAST(state AS VARCHAR) AS state,
  CAST(state IN ('breached', 'breached_open') AS BOOLEAN) AS is_miss
FROM metrics.fact_response
WHERE direction <> 'partner_to_vendor' AND state IS NOT NULL
