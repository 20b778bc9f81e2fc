"""The pipelines, in one table: what each runs, in which order, and what it is called with.

Adding a step is its folder, its section in `pipelines/config.py` and its name here; where it stands
among the others is drawn in the pipeline's own module.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.common import config
from components.common.run_context import RunContext
from pipelines.config import STEPS, PipelineName, TrainingRun, section_of

if TYPE_CHECKING:
    from pipelines.dags.drawing import Fixed


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """One pipeline.

    command: the `graft` command that runs it on this machine.
    steps: in the order in which they run; each has a section of its name.
    prepared: the settings as the steps of this pipeline need them.
    shares_nodes: whether its training may be shared by several nodes of a cluster.
    """

    command: str
    steps: tuple[str, ...]
    prepared: Callable[[TrainingRun], TrainingRun] = lambda settings: settings
    shares_nodes: bool = True


def _largest_shards(settings: TrainingRun) -> TrainingRun:
    """A tuning begins with shards of the largest size; finalists get those of their own."""
    largest = max(settings.tune.rank.sizes_px, default=settings.augment.image_size_px)
    augment = dataclasses.replace(settings.augment, image_size_px=largest)
    return dataclasses.replace(settings, augment=augment)


def _from_what_serves(settings: TrainingRun) -> TrainingRun:
    """A retraining starts from the version that serves, and knows which pictures came in later."""
    from components.ingest.commands import additions_table

    served = str(Path(settings.model_base_path) / settings.model_name)
    warm_start = served if settings.retrain.warm_start else ""
    # Where `graft data add` lists what came in later; None where nothing can be added.
    additions = settings.monitor.additions or str(additions_table(settings.ingest) or "")
    return dataclasses.replace(
        settings,
        train=dataclasses.replace(settings.train, warm_start=warm_start),
        monitor=dataclasses.replace(settings.monitor, additions=additions),
    )


_TRAIN = STEPS.index("train")
PIPELINES: dict[PipelineName, Pipeline] = {
    "training": Pipeline(command="run", steps=STEPS),
    "tuning": Pipeline(
        command="tune",
        steps=(*STEPS[:_TRAIN], "rank", "plan", "train", "select", *STEPS[_TRAIN + 1 :]),
        prepared=_largest_shards,
        shares_nodes=False,
    ),
    "monitoring": Pipeline(
        command="monitor", steps=("monitor", *STEPS), prepared=_from_what_serves
    ),
}


def arguments(
    pipeline: PipelineName, settings: TrainingRun, context: RunContext
) -> dict[str, dict[str, Any]]:
    """Return what a pipeline is called with: the context as `run`, and each step's section."""
    known = PIPELINES[pipeline]
    prepared = known.prepared(settings)
    sections = {step: config.to_plain(section_of(prepared, step)) for step in known.steps}
    return {"run": config.to_plain(context), **sections}


def drawn(pipeline: PipelineName, fixed: "Fixed") -> Any:
    """Return the pipeline for KFP; only here is kfp imported."""
    return import_module(f"pipelines.dags.{pipeline}").pipeline(fixed)
