"""Upload a pipeline so that equal content is one version, however often it is sent."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.cluster.connect import Connection
from pipelines.cluster.filters import all_pages, named


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """A pipeline's newest version on the server. `fresh` is False when it was there already."""

    pipeline_id: str
    version_id: str
    version_name: str
    fresh: bool


def upload(connection: Connection, package: Path, *, name: str) -> Uploaded:
    """Make sure that the newest version of a pipeline is this package.

    Args:
        connection: to the server.
        package: the compiled YAML.
        name: the pipeline's, made if it is not there.

    Raises:
        ServerError: the server cannot be reached, refuses, or fails.
    """
    version_name = hashlib.sha256(package.read_bytes()).hexdigest()[:12]
    pipeline_id = find_pipeline(connection, name) or _make_pipeline(connection, name)
    newest = newest_version(connection, pipeline_id)
    if newest is not None and newest.display_name == version_name:
        return Uploaded(
            pipeline_id=pipeline_id,
            version_id=newest.pipeline_version_id,
            version_name=version_name,
            fresh=False,
        )
    version = _send(connection, package, pipeline_id, version_name)
    return Uploaded(
        pipeline_id=pipeline_id,
        version_id=version.pipeline_version_id,
        version_name=version.display_name,
        fresh=True,
    )


def find_pipeline(connection: Connection, name: str) -> str | None:
    """Return a pipeline's id, None when there is no such pipeline."""
    found = all_pages(
        connection,
        connection.pipelines.pipeline_service_list_pipelines,
        items="pipelines",
        doing="list pipelines",
        filter=named(name),
        **_namespace(connection),
    )
    exact = [one for one in found if one.display_name == name]
    return str(exact[0].pipeline_id) if exact else None


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
        kfp_server_api.V2beta1Pipeline(display_name=name, **_namespace(connection)),
        doing=f"create the pipeline {name}",
    )
    return str(made.pipeline_id)


def _send(connection: Connection, package: Path, pipeline_id: str, version_name: str) -> Any:
    from pipelines.cluster.errors import ClusterRefusedError

    try:
        return connection.create(
            connection.uploads.upload_pipeline_version,
            str(package),
            doing="upload a pipeline version",
            name=version_name,
            pipelineid=pipeline_id,
        )
    except ClusterRefusedError as error:
        # Equal content, but older than the newest: names are taken for good, so it gets a suffix.
        if error.status != 409:
            raise
        taken = all_pages(
            connection,
            connection.pipelines.pipeline_service_list_pipeline_versions,
            pipeline_id,
            items="pipeline_versions",
            doing="list pipeline versions",
        )
        return connection.create(
            connection.uploads.upload_pipeline_version,
            str(package),
            doing="upload a pipeline version",
            name=f"{version_name}-{len(taken) + 1}",
            pipelineid=pipeline_id,
        )


def _namespace(connection: Connection) -> dict[str, str]:
    return {"namespace": connection.namespace} if connection.namespace else {}
