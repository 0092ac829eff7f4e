package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// engineering is for those who run the nights. It alone looks at the clock: how old the data is.
func engineering() board {
	return board{
		uid: "tributary-engineering", title: "Channel: data engineering",
		description: "Did the night run, is anything late, how fresh is the data, what was quarantined, what failed, what was slow.",
		variables:   []dashboard.VariableModel{asOfVariable()},
		rows: []row{
			{"Did the night run, and how old is the data?", []panel{
				textStat(size{5, 4}, "Last run", "How the newest run ended.", `SELECT status FROM {ops}.run ORDER BY started_at DESC LIMIT 1`,
					runStates()),
				textStat(size{5, 4}, "Data as of", "The day that the published figures are of.", `SELECT CAST(as_of AS text) AS as_of FROM {t}.publication`, nil),
				numberStat(size{5, 4}, "Since the last publication", "By the clock: a nightly schedule keeps this under a day and a little.",
					`SELECT CAST(extract(epoch FROM now() - max(known_at)) AS bigint) AS "age" FROM {t}.publication`, duration(), 26*3600, 50*3600),
				numberStat(size{4, 4}, "Rows quarantined", "In the newest run, in the lake and in staging.",
					`SELECT coalesce(sum(q.rows), 0) AS "rows" FROM {ops}.quarantine AS q WHERE q.run_id = (SELECT run_id FROM {ops}.run ORDER BY started_at DESC LIMIT 1)`, count(), 1, 1000),
				numberStat(size{5, 4}, "Checks failed", "In the published night (warnings) and in the newest run if it failed.",
					`SELECT count(*) AS "checks" FROM (
  SELECT 1 FROM {t}.ops_check WHERE status <> 'pass'
  UNION ALL
  SELECT 1 FROM {ops}."check" WHERE status <> 'pass' AND run_id = (SELECT run_id FROM {ops}.run ORDER BY started_at DESC LIMIT 1)) AS f`, count(), 1, 2),
			}},
			{"Is anything late, by the clock?", []panel{late(size{13, 8}), wasLate(size{11, 8})}},
			{"How long do runs take?", []panel{
				runTimes(size{14, 9}),
				listing(size{10, 9}, "Runs", "The newest first; a failed run leaves what was published before.", "No run is recorded: publish.postgres in tributary.yaml records them",
					`SELECT started_at AS "Started", CAST(as_of AS text) AS "As of", status AS "Status", extract(epoch FROM finished_at - started_at) AS "Took", message AS "Message"
FROM {ops}.run ORDER BY started_at DESC LIMIT 50`, func(*builder) []column {
						return []column{number("Started", moment(), 140), textColumn("As of", 100), {name: "Status", width: 110, states: runStates()}, number("Took", duration(), 90), textColumn("Message", 0)}
					}),
			}},
			{"What does the scheduler remember?", []panel{scheduled(size{24, 8}), retried(size{24, 7})}},
			{"Is every source fresh?", []panel{
				listing(size{12, 10}, "Entities", "The newest event of each entity and when its last load was, as of the published night; the longest silent first.", "Nothing is staged",
					`SELECT f.entity AS "Entity", f.newest_at AS "Newest event", extract(epoch FROM m.as_of_at - f.newest_at) / 86400.0 AS "Silent for", f.loaded_at AS "Loaded", f.rows AS "Rows", f.quarantined AS "Quarantined"
FROM {t}.ops_freshness AS f CROSS JOIN {t}.program_param AS m ORDER BY f.newest_at NULLS LAST, f.entity`, func(*builder) []column {
						return []column{textColumn("Entity", 160), number("Newest event", moment(), 140), number("Silent for", unit{"suffix:days", 1}, 110), number("Loaded", moment(), 140), number("Rows", count(), 90), number("Quarantined", count(), 100)}
					}),
				listing(size{12, 10}, "Loads", "What each stream brought, the newest first: files, or what the source was asked for; rows landed, rows that the source says it has, rows that could not be decoded.", "Nothing is loaded yet",
					`SELECT started_at AS "At", source AS "Source", stream AS "Stream", coalesce(asked, files || ' files') AS "Read", rows AS "Rows", source_rows AS "Source says", bytes AS "Size", quarantined AS "Quarantined"
FROM {ops}.load ORDER BY started_at DESC, source, stream LIMIT 100`, func(*builder) []column {
						return []column{number("At", moment(), 140), textColumn("Source", 110), textColumn("Stream", 0), textColumn("Read", 75), number("Rows", count(), 75), number("Source says", count(), 100), number("Size", unit{"decbytes", 1}, 90), number("Quarantined", count(), 100)}
					}),
			}},
			{"What was quarantined, by which rule?", []panel{
				listing(size{14, 8}, "Quarantine by rule and source", "Of the newest run. tributary doctor and staging.quarantine have every row with its value, file and line.", "Nothing is quarantined",
					`SELECT q.rule AS "Rule", q.source AS "Source", q.stream AS "Stream", coalesce(q.entity, 'not decoded') AS "Entity", sum(q.rows) AS "Rows"
FROM {ops}.quarantine AS q WHERE q.run_id = (SELECT run_id FROM {ops}.run ORDER BY started_at DESC LIMIT 1)
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3`, func(*builder) []column {
						return []column{textColumn("Rule", 0), textColumn("Source", 110), textColumn("Stream", 170), textColumn("Entity", 150), number("Rows", count(), 90)}
					}),
				perRun(size{10, 8}, "Quarantined by run", "Rows that could not be decoded, typed or keyed.", "Rows",
					`SELECT coalesce(sum(q.rows), 0) FROM {ops}.quarantine AS q WHERE q.run_id = r.run_id`, count(), unattributedColor),
			}},
			{"What failed, and what was slow?", []panel{
				listing(size{12, 10}, "Checks", "Those that failed or warned first; of the published night, and of the newest run when it failed.", "No checks are recorded",
					`SELECT c.status AS "Status", c.severity AS "Severity", c.table_name AS "Table", c.name AS "Check", c.failed AS "Rows", c.detail AS "Detail" FROM (
  SELECT status, severity, table_name, name, failed, detail FROM {t}.ops_check
  UNION ALL
  SELECT status, severity, table_name, name, failed, detail FROM {ops}."check" WHERE run_id = (SELECT run_id FROM {ops}.run ORDER BY started_at DESC LIMIT 1)
) AS c ORDER BY c.status = 'pass', c.severity, c.table_name, c.name LIMIT 100`, func(*builder) []column {
						return []column{{name: "Status", width: 80, states: map[string]string{"pass": good, "fail": bad, "warn": "orange"}}, textColumn("Severity", 80), textColumn("Table", 230), textColumn("Check", 0), number("Rows", count(), 80), textColumn("Detail", 0)}
					}),
				listing(size{12, 10}, "Slowest models", "Seconds that each model of the published night took.", "No models are recorded",
					`SELECT model AS "Model", seconds AS "Took", rows AS "Rows" FROM {t}.ops_model ORDER BY seconds DESC NULLS LAST, model LIMIT 25`, func(*builder) []column {
						return []column{textColumn("Model", 0), number("Took", unit{"s", 2}, 110), number("Rows", count(), 110)}
					}),
			}},
		},
	}
}

// textStat is one word, coloured by what it says.
func textStat(s size, title, description, sql string, states map[string]string) panel {
	return func(b *builder) *dashboard.Panel {
		p := b.statPanel(s, title, description, sql, unit{"string", 0}, &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: plainColor}}},
			statShape{fields: "/.*/", text: common.BigValueTextModeValue})
		for _, property := range (column{states: states}).properties() {
			if property.Id == "mappings" {
				p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, dashboard.DashboardFieldConfigSourceOverrides{
					Matcher: dashboard.MatcherConfig{Id: "byRegexp", Options: ".*"}, Properties: []dashboard.DynamicConfigValue{property},
				})
			}
		}
		return p
	}
}

// numberStat is one number with limits from which it is a warning and an alarm.
func numberStat(s size, title, description, sql string, u unit, warn, alarm float64) panel {
	return func(b *builder) *dashboard.Panel {
		return b.statPanel(s, title, description, sql, u, &dashboard.ThresholdsConfig{
			Mode: dashboard.ThresholdsModeAbsolute, Steps: []dashboard.Threshold{{Color: good}, {Value: &warn, Color: "orange"}, {Value: &alarm, Color: bad}},
		}, statShape{text: common.BigValueTextModeValue})
	}
}

// runTimes stacks the steps of each run.
func runTimes(s size) panel {
	return func(b *builder) *dashboard.Panel {
		p := b.frame("barchart", s, "Time by step", "The newest 30 runs, oldest first.", "table", `SELECT "Run", "Extract", "Build", "Check", "Publish" FROM (
  SELECT to_char(r.started_at, 'MM-DD HH24:MI') AS "Run", r.started_at AS started,
    max(t.seconds) FILTER (WHERE t.step = 'extract') AS "Extract", max(t.seconds) FILTER (WHERE t.step = 'build') AS "Build",
    max(t.seconds) FILTER (WHERE t.step = 'check') AS "Check", max(t.seconds) FILTER (WHERE t.step = 'publish') AS "Publish"
  FROM {ops}.run AS r LEFT JOIN {ops}.step AS t ON t.run_id = r.run_id
  GROUP BY r.run_id, r.started_at ORDER BY r.started_at DESC LIMIT 30
) AS newest ORDER BY started`)
		return b.bars(p, "Run", common.StackingModeNormal, duration(), "No run is recorded", true, nil)
	}
}

// perRun is one number for each of the newest runs; r is the run.
func perRun(s size, title, description, label, value string, u unit, color string) panel {
	return func(b *builder) *dashboard.Panel {
		p := b.frame("barchart", s, title, description, "table", `SELECT to_char(r.started_at, 'MM-DD HH24:MI') AS "Run", (`+value+`) AS `+name(label)+`
FROM (SELECT * FROM {ops}.run ORDER BY started_at DESC LIMIT 30) AS r ORDER BY r.started_at`)
		return b.bars(p, "Run", common.StackingModeNone, u, "No run is recorded", false, []dashboard.DashboardFieldConfigSourceOverrides{byName(label, fixed(color))})
	}
}

func runStates() map[string]string {
	return map[string]string{"published": good, "nothing_new": good, "extracted": good, "built": good, "no_accruals": "orange", "failed": bad}
}
