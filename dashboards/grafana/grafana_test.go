package grafana

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

func demo() Options {
	return Options{Currency: "EUR", Schema: "tributary", Records: "tributary_ops", TimeZone: "Europe/Berlin", Thresholds: map[string]float64{"review_compliance": 0.6, "review_conversion": 0.15}}
}

func shipped(t *testing.T, layers ...catalogue.Layer) *catalogue.Catalogue {
	t.Helper()
	cat, err := catalogue.Load(append([]catalogue.Layer{{FS: embedded.FS}}, layers...)...)
	require.NoError(t, err)
	return cat
}

// own is a catalogue file of a user: it renames a metric, gives another a limit, and adds one whose place the layout keeps.
const own = `metrics:
  - {id: REV-1, title: Partnerumsatz, description: Von Partnern gebracht., definition_version: 2, result: revenue, better: up, fact: metrics.fact_revenue,
     kind: aggregate, unit: money, value: sum(sourced_amount), dims: [partner, partner_type, program_tier, region], grains: [total, quarter]}
  - {id: DRG-2, title: Approval rate, description: Approved of decided., definition_version: 1, result: conversion, better: up, fact: metrics.fact_registration,
     kind: ratio, unit: ratio, of: count, numerator: count_if(is_won), denominator: count(*), dims: [partner, partner_type, program_tier, region], grains: [total, quarter], threshold: review_conversion}
`

func TestDefinitionsMakePanels(t *testing.T) {
	before, err := Generate(shipped(t), demo())
	require.NoError(t, err)
	after, err := Generate(shipped(t, catalogue.Layer{FS: fstest.MapFS{"metrics/own.yaml": {Data: []byte(own)}}}), demo())
	require.NoError(t, err)
	cfoBefore, cfoAfter, qbrBefore, qbrAfter := string(before[0].JSON), string(after[0].JSON), string(before[1].JSON), string(after[1].JSON)
	require.NotContains(t, cfoBefore, "Partnerumsatz")
	require.Contains(t, cfoAfter, `"title": "Partnerumsatz"`, "a metric that is renamed renames its panel")
	require.Contains(t, cfoAfter, "**Partnerumsatz** (REV-1, version 2): Von Partnern gebracht. More is better.")
	require.NotContains(t, qbrBefore, "Approval rate", "what the catalogue does not have is left out")
	require.Contains(t, qbrAfter, `"title": "Approval rate"`, "and stands in its place as soon as it has it")
	require.Contains(t, qbrAfter, `"value": 0.15`)
}

func TestAFigureMustBeOneNumber(t *testing.T) {
	b := &builder{cat: shipped(t), opts: demo(), board: board{uid: "tributary-test"}}
	b.find([]figure{metric("RSP-1"), metric("VEL-7.median", "route", "partner"), metric("ACC-4"), metric("XYZ-1"), metric("REV-99")})
	require.EqualError(t, errors.Join(b.problems...), "dashboard tributary-test: RSP-1 has a value for each direction: say which\ndashboard tributary-test: there is no metric XYZ-1")
}
