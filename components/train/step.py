"""Train: Shards in, a Candidate out."""

from dataclasses import dataclass
from pathlib import Path

from components.common import plugins
from components.common.errors import DataError
from components.common.run_context import RunContext
from components.common.step import Step
from components.networks import accelerator
from components.networks.weights.digests import content_sha256
from components.train.config import METHODS, TrainConfig, method_options
from components.train.folds.rivals import digest
from components.train.warm_start import source


@dataclass(frozen=True, kw_only=True)
class TrainInputs:
    """The Shards.

    `rivals` is the digest under which a cluster finds the result again, see `folds.rivals`.
    """

    shards: Path
    rivals: str = ""


@dataclass(frozen=True, kw_only=True)
class TrainOutputs:
    """The Candidate."""

    candidate: Path


def prepare(settings: TrainConfig, inputs: object) -> None:
    """Choose the back end and the devices, which Keras asks for when it is imported."""
    accelerator.prepare(settings)


def content_key(settings: TrainConfig, inputs: TrainInputs, context: RunContext) -> str:
    """Return the digest of the networks that training starts from, learns from or fits again."""
    weights = content_sha256(settings, source(settings, run_dir=context.run_dir))
    teachers = ""
    method = plugins.load(METHODS, settings.method)
    if hasattr(method, "content_sha256"):
        teachers = method.content_sha256(method_options(settings.method, settings.options))
    return " ".join(filter(None, (weights, digest(settings, inputs.shards), teachers)))


def run(
    settings: TrainConfig, inputs: TrainInputs, outputs: TrainOutputs, context: RunContext
) -> None:
    """Fit a network to the shards; see `fit.train`, which names the errors.

    Raises:
        DataError: another version was published since the look at what serves.
    """
    if inputs.rivals and digest(settings, inputs.shards) != inputs.rivals:
        raise DataError(
            "the version that serves to stay the newest during a run",
            received="another one",
            do="start the run again",
        )
    from components.train.fit import train

    train(
        inputs.shards,
        out=outputs.candidate,
        settings=settings,
        cache_dir=context.cache_dir,
        run_dir=context.run_dir,
    )


STEP = Step("train", run, prepare=prepare, reuse=True, content_key=content_key)
