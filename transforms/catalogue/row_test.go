package catalogue_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

func shareOfDeals(t *testing.T) []catalogue.Row {
	t.Helper()
	body := "    fact: metrics.fact_revenue\n    dims: [partner]\n    grains: [total, quarter]\n"
	c := load(t, "metrics:\n"+
		one("REV-1", "money", body+"    kind: aggregate\n    value: sum(amount)\n    projected_base: sum(amount) * 2\n")+
		one("REV-5", "ratio", body+"    kind: ratio\n    of: money\n    numerator: sum(amount) FILTER (WHERE partner = 'p1')\n    denominator: sum(amount) - 300\n    n: count(DISTINCT deal_id)\n")+
		one("VEL-1", "seconds", body+"    kind: quantile\n    of: days\n    p: 0.5\n"))
	conn := warehouse(t, deals)
	require.NoError(t, c.Store(t.Context(), conn))
	return append(query(t, c, conn, catalogue.QuerySpec{IDs: []string{"REV-5", "VEL-1"}}),
		query(t, c, conn, catalogue.QuerySpec{IDs: []string{"REV-1"}, By: []string{"partner"}, Grains: []string{"quarter"}, Where: map[string]string{"partner": "p1"}})...)
}

func TestJSON(t *testing.T) {
	require.JSONEq(t, `[
	{"metric_id": "REV-5", "definition_version": 1, "as_of": "2025-12-31", "reporting_tz": "UTC", "grain": "total", "period_start": null, "dims": {}, "unit": "ratio",
		"value": 0.14285714285714285, "numerator": "100.00", "denominator": "700.00", "n": 3, "n_censored": 0, "n_excluded": 1, "excluded": {"missing_fx": 1},
		"lower_bound": null, "status": "low_n"},
	{"metric_id": "VEL-1", "definition_version": 1, "as_of": "2025-12-31", "reporting_tz": "UTC", "grain": "total", "period_start": null, "dims": {}, "unit": "seconds",
		"value": 30, "numerator": null, "denominator": null, "n": 3, "n_censored": 0, "n_excluded": 1, "excluded": {"missing_fx": 1}, "lower_bound": null, "status": "low_n"},
	{"metric_id": "REV-1", "definition_version": 1, "as_of": "2025-12-31", "reporting_tz": "UTC", "grain": "quarter", "period_start": "2025-10-01", "dims": {"partner": "p1"}, "unit": "money",
		"value": "100.00", "numerator": null, "denominator": null, "n": 1, "n_censored": 0, "n_excluded": 0, "excluded": {}, "lower_bound": null, "projected_base": "200.00", "status": "ok"}
	]`, asJSON(t, shareOfDeals(t)))
	require.Contains(t, asJSON(t, shareOfDeals(t)), `"value":0.14285714285714285`, "at least 15 significant digits")
	require.Equal(t, "[]\n", asJSON(t, nil))
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, catalogue.WriteCSV(&b, sequence(shareOfDeals(t))))
	require.Equal(t, `metric_id,definition_version,as_of,reporting_tz,grain,period_start,partner,partner_type,program_tier,motion,region,program,stage,direction,route,partner_name,unit,value,numerator,denominator,n,n_censored,n_excluded,excluded,lower_bound,projected_base,status
REV-5,1,2025-12-31,UTC,total,,,,,,,,,,,,ratio,0.14285714285714285,100.00,700.00,3,0,1,missing_fx 1,,,low_n
VEL-1,1,2025-12-31,UTC,total,,,,,,,,,,,,seconds,30,,,3,0,1,missing_fx 1,,,low_n
REV-1,1,2025-12-31,UTC,quarter,2025-10-01,p1,,,,,,,,,"Acme ""North""",money,100.00,,,1,0,0,,,200.00,ok
`, b.String())
}

func TestTable(t *testing.T) {
	table := catalogue.TableOf(shareOfDeals(t))
	require.Equal(t, []string{"metric", "grain", "period", "partner", "value", "numerator", "denominator", "n", "status", "left out"}, table.Head)
	require.Equal(t, []string{"REV-5", "total", "", "", "14.3 %", "100.00", "700.00", "3", "low_n", "missing_fx 1"}, table.Rows[0])
	require.Equal(t, []string{"REV-1", "quarter", "2025-10-01", `p1 Acme "North"`, "100.00", "", "", "1", "ok", ""}, table.Rows[2])
	for text, want := range map[string]string{"59": "59 s", "3600": "60 min", "7200": "2.0 h", "604800": "7.0 d", "-7200": "-2.0 h"} {
		require.Equal(t, want, catalogue.Show(catalogue.Seconds, catalogue.Figure{Text: text, Valid: true}))
	}
	require.Equal(t, "-1,234,567.80", catalogue.Show(catalogue.Money, catalogue.Figure{Text: "-1234567.80", Quoted: true, Valid: true}))
}

func TestQueryRefusesWhatItCannotAnswer(t *testing.T) {
	c := load(t, allKinds())
	conn := warehouse(t, facts(100))
	for want, spec := range map[string]catalogue.QuerySpec{
		`name at least one metric, or ask for all`:                                                       {},
		`K-2 cannot be cut by "program" (it lists: partner, partner_type, program_tier, motion, region)`: {IDs: []string{"K-2"}, By: []string{"program"}},
		`K-2 has no grain "weekly" (it has: total, year, quarter, month, week, day)`:                     {IDs: []string{"K-2"}, Grains: []string{"weekly"}},
		`from "1 May" is not a day: write YYYY-MM-DD`:                                                    {All: true, From: "1 May"},
	} {
		_, err := c.Query(t.Context(), conn, spec)
		require.EqualError(t, err, want)
	}
}

func TestCheckFindsMoneyInDoubles(t *testing.T) {
	c := load(t, "metrics:\n"+
		one("A-1", "money", "    fact: metrics.fact_revenue\n    kind: aggregate\n    value: avg(amount)\n    grains: [total]\n")+
		one("A-2", "money", "    fact: metrics.fact_revenue\n    kind: aggregate\n    value: sum(amount)\n    grains: [total]\n    dims: [motion]\n"))
	require.EqualError(t, c.Check(t.Context(), warehouse(t, deals)), `sql/metrics/test.yaml:2: A-1: avg(amount) is a DOUBLE, and money must stay exact (use money_mul, money_div and sums of DECIMAL)
sql/metrics/test.yaml:13: A-2: metrics.fact_revenue has no column "motion" (known: line_id, deal_id, anchor_at, partner, route, excluded, class, amount, days, wait)`)
	require.NoError(t, load(t, allKinds()).Check(t.Context(), warehouse(t, facts(10))))
}
