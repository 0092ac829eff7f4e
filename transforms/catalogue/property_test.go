package catalogue_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

type unit struct {
	t        int64
	observed bool
}

type fall struct {
	t int64
	s *big.Rat // survival from t on
}

// exactCurve is Kaplan–Meier by the book, in exact fractions.
func exactCurve(units []unit) []fall {
	var times []int64
	for _, u := range units {
		if u.observed && !slices.Contains(times, u.t) {
			times = append(times, u.t)
		}
	}
	slices.Sort(times)
	s := big.NewRat(1, 1)
	var out []fall
	for _, at := range times {
		var atRisk, events int64
		for _, u := range units {
			if u.t >= at {
				atRisk++
			}
			if u.t == at && u.observed {
				events++
			}
		}
		s = new(big.Rat).Mul(s, big.NewRat(atRisk-events, atRisk))
		out = append(out, fall{at, s})
	}
	return out
}

// exactQuantile is the expected short form of a quantile's value, status and bound.
func exactQuantile(units []unit, left *big.Rat) string {
	var longest int64
	for _, u := range units {
		longest = max(longest, u.t)
	}
	for _, f := range exactCurve(units) {
		if f.s.Cmp(left) <= 0 {
			return fmt.Sprintf("%d ok", f.t)
		}
	}
	return fmt.Sprintf("null not_reached >= %d", longest)
}

// exactArea is the area under the curve up to tau, the last level carried flat.
func exactArea(units []unit, tau int64) float64 {
	area, level, last := new(big.Rat), big.NewRat(1, 1), int64(0)
	for _, f := range append(exactCurve(units), fall{tau, nil}) {
		at := min(f.t, tau)
		area.Add(area, new(big.Rat).Mul(level, big.NewRat(at-last, 1)))
		if f.t >= tau {
			break
		}
		level, last = f.s, at
	}
	out, _ := area.Float64()
	return out
}

func TestSurvivalAgainstExactFractions(t *testing.T) {
	const tau = 40
	rnd := rand.New(rand.NewPCG(7, 11))
	groups := map[string][]unit{}
	var values []string
	for g := range 400 {
		partner := fmt.Sprintf("p%03d", g)
		span, share := 1+rnd.Int64N(80), rnd.Float64()
		for range 1 + rnd.IntN(60) {
			u := unit{rnd.Int64N(span), rnd.Float64() < share}
			groups[partner] = append(groups[partner], u)
			groups["everyone"] = append(groups["everyone"], u)
			values = append(values, fmt.Sprintf("('x', TIMESTAMPTZ '2025-11-03', '%s', NULL, %d, %t, '')", partner, u.t, u.observed))
		}
	}
	conn := warehouse(t, responses, "INSERT INTO metrics.fact_response VALUES "+strings.Join(values, ","), "UPDATE program.param SET min_n = 0")
	c := load(t, strings.ReplaceAll(responseMetrics, "tau: 604800", fmt.Sprintf("tau: %d", tau)))
	require.NoError(t, c.Store(t.Context(), conn))
	for id, left := range map[string]*big.Rat{"RSP-1": big.NewRat(1, 2), "RSP-2": big.NewRat(1, 10)} {
		for _, r := range query(t, c, conn, catalogue.QuerySpec{IDs: []string{id}, By: []string{"all"}, Grains: []string{"total"}}) {
			got := r.Value.Text + " " + r.Status
			if !r.Value.Valid {
				got = "null " + r.Status + " >= " + r.LowerBound.Text
			}
			require.Equal(t, exactQuantile(groups[name(r)], left), got, "%s %s", id, name(r))
		}
	}
	areas := query(t, c, conn, catalogue.QuerySpec{IDs: []string{"RSP-4.restricted_mean"}, By: []string{"all"}, Grains: []string{"total"}})
	require.Len(t, areas, 401)
	for _, r := range areas {
		got, ok := r.Value.Float()
		require.True(t, ok)
		require.InDelta(t, exactArea(groups[name(r)], tau), got, 1e-8, name(r))
	}
}

func name(r catalogue.Row) string {
	if p, ok := r.Dims["partner"]; ok {
		return p
	}
	return "everyone"
}

// randomRevenue is a fact with every dimension, exclusions and repeated lines.
const randomRevenue = `CREATE TABLE metrics.fact_all AS
	SELECT 'deal' AS entity, 'D' || (h % 40) AS entity_key, 'D' || (h % 40) AS deal_id, 'L' || (h % 70) AS line_id,
		TIMESTAMPTZ '2024-11-01' + to_hours(CAST(hash(i * 3) % 3000 AS BIGINT)) AS anchor_at,
		'p' || (hash(i * 5) % 6) AS partner, CASE WHEN hash(i * 7) % 4 > 0 THEN 't' || (hash(i * 7) % 4) END AS partner_type, 'g' || (hash(i * 21) % 2) AS program_tier,
		'm"' || (hash(i * 9) % 2) AS motion, 's' || (hash(i * 13) % 2) AS stage, 'r' || (hash(i * 15) % 3) AS region,
		CASE WHEN hash(i * 11) % 9 = 0 THEN 'test' WHEN hash(i * 11) % 9 = 1 THEN 'missing_fx' END AS excluded,
		CAST((h % 70) * 12.34 AS DECIMAL(18, 2)) AS amount, CAST(hash(i * 17) % 5000 AS BIGINT) AS seconds, hash(i * 19) % 3 > 0 AS done
	FROM (SELECT i, hash(i) AS h FROM range(ROWS) AS r(i))`

func allKinds() string {
	body := "    fact: metrics.fact_all\n    always: [motion]\n    dims: [partner, partner_type, program_tier, region]\n    grains: [total, year, quarter, month, week, day]\n"
	return "metrics:\n" +
		one("K-1", "money", body+"    kind: aggregate\n    value: sum(amount)\n    where: amount > 50\n") +
		one("K-2", "ratio", body+"    kind: ratio\n    of: money\n    numerator: sum(amount) FILTER (WHERE done)\n    denominator: sum(amount)\n    n: count(DISTINCT deal_id)\n") +
		one("K-2.of_total", "ratio", body+"    kind: ratio\n    of: money\n    numerator: sum(amount) FILTER (WHERE done)\n    denominator: sum(amount)\n    n: count(DISTINCT deal_id)\n    denominator_of_total: true\n") +
		one("K-3", "seconds", body+"    kind: quantile\n    of: seconds\n    p: 0.9\n    maturity_seconds: max(seconds) * 800\n") +
		one("K-4", "seconds", body+"    kind: mean\n    of: seconds\n") +
		one("K-5", "seconds", body+"    kind: survival\n    duration: seconds\n    observed: done\n    p: 0.5\n    excluded: CASE WHEN seconds < 100 THEN 'short' ELSE excluded END\n") +
		one("K-6", "seconds", body+"    kind: survival\n    duration: seconds\n    observed: done\n    tau: 3000\n") +
		one("K-7", "ratio", body+"    kind: ratio_of_medians\n    of: seconds\n    numerator_where: done\n    denominator_where: NOT done\n    denominator_uncut: true\n") +
		one("K-8", "money", body+"    kind: sum_distinct\n    of: amount\n    distinct: line_id\n")
}

func TestStoredEqualsComputedOnDemand(t *testing.T) {
	c := load(t, allKinds())
	for _, large := range []int64{1_000_000, 1} { // the second goes through temporary tables, in pieces
		c.WorkInPieces(large)
		conn := warehouse(t, facts(700))
		kept := asJSON(t, stored(t, c, conn))
		_, err := conn.ExecContext(t.Context(), "CREATE TABLE kept AS FROM metrics.metric_value; CREATE TABLE computed AS FROM metrics.metric_value LIMIT 0")
		require.NoError(t, err)
		for _, id := range c.IDs() {
			text, err := c.SQL(t.Context(), conn, catalogue.QuerySpec{IDs: []string{id}, By: []string{"all"}, Grains: []string{"all"}})
			require.NoError(t, err)
			_, err = conn.ExecContext(t.Context(), "INSERT INTO computed "+text)
			require.NoError(t, err)
		}
		// partners by day and week are not kept: they come only on demand
		_, err = conn.ExecContext(t.Context(), "DELETE FROM computed WHERE partner IS NOT NULL AND grain IN ('day', 'week')")
		require.NoError(t, err)
		var rows, apart, inBoth int
		for _, id := range c.IDs() {
			text, err := c.SQL(t.Context(), conn, catalogue.QuerySpec{IDs: []string{id}, By: []string{"partner_type", "program_tier"}, Grains: []string{"quarter", "total"}})
			require.NoError(t, err)
			_, err = conn.ExecContext(t.Context(), "CREATE TABLE IF NOT EXISTS groups AS FROM metrics.metric_value LIMIT 0; INSERT INTO groups "+text)
			require.NoError(t, err)
		}
		require.NoError(t, conn.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM metrics.group_value), count(*),
			(SELECT count(*) FROM metrics.metric_value WHERE partner_type IS NOT NULL AND program_tier IS NOT NULL)
			FROM ((FROM groups EXCEPT ALL FROM metrics.group_value) UNION ALL (FROM metrics.group_value EXCEPT ALL FROM groups))`).Scan(&rows, &apart, &inBoth))
		require.Positive(t, rows)
		require.Zero(t, apart, "metrics.group_value is what a query by type and tier gives")
		require.Zero(t, inBoth, "and stands there alone")
		require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM kept), count(*) FROM ((FROM kept EXCEPT ALL FROM computed) UNION ALL (FROM computed EXCEPT ALL FROM kept))").Scan(&rows, &apart))
		require.Positive(t, rows)
		require.Zero(t, apart)
		require.Equal(t, kept, asJSON(t, stored(t, c, conn)), "a second run gives the same rows")
	}
}

func TestAnySubsetOnDemand(t *testing.T) {
	c := load(t, allKinds())
	conn := warehouse(t, facts(3000))
	require.NoError(t, c.Store(t.Context(), conn))
	rows := query(t, c, conn, catalogue.QuerySpec{IDs: []string{"K-1"}, By: []string{"region", "partner"}, Grains: []string{"quarter"}, From: "2025-01-01", To: "2025-07-01"})
	require.NotEmpty(t, rows)
	sum := new(big.Rat)
	for _, r := range rows {
		require.Len(t, r.Dims, 3)
		require.Contains(t, []string{"2025-01-01", "2025-04-01"}, *r.PeriodStart)
		v, _ := new(big.Rat).SetString(r.Value.Text)
		sum.Add(sum, v)
	}
	var want string
	require.NoError(t, conn.QueryRowContext(t.Context(), `SELECT CAST(sum(amount) AS VARCHAR) FROM metrics.fact_all
		WHERE excluded IS NULL AND amount > 50 AND anchor_at >= '2025-01-01 00:00:00+00' AND anchor_at < '2025-07-01 00:00:00+00'`).Scan(&want))
	require.Equal(t, want, sum.FloatString(2))
}

func facts(rows int) string { return strings.Replace(randomRevenue, "ROWS", fmt.Sprint(rows), 1) }

func TestAMetricThatIsNotStoredIsComputed(t *testing.T) {
	conn := warehouse(t, facts(500))
	all := load(t, allKinds())
	spec := catalogue.QuerySpec{IDs: []string{"K-2"}, By: []string{"all"}, Grains: []string{"all"}}
	computed := asJSON(t, query(t, all, conn, spec))
	require.NoError(t, all.Store(t.Context(), conn))
	require.Equal(t, computed, asJSON(t, query(t, all, conn, spec)))
	newer := load(t, strings.ReplaceAll(strings.ReplaceAll(allKinds(), "definition_version: 1", "definition_version: 2"), "sum(amount) FILTER (WHERE done)", "0"))
	for _, r := range query(t, newer, conn, catalogue.QuerySpec{IDs: []string{"K-2"}}) {
		require.Equal(t, "0", r.Value.Text, "the stored value is of the older definition")
	}
}
