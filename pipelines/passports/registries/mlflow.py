"""MLflow: a registered model's version, and the run that holds figures, passport and files.

MLflow counts the versions of a name itself; Graft's number is the tag `graft.version`.
"""

import os
import time
from typing import Any

from components.common.errors import PublishError, first_line
from pipelines.passports.register import (
    SHA256,
    Registered,
    RegistryEntry,
    check_same,
    not_installed,
)
from pipelines.passports.register import unreachable as nobody_answers

EXPERIMENT = "graft"


def register(entry: RegistryEntry, *, uri: str) -> Registered:
    """Register a version; its files are uploaded, unless they lie where others find them.

    Raises:
        ConfigError: MLflow is not installed.
        UnreachableError: nobody answers at the address.
        PublishError: MLflow has another model under this number, or refuses this one.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    # Left alone it tries a wrong address for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise not_installed("MLflow", "mlflow") from None
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    try:
        return _registered(client, entry, uri=uri)
    except MlflowException as error:
        if "API request to" in str(error):  # no answer of MLflow's own
            connected = "failed with exception" not in str(error)
            reason = first_line(error) if connected else "no connection"
            raise nobody_answers("an MLflow server", uri, reason) from None
        raise PublishError(
            f"MLflow at {uri} to take '{entry.name}'",
            received=f"'{first_line(error)}'",
            do="correct what it names",
        ) from None


def _registered(client: Any, entry: RegistryEntry, *, uri: str) -> Registered:
    for known in client.search_model_versions(f"name = '{entry.name}'"):
        if known.tags.get("graft.version") == entry.facts["graft.version"]:
            check_same(entry, known.tags.get(SHA256), where=uri)
            return Registered(name=entry.name, version=str(known.version), already=True)
    if not client.search_registered_models(f"name = '{entry.name}'"):
        client.create_registered_model(entry.name)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    number = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
    run = client.create_run(number, run_name=f"{entry.name}-{entry.version}", tags=entry.facts)
    try:
        source = _filled(client, run, entry)
        made = client.create_model_version(
            entry.name,
            source,
            run_id=run.info.run_id,
            tags=entry.facts,
            description=entry.description,
            await_creation_for=0,
        )
    except BaseException:
        client.set_terminated(run.info.run_id, "FAILED")
        raise
    client.set_terminated(run.info.run_id)
    return Registered(name=entry.name, version=str(made.version), already=False)


def _filled(client: Any, run: Any, entry: RegistryEntry) -> str:
    """Put figures, passport and files into the run; return where the files are."""
    from mlflow.entities import Metric

    now_ms = int(time.time() * 1000)
    figures = [Metric(name, value, now_ms, 0) for name, value in entry.figures.items()]
    client.log_batch(run.info.run_id, metrics=figures)
    for path in (entry.passport, entry.page):
        if path.is_file():
            client.log_artifact(run.info.run_id, str(path), "passport")
    if entry.stored_at:
        return entry.stored_at
    client.log_artifacts(run.info.run_id, str(entry.folder), "model")
    return f"{run.info.artifact_uri}/model"
