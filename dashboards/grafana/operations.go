package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// operations is the day's work of those who run the channel: lists to work off, each row a record in the CRM.
func operations() board {
	return board{
		uid: "tributary-operations", title: "Channel: operations",
		description: "What is late, undecided or unattributed as of the data's day, to work off row by row.",
		variables:   append([]dashboard.VariableModel{typeVariable(), quarterVariable()}, rangeVariables()...),
		rows: []row{
			{"What needs doing today?", []panel{
				counts(size{8, 4}, "Answers", "Leads whose first answer is not given yet, by whether the SLA's deadline has passed; as of the data's day.", []string{"overdue", "in time"},
					`SELECT count(*) FILTER (WHERE f.state = 'breached_open') AS "overdue", count(*) FILTER (WHERE f.state = 'pending') AS "in time"
FROM {t}.fact_response AS f WHERE f.excluded IS NULL AND f.state IN ('breached_open', 'pending') AND ('$type' = '*' OR f.partner_type = '$type')`),
				counts(size{8, 4}, "Registrations undecided", "Submitted, neither approved nor rejected; more than 48 hours (threshold registration_decision) is late.", []string{"late", "in time"},
					`SELECT count(*) FILTER (WHERE g.submitted_at < m.as_of_at - t.seconds * INTERVAL '1 second') AS "late", count(*) FILTER (WHERE g.submitted_at >= m.as_of_at - t.seconds * INTERVAL '1 second') AS "in time"
FROM {t}.registration AS g CROSS JOIN {t}.program_param AS m JOIN {t}.program_threshold AS t ON t.name = 'registration_decision'
JOIN {t}.partner AS p ON p.partner_id = g.partner
WHERE g.excluded IS NULL AND g.decided_at IS NULL AND ('$type' = '*' OR p.partner_type = '$type')`),
				headline(size{8, 4}, metric("REV-7").over().as("Revenue unattributed").in(unattributedColor)),
				headline(size{6, 4}, metric("RSP-13")),
				headline(size{6, 4}, metric("DRG-5")),
				headline(size{6, 4}, metric("HYG-2")),
				headline(size{6, 4}, metric("DRG-4")),
			}},
			{"Who waits for an answer?", []panel{waiting(size{24, 11})}},
			{"Which registrations wait for a decision?", []panel{undecided(size{24, 9})}},
			{"Which revenue is nobody's?", []panel{
				unattributed(size{16, 10}),
				trend(size{8, 10}, "Unattributed by quarter", common.StackingModeNone, metric("REV-7").over().as("Unattributed").in(unattributedColor)),
			}},
		},
	}
}

// counts are a few numbers that should be low: the first is bad when it is not zero.
func counts(s size, title, description string, columns []string, sql string) panel {
	return func(b *builder) *dashboard.Panel {
		p := b.statPanel(s, title, description, sql, count(), &dashboard.ThresholdsConfig{
			Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: good}, {Value: new(1.0), Color: bad}},
		}, statShape{text: common.BigValueTextModeValueAndName})
		for _, c := range columns[1:] {
			p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, byName(c, fixed(dimColor)))
		}
		return p
	}
}

// record is a column whose value opens the record in its source, where record_url in tributary.yaml says how.
func record(name, url string, width float64) column {
	return column{name: name, link: "${__data.fields." + url + "}", text: "Open in the source", width: width}
}

func waiting(s size) panel {
	return listing(s, "Leads without an answer, the newest deadline first", "Deadlines that passed last can still be saved. Overdue is counted to the data's day, in elapsed time.", "Nobody waits for an answer",
		`SELECT f.lead_id AS "Lead", u.url AS lead_url, coalesce(p.name, f.partner) AS "Partner", f.partner AS partner_id, replace(f.partner_type, '_', ' ') AS "Type", f.program_tier AS "Tier", replace(f.direction, '_', ' ') AS "Direction",
  f.anchor_at AS "Since", f.deadline_at AS "Deadline", CASE f.state WHEN 'breached_open' THEN CAST(extract(epoch FROM m.as_of_at - f.deadline_at) AS bigint) END AS "Overdue", CASE f.state WHEN 'breached_open' THEN 'overdue' ELSE 'in time' END AS "State"
FROM {t}.fact_response AS f
CROSS JOIN {t}.program_param AS m
LEFT JOIN {t}.partner AS p ON p.partner_id = f.partner
LEFT JOIN {t}.record_url AS u ON u.entity = 'lead' AND u.entity_key = f.lead_id
WHERE f.excluded IS NULL AND f.state IN ('breached_open', 'pending') AND ('$type' = '*' OR f.partner_type = '$type')
ORDER BY f.deadline_at DESC NULLS LAST, f.lead_id
LIMIT 200`, func(*builder) []column {
			return []column{
				record("Lead", "lead_url", 110), {name: "lead_url", hidden: true}, {name: "Partner", link: qbrLink, text: "Open the QBR of ${__data.fields.partner_id}"}, {name: "partner_id", hidden: true},
				textColumn("Type", 110), textColumn("Tier", 100), textColumn("Direction", 150), number("Since", moment(), 140), number("Deadline", moment(), 140),
				number("Overdue", duration(), 110), {name: "State", width: 100, states: map[string]string{"overdue": bad, "in time": good}},
			}
		})
}

func undecided(s size) panel {
	return listing(s, "Registrations without a decision, the newest first", "Submitted, neither approved nor rejected.", "Every registration is decided",
		`SELECT g.registration_id AS "Registration", u.url AS registration_url, g.deal_id AS "Deal", coalesce(p.name, g.partner) AS "Partner", g.partner AS partner_id, p.partner_type AS "Type", p.program_tier AS "Tier",
  g.submitted_at AS "Submitted", CAST(extract(epoch FROM m.as_of_at - g.submitted_at) AS bigint) AS "Waiting",
  CASE WHEN extract(epoch FROM m.as_of_at - g.submitted_at) > t.seconds THEN 'late' ELSE 'in time' END AS "State"
FROM {t}.registration AS g
CROSS JOIN {t}.program_param AS m
JOIN {t}.program_threshold AS t ON t.name = 'registration_decision'
LEFT JOIN {t}.partner AS p ON p.partner_id = g.partner
LEFT JOIN {t}.record_url AS u ON u.entity = 'deal_registration' AND u.entity_key = g.registration_id
WHERE g.excluded IS NULL AND g.decided_at IS NULL AND ('$type' = '*' OR p.partner_type = '$type')
ORDER BY g.submitted_at DESC, g.registration_id
LIMIT 200`, func(*builder) []column {
			return []column{
				record("Registration", "registration_url", 130), {name: "registration_url", hidden: true}, textColumn("Deal", 110), {name: "Partner", link: qbrLink, text: "Open the QBR of ${__data.fields.partner_id}"}, {name: "partner_id", hidden: true},
				textColumn("Type", 110), textColumn("Tier", 100), number("Submitted", moment(), 140), number("Waiting", duration(), 110),
				{name: "State", width: 100, states: map[string]string{"late": bad, "in time": good}},
			}
		})
}

func unattributed(s size) panel {
	return listing(s, "Won deals with a partner's traces but no credit, the largest first", "Closed in the chosen quarter: a lookup, a registration, a route or an attribution row speaks for a partner, but no credit was locked in time.", "All revenue of the quarter is attributed",
		`SELECT d.deal_id AS "Deal", u.url AS deal_url, coalesce(p.name, CASE d.partner WHEN 'unknown' THEN 'partner unknown' ELSE d.partner END) AS "Partner", d.route AS "Route", d.closed_at AS "Closed",
  CASE WHEN d.registration_id IS NOT NULL THEN 'registered' ELSE '' END AS "Registration", d.amount_functional AS "Amount"
FROM {t}.deal AS d
JOIN {t}.quarter AS c ON d.closed_at >= c.start_at AND d.closed_at < c.end_at
LEFT JOIN {t}.partner AS p ON p.partner_id = d.partner
LEFT JOIN {t}.record_url AS u ON u.entity = 'deal' AND u.entity_key = d.deal_id
WHERE c.key = '$quarter' AND d.class = 'unattributed' AND d.outcome = 'won' AND d.excluded IS NULL AND ('$type' = '*' OR p.partner_type = '$type')
ORDER BY d.amount_functional DESC NULLS LAST, d.deal_id
LIMIT 200`, func(b *builder) []column {
			return []column{
				record("Deal", "deal_url", 110), {name: "deal_url", hidden: true}, textColumn("Partner", 0), textColumn("Route", 100), number("Closed", moment(), 140), textColumn("Registration", 110), number("Amount", b.full(2), 140),
			}
		})
}
