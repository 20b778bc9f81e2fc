"""The monitoring pipeline: look, and train again if that is the word."""

from functools import partial
from typing import Any

from kfp import dsl

from components.monitor.component import monitor
from pipelines.config import STEPS
from pipelines.dags import PIPELINES
from pipelines.dags.drawing import Fixed, Given, announced, fresh, to_kfp
from pipelines.dags.parts import train_and_judge


def pipeline(fixed: Fixed) -> Any:
    """Return the pipeline: look and, if the word is "retrain", train from the serving version."""
    # Nested, as Kubeflow wants exit handlers at the top only.
    steps = [step for step in STEPS if step != "notify"]
    retraining = to_kfp("retraining", partial(train_and_judge, warm=True), steps, fixed)

    def draw(given: Given) -> None:
        with announced(given, "monitoring"):
            looked = fresh(monitor(**given.now("monitor")))
            # As with the gate: only the single plain return value can be branched on.
            with dsl.If(looked.outputs["Output"] == "retrain", name="worth-a-run"):
                retraining(run=given.run, **{step: given.sections[step] for step in steps})

    return to_kfp("monitoring", draw, PIPELINES["monitoring"].steps, fixed)
