package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// one is a metric file with the keys that every metric needs; body adds the rest, indented by four.
func one(id, unit, body string) string {
	return "  - id: " + id + "\n    title: T\n    description: D\n    definition_version: 1\n    result: other\n    better: up\n    unit: " + unit + "\n" + body
}

const responses = `
CREATE TABLE metrics.fact_response(lead_id VARCHAR, anchor_at TIMESTAMPTZ, partner VARCHAR, excluded VARCHAR, seconds BIGINT, answered BOOLEAN, state VARCHAR);
`

const responseMetrics = `metrics:
` + `  - {id: RSP-1, title: T, description: D, definition_version: 1, result: response, better: down, unit: seconds, fact: metrics.fact_response,
     kind: survival, duration: seconds, observed: answered, p: 0.5, dims: [partner], grains: [total, quarter, day]}
  - {id: RSP-2, title: T, description: D, definition_version: 1, result: response, better: down, unit: seconds, fact: metrics.fact_response,
     kind: survival, duration: seconds, observed: answered, p: 0.9, dims: [partner], grains: [total, quarter, day]}
  - {id: RSP-3.median, title: T, description: D, definition_version: 1, result: response, better: down, unit: seconds, fact: metrics.fact_response,
     kind: quantile, of: CASE WHEN answered THEN seconds END, p: 0.5, n_censored: count(*) FILTER (WHERE NOT answered), dims: [partner], grains: [total, quarter, day]}
  - {id: RSP-4.mean_answered, title: T, description: D, definition_version: 1, result: response, better: down, unit: seconds, fact: metrics.fact_response,
     kind: mean, of: CASE WHEN answered THEN seconds END, dims: [partner], grains: [total, quarter, day]}
  - {id: RSP-4.restricted_mean, title: T, description: D, definition_version: 1, result: response, better: down, unit: seconds, fact: metrics.fact_response,
     kind: survival, duration: seconds, observed: answered, tau: 604800, dims: [partner], grains: [total, quarter, day]}
  - {id: RSP-6, title: T, description: D, definition_version: 1, result: response, better: up, unit: ratio, fact: metrics.fact_response,
     kind: ratio, numerator: count(*) FILTER (WHERE state = 'met'), denominator: "count(*) FILTER (WHERE state IN ('met', 'breached', 'breached_open'))", dims: [partner], grains: [total, quarter, day]}
`

// Golden (a) of metrics.md 3.1: reseller SLA 4 h; answered 1, 3, 5 h; open at 2 h and 10 h.
const goldenA = `INSERT INTO metrics.fact_response VALUES
	('a', '2025-11-03 09:00:00+00', 'p1', NULL, 3600, true, 'met'), ('b', '2025-11-03 10:00:00+00', 'p1', NULL, 10800, true, 'met'),
	('c', '2025-11-03 11:00:00+00', 'p1', NULL, 18000, true, 'breached'), ('d', '2025-11-03 12:00:00+00', 'p1', NULL, 7200, false, 'pending'),
	('e', '2025-11-03 13:00:00+00', 'p1', NULL, 36000, false, 'breached_open'), ('f', '2025-11-03 13:00:00+00', 'p1', 'deleted', 1, true, 'met')`

func TestGoldenResponse(t *testing.T) {
	got := short(t, stored(t, load(t, responseMetrics), warehouse(t, responses, goldenA)))
	require.Len(t, got, 6*6)
	for _, key := range []string{` total {}`, ` quarter 2025-10-01 {}`, ` day 2025-11-03 {"partner":"p1"}`} {
		require.Equal(t, `18000 [5,2,1,{"deleted":1}] ok`, got["RSP-1"+key])
		require.Equal(t, `null [5,2,1,{"deleted":1}] not_reached >= 36000`, got["RSP-2"+key])
		require.Equal(t, `10800 [3,2,1,{"deleted":1}] low_n`, got["RSP-3.median"+key])
		require.Equal(t, `10800 [3,0,1,{"deleted":1}] low_n`, got["RSP-4.mean_answered"+key])
		// area in hours: 1 x 1 + 2 x .8 + 2 x .5333 + 163 x .26667, flat from 5 h to 168 h
		require.Equal(t, `169680 [5,2,1,{"deleted":1}] ok`, got["RSP-4.restricted_mean"+key])
		require.Equal(t, `0.5 = 2/4 [4,0,1,{"deleted":1}] low_n`, got["RSP-6"+key])
	}
}

func TestEventsPrecedeCensoringsAtTies(t *testing.T) {
	// At 100 s one answers and one is censored: n = 4 for the event. S: .75 at 100, .375 at 200.
	c := load(t, responseMetrics)
	conn := warehouse(t, responses, `INSERT INTO metrics.fact_response VALUES
		('a', '2025-11-03', 'p1', NULL, 100, false, ''), ('b', '2025-11-03', 'p1', NULL, 100, true, ''),
		('c', '2025-11-03', 'p1', NULL, 200, true, ''), ('d', '2025-11-03', 'p1', NULL, 300, false, '')`)
	got := short(t, stored(t, c, conn))
	require.Equal(t, `200 [4,2,0,{}] low_n`, got["RSP-1 total {}"])
}

func TestThreeQuartersOfTwoThirdsIsOneHalf(t *testing.T) {
	// Events at 1 (n=4) and 3 (n=3): S = 3/4 x 2/3; the censored come later. Also with a censoring between: 4/5 x 3/4 x 5/6 = 1/2.
	c := load(t, responseMetrics)
	conn := warehouse(t, responses, `INSERT INTO metrics.fact_response VALUES
		('a', '2025-11-03', 'p1', NULL, 1, true, ''), ('b', '2025-11-03', 'p1', NULL, 3, true, ''),
		('c', '2025-11-03', 'p1', NULL, 4, false, ''), ('d', '2025-11-03', 'p1', NULL, 4, false, ''),
		('a', '2025-11-04', 'p1', NULL, 1, true, ''), ('b', '2025-11-04', 'p1', NULL, 2, false, ''), ('b', '2025-11-04', 'p1', NULL, 3, false, ''),
		('c', '2025-11-04', 'p1', NULL, 4, true, ''), ('d', '2025-11-04', 'p1', NULL, 5, true, ''), ('e', '2025-11-04', 'p1', NULL, 6, false, ''),
		('f', '2025-11-04', 'p1', NULL, 6, false, '')`)
	got := short(t, stored(t, c, conn))
	require.Equal(t, `3 [4,2,0,{}] low_n`, got["RSP-1 day 2025-11-03 {}"])
	// 6/7 x 3/4 x 2/3 = 3/7: reached at the third event, not before (6/7 x 3/4 = .643)
	require.Equal(t, `5 [7,4,0,{}] ok`, got["RSP-1 day 2025-11-04 {}"])
}

func TestSurvivalFallsToZero(t *testing.T) {
	// All answer at the same time: the factor is 0, and ln(0) must not come up.
	c := load(t, responseMetrics)
	conn := warehouse(t, responses, `INSERT INTO metrics.fact_response VALUES
		('a', '2025-11-03', 'p1', NULL, 60, true, ''), ('b', '2025-11-03', 'p1', NULL, 60, true, ''), ('c', '2025-11-04', 'p1', NULL, 0, true, '')`)
	got := short(t, stored(t, c, conn))
	require.Equal(t, `60 [2,0,0,{}] low_n`, got["RSP-1 day 2025-11-03 {}"])
	require.Equal(t, `60 [2,0,0,{}] low_n`, got["RSP-2 day 2025-11-03 {}"])
	require.Equal(t, `60 [2,0,0,{}] low_n`, got["RSP-4.restricted_mean day 2025-11-03 {}"])
	require.Equal(t, `0 [1,0,0,{}] low_n`, got["RSP-1 day 2025-11-04 {}"])
	require.Equal(t, `0 [1,0,0,{}] low_n`, got["RSP-4.restricted_mean day 2025-11-04 {}"])
	require.Equal(t, `null = 0/0 [0,0,0,{}] no_data`, got["RSP-6 total {}"])
}

func TestWhichGroupsExist(t *testing.T) {
	c := load(t, responseMetrics)
	conn := warehouse(t, responses, `INSERT INTO metrics.fact_response VALUES
		('a', '2025-11-03', 'p1', 'deleted', 60, true, 'met'), ('b', '2025-11-04', 'p2', 'no_calendar', 60, true, 'met'),
		('c', '2025-11-05', 'p3', 'negative_duration', 60, true, 'met'), ('c', '2025-11-05', 'p3', 'test', 60, true, 'met'),
		('d', '2025-11-06', NULL, NULL, 60, false, 'pending')`)
	got := short(t, stored(t, c, conn))
	require.NotContains(t, got, "RSP-1 day 2025-11-03 {}")
	require.NotContains(t, got, `RSP-1 total {"partner":"p1"}`)
	require.Equal(t, `null [0,0,1,{"no_calendar":1}] no_calendar`, got[`RSP-1 day 2025-11-04 {}`])
	require.Equal(t, `null [0,0,2,{"negative_duration":1,"test":1}] no_data`, got[`RSP-1 total {"partner":"p3"}`])
	require.Equal(t, `null [0,0,1,{"no_calendar":1}] no_calendar`, got[`RSP-3.median total {"partner":"p2"}`])
	require.Equal(t, `null [1,1,0,{}] not_reached >= 60`, got[`RSP-1 day 2025-11-06 {"partner":"unknown"}`])
	require.Equal(t, `null [0,1,4,{"deleted":1,"negative_duration":1,"no_calendar":1,"test":1}] no_data`, got[`RSP-3.median total {}`])
}

const deals = `
CREATE TABLE metrics.fact_revenue(line_id VARCHAR, deal_id VARCHAR, anchor_at TIMESTAMPTZ, partner VARCHAR, route VARCHAR, excluded VARCHAR,
	class VARCHAR, amount DECIMAL(18,2), days BIGINT, wait BIGINT);
INSERT INTO metrics.fact_revenue VALUES
	('1', 'A', '2025-10-05', 'p1', 'partner', NULL, 'sourced', 100, 30, 0), ('2', 'B', '2025-11-05', 'p2', 'partner', NULL, 'influenced', 200, 50, 0),
	('3', 'C', '2025-12-05', 'none', 'direct', NULL, 'direct', 700, 20, 0), ('4', 'C', '2025-12-06', 'none', 'direct', 'missing_fx', 'direct', 1, 20, 0)
`

func TestGoldenRevenueShares(t *testing.T) {
	share := func(id, class, more string) string {
		return one(id, "ratio", "    fact: metrics.fact_revenue\n    kind: ratio\n    numerator: sum(amount) FILTER (WHERE class = '"+class+"')\n    denominator: sum(amount)\n    of: money\n    n: count(DISTINCT deal_id)\n    dims: [partner, route]\n    grains: [total, quarter, month]\n"+more)
	}
	c := load(t, "metrics:\n"+share("REV-5", "sourced", "")+share("REV-5.influenced", "influenced", "")+share("REV-5.direct", "direct", "")+
		share("REV-5.of_total", "sourced", "    denominator_of_total: true\n")+
		one("REV-1", "money", "    fact: metrics.fact_revenue\n    kind: aggregate\n    value: coalesce(sum(amount) FILTER (WHERE class = 'sourced'), 0)\n    n: count(DISTINCT deal_id)\n    dims: [partner, route]\n    grains: [total, quarter, month]\n"))
	got := short(t, stored(t, c, warehouse(t, deals)))
	require.Equal(t, `0.1 = 100.00/1000.00 [3,0,1,{"missing_fx":1}] low_n`, got["REV-5 total {}"])
	require.Equal(t, `0.2 = 200.00/1000.00 [3,0,1,{"missing_fx":1}] low_n`, got["REV-5.influenced quarter 2025-10-01 {}"])
	require.Equal(t, `0.7 = 700.00/1000.00 [3,0,1,{"missing_fx":1}] low_n`, got["REV-5.direct total {}"])
	require.Equal(t, `1 = 100.00/100.00 [1,0,0,{}] low_n`, got[`REV-5 total {"partner":"p1"}`])
	require.Equal(t, `0 = 0.00/200.00 [1,0,0,{}] low_n`, got[`REV-5 total {"partner":"p2"}`])
	require.Equal(t, `0.1 = 100.00/1000.00 [3,0,0,{}] low_n`, got[`REV-5.of_total total {"partner":"p1"}`])
	require.Equal(t, `1 = 100.00/100.00 [1,0,0,{}] low_n`, got[`REV-5.of_total month 2025-10-01 {"route":"partner"}`])
	require.Equal(t, `100.00 [3,0,1,{"missing_fx":1}] ok`, got["REV-1 total {}"])
	require.Equal(t, `0.00 [1,0,1,{"missing_fx":1}] ok`, got[`REV-1 quarter 2025-10-01 {"route":"direct"}`])
}

func TestSumDistinctTakesEachLineOncePerGroup(t *testing.T) {
	c := load(t, "metrics:\n"+one("REV-4", "money", "    fact: metrics.fact_revenue\n    kind: sum_distinct\n    of: amount\n    distinct: line_id\n    n: count(DISTINCT deal_id)\n    dims: [partner]\n    grains: [total]\n"))
	got := short(t, stored(t, c, warehouse(t, deals, `INSERT INTO metrics.fact_revenue VALUES
		('1', 'A', '2025-10-05', 'p2', 'partner', NULL, 'sourced', 100, 30, 0), ('4', 'C', '2025-12-06', 'p2', 'direct', 'missing_fx', 'direct', 1, 20, 0)`)))
	require.Equal(t, map[string]string{
		`REV-4 total {}`:                 `1000.00 [3,0,1,{"missing_fx":1}] ok`,
		`REV-4 total {"partner":"p1"}`:   `100.00 [1,0,0,{}] ok`,
		`REV-4 total {"partner":"p2"}`:   `300.00 [2,0,1,{"missing_fx":1}] ok`,
		`REV-4 total {"partner":"none"}`: `700.00 [1,0,1,{"missing_fx":1}] ok`,
	}, got)
}

func TestRatioOfMedians(t *testing.T) {
	c := load(t, "metrics:\n"+one("VEL-8", "ratio", "    fact: metrics.fact_revenue\n    kind: ratio_of_medians\n    of: days\n    numerator_where: route = 'partner'\n    denominator_where: route = 'direct'\n    denominator_uncut: true\n    null_when_low_n: true\n    dims: [partner]\n    grains: [total, month]\n")+
		one("VEL-8.plain", "ratio", "    fact: metrics.fact_revenue\n    kind: ratio_of_medians\n    of: days\n    numerator_where: route = 'partner'\n    denominator_where: route = 'direct'\n    low_n: false\n    dims: [partner]\n    grains: [total, month]\n"))
	got := short(t, stored(t, c, warehouse(t, deals)))
	require.Equal(t, `null = 40/20 [2,0,1,{"missing_fx":1}] low_n`, got["VEL-8 total {}"])
	require.Equal(t, `null = 30/20 [1,0,0,{}] low_n`, got[`VEL-8 total {"partner":"p1"}`])
	require.NotContains(t, got, `VEL-8 total {"partner":"none"}`, "direct deals are the other side of the ratio")
	require.Equal(t, `null = 30/ [1,0,0,{}] no_data`, got[`VEL-8.plain total {"partner":"p1"}`])
	require.Equal(t, `2 = 40/20 [2,0,1,{"missing_fx":1}] ok`, got[`VEL-8.plain total {}`])
}

func TestImmature(t *testing.T) {
	c := load(t, "metrics:\n"+one("CNV-1", "ratio", "    fact: metrics.fact_revenue\n    kind: ratio\n    numerator: count(*) FILTER (WHERE class = 'sourced')\n    denominator: count(*)\n    maturity_seconds: max(wait)\n    dims: [partner]\n    grains: [total, quarter, month]\n"))
	conn := warehouse(t, deals, "UPDATE metrics.fact_revenue SET wait = 31 * 86400")
	got := short(t, stored(t, c, conn))
	require.Contains(t, got["CNV-1 total {}"], "low_n", "total is never immature")
	require.Contains(t, got["CNV-1 quarter 2025-10-01 {}"], "immature")
	require.Contains(t, got["CNV-1 month 2025-11-01 {}"], "low_n", "as_of ends exactly 31 days after November does")
	require.Contains(t, got["CNV-1 month 2025-12-01 {}"], "immature")
}

func TestExpandedFactsAndImposedStatus(t *testing.T) {
	body := "    fact: metrics.fact_accrual\n    always: [program]\n    dims: [partner]\n    grains: [total, quarter]\n    low_n: false\n"
	c := load(t, "metrics:\n"+
		one("ACC-2", "money", body+"    kind: aggregate\n    value: sum(earned)\n    denominator: sum(base)\n    n: sum(events)\n    projected_base: sum(base) * 2\n    status: max(problem)\n")+
		one("ACC-6.distance", "money", body+"    kind: aggregate\n    value: sum(distance)\n    status: CASE WHEN bool_and(distance IS NULL) THEN 'top_tier' END\n")+
		one("RSP-8", "text", "    fact: metrics.fact_accrual\n    kind: text\n    value: max(state)\n    status: CASE WHEN max(state) = 'unconfigured' THEN 'unconfigured' END\n    dims: [partner]\n    grains: [quarter]\n"))
	conn := warehouse(t, `CREATE TABLE metrics.fact_accrual AS SELECT * FROM (VALUES
		('total', NULL, 'gold', 'p1', NULL, 10.50, 100.00, 2, 5.00, 'flag', NULL), ('quarter', DATE '2025-10-01', 'gold', 'p1', NULL, 10.50, 100.00, 2, NULL, 'unconfigured', NULL),
		('quarter', DATE '2025-10-01', 'gold', 'p2', NULL, 1.25, 7.00, 1, NULL, 'flag', NULL), ('quarter', DATE '2025-07-01', 'fast', 'p2', NULL, 1.25, 7.00, 1, NULL, 'flag', 'failed_missing_fx'))
		AS v(grain, period_start, program, partner, excluded, earned, base, events, distance, state, problem)`)
	got := short(t, stored(t, c, conn))
	require.Equal(t, `11.75 = 11.75/107.00 [3,0,0,{}] ok`, got[`ACC-2 quarter 2025-10-01 {"program":"gold"}`])
	require.Equal(t, `10.50 = 10.50/100.00 [2,0,0,{}] ok`, got[`ACC-2 total {"partner":"p1","program":"gold"}`])
	require.Equal(t, `null [1,0,0,{}] failed_missing_fx`, got[`ACC-2 quarter 2025-07-01 {"program":"fast"}`])
	require.Equal(t, `5.00 [1,0,0,{}] ok`, got[`ACC-6.distance total {"program":"gold"}`])
	require.Equal(t, `null [1,0,0,{}] top_tier`, got[`ACC-6.distance quarter 2025-10-01 {"partner":"p2","program":"gold"}`])
	require.Equal(t, `unconfigured [1,0,0,{}] unconfigured`, got[`RSP-8 quarter 2025-10-01 {"partner":"p1"}`])
	projected := query(t, c, conn, catalogue.QuerySpec{IDs: []string{"ACC-2"}, Grains: []string{"quarter"}, From: "2025-10-01", Where: map[string]string{"program": "gold"}})
	require.Len(t, projected, 1)
	require.Equal(t, "214.00", projected[0].ProjectedBase.Text)
}

func TestNoSource(t *testing.T) {
	body := "    fact: metrics.fact_that_is_not_there\n    kind: aggregate\n    value: count(*)\n    dims: [partner]\n    grains: [quarter]\n"
	c := load(t, "metrics:\n"+one("A-1", "count", body+"    needs: [invoice]\n")+one("A-2", "money", body+"    needs: [deal, deal.amount]\n")+one("A-3", "money", body+"    needs: [program:incentives]\n"))
	conn := warehouse(t, "INSERT INTO staging.mapped VALUES ('deal', 'deal_id')")
	want := map[string]string{`A-1 total {}`: `null [0,0,0,{}] no_source`, `A-2 total {}`: `null [0,0,0,{}] no_source`, `A-3 total {}`: `null [0,0,0,{}] no_source`}
	require.Equal(t, want, short(t, stored(t, c, conn)))
	require.Equal(t, want, short(t, query(t, c, conn, catalogue.QuerySpec{All: true, By: []string{"partner"}, Grains: []string{"quarter"}, From: "2025-01-01"})))
}
