package grafana

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// sinceVariable offers the nights that moves are recorded from, first the one before the published one. Its value is the number of the first
// publication after that night: the deltas of all later ones add up.
func sinceVariable() dashboard.VariableModel {
	return query("since", "Moved since", "The night that the figures are held against",
		"SELECT CAST(from_as_of AS text) AS __text, min(to_number) AS __value FROM {ops}.moved GROUP BY from_as_of ORDER BY from_as_of DESC")
}

// moves are the recorded moves of the figures that are money, by quarter.
const moves = `FROM {ops}.moved AS m
JOIN {t}.definition AS d ON d.metric_id = m.metric_id
JOIN {t}.quarter AS q ON q.quarter_start = m.period_start
LEFT JOIN {t}.partner AS p ON p.partner_id = m.partner
LEFT JOIN {t}.record_url AS u ON u.entity = m.entity AND u.entity_key = m.entity_key
WHERE m.grain = 'quarter' AND m.metric_id IN ('REV-1', 'REV-3', 'REV-7', 'ACC-4', 'ACC-7') AND m.to_number >= CAST(coalesce(nullif('$since', ''), '0') AS bigint)
`

// movedFigure is what moved; of a share it is the amount over the line.
const movedFigure = `CASE m.metric_id WHEN 'REV-7' THEN 'Unattributed revenue' ELSE d.title END`

// whatMoved says which figures are other ones than they were, by cause; the causes of a figure add up to its change.
func whatMoved(s size) panel {
	return listing(s, "What moved since ${since:text}", "Figures of any quarter that are other ones than on that night, by cause; the changes of a figure and quarter add up to its whole change. `tributary diff` has the same with shares, medians and every row.",
		"Nothing moved, or no earlier night is recorded", `SELECT `+movedFigure+` AS "Figure", q.label AS "Quarter", m.cause AS "Cause", sum(m.units) AS "Records", sum(m.numerator_delta) AS "Change"
`+moves+`GROUP BY 1, q.label, q.quarter_start, m.cause
ORDER BY q.quarter_start DESC, 1, abs(sum(m.numerator_delta)) DESC
LIMIT 100`, func(b *builder) []column {
			return []column{textColumn("Figure", 160), textColumn("Quarter", 115), textColumn("Cause", 90), number("Records", count(), 75), number("Change", b.full(2), 0)}
		})
}

// movedRecords are the deals, leads and invoices behind it, the largest first.
func movedRecords(s size) panel {
	return listing(s, "Which records moved it", "The largest 100; smaller ones of one cause and figure stand together.",
		"Nothing moved, or no earlier night is recorded", `SELECT `+movedFigure+` AS "Figure", coalesce(replace(m.entity, '_', ' ') || ' ' || m.entity_key, sum(m.units) || ' smaller') AS "Record", max(u.url) AS record_url,
  coalesce(max(p.name), max(m.partner)) AS "Partner", m.cause AS "Cause", max(m.detail) AS "Why", sum(m.numerator_delta) AS "Change"
`+moves+`GROUP BY 1, q.quarter_start, m.entity, m.entity_key, m.partner, m.cause
ORDER BY abs(sum(m.numerator_delta)) DESC, 1, 2
LIMIT 100`, func(b *builder) []column {
			return []column{
				textColumn("Figure", 150), record("Record", "record_url", 165), {name: "record_url", hidden: true}, textColumn("Partner", 160), textColumn("Cause", 95), textColumn("Why", 0), number("Change", b.full(2), 120),
			}
		})
}
