"""A pipeline compiled for Kubeflow and checked, with what to know before it is sent."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.cluster.spec.checks import check_package
from pipelines.cluster.spec.unpinned_images import unpinned_images
from pipelines.cluster.spec.unshared_paths import unshared_paths
from pipelines.config import PipelineName, TrainingRun


@dataclass(frozen=True, kw_only=True)
class CompiledPipeline:
    """A compiled pipeline. `notes` are sentences about what may go wrong on a cluster."""

    tasks: int
    notes: tuple[str, ...]


def compile_checked(
    path: Path, *, settings: TrainingRun, pipeline: PipelineName
) -> CompiledPipeline:
    """Write the YAML of a pipeline, and check it as far as that goes without a cluster.

    Raises:
        ConfigError: something in it does not fit.
    """
    from pipelines.dags.compiling import compile_to

    compile_to(path, settings=settings, pipeline=pipeline)
    notes = (*unshared_paths(settings, pipeline), *unpinned_images(settings.cluster, pipeline))
    return CompiledPipeline(tasks=check_package(path), notes=notes)
