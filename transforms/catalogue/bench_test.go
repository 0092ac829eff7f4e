package catalogue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// benchResponse is a response fact in the shape of real programs: many partners, few of them with most of the leads.
const benchResponse = `CREATE TABLE metrics.fact_response AS
	SELECT 'lead_assignment' AS entity, 'A' || i AS entity_key, 'L' || i AS lead_id,
		TIMESTAMPTZ '2024-01-01' + to_seconds(CAST(hash(i * 3) % 63000000 AS BIGINT)) AS anchor_at,
		'p' || CAST(floor(pow((hash(i * 5) % 100000) / 100000, 3) * 500) AS INTEGER) AS partner, 't' || (hash(i * 7) % 4) AS partner_type,
		'm' || (hash(i * 11) % 4) AS program_tier, 'r' || (hash(i * 13) % 6) AS region, 'd' || (hash(i * 17) % 3) AS direction,
		CASE WHEN hash(i * 23) % 50 = 0 THEN 'test' END AS excluded, CASE WHEN hash(i * 23) % 40 = 0 THEN 'no_calendar' END AS business_excluded,
		CAST(hash(i * 29) % 400000 AS BIGINT) AS seconds, CAST(hash(i * 31) % 130000 AS BIGINT) AS business_seconds, hash(i * 19) % 10 < 7 AS answered,
		CASE hash(i * 37) % 3 WHEN 0 THEN 'met' WHEN 1 THEN 'breached' ELSE 'pending' END AS state
	FROM range(ROWS) AS r(i)`

func benchMetrics(survival bool) string {
	var b strings.Builder
	b.WriteString("metrics:\n")
	for i, clock := range []struct{ column, excluded string }{{"seconds", "excluded"}, {"business_seconds", "coalesce(excluded, business_excluded)"}} {
		body := "    fact: metrics.fact_response\n    always: [direction]\n    dims: [partner, partner_type, program_tier, region]\n    grains: [total, year, quarter, month, week, day]\n    excluded: " + clock.excluded + "\n"
		answered := "of: CASE WHEN answered THEN " + clock.column + " END"
		if survival {
			curve := body + "    kind: survival\n    duration: " + clock.column + "\n    observed: answered\n"
			b.WriteString(one(fmt.Sprintf("S-%d1", i), "seconds", curve+"    p: 0.5\n"))
			b.WriteString(one(fmt.Sprintf("S-%d2", i), "seconds", curve+"    p: 0.9\n"))
			b.WriteString(one(fmt.Sprintf("S-%d3", i), "seconds", curve+"    tau: 604800\n"))
			continue
		}
		b.WriteString(one(fmt.Sprintf("S-%d1", i), "seconds", body+"    kind: quantile\n    "+answered+"\n    p: 0.5\n"))
		b.WriteString(one(fmt.Sprintf("S-%d2", i), "seconds", body+"    kind: quantile\n    "+answered+"\n    p: 0.9\n"))
		b.WriteString(one(fmt.Sprintf("S-%d3", i), "seconds", body+"    kind: mean\n    "+answered+"\n"))
		b.WriteString(one(fmt.Sprintf("S-%d4", i), "ratio", body+"    kind: ratio\n    numerator: count(*) FILTER (WHERE NOT answered)\n    denominator: count(*)\n"))
		b.WriteString(one(fmt.Sprintf("S-%d5", i), "ratio", body+"    kind: ratio\n    numerator: count(*) FILTER (WHERE state = 'met')\n    denominator: count(*) FILTER (WHERE state <> 'pending')\n"))
	}
	return b.String()
}

func BenchmarkStore(b *testing.B) {
	for _, c := range []struct {
		name     string
		survival bool
	}{{"survival", true}, {"others", false}} {
		b.Run(c.name, func(b *testing.B) {
			cat := load(b, benchMetrics(c.survival))
			conn := warehouse(b, strings.Replace(benchResponse, "ROWS", "1000000", 1))
			for b.Loop() {
				require.NoError(b, cat.Store(b.Context(), conn))
			}
			b.ReportMetric(float64(count(b, cat)), "metrics")
		})
	}
}

func count(b *testing.B, c *catalogue.Catalogue) int {
	b.Helper()
	return len(c.IDs())
}
