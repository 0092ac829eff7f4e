package staging_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSimpleMap(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", `
Id,Name,Level,Signed,Mod
p1,Null,G,2026-01-05,2026-01-05T10:00:00Z
p2,Acme,S,05.02.2026,2026-02-05T10:00:00Z
p2,Acme Ltd,S,05.02.2026,2026-03-05T10:00:00Z
,Nobody,S,05.02.2026,2026-03-05T10:00:00Z
`)
	result := l.run(`
zone: Europe/Berlin
streams: {crm.partners: {key: [Id], version: Mod}}
maps:
  - entity: partner
    from: crm.partners
    fields:
      partner_id: Id
      name: Name
      program_tier: {column: Level, values: {G: gold, S: silver}, else: unknown}
      signed_at: {column: Signed, date: [iso, "%d.%m.%Y"]}
      modified_at: Mod
      test: {expr: "field.program_tier = 'gold'"}
`)
	require.Equal(t, []string{
		"p1|Null|gold|2026-01-04 23:00:00+00|true|crm.partners|crm.partners-1.csv|2|load-1|1|0",
		"p2|Acme Ltd|silver|2026-02-04 23:00:00+00|false|crm.partners|crm.partners-1.csv|4|load-1|1|2",
	}, l.rows("SELECT partner_id, name, program_tier, signed_at, test, _source, _source_file, _source_line, _load_id, _commit, _row FROM staging.partner ORDER BY 1"))
	require.Equal(t, []string{"partner|crm|partners|missing_key|partner_id|∅|map t.yaml:5|crm.partners-1.csv|5|load-1"}, l.rows("FROM staging.quarantine"))
	require.Equal(t, int64(3), result.Read())
	require.Equal(t, int64(1), result.Quarantined())
}
