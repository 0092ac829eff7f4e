/* tributary
description: >-
  Commission credit rounded once per partner, version and program period, then allocated to its lines with the largest
  remainder, so that lines, partners and periods foot (metrics.md 3.0 no 7).
grain: [program_id, milestone, deal_partner_id]
*/
WITH long AS (
  SELECT program_id, version, milestone, deal_partner_id, partner, period, event_at, 'credit' AS measure, credit AS amount FROM incentives.credit WHERE excluded IS NULL
  UNION ALL
  SELECT program_id, version, milestone, deal_partner_id, partner, period, event_at, 'estimated', estimated FROM incentives.credit WHERE excluded IS NULL
  UNION ALL
  SELECT program_id, version, milestone, deal_partner_id, partner, period, event_at, 'met', CASE WHEN sla_state = 'pending' THEN 0 ELSE met_credit END FROM incentives.credit WHERE excluded IS NULL
  UNION ALL
  SELECT program_id, version, milestone, deal_partner_id, partner, period, event_at, 'full',
    CASE WHEN sla_state = 'pending' THEN full_credit - met_credit ELSE full_credit END FROM incentives.credit WHERE excluded IS NULL
),
dated AS (
  SELECT
    l.*,
    CASE l.period WHEN 'month' THEN d.month_start WHEN 'year' THEN d.year_start ELSE d.quarter_start END AS period_start,
    floor(l.amount * 100) AS cents
  FROM long AS l
  JOIN program.fiscal_day AS d ON d.date = report_date(l.event_at)
),
ranked AS (
  SELECT
    *,
    money_round(sum(amount) OVER balance) * 100 - sum(cents) OVER balance AS left_over,
    row_number() OVER (
      PARTITION BY measure, program_id, version, partner, period_start ORDER BY amount * 100 - cents DESC, milestone, deal_partner_id) AS place
  FROM dated
  WINDOW balance AS (PARTITION BY measure, program_id, version, partner, period_start)
),
cent AS (
  SELECT program_id, milestone, deal_partner_id, measure, (cents + CASE WHEN place <= left_over THEN 1 ELSE 0 END) * CAST(0.01 AS DECIMAL(3,2)) AS amount
  FROM ranked
)
SELECT
  CAST(program_id AS VARCHAR) AS program_id,
  CAST(milestone AS VARCHAR) AS milestone,
  CAST(deal_partner_id AS VARCHAR) AS deal_partner_id,
  CAST(sum(CASE WHEN measure = 'credit' THEN amount ELSE 0 END) AS DECIMAL(18,2)) AS credit,
  CAST(sum(CASE WHEN measure = 'estimated' THEN amount ELSE 0 END) AS DECIMAL(18,2)) AS estimated,
  CAST(sum(CASE WHEN measure = 'met' THEN amount ELSE 0 END) AS DECIMAL(18,2)) AS met_credit,
  CAST(sum(CASE WHEN measure = 'full' THEN amount ELSE 0 END) AS DECIMAL(18,2)) AS full_credit
FROM cent
GROUP BY program_id, milestone, deal_partner_id
