package staging_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpressionsBuildOnFields(t *testing.T) {
	l := newLake(t)
	l.load("crm.deals", "id,won,amount,rate,Closed At,amount2\nd1,yes,\"1,000.50\",0.1,2026-02-01,7\nd2,no,10,0.1,,8\n")
	l.run(`
streams: {crm.deals: {key: [id]}}
maps:
  - entity: deal
    from: crm.deals
    where: row.id <> 'd9'
    fields:
      deal_id: {expr: "concat('crm-', id)"}
      created_at: {constant: 2026-01-01}
      closed_at: Closed At
      amount: {column: amount, decimal: {thousands: ","}}
      arr: {expr: "CAST(field.amount * 12 AS DECIMAL(18,4))"}
      acv: {expr: "field.arr + CAST(row.\"amount2\" AS DECIMAL(18,2))"}
      outcome: {expr: "CASE WHEN field.closed_at IS NOT NULL AND won = 'yes' THEN 'won' ELSE 'open' END"}
      name: {expr: "list_aggregate(list_transform([id, won], lambda x: upper(x)), 'string_agg', '-')"}
      account_name: {expr: "concat('ä€', /* won */ \"id\" -- won\n || row . won)"}`)
	require.Equal(t, []string{"crm-d1|1000.5000|12006.0000|12013.0000|won|D1-YES|ä€d1yes", "crm-d2|10.0000|120.0000|128.0000|open|D2-NO|ä€d2no"},
		l.rows("SELECT deal_id, amount, arr, acv, outcome, name, account_name FROM staging.deal ORDER BY 1"))
}

func TestLookups(t *testing.T) {
	config := `
streams: {crm.partners: {key: [id]}, crm.owners: {key: [owner_id]}, crm.tiers: {}, crm.later: {}}
maps:
  - entity: partner
    from: crm.partners
    lookup:
      owners: {from: crm.owners, on: {owner_id: owner}}
      tiers: {from: crm.tiers, on: "tiers.partner = id AND tiers.active = 'y'", where: partner IS NOT NULL}
      later: {from: crm.later, on: {x: id}}
    where: owners.owner_id IS NULL OR owners.name <> 'Nobody'
    fields:
      partner_id: id
      cam_id: owners.name
      program_tier: {column: tiers.tier, values: {G: gold}, else: keep}
      region: {expr: "coalesce(owners.region, 'none')"}
      country: later.country
`
	l := newLake(t)
	l.load("crm.partners", "id,owner\np1,o1\np2,o9\np3,o2\n")
	l.load("crm.owners", "owner_id,name,region\no1,Ann,EMEA\no2,Nobody,EMEA\n")
	l.load("crm.tiers", "partner,tier,active\np1,G,y\np1,S,n\np2,S,y\n")
	l.run(config)
	require.Equal(t, []string{"p1|Ann|gold|EMEA|∅", "p2|∅|S|none|∅"}, l.rows("SELECT partner_id, cam_id, program_tier, region, country FROM staging.partner ORDER BY 1"))

	l.load("crm.tiers", "partner,tier,active\np1,P,y\n")
	_, err := l.try(l.options(config))
	require.EqualError(t, err, "stage partner: t.yaml:4: a lookup of partner (owners, tiers, later) finds several rows for one: 1 rows, first crm.partners-1.csv:2 (give the lookup's stream a key, or narrow it with where: or a further condition in on:)")
}

func TestUnnest(t *testing.T) {
	l := newLake(t)
	l.query("shop.orders", `SELECT * FROM (VALUES
('o1', '[{"sku": "a", "net": 10.10, "n": {"k": 7}}, {"sku": "b", "net": 99999999999999.99}]', 'p1; p2;;'),
('o2', '[]', NULL), ('o3', NULL, 'p3'), ('o4', '{"sku": "c"}', 'p4'), ('o5', '[1.10, "x"', 'p5')) AS t(id, lines, partners)`)
	l.run(`
streams: {shop.orders: {key: [id]}}
maps:
  - entity: deal_line
    from: shop.orders
    unnest: {column: lines, as: line}
    fields:
      deal_line_id: {expr: "concat(id, '-', line.index)"}
      deal_id: id
      product: line.sku
      amount: line.net
      quantity: {column: line.n, json: $.k}
  - entity: deal_partner
    from: shop.orders
    unnest: {column: partners, split: ";"}
    fields:
      deal_partner_id: {expr: "concat(id, '-', item.value)"}
      deal_id: id
      partner_id: item.value
      role: {constant: sourced}
  - entity: deal_contact
    from: shop.orders
    unnest: {column: lines, keep_empty: true}
    where: id IN ('o1', 'o2', 'o3')
    fields: {deal_contact_id: {expr: "concat(id, item.index)"}, deal_id: id, role: item.sku}`)
	require.Equal(t, []string{"o1-1|a|10.1000|7.0000", "o1-2|b|99999999999999.9900|∅"}, l.rows("SELECT deal_line_id, product, amount, quantity FROM staging.deal_line ORDER BY 1"))
	require.Equal(t, []string{"o1-p1|shop.orders-1.csv|2", "o1-p2|shop.orders-1.csv|2", "o3-p3|shop.orders-1.csv|4", "o4-p4|shop.orders-1.csv|5", "o5-p5|shop.orders-1.csv|6"},
		l.rows("SELECT deal_partner_id, _source_file, _source_line FROM staging.deal_partner ORDER BY 1"))
	require.Equal(t, []string{"o11|a", "o12|b", "o21|∅", "o31|∅"}, l.rows("SELECT deal_contact_id, role FROM staging.deal_contact ORDER BY 1"))
	require.Equal(t, []string{`deal_line|not_a_list|lines|{"sku": "c"}|5`, `deal_line|not_a_list|lines|[1.10, "x"|6`}, l.rows("SELECT entity, rule, field, value, source_line FROM staging.quarantine ORDER BY source_line"))
}

func TestJSONPathOfAList(t *testing.T) {
	l := newLake(t)
	l.query("shop.orders", `SELECT 'o1' AS id, '{"data": {"items": [1.10, 20]}}' AS body`)
	l.run(`
streams: {shop.orders: {}}
maps: [{entity: deal_line, from: shop.orders, unnest: {column: body, json: $.data.items}, fields: {deal_line_id: item.index, deal_id: id, amount: item.value}}]`)
	require.Equal(t, []string{"1|1.1000", "2|20.0000"}, l.rows("SELECT deal_line_id, amount FROM staging.deal_line ORDER BY 1"))
}

func TestASelectIsTheWayOut(t *testing.T) {
	l := newLake(t)
	l.load("crm.stages", "deal,stage,at\nd1,Open,2026-01-01\nd1,Won,2026-02-01\nd1,Won,2026-02-01\n")
	config := `
zone: UTC
streams: {crm.stages: {}}
maps:
  - entity: deal_stage
    select: |
      SELECT deal || '-' || row_number() OVER (PARTITION BY deal ORDER BY "at") AS deal_stage_id, deal AS deal_id, stage, "at" AS entered_at,
        lead("at") OVER (PARTITION BY deal ORDER BY "at") AS exited_at, _source_file, _source_line, _load_id, _commit, _row
      FROM raw.crm_stages`
	l.run(config)
	require.Equal(t, []string{"d1-1|Open|2026-01-01 00:00:00+00|2026-02-01 00:00:00+00|crm.stages|2", "d1-2|Won|2026-02-01 00:00:00+00|∅|crm.stages|4"},
		l.rows("SELECT deal_stage_id, stage, entered_at, exited_at, _source, _source_line FROM staging.deal_stage ORDER BY 1"))

	l.run(config + `
    source: crm.history
    fields: {deal_stage_id: deal_stage_id, deal_id: deal_id, stage: {column: stage, values: {Open: Qualify}, else: keep}, entered_at: {column: entered_at, zone: Europe/Berlin}}`)
	require.Equal(t, []string{"d1-1|Qualify|2025-12-31 23:00:00+00|crm.history", "d1-2|Won|2026-01-31 23:00:00+00|crm.history"},
		l.rows("SELECT deal_stage_id, stage, entered_at, _source FROM staging.deal_stage ORDER BY 1"))
}

func TestZonesOfAColumn(t *testing.T) {
	l := newLake(t)
	l.load("crm.leads", "id,at,tz\nl1,2026-01-05 10:00:00,Europe/Berlin\nl2,2026-01-05 10:00:00,America/New_York\nl3,2026-01-05T10:00:00Z,\nl4,2026-01-05 10:00:00,Mars/Base\nl5,2026-01-05 10:00:00,\nl6,2026-03-29 02:30:00,Europe/Berlin\n")
	l.run(`
streams: {crm.leads: {key: [id]}}
maps: [{entity: lead, from: crm.leads, fields: {lead_id: id, received_at: {column: at, zone: {column: tz}}}}]`)
	require.Equal(t, []string{"l1|2026-01-05 09:00:00+00", "l2|2026-01-05 15:00:00+00", "l3|2026-01-05 10:00:00+00"}, l.rows("SELECT lead_id, received_at FROM staging.lead ORDER BY 1"))
	require.Equal(t, []string{"unknown_zone|5", "unknown_zone|6", "nonexistent_local_time|7"}, l.rows("SELECT rule, source_line FROM staging.quarantine ORDER BY 2"))
}

func TestAMapsOwnZone(t *testing.T) {
	l := newLake(t)
	l.load("crm.leads", "id,at\nl1,2026-01-05\n")
	l.run(`
zone: Europe/Berlin
streams: {crm.leads: {key: [id]}}
maps: [{entity: lead, from: crm.leads, zone: Asia/Tokyo, fields: {lead_id: id, received_at: at}}]`)
	require.Equal(t, []string{"l1|2026-01-04 15:00:00+00"}, l.rows("SELECT lead_id, received_at FROM staging.lead"))
}

func TestOptionalColumns(t *testing.T) {
	l := newLake(t)
	l.load("crm.leads", "id\nl1\n")
	l.run(`
streams: {crm.leads: {key: [id]}}
maps: [{entity: lead, from: crm.leads, fields: {lead_id: id, region: {column: region, optional: true}}}]`)
	require.Equal(t, []string{"l1|∅"}, l.rows("SELECT lead_id, region FROM staging.lead"))
	require.Equal(t, []string{"lead|lead_id"}, l.rows("FROM staging.mapped"), "what is not there is not mapped")
}

func TestSeveralStreamsToOneEntityAndOneToSeveral(t *testing.T) {
	l := newLake(t)
	l.load("crm.resellers", "id,deal\nr1,d1\n")
	l.load("crm.agents", "id\na1\n")
	l.run(`
streams: {crm.resellers: {key: [id]}, crm.agents: {key: [id]}}
maps:
  - {entity: partner, from: crm.resellers, fields: {partner_id: id, partner_type: {constant: reseller}}}
  - {entity: partner, from: crm.agents, fields: {partner_id: id, partner_type: {constant: agent}}}
  - {entity: deal, from: crm.resellers, fields: {deal_id: deal, partner_id: id, outcome: {constant: open}, created_at: {constant: 2026-01-01}}}`)
	require.Equal(t, []string{"a1|agent|crm.agents", "r1|reseller|crm.resellers"}, l.rows("SELECT partner_id, partner_type, _source FROM staging.partner ORDER BY 1"))
	require.Equal(t, []string{"d1|r1"}, l.rows("SELECT deal_id, partner_id FROM staging.deal"))
}

func TestTwoSourcesThatNameTheSameRecord(t *testing.T) {
	config := `
streams: {crm.partners: {key: [id]}, erp.partners: {key: [id]}, erp.deals: {key: [id]}, mdm.ids: {}}
maps:
  - {entity: partner, from: crm.partners, fields: {partner_id: id, name: name}}
  - {entity: partner, from: erp.partners, fields: {partner_id: id, name: name}}
  - {entity: deal, from: erp.deals, fields: {deal_id: id, partner_id: partner, outcome: {constant: open}, created_at: {constant: 2026-01-01}}}
`
	l := newLake(t)
	l.load("crm.partners", "id,name\np1,from crm\np2,crm only\n")
	l.load("erp.partners", "id,name\np1,from erp\n77,erp seven\n88,erp only\n")
	l.load("erp.deals", "id,partner\nd1,77\nd2,88\n")
	_, err := l.try(l.options(config))
	require.EqualError(t, err, "stage partner: several sources name the same partner, and nothing says which counts: 1 keys, such as p1: crm.partners crm.partners-1.csv:2, erp.partners erp.partners-2.csv:2 (identity: partner: needs a source_order or a crosswalk in tributary.yaml, or give one source's keys a prefix)")

	l.run(config + "identity: {partner: {source_order: [erp, crm]}}")
	require.Equal(t, []string{"77|erp seven", "88|erp only", "p1|from erp", "p2|crm only"}, l.rows("SELECT partner_id, name FROM staging.partner ORDER BY 1"))

	l.load("mdm.ids", "erp_id,crm_id\n77,p2\np1,p9\n")
	l.run(config + "identity: {partner: {crosswalk: [{from: mdm.ids, source: erp, local: erp_id, key: crm_id}]}}")
	require.Equal(t, []string{"88|erp only", "p1|from crm", "p2|crm only", "p9|from erp"}, l.rows("SELECT partner_id, name FROM staging.partner ORDER BY 1"))
	require.Equal(t, []string{"d1|p2", "d2|88"}, l.rows("SELECT deal_id, partner_id FROM staging.deal ORDER BY 1"), "references are translated too")

	l.load("mdm.ids", "erp_id,crm_id\n77,p1\n")
	_, err = l.try(l.options(config + "identity: {partner: {crosswalk: [{from: mdm.ids, source: erp, local: erp_id, key: crm_id}]}}"))
	require.ErrorContains(t, err, "t.yaml:7: the crosswalk mdm.ids gives several ids for one: 77 (p1, p2)")
}

func TestAsOf(t *testing.T) {
	l := newLake(t)
	l.load("crm.deals", `
id,created,closed,outcome,reason,expected,mod
d1,2026-01-01T00:00:00Z,2026-06-30T23:59:59Z,won,,2026-12-31,2026-08-01T00:00:00Z
d2,2026-01-01T00:00:00Z,2026-07-01T00:00:00Z,lost,price,2026-12-31,2026-08-01T00:00:00Z
d3,2026-07-01T00:00:00Z,,open,,,2026-07-01T00:00:00Z
d4,2026-06-30T23:59:59Z,,open,,,2026-07-01T00:00:00Z
`)
	l.load("fx.rates", "d,f,t,r\n2026-06-30,USD,EUR,0.9\n2026-07-01,USD,EUR,0.8\n")
	l.run(`
streams: {crm.deals: {key: [id], version: mod}, fx.rates: {}}
maps:
  - {entity: deal, from: crm.deals, fields: {deal_id: id, created_at: created, closed_at: closed, outcome: outcome, loss_reason: reason, close_date: expected, modified_at: mod}}
  - {entity: fx_rate, from: fx.rates, fields: {rate_date: d, from_currency: f, to_currency: t, rate: r}}`)
	require.Equal(t, []string{
		"d1|2026-06-30 23:59:59+00|won|∅|2026-12-31|2026-08-01 00:00:00+00", "d2|∅|open|∅|2026-12-31|2026-08-01 00:00:00+00", "d4|∅|open|∅|∅|2026-07-01 00:00:00+00",
	}, l.rows("SELECT deal_id, closed_at, outcome, loss_reason, close_date, modified_at FROM staging.deal ORDER BY 1"))
	require.Equal(t, []string{"2026-06-30|USD|EUR|0.900000000||0"}, l.rows("SELECT rate_date, from_currency, to_currency, rate, kind, _row FROM staging.fx_rate"))
}

// The newest version counts even when it is the one that as_of blanks.
func TestDuplicatesAreDecidedBeforeAsOfCuts(t *testing.T) {
	l := newLake(t)
	l.load("crm.deals", "id,created,closed,outcome,mod\nd1,2026-01-01,2026-02-01,lost,2026-02-01\nd1,2026-01-01,2026-08-01,won,2026-08-01\nd2,2026-01-01,,open,2026-01-01\nd2,2026-08-01,,open,2026-08-01\n")
	result := l.run(`
streams: {crm.deals: {}}
maps: [{entity: deal, from: crm.deals, fields: {deal_id: id, created_at: created, closed_at: closed, outcome: outcome, modified_at: mod}}]`)
	require.Equal(t, []string{"d1|∅|open"}, l.rows("SELECT deal_id, closed_at, outcome FROM staging.deal"))
	require.Equal(t, int64(2), result.Entities[0].Superseded)
	require.Equal(t, int64(1), result.Entities[0].NotBorn)
	require.Empty(t, result.Warnings)
}

func TestTwoRunsAreEqual(t *testing.T) {
	l := newLake(t)
	l.load("crm.deals", "id,created,mod\nd1,2026-01-01,1\nd1,2026-01-02,2\nd2,x,1\nd3,2026-01-01,1\nd3,2026-01-01,1\n")
	l.load("crm.deals", "id,created,mod\nd1,2026-01-03,2\nd4,2026-01-01,1\n")
	config := `
streams: {crm.deals: {key: [id], version: mod}}
maps: [{entity: deal, from: crm.deals, fields: {deal_id: id, created_at: created, outcome: {constant: open}}}]`
	l.run(config)
	first := append(l.rows("FROM staging.deal ORDER BY ALL"), l.rows("FROM staging.quarantine ORDER BY ALL")...)
	l.run(config)
	require.Equal(t, first, append(l.rows("FROM staging.deal ORDER BY ALL"), l.rows("FROM staging.quarantine ORDER BY ALL")...))
	require.Len(t, first, 4)
}

func TestOrphansKeepTheirRow(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "id\np1\n")
	l.load("crm.leads", "id,partner\nl1,p1\nl2,p9\nl3,\nl4,p8\n")
	result := l.run(`
streams: {crm.partners: {}, crm.leads: {}}
maps:
  - {entity: partner, from: crm.partners, fields: {partner_id: id}}
  - {entity: lead, from: crm.leads, fields: {lead_id: id, partner_id: partner, converted_deal_id: partner}}`)
	require.Equal(t, []string{"4"}, l.rows("SELECT count(*) FROM staging.lead"))
	require.Equal(t, []string{"lead|partner_id|2|p8 in crm.leads-2.csv:5"}, l.rows("FROM staging.orphan"))
	require.Len(t, result.Orphans, 1)
}

func TestWarnings(t *testing.T) {
	l := newLake(t)
	l.load("crm.x", "id,pct,tier\na,120,gold\nb,50,bronze\n")
	opts := l.options(`
streams: {crm.x: {}}
maps:
  - {entity: deal_partner, from: crm.x, fields: {deal_partner_id: id, deal_id: id, role: {constant: sourced}, pct: pct}}
  - {entity: partner, from: crm.x, fields: {partner_id: id, program_tier: tier}}`)
	opts.Accepted = map[string][]string{"program_tiers": {"gold", "silver"}}
	result, err := l.try(opts)
	require.NoError(t, err)
	require.Equal(t, []string{"deal_partner|pct|out_of_range|1|120.000000 in crm.x-1.csv:2", "partner|program_tier|not_in_program|1|bronze in crm.x-1.csv:3"}, l.rows("FROM staging.warning ORDER BY 1"))
	require.Len(t, result.Warnings, 2)
}
