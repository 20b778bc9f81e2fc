"""Compile a pipeline with one preset's settings as parameter defaults."""

import dataclasses
from pathlib import Path, PurePosixPath
from typing import Any

from components.common import config
from components.common.artifacts.model_folder import RUNS
from components.common.run_context import ANY_RUN, RunContext
from pipelines.cluster.spec.nodes import nodes_section
from pipelines.config import PipelineName, TrainingRun
from pipelines.dags import arguments, drawn
from pipelines.dags.contexts import git_commit


def compile_to(
    output: Path, *, settings: TrainingRun, pipeline: PipelineName, deadline_s: int = 0
) -> None:
    """Write a pipeline's KFP YAML; parent folders are made.

    The settings become the defaults of its parameters, so that the YAML runs as it is. A run is
    stopped `deadline_s` after its start; 0 leaves Kubeflow's own deadline.
    """
    from kfp import compiler

    from pipelines.dags.drawing import Fixed

    # Without the digest of all settings, as each step has its own; with the commit, as an image's
    # tag need not speak of other code.
    lasting = dataclasses.replace(_context(settings), config_sha256="")
    fixed = Fixed(
        lasting=config.to_plain(lasting),
        nodes=nodes_section(settings.cluster),
        parallelism=settings.tune.plan.parallelism,
        cluster=settings.cluster,
        deadline_s=deadline_s,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(
        drawn(pipeline, fixed),
        str(output),
        pipeline_parameters=cluster_arguments(settings, pipeline),
    )


def cluster_arguments(settings: TrainingRun, pipeline: PipelineName) -> dict[str, dict[str, Any]]:
    """Return the arguments that `compile_to` makes the defaults of the pipeline's parameters."""
    return arguments(pipeline, settings, _context(settings))


def _context(settings: TrainingRun) -> RunContext:
    runs = PurePosixPath(settings.model_base_path) / settings.model_name / RUNS
    return RunContext(
        run_id=ANY_RUN,
        commit=git_commit(),
        config_sha256=config.digest(settings),
        store=str(runs) if settings.cluster.shares(str(runs)) else "",
        ui=settings.cluster.ui,
    )
