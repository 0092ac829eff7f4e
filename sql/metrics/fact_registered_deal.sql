/* tributary
description: >-
  CNV-7: deals by their earliest registration that is no duplicate, anchored at its submission; `late_registered` when
  that was after the close.
grain: [deal_id]
*/
SELECT
  CAST('deal' AS VARCHAR) AS entity,
  CAST(d.deal_id AS VARCHAR) AS entity_key,
  CAST(d.deal_id AS VARCHAR) AS deal_id,
  d.submitted_at AS anchor_at,
  CAST(d.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(coalesce(o.motion, d.recorded_motion, 'unknown') AS VARCHAR) AS motion,
  CAST(CASE
    WHEN d.excluded IS NOT NULL AND d.excluded <> 'no_closed_at' THEN d.excluded
    WHEN d.submitted_at > d.closed_at THEN 'late_registered'
  END AS VARCHAR) AS excluded,
  CAST(d.outcome = 'won' AS BOOLEAN) AS is_won,
  CAST(w.window_seconds AS BIGINT) AS window_seconds
FROM core.deal AS d
CROSS JOIN core.registration_window AS w
JOIN core.partner_period AS t ON t.partner = d.partner AND t.valid_from <= d.submitted_at AND d.submitted_at < t.valid_to
LEFT JOIN core.motion_period AS o
  ON o.deal_id = d.deal_id AND o.from_at <= d.submitted_at AND d.submitted_at < coalesce(o.to_at, TIMESTAMP '9999-12-31 00:00:00')
WHERE d.registration_id IS NOT NULL
