/* tributary
description: >-
  When a deal first reached each stage of a motion that it went through: its first row at that rank or beyond (skips
  imputed), or the close of a won deal for stages up to the commercial close (metrics.md 3.2). Lost and void deals are not
  imputed past their last stage.
grain: [deal_id, motion, rank]
*/
WITH closing AS (
  SELECT motion, min(rank) AS close_rank FROM program.stage WHERE is_commercial_close GROUP BY motion
),
visited AS (
  SELECT deal_id, motion, rank, min(entered_at) AS entered_at
  FROM core.stage_visit
  GROUP BY deal_id, motion, rank
),
gone AS (
  SELECT
    m.deal_id, m.motion, m.to_at, m.is_closing, d.outcome, d.closed_at, d.partner, d.route,
    CASE WHEN d.excluded = 'no_closed_at' THEN NULL ELSE d.excluded END AS excluded, c.close_rank,
    CASE WHEN m.is_closing AND d.outcome = 'won' THEN c.close_rank END AS won_rank
  FROM core.deal_motion AS m
  JOIN core.deal AS d ON d.deal_id = m.deal_id
  LEFT JOIN closing AS c ON c.motion = m.motion
),
reach AS (
  SELECT
    g.deal_id, g.motion, p.stage, p.rank, g.to_at, g.is_closing, g.outcome, g.closed_at, g.close_rank, g.partner, g.route, g.excluded,
    least(min(v.entered_at), CASE WHEN p.rank <= g.won_rank THEN g.closed_at END) AS reached_at,
    min(CASE WHEN v.rank = p.rank THEN v.entered_at END) AS visited_at
  FROM gone AS g
  JOIN program.stage AS p ON p.motion = g.motion
  LEFT JOIN visited AS v ON v.deal_id = g.deal_id AND v.motion = g.motion AND v.rank >= p.rank
  GROUP BY g.deal_id, g.motion, p.stage, p.rank, g.to_at, g.is_closing, g.outcome, g.closed_at, g.close_rank, g.won_rank,
    g.partner, g.route, g.excluded
)
SELECT
  CAST(deal_id AS VARCHAR) AS deal_id,
  CAST(motion AS VARCHAR) AS motion,
  CAST(partner AS VARCHAR) AS partner,
  CAST(route AS VARCHAR) AS route,
  CAST(excluded AS VARCHAR) AS excluded,
  CAST(stage AS VARCHAR) AS stage,
  CAST(rank AS INTEGER) AS rank,
  reached_at,
  visited_at,
  CAST(lead(rank) OVER w IS NULL AS BOOLEAN) AS is_highest,
  CAST(is_closing AS BOOLEAN) AS is_closing,
  CAST(to_at IS NOT NULL AS BOOLEAN) AS is_switched,
  CAST(outcome AS VARCHAR) AS outcome,
  closed_at,
  CAST(close_rank AS INTEGER) AS close_rank
FROM reach
WHERE reached_at IS NOT NULL
WINDOW w AS (PARTITION BY deal_id, motion ORDER BY rank)
