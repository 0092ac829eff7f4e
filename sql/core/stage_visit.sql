/* tributary
description: >-
  Stays of deals in stages of their motion, in order. A stay ends with the next row, the end of the motion, a loss or a
  win (after a win only post-close stages stay open; metrics.md 3.11 VEL); `ended_at` is null while it lasts.
  The deal's partner, route and exclusion stand
  beside. `exit_kind`: forward, regressed, repeated, lost, void, switched, won (at or past the commercial close), or null.
grain: [deal_id, motion, visit]
*/
WITH stay AS (
  SELECT
    s.deal_id, m.motion, p.stage, p.rank, p.is_post_close, s.deal_stage_id, s.entered_at, s.exited_at, s.sequence,
    m.to_at, m.is_closing, m.from_at
  FROM staging.deal_stage AS s
  JOIN core.deal AS d ON d.deal_id = s.deal_id
  JOIN core.deal_motion AS m
    ON m.deal_id = s.deal_id AND m.motion = coalesce(s.motion, d.recorded_motion)
    AND s.entered_at >= m.from_at AND s.entered_at < coalesce(m.to_at, TIMESTAMP '9999-12-31 00:00:00')
  JOIN program.stage AS p ON p.motion = m.motion AND p.stage = s.stage
  WHERE NOT coalesce(s.deleted, false)
),
ordered AS (
  SELECT
    *,
    row_number() OVER w AS visit,
    lead(entered_at) OVER w AS next_at,
    lead(rank) OVER w AS next_rank
  FROM stay
  WINDOW w AS (PARTITION BY deal_id, motion ORDER BY entered_at, sequence, rank, deal_stage_id)
),
closing AS (
  SELECT motion, min(rank) AS close_rank FROM program.stage WHERE is_commercial_close GROUP BY motion
),
judged AS (
  SELECT
    o.*, d.outcome, d.closed_at, d.partner, d.route, CASE WHEN d.excluded = 'no_closed_at' THEN NULL ELSE d.excluded END AS excluded, c.close_rank,
    -- the win takes a deal out of a stage before the commercial close, unless a row did so earlier
    o.is_closing AND d.outcome = 'won' AND o.entered_at <= d.closed_at AND (o.next_at IS NULL OR d.closed_at < o.next_at) AS won_here,
    o.is_closing AND d.outcome IN ('lost', 'void') AND o.next_at IS NULL AS ended_here
  FROM ordered AS o
  JOIN core.deal AS d ON d.deal_id = o.deal_id
  LEFT JOIN closing AS c ON c.motion = o.motion
)
SELECT
  CAST(deal_id AS VARCHAR) AS deal_id,
  CAST(motion AS VARCHAR) AS motion,
  CAST(partner AS VARCHAR) AS partner,
  CAST(route AS VARCHAR) AS route,
  CAST(excluded AS VARCHAR) AS excluded,
  CAST(stage AS VARCHAR) AS stage,
  CAST(rank AS INTEGER) AS rank,
  CAST(visit AS BIGINT) AS visit,
  CAST(deal_stage_id AS VARCHAR) AS deal_stage_id,
  entered_at,
  CASE
    WHEN is_closing AND outcome IN ('lost', 'void', 'won') AND NOT (outcome = 'won' AND is_post_close)
      THEN least(exited_at, next_at, to_at, greatest(closed_at, entered_at))
    ELSE least(exited_at, next_at, to_at)
  END AS ended_at,
  CAST(CASE
    WHEN won_here AND rank < close_rank THEN 'forward'
    WHEN next_at IS NOT NULL AND next_rank > rank THEN 'forward'
    WHEN next_at IS NOT NULL AND next_rank < rank THEN 'regressed'
    WHEN next_at IS NOT NULL THEN 'repeated'
    WHEN to_at IS NOT NULL THEN 'switched'
    WHEN ended_here THEN outcome
    WHEN won_here THEN 'won'
  END AS VARCHAR) AS exit_kind,
  CASE
    WHEN won_here AND rank < close_rank THEN closed_at
    WHEN next_at IS NOT NULL THEN least(exited_at, next_at)
    WHEN to_at IS NOT NULL THEN to_at
    WHEN ended_here THEN greatest(closed_at, entered_at)
    WHEN won_here THEN closed_at
  END AS exit_at
FROM judged
