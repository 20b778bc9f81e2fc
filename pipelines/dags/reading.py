"""The start that all pipelines share: pictures are read, on a cluster only if they are others."""

from typing import Any

from components.ingest.component import fingerprint, ingest


def read_pictures(*, config: Any, run: Any, lasting: str) -> Any:
    """Add the task `ingest` to the pipeline that is being traced, and return it.

    On a cluster `fingerprint` comes before it and is never cached: Kubeflow compares the arguments
    of tasks, and sees by the digest whether the pictures behind an unchanged path are the same.

    Args:
        config: the section of ingest.
        run: the RunContext, a pipeline parameter.
        lasting: the RunContext without what differs between runs that compute the same, as JSON;
            "" on this machine, where steps find earlier results by themselves.
    """
    if not lasting:
        ingested = ingest(config=config, run=run)
        ingested.set_caching_options(False)
        return ingested
    seen = fingerprint(config=config, run=run)
    seen.set_caching_options(False)
    return ingest(config=config, run=lasting, fingerprint=seen.outputs["Output"])
