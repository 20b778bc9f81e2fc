"""Settings of `rank`, and their check; nothing here imports Keras."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from components.common import plugins
from components.common.config import Section
from components.common.statistics.figures import Quality
from components.networks.config import PlannedTraining, Pooling, member

METHODS = "components.train.methods"


@dataclass(frozen=True, kw_only=True)
class RankConfig(Section):
    """What is ranked by probes, before anything is fine-tuned.

    backbones: names as in `train.backbone`; none means `train.backbone` alone.
    weights: by backbone; one that is not named takes `train.weights` if it is `train.backbone`
        (or that is "none"), and "imagenet" otherwise.
    sizes_px: heights and widths; none means `augment.image_size_px` alone.
    poolings: see `train.pooling`; none means that alone.
    methods: ways to fine-tune the best ones; none means `train.method` alone.
    metric: what the order goes by, larger is better; the gate compares by the same.
    folds: grouped folds behind each score.
    max_pictures: training pictures looked at; whole groups are drawn until there are so many.
    time_share: of the time that is left, at most this much goes into ranking.
    """

    backbones: tuple[str, ...] = ()
    weights: dict[str, str] = field(default_factory=dict)
    sizes_px: tuple[Annotated[int, Field(ge=16, le=1024)], ...] = ()
    poolings: tuple[Pooling, ...] = ()
    methods: tuple[str, ...] = ()
    metric: Quality = "balanced_accuracy"
    folds: Annotated[int, Field(ge=2, le=20)] = 4
    max_pictures: Annotated[int, Field(ge=16)] = 2000
    time_share: Annotated[float, Field(gt=0, lt=1)] = 0.4


def weights_of(settings: RankConfig, train: PlannedTraining, backbone: str) -> str:
    """Return where a backbone's weights come from, see `RankConfig.weights`."""
    inherits = backbone == train.backbone or train.weights == "none"
    return settings.weights.get(backbone, train.weights if inherits else "imagenet")


def check(settings: RankConfig) -> None:
    """Refuse, before anything runs, a backbone or a method that there is none of.

    Raises:
        ConfigError: see above; the message lists what is known.
    """
    for name in (*settings.backbones, *settings.weights):
        member(name)
    for name in settings.methods:
        plugins.load(METHODS, name)
