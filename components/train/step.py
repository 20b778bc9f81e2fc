"""Train: Shards in, a Candidate out."""

from dataclasses import dataclass
from pathlib import Path

from components.common.run_context import RunContext
from components.common.step import Step
from components.networks import accelerator
from components.networks.weights.digests import content_sha256
from components.train.config import TrainConfig
from components.train.warm_start import source


@dataclass(frozen=True, kw_only=True)
class TrainInputs:
    """The Shards."""

    shards: Path


@dataclass(frozen=True, kw_only=True)
class TrainOutputs:
    """The Candidate."""

    candidate: Path


def prepare(settings: TrainConfig, inputs: object) -> None:
    """Choose the back end and the devices, which Keras asks for when it is imported."""
    accelerator.prepare(settings)


def content_key(settings: TrainConfig, inputs: object, context: RunContext) -> str:
    """Return the digest of the weights that training starts from."""
    return content_sha256(settings, source(settings, run_dir=context.run_dir))


def run(
    settings: TrainConfig, inputs: TrainInputs, outputs: TrainOutputs, context: RunContext
) -> None:
    """Fit a network to the shards; see `fit.train`, which names the errors."""
    from components.train.fit import train

    train(
        inputs.shards,
        out=outputs.candidate,
        settings=settings,
        cache_dir=context.cache_dir,
        run_dir=context.run_dir,
    )


STEP = Step("train", run, prepare=prepare, reuse=True, content_key=content_key)
