"""Two models on the same pictures: the difference of a figure, and how sure it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from components.common.statistics.clusters import units
from components.common.statistics.figures import FIGURES, Scored
from components.common.statistics.intervals import independent
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats


@dataclass(frozen=True)
class PairedDifference:
    """Both figures, the standard error of candidate minus incumbent and its degrees of freedom."""

    candidate: float
    incumbent: float
    error: float
    degrees: float

    @property
    def value(self) -> float:
        """Candidate minus incumbent."""
        return self.candidate - self.incumbent

    def reach(self, confidence: float, *, more: float = 1.0) -> float:
        """Return how far the truth lies from the value at most, to one side.

        Args:
            confidence: how often that holds, in (0.5, 1).
            more: how many times as many pictures and groups there were.
        """
        degrees = (self.degrees + 1.0) * more - 1.0
        return float(stdtrit(degrees, confidence) * self.error / math.sqrt(more))


def paired_difference(
    candidate: Scored,
    incumbent: Scored,
    *,
    groups: Sequence[str],
    metric: str,
    tolerance: float,
) -> PairedDifference | None:
    """Measure how much better the candidate is than the incumbent.

    The error is that of leaving out one group after the other, the same for both models. It is at
    least what would be seen if the candidate lost `tolerance`, the least that matters, in one
    class (as in a score test, Tango 1998): a class of 5 pictures on which both agree does not show
    that nothing was lost.

    Args:
        candidate: its answers about N pictures.
        incumbent: the other's, on the same pictures in the same order.
        groups: N names, what counts as one piece of evidence.
        metric: a figure in [0, 1] of `statistics.figures`, larger for the better model.
        tolerance: a loss that is worth seeing, in [0, 1].

    Returns:
        The difference in [-1, 1], or None where the figure is not defined on the pictures (the
        ROC-AUC where all are of one class) or rests on a single group.

    >>> targets = np.tile([0, 1], 50)
    >>> always_right = Scored(targets, targets, np.eye(2)[targets])
    >>> always_zero = Scored(targets, 0 * targets, np.full((100, 2), 0.5))
    >>> groups = [f"module-{number // 10}" for number in range(100)]
    >>> found = paired_difference(always_right, always_zero, groups=groups, tolerance=0.04,
    ...                           metric="balanced_accuracy")
    >>> found.value, round(found.reach(0.95), 3)
    (0.5, 0.035)
    """
    figure = FIGURES[metric]

    def difference(weights: Floats) -> Floats:
        return (figure(candidate, weights) - figure(incumbent, weights))[:, None]

    once = np.ones((1, len(groups)))
    points = [float(figure(answers, once)[0]) for answers in (candidate, incumbent)]
    found = jackknife(difference, groups, candidate.targets)
    error = float(found.errors[0])
    if not np.isfinite([*points, error]).all():
        return None
    if metric != "roc_auc" or not error:
        error = max(error, least_error(candidate, metric=metric, loss=tolerance))
    resting = independent(metric, candidate, units(groups))
    degrees = max(1.0, min(found.degrees, resting - 1.0))
    return PairedDifference(points[0], points[1], error=error, degrees=degrees)


def least_error(answers: Scored, *, metric: str, loss: float) -> float:
    """Return the standard error of a difference if the candidate lost `loss`, in one class.

    Pictures are taken as independent and as lost only, so that no real error is smaller.

    Args:
        answers: N >= 1 pictures.
        metric: "accuracy" is lost anywhere; what is averaged over classes is lost in that of them
            where it is seen worst.
        loss: of the figure, in [0, 1].
    """
    if metric == "accuracy":
        return math.sqrt(loss * (1.0 - loss) / len(answers.targets))
    counts = np.bincount(answers.targets)
    counts = counts[counts > 0]
    share = min(0.5, loss * len(counts))  # of the class's pictures
    return math.sqrt(share * (1.0 - share) / counts.min()) / len(counts)
