"""Rank: Shards in, a Ranking of backbones, feature layers and sizes out."""

from dataclasses import dataclass, replace
from pathlib import Path

from components.common import config, step_cache
from components.common.artifacts.tuning.ranking import Ranking
from components.common.errors import WeightsError
from components.common.run_context import RunContext
from components.common.step import Step
from components.networks import accelerator
from components.networks.config import PlannedTraining
from components.networks.weights.digests import content_sha256
from components.rank.config import RankConfig, weights_of


@dataclass(frozen=True, kw_only=True)
class RankInputs:
    """Shards of the largest size.

    train: what a finalist will be trained with; backbone, features and method apart.
    """

    shards: Path
    train: PlannedTraining


@dataclass(frozen=True, kw_only=True)
class RankOutputs:
    """The Ranking."""

    ranking: Path


def prepare(settings: RankConfig, inputs: RankInputs) -> None:
    """Choose the back end and the devices, which Keras asks for when it is imported."""
    accelerator.prepare(inputs.train)


def content_key(settings: RankConfig, inputs: RankInputs, context: RunContext) -> str:
    """Return what a ranking depends on besides its shards and its own settings.

    Weights that are not there count as such: the ranking goes on without them, and another one
    is made when they are.
    """
    train = inputs.train
    # What a fine-tuning takes is estimated by the methods' own code.
    parts = [config.to_json(train), step_cache.code_sha256("train")]
    for name in settings.backbones or (train.backbone,):
        try:
            weights = weights_of(settings, train, name)
            parts.append(content_sha256(replace(train, backbone=name), weights))
        except WeightsError:
            parts.append("absent")
    return "\n".join(parts)


def run(
    settings: RankConfig, inputs: RankInputs, outputs: RankOutputs, context: RunContext
) -> None:
    """Order backbones, feature layers and sizes; see `ranking.rank`, which names the errors."""
    from components.rank.ranking import rank

    rank(
        inputs.shards,
        out=outputs.ranking,
        settings=settings,
        train=inputs.train,
        cache_dir=context.cache_dir,
        deadline_unix_s=context.deadline_unix_s,
    )


def is_complete(outputs: RankOutputs) -> bool:
    """Say whether a later run could rank no more than this one did, so may reuse it."""
    return not any(one.passing for one in Ranking.read(outputs.ranking).info.left_out)


STEP = Step("rank", run, prepare=prepare, reuse=True, content_key=content_key, keep=is_complete)
