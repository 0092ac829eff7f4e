"""Loads a DAG file as Airflow does, and fails when it warns, or when it is not what a night needs: check_dag.py FILE [pod]."""

import os
import runpy
import sys
import tempfile
import warnings

path, pod = sys.argv[1], len(sys.argv) > 2
if pod:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as config:  # a cluster that nobody asks
        config.write(
            "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],"
            " clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], users: [{name: u, user: {token: t}}]}"
        )
    os.environ["KUBECONFIG"] = config.name
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found = runpy.run_path(path)
ours = [f"{w.category.__name__}: {w.message}" for w in said if w.filename == path]
assert not ours, ours

dag = found["dag"]
assert dag.max_active_runs == 1 and not dag.catchup
assert type(dag.timetable).__name__ == "CronDataIntervalTimetable", dag.timetable
assert [t.task_id for t in dag.topological_sort()] == ["extract", "build", "check", "publish"]
for task in dag.tasks:
    assert task.pool == found["POOL"] and task.retries == found["RETRIES"] and task.retry_exponential_backoff
    assert task.execution_timeout and task.max_retry_delay and task.on_failure_callback
    assert list(task.skip_on_exit_code) == [99]
    assert bool(task.outlets) == (task.task_id == "publish")
if pod:
    for task in dag.tasks:
        spec = task.build_pod_request_obj().spec
        box = spec.containers[0]
        assert box.image == found["KUBERNETES"]["image"] and f"--steps {task.task_id} " in box.args[0], box
        assert spec.volumes[0].persistent_volume_claim.claim_name == found["KUBERNETES"]["claim"]
        assert box.volume_mounts[0].mount_path == found["PROJECT"]
        assert [e.secret_ref.name for e in box.env_from] == [found["KUBERNETES"]["secret"]]
        assert {e.name for e in box.env} >= {"TRIBUTARY_PROJECT", "TRIBUTARY_FROM", "TRIBUTARY_TO", "TRIBUTARY_RUN_ID"}
print("ok", dag.dag_id)
