/* tributary
description: The earliest registration of a deal that is no duplicate, whatever its decision (metrics.md 3.11 CNV, VEL).
grain: [deal_id]
*/
SELECT
  CAST(deal_id AS VARCHAR) AS deal_id,
  CAST(registration_id AS VARCHAR) AS registration_id,
  CAST(partner AS VARCHAR) AS partner,
  submitted_at,
  decided_at,
  CAST(decision AS VARCHAR) AS decision
FROM core.registration
WHERE deal_id IS NOT NULL AND excluded IS NULL AND NOT is_duplicate
QUALIFY row_number() OVER (PARTITION BY deal_id ORDER BY submitted_at, registration_id) = 1
