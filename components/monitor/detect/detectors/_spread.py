"""How much means of windows differ without drift: between groups and within them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from components.common.artifacts.monitoring.observations import Texts
from components.monitor.detect.contract import Design
from components.monitor.observe.scaling import NormalScores, Table

_RIDGE = 1e-3  # of a total variance of 1: no direction counts as perfectly known


@dataclass(frozen=True)
class Spread:
    """Covariance between groups and within them (one-way analysis of variance)."""

    between: Table
    within: Table
    total: Table

    @classmethod
    def of(cls, values: Table, groups: Texts) -> "Spread":
        """Learn from float64 [N, D] and the name of each row's group."""
        names, member = np.unique(groups, return_inverse=True)
        sizes = np.bincount(member)
        total = _covariance(values, len(values) - 1)
        if len(names) < 3:
            # One group, or none named: all that can be said is how pictures differ.
            return cls(np.zeros_like(total), total, total)
        means = np.stack([values[member == g].mean(axis=0) for g in range(len(names))])
        within = _covariance(values - means[member], max(1, len(values) - len(names)))
        centred = means - means.mean(axis=0)
        between = _covariance(centred, len(names) - 1) - within * np.mean(1 / sizes)
        return cls(_shrunk(_positive(between), len(names)), within, total)

    def of_mean(self, design: Design) -> Table:
        """Return the covariance of a window's mean: B / groups + W / pictures."""
        ridge = _RIDGE * np.eye(len(self.within))
        if design.independent:
            return (self.total + ridge) / design.pictures
        return (self.between + ridge) / design.groups + (self.within + ridge) / design.pictures


def mean_shift(values: Table, groups: Texts, design: Design) -> Callable[[Table], float]:
    """Return Hotelling's T² of a window's mean, on normal scores.

    Args:
        values: float64 [N, D] of the reference.
        groups: name of each row's group.
        design: of the windows.
    """
    scores = NormalScores.of(values)
    spread = Spread.of(scores.apply(values), groups)
    precision = np.linalg.pinv(spread.of_mean(design), hermitian=True)

    def statistic(window: Table) -> float:
        mean = scores.apply(window).mean(axis=0)
        return float(mean @ precision @ mean)

    return statistic


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
