"""How unlike the good pictures a picture is: a Mahalanobis distance that no defect was needed for.

As PaDiM (Defard et al. 2021, arXiv:2011.08785), but on pooled features: one Gaussian a picture
instead of one a place. It is two small layers of the network, where a memory bank as in PatchCore
(Roth et al. 2022, arXiv:2106.08265) grows with the pictures; both are in docs/how-to/imbalance.md.
"""

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.statistics.folds import Fold
from components.common.statistics.whitening import Whitening
from components.networks.rows import Floats, Positions
from components.train.imbalance.head import Reduced

# Of the mean variance, added to all: few pictures know little of the rare directions.
_FLOOR = 0.05


def learn_good(features: Floats) -> Whitening:
    """Return the map after which good pictures spread alike in every direction.

    Args:
        features: float [N, D], of good pictures, two or more.
    """
    with threadpool_limits(1):  # as in `fit_probe`
        reduced = Reduced.of(features, pictures=len(features), seed=0)
    variances = reduced.rows.var(axis=0, dtype=np.float64)
    axes = reduced.axes / np.sqrt(variances + max(_FLOOR * float(variances.mean()), 1e-12))
    return Whitening(reduced.centre.astype(np.float32), axes.astype(np.float32))


def novelty(features: Floats, good: Whitening) -> Floats:
    """Return each picture's root mean square distance, float32 [N]: near 1 for a good one."""
    found: Floats = np.sqrt(np.mean(good.apply(features) ** 2, axis=1))
    return found


def left_out(
    features: Floats, is_good: npt.NDArray[np.bool_], folds: tuple[Fold, ...]
) -> tuple[Floats, Positions]:
    """Return the novelty of pictures by the good ones of other folds, and which they are, [M]."""
    found = []
    for fold in folds:
        known = learn_good(features[fold.inner[is_good[fold.inner]]])
        found.append(novelty(features[fold.outer], known))
    return np.concatenate(found), np.concatenate([fold.outer for fold in folds])
