"""The size x similarity rule: which way to transfer, from how much there is and how near it lies.

The four cells are the textbook's; similarity is read off the layer profile, as a share of what
the best layer knows:

    s = (late - early) / (best - chance)

with the scores of the probe at the end of the first third of the layers and at the last one. The
pairing of rate and similarity follows Li et al. 2020 (arXiv:2002.11770). What lies within noise
goes to the linear probe, which was seldom far from the best (docs/results.md, "Small sets").
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from components.common.artifacts.decision import DepthScore
from components.common.config import Section
from components.networks.probe.grouped import corrected_error

if TYPE_CHECKING:
    from components.networks.data import Split
    from components.train.layer_profile import Profile

FEW_SIMILAR = "few_similar"
FEW_DISSIMILAR = "few_dissimilar"
MANY_SIMILAR = "many_similar"
MANY_DISSIMILAR = "many_dissimilar"
UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True)
class Thresholds(Section):
    """Where the cells meet.

    few_groups: up to so many groups (pictures, where each is a group of its own) are few.
    few_a_class: up to so many groups of the class that has fewest are few.
    similar: similarity above this means that the high layers serve the task.
    noise: in standard errors; similarity that is not this far from zero decides nothing.
    """

    few_groups: Annotated[int, Field(ge=0)] = 2000
    few_a_class: Annotated[int, Field(ge=0)] = 100
    similar: Annotated[float, Field(ge=0, le=1)] = 0.1
    noise: Annotated[float, Field(ge=0)] = 1.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is to learn from: what counts is groups, which are their own picture or more.

    groups_a_class: groups that hold the class which is in fewest.
    """

    pictures: int
    groups: int
    groups_a_class: int


@dataclass(frozen=True)
class Similarity:
    """s and its standard error over the folds."""

    value: float
    error: float


@dataclass(frozen=True)
class Choice:
    """A cell, and why in one sentence."""

    cell: str
    reason: str


def count(split: "Split") -> Size:
    """Count pictures and groups of the training split.

    Sixty pictures of one module show one module's quirks sixty times, so the groups are counted.
    """
    by_class = [len(set(split.groups[split.labels == name])) for name in np.unique(split.labels)]
    return Size(
        pictures=split.pictures,
        groups=len(set(split.groups)),
        groups_a_class=min(by_class),
    )


def similarity(profile: "Profile", *, noise: float) -> Similarity | None:
    """Return s; None without two depths, or where no layer tells the classes apart.

    Args:
        profile: see `layer_profile.measure`.
        noise: standard errors by which the best layer has to beat guessing.
    """
    if len(profile.depths) < 2:
        return None
    above = profile.best.score - profile.chance
    if above <= noise * profile.best.error:
        return None
    gains = np.subtract(late(profile).folds, early(profile).folds)
    return Similarity(float(gains.mean()) / above, corrected_error(gains) / above)


def early(profile: "Profile") -> DepthScore:
    """Return the last layer of the first third."""
    return profile.depths[math.ceil(len(profile.depths) / 3) - 1]


def late(profile: "Profile") -> DepthScore:
    """Return the last layer."""
    return profile.depths[-1]


def choose(size: Size, found: Similarity | None, thresholds: Thresholds) -> Choice:
    """Return the cell. Pure: the same numbers give the same choice."""
    few = size.groups <= thresholds.few_groups or size.groups_a_class <= thresholds.few_a_class
    things = "pictures" if size.groups == size.pictures else "groups"
    amount = (
        f"{size.groups} {things}, {size.groups_a_class} of them with the rarest class, are "
        f"{'few' if few else 'many'}"
    )
    if found is None:
        return Choice(UNCLEAR, f"{amount}, and how similar the old task is cannot be measured")
    margin = thresholds.noise * found.error
    if found.value > thresholds.similar and found.value - margin > 0.0:
        cell = FEW_SIMILAR if few else MANY_SIMILAR
        finding = f"is above {thresholds.similar:g}: the high layers serve"
    elif found.value + margin < 0.0:
        cell = FEW_DISSIMILAR if few else MANY_DISSIMILAR
        finding = "is below zero: the high layers know less than the low ones"
    else:
        cell, finding = UNCLEAR, "decides nothing"
    measured = f"{found.value:.2f} ± {found.error:.2f}"
    return Choice(cell, f"{amount}, and similarity {measured} {finding}")
