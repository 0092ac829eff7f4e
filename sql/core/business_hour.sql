/* tributary
description: >-
  Open intervals of the business calendars, keyed by each running hour of open time that they touch, so that the instant
  at which a number of open seconds is reached is found by an equality join.
grain: [calendar, hour, open_seconds_before]
*/
SELECT
  CAST(i.calendar AS VARCHAR) AS calendar,
  CAST(CAST(floor(i.open_seconds_before / 3600) AS BIGINT) + r.i AS BIGINT) AS hour,
  CAST(i.open_seconds_before AS BIGINT) AS open_seconds_before,
  CAST(i.open_seconds_before + seconds_between(i.from_at, i.to_at) AS BIGINT) AS open_seconds_after,
  i.from_at
FROM program.calendar_interval AS i
CROSS JOIN range(0, 25) AS r(i)
WHERE i.is_open
  AND (CAST(floor(i.open_seconds_before / 3600) AS BIGINT) + r.i) * 3600 < i.open_seconds_before + seconds_between(i.from_at, i.to_at)
