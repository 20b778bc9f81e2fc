"""Split-conformal bounds for pictures that come in groups."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import Floats

# Groups beyond this many are left out several at a time: the bound no longer moves by it.
MOST_FOLDS = 50
_STEPS = 50


def lower_bound(scores: Floats, groups: Sequence[str], *, rate: float) -> float:
    """Return a bound below which a new group's scores fall at `rate`, on average over pictures.

    The plain split-conformal bound is the floor(rate * (N + 1))-th smallest score (Vovk et al.
    2005, "Algorithmic Learning in a Random World"). It takes pictures for exchangeable; in groups
    that resemble each other it lets more through than promised. So the level is lowered until
    groups that the bound was not computed from keep to the rate (leave one group out), and the
    bound is computed from all of them at that level.

    Args:
        scores: float [N], of pictures that the network was not fitted on.
        groups: N names; pictures of one name are left out together.
        rate: share of the scores that may fall below the bound, in (0, 1).

    Returns:
        One of the scores, or minus infinity where so few of them allow no promise.

    >>> lower_bound(np.arange(100.0), [str(number) for number in range(100)], rate=0.1)
    9.0
    """
    names, codes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    if len(names) < 2:
        return -np.inf
    folds = codes % MOST_FOLDS
    others = [np.sort(scores[folds != fold]) for fold in np.unique(folds)]
    own = [np.sort(scores[folds == fold]) for fold in np.unique(folds)]
    for level in rate * np.linspace(1.0, 0.0, _STEPS, endpoint=False):
        below = [
            np.searchsorted(mine, _quantile(theirs, level))
            for mine, theirs in zip(own, others, strict=True)
        ]
        if sum(below) <= rate * len(scores):
            return _quantile(np.sort(scores), level)
    return -np.inf


def _quantile(ordered: npt.NDArray[np.float64], level: float) -> float:
    """Return the conformal quantile of ordered scores, minus infinity where there is none."""
    rank = int(np.floor(level * (len(ordered) + 1)))
    return float(ordered[rank - 1]) if rank else -np.inf
