"""Answers of models that are as good as is said, about pictures whose groups really differ.

A picture is answered correctly where an easiness exceeds 0; it is a sum of normal parts of the
group, the picture, and of each model its own of both. Their spreads are such that two networks
of equal recipe differ as those of the demo did under four grouped folds (five seeds, 44 modules):
they disagree on 6 % of the pictures, and the difference of their accuracy varies between modules
by 0.055 (standard deviation) beyond what chance within a module gives.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from components.common.statistics.figures import Scored

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ACCURACY = 0.85
# Of the easiness: between groups and between pictures, which models share.
_GROUP, _PICTURE = 0.7, 1.0
# The same, of each model its own.
_OWN_GROUP, _OWN_PICTURE = 0.18, 0.22


@dataclass(frozen=True)
class Pictures:
    """Pictures to ask models about: true class int [N], group int [N], shared easiness [N]."""

    targets: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    easiness: Floats
    own_group: float
    own_picture: float

    @property
    def names(self) -> list[str]:
        """The groups' names; none where each picture stands for itself."""
        return [str(each) for each in self.group] if self.own_group else [""] * len(self.group)

    @property
    def spread(self) -> float:
        """The standard deviation of the easiness with a model's own part."""
        group = _GROUP if self.own_group else 0.0
        return float(
            np.hypot(np.hypot(group, _PICTURE), np.hypot(self.own_group, self.own_picture))
        )


def alone(random: np.random.Generator, shares: tuple[float, ...], *, pictures: int) -> Pictures:
    """Return pictures that stand for themselves, each class with its share of them.

    Two models disagree on 10 % of them.
    """
    # As even as whole pictures can be.
    ends = np.round(np.cumsum(shares) * pictures).astype(int)
    targets = np.searchsorted(ends, np.arange(pictures), side="right")
    easiness = _PICTURE * random.normal(size=pictures)
    return Pictures(targets, np.arange(pictures), easiness, own_group=0.0, own_picture=0.42)


def grouped(random: np.random.Generator, *, groups: int, pictures: int) -> Pictures:
    """Return `groups` x `pictures` pictures of two classes, the share of defects as the demo's."""
    group = np.repeat(np.arange(groups), pictures)
    share = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + 1.5 * random.normal(size=groups))))
    targets = (random.random(len(group)) < share[group]).astype(np.int64)
    easiness = _GROUP * random.normal(size=groups)[group]
    easiness += _PICTURE * random.normal(size=len(group))
    return Pictures(targets, group, easiness, own_group=_OWN_GROUP, own_picture=_OWN_PICTURE)


def model(random: np.random.Generator, pictures: Pictures, *, accuracy: float) -> Flags:
    """Return which pictures a model of this accuracy, on endless such pictures, gets right."""
    own = pictures.own_group * random.normal(size=int(pictures.group.max()) + 1)[pictures.group]
    own = own + pictures.own_picture * random.normal(size=len(pictures.group))
    right: Flags = pictures.easiness + own + ndtri(accuracy) * pictures.spread > 0
    return right


def answered(pictures: Pictures, right: Flags) -> Scored:
    """Return answers that are right where it is said, and else name the next class."""
    classes = int(pictures.targets.max()) + 1
    predicted = np.where(right, pictures.targets, (pictures.targets + 1) % classes)
    return Scored(pictures.targets, predicted, np.eye(classes)[predicted])
