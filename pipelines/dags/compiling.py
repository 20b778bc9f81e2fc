"""Compile a pipeline with one preset's settings as parameter defaults."""

import dataclasses
from pathlib import Path
from typing import Any

from components.common import config
from components.common.run_context import RunContext
from pipelines.cluster.spec.nodes import nodes_json
from pipelines.cluster.spec.task_settings import with_settings
from pipelines.config import PipelineName, TrainingRun
from pipelines.dags.arguments import (
    git_commit,
    monitoring_arguments,
    pipeline_arguments,
    tuning_arguments,
)


def compile_to(output: Path, *, settings: TrainingRun, pipeline: PipelineName) -> None:
    """Write the KFP YAML of the pipeline of that name."""
    {
        "training": compile_training,
        "tuning": compile_tuning,
        "monitoring": compile_monitoring,
    }[pipeline](settings, output)


def cluster_arguments(settings: TrainingRun, pipeline: PipelineName) -> dict[str, str]:
    """Return the arguments that `compile_to` makes the defaults of the pipeline's parameters."""
    arguments = {
        "training": pipeline_arguments,
        "tuning": tuning_arguments,
        "monitoring": monitoring_arguments,
    }
    return arguments[pipeline](settings, _context(settings))


def compile_training(settings: TrainingRun, output: Path) -> None:
    """Write the training pipeline's KFP YAML.

    Args:
        settings: become the defaults of the pipeline's parameters, so that the YAML runs as it is.
        output: the file; parent folders are made.
    """
    from pipelines.dags.training import training_of

    _compile(
        with_settings(
            training_of(_lasting(settings), nodes_json(settings.cluster)), settings.cluster
        ),
        cluster_arguments(settings, "training"),
        output,
    )


def compile_tuning(settings: TrainingRun, output: Path) -> None:
    """Write the tuning pipeline's KFP YAML, as `compile_training`."""
    from pipelines.dags.tuning import tuning_pipeline

    pipeline = tuning_pipeline(
        parallelism=settings.tune.plan.parallelism, lasting=_lasting(settings)
    )
    _compile(
        with_settings(pipeline, settings.cluster), cluster_arguments(settings, "tuning"), output
    )


def compile_monitoring(settings: TrainingRun, output: Path) -> None:
    """Write the monitoring pipeline's KFP YAML, as `compile_training`."""
    from pipelines.dags.monitoring import monitoring_of, retraining_of

    retraining = retraining_of(_lasting(settings), nodes_json(settings.cluster))
    pipeline = monitoring_of(with_settings(retraining, settings.cluster))
    _compile(
        with_settings(pipeline, settings.cluster), cluster_arguments(settings, "monitoring"), output
    )


def _context(settings: TrainingRun) -> RunContext:
    return RunContext(run_id="kubeflow", commit=git_commit(), config_sha256=config.digest(settings))


def _lasting(settings: TrainingRun) -> str:
    """Return the context of steps that may be reused.

    Without the digest of all settings, each step has its own; with the commit, as an image's tag
    need not tell of other code.
    """
    return config.to_json(dataclasses.replace(_context(settings), config_sha256=""))


def _compile(pipeline: Any, arguments: dict[str, str], output: Path) -> None:
    from kfp import compiler

    output.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(pipeline, str(output), pipeline_parameters=arguments)
