"""Two models on the same pictures: the difference of a figure, with a paired interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.common.seeding import generator
from components.common.statistics.bootstrap import interval, resample
from components.common.statistics.figures import FIGURES, Scored


@dataclass(frozen=True)
class PairedDifference:
    """Both figures and candidate minus incumbent with its interval [low, high]."""

    candidate: float
    incumbent: float
    low: float
    high: float

    @property
    def value(self) -> float:
        """Candidate minus incumbent."""
        return self.candidate - self.incumbent


def paired_difference(
    candidate: Scored,
    incumbent: Scored,
    *,
    groups: Sequence[str],
    metric: str,
    confidence: float,
    resamples: int,
    seed: int,
) -> PairedDifference | None:
    """Measure how much better the candidate is than the incumbent.

    Args:
        candidate: its answers about N pictures.
        incumbent: the other's, on the same pictures in the same order.
        groups: N names, what is drawn together, the same draws for both models.
        metric: a figure in [0, 1] of `statistics.figures`, larger for the better model.
        confidence: the interval's level, in (0, 1).
        resamples: rounds of the cluster bootstrap.
        seed: start of the random stream.

    Returns:
        The difference in [-1, 1], or None where the figure is not defined on the pictures or in
        more than half of the resamples (the ROC-AUC where all pictures are of one class).

    >>> targets = np.tile([0, 1], 50)
    >>> always_right = Scored(targets, targets, np.eye(2)[targets])
    >>> always_zero = Scored(targets, 0 * targets, np.full((100, 2), 0.5))
    >>> groups = [f"module-{number // 10}" for number in range(100)]
    >>> found = paired_difference(always_right, always_zero, groups=groups, seed=0, resamples=200,
    ...                           metric="balanced_accuracy", confidence=0.95)
    >>> found.value, found.low, found.high
    (0.5, 0.5, 0.5)
    """
    figure = FIGURES[metric]
    once = np.ones((1, len(groups)))
    points = [float(figure(answers, once)[0]) for answers in (candidate, incumbent)]
    differences = resample(
        lambda weights: figure(candidate, weights) - figure(incumbent, weights),
        groups,
        draws=resamples,
        random=generator(seed, "gate", "paired"),
    )
    found = interval(differences, confidence=confidence)
    if found is None or not np.isfinite(points).all():
        return None
    return PairedDifference(points[0], points[1], low=found[0], high=found[1])
