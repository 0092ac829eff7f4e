package catalogue_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	_, err := catalogue.Load(layer(`metrics:
  - {id: A-1, title: T, description: D, definition_version: 1, result: other, better: up, unit: ratio, fact: metrics.fact_a, kind: ratio, numerator: a, denominatr: b, grains: [total]}
  - {id: A-1, title: T, description: D, definition_version: 1, result: other, better: up, unit: count, fact: metrics.fact_a, kind: aggregate, value: count(*), grains: [total]}
  - {id: A-2, title: T, description: D, definition_version: 0, result: revenu, better: upp, unit: euros, fact: fact_a, kind: agregate, dims: [partnr, region, region], always: [region], grains: [weekly], needs: [Deal]}
  - {id: a3, title: T, description: D, definition_version: 1, result: other, better: up, unit: ratio, fact: metrics.fact_a, kind: survival, duration: d, observed: o, p: 2, grains: []}
  - {id: A-4, title: T, description: D, definition_version: 1, result: other, better: up, unit: ratio, fact: metrics.fact_a, kind: ratio, of: money, numerator: a, denominator: b, tau: 5, grains: [total]}
`))
	require.EqualError(t, err, `metric catalogue: sql/metrics/test.yaml:2: A-1: kind ratio needs denominator
sql/metrics/test.yaml:2: unknown key "denominatr" (did you mean denominator?)
sql/metrics/test.yaml:3: metric A-1 is declared twice, first at sql/metrics/test.yaml:2 (give the variant a name of its own, or delete one)
sql/metrics/test.yaml:4: A-2: definition_version must be at least 1 (the first is 1; raise it whenever the meaning changes)
sql/metrics/test.yaml:4: A-2: dimension "region" is both under always and under dims (leave it under always)
sql/metrics/test.yaml:4: A-2: dims names "region" twice
sql/metrics/test.yaml:4: A-2: fact "fact_a" is not well formed (write schema.table, e.g. metrics.fact_deal)
sql/metrics/test.yaml:4: A-2: needs "Deal" is not well formed (write an entity, entity.field or program:incentives)
sql/metrics/test.yaml:4: A-2: unknown better "upp" (did you mean up?)
sql/metrics/test.yaml:4: A-2: unknown dims "partnr" (did you mean partner?)
sql/metrics/test.yaml:4: A-2: unknown grains "weekly" (did you mean week?)
sql/metrics/test.yaml:4: A-2: unknown kind "agregate" (did you mean aggregate?)
sql/metrics/test.yaml:4: A-2: unknown result "revenu" (did you mean revenue?)
sql/metrics/test.yaml:4: A-2: unknown unit "euros" (known: seconds, ratio, money, count, text)
sql/metrics/test.yaml:5: a3: grains is empty (known: total, year, quarter, month, week, day)
sql/metrics/test.yaml:5: a3: id "a3" is not well formed (write GROUP-NUMBER, and .variant for a variant)
sql/metrics/test.yaml:5: a3: kind survival cannot have unit ratio
sql/metrics/test.yaml:5: a3: p must lie between 0 and 1, found "2" (0.5 is the median, 0.9 the 90th percentile)
sql/metrics/test.yaml:6: A-4: a ratio of money needs n (e.g. count(DISTINCT deal_id))
sql/metrics/test.yaml:6: A-4: kind ratio has no tau`)
}

func TestALaterLayerReplacesAMetric(t *testing.T) {
	body := "    fact: metrics.fact_a\n    kind: aggregate\n    value: count(*)\n    grains: [total]\n"
	ours := layer("metrics:\n" + one("A-1", "count", body) + one("A-2", "count", body))
	theirs := catalogue.Layer{FS: fstest.MapFS{"metrics/own.yaml": {Data: []byte("shared: &s {grains: [quarter]}\nmetrics:\n" + one("A-2", "money", body) + one("A-10", "count", body))}}, Root: "acme/sql"}
	c, err := catalogue.Load(ours, theirs)
	require.NoError(t, err)
	require.Equal(t, []string{"A-1", "A-2", "A-10"}, c.IDs())
	m, ok := c.Metric("A-2")
	require.True(t, ok)
	require.Equal(t, catalogue.Money, m.Unit)
	require.Equal(t, "acme/sql/metrics/own.yaml", m.At.File)
}

func TestErrorsNameTheMetric(t *testing.T) {
	conn := warehouse(t, deals)
	body := "    fact: metrics.fact_revenue\n    kind: aggregate\n    grains: [total]\n"
	err := load(t, "metrics:\n"+one("A-1", "count", body+"    value: sum(amout)\n")).Store(t.Context(), conn)
	require.ErrorContains(t, err, "sql/metrics/test.yaml:2: compute A-1 from metrics.fact_revenue: ")
	require.ErrorContains(t, err, "amout")
	err = load(t, "metrics:\n"+one("A-1", "count", body+"    value: sum(amount)\n    dims: [region]\n")).Store(t.Context(), conn)
	require.EqualError(t, err, `sql/metrics/test.yaml:2: A-1: metrics.fact_revenue has no column "region" (known: line_id, deal_id, anchor_at, partner, route, excluded, class, amount, days, wait)`)
	err = load(t, "metrics:\n"+one("A-1", "count", "    fact: metrics.fact_x\n    kind: aggregate\n    grains: [total]\n    value: count(*)\n")).Store(t.Context(), conn)
	require.ErrorContains(t, err, "sql/metrics/test.yaml:2: A-1: read the columns of metrics.fact_x: ")
}
