"""The training pipeline: the same DAG on a laptop and on Kubeflow Pipelines."""

from typing import Any

from pipelines.dags import PIPELINES
from pipelines.dags.drawing import Fixed, Given, announced, to_kfp
from pipelines.dags.parts import train_and_judge


def pipeline(fixed: Fixed) -> Any:
    """Return the pipeline: ingest to gate and, if the candidate passes, deploy."""
    return to_kfp("training", _draw, PIPELINES["training"].steps, fixed)


def _draw(given: Given) -> None:
    with announced(given, "training"):
        train_and_judge(given)
