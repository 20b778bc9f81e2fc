"""Compile a pipeline with one preset's settings as parameter defaults."""

from pathlib import Path
from typing import Any

from components.common import config
from components.common.run_context import RunContext
from pipelines.arguments import (
    git_commit,
    monitoring_arguments,
    pipeline_arguments,
    tuning_arguments,
)
from pipelines.config import TrainingRun


def compile_training(settings: TrainingRun, output: Path) -> None:
    """Write the training pipeline's KFP YAML.

    Args:
        settings: become the defaults of the pipeline's parameters, so that the YAML runs as it is.
        output: the file; parent folders are made.
    """
    from pipelines.training import training_pipeline

    _compile(training_pipeline, pipeline_arguments(settings, _context(settings)), output)


def compile_tuning(settings: TrainingRun, output: Path) -> None:
    """Write the tuning pipeline's KFP YAML, as `compile_training`."""
    from pipelines.tuning import tuning_pipeline

    pipeline = tuning_pipeline(parallelism=settings.tune.plan.parallelism)
    _compile(pipeline, tuning_arguments(settings, _context(settings)), output)


def compile_monitoring(settings: TrainingRun, output: Path) -> None:
    """Write the monitoring pipeline's KFP YAML, as `compile_training`."""
    from pipelines.monitoring import monitoring_pipeline

    _compile(monitoring_pipeline, monitoring_arguments(settings, _context(settings)), output)


def _context(settings: TrainingRun) -> RunContext:
    return RunContext(run_id="kubeflow", commit=git_commit(), config_sha256=config.digest(settings))


def _compile(pipeline: Any, arguments: dict[str, str], output: Path) -> None:
    from kfp import compiler

    output.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(pipeline, str(output), pipeline_parameters=arguments)
