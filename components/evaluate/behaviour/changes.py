"""The mean of what changed, picture by picture, with its interval."""

from collections.abc import Sequence

import numpy as np

from components.common.artifacts.judging.figures import Metric
from components.common.statistics.clusters import units
from components.common.statistics.intervals import level_interval
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats, ratio


def mean_change(name: str, changes: Floats, groups: Sequence[str]) -> Metric:
    """Return the mean of paired differences in [-1, 1] with a 95 % interval.

    Where nothing changed, the interval says what so few pictures leave possible.

    Args:
        name: of the figure that changed.
        changes: float [N], N >= 1.
        groups: N names; pictures of one name count as one piece of evidence.
    """

    def mean(weights: Floats) -> Floats:
        return ratio(weights @ changes, weights.sum(axis=1))[:, None]

    found = jackknife(mean, groups, np.zeros(len(changes), dtype=np.int64))
    value, reach = float(found.values[0]), float(found.reach[0])
    if not reach > 0.0:
        independent = float(len(np.unique(units(groups))))
        reach = level_interval(0.0, 0.0, degrees=1.0, independent=independent)[1]
    return Metric(
        name=name, value=value, low=max(-1.0, value - reach), high=min(1.0, value + reach)
    )
