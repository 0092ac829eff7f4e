/* tributary
description: Every stored quarter of ACC-4 with its bridge; volume + rate + manual must foot to it to the cent (metrics.md 3.11 ACC).
grain: [period_start, dims]
materialise: view
checks:
  - expression: {sql: "volume + rate + manual = accrual", name: bridge_foots}
*/
SELECT
  CAST(period_start AS DATE) AS period_start,
  CAST(dims AS VARCHAR) AS dims,
  CAST(max(CASE WHEN metric_id = 'ACC-4' THEN value_money END) AS DECIMAL(18,2)) AS accrual,
  CAST(max(CASE WHEN metric_id = 'ACC-5.volume' THEN value_money END) AS DECIMAL(18,2)) AS volume,
  CAST(max(CASE WHEN metric_id = 'ACC-5.rate' THEN value_money END) AS DECIMAL(18,2)) AS rate,
  CAST(max(CASE WHEN metric_id = 'ACC-5.manual' THEN value_money END) AS DECIMAL(18,2)) AS manual
FROM metrics.metric_value
WHERE metric_id IN ('ACC-4', 'ACC-5.volume', 'ACC-5.rate', 'ACC-5.manual') AND grain = 'quarter' AND value_money IS NOT NULL
GROUP BY period_start, dims
