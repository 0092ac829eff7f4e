package staging_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/staging"
)

const benchConfig = `
zone: Europe/Berlin
streams:
  crm.leads: {key: [id], version: modified, mode: upsert}
  crm.stages: {key: [id], mode: append}
maps:
  - entity: lead
    from: crm.leads
    fields:
      lead_id: id
      direction: {column: dir, values: {v: vendor_to_partner, p: partner_to_vendor, a: affiliate}}
      partner_id: partner
      source: source
      received_at: t0
      submitted_at: t1
      assigned_at: t2
      acknowledged_at: t3
      accepted_at: t4
      first_contact_at: t5
      qualified_at: {column: t6, zone: America/New_York}
      closed_at: {column: t7, date: ["%Y-%m-%d %H:%M:%S"]}
      closed_reason: reason
      converted_at: t8
      score: {column: score, decimal: {thousands: ","}}
      mrr_potential: mrr
      registered: reg
      modified_at: modified
  - entity: deal_stage
    from: crm.stages
    fields:
      deal_stage_id: id
      deal_id: deal
      motion: {constant: reseller}
      stage: {column: stage, values: {"0": Qualify, "1": Quote, "2": Transact}}
      entered_at: entered
      exited_at: left
`

func instant(n int) string {
	return "CASE WHEN hash(i, " + string(rune('0'+n)) + ") % 10 < 7 THEN strftime(TIMESTAMP '2024-01-01' + to_seconds(hash(i, " + string(rune('0'+n)) + ", 1) % 60000000), '%Y-%m-%dT%H:%M:%SZ') END AS t" + string(rune('0'+n))
}

// BenchmarkStage reads one million leads and two million stages.
func BenchmarkStage(b *testing.B) {
	l := newLake(b)
	columns := ""
	for n := range 6 {
		columns += instant(n) + ", "
	}
	l.query("crm.leads", "SELECT 'L' || i AS id, ['v','p','a'][1 + i % 3] AS dir, 'P' || (i % 5000) AS partner, 'web' AS source, "+columns+
		`strftime(TIMESTAMP '2024-01-01' + to_seconds(hash(i, 6) % 60000000), '%Y-%m-%d %H:%M:%S') AS t6,
strftime(TIMESTAMP '2024-01-01' + to_seconds(hash(i, 7) % 60000000), '%Y-%m-%d %H:%M:%S') AS t7, 'x' AS reason, t0 AS t8,
CAST(i % 100 AS VARCHAR) || '.5' AS score, CAST(i % 10000 AS VARCHAR) || '.25' AS mrr, 'true' AS reg, '2026-01-01T00:00:00Z' AS modified FROM range(1000000) AS r(i)`)
	l.query("crm.stages", `SELECT 'S' || i AS id, 'D' || (i // 7) AS deal, CAST(i % 3 AS VARCHAR) AS stage,
strftime(TIMESTAMP '2024-01-01' + to_seconds(i * 20), '%Y-%m-%dT%H:%M:%SZ') AS entered, strftime(TIMESTAMP '2024-01-01' + to_seconds(i * 20 + 10), '%Y-%m-%dT%H:%M:%SZ') AS left FROM range(2000000) AS r(i)`)
	opts := l.options(benchConfig)
	for b.Loop() {
		plan, err := staging.Compile(context.Background(), l.db, opts)
		require.NoError(b, err)
		result, err := plan.Run(context.Background())
		require.NoError(b, err)
		require.Less(b, result.Quarantined(), int64(1000), "only what a clock change swallowed")
		require.Equal(b, int64(3_000_000), result.Read())
		require.NoError(b, plan.Close(context.Background()))
	}
}

// BenchmarkSmall is what a small night pays for staging at all.
func BenchmarkSmall(b *testing.B) {
	l := newLake(b)
	l.load("crm.leads", "id,dir,partner,source,t0,t1,t2,t3,t4,t5,t6,t7,reason,t8,score,mrr,reg,modified\nl1,v,p1,web,2026-01-05,,,,,,,,,,1.5,2,true,2026-01-05\n")
	l.load("crm.stages", "id,deal,stage,entered,left\ns1,d1,1,2026-01-05,\n")
	opts := l.options(benchConfig)
	for b.Loop() {
		plan, err := staging.Compile(context.Background(), l.db, opts)
		require.NoError(b, err)
		_, err = plan.Run(context.Background())
		require.NoError(b, err)
		require.NoError(b, plan.Close(context.Background()))
	}
}
