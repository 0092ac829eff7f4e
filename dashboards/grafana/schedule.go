package grafana

// noScheduler is said where nights run without a scheduler that is asked for its history.
const noScheduler = "No scheduler is asked: airflow.history in tributary.yaml has Airflow's runs kept"

// scheduled sets what a scheduler remembers of each run beside the night that it made.
func scheduled(s size) panel {
	return listing(s, "Runs of the DAG", "When each run was due, how long it waited and took, and what became of its night; the newest first. The run that asks is seen ended by the next one.", noScheduler,
		`SELECT s.interval_to AS "Due", s.state AS "State", r.status AS "Night", CAST(r.as_of AS text) AS "As of",
  extract(epoch FROM s.started_at - s.interval_to) AS "Late by", extract(epoch FROM s.started_at - s.queued_at) AS "Queued", extract(epoch FROM s.finished_at - s.started_at) AS "Took", s.run_id AS "Run"
FROM {ops}.scheduled AS s LEFT JOIN {ops}.run AS r ON r.run_id = s.run_id ORDER BY coalesce(s.started_at, s.queued_at, s.interval_to) DESC LIMIT 50`, func(*builder) []column {
			return []column{
				number("Due", moment(), 140), {name: "State", width: 90, states: taskStates()}, {name: "Night", width: 110, states: runStates()}, textColumn("As of", 100),
				number("Late by", duration(), 90), number("Queued", duration(), 90), number("Took", duration(), 90), textColumn("Run", 0),
			}
		})
}

// retried lists the tries that did not do it.
func retried(s size) panel {
	return listing(s, "Tasks that took several tries", "Each try of a task that was tried again, the newest first: what it came to, how long it waited and took, and where.", noScheduler+", or each task did it at once",
		`SELECT t.started_at AS "Started", t.task_id AS "Task", t.try_number AS "Try", t.state AS "State", extract(epoch FROM t.started_at - t.queued_at) AS "Queued",
  extract(epoch FROM t.finished_at - t.started_at) AS "Took", t.host AS "Host"
FROM {ops}.task_try AS t WHERE EXISTS (SELECT 1 FROM {ops}.task_try AS o WHERE o.dag_id = t.dag_id AND o.run_id = t.run_id AND o.task_id = t.task_id AND o.try_number > 1)
ORDER BY t.started_at DESC NULLS LAST, t.task_id, t.try_number DESC LIMIT 50`, func(*builder) []column {
			return []column{
				number("Started", moment(), 140), textColumn("Task", 90), number("Try", count(), 60), {name: "State", width: 90, states: taskStates()}, number("Queued", duration(), 90),
				number("Took", duration(), 90), textColumn("Host", 0),
			}
		})
}

func taskStates() map[string]string {
	return map[string]string{"success": good, "failed": bad, "up_for_retry": "orange", "upstream_failed": "orange"}
}
