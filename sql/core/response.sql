/* tributary
description: >-
  Each unit with its acknowledgement (stops the SLA) and its response (stops the response time): human events of the side
  that owes, between clock_start and the unit's end, both included; affiliate clocks stop at nurture enrolment or any
  human contact of either side. Dimensions and policy are as at clock_start. Business seconds run in the partner's
  calendar where a partner owes, else in the vendor's.
grain: [unit_id]
*/
WITH answer AS (
  SELECT
    u.unit_id,
    min(a.occurred_at) AS ack_at,
    min(CASE WHEN a.type <> 'acknowledge' THEN a.occurred_at END) AS answer_at
  FROM core.response_unit AS u
  JOIN staging.activity AS a ON a.lead_id = u.lead_id
  LEFT JOIN core.partner_ref AS r ON r.partner_id = a.partner_id
  WHERE NOT coalesce(a.deleted, false) AND a.actor_type = 'human'
    AND (a.party = u.party OR (u.party = 'either' AND a.party IN ('partner', 'vendor')))
    AND (a.type IN ('call', 'email', 'meeting', 'message', 'acknowledge', 'accept') OR (a.type = 'reject' AND a.reason IS NOT NULL))
    -- another partner's activity is no answer of the partner that owes
    AND (u.party = 'either' OR a.party <> 'partner' OR a.partner_id IS NULL OR coalesce(r.partner, 'unknown') = u.partner)
    AND a.occurred_at >= u.clock_start AND a.occurred_at <= coalesce(u.end_at, TIMESTAMP '9999-12-31 00:00:00')
  GROUP BY u.unit_id
),
-- where activities of a lead are recorded, its first contact is among them
recorded AS (
  SELECT DISTINCT lead_id
  FROM staging.activity
  WHERE lead_id IS NOT NULL AND actor_type = 'human' AND NOT coalesce(deleted, false)
),
enrolment AS (
  SELECT u.unit_id, min(n.enrolled_at) AS enrolled_at
  FROM core.response_unit AS u
  JOIN staging.nurture_enrollment AS n ON n.lead_id = u.lead_id
  WHERE u.direction = 'affiliate' AND NOT coalesce(n.deleted, false)
    AND n.enrolled_at >= u.clock_start AND n.enrolled_at <= coalesce(u.end_at, TIMESTAMP '9999-12-31 00:00:00')
  GROUP BY u.unit_id
),
bounded AS (
  SELECT
    u.unit_id, u.entity, u.entity_key, u.lead_id, u.direction, u.partner, u.clock_start, u.end_at, u.end_voids, u.is_early, u.excluded,
    u.own_ack_at, u.own_answer_at, u.lead_acknowledged_at, u.lead_accepted_at, u.lead_rejected_at,
    CASE WHEN k.lead_id IS NULL THEN u.first_contact_at END AS first_contact_at,
    coalesce(u.end_at, TIMESTAMP '9999-12-31 00:00:00') AS until_at,
    a.ack_at, a.answer_at, e.enrolled_at
  FROM core.response_unit AS u
  LEFT JOIN answer AS a ON a.unit_id = u.unit_id
  LEFT JOIN enrolment AS e ON e.unit_id = u.unit_id
  LEFT JOIN recorded AS k ON k.lead_id = u.lead_id
),
stopped AS (
  SELECT
    unit_id, entity, entity_key, lead_id, direction, partner, clock_start, end_at, end_voids, is_early, excluded,
    least(ack_at, enrolled_at,
      CASE WHEN own_ack_at >= clock_start AND own_ack_at <= until_at THEN own_ack_at END,
      CASE WHEN lead_acknowledged_at >= clock_start AND lead_acknowledged_at <= until_at THEN lead_acknowledged_at END,
      CASE WHEN lead_accepted_at >= clock_start AND lead_accepted_at <= until_at THEN lead_accepted_at END,
      CASE WHEN lead_rejected_at >= clock_start AND lead_rejected_at <= until_at THEN lead_rejected_at END,
      CASE WHEN first_contact_at >= clock_start AND first_contact_at <= until_at THEN first_contact_at END) AS ack_at,
    least(answer_at, enrolled_at,
      CASE WHEN own_answer_at >= clock_start AND own_answer_at <= until_at THEN own_answer_at END,
      CASE WHEN lead_accepted_at >= clock_start AND lead_accepted_at <= until_at THEN lead_accepted_at END,
      CASE WHEN lead_rejected_at >= clock_start AND lead_rejected_at <= until_at THEN lead_rejected_at END,
      CASE WHEN first_contact_at >= clock_start AND first_contact_at <= until_at THEN first_contact_at END) AS response_at
  FROM bounded
),
placed AS (
  SELECT
    s.*, p.partner_type, p.program_tier, p.region,
    y.policy_id, y.sla_seconds, y.clock,
    CASE WHEN s.direction = 'vendor_to_partner' THEN coalesce(c.calendar, m.partner_calendar) ELSE m.vendor_calendar END AS calendar,
    m.as_of_at
  FROM stopped AS s
  CROSS JOIN program.param AS m
  JOIN core.partner_period AS p
    ON p.partner = s.partner AND p.valid_from <= s.clock_start AND s.clock_start < p.valid_to
  LEFT JOIN core.policy_period AS y
    ON y.direction = s.direction AND y.partner_type = p.partner_type AND y.program_tier = p.program_tier
    AND y.valid_from <= s.clock_start AND s.clock_start < y.valid_to
  LEFT JOIN core.partner AS c ON c.partner_id = s.partner
),
timed AS (
  SELECT
    p.*,
    least(p.end_at, p.as_of_at) AS censor_at,
    CASE WHEN i.is_open THEN i.open_seconds_before + seconds_between(i.from_at, p.clock_start) ELSE i.open_seconds_before END AS start_open
  FROM placed AS p
  LEFT JOIN program.calendar_interval AS i
    ON i.calendar = p.calendar AND i.utc_day = local_date(p.clock_start, 'UTC')
    AND i.from_at <= p.clock_start AND p.clock_start < i.to_at
),
business AS (
  SELECT
    t.*,
    CASE WHEN a.is_open THEN a.open_seconds_before + seconds_between(a.from_at, t.ack_at) ELSE a.open_seconds_before END - t.start_open AS ack_business_seconds,
    CASE WHEN r.is_open THEN r.open_seconds_before + seconds_between(r.from_at, t.response_at) ELSE r.open_seconds_before END - t.start_open AS response_business_seconds,
    CASE WHEN c.is_open THEN c.open_seconds_before + seconds_between(c.from_at, t.censor_at) ELSE c.open_seconds_before END - t.start_open AS censor_business_seconds
  FROM timed AS t
  LEFT JOIN program.calendar_interval AS a
    ON a.calendar = t.calendar AND a.utc_day = local_date(t.ack_at, 'UTC') AND a.from_at <= t.ack_at AND t.ack_at < a.to_at
  LEFT JOIN program.calendar_interval AS r
    ON r.calendar = t.calendar AND r.utc_day = local_date(t.response_at, 'UTC') AND r.from_at <= t.response_at AND t.response_at < r.to_at
  LEFT JOIN program.calendar_interval AS c
    ON c.calendar = t.calendar AND c.utc_day = local_date(t.censor_at, 'UTC') AND c.from_at <= t.censor_at AND t.censor_at < c.to_at
),
as_of_open AS (
  SELECT i.calendar, CASE WHEN i.is_open THEN i.open_seconds_before + seconds_between(i.from_at, m.as_of_at) ELSE i.open_seconds_before END AS as_of_seconds
  FROM program.param AS m
  JOIN program.calendar_interval AS i ON i.from_at <= m.as_of_at AND m.as_of_at < i.to_at
),
deadline AS (
  SELECT b.unit_id, q.from_at, b.start_open + b.sla_seconds - q.open_seconds_before AS offset_seconds
  FROM business AS b
  JOIN core.business_hour AS q
    ON q.calendar = b.calendar AND q.hour = CAST(floor((b.start_open + b.sla_seconds - 1) / 3600) AS BIGINT)
    AND q.open_seconds_before < b.start_open + b.sla_seconds AND b.start_open + b.sla_seconds <= q.open_seconds_after
  WHERE b.clock = 'business'
)
SELECT
  CAST(b.unit_id AS VARCHAR) AS unit_id,
  CAST(b.entity AS VARCHAR) AS entity,
  CAST(b.entity_key AS VARCHAR) AS entity_key,
  CAST(b.lead_id AS VARCHAR) AS lead_id,
  CAST(b.direction AS VARCHAR) AS direction,
  CAST(b.partner AS VARCHAR) AS partner,
  CAST(b.partner_type AS VARCHAR) AS partner_type,
  CAST(b.program_tier AS VARCHAR) AS program_tier,
  CAST(b.region AS VARCHAR) AS region,
  b.clock_start, b.end_at, b.ack_at, b.response_at,
  CAST(b.policy_id AS VARCHAR) AS policy_id,
  CAST(b.sla_seconds AS BIGINT) AS sla_seconds,
  CAST(b.clock AS VARCHAR) AS clock,
  CAST(seconds_between(b.clock_start, b.ack_at) AS BIGINT) AS ack_seconds,
  CAST(seconds_between(b.clock_start, b.response_at) AS BIGINT) AS response_seconds,
  CAST(seconds_between(b.clock_start, b.censor_at) AS BIGINT) AS censor_seconds,
  CAST(b.ack_business_seconds AS BIGINT) AS ack_business_seconds,
  CAST(b.response_business_seconds AS BIGINT) AS response_business_seconds,
  CAST(b.censor_business_seconds AS BIGINT) AS censor_business_seconds,
  CAST(b.start_open IS NOT NULL AS BOOLEAN) AS has_calendar,
  CAST(CASE WHEN b.clock = 'business' THEN b.ack_business_seconds ELSE seconds_between(b.clock_start, b.ack_at) END AS BIGINT) AS sla_ack_seconds,
  CAST(CASE WHEN b.end_at IS NULL THEN NULL WHEN b.clock = 'business' THEN b.censor_business_seconds ELSE seconds_between(b.clock_start, b.end_at) END AS BIGINT) AS sla_end_seconds,
  CAST(CASE WHEN b.clock = 'business' THEN z.as_of_seconds - b.start_open ELSE seconds_between(b.clock_start, b.as_of_at) END AS BIGINT) AS sla_as_of_seconds,
  CASE WHEN b.clock = 'business' THEN add_seconds(d.from_at, d.offset_seconds) ELSE add_seconds(b.clock_start, b.sla_seconds) END AS deadline_at,
  CAST(coalesce(b.end_voids, false) AS BOOLEAN) AS end_voids,
  CAST(CASE WHEN b.excluded IS NOT NULL THEN b.excluded WHEN b.is_early THEN 'negative_duration' END AS VARCHAR) AS excluded
FROM business AS b
LEFT JOIN as_of_open AS z ON z.calendar = b.calendar
LEFT JOIN deadline AS d ON d.unit_id = b.unit_id
