"""Upload a pipeline so that equal content is one version, however often it is sent."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.cluster.connect import Connection
from pipelines.cluster.errors import ClusterRefusedError


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """A pipeline's newest version on the server. `fresh` is False when it was there already."""

    pipeline_id: str
    version_id: str
    version_name: str
    fresh: bool


def upload(connection: Connection, package: Path, *, name: str) -> Uploaded:
    """Make sure that the newest version of a pipeline is this compiled YAML.

    Raises:
        ServerError: the server cannot be reached, refuses, or fails.
    """
    version_name = hashlib.sha256(package.read_bytes()).hexdigest()[:12]
    pipeline_id = find_pipeline(connection, name) or _make_pipeline(connection, name)
    newest = newest_version(connection, pipeline_id)
    known = newest is not None and newest.display_name == version_name
    version: Any = newest if known else _send(connection, package, pipeline_id, version_name)
    return Uploaded(
        pipeline_id=pipeline_id,
        version_id=version.pipeline_version_id,
        version_name=version.display_name,
        fresh=not known,
    )


def find_pipeline(connection: Connection, name: str) -> str | None:
    """Return a pipeline's id, None when there is no such pipeline."""
    list_them = connection.pipelines.pipeline_service_list_pipelines
    found = connection.read_named(list_them, name, items="pipelines")
    return str(found.pipeline_id) if found else None


def newest_version(connection: Connection, pipeline_id: str) -> Any | None:
    """Return the version that was uploaded last, None when there is none."""
    answer = connection.read(
        connection.pipelines.pipeline_service_list_pipeline_versions,
        pipeline_id,
        doing="list pipeline versions",
        page_size=1,
        sort_by="created_at desc",
    )
    return next(iter(answer.pipeline_versions or ()), None)


def _make_pipeline(connection: Connection, name: str) -> str:
    import kfp_server_api

    made = connection.create(
        connection.pipelines.pipeline_service_create_pipeline,
        kfp_server_api.V2beta1Pipeline(display_name=name, **connection.scope),
        doing=f"create the pipeline {name}",
    )
    return str(made.pipeline_id)


def _send(connection: Connection, package: Path, pipeline_id: str, version_name: str) -> Any:
    def send(name: str) -> Any:
        return connection.create(
            connection.uploads.upload_pipeline_version,
            str(package),
            doing="upload a pipeline version",
            name=name,
            pipelineid=pipeline_id,
        )

    try:
        return send(version_name)
    except ClusterRefusedError as error:
        # Equal content, but older than the newest: names are taken for good, so it gets a suffix.
        if error.status != 409:
            raise
        taken = connection.read_all(
            connection.pipelines.pipeline_service_list_pipeline_versions,
            pipeline_id,
            items="pipeline_versions",
            doing="list pipeline versions",
        )
        return send(f"{version_name}-{len(taken) + 1}")
