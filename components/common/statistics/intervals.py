"""How far a figure might lie elsewhere, with other groups of pictures.

The quantile is Student's and not the normal one, since with few groups the standard error is
itself uncertain. A level is taken on the logit scale, where its spread is even: so it stays
within its range and is wider on the side where there is room.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, stdtrit

from components.common.artifacts.judging.figures import Metric
from components.common.statistics.clusters import units
from components.common.statistics.figures import BY_CLASS, FIGURES, TOP, Figure, Scored
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats, Integers

# Figures of all pictures alike; the others are means over classes.
_WHOLE = {"accuracy", "log_loss", "calibration_error"}
# Figures that hold a class against the rest: both sides say how much is known.
_RANKED = {"roc_auc", "average_precision"}
# Means of absolute gaps: never too small by chance, always too large.
_GAPS = {"calibration_error"}


def estimates(
    names: Sequence[str], answers: Scored, groups: Sequence[str], *, confidence: float = 0.95
) -> tuple[Metric, ...]:
    """Measure figures with their intervals; those that are not defined are left out.

    Args:
        names: keys of FIGURES.
        answers: N >= 1 pictures.
        groups: N names; pictures of one name count as one piece of evidence.
        confidence: the intervals' level, in (0, 1).

    >>> targets = np.tile([0, 1], 50)
    >>> predicted = np.where(np.arange(100) % 10 == 0, 1 - targets, targets)
    >>> answers = Scored(targets, predicted, np.eye(2)[predicted], positive=1)
    >>> for found in estimates(["accuracy", "recall"], answers, [str(n) for n in range(100)]):
    ...     print(found.name, found.value, round(found.low, 3), round(found.high, 3))
    accuracy 0.9 0.822 0.946
    recall 1.0 0.929 1.0
    """
    figures = [(name, answers) for name in names]
    return tuple(one for one in _measure(FIGURES, figures, groups, confidence) if one)


def class_estimates(
    names: Sequence[str], answers: Scored, groups: Sequence[str], *, confidence: float = 0.95
) -> list[tuple[Metric, ...]]:
    """Measure figures of each class against the rest, a list a class in class order.

    Args:
        names: keys of BY_CLASS.
        answers: N >= 1 pictures of C classes.
        groups: N names; pictures of one name count as one piece of evidence.
        confidence: the intervals' level, in (0, 1).
    """
    classes = range(answers.probabilities.shape[1])
    figures = [(name, replace(answers, positive=each)) for name in names for each in classes]
    found = _measure(BY_CLASS, figures, groups, confidence)
    return [tuple(one for one in found[each :: len(classes)] if one) for each in classes]


def _measure(
    table: dict[str, Figure],
    figures: Sequence[tuple[str, Scored]],
    groups: Sequence[str],
    confidence: float,
) -> list[Metric | None]:
    """Return an estimate for each column that the figures give, None where there is no value."""
    answers = figures[0][1]
    names = tuple(dict.fromkeys(name for name, _ in figures))

    def columns(weights: Floats) -> Floats:
        each = [table[name](answers, weights).reshape(len(weights), -1) for name in names]
        return np.concatenate(each, axis=1)

    found = jackknife(columns, groups, answers.targets)
    index = units(groups)
    estimates: list[Metric | None] = []
    for (name, scored), value, error, bias in zip(
        figures, found.values, found.errors, found.biases, strict=True
    ):
        if not np.isfinite(value):
            estimates.append(None)
            continue
        resting = independent(name, scored, index)
        degrees = max(1.0, min(found.degrees, resting - 1.0))
        low, high = (
            gap_interval(value, error, bias=bias, degrees=degrees, confidence=confidence)
            if name in _GAPS and error > 0
            else level_interval(
                value,
                error,
                degrees=degrees,
                independent=resting,
                confidence=confidence,
                top=TOP.get(name, 1.0),
            )
        )
        estimates.append(Metric(name=name, value=float(value), low=low, high=high))
    return estimates


def independent(name: str, answers: Scored, index: Integers) -> float:
    """Return how many equal groups a figure rests on, at least 1 (effective number, Kish 1965).

    Pictures without spread between groups count by this number, and no figure gets more degrees
    of freedom than it allows: where 100 pictures of one class and 5 of another are averaged, the 5
    decide how much is known.

    Args:
        name: a key of FIGURES or BY_CLASS.
        answers: N >= 1 pictures.
        index: int [N], which independent unit each is in, see `clusters.units`.
    """
    if name in _WHOLE:
        return _equal_parts(index)
    classes: Sequence[int] = range(answers.probabilities.shape[1])
    if name != "balanced_accuracy":
        classes = answers.averaged_classes
    if name in _RANKED and len(classes) == 2:
        classes = classes[:1]  # the other says the same
    counts = []
    for each in classes:
        mine = answers.targets == each
        if not mine.any():
            continue
        ranks = name in _RANKED and not mine.all()
        counts.append(_of_two_sides(index, mine) if ranks else _equal_parts(index[mine]))
    return float(len(counts) ** 2 / sum(1.0 / count for count in counts)) if counts else 1.0


def _of_two_sides(index: Integers, mine: npt.NDArray[np.bool_]) -> float:
    """Return what a ranking of a class against the rest rests on.

    The error of a rank statistic is that of its two sides added up, so its degrees of freedom are
    Satterthwaite's (as in Brunner and Munzel 2000): those of the scarcer side where the other is
    plentiful, and more where both are alike. A side's share of the error goes with one over its
    pictures.

    Args:
        index: int [N], which independent unit each picture is in.
        mine: bool [N], the class; true of some and not of all.
    """
    sides = (index[mine], index[~mine])
    degrees = np.array([_equal_parts(side) - 1.0 for side in sides])
    if degrees.min() <= 0.0:
        return 1.0
    shares = np.array([1.0 / len(side) for side in sides])
    return 1.0 + float(shares.sum() ** 2 / (shares**2 / degrees).sum())


def _equal_parts(index: Integers) -> float:
    sizes = np.bincount(index).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def level_interval(
    value: float,
    error: float,
    *,
    degrees: float,
    independent: float,
    confidence: float = 0.95,
    top: float = 1.0,
) -> tuple[float, float]:
    """Return the two-sided interval [low, high] of a figure between 0 and `top`.

    Where the pictures show no spread (all right, all wrong, every group alike) or all rests on
    one group, it is the exact interval of a share (Clopper and Pearson 1934): 8 of 8 right are
    "63 to 100 %" and not "100 to 100 %".

    Args:
        value: the figure on all pictures, in [0, top].
        error: its standard error; 0 or NaN where there is none.
        degrees: of freedom of the error, at least 1.
        independent: how many independent pictures or groups the figure rests on, at least 1.
        confidence: the interval's level, in (0, 1).
        top: the largest value that the figure can take.

    >>> low, high = level_interval(0.9, 0.03, degrees=9, independent=10)
    >>> round(low, 3), round(high, 3)
    (0.809, 0.95)
    >>> low, high = level_interval(1.0, 0.0, degrees=7, independent=8)
    >>> round(low, 3), high
    (0.631, 1.0)
    """
    share = min(max(value / top, 0.0), 1.0)
    tail = (1.0 - confidence) / 2.0
    if not error > 0.0 or not 0.0 < share < 1.0:
        hits = share * independent
        misses = independent - hits
        low = betaincinv(hits, misses + 1.0, tail) if hits > 0 else 0.0
        high = betaincinv(hits + 1.0, misses, 1.0 - tail) if misses > 0 else 1.0
        return top * float(low), top * float(high)
    logit = math.log(share / (1.0 - share))
    reach = float(stdtrit(degrees, 1.0 - tail)) * error / (top * share * (1.0 - share))
    return top * _expit(logit - reach), top * _expit(logit + reach)


def gap_interval(
    value: float, error: float, *, bias: float, degrees: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a mean absolute gap in [0, 1], which few pictures make too large.

    The lower end also takes off what the value is too large by, as the jackknife estimates it.
    """
    reach = float(stdtrit(degrees, 0.5 + confidence / 2.0)) * error
    return max(0.0, min(value, value - bias) - reach), min(1.0, value + reach)


def _expit(logit: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * logit))
