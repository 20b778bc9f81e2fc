"""Which weights each backbone of a ranking starts from; nothing here imports Keras."""

from dataclasses import replace

from components.common import config
from components.common.errors import WeightsError
from components.networks.weights.digests import content_sha256
from components.rank.config import FinalistConfig, RankConfig


def weights_of(settings: RankConfig, train: FinalistConfig, backbone: str) -> str:
    """Return where a backbone's weights come from, see `RankConfig.weights`."""
    if backbone in settings.weights:
        return settings.weights[backbone]
    inherits = backbone == train.backbone or train.weights == "none"
    return train.weights if inherits else "imagenet"


def sources_sha256(settings: RankConfig, train: FinalistConfig) -> str:
    """Return what a ranking depends on besides its shards and its own settings.

    Weights that are not there count as such: the ranking goes on without them, and another one
    is made when they are.
    """
    parts = [config.to_json(train)]
    for name in settings.backbones or (train.backbone,):
        try:
            weights = weights_of(settings, train, name)
            parts.append(content_sha256(replace(train, backbone=name), weights))
        except WeightsError:
            parts.append("absent")
    return "\n".join(parts)
