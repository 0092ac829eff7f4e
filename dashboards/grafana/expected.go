package grafana

// Expected is a query of what is expected by when, with the names {t} and {ops} of schemas; is_late by the clock of the database. A night or
// mart is there once it is published there, too.
const Expected = `SELECT d.kind, d.name, d.day, d.due_at, d.met_at,
    d.due_at <= now() AND (d.met_at IS NULL OR d.kind <> 'source' AND d.day > p.as_of) AS is_late
  FROM {ops}.due AS d CROSS JOIN {t}.publication AS p`

// late says of everything that is expected by a time how it stands. It goes by the clock, so that it also tells of nights that nothing ran for.
func late(s size) panel {
	return listing(s, "Is anything late?", "Of the night, marts and sources that have a time under expect: in tributary.yaml. What is late is due since the first that is missing; what is on time is due next.",
		"Nothing is expected by a time: expect: in tributary.yaml says by when",
		`SELECT CASE WHEN bool_or(is_late) THEN 'late' ELSE 'on time' END AS "State", kind AS "What", name AS "Name",
  coalesce(min(due_at) FILTER (WHERE is_late), min(due_at) FILTER (WHERE met_at IS NULL)) AS "Due",
  extract(epoch FROM now() - min(due_at) FILTER (WHERE is_late)) AS "Late by", count(*) FILTER (WHERE is_late) AS "Missing", max(met_at) AS "Last met"
FROM (`+Expected+`) AS e GROUP BY kind, name ORDER BY min(due_at) FILTER (WHERE is_late) NULLS LAST, kind, name`, func(*builder) []column {
			return []column{
				{name: "State", width: 80, states: lateStates()}, {name: "What", width: 80}, {name: "Name"}, number("Due", moment(), 140), number("Late by", duration(), 90),
				number("Missing", count(), 80), number("Last met", moment(), 140),
			}
		})
}

// wasLate lists what did not come in time, also when it has come since.
func wasLate(s size) panel {
	return listing(s, "Missed in the last 30 days", "What was not there when it was due, the newest first, and how late it came or is.", "Nothing was late in the last 30 days",
		`SELECT CASE WHEN is_late THEN 'late' ELSE 'came late' END AS "State", kind AS "What", name AS "Name", CAST(day AS text) AS "Day", due_at AS "Due",
  extract(epoch FROM CASE WHEN is_late THEN now() ELSE met_at END - due_at) AS "Late by"
FROM (`+Expected+`) AS e WHERE due_at <= now() AND due_at > now() - INTERVAL '30 days' AND (is_late OR met_at > due_at) ORDER BY due_at DESC, kind, name LIMIT 100`,
		func(*builder) []column {
			return []column{
				{name: "State", width: 90, states: lateStates()}, {name: "What", width: 80}, {name: "Name"}, {name: "Day", width: 100}, number("Due", moment(), 140), number("Late by", duration(), 90),
			}
		})
}

func lateStates() map[string]string {
	return map[string]string{"late": bad, "came late": "orange", "on time": good}
}
