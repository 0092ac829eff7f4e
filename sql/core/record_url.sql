/* tributary
description: >-
  How a record is opened in its source, where record_url in tributary.yaml says how: for lists that people work off.
grain: [entity, entity_key]
columns:
  entity: text
  entity_key: text
  url: text
*/
WITH record AS (
  SELECT 'lead' AS entity, lead_id AS entity_key, _source AS source FROM staging.lead
  UNION ALL
  SELECT 'deal' AS entity, deal_id AS entity_key, _source AS source FROM staging.deal
  UNION ALL
  SELECT 'deal_registration' AS entity, registration_id AS entity_key, _source AS source FROM staging.deal_registration
  UNION ALL
  SELECT 'partner' AS entity, partner_id AS entity_key, _source AS source FROM staging.partner
  UNION ALL
  SELECT 'invoice' AS entity, invoice_id AS entity_key, _source AS source FROM staging.invoice
)
SELECT
  CAST(r.entity AS VARCHAR) AS entity,
  CAST(r.entity_key AS VARCHAR) AS entity_key,
  CAST(replace(u.template, '{key}', r.entity_key) AS VARCHAR) AS url
FROM record AS r
JOIN program.record_url AS u ON u.source = split_part(r.source, '.', 1)
