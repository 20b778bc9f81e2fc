"""What was done to training pictures, why, and how far it took them. Written by augment."""

from dataclasses import dataclass
from typing import Literal

from components.common.artifacts.judging.figures import Metric
from components.common.augmentation.composition import PolicyItem

Mirror = Literal["left_right", "up_down"]
# The contact sheet's name, in Shards and in a Candidate.
VIEWS_SHEET = "views.png"


@dataclass(frozen=True, kw_only=True)
class Plausibility:
    """How many views of one policy are no pictures that the camera produces; see `plausibility`.

    outside: share of the views with a fact out of the originals' range, in [0, 1].
    fact: the one that was out most often, "" where none was.
    """

    policy: str
    outside: float
    fact: str


@dataclass(frozen=True, kw_only=True)
class MirrorTest:
    """Can a probe distinguish mirrored pictures from originals? ROC-AUC by group; 0.5 is no."""

    mirror: Mirror
    roc_auc: Metric
    allowed: bool


@dataclass(frozen=True, kw_only=True)
class PolicyGain:
    """What views of a composition gain a probe: log loss without minus with, above 0 better."""

    policy: tuple[PolicyItem, ...]
    gain: Metric
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class AugmentationInfo:
    """The policies in their order; with `policy: auto` also how they were chosen.

    pictures: how many the choice was made by; 0 where a person chose.
    """

    policy: tuple[PolicyItem, ...]
    plausibility: tuple[Plausibility, ...] = ()
    pictures: int = 0
    mirrors: tuple[MirrorTest, ...] = ()
    gains: tuple[PolicyGain, ...] = ()
