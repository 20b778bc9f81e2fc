"""Mean picture statistics, against how much they differ from group to group and within one.

Hotelling's T² (1931) with the covariance of a mean over m groups of n pictures in all,
B / m + W / n, where B is the covariance between groups and W within them (one-way analysis of
variance). A window of one module may be as bright as modules differ; sharper than any it may not.
"""

from dataclasses import dataclass

import numpy as np

from components.monitor.detector import Channel, Design, Statistic
from components.monitor.observations import Observations, Texts
from components.monitor.scaling import Scaling, Table, level

CHANNEL: Channel = "statistics"
NEEDS_LABELS = False
_RIDGE = 1e-3  # of a total variance of 1: no direction counts as perfectly known


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn means and both covariances."""
    del rng
    values = level(reference.statistics)
    scaling = Scaling.of(values)
    spread = _Spread.of(scaling.apply(values), reference.groups)
    precision = np.linalg.pinv(spread.of_mean(design), hermitian=True)

    def statistic(window: Observations) -> float:
        mean = scaling.apply(level(window.statistics)).mean(axis=0)
        return float(mean @ precision @ mean)

    return statistic


@dataclass(frozen=True)
class _Spread:
    between: Table
    within: Table

    @classmethod
    def of(cls, values: Table, groups: Texts) -> "_Spread":
        names, member = np.unique(groups, return_inverse=True)
        sizes = np.bincount(member)
        if len(names) < 3:
            # One group, or none named: all that can be said is how pictures differ.
            return cls(np.zeros((values.shape[1],) * 2), _covariance(values, len(values) - 1))
        means = np.stack([values[member == g].mean(axis=0) for g in range(len(names))])
        within = _covariance(values - means[member], max(1, len(values) - len(names)))
        centred = means - means.mean(axis=0)
        between = _covariance(centred, len(names) - 1) - within * np.mean(1 / sizes)
        return cls(_shrunk(_positive(between), len(names)), within)

    def of_mean(self, design: Design) -> Table:
        ridge = _RIDGE * np.eye(len(self.within))
        return (self.between + ridge) / design.groups + (self.within + ridge) / design.pictures


def _covariance(centred: Table, freedom: int) -> Table:
    moved = centred - centred.mean(axis=0)
    product: Table = moved.T @ moved / max(1, freedom)
    return product


def _positive(matrix: Table) -> Table:
    sizes, axes = np.linalg.eigh(matrix)
    positive: Table = (axes * np.maximum(sizes, 0)) @ axes.T
    return positive


def _shrunk(matrix: Table, groups: int) -> Table:
    """Draw a covariance of few groups towards its diagonal."""
    share = len(matrix) / (len(matrix) + groups)
    return (1 - share) * matrix + share * np.diag(np.diag(matrix))
