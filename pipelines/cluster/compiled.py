"""A pipeline compiled for Kubeflow and checked, with what to know before it is sent."""

import re
from pathlib import Path

from components.common.images import CPU_IMAGE, CPU_IMAGE_VARIABLE, GPU_IMAGE, GPU_IMAGE_VARIABLE
from pipelines.cluster.config import ClusterConfig
from pipelines.cluster.spec.checks import check_package
from pipelines.config import PipelineName, TrainingRun
from pipelines.dags import PIPELINES

# A digest, or the tag of tools/build_image.sh.
_BY_CONTENT = re.compile(r"@sha256:[0-9a-f]{64}$|:[0-9a-f]{16}$")


def compile_checked(
    path: Path, *, settings: TrainingRun, pipeline: PipelineName, deadline_s: int = 0
) -> tuple[int, tuple[str, ...]]:
    """Write the YAML of a pipeline as `compile_to` does, and check it without a cluster.

    Returns:
        How many tasks it has, and sentences about what may go wrong on a cluster.

    Raises:
        ConfigError: something in it does not fit.
    """
    from pipelines.dags.compiling import compile_to

    compile_to(path, settings=settings, pipeline=pipeline, deadline_s=deadline_s)
    notes = (*unshared_paths(settings, pipeline), *unpinned_images(settings.cluster, pipeline))
    return check_package(path), notes


def unshared_paths(settings: TrainingRun, pipeline: PipelineName) -> tuple[str, ...]:
    """Return a sentence for each path that lies in none of the cluster's volumes.

    Such a path may still be right, where the image holds it; what is written there is lost.
    """
    paths = {
        "ingest.path": "" if settings.ingest.data_rev else settings.ingest.path,
        "ingest.data_remote": settings.ingest.data_remote,
        "model_base_path": settings.model_base_path,
        "train.weights": settings.train.weights if "/" in settings.train.weights else "",
        "monitor.log": settings.monitor.log if "monitor" in PIPELINES[pipeline].steps else "",
    }
    return tuple(
        f"{name} is '{path}', which is in none of cluster.volumes: pods will not share it"
        for name, path in paths.items()
        if path and "://" not in path and not settings.cluster.shares(path)
    )


def unpinned_images(cluster: ClusterConfig, pipeline: PipelineName) -> tuple[str, ...]:
    """Return a sentence for each image of the pipeline whose name any build may have.

    Kubeflow reuses results by the image's name.
    """
    on_nodes = cluster.train_nodes.count > 1 and PIPELINES[pipeline].shares_nodes
    used = {CPU_IMAGE: CPU_IMAGE_VARIABLE}
    if cluster.accelerator.count or on_nodes:
        used[GPU_IMAGE] = GPU_IMAGE_VARIABLE
    return tuple(
        f"{image} may be any build, so Kubeflow may reuse what an older one made of this commit: "
        f"set {variable} to the name that `make image` prints"
        for image, variable in used.items()
        if not _BY_CONTENT.search(image)
    )
