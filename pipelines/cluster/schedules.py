"""Schedules: Kubeflow's recurring runs, made so that applying twice changes nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from components.common.errors import ConfigError, DataError
from pipelines.cluster.connect import Connection
from pipelines.cluster.errors import ClusterRefusedError
from pipelines.cluster.runs.client import Run, ensure_experiment, new_name, start
from pipelines.cluster.uploads import Uploaded, newest_version
from pipelines.schedule.config import ScheduleConfig

PREFIX = "graft-"

Change = Literal["created", "replaced", "unchanged"]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A recurring run. `version_id` is "" when each run takes the newest pipeline version.

    cron: as Kubeflow has it, with seconds first.
    alone: one run at a time, and none for times that were missed.
    """

    name: str
    cron: str
    pipeline_id: str
    version_id: str
    enabled: bool
    alone: bool
    recurring_run_id: str
    last_error: str = ""


def check_time_zone(schedule: ScheduleConfig) -> None:
    """Refuse a schedule that Kubeflow would start at another hour than is written.

    Its API has no time zone a schedule: the controller of recurring runs takes one for all from
    CRON_SCHEDULE_TIMEZONE (kubeflow/pipelines 2.17.0, manifests/kustomize/base/pipeline/
    ml-pipeline-scheduledworkflow-deployment.yaml).

    Raises:
        ConfigError: the clocks of `time_zone` and `server_time_zone` differ on a day of the year.
    """
    zones = [ZoneInfo(name) for name in (schedule.time_zone, schedule.server_time_zone)]
    days = (datetime.now(UTC) + timedelta(days=number) for number in range(366))
    if any(len({day.astimezone(zone).utcoffset() for zone in zones}) > 1 for day in days):
        raise ConfigError(
            f"a schedule.time_zone with the clock of Kubeflow ({schedule.server_time_zone})",
            received=schedule.time_zone,
            do="set cronScheduleTimezone in deploy/kubeflow/pipelines/time-zone.yaml, and "
            "schedule.server_time_zone, to that zone; or write time zone and cron in Kubeflow's",
        )


def apply(connection: Connection, *, name: str, cron: str, uploaded: Uploaded) -> Change:
    """Make sure that exactly one recurring run of this name is there, and that it is as asked.

    No catch-up, one run at a time, always the newest version of the pipeline. A server older than
    2.5 cannot do the last; there the run is pinned to what was just uploaded. The new one is made
    before old ones are removed, so a failure on the way leaves a schedule, and the next apply one.
    `cron` has five fields, in the time zone that the server is set to.

    Raises:
        ServerError: the server cannot be reached, refuses, or fails.
    """
    wanted = f"0 {cron}"
    there = [one for one in list_schedules(connection) if one.name == name]
    fitting = [one for one in there if _fits(one, wanted, uploaded, connection)]
    kept = fitting[0] if fitting else _create(connection, name, wanted, uploaded)
    for one in there:
        if one.recurring_run_id != kept.recurring_run_id:
            _delete(connection, one)
    if fitting:
        return "unchanged"
    return "replaced" if there else "created"


def list_schedules(connection: Connection) -> list[Schedule]:
    """Return Graft's recurring runs, by name."""
    found = connection.read_all(
        connection.recurring_runs.recurring_run_service_list_recurring_runs,
        items="recurring_runs",
        doing="list recurring runs",
        **connection.scope,
    )
    schedules = [_schedule(one) for one in found if (one.display_name or "").startswith(PREFIX)]
    return sorted(schedules, key=lambda one: (one.name, one.recurring_run_id))


def remove(connection: Connection, name: str) -> int:
    """Delete the recurring runs of a name and return how many there were; runs under way go on."""
    there = [one for one in list_schedules(connection) if one.name == name]
    for one in there:
        _delete(connection, one)
    return len(there)


def run_now(connection: Connection, name: str) -> Run:
    """Start one run of what a schedule starts, with the same pipeline and parameters.

    Raises:
        DataError: there is no schedule of that name.
        ServerError: the server cannot be reached, refuses, or fails.
    """
    there = list_schedules(connection)
    found = [one for one in there if one.name == name]
    if not found:
        known = ", ".join(one.name for one in there) or "there is none"
        raise DataError(
            f"a schedule ({known})",
            received=f"'{name}'",
            do="choose one, or make it with `graft schedule apply`",
        )
    version_id = found[0].version_id
    if not version_id:
        newest = newest_version(connection, found[0].pipeline_id)
        version_id = newest.pipeline_version_id if newest else ""
    return start(
        connection,
        name=new_name(name),
        pipeline_id=found[0].pipeline_id,
        version_id=version_id,
        parameters={},
    )


def _fits(one: Schedule, cron: str, uploaded: Uploaded, connection: Connection) -> bool:
    if one.version_id:  # pinned: a version uploaded since makes it stale
        newest = newest_version(connection, uploaded.pipeline_id)
        if newest is None or newest.pipeline_version_id != one.version_id:
            return False
    return (
        one.pipeline_id == uploaded.pipeline_id and one.cron == cron and one.enabled and one.alone
    )


def _create(connection: Connection, name: str, cron: str, uploaded: Uploaded) -> Schedule:
    experiment_id = ensure_experiment(connection)
    reference = {"pipeline_id": uploaded.pipeline_id}
    try:
        made = _send(connection, name, cron, experiment_id, **reference)
    except ClusterRefusedError as error:
        if error.status != 400:
            raise
        reference["pipeline_version_id"] = uploaded.version_id
        made = _send(connection, name, cron, experiment_id, **reference)
    return _schedule(made)


def _send(
    connection: Connection, name: str, cron: str, experiment_id: str, **reference: str
) -> Any:
    import kfp_server_api as api

    return connection.create(
        connection.recurring_runs.recurring_run_service_create_recurring_run,
        api.V2beta1RecurringRun(
            display_name=name,
            experiment_id=experiment_id,
            mode=api.RecurringRunMode.ENABLE,
            max_concurrency="1",
            no_catchup=True,
            trigger=api.V2beta1Trigger(cron_schedule=api.V2beta1CronSchedule(cron=cron)),
            pipeline_version_reference=api.V2beta1PipelineVersionReference(**reference),
            runtime_config=api.V2beta1RuntimeConfig(parameters={}),
        ),
        doing=f"create the recurring run {name}",
    )


def _delete(connection: Connection, one: Schedule) -> None:
    try:
        connection.read(
            connection.recurring_runs.recurring_run_service_delete_recurring_run,
            one.recurring_run_id,
            doing=f"remove the recurring run {one.name}",
        )
    except ClusterRefusedError as error:
        if error.status != 404:  # already gone
            raise


def _schedule(one: Any) -> Schedule:
    import kfp_server_api as api

    reference = one.pipeline_version_reference
    trigger = one.trigger.cron_schedule if one.trigger else None
    return Schedule(
        name=one.display_name,
        cron=(trigger.cron or "") if trigger else "",
        pipeline_id=(reference.pipeline_id or "") if reference else "",
        version_id=(reference.pipeline_version_id or "") if reference else "",
        enabled=one.mode == api.RecurringRunMode.ENABLE,
        alone=int(one.max_concurrency or 0) == 1 and bool(one.no_catchup),
        recurring_run_id=one.recurring_run_id,
        last_error=(one.error.message or "") if one.error else "",
    )
