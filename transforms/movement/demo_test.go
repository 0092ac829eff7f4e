package movement_test

import (
	"encoding/csv"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/schemas"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/movement"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// TestMovesGiveTheWhole compares nights of the demo vendor between which much has happened, in every metric: the moves of each figure must
// give its change exactly, in numerator, denominator and counts.
func TestMovesGiveTheWhole(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, demo.Write(dir))
	first := night(t, dir, "2026-09-28")
	amend(t, filepath.Join(dir, "data/crm/opportunity_2026-10-01.csv"), func(i int, row map[string]string) {
		switch {
		case i%9 == 0:
			row["Amount"] += "9"
		case i%9 == 1:
			row["IsDeleted"] = "true"
		case i%9 == 2 && row["IsWon"] == "true":
			row["Closed_At__c"], row["CloseDate"] = "2026-03-30T10:00:00.000Z", "2026-03-30"
		case i%9 == 3:
			row["Partner_Account__c"] = "P0028"
		}
	})
	amend(t, filepath.Join(dir, "data/crm/opportunity_partner.csv"), func(i int, row map[string]string) {
		switch i % 8 {
		case 0:
			row["AccountToId"] = "P0044"
		case 1:
			row["IsDeleted"] = "true"
		case 2:
			row["Role"] = "Sourced"
		}
	})
	second := night(t, dir, "2026-09-30")
	rules := filepath.Join(dir, "program/incentives.yaml")
	text, err := os.ReadFile(rules)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(rules, []byte(strings.Replace(string(text), "rate: 10%", "rate: 9%", 1)), 0o600))
	third := night(t, dir, "2026-09-30")

	spec := movement.Spec{IDs: []string{"all"}, Grains: []string{"total", "quarter"}}
	report := compare(t, first, second, spec)
	require.Greater(t, len(report.Changes), 400)
	require.Subset(t, causes(report), []movement.Cause{movement.New, movement.Deleted, movement.Redated, movement.Reattributed, movement.Changed, movement.Balance, movement.Aged})
	require.NotContains(t, causes(report), movement.RuleChanged)
	foots(t, report)
	foots(t, compare(t, second, first, movement.Spec{}))

	spec.Cut = map[string]string{"partner": "P0044"}
	foots(t, compare(t, first, second, spec))

	spec.Cut = nil
	report = compare(t, second, third, spec)
	foots(t, report)
	require.Equal(t, []movement.Cause{movement.RuleChanged}, causes(report), "the day and the rows are the same")
	for _, c := range report.Changes {
		require.Contains(t, []string{"ACC-7", "ACC-8", "ACC-8.all_gates"}, c.MetricID)
		require.Equal(t, "incentive_version", c.Moves[0].Detail)
	}
	require.Empty(t, compare(t, third, third, spec).Changes)
}

// foots proves that the moves of each figure, and their sums by cause, are the whole of its change.
func foots(t *testing.T, r *movement.Report) {
	t.Helper()
	cat := metrics(t)
	for _, c := range r.Changes {
		name := strings.Join([]string{c.MetricID, c.Grain, text(c.PeriodStart)}, " ")
		m, _ := cat.Metric(c.MetricID)
		require.Equal(t, m.Adds(), c.Adds, "%s: %+v to %+v by %+v", name, c.Before, c.After, c.Sum)
		b, a := value(c.Before), value(c.After)
		require.Equal(t, a.N-b.N, c.Sum.N, name)
		require.Equal(t, a.NCensored-b.NCensored, c.Sum.NCensored, name)
		if m.Kind == catalogue.Ratio {
			require.Zero(t, rat(c.Sum.Numerator).Cmp(less(a.Numerator.Text, b.Numerator.Text)), name)
			require.Zero(t, rat(c.Sum.Denominator).Cmp(less(a.Denominator.Text, b.Denominator.Text)), name)
		} else if m.Adds() {
			require.Zero(t, rat(c.Sum.Numerator).Cmp(less(a.Value.Text, b.Value.Text)), name)
		}
		numerator, denominator, n := new(big.Rat), new(big.Rat), int64(0)
		for _, s := range c.ByCause {
			require.Contains(t, movement.Causes(), s.Cause, name)
			numerator, denominator, n = numerator.Add(numerator, rat(s.Numerator)), denominator.Add(denominator, rat(s.Denominator)), n+s.N
		}
		for _, move := range c.Moves {
			numerator, denominator, n = numerator.Sub(numerator, rat(move.Delta.Numerator)), denominator.Sub(denominator, rat(move.Delta.Denominator)), n-move.Delta.N
		}
		require.Zero(t, numerator.Sign()+denominator.Sign(), name)
		require.Zero(t, n, name)
		require.Len(t, c.Moves, int(c.MoveCount), name)
	}
}

func value(v *movement.Value) movement.Value {
	if v == nil {
		return movement.Value{}
	}
	return *v
}

func less(a, b string) *big.Rat { return new(big.Rat).Sub(rat(a), rat(b)) }

func rat(text string) *big.Rat {
	r, _ := new(big.Rat).SetString(text)
	if r == nil {
		return new(big.Rat)
	}
	return r
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func causes(r *movement.Report) []movement.Cause {
	var out []movement.Cause
	for _, c := range r.Changes {
		for _, s := range c.ByCause {
			if !slices.Contains(out, s.Cause) {
				out = append(out, s.Cause)
			}
		}
	}
	return out
}

func metrics(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	cat, err := catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"})
	require.NoError(t, err)
	return cat
}

func compare(t *testing.T, from, to string, spec movement.Spec) *movement.Report {
	t.Helper()
	contracts, err := schemas.Load()
	require.NoError(t, err)
	pair, err := movement.Open(t.Context(), from, to, warehouse.Settings{})
	require.NoError(t, err)
	defer func() { require.NoError(t, pair.Close()) }()
	report, err := pair.Compare(t.Context(), metrics(t), contracts, spec)
	require.NoError(t, err)
	return report
}

func night(t *testing.T, dir, asOf string) string {
	t.Helper()
	s, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: asOf, Version: "test"})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, s.Status)
	return s.Warehouse
}

// amend changes rows of a CSV file, as its source would: with a newer version.
func amend(t *testing.T, path string, change func(i int, row map[string]string)) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.NoError(t, file.Close())
	head := rows[0]
	for i, cells := range rows[1:] {
		row := map[string]string{}
		for j, h := range head {
			row[h] = cells[j]
		}
		change(i, row)
		for j, h := range head {
			cells[j] = row[h]
		}
	}
	out, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, csv.NewWriter(out).WriteAll(rows))
	require.NoError(t, out.Close())
}
