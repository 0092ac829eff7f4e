package schemas_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/schemas"
)

var update = flag.Bool("update", false, "write docs/contracts.md")

func TestReferenceIsUpToDate(t *testing.T) {
	const file = "../docs/contracts.md"
	set, err := schemas.Load()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(set.Reference()), 0o600))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, set.Reference(), string(have), "run: go test ./schemas -update")
}

func TestLoadShipped(t *testing.T) {
	set, err := schemas.Load()
	require.NoError(t, err)
	require.Len(t, set.Entities, 33)
	var required []string
	for _, e := range set.Entities {
		require.NotEmpty(t, e.Grain, e.Name)
		require.NotEmpty(t, e.Description, e.Name)
		require.NotEmpty(t, e.Title, e.Name)
		require.NotEmpty(t, append(e.Facts, e.Metrics...), e.Name)
		if e.Required {
			required = append(required, e.Name)
		}
		for _, f := range e.Fields {
			require.NotEmpty(t, f.Description, e.Name+"."+f.Name)
			require.NotEmpty(t, f.Classification, e.Name+"."+f.Name)
		}
		for _, key := range e.Key() {
			f, ok := e.Field(key)
			require.True(t, ok)
			require.True(t, f.Required, "key field %s.%s", e.Name, key)
		}
	}
	require.Equal(t, []string{"deal", "partner"}, required)
}

func TestLoadReadsADeal(t *testing.T) {
	set, err := schemas.Load()
	require.NoError(t, err)
	deal, ok := set.Entity("deal")
	require.True(t, ok)
	require.Equal(t, "created_at", deal.EventTime)
	require.Equal(t, []string{"deal_id"}, deal.Key())
	outcome, _ := deal.Field("outcome")
	require.Equal(t, []string{"open", "won", "lost", "void"}, outcome.Accepted)
	require.Equal(t, "closed_at", outcome.State.Instant)
	require.Equal(t, "open", *outcome.State.Before)
	reason, _ := deal.Field("loss_reason")
	require.Nil(t, reason.State.Before)
	amount, _ := deal.Field("amount")
	require.Equal(t, "DECIMAL(18,4)", amount.Type)
	require.Equal(t, 4, amount.Scale)
	partner, _ := deal.Field("partner_id")
	require.Equal(t, &schemas.Ref{Entity: "partner", Field: "partner_id"}, partner.Ref)

	rate, _ := set.Entity("fx_rate")
	require.Equal(t, []string{"rate_date", "from_currency", "to_currency", "kind"}, rate.Key())
	kind, _ := rate.Field("kind")
	require.Equal(t, "", *kind.NullAs)
	value, _ := rate.Field("rate")
	require.Equal(t, &schemas.Limit{MinExcl: "0"}, value.Limit)
}

func TestLoadReportsEverything(t *testing.T) {
	_, err := schemas.LoadFS(fstest.MapFS{"a.odcs.yaml": {Data: []byte(`apiVersion: v2.2.0
kind: Contract
id: a
version: 1
status: active
colour: red
team: {members: []}
schema:
  - name: thing
    customProperties: [{property: eventTime, value: born}]
    properties:
      - name: id
        physicalType: UUID
        classifcation: internal
      - name: owner
        physicalType: VARCHAR
        relationships: [{to: partnr.id}]
      - name: won
        physicalType: VARCHAR
        customProperties: [{property: stateOf, value: owner}]
      - name: amount
        physicalType: DECIMAL(18,4)
        logicalType: string
`)}})
	require.EqualError(t, err, `contracts:
a.odcs.yaml:1: apiVersion "v2.2.0" is not supported, contracts are ODCS v3 (write apiVersion: v3.1.0)
a.odcs.yaml:2: not an ODCS contract: kind is "Contract" (write kind: DataContract)
a.odcs.yaml:6: unknown key "colour"
a.odcs.yaml:9: entity thing has no key (mark the key with primaryKey: true)
a.odcs.yaml:9: entity thing: eventTime names no instant or date: "born"
a.odcs.yaml:13: field id: physicalType "UUID" is not supported (VARCHAR, BOOLEAN, BIGINT, DECIMAL(p,s), DATE or TIMESTAMP WITH TIME ZONE)
a.odcs.yaml:14: unknown key "classifcation" (did you mean classification?)
a.odcs.yaml:15: field owner refers to an unknown entity partnr (known: thing)
a.odcs.yaml:18: field won: stateOf names no instant of this entity: "owner"
a.odcs.yaml:23: field amount: logicalType string does not go with physicalType DECIMAL(18,4) (logicalType: number)`)
}

func TestCombinedHoldsEveryEntity(t *testing.T) {
	text, err := schemas.Combined("/tmp/w.duckdb")
	require.NoError(t, err)
	set, err := schemas.LoadFS(fstest.MapFS{"all.odcs.yaml": {Data: text}})
	require.NoError(t, err)
	require.Len(t, set.Entities, 33)
	require.Contains(t, string(text), "database: /tmp/w.duckdb")
	require.NotContains(t, string(text), "relationships:", "a relationship fails on an orphan that staging keeps")
	require.Equal(t, 57, strings.Count(string(text), "or counted in staging.orphan"))
}
