"""What more pictures would bring: a learning curve, extrapolated with its uncertainty.

The share of a class that is found is taken as `level - gap / sqrt(pictures)`: a curve of two
numbers, linear in what was measured, so that its uncertainty is that of the pictures. Power laws
with a free exponent foretell no better from five points (`python -m benchmarks.label_advisor`).

The intervals are those of other pictures from the groups at hand. Groups that are not there yet
(another lot, another line) can lie further away.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from components.common.statistics.intervals import level_interval
from components.common.statistics.jackknife import Jackknifed, jackknife
from components.common.statistics.weighted import Floats, mean_defined, ratio, sums_by_label
from components.evaluate.advisor.curve import Curve

# In four of five cases the value is to lie inside.
CONFIDENCE = 0.8
_NORMAL_QUANTILE = 1.2816  # of CONFIDENCE, both sides


@dataclass(frozen=True)
class Expected:
    """A share of pictures found, or a change of it, with its interval."""

    value: float
    low: float
    high: float


def measured(curve: Curve, share: int) -> list[Expected]:
    """Return the share found at a point of the curve: of each class and, last, their mean."""
    counts = np.zeros((curve.classes + 1, curve.right.shape[1]))
    counts[:, share] = 1.0
    return _levels(curve, counts)


def forecast(curve: Curve, pictures: Floats) -> list[Expected]:
    """Return the share found of each class and, last, their mean.

    Where more pictures made it worse, the curve is taken as flat.

    Args:
        curve: as measured.
        pictures: float [C + 1], of each class and of all, that are then trained on.
    """
    sizes = _sizes(curve)
    counts = _fitted(sizes, pictures)
    change = counts - _fitted(sizes, sizes[:, -1])
    falling = _values(curve, change, _all(curve)) < 0
    counts[falling] = (sizes / sizes.sum(axis=1, keepdims=True))[falling]
    return _levels(curve, counts)


def gains(curve: Curve, now: Floats, then: Floats) -> list[Expected]:
    """Return what is gained, at least 0, between two amounts of training data, float [C + 1].

    By the curve no more is gained than it still misses; the upper end, which is not cut, says what
    other pictures could show.
    """
    sizes = _sizes(curve)
    at_now = _fitted(sizes, now)
    missed = np.clip(1.0 - _values(curve, at_now, _all(curve)), 0.0, 1.0)
    found = _jackknifed(curve, _fitted(sizes, then) - at_now)
    reach = _NORMAL_QUANTILE * found.errors
    low, value = np.clip([found.values - reach, found.values], 0.0, missed)
    high = np.maximum(found.values + reach, 0.0)
    return [Expected(*map(float, each)) for each in zip(value, low, high, strict=True)]


def _sizes(curve: Curve) -> Floats:
    """Return the training pictures of each class and of all at each point, float [C + 1, S]."""
    return np.concatenate([curve.sizes.T, curve.sizes.sum(axis=1)[None]])


def _fitted(sizes: Floats, pictures: Floats) -> Floats:
    """Return what each point counts in the value of the fitted curve, float [C + 1, S].

    Least squares, points weighted by their training pictures: the late ones tell most of what
    comes next.
    """
    counts = []
    for row, wanted in zip(sizes, pictures, strict=True):
        terms = np.stack([np.ones(len(row)), row**-0.5])
        inverse = np.linalg.pinv((terms * row) @ terms.T)
        counts.append(np.array([1.0, wanted**-0.5]) @ inverse @ (terms * row))
    return np.stack(counts)


def _levels(curve: Curve, counts: Floats) -> list[Expected]:
    found = _jackknifed(curve, counts)
    # Other folds would have given other probes; what is left of that in the mean over repeats.
    repeated = np.stack([_values(curve, counts, (each,)) for each in range(len(curve.right))])
    errors = np.sqrt(found.errors**2 + repeated.var(axis=0, ddof=1) / len(repeated))
    pictures = np.bincount(curve.labels, minlength=curve.classes).astype(np.float64)
    present = pictures[pictures > 0]
    resting = np.append(pictures, len(present) ** 2 / (1.0 / present).sum())
    levels = []
    for value, error, count in zip(found.values, errors, resting, strict=True):
        level = min(max(float(value), 0.0), 1.0)
        bounds = level_interval(
            level,
            float(error),
            degrees=found.degrees,
            independent=max(1.0, count),
            confidence=CONFIDENCE,
        )
        levels.append(Expected(level, *bounds))
    return levels


def _jackknifed(curve: Curve, counts: Floats) -> Jackknifed:
    alone = [""] * len(curve.labels)
    return jackknife(_statistic(curve, counts, _all(curve)), alone, curve.labels)


def _values(curve: Curve, counts: Floats, repeats: tuple[int, ...]) -> Floats:
    values: Floats = _statistic(curve, counts, repeats)(np.ones((1, len(curve.labels))))[0]
    return values


def _all(curve: Curve) -> tuple[int, ...]:
    return tuple(range(len(curve.right)))


def _statistic(
    curve: Curve, counts: Floats, repeats: tuple[int, ...]
) -> Callable[[Floats], Floats]:
    """Return weights [B, N] -> [B, C + 1]: the mean score of each class, and the mean of these.

    A picture's score is what it was decided at each point, as often as the point counts.
    """
    decided = curve.right[list(repeats)]
    held_out = (~np.isnan(decided[:, 0])).sum(axis=0)
    right = ratio(np.nan_to_num(decided).sum(axis=0), np.maximum(held_out, 1).astype(np.float64))
    own = np.einsum("ns,sn->n", counts[curve.labels], right)
    every = counts[-1] @ right

    def means(weights: Floats) -> Floats:
        seen = sums_by_label(weights * (held_out > 0), curve.labels, curve.classes)
        by_class = ratio(sums_by_label(weights * own, curve.labels, curve.classes), seen)
        whole = ratio(sums_by_label(weights * every, curve.labels, curve.classes), seen)
        return np.concatenate([by_class, mean_defined(whole)[:, None]], axis=1)

    return means
