package staging_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/staging"
)

const partnerMap = `
maps:
  - entity: partner
    from: crm.partners
    fields: {partner_id: id, name: name}
`

func (l *lake) partners() []string {
	return l.rows("SELECT partner_id, name, deleted, _source_line, _commit FROM staging.partner ORDER BY 1, 2")
}

func TestVersions(t *testing.T) {
	first, second := "id,name,v\np1,old,2026-01-01\np2,two,2026-01-01\np1,new,2026-02-01\n", "id,name,v\np1,late but older,2026-01-15\np3,three,\n"
	for name, c := range map[string]struct {
		stream string
		want   []string
	}{
		"newest version wins":             {"{key: [id], version: v}", []string{"p1|new|∅|4|1", "p2|two|∅|3|1", "p3|three|∅|3|2"}},
		"without a version the later row": {"{key: [id], mode: upsert}", []string{"p1|late but older|∅|2|2", "p2|two|∅|3|1", "p3|three|∅|3|2"}},
		"a key that is an expression":     {"{key: lower(id), version: {expr: v}}", []string{"p1|new|∅|4|1", "p2|two|∅|3|1", "p3|three|∅|3|2"}},
		"a version in a format":           {"{key: [id], version: {column: v, date: '%Y-%m-%d', zone: Asia/Tokyo}}", []string{"p1|new|∅|4|1", "p2|two|∅|3|1", "p3|three|∅|3|2"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLake(t)
			l.load("crm.partners", first)
			l.load("crm.partners", second)
			result := l.run("streams: {crm.partners: " + c.stream + "}" + partnerMap)
			require.Equal(t, c.want, l.partners())
			require.Empty(t, result.Warnings)
			require.Equal(t, int64(3), result.Entities[0].Rows)
		})
	}
}

func TestNumbersAsVersions(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id,name,v\np1,nine,9\np1,ten,10\np1,none,\n")
	l.run("streams: {crm.partners: {key: [id], version: v}}" + partnerMap)
	require.Equal(t, []string{"p1|ten|∅|3|1"}, l.partners())
}

func TestExactRepeatsVanish(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id,name\np1,one\np1,one\np2,\n")
	l.load("crm.partners", "id,name\np1,one\np2,\n")
	result := l.run("streams: {crm.partners: {}}" + partnerMap)
	require.Equal(t, []string{"p1|one|∅|2|2", "p2|∅|∅|3|2"}, l.partners())
	require.Empty(t, result.Warnings)
}

func TestDuplicateKeysAreWarnedOf(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id,name\np1,one\np1,other\np2,two\n")
	result := l.run("streams: {crm.partners: {}}" + partnerMap)
	require.Equal(t, []string{"p1|other|∅|3|1", "p2|two|∅|4|1"}, l.partners())
	require.Len(t, result.Warnings, 1)
	require.Equal(t, "duplicate_key", result.Warnings[0].Rule)
	require.Equal(t, "p1 in crm.partners-1.csv:2", result.Warnings[0].Sample)
	require.Equal(t, int64(1), result.Entities[0].Superseded)
}

// TestVersionsThatAreNoOrder has records that one file brings twice: exact repeats, a newer version, a deletion, and two that nothing decides.
func TestVersionsThatAreNoOrder(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id,name,v\np1,one,1\np1,one,1\np2,two,1\np2,two b,2\np3,three,1\np3,three b,1\np4,four,\np4,four b,\np5,five,1\np5,five b,1\n")
	l.load("crm.partners", "id,name,v\np5,five c,1\n")
	result := l.run("streams: {crm.partners: {key: [id], version: v, mode: upsert}}" + partnerMap)
	require.Equal(t, []staging.Warning{{Field: "crm.partners", Rule: "duplicate_key", Rows: 2, Sample: "crm.partners-1.csv:6"}}, result.Warnings)
	require.Equal(t, `crm.partners: 2 records are there several times, differ, and none is newer, such as "crm.partners-1.csv:6": the later row was taken`, result.Warnings[0].String())
	require.Equal(t, []string{"p1|one|∅|3|1", "p2|two b|∅|5|1", "p3|three b|∅|7|1", "p4|four b|∅|9|1", "p5|five c|∅|2|2"}, l.partners())

	result = l.run("streams: {crm.partners: {key: [id], mode: upsert}}" + partnerMap)
	require.Equal(t, []staging.Warning{{Field: "crm.partners", Rule: "duplicate_key", Rows: 3, Sample: "crm.partners-1.csv:4"}}, result.Warnings, "without a version")
}

func TestRowsWithoutAKeyAreNotMistakenForVersions(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id,name\n,one\n,two\np1,three\n")
	result := l.run("streams: {crm.partners: {key: [id]}}" + partnerMap)
	require.Equal(t, int64(2), result.Quarantined())
	require.Equal(t, []string{"missing_key|2", "missing_key|3"}, l.rows("SELECT rule, source_line FROM staging.quarantine ORDER BY 2"))
}

func TestSnapshots(t *testing.T) {
	l := newLake(t)
	i := l.load("crm.partners", "id,name\np1,one\np2,two\np3,three\n")
	l.data["crm.partners"].Parts[i].Superseded = true
	i = l.load("crm.partners", "id,name,extra\np1,one,\np2,two b,\n")
	l.data["crm.partners"].Parts[i].Superseded = true
	l.load("crm.partners", "id,name,extra\np1,one b,x\n")
	for _, key := range []string{"{key: [id], mode: snapshot}", "{mode: snapshot}"} {
		l.run("streams: {crm.partners: " + key + "}" + partnerMap)
		require.Equal(t, []string{"p1|one b|∅|2|3", "p2|two b|true|3|2", "p3|three|true|4|1"}, l.partners(), key)
	}
	l.run("streams: {crm.partners: {key: [id], mode: upsert}}" + partnerMap)
	require.Equal(t, []string{"p1|one b|∅|2|3"}, l.partners(), "only a snapshot deletes")
}

func TestAnEmptySnapshotDeletesAll(t *testing.T) {
	l := newLake(t)
	i := l.load("crm.partners", "id,name\np1,one\n")
	l.data["crm.partners"].Parts[i].Superseded = true
	l.run("streams: {crm.partners: {key: [id], mode: snapshot}}" + partnerMap)
	require.Equal(t, []string{"p1|one|true|2|1"}, l.partners())
}

func TestMarkersOfDeletion(t *testing.T) {
	l := newLake(t)
	l.query("crm.partners", "SELECT * FROM (VALUES ('p1', 'one', '1', NULL), ('p1', 'one b', '2', NULL), ('p2', 'two', '1', NULL), ('p4', 'four', '1', NULL)) AS t(id, name, v, _op)")
	l.query("crm.partners", "SELECT * FROM (VALUES ('p1', NULL, '3', 'delete'), ('p2', NULL, '0', 'delete'), ('p3', NULL, '1', 'delete')) AS t(id, name, v, _op)")
	l.run("streams: {crm.partners: {key: [id], version: v, mode: upsert}}" + partnerMap)
	require.Equal(t, []string{"p1|one b|true|3|1", "p2|two|∅|4|1", "p4|four|∅|5|1"}, l.partners())
}

func TestColumnsThatComeAndGo(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id,name\np1,one\n")
	l.load("crm.partners", "name,id,region\ntwo,p2,EMEA\n")
	l.run(`
streams: {crm.partners: {key: [id]}}
maps: [{entity: partner, from: crm.partners, fields: {partner_id: id, name: Name, region: REGION}}]`)
	require.Equal(t, []string{"p1|one|∅", "p2|two|EMEA"}, l.rows("SELECT partner_id, name, region FROM staging.partner ORDER BY 1"))
}

func TestDoublesAsShares(t *testing.T) {
	l := newLake(t)
	l.query("erp.credits", "SELECT 'a' AS id, 0.25::DOUBLE AS share UNION ALL SELECT 'b', 1e-5 UNION ALL SELECT 'c', 1::DOUBLE / 3")
	l.run(`
streams: {erp.credits: {key: [id]}}
maps: [{entity: deal_partner, from: erp.credits, fields: {deal_partner_id: id, deal_id: id, role: {constant: sourced}, pct: {column: share, percent: fraction}}}]`)
	require.Equal(t, []string{"a|25.000000", "b|0.001000"}, l.rows("SELECT deal_partner_id, pct FROM staging.deal_partner ORDER BY 1"))
	require.Equal(t, []string{"too_precise|0.3333333333333333"}, l.rows("SELECT rule, value FROM staging.quarantine"))
}

func TestARenamedColumn(t *testing.T) {
	l := newLake(t)
	config := `
streams: {crm.partners: {key: [id], mode: %s}}
maps: [{entity: partner, from: crm.partners, fields: {partner_id: id, name: Name, region: {expr: upper(Region)}}}]`
	i := l.load("crm.partners", "id,Name,Region\np1,one,EMEA\n")
	l.load("crm.partners", "id,PartnerName,Region\np2,two,APAC\n")
	result := l.run(fmt.Sprintf(config, "append"))
	require.Equal(t, []staging.Warning{{Entity: "partner", Field: "name", Rule: "column_gone", Rows: 1, Sample: "Name is no longer in crm.partners; did you mean PartnerName?"}}, result.Warnings)

	l.data["crm.partners"].Parts[i].Superseded = true
	_, err := l.try(l.options(fmt.Sprintf(config, "snapshot")))
	require.EqualError(t, err, `t.yaml:3: stream crm.partners has no column "Name" (did you mean PartnerName?)`)
}

func TestAStreamThatNeverDelivered(t *testing.T) {
	l := newLake(t)
	result := l.run("streams: {crm.partners: {key: [id]}, crm.owners: {}}" + partnerMap)
	require.Zero(t, result.Read())
	require.Empty(t, l.partners())
	require.Equal(t, []string{"partner|name", "partner|partner_id"}, l.rows("FROM staging.mapped ORDER BY ALL"), "mapped all the same")
}

func TestRowsThatCouldNotBeDecoded(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id,name\np1,one\n")
	l.query("crm.partners", "SELECT 'ragged' AS rule, '3 cells, 2 expected' AS detail, 'a,b,c' AS raw")
	s := l.data["crm.partners"]
	s.Quarantine, s.Parts = s.Parts[1:], s.Parts[:1]
	result := l.run("streams: {crm.partners: {key: [id]}}" + partnerMap)
	require.Equal(t, []string{"∅|crm|partners|ragged|∅|a,b,c|3 cells, 2 expected|crm.partners-2.csv|2|load-2"}, l.rows("FROM staging.quarantine"))
	require.Equal(t, int64(1), result.Quarantined())
	require.Equal(t, int64(2), result.Read())
}

func TestTypesThatParquetBrings(t *testing.T) {
	l := newLake(t)
	l.query("erp.deals", `SELECT 17.0::DOUBLE AS id, 1234.5::DOUBLE AS amount, 12.345678::DECIMAL(18,6) AS arr, DATE '2026-01-05' AS created, TIMESTAMP '2026-02-05 10:00:00' AS closed,
TIMESTAMPTZ '2026-02-05 10:00:00+00' AS modified, true AS competitive, DATE '2026-03-31' AS close_date, 'won' AS outcome, 42::INTEGER AS acv
UNION ALL SELECT 18, 0.1::DOUBLE + 0.2::DOUBLE, 1.5, '2026-01-05', '2026-02-05 10:00:00', '2026-02-05 10:00:00+00', false, '2026-03-31', 'won', 1
UNION ALL SELECT 19, 1e-5, 1.5, '2026-01-05', '2026-03-29 02:30:00', '2026-02-05 10:00:00+00', false, '2026-03-31', 'won', 1
UNION ALL SELECT 20, 1, 1.5, '2026-01-05', '2026-03-29 02:30:00', '2026-02-05 10:00:00+00', false, '2026-03-31', 'won', 1`)
	l.run(`
zone: Europe/Berlin
streams: {erp.deals: {key: [id]}}
maps:
  - entity: deal
    from: erp.deals
    fields: {deal_id: id, amount: amount, arr: {column: arr, round: true}, acv: acv, created_at: created, closed_at: closed, modified_at: modified, is_competitive: competitive, close_date: close_date, outcome: outcome}`)
	require.Equal(t, []string{"17|1234.5000|12.3457|42.0000|2026-01-04 23:00:00+00|2026-02-05 09:00:00+00|2026-02-05 10:00:00+00|true|2026-03-31"},
		l.rows("SELECT deal_id, amount, arr, acv, created_at, closed_at, modified_at, is_competitive, close_date FROM staging.deal"))
	require.Equal(t, []string{"too_precise|amount|0.30000000000000004", "too_precise|amount|1e-05", "nonexistent_local_time|closed_at|2026-03-29 02:30:00"},
		l.rows("SELECT rule, field, value FROM staging.quarantine ORDER BY source_line"))
}
