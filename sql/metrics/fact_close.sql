/* tributary
description: >-
  CNV-10 and VEL-1, 2, 3, 7, 8: closed deals, anchored at the close, with the seconds from registration, approval and
  creation. Void deals are neither won nor lost; `win_excluded` also takes those lost as merged,
  duplicate or unqualified out of the win rate. `registration_excluded` and `approval_excluded` say why a deal is in no
  velocity from there; a deal that was never registered (or approved) is not in that metric at all.
grain: [deal_id]
*/
SELECT
  CAST('deal' AS VARCHAR) AS entity,
  CAST(d.deal_id AS VARCHAR) AS entity_key,
  CAST(d.deal_id AS VARCHAR) AS deal_id,
  d.closed_at AS anchor_at,
  CAST(d.partner AS VARCHAR) AS partner,
  CAST(t.partner_type AS VARCHAR) AS partner_type,
  CAST(t.program_tier AS VARCHAR) AS program_tier,
  CAST(t.region AS VARCHAR) AS region,
  CAST(d.route AS VARCHAR) AS route,
  CAST(coalesce(o.motion, d.recorded_motion, 'unknown') AS VARCHAR) AS motion,
  CAST(d.excluded AS VARCHAR) AS excluded,
  CAST(CASE WHEN d.is_void_loss THEN 'void' END AS VARCHAR) AS win_excluded,
  CAST(d.outcome = 'won' AS BOOLEAN) AS is_won,
  CAST(d.outcome IN ('won', 'lost') AS BOOLEAN) AS is_decided,
  CAST(d.registration_id IS NOT NULL AS BOOLEAN) AS is_registered,
  CAST(d.decision = 'approved' AND d.decided_at IS NOT NULL AS BOOLEAN) AS is_approved,
  CAST(CASE WHEN d.submitted_at > d.closed_at THEN 'late_registered' END AS VARCHAR) AS registration_excluded,
  CAST(CASE
    WHEN d.submitted_at > d.closed_at THEN 'late_registered'
    WHEN d.decided_at > d.closed_at THEN 'negative_duration'
  END AS VARCHAR) AS approval_excluded,
  CAST(CASE WHEN d.created_at > d.closed_at THEN 'negative_duration' END AS VARCHAR) AS cycle_excluded,
  CAST(CASE WHEN d.amount_functional IS NULL THEN CASE WHEN d.amount IS NULL THEN 'no_amount' ELSE 'missing_fx' END END AS VARCHAR) AS value_excluded,
  CAST(seconds_between(d.submitted_at, d.closed_at) AS BIGINT) AS registered_seconds,
  CAST(seconds_between(d.decided_at, d.closed_at) AS BIGINT) AS approved_seconds,
  CAST(seconds_between(d.created_at, d.closed_at) AS BIGINT) AS cycle_seconds,
  CAST(d.amount_functional AS DECIMAL(18,2)) AS amount
FROM core.deal AS d
JOIN core.partner_period AS t ON t.partner = d.partner AND t.valid_from <= d.closed_at AND d.closed_at < t.valid_to
LEFT JOIN core.motion_period AS o
  ON o.deal_id = d.deal_id AND o.from_at <= d.closed_at AND d.closed_at < coalesce(o.to_at, TIMESTAMP '9999-12-31 00:00:00')
WHERE d.outcome <> 'open' AND d.closed_at IS NOT NULL
