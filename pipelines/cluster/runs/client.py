"""Runs on Kubeflow Pipelines: start, follow, find, list, cancel."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from components.common.errors import DataError, ServerError
from components.common.run_context import run_page
from pipelines.cluster.connect import Connection, named
from pipelines.cluster.errors import ClusterRefusedError
from pipelines.cluster.runs.tasks import DONE, RunTask, known_time, tasks_of

EXPERIMENT = "graft"
LATEST = "latest"
_EXIT_CODES = {"SUCCEEDED": 0, "CANCELED": 130}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as the API shows it now.

    state: PENDING, RUNNING, SUCCEEDED, SKIPPED, FAILED, CANCELING, CANCELED or PAUSED.
    parameters: what it was started with, by name; {} when it took the pipeline's defaults.
    """

    run_id: str
    name: str
    state: str
    created: datetime | None
    seconds: float
    pipeline_id: str
    version_id: str
    recurring_run_id: str
    error: str
    parameters: Mapping[str, Any]
    tasks: tuple[RunTask, ...]

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in DONE

    @property
    def exit_code(self) -> int:
        """0 when it succeeded, 130 when it was cancelled, else 1."""
        return _EXIT_CODES.get(self.state, 1)


def start(
    connection: Connection,
    *,
    name: str,
    pipeline_id: str,
    version_id: str,
    parameters: Mapping[str, Any],
    service_account: str = "",
) -> Run:
    """Start one run, and no second one when the answer gets lost.

    Args:
        connection: to the server.
        name: a fresh one, see `new_name`: by it a run is found whose answer was lost.
        pipeline_id, version_id: what is run.
        parameters: by name; those left out take the pipeline's defaults.
        service_account: of the pods; "" takes the server's default.

    Raises:
        ServerError: the server cannot be reached, refuses, or fails, and no run was started.
    """
    import kfp_server_api as api

    body = api.V2beta1Run(
        display_name=name,
        experiment_id=ensure_experiment(connection),
        pipeline_version_reference=api.V2beta1PipelineVersionReference(
            pipeline_id=pipeline_id, pipeline_version_id=version_id
        ),
        runtime_config=api.V2beta1RuntimeConfig(parameters=dict(parameters)),
        service_account=service_account or None,
    )
    doing = f"start the run {name}"
    try:
        made = connection.create(connection.runs.run_service_create_run, body, doing=doing)
    except ClusterRefusedError:
        raise
    except ServerError:
        found = _newest(connection, 1, filter=named(name))
        if not found or found[0].name != name:
            raise
        return found[0]
    return _run(made)


def new_name(base: str) -> str:
    """Return a name that no run has: with the time, and a few random digits."""
    return f"{base}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def get(connection: Connection, run_id: str) -> Run:
    """Return a run by its id.

    Raises:
        ServerError: the server cannot be reached, refuses (404: no such run), or fails.
    """
    return _run(connection.read(connection.runs.run_service_get_run, run_id, doing="get the run"))


def find(connection: Connection, word: str) -> Run:
    """Return a run by its id, by its name (the newest of that name), or "latest".

    Raises:
        DataError: there is none.
        ServerError: the server cannot be reached, refuses, or fails.
    """
    if word == LATEST:
        found = list_runs(connection, limit=1)
    else:
        try:
            return get(connection, word)
        except ClusterRefusedError as error:
            if error.status not in {400, 404}:
                raise
        found = _newest(connection, 1, filter=named(word))
    if not found:
        raise DataError(
            "the id or name of a run",
            received=f"'{word}', which no run has",
            do="choose one that `graft runs list` shows",
        )
    return get(connection, found[0].run_id)


def follow(
    connection: Connection, run: Run, *, on_change: Callable[[Run], None], poll_s: float = 5.0
) -> Run:
    """Report a run, and each answer after `poll_s` again, until it is over.

    Raises:
        ServerError: the server stayed silent longer than the connection's patience, or the login
            ran out. The run itself goes on.
    """
    while True:
        on_change(run)
        if run.over:
            return run
        time.sleep(poll_s)
        run = get(connection, run.run_id)


def experiment_id(connection: Connection) -> str | None:
    """Return the id of the experiment that holds all that Graft starts, None without it."""
    list_them = connection.experiments.experiment_service_list_experiments
    found = connection.read_named(list_them, EXPERIMENT, items="experiments")
    return str(found.experiment_id) if found else None


def ensure_experiment(connection: Connection) -> str:
    """Return the id of Graft's experiment, made if it is not there."""
    import kfp_server_api as api

    known = experiment_id(connection)
    if known is not None:
        return known
    made = connection.create(
        connection.experiments.experiment_service_create_experiment,
        api.V2beta1Experiment(display_name=EXPERIMENT, **connection.scope),
        doing=f"create the experiment {EXPERIMENT}",
    )
    return str(made.experiment_id)


def list_runs(connection: Connection, *, limit: int) -> tuple[Run, ...]:
    """Return Graft's newest runs, at most `limit` (1 to 200), newest first; without their tasks."""
    experiment = experiment_id(connection)
    return _newest(connection, limit, experiment_id=experiment) if experiment else ()


def cancel(connection: Connection, run: Run) -> bool:
    """Stop a run; its exit step still runs.

    Returns:
        False when it was over already.
    """
    if run.over:
        return False
    connection.read(
        connection.runs.run_service_terminate_run, run.run_id, doing=f"cancel the run {run.name}"
    )
    return True


def parameters_of(connection: Connection, run: Run) -> dict[str, Any]:
    """Return what a run was started with, the pipeline's defaults where it said nothing."""
    defaults: dict[str, Any] = {}
    if run.pipeline_id and run.version_id:
        version = connection.read(
            connection.pipelines.pipeline_service_get_pipeline_version,
            run.pipeline_id,
            run.version_id,
            doing="get the pipeline version",
        )
        spec = version.pipeline_spec or {}
        spec = spec.get("pipeline_spec", spec)  # with a platform spec there are two in one
        inputs = spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
        defaults = {name: one.get("defaultValue") for name, one in inputs.items()}
    return {**defaults, **run.parameters}


def link(connection: Connection, *runs: Run) -> str:
    """Return the page of a run, or that which compares several, in Kubeflow's own interface."""
    if len(runs) == 1:
        return run_page(connection.ui, runs[0].run_id)
    return f"{connection.ui}/#/compare?runlist={','.join(one.run_id for one in runs)}"


def _newest(connection: Connection, limit: int, **options: Any) -> tuple[Run, ...]:
    answer = connection.read(
        connection.runs.run_service_list_runs,
        doing="list runs",
        sort_by="created_at desc",
        page_size=limit,
        **connection.scope,
        **options,
    )
    return tuple(_run(one) for one in answer.runs or ())


def _run(one: Any) -> Run:
    reference = one.pipeline_version_reference
    created, finished = known_time(one.created_at), known_time(one.finished_at)
    seconds = ((finished or datetime.now(UTC)) - created).total_seconds() if created else 0.0
    return Run(
        run_id=one.run_id,
        name=one.display_name or "",
        state=str(one.state or "PENDING"),
        created=created,
        seconds=max(0.0, seconds),
        pipeline_id=(reference.pipeline_id or "") if reference else "",
        version_id=(reference.pipeline_version_id or "") if reference else "",
        recurring_run_id=one.recurring_run_id or "",
        error=(one.error.message or "") if one.error else "",
        parameters=dict((one.runtime_config.parameters if one.runtime_config else None) or {}),
        tasks=tasks_of(one),
    )
