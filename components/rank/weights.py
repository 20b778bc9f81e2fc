"""Which weights each backbone of a ranking starts from."""

from components.common import config
from components.common.errors import WeightsError
from components.networks.weights.load import source_sha256
from components.rank.config import RankConfig
from components.train.config import TrainConfig


def weights_of(settings: RankConfig, train: TrainConfig, backbone: str) -> str:
    """Return where a backbone's weights come from, see `RankConfig.weights`."""
    if backbone in settings.weights:
        return settings.weights[backbone]
    inherits = backbone == train.backbone or train.weights == "none"
    return train.weights if inherits else "imagenet"


def sources_sha256(settings: RankConfig, train: TrainConfig) -> str:
    """Return what a ranking depends on besides its shards and its own settings.

    Weights that are not there count as such: the ranking goes on without them, and another one
    is made when they are.
    """
    parts = [config.to_json(train)]
    for name in settings.backbones or (train.backbone,):
        try:
            parts.append(source_sha256(weights_of(settings, train, name)))
        except WeightsError:
            parts.append("absent")
    return "\n".join(parts)
