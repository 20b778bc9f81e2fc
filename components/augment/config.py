"""Settings of `augment`."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.augmentation.composition import Composition, PolicyEntry, parsed
from components.common.config import Section
from components.common.pictures.fit import Fit
from components.networks.config import NetworkConfig

AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class AutoConfig(NetworkConfig):
    """How `policy: auto` chooses; the network is that of `train`, which a run fills in.

    budget: how many pictures and views the network may look at.
    """

    budget: Annotated[int, Field(ge=256)] = 6000


@dataclass(frozen=True, kw_only=True)
class AugmentConfig(Section):
    """How pictures become the network's input.

    image_size_px: height and width every picture is resized to, pixels.
    fit: how a picture that is no square becomes one: `squeeze` its sides, `pad` with black bars
        beside the shorter ones, or `crop` the middle.
    policy: what an augmented view is: a file name of `common/augmentation/policies`, a list of
        such, each by itself or as {name: {option: value}}, in the order in which a view goes
        through them, or "auto", which measures what gains.
    views: rows a training picture gets, 1 = the picture as it is and nothing else.
    seed: same seed and same pictures, same shards.
    auto: of `policy: auto` alone.
    """

    image_size_px: Annotated[int, Field(ge=16, le=1024)] = 160
    fit: Fit = "squeeze"
    policy: str | tuple[PolicyEntry, ...] = "flips_shifts_light"
    views: Annotated[int, Field(ge=1, le=64)] = 4
    seed: Annotated[int, Field(ge=0)] = 0
    auto: AutoConfig = AutoConfig()


def check(settings: AugmentConfig) -> None:
    """Refuse, before anything runs, a policy or an option that there is none of.

    Raises:
        ConfigError: see above.
    """
    if settings.policy != AUTO:
        Composition.of(parsed(settings.policy), seed=settings.seed)
