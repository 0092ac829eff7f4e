"""Nights of Tributary: extract, build, check and publish, each a task.

One file for Airflow 2.11 and 3.x. `tributary airflow dag` writes it; what is between the two lines of settings is the project's.
docs/airflow.md says what a night needs of Airflow: a pool of one slot, and the environment or the connections that hold the secrets.
"""

from __future__ import annotations

import json
import logging
import os
import re
import urllib.request
from datetime import timedelta

import pendulum

try:
    from airflow.sdk import DAG, Asset, Connection, CronDataIntervalTimetable
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:  # 2.11
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
    from airflow.models.connection import Connection
    from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.providers.standard.operators.bash import BashOperator

# settings: begin
DAG_ID = "tributary_acme"
PROJECT = "/srv/acme"  # the project folder, as the worker or the pod sees it
COMMAND = "tributary"
SCHEDULE = "15 2 * * *"
TIME_ZONE = "Europe/Berlin"
START = "2026-01-01"
POOL = "tributary"  # of one slot: a project has one writer at a time
RETRIES = 3
RETRY_DELAY = 300  # seconds before the second try; doubled for each one after it, up to RETRY_DELAY_MAX
RETRY_DELAY_MAX = 1800
TIMEOUT = 14400  # seconds that one step may take
ASSET = "tributary://acme/warehouse"
CONNECTIONS: dict[str, str] = {}  # variables of the environment that are filled from Airflow's connections, by id
KUBERNETES: dict[str, str] = {}  # empty: on the worker itself; else image, namespace, claim and secret of pods
# settings: end

NOTHING_NEW = 99  # tributary ends with it when this night is published already: the task is skipped, and those after it
FINAL = {
    2: "the configuration, a rule or the command line is wrong: mend what the log names",
    3: "bad data or failed checks: readers keep what was published before (docs/operations.md)",
}
NO_ACCRUALS = 4  # published, but an exchange rate is missing

published = Asset(ASSET)
log = logging.getLogger(__name__)


def tell(context, says=""):
    """Say which task needs somebody, in the log and, when TRIBUTARY_WEBHOOK is set, to the webhook."""
    ti = context["task_instance"]
    text = f"{ti.dag_id}, task {ti.task_id}, run {ti.run_id}, try {ti.try_number}: {says or context.get('exception') or 'failed'}"
    log.error("%s", text)
    hook = os.environ.get("TRIBUTARY_WEBHOOK")
    if not hook:
        return
    message = {"text": text, "dag_id": ti.dag_id, "task_id": ti.task_id, "run_id": ti.run_id, "try": ti.try_number, "log": ti.log_url}
    request = urllib.request.Request(hook, json.dumps(message).encode(), {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except OSError as problem:  # the address may hold a token, and the problem may name it
        log.error("the webhook was not told: %s", type(problem).__name__)


def judged(execute, context):
    """Read tributary's exit code and last line: what no retry mends fails at once, and a night without accruals is told of."""
    try:
        last = execute(context)
    except AirflowSkipException:
        raise
    except AirflowException as failure:
        code = re.search(r"exit[ _]?code\D{1,4}(\d+)", str(failure), re.IGNORECASE)
        if code and int(code[1]) in FINAL:
            raise AirflowFailException(FINAL[int(code[1])]) from failure
        raise
    try:
        night = json.loads(last)
    except (TypeError, ValueError):  # a pod hands nothing over
        return last
    if night.get("exit_code") == NO_ACCRUALS:
        tell(context, f"published as of {night.get('as_of')}, without accruals: {night.get('error')}")
    if context["task"].outlets:
        context["outlet_events"][published].extra = {name: night[name] for name in ("as_of", "commit", "warehouse") if night.get(name)}
    return last


class Night(BashOperator):
    """A step on the worker itself."""

    def execute(self, context):
        return judged(super().execute, context)

    def get_env(self, context):
        env = super().get_env(context)
        for variable, connection in CONNECTIONS.items():  # read here, so that they are in no rendered template
            find = getattr(Connection, "get", None) or Connection.get_connection_from_secrets
            env[variable] = find(connection).get_uri()
        return env


def command(step):
    """The command line of a step. What comes from the run is handed over in the environment, where nothing is quoted."""
    skip = f" --skip-code {NOTHING_NEW}" if step == "build" else ""
    return (
        f'{COMMAND} run --project "$TRIBUTARY_PROJECT" --steps {step} --from "$TRIBUTARY_FROM" --to "$TRIBUTARY_TO"'
        f' --run-id "$TRIBUTARY_RUN_ID" --json{skip} || {{ code=$?; [ $code -eq {NO_ACCRUALS} ] || exit $code; }}'
    )


def lineage(macro):
    """The run that Airflow's OpenLineage provider tells of; empty without the provider, or where it is not told to tell anybody."""
    return "{{ macros.OpenLineageProviderPlugin." + macro + "(task_instance) if macros.OpenLineageProviderPlugin is defined }}"


def environment():
    return {
        "TRIBUTARY_PROJECT": PROJECT,
        "TRIBUTARY_FROM": "{{ data_interval_start | ts }}",
        "TRIBUTARY_TO": "{{ data_interval_end | ts }}",
        "TRIBUTARY_RUN_ID": "{{ run_id }}",
        "OPENLINEAGE_PARENT_ID": lineage("lineage_parent_id"),
        "OPENLINEAGE_ROOT_PARENT_ID": lineage("lineage_root_parent_id"),
    }


def on_worker(step, **settings):
    return Night(task_id=step, bash_command=command(step), env=environment(), append_env=True, skip_on_exit_code=NOTHING_NEW, **settings)


def in_pod(step, **settings):
    """A step in a pod of its own. The claim holds the project, lake and warehouse; the secret's keys become the environment."""
    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from kubernetes.client import models as k8s

    class Pod(KubernetesPodOperator):
        def execute(self, context):
            return judged(super().execute, context)

    secret = KUBERNETES.get("secret")
    return Pod(
        task_id=step, name=f"{DAG_ID}-{step}".replace("_", "-"), image=KUBERNETES["image"], namespace=KUBERNETES["namespace"],
        cmds=["/bin/sh", "-c"], arguments=[command(step)], env_vars=environment(),
        env_from=[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name=secret))] if secret else [],
        volumes=[k8s.V1Volume(name="project", persistent_volume_claim=k8s.V1PersistentVolumeClaimVolumeSource(claim_name=KUBERNETES["claim"]))],
        volume_mounts=[k8s.V1VolumeMount(name="project", mount_path=PROJECT)],
        security_context={"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001},
        skip_on_exit_code=NOTHING_NEW, on_finish_action="delete_pod", get_logs=True, termination_grace_period=120, **settings,
    )


with DAG(
    dag_id=DAG_ID,
    description=f"Tributary's nights of {PROJECT}",
    schedule=CronDataIntervalTimetable(SCHEDULE, timezone=TIME_ZONE),
    start_date=pendulum.parse(START, tz=TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "tributary",
        "pool": POOL,
        "retries": RETRIES,
        "retry_delay": timedelta(seconds=RETRY_DELAY),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(seconds=RETRY_DELAY_MAX),
        "execution_timeout": timedelta(seconds=TIMEOUT),
        "on_failure_callback": tell,
    },
    tags=["tributary"],
    doc_md=__doc__,
) as dag:
    make = in_pod if KUBERNETES else on_worker
    make("extract") >> make("build") >> make("check") >> make("publish", outlets=[published])
