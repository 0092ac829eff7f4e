package staging_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/staging"
)

func TestCheckReportsEverythingAtOnce(t *testing.T) {
	cfg, problems := readConfig(t, `zone: Europe/Berlin
streams:
  crm.deals: {key: [id], mode: upsrt, version: {column: v, epoch: s}}
  crm.events: {mode: upsert}
  a.b_c: {}
  a_b.c: {}
identity:
  partnr: {source_order: [crm, erp]}
maps:
  - entity: dael
    from: crm.deals
    fields: {}
  - entity: deal
    from: crm.deels
    where: amount >
    zone: Europe/Berln
    fields:
      deal_id: id
      amuont: a
      created_at: {column: c, epoch: sec, decimal: {thousands: "."}}
      closed_at: {column: c, else: null}
      currency: {column: c, expr: d}
      outcome: {column: o, values: {W: won, L: losst, NULL: open}, else: open}
      name: {column: n, inclusive_end: true, zone: Nowhere}
      amount: {column: a, decimal: {thousands: ".", negative: red}, minor_units: ZZZ}
      arr: {expr: "(SELECT 1)"}
      region: {column: r, colour: red}
  - entity: lead
    select: SELECT 1 FROM raw.crm_dealz
  - entity: activity
    from: crm.deals
    select: SELECT 1
    lookup:
      row: {from: crm.deals, on: {id: id}}
      o: {from: crm.nobody, on: ""}
    fields: {activity_id: id, type: {constant: fax}}
`)
	list, err := staging.Check(context.Background(), cfg)
	require.NoError(t, err)
	problems.Merge(list)
	require.EqualError(t, problems.Err(), `streams a.b_c and a_b.c would both be raw.a_b_c (rename one of them)
t.yaml:3: stream crm.deals: unknown mode "upsrt" (did you mean upsert?)
t.yaml:3: stream crm.deals: version has options that it does not use (a version takes column or expr, date and zone)
t.yaml:4: stream crm.events: upsert needs a key that says which rows are versions of one record (add key: [column])
t.yaml:8: identity: unknown entity "partnr" (did you mean partner?)
t.yaml:8: source_order of partnr: unknown source "erp" (known: a, a_b, crm)
t.yaml:10: unknown entity "dael" (did you mean deal?)
t.yaml:14: map of deal: unknown stream "crm.deels" (did you mean crm.deals?)
t.yaml:15: "amount >" cannot be read: syntax error at or near ")" (one SQL expression in DuckDB's words)
t.yaml:16: "Europe/Berln" is not a time zone (an IANA name such as Europe/Berlin)
t.yaml:19: deal has no field "amuont" (did you mean amount?)
t.yaml:20: deal.created_at is a TIMESTAMPTZ: decimal: does not apply (leave it out)
t.yaml:20: deal.created_at: epoch: "sec" (one of s, ms, us)
t.yaml:20: deal.created_at: thousands and decimal are the same sign (decimal: ",")
t.yaml:21: deal.closed_at: else: without values: (add values:)
t.yaml:22: a field needs exactly one source, found 2 (give one of column, expr, constant)
t.yaml:23: deal.outcome: "losst" is not an accepted value (accepted: open, won, lost, void)
t.yaml:23: is NULL the word, or the empty value? (write "" for the empty value, or the word in quotes)
t.yaml:24: "Nowhere" is not a time zone (an IANA name such as Europe/Berlin)
t.yaml:24: deal.name is a VARCHAR: inclusive_end: does not apply (leave it out)
t.yaml:24: deal.name is a VARCHAR: zone: does not apply (leave it out)
t.yaml:25: deal.amount: negative: "red" (one of sign, trailing, parentheses)
t.yaml:25: deal.amount: thousands and decimal are the same sign (decimal: ",")
t.yaml:25: minor_units: unknown currency "ZZZ" (an ISO 4217 code, or {column: …})
t.yaml:26: an expression cannot hold a SELECT: "(SELECT 1)" (join the other rows with lookup:, or write the map as a select:)
t.yaml:27: unknown key "colour"
t.yaml:29: the select reads an unknown table raw.crm_dealz (did you mean raw.crm_deals?)
t.yaml:30: a map needs either from or select (from: names one stream, select: is a whole query)
t.yaml:30: map of activity does not fill actor_type, party, occurred_at (each row needs it, or it is quarantined; constant: gives all rows the same)
t.yaml:34: lookup row: the name is taken (choose another name)
t.yaml:35: lookup o needs on: (on: {id: OwnerId})
t.yaml:35: lookup o: unknown stream "crm.nobody" (known: a.b_c, a_b.c, crm.deals, crm.events)
t.yaml:36: activity.type: "fax" is not an accepted value (accepted: call, email, meeting, message, acknowledge, accept, reject, note, task, other)`)
}

func TestMissingEntities(t *testing.T) {
	cfg, problems := readConfig(t, "maps: [{entity: partner, from: crm.partners, fields: {partner_id: id}}]")
	require.NoError(t, problems.Err())
	missing, err := staging.Missing(cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"deal"}, missing)
}

// What only the data can tell is reported with the map's line too, all of it at once.
func TestColumnsThatAreNotThere(t *testing.T) {
	l := newLake(t)
	l.load("crm.deals", "DealId,Amount,Stage\nd1,1,x\n")
	l.load("crm.owners", "id,name\no1,Ann\n")
	_, err := l.try(l.options(`streams: {crm.deals: {}, crm.owners: {}}
maps:
  - entity: deal
    from: crm.deals
    where: Stag = 'x'
    lookup: {owners: {from: crm.owners, on: {idd: Stage}}}
    fields:
      deal_id: deal_idd
      amount: {expr: "field.amont + 1"}
      arr: {expr: Amount * 1.1}
      outcome: {constant: open}
      owner_id: owners.nam
      created_at: {constant: 2026-01-01}
      name: {expr: "upper(Stage, 1, 2)"}
      acv: {expr: "CAST(Amount AS DECIMAL(18,4)) / 3"}
`))
	require.EqualError(t, err, `t.yaml:5: stream crm.deals has no column "Stag" (did you mean Stage?)
t.yaml:6: stream crm.owners has no column "idd" (did you mean id?)
t.yaml:8: stream crm.deals has no column "deal_idd" (did you mean DealId?)
t.yaml:9: field.amont: this map has no such field (did you mean amount?)
t.yaml:12: owners.nam: the lookup's stream has no such column (did you mean name?)`)

	_, err = l.try(l.options(`streams: {crm.deals: {}}
maps:
  - entity: deal
    from: crm.deals
    fields:
      deal_id: DealId
      arr: {expr: "arr_wrong(Amount)"}
      outcome: {constant: open}
      created_at: {constant: 2026-01-01}
      name: {expr: "upper(Stage, 1, 2)"}
      acv: {expr: "CAST(Amount AS DECIMAL(18,4)) / 3"}
      amount: {expr: "field.acv + 1"}
`))
	require.ErrorContains(t, err, `t.yaml:7: arr: DuckDB refuses "arr_wrong(Amount)": Catalog Error: Scalar Function with name arr_wrong does not exist!`)
	require.ErrorContains(t, err, `t.yaml:10: name: DuckDB refuses "upper(Stage, 1, 2)": Binder Error`)
	require.ErrorContains(t, err, `t.yaml:11: acv: the expression gives a DOUBLE, which loses digits`)

	_, err = l.try(l.options(`streams: {crm.deals: {key: [DealID, Ammount], version: Modfied}}
maps: [{entity: lead, from: crm.deals, fields: {lead_id: DealId}}]`))
	require.EqualError(t, err, `t.yaml:1: stream crm.deals has no column "Ammount" (did you mean Amount?)
t.yaml:1: stream crm.deals has no column "Modfied" (known: DealId, Amount, Stage)`)

	_, err = l.try(l.options(`streams: {crm.deals: {}}
maps: [{entity: lead, select: "SELECT DealId AS lead_idd, Stage AS source FROM raw.crm_deals"}]`))
	require.EqualError(t, err, `t.yaml:2: lead needs lead_id; the select does not give it
t.yaml:2: the select gives a column "lead_idd" that lead does not have (did you mean lead_id?)`)
}

func TestFieldsInACircle(t *testing.T) {
	l := newLake(t)
	l.load("crm.deals", "id\nd1\n")
	_, err := l.try(l.options(`streams: {crm.deals: {}}
maps: [{entity: lead, from: crm.deals, fields: {lead_id: id, source: {expr: field.region}, region: {expr: field.source}}}]`))
	require.EqualError(t, err, `t.yaml:2: the fields of this map build on each other in a circle`)
}
