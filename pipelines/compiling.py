"""Compile the training pipeline with one preset's settings as parameter defaults."""

from pathlib import Path

from components.common import config
from components.common.run_context import RunContext
from pipelines.arguments import git_commit, pipeline_arguments
from pipelines.config import TrainingRun


def compile_training(settings: TrainingRun, output: Path) -> None:
    """Write the KFP YAML.

    Args:
        settings: become the defaults of the pipeline's parameters, so that the YAML runs as it is.
        output: the file; parent folders are made.
    """
    from kfp import compiler

    from pipelines.training import training_pipeline

    context = RunContext(
        run_id="kubeflow", commit=git_commit(), config_sha256=config.digest(settings)
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(
        training_pipeline,
        str(output),
        pipeline_parameters=pipeline_arguments(settings, context),
    )
