package staging_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/staging"
)

// The fields of a map are traced through all that reading and cutting does to them, to columns of streams.
func TestTrace(t *testing.T) {
	l := newLake(t)
	l.load("crm.partners", "Id,Name,Level,Signed,Mod,Region,Tags\np1,Null,G,2026-01-05,2026-01-05T10:00:00Z,r1,a\n")
	l.load("crm.regions", "Code,Country\nr1,DE\n")
	plan, err := staging.Compile(t.Context(), l.db, l.options(`
zone: Europe/Berlin
streams: {crm.partners: {key: [Id], version: Mod}, crm.regions: {key: [Code]}}
maps:
  - entity: partner
    from: crm.partners
    where: Name <> 'test'
    lookup: {region: {from: crm.regions, on: {Code: Region}}}
    fields:
      partner_id: Id
      name: Name
      country: region.Country
      program_tier: {column: Level, values: {G: gold, S: silver}, else: unknown}
      signed_at: Signed
      partner_type: {constant: var}
      test: {expr: "field.program_tier = 'gold'"}
`))
	require.NoError(t, err)
	require.NoError(t, plan.Close(t.Context()))
	traces, err := plan.Trace(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, traces, 1)
	require.Equal(t, map[string]string{"raw.crm_partners": "crm.partners", "raw.crm_regions": "crm.regions"}, traces[0].Streams)
	var got []string
	for _, o := range traces[0].Outputs {
		if len(o.Sources) > 0 {
			got = append(got, fmt.Sprint(o.Name, " ", o.Sources))
		}
	}
	require.Equal(t, strings.TrimSpace(`
partner_id [{crm.partners Id TRANSFORMATION}]
name [{crm.partners Name TRANSFORMATION}]
program_tier [{crm.partners Level CONDITIONAL}]
country [{crm.regions Country TRANSFORMATION}]
signed_at [{crm.partners Signed CONDITIONAL} {crm.partners Signed TRANSFORMATION}]
test [{crm.partners Level CONDITIONAL}]`), strings.Join(got, "\n"))
	require.Equal(t, "[{crm.partners Id CONDITIONAL} {crm.partners Name FILTER} {crm.partners Region JOIN} {crm.partners Signed CONDITIONAL} {crm.regions Code JOIN}]", fmt.Sprint(traces[0].Rows))
}
