package catalogue

import (
	"fmt"
	"slices"
	"strings"
)

// resultTitles are the results in the order in which they are read.
func resultTitles() [][2]string {
	return [][2]string{
		{"response", "Response time and SLA"}, {"conversion", "Stage conversion"}, {"velocity", "Deal velocity"},
		{"revenue", "Sourced revenue"}, {"activation", "Partner activation"}, {"accruals", "Accruals"}, {"other", "Other"},
	}
}

const docsHead = `# Metrics

Generated from ` + "`sql/metrics/*.yaml`" + `; edit those and run ` + "`go test ./transforms/catalogue -run Docs -update`" + `.

Every value carries its definition version, as_of, n, n_censored, n_excluded and the excluded rows by reason; a ratio its numerator and
denominator. ` + "`tributary metrics query ID --by … --grain …`" + ` prints it, ` + "`tributary explain ID …`" + ` walks it down to file and line.

| status | meaning |
|---|---|
| ok | nothing to add |
| low_n | fewer rows than ` + "`reporting.min_n`" + `: a ratio, mean or quantile of so few says little |
| immature | rows of the period can still change the value (a cohort that had no time yet) |
| not_reached | the survival curve has not fallen so far: the value is at least lower_bound |
| no_calendar | no business calendar covers the rows |
| no_data | nothing to divide by, or nothing that counts |
| no_source | the inputs are not mapped, or no incentive program is configured |
| unconfigured, top_tier | no ladder for this partner; no next tier |
| failed_missing_fx | an exchange rate is missing: no accrual of this run is published |

Rows left out as deleted, test, merged or outside a program's dates, partners, regions and products are counted, but a group with nothing else has no row.
`

const docsTail = `
## Writing a metric

A file ` + "`sql/metrics/<group>.yaml`" + ` of your project adds metrics; one with an id of ours replaces ours whole. SQL is over the columns of the fact.
A fact has one row per counted thing: ` + "`entity`, `entity_key`" + ` (staging entity and key, for explain), ` + "`anchor_at`" + ` (or ` + "`grain`, `period_start`" + `, when its
rows are already per period), a column per dimension, ` + "`excluded`" + ` (a reason, or null) and measures. ` + "`tributary lint`" + ` checks it all against the warehouse.

| key | meaning |
|---|---|
| id, title, description, definition_version, result, better, owner, facts | what it is; better is up, down or none; raise definition_version when the meaning changes |
| fact, kind, unit | kind as below; unit seconds, ratio, money, count or text |
| needs | entities, entity.field or program:incentives that must be mapped; else one row no_source |
| always, dims, grains | dimensions that are always there, further cuts, grains |
| where | which rows of the fact it is about at all |
| excluded | SQL giving the reason that leaves a row out, or null; the column ` + "`excluded`" + ` if absent |
| creates | which rows make a group exist; all if absent, the numerator's with denominator_uncut |
| n, n_censored | aggregates over the included rows; n has a default per kind |
| value | aggregate, text: the aggregate; with denominator (and numerator) both are stored beside it |
| numerator, denominator, of | ratio: two aggregates, and what they count: money, count or seconds; denominator_of_total: true takes denominator and n from the whole period |
| of, p | quantile: a column or expression and the quantile; mean: of alone |
| duration, observed, p or tau | survival: Kaplan–Meier quantile, or mean restricted to tau seconds |
| of, numerator_where, denominator_where | ratio_of_medians; denominator_uncut: true keeps the denominator the same whatever the cut |
| of, distinct | sum_distinct: each line once per group |
| maturity_seconds | aggregate: a period is immature until its end plus this; total never |
| status | aggregate giving a status that overrides all others, or null; no_source, failed_missing_fx and top_tier empty the value |
| lower_bound, projected_base | aggregates stored beside the value |
| low_n, null_when_low_n | whether n below min_n is flagged (not for aggregates, sums and text unless said), and whether the value is then emptied |
`

// Docs renders the reference page of all metrics.
func (c *Catalogue) Docs() string {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, result := range resultTitles() {
		metrics := slices.DeleteFunc(slices.Clone(c.Metrics), func(m *Metric) bool { return m.Result != result[0] })
		if len(metrics) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| id | title | unit | better | always by | cuts | grains |\n|---|---|---|---|---|---|---|\n", result[1])
		for _, m := range metrics {
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s | %s | %s |\n", m.ID, anchor(m.ID), cell(m.Title), m.Unit, m.Better,
				orDash(inOrder(m.Always)), orDash(inOrder(m.Dims)), orDash(grainsOf(setsOf(m.Grains, [][]string{nil}))))
		}
		for _, m := range metrics {
			m.docs(&b)
		}
	}
	b.WriteString(docsTail)
	return b.String()
}

// docs is one metric's section.
func (m *Metric) docs(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n**%s.** %s\n\n", m.ID, m.Title, strings.TrimSpace(m.Description))
	fmt.Fprintf(b, "Definition %d of `%s`, kind %s", m.DefinitionVersion, m.Fact, m.Kind)
	if m.Owner != "" {
		fmt.Fprintf(b, "; owner: %s", m.Owner)
	}
	if len(m.Facts) > 0 {
		fmt.Fprintf(b, "; facts: %s", strings.Join(m.Facts, ", "))
	}
	if len(m.Needs) > 0 {
		fmt.Fprintf(b, "; needs: %s", strings.Join(m.Needs, ", "))
	}
	b.WriteString(".\n\n| part | |\n|---|---|\n")
	for _, p := range m.Formula() {
		fmt.Fprintf(b, "| %s | `%s` |\n", p.Name, cell(p.SQL))
	}
}

// anchor is the link target that Markdown readers give a heading.
func anchor(id string) string { return strings.ReplaceAll(strings.ToLower(id), ".", "") }

// cell keeps text within one cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func orDash(values []string) string {
	if len(values) == 0 {
		return "–"
	}
	return strings.Join(values, ", ")
}
