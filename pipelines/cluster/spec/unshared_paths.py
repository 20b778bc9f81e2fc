"""Paths that a pod would not have: what works on this machine may point nowhere on a cluster."""

from pathlib import PurePosixPath

from pipelines.config import PipelineName, TrainingRun
from pipelines.dags import PIPELINES


def unshared_paths(settings: TrainingRun, pipeline: PipelineName) -> tuple[str, ...]:
    """Return a sentence for each path that lies in none of the cluster's volumes.

    Such a path may still be right, where the image holds it; what is written there is lost.
    """
    paths = {
        "ingest.path": settings.ingest.path,
        "model_base_path": settings.model_base_path,
        "train.weights": settings.train.weights if "/" in settings.train.weights else "",
        "monitor.log": settings.monitor.log if "monitor" in PIPELINES[pipeline].steps else "",
    }
    volumes = [PurePosixPath(volume.path) for volume in settings.cluster.volumes]
    return tuple(
        f"{name} is '{path}', which is in none of cluster.volumes: pods will not share it"
        for name, path in paths.items()
        if path and "://" not in path and not any(_inside(path, volume) for volume in volumes)
    )


def _inside(path: str, volume: PurePosixPath) -> bool:
    return ".." not in PurePosixPath(path).parts and PurePosixPath(path).is_relative_to(volume)
