package catalogue_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

// origins are the staging rows that the deals of the random facts come from.
const origins = `CREATE TABLE staging.deal AS SELECT 'D' || i AS deal_id, 'Deal ' || i AS name, 'crm.deals' AS _source, 'data/deals.csv' AS _source_file,
	CAST(i + 2 AS BIGINT) AS _source_line, 'load-1' AS _load_id FROM range(40) AS r(i)`

func explain(t *testing.T, spec catalogue.ExplainSpec) *catalogue.Explanation {
	t.Helper()
	c := load(t, allKinds())
	conn := warehouse(t, facts(900), origins)
	require.NoError(t, c.Store(t.Context(), conn))
	contracts, err := schemas.Load()
	require.NoError(t, err)
	e, err := c.Explain(t.Context(), conn, contracts, spec)
	require.NoError(t, err)
	return e
}

func TestExplainFootsToTheValue(t *testing.T) {
	e := explain(t, catalogue.ExplainSpec{ID: "K-2", Cut: map[string]string{"motion": `m"1`, "partner": "p1"}, Grain: "quarter", Period: "2025-02"})
	require.Equal(t, "2025-01-01", *e.Value.PeriodStart)
	require.Equal(t, "2025-12-31", e.AsOf)
	numerator, denominator, included := new(big.Rat), new(big.Rat), 0
	excluded := map[string]int64{}
	for _, r := range e.Rows {
		require.Equal(t, "p1", r.Partner)
		require.Equal(t, `Acme "North"`, r.PartnerName)
		require.Equal(t, "deal", r.Entity)
		require.Equal(t, "Deal "+r.Key[1:], r.Name)
		require.Equal(t, "data/deals.csv", r.File)
		require.Positive(t, r.Line)
		require.Equal(t, "load-1", r.LoadID)
		require.True(t, r.InCut)
		if r.Excluded != "" {
			excluded[r.Excluded]++
			require.Empty(t, r.Denominator)
			continue
		}
		included++
		add(t, numerator, r.Numerator)
		add(t, denominator, r.Denominator)
	}
	require.Positive(t, included)
	require.EqualValues(t, len(e.Rows), e.RowCount)
	require.Equal(t, e.Value.Excluded, excluded)
	require.Equal(t, e.Value.Numerator.Text, numerator.FloatString(2))
	require.Equal(t, e.Value.Denominator.Text, denominator.FloatString(2))
}

func TestExplainShowsTheCompanysRowsBehindAShareOfTotal(t *testing.T) {
	e := explain(t, catalogue.ExplainSpec{ID: "K-2.of_total", Cut: map[string]string{"motion": `m"0`, "region": "r2"}, Grain: "month", Period: "2025-01-17"})
	numerator, denominator := new(big.Rat), new(big.Rat)
	outside := 0
	for _, r := range e.Rows {
		add(t, numerator, r.Numerator)
		add(t, denominator, r.Denominator)
		if !r.InCut {
			outside++
			require.Empty(t, r.Numerator)
		}
	}
	require.Positive(t, outside)
	require.Equal(t, e.Value.Numerator.Text, numerator.FloatString(2))
	require.Equal(t, e.Value.Denominator.Text, denominator.FloatString(2))
}

func TestExplainSurvivalListsDurations(t *testing.T) {
	e := explain(t, catalogue.ExplainSpec{ID: "K-5", Cut: map[string]string{"motion": `m"0`}, Limit: 20})
	require.Equal(t, "total", e.Value.Grain)
	require.Len(t, e.Rows, 20)
	require.Greater(t, e.RowCount, int64(20))
	censored := 0
	for _, r := range e.Rows {
		require.NotEmpty(t, r.Value)
		if r.Censored {
			censored++
		}
	}
	require.Positive(t, censored)
	require.Equal(t, "Kaplan–Meier quantile 0.5", e.Formula[3].SQL)
}

func TestExplainErrorsSayWhatToDo(t *testing.T) {
	c := load(t, allKinds())
	conn := warehouse(t, facts(200), origins)
	require.NoError(t, c.Store(t.Context(), conn))
	contracts, err := schemas.Load()
	require.NoError(t, err)
	for want, spec := range map[string]catalogue.ExplainSpec{
		`unknown metric "K-22" (did you mean K-2?)`:                                                    {ID: "K-22"},
		`K-2 is always by motion: name one in the cut`:                                                 {ID: "K-2"},
		`K-2 has no row with partner "p11" at grain total (did you mean p1?)`:                          {ID: "K-2", Cut: map[string]string{"motion": `m"1`, "partner": "p11"}},
		`K-2 cannot be cut by "route" (it lists: partner, partner_type, program_tier, motion, region)`: {ID: "K-2", Cut: map[string]string{"motion": `m"1`, "route": "x"}},
		`period "Q1" of grain month is no day, month or year: write YYYY-MM-DD, YYYY-MM or YYYY`:       {ID: "K-2", Cut: map[string]string{"motion": `m"1`}, Grain: "month", Period: "Q1"},
		`unknown grain "mont" (did you mean month?)`:                                                   {ID: "K-2", Cut: map[string]string{"motion": `m"1`}, Grain: "mont", Period: "2025-01"},
	} {
		_, err := c.Explain(t.Context(), conn, contracts, spec)
		require.EqualError(t, err, want)
	}
}

func TestExplainWithoutSource(t *testing.T) {
	c := load(t, "metrics:\n"+one("A-1", "count", "    fact: metrics.fact_none\n    kind: aggregate\n    value: count(*)\n    needs: [invoice]\n    dims: [partner]\n    grains: [quarter]\n"))
	contracts, err := schemas.Load()
	require.NoError(t, err)
	e, err := c.Explain(t.Context(), warehouse(t), contracts, catalogue.ExplainSpec{ID: "A-1"})
	require.NoError(t, err)
	require.Equal(t, []string{"invoice"}, e.MissingInputs)
	require.Equal(t, "no_source", e.Value.Status)
}

func add(t *testing.T, sum *big.Rat, text string) {
	t.Helper()
	if text == "" {
		return
	}
	v, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	sum.Add(sum, v)
}
