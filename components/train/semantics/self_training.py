"""Transductive self-training: unlabelled pictures say where the unseen classes really lie.

Prototypes that attributes predict for unseen classes are off, since the map was learnt on others
(the domain shift of Fu et al. 2015, arXiv:1501.04560). Each round moves them to the mean of the
unlabelled pictures that are answered as theirs; those of known classes stay.
"""

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import Floats
from components.train.semantics.solvers import Linear, nearest

_LEAST = 5


def moved(
    found: Linear,
    unlabelled: Floats,
    *,
    unseen: npt.NDArray[np.bool_],
    stacking: float,
    rounds: int,
) -> Linear:
    """Return nearest-prototype scores after some rounds.

    Args:
        found: as from `solvers.nearest`.
        unlabelled: float64 [N, D], pictures of known and unseen classes.
        unseen: bool [C]. stacking: what known classes lose, see `choice`.
        rounds: how many; a class that fewer than five pictures are answered as is not moved.
    """
    prototypes = found.kernel.T / 2.0
    for _ in range(rounds):
        scores = nearest(prototypes).scores(unlabelled) - stacking * ~unseen
        answered = scores.argmax(axis=1)
        prototypes = prototypes.copy()
        for position in np.flatnonzero(unseen):
            mine = unlabelled[answered == position]
            if len(mine) >= _LEAST:
                prototypes[position] = mine.mean(axis=0)
    return nearest(prototypes)
